"""The polynomial that the first arguments of a layer name: a series made from them, or one that is given."""

from __future__ import annotations

from typing import Any

from maclaurin import rows
from maclaurin._native import Basis, Polynomial
from maclaurin.approximation import Approximation
from maclaurin.series import Point, taylor

#: The order of a layer's series where none is given.
DEFAULT_ORDER = 4


def polynomial_of(function: Any, order: int | None, at: Point | None, summed: bool, basis: bool = False) -> Any:
    """The series of a function, or a Series, Approximation or Basis itself, which has its own order and point.

    Args:
        function: as `taylor` takes it, or a Series or Approximation.
        order, at: those of the series, 4 and 0 if None.
        summed: whether the layer adds up powers: then a polynomial whose powers are ill-conditioned is refused.
        basis: whether the layer expands, and takes a Basis.

    Raises what `taylor` raises, TypeError for an order or a point beside a polynomial that has its own, ValueError
    for one that no sum of powers evaluates accurately.

    >>> polynomial_of("sin(x)", None, None, summed=True).order
    4
    >>> polynomial_of(taylor("sin(x)", order=5), 3, None, summed=True)
    Traceback (most recent call last):
    ...
    TypeError: order=3 beside a polynomial, whose order is 5: leave it out
    """
    if not isinstance(function, Polynomial):
        return taylor(function, order=DEFAULT_ORDER if order is None else order, at=0 if at is None else at)
    for name, given, own in (("order", order, function.order), ("at", at, function.center)):
        if given is not None:
            raise TypeError(f"{name}={given!r} beside a polynomial, whose {name} is {own}: leave it out")
    if isinstance(function, Basis) and not basis:
        raise ValueError(
            f"{function!r} has a polynomial for each degree and no coefficients to sum up: expand by it, as "
            'TaylorExpansion(function=basis) and expand(x, basis) do with kind="terms", and put a layer of the '
            "framework's own behind it"
        )
    if summed and isinstance(function, Approximation) and function.basis != "powers":
        raise ValueError(
            f"the powers of {function!r} are ill-conditioned: a layer over powers, or partial sums of them, would be "
            'off by more than the error; take a TaylorActivation, or kind="sum", which add up Chebyshev polynomials, '
            "or approximate on a smaller range or to a lower degree (a larger tolerance)"
        )
    return function


def expanded(polynomial: Polynomial, kind: rows.Kind) -> tuple[rows.Place, rows.Kind | rows.Basis, list[float]]:
    """Where an expansion's coefficients belong, its kind, and the coefficients, or the numbers of a basis.

    >>> from maclaurin import basis
    >>> expanded(basis("chebyshev", degree=1), "terms")
    (0.0, 'basis', [1.0, -0.0, 0.0, 1.0, 0.0, 0.0])
    """
    if isinstance(polynomial, Basis):
        return 0.0, "basis", polynomial._recurrence_numbers
    if kind == "sum":
        place, coefficients = summed(polynomial)
        return place, kind, coefficients
    return polynomial.center, kind, list(polynomial._numbers)


def native(at: float, coefficients: list[float], trained: bool, kind: str) -> tuple[Polynomial, str]:
    """The polynomial and the kind that the native functions take for what `expanded` gives.

    >>> native(0.0, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0], False, "basis")[1]
    'terms'
    """
    if kind == "basis":
        return Polynomial._of_recurrence(coefficients), "terms"
    return Polynomial(at, coefficients, trained), kind


def summed(polynomial: Polynomial) -> tuple[rows.Place, list[float]]:
    """Where a polynomial's sum is taken, and the coefficients there.

    >>> from maclaurin import approximate
    >>> summed(approximate("x", degree=1, on=(-1, 1)))
    (0.0, [0.0, 1.0])
    >>> summed(approximate("sigmoid", degree=40, on=(-10, 10)))[0]
    (-10.0, 10.0)
    """
    if isinstance(polynomial, Approximation) and polynomial.basis == "chebyshev":
        return (polynomial._ranges[0][0], polynomial._ranges[-1][1]), polynomial.chebyshev.tolist()
    return polynomial.center, list(polynomial._numbers)
