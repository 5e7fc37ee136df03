"""Series of functions of which nothing is known but their values.

``a_k = 1/(2 pi i) times the integral of f(z)/(z - x0)^(k+1)`` around a circle: by the
trapezoidal rule, that is a Fourier transform, whose error falls geometrically (Trefethen and
Weideman, *The exponentially convergent trapezoidal rule*, SIAM Review 56, 2014). A function of
real numbers alone is interpolated in Chebyshev points instead.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from maclaurin._native import Polynomial

Array = npt.NDArray[Any]

#: Radii of the circles tried, as parts of the expansion point's magnitude or 1.
RADII = 2.0 ** np.arange(-8.0, 4.0)

#: Values on a circle for orders up to a quarter of it, and in Chebyshev points.
FEWEST_VALUES = 64
CHEBYSHEV_DEGREE = 24

#: A tail of the transform above this part of the values: no analytic function.
LARGEST_TAIL = 1e-2

EPSILON = float(np.finfo(float).eps)


class EstimatedSeries(Polynomial):
    """A series whose coefficients were computed from a function's values in floating point.

    As a Polynomial, with ``errors``, the estimated absolute errors of the coefficients, and
    ``at``. It knows no function, so it has no radius and no certified bound.
    """

    errors: Array

    def __new__(cls, at: float, coefficients: list[float], errors: list[float]) -> Self:
        self = super().__new__(cls, at, coefficients)
        self.errors = np.array(errors)
        return self

    @property
    def at(self) -> float:
        """The expansion point."""
        return self.center

    def to_polynomial(self) -> np.polynomial.Polynomial:
        """The series as a polynomial of NumPy, in powers of x - at."""
        return as_numpy(self)

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.center, self.coefficients.tolist(), self.errors.tolist()

    def __repr__(self) -> str:
        worst = float(self.errors.max())
        return f"<EstimatedSeries about {self.at}, order {self.order}, errors up to {worst:.1e}>"


def as_numpy(polynomial: Polynomial) -> np.polynomial.Polynomial:
    """A polynomial in powers of x - center as one of NumPy, whose domain is mapped to its window."""
    domain = [polynomial.center - 1.0, polynomial.center + 1.0]
    return np.polynomial.Polynomial(polynomial.coefficients, domain=domain, window=[-1.0, 1.0])


def estimate(f: Callable[[Any], Any], order: int, at: float, largest_radius: float = math.inf) -> EstimatedSeries:
    """The series of a function from its values, each coefficient from the circle that suits it.

    Args:
        f: a function of a complex or, failing that, a real number or array.
        largest_radius: how far from `at` the function may be called.

    Raises ValueError where the values are no analytic function's.
    """
    unit = max(1.0, abs(at))
    radii = [radius for radius in unit * RADII if radius <= largest_radius] or [largest_radius]
    best = np.full(order + 1, math.inf)
    coefficients = np.zeros(order + 1)
    failure: Exception | None = None
    for rule in (_on_circle, _on_interval):
        for radius in radii:
            try:
                values, errors = rule(f, at, radius, order)
            except Exception as reason:  # noqa: BLE001 - whatever a user's function raises
                failure = failure or reason
                continue
            better = errors < best
            coefficients[better] = values[better]
            best[better] = errors[better]
        if np.isfinite(best).all():
            return EstimatedSeries(at, coefficients.tolist(), best.tolist())
    message = (
        f"the function's values about {at} are no analytic function's there: no circle and no "
        "interval about it gave coefficients; choose another expansion point"
    )
    raise ValueError(message) from failure


def _on_circle(f: Callable[[Any], Any], at: float, radius: float, order: int) -> tuple[Array, Array]:
    count = FEWEST_VALUES
    while count < 4 * (order + 1):
        count *= 2
    values = _values(f, at + radius * np.exp(2j * np.pi * np.arange(count) / count))
    transform = np.fft.fft(values) / count
    # What is left in the upper half is what the lower half wraps around, and what a
    # singularity inside the circle leaves.
    tail = np.abs(transform[count // 2 :]).max()
    return _settled(transform.real[: order + 1], values, tail, radius, np.ones(order + 1))


def _on_interval(f: Callable[[Any], Any], at: float, radius: float, order: int) -> tuple[Array, Array]:
    degree = max(CHEBYSHEV_DEGREE, 2 * order)
    chebyshev = np.polynomial.chebyshev
    points = chebyshev.chebpts1(degree + 1)
    values = _values(f, at + radius * points)
    series = np.linalg.solve(chebyshev.chebvander(points, degree), values)
    columns = np.array([np.pad(chebyshev.cheb2poly(row), (0, degree))[: degree + 1] for row in np.eye(degree + 1)])[
        :, : order + 1
    ]
    tail = np.abs(series[-3:]).max()
    return _settled(series @ columns, values, tail, radius, np.abs(columns).sum(axis=0))


def _settled(scaled: Array, values: Array, tail: float, radius: float, amplification: Array) -> tuple[Array, Array]:
    """Coefficients of powers of the radius as coefficients, with their errors."""
    largest = np.abs(values).max()
    if not np.isfinite(largest) or tail > LARGEST_TAIL * largest:
        raise ValueError("not analytic on a circle")
    powers = radius ** np.arange(len(scaled))
    return scaled / powers, amplification * (tail + 4 * EPSILON * largest) / powers


def _values(f: Callable[[Any], Any], points: Array) -> Array:
    """The function's values, at all points at once or one by one."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        # A function that drops the imaginary part is one of real numbers.
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        try:
            values = np.asarray(f(points))
            if values.shape == points.shape and values.dtype.kind in "fciu":
                return values
        except Exception:  # noqa: BLE001, S110 - a function of single numbers
            pass
        return np.array([f(point) for point in points.tolist()])
