"""What comes out for each degree, in the arrays of any framework: multiplications and additions.

The portable twin of the native kernels, for devices and compilers that those cannot reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

#: An array of any framework.
Array = Any

Kind = Literal["terms", "powers", "partial_sums", "sum"]
#: In the order that the native module counts them in.
KINDS: tuple[Kind, ...] = ("powers", "terms", "partial_sums", "sum")

Degrees = Literal["nonzero", "all"] | Sequence[int]


def check(kind: Kind, degrees: Degrees, order: int, nonzero: Sequence[int], constant: bool) -> tuple[int, ...]:
    """The degrees that come out, the constant's 0 included; none for "sum".

    Raises ValueError for a kind or a degree that there is not, or if nothing would come out.
    """
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is none of {', '.join(map(repr, KINDS))}")
    if kind == "sum":
        return ()
    if isinstance(degrees, str):
        if degrees not in ("nonzero", "all"):
            raise ValueError(f'degrees {degrees!r} is neither "nonzero" nor "all" nor a list of degrees')
        chosen = tuple(nonzero) if degrees == "nonzero" else tuple(range(1, order + 1))
    else:
        chosen = tuple(int(degree) for degree in degrees)
        for degree in chosen:
            if not 1 <= degree <= order:
                raise ValueError(f"degree {degree} is not between 1 and the order {order}")
    if constant:
        chosen = (0, *chosen)
    if not chosen:
        raise ValueError("the expansion has no non-zero degree above 0; raise the order, or ask for all")
    return chosen


def rows(t: Array, one: Array, coefficients: Any, kind: Kind, degrees: Sequence[int]) -> list[Array]:
    """The values of each degree at t = x - x0; one is an array of ones like t.

    Powers, terms and partial sums share their products: degree k costs one more.
    """
    wanted = set(degrees)
    power = one
    total = coefficients[0] * one
    found = {0: {"powers": one, "terms": total, "partial_sums": total}[kind]}
    for degree in range(1, max(degrees) + 1):
        power = t if degree == 1 else power * t
        if kind == "powers":
            value = power
        elif kind == "terms":
            value = coefficients[degree] * power if degree in wanted else None
        else:
            total = total + coefficients[degree] * power
            value = total
        if degree in wanted:
            found[degree] = value
    return [found[degree] for degree in degrees]


def horner(t: Array, coefficients: Any) -> Array:
    """The polynomial at t, by Horner's rule."""
    total = coefficients[len(coefficients) - 1] + 0 * t
    for degree in range(len(coefficients) - 2, -1, -1):
        total = total * t + coefficients[degree]
    return total
