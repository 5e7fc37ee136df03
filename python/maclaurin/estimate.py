"""Series of functions of which nothing is known but their values.

``a_k = 1/(2 pi i) times the integral of f(z)/(z - x0)^(k+1)`` around a circle: by the
trapezoidal rule, that is a Fourier transform, whose error falls geometrically (Trefethen and
Weideman, *The exponentially convergent trapezoidal rule*, SIAM Review 56, 2014). That is right of
an analytic function of complex numbers alone, so its polynomial has to agree with the values for real
numbers on both sides of the point. Where it does not, the series is that of polynomials through the
real values, which have to be the same from the left and from the right.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from maclaurin._native import NotAnalyticError, Polynomial
from maclaurin.sampling import DOUBLE, EPSILON, MARGIN, OUTSIDE, Precision, caller, fit, in_doubles

Array = npt.NDArray[Any]

#: Radii tried, as parts of the expansion point's magnitude or 1, from the largest on.
RADII = 2.0 ** np.arange(3.0, -31.0, -1.0)

#: Radii tried after the first that gave coefficients: the smaller ones may suit the low degrees better.
FURTHER = 3

#: An error this small a part of what the coefficient might be needs no smaller radius.
NEGLIGIBLE = 1e-20

#: Values on a circle for orders up to a quarter of it.
FEWEST_VALUES = 64

#: A tail of the transform above this part of the values: no analytic function. That of a branch cut falls slowly.
LARGEST_TAIL = 64 * EPSILON

#: How many of the radii are tried with numbers of many digits, which are slow.
LARGEST_RADII = 16

#: Radii at which the function is compared from the left and from the right before circles are looked at.
ON_BOTH_SIDES = [1, 1 / 8, 1 / 64]

#: Distances, as parts of the expansion point's magnitude or 1, in which values must have the slope that was found.
STEPS = 10.0 ** -np.arange(2.0, 6.0)

#: Parts of a circle's radius at which its polynomial is compared with the function's real values.
COMPARED = np.array([0.5, 0.37, 0.21, 0.1, 0.043, 0.01])


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
    """The series of a function from its values, each coefficient from the radius that suits it.

    Args:
        f: a function of a real number; of a complex number too, if it can be.
        order: the highest degree.
        at: the expansion point.
        largest_radius: how far from `at` the function may be called.

    Raises what the function raises, NotAnalyticError if its values have a jump, a kink or no finite values on
    both sides of the point, ValueError if they do not determine the coefficients up to the order.
    """
    unit = max(1.0, abs(at))
    radii = [radius for radius in unit * RADII if radius <= largest_radius]
    if not radii or radii[0] < largest_radius < unit * RADII[0]:
        radii.insert(0, largest_radius)
    f = in_doubles(f, [at + part * unit for part in (0.0, 0.013, -0.37, 0.29, -1.31, 1.27)])
    call = caller(f, [at, at + radii[-1], at - radii[-1]])
    value = _value(call, at)
    _defined_on_both_sides(call, at, radii[-1], value)
    for radius in ON_BOTH_SIDES:
        _same_on_both_sides(call, at, min(largest_radius, radius * unit), radii[-1], order, DOUBLE)
    found = (
        _on_circles(f, call, at, radii, order)
        or _on_intervals_of_mpmath(f, call, at, radii, order)
        or _on_intervals(call, at, radii, order, DOUBLE)
    )
    coefficients, errors = found
    if math.isfinite(value) and abs(value - coefficients[0]) > 2 * errors[0] + 64 * EPSILON * abs(value):
        raise NotAnalyticError(
            f"no Taylor series at x = {at}: the function's value there is {value:.6g}, but it tends to "
            f"{float(coefficients[0]):.6g}; choose another expansion point"
        )
    for step in unit * STEPS:
        if order > 0 and step < largest_radius and _another_slope(call, at, step, coefficients[1], errors[1]):
            # What looked as noise does.
            return estimate(f, order, at, step)
    # The sum, so that a double's rounding counts.
    return EstimatedSeries(at, coefficients.tolist(), (errors + EPSILON * np.abs(coefficients)).tolist())


def _another_slope(call: Callable[[Any], float], at: float, step: float, slope: float, error: float) -> bool:
    """Whether a cubic polynomial through the values within a step of the point has another slope for certain."""
    t = np.linspace(-1, 1, 17)
    values = np.array([_value(call, at + step * part) for part in t.tolist()])
    if not np.isfinite(values).all():
        return False
    cubic = np.polynomial.polynomial.polyfit(t, values, 3)
    off = np.abs(values - np.polynomial.polynomial.polyval(t, cubic)).max()
    uncertain = 16 * (off + EPSILON * (4 * np.abs(values).max() + abs(cubic[1] * at / step))) / step
    return bool(abs(cubic[1] / step - slope) > error + uncertain)


def _value(call: Callable[[Any], float], x: float) -> float:
    """The function's value, or NaN where it has none."""
    try:
        return call(x)
    except OUTSIDE:
        return math.nan


