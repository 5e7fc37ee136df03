"""Python functions of NumPy's functions, read as expressions by calling them once.

The argument is an object that writes down what is done to it (NumPy Enhancement Proposal 13,
``__array_ufunc__``), so ``lambda x: np.log(1 + np.exp(x))`` becomes the text
``log(1 + exp(x))`` and its series is exact.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from maclaurin._native import Function, ParseError
from maclaurin.functions import functions

#: How tightly the outermost operation of a text binds.
SUM, PRODUCT, POWER, ATOM = range(4)

#: Built-in functions by every spelling: those of NumPy and scipy.special are among them.
SPELLINGS = {name: known for known in functions() for name in (known.name, *known.aliases)}

#: Functions that are written with operators, or that the expression grammar has no name for.
DEFINITIONS: dict[str, Callable[..., Any]] = {
    "positive": lambda x: x,
    "negative": lambda x: -x,
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: x**y,
    "float_power": lambda x, y: x**y,
    "deg2rad": lambda x: x * Expression("pi", ATOM) / 180,
    "radians": lambda x: x * Expression("pi", ATOM) / 180,
    "rad2deg": lambda x: x * 180 / Expression("pi", ATOM),
    "degrees": lambda x: x * 180 / Expression("pi", ATOM),
    "logaddexp": lambda x, y: np.log(np.exp(x) + np.exp(y)),
    "logaddexp2": lambda x, y: np.log2(2**x + 2**y),
    "exprel": lambda x: np.expm1(x) / x,
}


class NotTraceableError(TypeError):
    """A Python function that does something with its argument that no expression says."""


class Expression:
    """An argument that writes down what is done to it."""

    def __init__(self, text: str, binding: int) -> None:
        self.text = text
        self.binding = binding

    def within(self, binding: int) -> str:
        """The text as an operand of an operation that binds so tightly."""
        return self.text if self.binding >= binding else f"({self.text})"

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            raise NotTraceableError(f"numpy.{ufunc.__name__} with {method} or options cannot be read")
        operands = [_expression(operand) for operand in inputs]
        if ufunc.__name__ in DEFINITIONS:
            return DEFINITIONS[ufunc.__name__](*operands)
        known = SPELLINGS.get(ufunc.__name__)
        if known and ufunc.nin == len(known.arguments):
            return Expression(f"{ufunc.__name__}({', '.join(operand.text for operand in operands)})", ATOM)
        raise NotTraceableError(f"{ufunc.__name__} is no function that expressions have")

    def __add__(self, other: Any) -> Expression:
        return Expression(f"{self.text} + {_expression(other).within(PRODUCT)}", SUM)

    def __radd__(self, other: Any) -> Expression:
        return _expression(other) + self

    def __sub__(self, other: Any) -> Expression:
        return Expression(f"{self.text} - {_expression(other).within(PRODUCT)}", SUM)

    def __rsub__(self, other: Any) -> Expression:
        return _expression(other) - self

    def __mul__(self, other: Any) -> Expression:
        return Expression(f"{self.within(PRODUCT)}*{_expression(other).within(POWER)}", PRODUCT)

    def __rmul__(self, other: Any) -> Expression:
        return _expression(other) * self

    def __truediv__(self, other: Any) -> Expression:
        return Expression(f"{self.within(PRODUCT)}/{_expression(other).within(POWER)}", PRODUCT)

    def __rtruediv__(self, other: Any) -> Expression:
        return _expression(other) / self

    def __pow__(self, other: Any) -> Expression:
        return Expression(f"{self.within(ATOM)}^{_expression(other).within(ATOM)}", POWER)

    def __rpow__(self, other: Any) -> Expression:
        return _expression(other) ** self

    def __neg__(self) -> Expression:
        # Read as -1 times it, which binds as a sum does where it stands first.
        return Expression(f"-{self.within(POWER)}", SUM)

    def __pos__(self) -> Expression:
        return self

    def __abs__(self) -> Expression:
        return Expression(f"abs({self.text})", ATOM)

    def __bool__(self) -> bool:
        raise NotTraceableError("it decides by the value of its argument")

    def __lt__(self, other: Any) -> bool:
        raise NotTraceableError("it decides by the value of its argument")

    __le__ = __gt__ = __ge__ = __lt__

    def __float__(self) -> float:
        raise NotTraceableError("it takes its argument as a float")


def _expression(value: Any) -> Expression:
    """A number as text; an expression as it is."""
    if isinstance(value, Expression):
        return value
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, numbers.Real) or value != value or abs(value) == float("inf"):
        raise NotTraceableError(f"{value!r} is no finite real number")
    if isinstance(value, Fraction):
        return Expression(str(value), PRODUCT if value >= 0 else SUM)
    text = repr(int(value) if isinstance(value, numbers.Integral) else float(value))
    return Expression(text, SUM if text.startswith("-") else ATOM)


def trace(f: Callable[[Any], Any]) -> Function:
    """The Function that a Python function of one argument computes, read by calling it once.

    It may use operators, NumPy's functions and those of scipy.special. A float in it stands for
    the decimal that Python prints for it.

    Raises TypeError if it does something else with its argument.

    >>> trace(lambda x: np.log(1 + np.exp(x)))
    Function('log(1 + exp(x))')
    """
    try:
        return Function(_expression(f(Expression("x", ATOM))).text)
    except (NotTraceableError, ParseError) as reason:
        raise NotTraceableError(f"this Python function cannot be read: {reason}") from reason
    except Exception as reason:
        message = f"this Python function cannot be read: with a symbol for its argument it raised {reason!r}"
        raise NotTraceableError(message) from reason
