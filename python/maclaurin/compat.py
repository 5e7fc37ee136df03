"""Drop-in replacements for what other packages give up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from maclaurin import estimate, series
from maclaurin.tracing import NotTraceableError, trace


def approximate_taylor_polynomial(
    f: Callable[[Any], Any], x: float, degree: int, scale: float, order: int | None = None
) -> np.poly1d:
    """The Taylor polynomial of f at x, as scipy.interpolate.approximate_taylor_polynomial gave it.

    A function made of NumPy's functions is read and its coefficients are exact to rounding; of
    another one the values within `scale` of x are used. `order`, the degree of SciPy's
    interpolation, is accepted and not needed.

    Returns a poly1d translated to the origin: p(0) = f(x).

    >>> approximate_taylor_polynomial(np.exp, 0, 3, 1).coeffs.tolist()
    [0.16666666666666666, 0.5, 1.0, 1.0]
    """
    try:
        coefficients = series.taylor(trace(f), order=degree, at=float(x)).coefficients
    except NotTraceableError:
        coefficients = estimate.estimate(f, degree, float(x), largest_radius=scale).coefficients
    return np.poly1d(coefficients[::-1])
