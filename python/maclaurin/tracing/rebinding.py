"""Python functions that call math, cmath, mpmath or SymPy, so that those take expressions too.

These modules insist on numbers. So the function is copied with other meanings for their names, in what it and
the functions beside it refer to; the function itself stays as it is.
"""

from __future__ import annotations

import builtins
import cmath
import functools
import math
import sys
import types
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from maclaurin.tracing.expression import Expression, call

#: Python's own functions that compare their arguments.
BUILTINS = ("max", "min")

#: Of mpmath, where its name means another function than ours.
RENAMED = {"ei": "Ei", "si": "Si", "fabs": "abs", "power": "pow", "sincpi": "normalized_sinc", "ln": "log"}


def rebound(f: Callable[..., Any]) -> Any:
    """The function with the modules' functions taking expressions; itself if it uses none of them."""
    rebinding = _Rebinding()
    found = rebinding.replaced(f)
    call_method = vars(type(f)).get("__call__")
    if found is f and isinstance(call_method, types.FunctionType):
        return types.MethodType(rebinding.replaced(call_method), f)
    return found


class _Rebinding:
    def __init__(self) -> None:
        self.known: dict[int, Any] = {}
        self.mpmath = sys.modules.get("mpmath")
        self.modules = [math, cmath]
        self.of_mpmath: dict[int, str] = {}
        self.sympy = sys.modules.get("sympy")
        if self.sympy:
            self.modules.append(self.sympy)
        if self.mpmath:
            self.modules += [self.mpmath, self.mpmath.mp]
            # Those that the package exports are those of its context. Its constants can be called too.
            exported = {name: getattr(self.mpmath, name) for name in dir(self.mpmath)}
            self.of_mpmath = {
                id(value): name for name, value in exported.items() if callable(value) and not hasattr(value, "_mpf_")
            }

    def replaced(self, value: Any, beside: dict[str, Any] | None = None) -> Any:
        """What stands for an object that a function refers to: often itself.

        Of other functions those alone are copied that are of the same module, whose variables are given.
        """
        if id(value) in self.known:
            return self.known[id(value)]
        # In case it refers to itself.
        self.known[id(value)] = value
        found = value
        if any(value is module for module in self.modules):
            found = _Module(value, self)
        elif isinstance(value, types.BuiltinFunctionType) and value.__module__ in ("math", "cmath"):
            found = _taking_expressions(value, value.__name__)
        elif id(value) in self.of_mpmath:
            found = _taking_expressions(value, self.of_mpmath[id(value)], of_mpmath=True)
        elif self.mpmath and isinstance(getattr(value, "__self__", None), type(self.mpmath.mp)):
            # Each access to a method of the context makes an object.
            found = _taking_expressions(value, value.__name__, of_mpmath=True)
        elif isinstance(value, type | types.FunctionType) and str(value.__module__).startswith("sympy."):
            found = _taking_symbols(value)
        elif isinstance(value, functools.partial):
            found = functools.partial(self.replaced(value.func), *value.args, **value.keywords)
        elif isinstance(value, functools._lru_cache_wrapper):
            found = self.replaced(value.__wrapped__, beside)
        elif isinstance(value, types.MethodType) and isinstance(value.__func__, types.FunctionType):
            found = types.MethodType(self.replaced(value.__func__), value.__self__)
        elif isinstance(value, types.FunctionType) and (beside is None or value.__globals__ is beside):
            found = self._function(value)
        self.known[id(value)] = found
        return found

    def _function(self, f: types.FunctionType) -> types.FunctionType:
        names = _names(f.__code__)
        variables = dict(f.__globals__)
        for name in names:
            if name in variables:
                variables[name] = self.replaced(variables[name], f.__globals__)
            elif name in BUILTINS:
                variables[name] = _taking_expressions(getattr(builtins, name), name)
        closure = f.__closure__ and tuple(self._cell(cell, f.__globals__) for cell in f.__closure__)
        copy = types.FunctionType(f.__code__, variables, f.__name__, f.__defaults__, closure)
        copy.__kwdefaults__ = f.__kwdefaults__
        return copy

    def _cell(self, cell: types.CellType, beside: dict[str, Any]) -> types.CellType:
        try:
            value = cell.cell_contents
        except ValueError:
            return cell
        found = self.replaced(value, beside)
        return cell if found is value else types.CellType(found)


class _Module:
    """A module whose functions take expressions."""

    def __init__(self, module: Any, rebinding: _Rebinding) -> None:
        self._module = module
        self._rebinding = rebinding

    def __getattr__(self, name: str) -> Any:
        return self._rebinding.replaced(getattr(self._module, name))


def _taking_expressions(function: Callable[..., Any], name: str, of_mpmath: bool = False) -> Callable[..., Any]:
    def either(*arguments: Any, **options: Any) -> Any:
        if not any(isinstance(argument, Expression) for argument in arguments):
            return function(*arguments, **options)
        if of_mpmath and name == "cbrt":
            # Of a negative number it is complex.
            return arguments[0] ** Fraction(1, 3)
        if name in ("max", "min") and len(arguments) > 2:
            return functools.reduce(either, arguments)
        return call(RENAMED.get(name, name) if of_mpmath else name, *arguments, **options)

    return either


def _taking_symbols(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function or class of SymPy's, for which an expression is a symbol."""

    def either(*arguments: Any, **options: Any) -> Any:
        return function(*(a._sympy_() if isinstance(a, Expression) else a for a in arguments), **options)

    return either


def _names(code: types.CodeType) -> set[str]:
    """The global names that a function and those inside it refer to."""
    inner = (_names(constant) for constant in code.co_consts if isinstance(constant, types.CodeType))
    return set(code.co_names).union(*inner)
