"""Values of a Python function, and polynomials through them with the error that their noise leaves.

A polynomial through the values in Chebyshev points has coefficients that fall to a plateau where the
function is smooth: the plateau is the noise of the values, or what the degree does not reach. Its height,
multiplied by what the k-th derivatives of the Chebyshev polynomials can make of it, is the error of the
k-th Taylor coefficient (Trefethen, *Approximation Theory and Approximation Practice*, chapters 7 and 8).
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from fractions import Fraction
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Call = Callable[[Any], Any]

EPSILON = float(np.finfo(float).eps)

#: What a function raises outside its domain. Anything else is a mistake, and the user's to see.
OUTSIDE = (ArithmeticError, ValueError, AssertionError)

#: How many times the plateau an error may be.
MARGIN = 4

#: Noise above this part of the values is not told from what happens between the points.
LARGEST_NOISE = 1e-6

#: Places between the Chebyshev points, where the polynomial is compared with the function.
BETWEEN = np.array([-0.987, -0.618, -0.2718, -0.0314, -0.0017, 0.0011, 0.0123, 0.314, 0.577, 0.9669])


def in_doubles(f: Call, points: list[float]) -> Call:
    """A function of JAX as one that computes in float64, compiled if that has its values at the points."""
    jax = sys.modules.get("jax")
    if jax is None:
        return f

    def wide(x: Any, function: Call = f) -> Any:
        with jax.enable_x64(True):
            return function(x)

    # Each wrapped anew, for what is another function each time would be remembered.
    compiled = [jax.jit(lambda x: f(x)) for _ in range(2)]
    compared = 0
    for x in points:
        try:
            value = real(wide(x), x)
            same = all(abs(real(wide(x, one), x) - value) <= 1e-9 * abs(value) for one in compiled)
        except OUTSIDE:
            continue
        except Exception:  # noqa: BLE001 - it is not for JAX's tracing, or raises what the user shall see
            return wide
        if math.isfinite(value) and not same:
            return wide
        compared += math.isfinite(value)
    return partial(wide, function=compiled[0]) if compared else wide


def caller(f: Call, points: list[float]) -> Call:
    """A function as one from float to float: with a float, a tensor or an array of one as its argument.

    Raises what the function raises if no way of calling it gives a number at any of the points.
    """
    failures: list[Exception] = []
    for argument in _arguments():

        def call(x: float, argument: Call = argument) -> float:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return real(f(argument(x)), x)

        for x in points:
            try:
                call(x)
            except Exception as reason:  # noqa: BLE001 - raised below, unless there is another way
                failures.append(reason)
                if not isinstance(reason, OUTSIDE):
                    break
            else:
                return call
    # A number is what most functions are of, so its first exception is the one to see.
    raise failures[0]


def _arguments() -> list[Call]:
    ways: list[Call] = [float]
    if torch := sys.modules.get("torch"):
        # The second for modules of parameters, which are of the default type.
        ways += [lambda x: torch.tensor(x, dtype=torch.float64), lambda x: torch.tensor([float(x)])]
    return [*ways, lambda x: np.array([x])]


def real(value: Any, x: Any) -> float:
    """A function's value as a float.

    Raises TypeError, or ValueError if the value is a complex number.
    """
    if value is np.ma.masked:
        return math.nan
    if hasattr(value, "item") and hasattr(value, "shape"):
        if math.prod(value.shape) != 1:
            message = f"the function's value at x = {x} has the shape {tuple(value.shape)}; it must be one number"
            raise TypeError(message)
        value = value.item()
    if isinstance(value, str | bytes) or value is None:
        raise TypeError(f"the function's value at x = {x} is {value!r}; it must be a number")
    try:
        return float(value)
    except TypeError as reason:
        try:
            number = complex(value)
        except TypeError:
            message = f"the function's value at x = {x} is a {type(value).__name__}; it must be a number"
            raise TypeError(message) from reason
    if number.imag != 0:
        raise ValueError(f"the function's value at x = {x} is {value}, no real number")
    return number.real


class Precision(NamedTuple):
    """The numbers that are computed with: floats, or those of mpmath."""

    number: Call
    epsilon: Any
    cos: Call
    pi: Any

    def array(self, values: Any) -> Array:
        return np.array([self.number(value) for value in values], dtype=float if self.number is float else object)


DOUBLE = Precision(float, EPSILON, np.cos, np.pi)


class Fit(NamedTuple):
    """Taylor coefficients from values on an interval, their errors, and the largest magnitude of the values."""

    coefficients: Array
    errors: Array
    largest: Any


def fit(f: Call, at: Any, radius: Any, order: int, side: int, precision: Precision = DOUBLE) -> Fit | None:
    """Taylor coefficients from values on [at - radius, at + radius], or on its left (-1) or right (1) half.

    None if the function is not finite there. What it raises apart from that is the caller's.
    """
    count = max(64, 2 * (order + 5))
    points, transform = _transform(count, precision)
    half = radius if side == 0 else radius / 2
    middle = at + side * half
    try:
        values = precision.array([f(middle + half * t) for t in points])
        between = precision.array([f(middle + half * precision.number(t)) for t in BETWEEN])
    except OUTSIDE:
        return None
    if not all(np.isfinite(float(value)) for value in [*values, *between]):
        return None
    series = transform @ values
    largest = max(np.abs(values).max(), np.abs(between).max())
    spread = values.max() - values.min()
    # Arguments are rounded too, and the nearer together they are the more that is.
    plateau = max(
        np.abs(series[2 * count // 3 :]).max(),
        precision.epsilon * (2 * largest + spread * abs(middle) / half),
    )
    above = np.nonzero(np.abs(series) > 2 * plateau)[0]
    degree = int(above[-1]) if len(above) else 0
    # A pole or a spike between the points looks as noise does, but is as large as the values.
    reach = count if plateau > LARGEST_NOISE * largest else min(count, max(degree * 5 // 4, order) + 5)
    series[degree + 1 :] *= 0
    evaluated = _sum_of_chebyshev(series, precision.array(BETWEEN))
    off = np.abs(between - evaluated).max()
    if off > reach * plateau:
        # The degree does not reach what happens between the points.
        plateau, reach = max(plateau, off), count
    derivatives = _derivatives(count, order, -side, precision)
    powers = precision.array([half**k for k in range(order + 1)])
    coefficients = derivatives @ series / powers
    amplification = np.abs(derivatives[:, :reach]).sum(axis=1)
    # A kink beside the point bends the polynomial by as much as the whole tail tells.
    margin = MARGIN if reach < count else MARGIN**2
    return Fit(coefficients, margin * plateau * amplification / powers, largest)


def _sum_of_chebyshev(series: Array, t: Array) -> Array:
    """Clenshaw's recurrence."""
    after, values = t * 0, t * 0
    for coefficient in series[:0:-1]:
        after, values = values, coefficient + 2 * t * values - after
    return np.asarray(series[0] + t * values - after)


