"""What comes out for each degree, in the arrays of any framework: multiplications and additions.

The reference implementation of the native kernels, for devices and compilers that those cannot reach. Both
follow IEEE 754 at infinities: t^k is t^(k-1) times t, a term a_k times that, so a zero coefficient times an
infinite power is NaN where that degree was asked for; a partial sum skips the degrees whose coefficient is
known to be zero; the polynomial is Horner's rule from a_p on.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, Literal

#: An array of any framework.
Array = Any

Kind = Literal["terms", "powers", "partial_sums", "sum"]
#: What comes out of a basis, whose numbers stand in the place of coefficients.
Basis = Literal["basis"]
#: In the order that the native module counts them in.
KINDS: tuple[Kind, ...] = ("powers", "terms", "partial_sums", "sum")
#: By their numbers in saved layers and in the native module.
NUMBERED: tuple[Kind | Basis, ...] = (*KINDS, "basis")

Degrees = Literal["nonzero", "all"] | Sequence[int]

#: The point whose powers coefficients belong to, or the range whose Chebyshev polynomials.
Place = float | tuple[float, float]


def place(at: Any, kind: Kind | Basis) -> Place:
    """Where coefficients belong, as floats.

    Raises ValueError for a range that is empty or not finite, or with another kind than "sum".

    >>> place(1, "terms"), place((0, 1), "sum")
    (1.0, (0.0, 1.0))
    """
    if not isinstance(at, tuple | list):
        return float(at)
    low, high = map(float, at)
    if kind != "sum" or not low < high:
        raise ValueError(f'at={at!r}: coefficients of Chebyshev polynomials need kind="sum" and a range (low, high)')
    return low, high


def numbers(at: Place) -> list[float]:
    """The numbers that say where coefficients belong.

    >>> numbers(0.5), numbers((0.0, 1.0))
    ([0.5], [0.0, 1.0])
    """
    return list(at) if isinstance(at, tuple) else [at]


def check(kind: Kind, degrees: Degrees, order: int, nonzero: Sequence[int], constant: bool) -> tuple[int, ...]:
    """The degrees that come out, the constant's 0 included; none for "sum".

    Raises ValueError for a kind or a degree that there is not, or if nothing would come out, TypeError for a
    degree that is no integer.
    """
    if order < 0:
        raise ValueError("there are no coefficients: give at least a_0")
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is none of {', '.join(map(repr, KINDS))}")
    if kind == "sum":
        return ()
    if isinstance(degrees, str):
        if degrees not in ("nonzero", "all"):
            raise ValueError(f'degrees {degrees!r} is neither "nonzero" nor "all" nor a list of degrees')
        chosen = tuple(nonzero) if degrees == "nonzero" else tuple(range(1, order + 1))
    else:
        chosen = tuple(degree if isinstance(degree, int) else operator.index(degree) for degree in degrees)
        for degree in chosen:
            if not 1 <= degree <= order:
                raise ValueError(f"degree {degree} is not between 1 and the order {order}")
    if constant:
        chosen = (0, *chosen)
    if not chosen:
        raise ValueError("the expansion has no non-zero degree above 0; raise the order, or ask for all")
    return chosen


def rows(
    t: Array, ones_like: Callable[[Array], Array], coefficients: Any, kind: Kind, degrees: Sequence[int]
) -> list[Array]:
    """The values of each degree at t = x - x0; ones_like is the framework's function of that name.

    Powers, terms and partial sums share their products: degree k costs one more. Coefficients are numbers,
    or an array of them (trained), of which none is known to be zero.
    """
    wanted, found = set(degrees), {}
    one = ones_like(t) if 0 in wanted or kind == "partial_sums" else None
    total = None if one is None else coefficients[0] * one
    if 0 in wanted:
        found[0] = one if kind == "powers" else total
    power = t
    for degree in range(1, max(degrees) + 1):
        if degree > 1:
            power = power * t
        coefficient = coefficients[degree]
        if kind == "partial_sums" and not (isinstance(coefficient, float) and coefficient == 0):
            total = total + coefficient * power
        if degree in wanted:
            found[degree] = coefficient * power if kind == "terms" else power if kind == "powers" else total
    return [found[degree] for degree in degrees]


def basis(
    x: Array, framework: Any, numbers: Sequence[float], degrees: Sequence[int], scale: float, shift: float
) -> list[Array]:
    """The polynomials of a basis at scale*x + shift.

    Args:
        framework: a module with ones_like, where and tanh for x.
        numbers: those of `Basis._recurrence_numbers`: slope and offset of the map to [-1, 1], squash, and the steps.

    >>> import numpy as np
    >>> from maclaurin import basis as of
    >>> [float(row) for row in basis(np.array(0.5), np, of("legendre", 2)._recurrence_numbers, [0, 2], 1.0, 0.0)]
    [1.0, -0.125]
    """
    slope, offset, squash, *steps = numbers
    slope, offset = slope * scale, slope * shift + offset
    # Multiplying by 1 and adding 0 would cost a pass over memory each.
    t = x if slope == 1 else x * slope
    t = t if offset == 0 else t + offset
    if squash == 1:
        t = framework.tanh(t)
    elif squash == 2:
        t = framework.where(t < -1, -1.0, t)
        t = framework.where(t > 1, 1.0, t)
    found = [framework.ones_like(t)]
    for degree in range(max(degrees)):
        a, b, c = steps[3 * degree : 3 * degree + 3]
        factor = t if a == 1 else a * t
        factor = factor + b if b else factor
        value = factor * found[-1] if degree else factor
        found.append(value - c * found[-2] if c and degree else value)
    return [found[degree] for degree in degrees]


def total(t: Array, ones_like: Callable[[Array], Array], coefficients: Any, at: Place) -> Array:
    """The polynomial's values: by Horner's rule at t = x - at, by Clenshaw's recurrence at t = x where at is a range.

    >>> total(2.0, lambda t: 1.0, [1.0, 0.0, 2.0], 1.0)
    9.0
    >>> total(3.0, lambda t: 1.0, [1.0, 0.0, 2.0], (1.0, 3.0))
    3.0
    """
    if not isinstance(at, tuple):
        return horner(t, ones_like, coefficients)
    low, high = at
    # In the order of the printed code, whose errors are bounded.
    u = (t - (low / 2 + high / 2)) / (high / 2 - low / 2)
    last = len(coefficients) - 1
    if last == 0:
        return coefficients[0] * ones_like(u)
    twice, after, value = u + u, 0.0, coefficients[last]
    for degree in range(last - 1, 0, -1):
        after, value = value, coefficients[degree] + twice * value - after
    return coefficients[0] + u * value - after


def horner(t: Array, ones_like: Callable[[Array], Array], coefficients: Any) -> Array:
    """The polynomial at t, by Horner's rule."""
    last = len(coefficients) - 1
    if last == 0:
        return coefficients[0] * ones_like(t)
    total = coefficients[last] * t + coefficients[last - 1]
    for degree in range(last - 2, -1, -1):
        total = total * t + coefficients[degree]
    return total
