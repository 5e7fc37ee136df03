"""Laurent series at poles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from maclaurin._native import Function, Laurent
from maclaurin.arithmetic import whole
from maclaurin.series import Point, point_text
from maclaurin.tracing import trace


def laurent(f: str | Function | Callable[[Any], Any], order: int, at: Point = 0) -> Laurent:
    """The Laurent series of a function of one variable about a pole.

    Where the function is analytic it is the Taylor series, with a pole of order 0.

    Args:
        f: text, a Function, or a Python function that can be read, as for `taylor`.
        order: the highest degree.
        at: the expansion point.

    Raises NotAnalyticError at a branch point or an essential singularity.

    >>> s = laurent("1/sin(x)", order=3)
    >>> str(s), s.order_of_pole, s.exact
    ('1/x + x/6 + 7*x^3/360', 1, (1, 0, Fraction(1, 6), 0, Fraction(7, 360)))
    >>> str(laurent("tan(x)", order=1, at="pi/2"))
    '-1/(x - pi/2) + (x - pi/2)/3'
    """
    order = whole("order", order)
    function = f if isinstance(f, Function) else Function(f) if isinstance(f, str) else trace(f)
    return Laurent(function, order, point_text(at))