def _defined_on_both_sides(call: Callable[[Any], float], at: float, step: float, value: float) -> None:
    sides = {name: _value(call, x) for name, x in [("left", at - step), ("right", at + step)]}
    missing = [name for name, y in sides.items() if not math.isfinite(y)]
    if len(missing) == 2 and not math.isfinite(value):
        call(at)  # so that the user sees what it raised
        raise NotAnalyticError(f"no Taylor series at x = {at}: the function's value there is {value}")
    if missing:
        raise NotAnalyticError(
            f"no Taylor series at x = {at}: the function has no finite values to the {' and the '.join(missing)} of "
            "it; choose another expansion point"
        )


class Best:
    """The best estimate of each coefficient, from radii that become smaller."""

    def __init__(self, order: int, precision: Precision) -> None:
        self.coefficients = precision.array([0] * (order + 1))
        self.errors = precision.array([math.inf] * (order + 1))
        self.found = False
        self.stale = 0

    def take(self, coefficients: Array, errors: Array, negligible: Array) -> bool:
        """Takes what is better, and forgets what it contradicts: then it returns True.

        A larger radius may miss what happens near the point, between the places where the function was called.
        """
        contradicted = self.found and bool((np.abs(coefficients - self.coefficients) > errors + self.errors).any())
        if contradicted:
            self.errors[:] = math.inf
        better = (errors < self.errors).astype(bool)
        gained = (better & (errors < self.errors / 2) & (self.errors > negligible)).any()
        self.coefficients[better], self.errors[better] = coefficients[better], errors[better]
        self.stale = 0 if gained or not self.found else self.stale + 1
        self.found = True
        return contradicted


def _on_circles(
    f: Callable[[Any], Any], call: Callable[[Any], float], at: float, radii: list[float], order: int
) -> tuple[Array, Array] | None:
    """Coefficients from values on circles, where they are those of the function of real numbers."""
    best = Best(order, DOUBLE)
    for radius in radii:
        if radius < 1e-3 * radii[0] and not best.found:
            return None
        try:
            found = _on_circle(f, call, at, radius, order)
        except (TypeError, AttributeError, NotImplementedError):
            # It takes no complex numbers.
            return None
        except Exception:  # noqa: BLE001 - complex numbers are not what the function was written for
            found = None
        if found is not None:
            best.take(*found, np.zeros(order + 1))
        elif best.found:
            best.stale += 1
        if best.stale >= FURTHER:
            break
    return (best.coefficients, best.errors) if best.found else None


