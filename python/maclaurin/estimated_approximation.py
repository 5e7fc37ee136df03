"""Near-best polynomials for functions of which nothing is known but their values.

The largest error is made small by Lawson's algorithm: least squares whose weights grow where the error is
large (Rice, *The Approximation of Functions*, volume 2, section 13-9). Where the error between the values is
larger than at them, more values are taken. A value at a single point, at a jump, is not seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from maclaurin import estimate
from maclaurin._native import Polynomial
from maclaurin.sampling import EPSILON, OUTSIDE, caller, in_doubles

Array = npt.NDArray[Any]
Range = tuple[float, float]

#: Of the error that was found: what lies between the values may be a little more.
MARGIN = 1.05

#: Steps of Lawson's algorithm, rounds of further values, and the most values that the error is looked for in.
STEPS, ROUNDS, MOST_VALUES = 60, 5, 4000

#: As many coefficients as the smallest grid is for, at which the error is looked for.
FINE_COUNT = 126


class EstimatedApproximation(Polynomial):
    """A polynomial near a function on a range, found from the function's values in floating point.

    As a Polynomial, with ``on``, the range or the list of ranges, ``degree`` and ``error``, the estimated largest
    error there (relative, if that was asked for). It knows no function, so nothing of it is certified.
    """

    on: Range | list[Range]
    error: float

    def __new__(cls, center: float, coefficients: list[float], on: Range | list[Range], error: float) -> Self:
        self = super().__new__(cls, center, coefficients)
        self.on = on
        self.error = error
        return self

    @property
    def degree(self) -> int:
        """The highest degree."""
        return self.order

    def to_polynomial(self) -> np.polynomial.Polynomial:
        """The polynomial as NumPy's, in powers of x - center."""
        return estimate.as_numpy(self)

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.center, self.coefficients.tolist(), self.on, self.error

    def __repr__(self) -> str:
        return f"<EstimatedApproximation on {self.on}, degree {self.degree}, error about {self.error:.3e}>"


class Values:
    """A function's values on ranges, each called for once."""

    def __init__(self, f: Callable[[Any], Any], ranges: Sequence[Range]) -> None:
        self.call = caller(
            in_doubles(f, [low + part * (high - low) for low, high in ranges for part in (0.0, 0.318, 0.691, 1.0)]),
            [low / 2 + high / 2 for low, high in ranges],
        )
        self.known: dict[float, float] = {}

    def __call__(self, points: Array) -> Array:
        return np.array([self.value(x) for x in points.tolist()])

    def value(self, x: float) -> float:
        if x not in self.known:
            try:
                value = self.call(x)
            except OUTSIDE as reason:
                raise ValueError(f"the function has no value at x = {x}: it raised {reason!r}") from reason
            if not math.isfinite(value):
                raise ValueError(f"the function's value at x = {x} is {value}: choose a range on which it is finite")
            self.known[x] = value
        return self.known[x]


def approximate_values(
    f: Callable[[Any], Any],
    ranges: Sequence[Range],
    degree: int | None,
    tolerance: float | None,
    method: str,
    relative: bool,
    degrees: list[int] | None,
    fixed: list[tuple[int, float]],
    center: float | None,
    samples: list[float] | None,
    largest_degree: int,
) -> EstimatedApproximation:
    """The arguments are those of `approximate`, checked."""
    for low, high in ranges:
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"the range [{low}, {high}] is empty: the first end must be the smaller one")
    values = Values(f, ranges)
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    if center is None:
        center = 0.0 if degrees is not None or fixed else low / 2 + high / 2
    problem = _Problem(values, ranges, method, relative, dict(fixed), center, samples, max(high - center, center - low))

    def of_degree(highest: int) -> EstimatedApproximation:
        chosen = [k for k in (range(highest + 1) if degrees is None else degrees) if k <= highest]
        return problem.solve(chosen)

    if tolerance is None:
        return of_degree(max(degrees or [0]) if degree is None else degree)
    # The smallest degree: between one that does not suffice and one that does.
    few, enough, smallest = -1, 1, math.inf
    while (found := of_degree(enough)).error > tolerance:
        # It grows where powers of floats are no longer accurate.
        if enough == largest_degree or found.error > 2 * smallest:
            raise ValueError(
                f"no degree up to {enough} stays within {tolerance} of the function's values on {list(ranges)}; the "
                f"smallest error found is about {min(smallest, found.error):.3g}: choose a larger tolerance, a smaller "
                "range, or a function that can be read (see maclaurin.trace)"
            )
        few, enough, smallest = enough, min(2 * enough, largest_degree), min(smallest, found.error)
    while enough - few > 1:
        middle = (few + enough) // 2
        tried = of_degree(middle)
        if tried.error <= tolerance:
            found, enough = tried, middle
        else:
            few = middle
    return found


