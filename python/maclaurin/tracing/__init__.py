"""Python functions, and the objects that other packages have for functions, read as expressions.

What is read is exact, so it must be what the function computes: values are compared. A function that reads its
argument's type, or catches the exceptions that reading raises, is not taken for another one.
"""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from maclaurin import sampling
from maclaurin._native import Function, ParseError
from maclaurin.tracing.expression import ATOM, Expression, NotTraceableError, expression
from maclaurin.tracing.jaxprs import jax_expression
from maclaurin.tracing.polynomials import polynomial_text
from maclaurin.tracing.rebinding import rebound
from maclaurin.tracing.symbolic import applied, is_symbolic, symbolic_text

__all__ = ["NotTraceableError", "function_of", "near", "trace"]

ACCEPTED = (
    'text such as "sin(x)", a Function, a Python function of one number, a SymPy expression of one symbol, or a '
    "polynomial of NumPy or SciPy"
)

#: Where a function is compared with what was read of it.
COMPARED = (0.37, -0.29, 1.31, -1.27, 2.9, -3.1, 11.7, -101.3, 1003.7)

#: How far apart the two may be, relatively, and below which magnitude: of functions that may compute in float32,
#: and of others.
APART = {True: (1e-3, 1e-3), False: (1e-6, 1e-6)}


def trace(f: Any) -> Function:
    """The Function that a Python function of one argument computes, read by calling it once.

    It may use operators, the functions of NumPy, scipy.special, math, mpmath, PyTorch and JAX, and be a PyTorch
    module without parameters, a SymPy expression of one symbol, or a polynomial of NumPy or SciPy. A float in it
    stands for the decimal that Python prints for it. What is read has to have the function's own values.

    Raises TypeError if it does something else with its argument, or is no function of one argument.

    >>> trace(lambda x: np.log(1 + np.exp(x)))
    Function('log(1 + exp(x))')
    >>> trace(np.polynomial.Chebyshev([0, 0, 1]))
    Function('(-1) + (2)*x^2')
    """
    return function_of(f, COMPARED)


def near(f: Any, at: float) -> Function:
    """As `trace`, compared with the function's values at and near a point too.

    Where the function has none there and what is read has, they are not the same there: `scipy.special.loggamma` of
    floats below 0 is NaN.
    """
    unit = max(1.0, abs(at))
    around = [at, *(at + unit * part for part in (0.017, -0.023, 0.11, -0.13, 0.29))]
    return function_of(f, [*around, *COMPARED], around)


def function_of(f: Any, points: Sequence[float], needed: Sequence[float] = ()) -> Function:
    """As `trace`, with the points at which the values are compared; some of those needed must have one.

    Raises NotTraceableError if it cannot be read, TypeError if it is no function of one argument.
    """
    if is_symbolic(f := applied(f)):
        return Function(symbolic_text(f))
    if (text := polynomial_text(f)) is not None:
        return Function(text)
    _check(f)
    if isinstance(f, np.vectorize):
        return function_of(f.pyfunc, points, needed)
    ways: list[Callable[[], str | None]] = [lambda: expression(rebound(f)(Expression("x", ATOM))).text]
    if "jax" in sys.modules:
        ways.append(lambda: _of_jax(f))
    failures: list[NotTraceableError] = []
    for way in ways:
        try:
            text = _text(way)
            if text is None:
                continue
            if text != _text(way):
                failures.insert(0, NotTraceableError("this Python function cannot be read: it is another at each call"))
                # Other ways may remember the first.
                break
            function = Function(text)
            _compare(f, function, points, needed)
        except NotTraceableError as reason:
            failures.append(reason)
        except ParseError as reason:
            failures.append(NotTraceableError(f"this Python function cannot be read: {reason}"))
        else:
            return function
    raise failures[0]


def _check(f: Any) -> None:
    """Refuses what is no function of one argument."""
    if not callable(f):
        raise TypeError(f"a function is needed: {ACCEPTED}; {f!r} is of type {type(f).__name__}")
    if isinstance(f, np.ufunc):
        if f.nin != 1:
            raise TypeError(f"{f} takes {f.nin} arguments; what is needed is {ACCEPTED}")
        return
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(0.0)
    except TypeError as reason:
        name = getattr(f, "__name__", repr(f))
        message = f"{name}{signature} cannot be called with one argument ({reason}); what is needed is {ACCEPTED}"
        raise TypeError(message) from None


def _text(way: Callable[[], str | None]) -> str | None:
    """What a way of reading gives, if nothing that it caught was in the way."""
    before = NotTraceableError.count()
    try:
        text = way()
    except NotTraceableError as reason:
        raise NotTraceableError(f"this Python function cannot be read: {reason}") from reason
    except Exception as reason:
        message = f"this Python function cannot be read: with a symbol for its argument it raised {reason!r}"
        raise NotTraceableError(message) from reason
    if NotTraceableError.count() != before:
        raise NotTraceableError("this Python function cannot be read: it does something else where that fails")
    return text


def _of_jax(f: Callable[[Any], Any]) -> str | None:
    found = jax_expression(f)
    return None if found is None else found.text


def _compare(f: Callable[[Any], Any], function: Function, points: Sequence[float], needed: Sequence[float]) -> None:
    """Refuses what was read where its values are not those of the function."""
    try:
        call = sampling.caller(f, list(points))
    except Exception as reason:
        raise NotTraceableError(
            f"this Python function cannot be read: called with a number it raised {reason!r}"
        ) from reason
    apart, smallest = APART["jax" in sys.modules or "torch" in sys.modules]
    seen = set()
    for x in points:
        try:
            y = call(x)
        except sampling.OUTSIDE:
            continue
        expected = function(x)
        if not math.isfinite(y) or not math.isfinite(expected):
            continue
        seen.add(x)
        if abs(y - expected) > apart * max(abs(y), abs(expected), smallest):
            raise NotTraceableError(
                f"this Python function cannot be read: it reads as {function.text}, whose value at x = {x} is "
                f"{expected}, but its own value there is {y}"
            )
    if not seen:
        raise NotTraceableError("this Python function cannot be read: it has no finite values to compare with")
    if seen.isdisjoint(needed) and any(math.isfinite(function(x)) for x in needed):
        raise NotTraceableError(
            f"this Python function cannot be read: it reads as {function.text}, but has no values near x = {needed[0]}"
        )