def _on_circle(
    f: Callable[[Any], Any], call: Callable[[Any], float], at: float, radius: float, order: int
) -> tuple[Array, Array] | None:
    count = FEWEST_VALUES
    while count < 4 * (order + 1):
        count *= 2
    points = at + radius * np.exp(2j * np.pi * np.arange(count) / count)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        # A function that drops the imaginary part is one of real numbers.
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        values = np.array([complex(f(point)) for point in points.tolist()])
    largest = np.abs(values).max()
    if not np.isfinite(largest):
        return None
    transform = np.fft.fft(values) / count
    # What is left in the upper half is what the lower half wraps around, and what a
    # singularity inside the circle leaves.
    tail = np.abs(transform[count // 2 :]).max()
    if tail > LARGEST_TAIL * largest:
        return None
    noise = tail * count + 4 * EPSILON * largest
    for part in (*COMPARED, *-COMPARED):
        seen = _value(call, at + radius * part)
        expected = np.polynomial.polynomial.polyval(part, transform[: count // 2])
        if not abs(seen - expected) <= 8 * noise + largest * abs(part) ** (count // 2):
            return None
    powers = radius ** np.arange(order + 1)
    return transform.real[: order + 1] / powers, MARGIN * noise / powers


def _on_intervals_of_mpmath(
    f: Callable[[Any], Any], call: Callable[[Any], float], at: float, radii: list[float], order: int
) -> tuple[Array, Array] | None:
    """Coefficients from values of many digits, if the function takes and gives numbers of mpmath."""
    mpmath = sys.modules.get("mpmath")
    if mpmath is None:
        return None
    with mpmath.workdps(60 + 2 * order):
        try:
            values = [f(mpmath.mpf(at) + side * radii[-1]) for side in (-1, 1)]
            if not all(isinstance(value, mpmath.mpf) for value in values):
                return None
            # A function that reads its argument's type may be another one for numbers of mpmath.
            points = [at + side * radius for radius in radii[:LARGEST_RADII:5] for side in (-1, 1)]
            seen = [(f(mpmath.mpf(x)), y) for x in points if math.isfinite(y := _value(call, x))]
            largest = max((abs(y) for _, y in seen), default=0.0)
            if not all(abs(value - y) <= 1e-6 * largest for value, y in seen):
                return None
        except Exception:  # noqa: BLE001 - it takes floats, as was tried
            return None
        precision = Precision(mpmath.mpf, mpmath.mpf(10) ** -(50 + 2 * order), mpmath.cos, +mpmath.pi)
        try:
            return _on_intervals(f, mpmath.mpf(at), radii[:LARGEST_RADII], order, precision)
        except (TypeError, AttributeError, *OUTSIDE):
            # Fewer digits may do, or say why they do not.
            return None


def _on_intervals(
    f: Callable[[Any], Any], at: Any, radii: list[float], order: int, precision: Precision
) -> tuple[Array, Array]:
    """Coefficients from real values, those of the left and of the right being the same."""
    best = Best(order, precision)
    known = np.zeros(order + 1, dtype=bool)
    for radius in radii:
        if not _same_on_both_sides(f, at, radius, radii[-1], order, precision):
            continue
        both = fit(f, at, radius, order, 0, precision)
        if both is None:
            continue
        # What any function of such values may have as its coefficient is no estimate.
        bounds = precision.array([both.largest / radius**k for k in range(order + 1)])
        if best.take(both.coefficients, both.errors, NEGLIGIBLE * bounds):
            known[:] = False
        known |= (both.errors <= 0.1 * bounds).astype(bool)
        # A kink near the point is out of the way at a much smaller radius.
        patience = FURTHER if (best.errors <= 1e-6 * bounds).all() else 3 * FURTHER
        if known.all() and best.stale >= patience:
            break
    if not known.all():
        degree = int(np.argmin(known)) - 1
        if degree < 0:
            raise NotAnalyticError(
                f"no Taylor series at x = {at}: no polynomial is near the function's values on any interval about it; "
                "choose another expansion point"
            )
        raise ValueError(
            f"the function's values about x = {at} determine its coefficients up to degree {degree} only, not "
            f"{order}: ask for order={degree}, or for a function that can be read (see maclaurin.trace)"
        )
    return best.coefficients.astype(float), best.errors.astype(float)


def _same_on_both_sides(
    f: Callable[[Any], Any], at: Any, radius: float, smallest: float, order: int, precision: Precision
) -> bool:
    """Whether coefficients from the left are those from the right, as far as their errors tell.

    They may not be for what happens near the point, and not at it; then intervals that are small enough agree.

    Raises NotAnalyticError where small intervals differ too.
    """
    jump: tuple[int, Any, Any] | None = None
    while True:
        left, right = (fit(f, at, radius, order, side, precision) for side in (-1, 1))
        if left is not None and right is not None:
            difference, error = np.abs(left.coefficients - right.coefficients), left.errors + right.errors
            if jump is None:
                apart = difference > error
                if not apart.any():
                    return True
                degree = int(np.argmax(apart))
                jump = degree, left.coefficients[degree], right.coefficients[degree]
            degree = jump[0]
            if difference[degree] <= error[degree] < abs(jump[1] - jump[2]) / 4:
                return False
        elif jump is None:
            return True
        if precision is not DOUBLE:
            # What it is, doubles tell.
            return False
        radius /= 8
        if radius < smallest:
            break
    degree, from_left, from_right = jump
    what = "a jump" if degree == 0 else "a kink" if degree == 1 else f"a jump of derivative {degree}"
    raise NotAnalyticError(
        f"no Taylor series at x = {float(at)}: the function's values have {what} there (coefficient {degree} is "
        f"{float(from_left):.6g} from the left, {float(from_right):.6g} from the right); choose another expansion point"
    )