class _Problem:
    def __init__(
        self,
        values: Values,
        ranges: Sequence[Range],
        method: str,
        relative: bool,
        fixed: dict[int, float],
        center: float,
        samples: list[float] | None,
        width: float,
    ) -> None:
        self.values, self.ranges, self.method, self.relative = values, ranges, method, relative
        self.fixed, self.center, self.samples, self.width = fixed, center, samples, width

    def solve(self, degrees: list[int]) -> EstimatedApproximation:
        points = self.points(len(degrees))
        # Those that the error is looked for at, so that a narrow step is not between them.
        fine = self.points(FINE_COUNT)
        free = [k for k in degrees if k not in self.fixed]
        rounds = 0
        while True:
            polynomial = self.fitted(points, free)
            seen, largest = self.largest_error(polynomial, np.unique(np.concatenate([points, fine])))
            at_points = np.abs(self.errors(polynomial, points)).max()
            seen = seen[np.abs(self.errors(polynomial, seen)) > at_points]
            rounds += 1
            if self.method != "minimax" or largest <= 1.01 * at_points or rounds == ROUNDS:
                break
            points = np.unique(np.concatenate([points, seen]))
        scale = max(abs(y) for y in self.values.known.values())
        error = MARGIN * largest + (0 if self.relative else 4 * EPSILON * scale)
        on = self.ranges[0] if len(self.ranges) == 1 else list(self.ranges)
        return EstimatedApproximation(self.center, polynomial.coefficients.tolist(), on, float(error))

    def points(self, count: int) -> Array:
        """Chebyshev points of each range, with its ends."""
        t = np.cos(np.pi * np.arange(16 * count + 33) / (16 * count + 32))[::-1]
        return np.unique([(low / 2 + high / 2 + (high / 2 - low / 2) * t).clip(low, high) for low, high in self.ranges])

    def errors(self, polynomial: Polynomial, points: Array) -> Array:
        """F - p, or (f - p)/f."""
        values = self.values(points)
        return np.asarray((values - np.asarray(polynomial(points))) * self.sizes(points, values))

    def sizes(self, points: Array, values: Array) -> Array:
        """What errors are multiplied by: 1, or 1/|f|."""
        if not self.relative:
            return np.ones(len(points))
        if (values == 0).any():
            x = points[values == 0][0]
            raise ValueError(f"the function is 0 at x = {x}: relative errors need a range on which it is not")
        return np.asarray(1 / np.abs(values))

    def fitted(self, points: Array, free: list[int]) -> Polynomial:
        if self.method == "chebyshev":
            if len(self.ranges) > 1 or self.fixed or self.relative:
                raise ValueError('method "chebyshev" takes one range, and neither fixed nor relative')
            low, high = self.ranges[0]
            t = np.cos(np.pi * (np.arange(len(free)) + 0.5) / len(free))
            points, weights = low / 2 + high / 2 + (high / 2 - low / 2) * t, np.ones(len(free))
        elif self.samples is not None:
            points = np.array(self.samples)
            weights = np.ones(len(points))
        else:
            # Where the points are dense each stands for less.
            weights = np.asarray(np.gradient(points))
            weights[weights <= 0] = weights[weights > 0].min()
        values = self.values(points)
        u = (points - self.center) / self.width
        size = self.sizes(points, values)
        # Chebyshev polynomials are well-conditioned, but need all degrees.
        dense = not self.fixed and free == list(range(len(free)))
        columns = np.polynomial.chebyshev.chebvander(u, len(free) - 1) if dense else u[:, None] ** np.array(free or [0])
        rest = values - sum(a * (points - self.center) ** k for k, a in self.fixed.items())
        best: Array = np.zeros(len(free))
        smallest = math.inf
        for _ in range(STEPS if self.method == "minimax" else 1):
            root = np.sqrt(weights) * size
            numbers = np.linalg.lstsq(columns * root[:, None], rest * root, rcond=None)[0] if free else np.zeros(0)
            off = np.abs(rest - columns[:, : len(free)] @ numbers) * size
            if off.max() < smallest:
                best, smallest = numbers, float(off.max())
            if off.max() <= 0:
                break
            weights = weights * (off / off.max() + 1e-12)
            weights = weights / weights.max()
        if dense:
            best = np.polynomial.chebyshev.cheb2poly(best)
        coefficients = np.zeros(max([*free, *self.fixed, 0]) + 1)
        for k, a in zip(free, best, strict=False):
            # What is rounding is no coefficient: that of an odd function's x^2.
            coefficients[k] = a / self.width**k if abs(a) > 8 * EPSILON * np.abs(values).max() else 0
        for k, a in self.fixed.items():
            coefficients[k] = a
        return Polynomial(self.center, coefficients.tolist())

    def largest_error(self, polynomial: Polynomial, points: Array) -> tuple[Array, float]:
        """Where errors were looked at, and the largest: between values, wherever it may be larger."""
        errors = self.errors(polynomial, points)
        largest = np.abs(errors).max()
        while len(points) < MOST_VALUES:
            # As steep as it is there or beside, for the tip of a kink; a jump from an error to its opposite is steep.
            steep = np.pad(np.abs(np.diff(errors)) / np.diff(points), 1)
            rise = np.max([steep[:-2], steep[1:-1], steep[2:]], axis=0) * np.diff(points)
            potential = np.maximum(np.abs(errors[1:]), np.abs(errors[:-1])) + rise
            middle = points[:-1] / 2 + points[1:] / 2
            inside = np.array([any(low < x < high for low, high in self.ranges) for x in middle.tolist()])
            wide = np.diff(points) > 8 * EPSILON * max(abs(points[0]), abs(points[-1]))
            wanted = np.nonzero(inside & wide & (potential > largest * (1 + 1e-4)))[0]
            if not len(wanted):
                break
            wanted = np.sort(wanted[np.argsort(-potential[wanted])[:64]])
            errors = np.insert(errors, wanted + 1, self.errors(polynomial, middle[wanted]))
            points = np.insert(points, wanted + 1, middle[wanted])
            largest = np.abs(errors).max()
        return points, float(largest)
