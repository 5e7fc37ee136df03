"""Drop-in replacements for what other packages give up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from maclaurin import estimate, series
from maclaurin.tracing import NotTraceableError, near


def approximate_taylor_polynomial(
    f: Callable[[Any], Any], x: float, degree: int, scale: float, order: int | None = None
) -> np.poly1d:
    """The Taylor polynomial of f at x, as scipy.interpolate.approximate_taylor_polynomial gave it.

    A function that `trace` reads has coefficients that are exact to rounding; of another one the values within
    `scale` of x are used. `order`, the degree of SciPy's interpolation, is accepted and not needed.

    Returns a poly1d translated to the origin: p(0) = f(x). Raises what `taylor` raises: SciPy's has a polynomial for a
    function with a kink at x too, which is no Taylor polynomial.

    >>> approximate_taylor_polynomial(np.exp, 0, 3, 1).coeffs.tolist()
    [0.16666666666666666, 0.5, 1.0, 1.0]
    """
    at = float(x)
    try:
        coefficients = series.of_callable(f, near(f, at), degree, repr(at), scale).coefficients
    except NotTraceableError:
        if not callable(f):
            raise
        coefficients = estimate.estimate(f, degree, at, largest_radius=scale).coefficients
    return np.poly1d(coefficients[::-1])
