"""NumPy's and SciPy's polynomials as expressions, computed in rational numbers.

A float in them stands for the decimal that Python prints for it, as in functions. The bases' three-term
recurrences are those of DLMF 18.9.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from maclaurin._native import Basis, Polynomial
from maclaurin.tracing.expression import NotTraceableError

#: Coefficients, lowest degree first.
Coefficients = list[Fraction]

#: P_(k+1) = (a t + b) P_k - c P_(k-1), as a function of k.
RECURRENCES: dict[str, Callable[[int], tuple[Any, Any, Any]]] = {
    "Polynomial": lambda k: (1, 0, 0),
    "Chebyshev": lambda k: (2 if k else 1, 0, 1),
    "Legendre": lambda k: (Fraction(2 * k + 1, k + 1), 0, Fraction(k, k + 1)),
    "Hermite": lambda k: (2, 0, 2 * k),
    "HermiteE": lambda k: (1, 0, k),
    "Laguerre": lambda k: (Fraction(-1, k + 1), Fraction(2 * k + 1, k + 1), Fraction(k, k + 1)),
}


def polynomial_text(f: Any) -> str | None:
    """The expression of a polynomial object; None for any other object.

    Raises NotTraceableError for a piecewise polynomial whose pieces differ.
    """
    if isinstance(f, Basis):
        raise NotTraceableError("a basis is a polynomial for each degree, and no function of its own")
    if isinstance(f, Polynomial):
        return _of_ours(f)
    if isinstance(f, np.poly1d):
        return _text([_decimal(a) for a in f.coeffs[::-1].tolist()])
    if isinstance(f, tuple(getattr(np.polynomial, name) for name in RECURRENCES)):
        return _text(_of_numpy(f))
    interpolate = sys.modules.get("scipy.interpolate")
    if interpolate and isinstance(f, interpolate.PPoly | interpolate.BPoly):
        return _text(_of_scipy(f, isinstance(f, interpolate.BPoly)))
    return None


def _of_ours(f: Any) -> str:
    coefficients = getattr(f, "exact", f._numbers)
    if any(coefficient is None for coefficient in coefficients):
        raise NotTraceableError("not all of its coefficients are known exactly")
    at = getattr(f, "at_text", f.center)
    terms = [(k, getattr(a, "text", a)) for k, a in enumerate(coefficients)]
    return " + ".join(f"({a})" + (f"*(x - ({at}))^{k}" if k else "") for k, a in terms if a) or "0"


def _of_numpy(f: Any) -> Coefficients:
    (d0, d1), (w0, w1) = (list(map(_decimal, ends.tolist())) for ends in (f.domain, f.window))
    scale = (w1 - w0) / (d1 - d0)
    before: Coefficients = []
    basis: Coefficients = [Fraction(1)]
    total: Coefficients = []
    for k, coefficient in enumerate(f.coef.tolist()):
        total = _sum(total, _times([_decimal(coefficient)], basis))
        a, b, c = RECURRENCES[type(f).__name__](k)
        # t is the variable mapped to the window.
        factor = [a * (w0 - scale * d0) + b, a * scale]
        before, basis = basis, _sum(_times(factor, basis), _times([Fraction(-c)], before))
    return total


def _of_scipy(f: Any, bernstein: bool) -> Coefficients:
    if f.c.ndim != 2 or f.extrapolate == "periodic" or not f.extrapolate:
        raise NotTraceableError(
            "a piecewise polynomial of several values, periodic or without values beyond its range is no polynomial"
        )
    breaks = list(map(_decimal, f.x.tolist()))
    pieces = []
    for low, high, column in zip(breaks[:-1], breaks[1:], f.c.T.tolist(), strict=True):
        numbers = list(map(_decimal, column))
        degree = len(numbers) - 1
        total: Coefficients = []
        for k, number in enumerate(numbers):
            if bernstein:
                width = high - low
                term = [number * math.comb(degree, k)]
                for factor in [[-low / width, 1 / width]] * k + [[high / width, -1 / width]] * (degree - k):
                    term = _times(term, factor)
            else:
                term = [number]
                for _ in range(degree - k):
                    term = _times(term, [-low, Fraction(1)])
            total = _sum(total, term)
        while total and total[-1] == 0:
            total.pop()
        pieces.append(total)
    if any(piece != pieces[0] for piece in pieces):
        raise NotTraceableError("its pieces are several polynomials")
    return pieces[0]


def _decimal(value: Any) -> Fraction:
    if isinstance(value, complex) and value.imag == 0:
        value = value.real
    if isinstance(value, complex) or not math.isfinite(value):
        raise NotTraceableError(f"the coefficient {value} is no finite real number")
    return Fraction(str(value))


def _sum(a: Coefficients, b: Coefficients) -> Coefficients:
    longest, other = (a, b) if len(a) >= len(b) else (b, a)
    return [x + (other[k] if k < len(other) else 0) for k, x in enumerate(longest)]


def _times(a: Coefficients, b: Coefficients) -> Coefficients:
    product = [Fraction(0)] * (len(a) + len(b) - 1 if a and b else 0)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            product[i + j] += x * y
    return product


def _text(coefficients: Coefficients) -> str:
    terms = [(k, a) for k, a in enumerate(coefficients) if a]
    return " + ".join(f"({a})" + (f"*x^{k}" if k else "") for k, a in terms) or "0"
