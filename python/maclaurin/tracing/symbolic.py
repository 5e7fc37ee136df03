"""SymPy's expressions of one symbol, read from their trees."""

from __future__ import annotations

import sys
from fractions import Fraction
from typing import Any

from maclaurin.tracing.expression import ATOM, SUM, Expression, NotTraceableError, call, expression

#: SymPy's names that mean another function, or none, elsewhere.
RENAMED = {"loggamma": "lgamma", "Heaviside": "heaviside"}
FOREIGN = {"acot", "Mod"}


def is_symbolic(f: Any) -> bool:
    """Whether an object is a SymPy expression."""
    sympy = sys.modules.get("sympy")
    return sympy is not None and isinstance(f, sympy.Expr)


def applied(f: Any) -> Any:
    """A function of SymPy's as an expression; any other object as it is."""
    sympy = sys.modules.get("sympy")
    return f(sympy.Symbol("x")) if sympy and isinstance(f, sympy.FunctionClass | sympy.Lambda) else f


def symbolic_text(f: Any) -> str:
    """The text of a SymPy expression.

    Raises NotTraceableError where it has several symbols, or something that texts do not have.
    """
    symbols = sorted(map(str, f.free_symbols))
    if len(symbols) > 1:
        raise NotTraceableError(f"{f} has the symbols {', '.join(symbols)}; it must be of one: substitute numbers")
    return read(f, {symbol: Expression("x", ATOM) for symbol in f.free_symbols}).text


def read(f: Any, known: dict[Any, Any]) -> Expression:
    """A SymPy expression, where what is given is known. Other symbols' names are expressions."""
    return expression(_read(f, known))


def _read(node: Any, known: dict[Any, Any]) -> Any:
    if node not in known:
        known[node] = _operation(node, [_read(argument, known) for argument in node.args])
    return known[node]


def _operation(node: Any, operands: list[Any]) -> Any:
    name = type(node).__name__
    if node.is_Symbol:
        return Expression(node.name, ATOM if node.name == "x" else SUM)
    if node.is_Rational:
        return Fraction(int(node.p), int(node.q))
    if node.is_Float:
        # Of 15 digits it is a float, of more the decimal.
        return float(node) if node._prec <= 53 else Fraction(str(node))
    if name in ("Pi", "Exp1"):
        return Expression({"Pi": "pi", "Exp1": "e"}[name], ATOM)
    if node.is_Add:
        total = operands[0]
        for operand in operands[1:]:
            total = total + operand
        return total
    if node.is_Mul:
        total = operands[0]
        for operand in operands[1:]:
            total = total * operand
        return total
    if node.is_Pow:
        base, exponent = operands
        if isinstance(exponent, Fraction) and exponent == Fraction(1, 2):
            return call("sqrt", base)
        return expression(base) ** (
            int(exponent) if isinstance(exponent, Fraction) and exponent.denominator == 1 else exponent
        )
    if node.is_Function and name not in FOREIGN:
        if name in ("Max", "Min"):
            total = operands[0]
            for operand in operands[1:]:
                total = call(name, total, operand)
            return total
        if name == "Heaviside":
            operands = operands[:1]
        return call(RENAMED.get(name, name), *operands)
    raise NotTraceableError(f"{node} is nothing that expressions have")