@cache
def _transform(count: int, precision: Precision) -> tuple[Array, Array]:
    """Chebyshev points, and the matrix that makes coefficients of values in them."""
    angles = [precision.pi * (2 * i + 1) / (2 * count) for i in range(count)]
    points = precision.array([precision.cos(angle) for angle in angles])
    rows = [precision.array([precision.cos(j * angle) * 2 / count for angle in angles]) for j in range(count)]
    matrix = np.array(rows)
    matrix[0] = matrix[0] / 2
    return points, matrix


@cache
def _derivatives(count: int, order: int, t: int, precision: Precision) -> Array:
    """The k-th derivatives, divided by k!, of the Chebyshev polynomials at -1, 0 or 1: rows are k."""
    columns: list[list[Fraction | int]] = []
    if t == 0:
        power: list[list[int]] = [[1], [0, 1]]
        while len(power) < count:
            following = [0, *(2 * a for a in power[-1])]
            for k, a in enumerate(power[-2]):
                following[k] -= a
            power.append(following)
        columns = [[row[k] if k < len(row) else 0 for k in range(order + 1)] for row in power[:count]]
    else:
        for j in range(count):
            column: list[Fraction | int] = [Fraction(int(t**j))]
            for k in range(order):
                column.append(column[-1] * Fraction((j * j - k * k) * t, (2 * k + 1) * (k + 1)))
            columns.append(column)
    if precision is DOUBLE:
        return np.array([[float(a) for a in column] for column in columns]).T
    numbers = [
        [precision.number(Fraction(a).numerator) / Fraction(a).denominator for a in column] for column in columns
    ]
    return np.array(numbers, dtype=object).T
