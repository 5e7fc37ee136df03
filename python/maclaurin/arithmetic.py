"""Operations on series: arithmetic, composition, calculus, Padé approximants."""

from __future__ import annotations

import math
import numbers
from fractions import Fraction
from operator import index
from typing import Any, Self

import numpy as np

from maclaurin import _native
from maclaurin._native import Exact, Function, Pade

#: What stands beside a series in an operation: a number, or text or a Function of x. A float stands for
#: the decimal that Python prints for it.
Operand = int | float | Fraction | str | Exact | Function


class SeriesArithmetic(_native.Series):
    """What a series is as a value; the class `Series` has all of it.

    Operators take two series about the same point, whose result has the smaller order, or a series and
    a number, text or a Function. What comes of series of functions is a series of a function: it has its
    coefficients correctly rounded, its radius and its certified error.
    """

    # NumPy's numbers leave an operation with a series to the series.
    __array_ufunc__ = None

    def __add__(self, other: Self | Operand) -> Self:
        return self._with(other, "add")

    def __radd__(self, other: Operand) -> Self:
        return self._with(other, "add", reflected=True)

    def __sub__(self, other: Self | Operand) -> Self:
        return self._with(other, "subtract")

    def __rsub__(self, other: Operand) -> Self:
        return self._with(other, "subtract", reflected=True)

    def __mul__(self, other: Self | Operand) -> Self:
        return self._with(other, "multiply")

    def __rmul__(self, other: Operand) -> Self:
        return self._with(other, "multiply", reflected=True)

    def __truediv__(self, other: Self | Operand) -> Self:
        return self._with(other, "divide")

    def __rtruediv__(self, other: Operand) -> Self:
        return self._with(other, "divide", reflected=True)

    def __pow__(self, exponent: int | float | Fraction | str | Exact) -> Self:
        text = None if isinstance(exponent, Function) else operand_text(exponent)
        if text is None:
            return NotImplemented
        return self._made("power", text=text)

    def __neg__(self) -> Self:
        return self._made("negate")

    def __pos__(self) -> Self:
        return self

    def compose(self, inner: Self) -> Self:
        """The series of f(g(x)) for this series f and an inner series g, about the point of g.

        The value of g there must be the expansion point of this series. The order is the smaller one.
        Raises ValueError for another value.

        >>> from maclaurin import taylor
        >>> taylor("exp(x)", order=4).compose(taylor("sin(x)", order=4)).exact
        (1, 1, Fraction(1, 2), 0, Fraction(-1, 8))
        """
        if not isinstance(inner, SeriesArithmetic):
            raise TypeError(f"a series is composed with a Series, not {inner!r}; maclaurin.taylor makes one")
        return self._made("compose", inner)

    def derivative(self) -> Self:
        """The derivative, to the order less one (but at least to order 0).

        >>> from maclaurin import taylor
        >>> taylor("atan(x)", order=5).derivative()
        <Series of 1/(1 + x^2) about 0, order 4: 1 - x^2 + x^4>
        """
        return self._made("derivative")

    def integral(self, constant: int | float | Fraction | str | Exact = 0) -> Self:
        """The antiderivative whose value at the expansion point is the constant; the order is one more.

        It has no ``function`` (an integral is in general none that an expression says), the radius of
        the series, and a certified error where the series has a function.

        >>> from maclaurin import taylor
        >>> s = taylor("exp(-x^2)", order=4).integral()
        >>> str(s), str(s.radius), s.error_bound(0, 0.5) < 3e-4
        ('x - x^3/3 + x^5/10', 'infinity', True)
        """
        text = None if isinstance(constant, Function) else operand_text(constant)
        if text is None:
            raise TypeError(f"the constant must be a number or text without x, not {constant!r}")
        return self._made("integral", text=text)

    def revert(self) -> Self:
        """The compositional inverse g, with g(f(x)) = x, about the value of f: the reversion.

        It has no ``function``. Its radius is that of a disc in which the inverse of a function is certainly
        analytic, usually smaller than the largest one; its error is certified there. Raises ValueError where
        the coefficient of degree 1 is zero, and above order 1000.

        >>> from maclaurin import taylor
        >>> taylor("x - x^2", order=6).revert().exact[1:]  # the Catalan numbers, OEIS A000108
        (1, 1, 2, 5, 14, 42)
        """
        return self._made("revert")

    def shift(self, at: int | float | Fraction | str | Exact) -> Self:
        """The series of the same function about another point, to the same order.

        Raises ValueError for a series without a function.

        >>> from maclaurin import taylor
        >>> str(taylor("x^2", order=2).shift(at=1))
        '1 + 2*(x - 1) + (x - 1)^2'
        """
        text = None if isinstance(at, Function) else operand_text(at)
        if text is None:
            raise TypeError(f"the expansion point must be a number or text without x, not {at!r}")
        return self._made("shift", text=text)

    def truncate(self, order: int) -> Self:
        """The series up to a smaller order, or the same one. Raises ValueError for a larger one.

        >>> from maclaurin import taylor
        >>> str(taylor("exp(x)", order=8).truncate(2))
        '1 + x + x^2/2'
        """
        order = whole("order", order)
        if order > self.order:
            raise ValueError(f"order {order} is above the series' own, {self.order}: expand it further instead")
        return self._made("truncate", text=str(order))

    def pade(self, m: int, n: int) -> Pade:
        """The Padé approximant with a numerator of degree m and a denominator of degree n, at most.

        It is exact where the coefficients of the series are rational. Raises ValueError where m + n is above
        the order or there is no such approximant; the message names one near it.

        >>> from maclaurin import taylor
        >>> str(taylor("exp(x)", order=4).pade(2, 2))
        '(1 + x/2 + x^2/12)/(1 - x/2 + x^2/12)'
        """
        return Pade(self, whole("m", m), whole("n", n))

    def _with(self, other: Any, operation: str, reflected: bool = False) -> Self:
        beside: Self = other
        if not isinstance(other, SeriesArithmetic):
            function = other if isinstance(other, Function) else _function(other)
            if function is None:
                return NotImplemented  # type: ignore[no-any-return]
            beside = type(self)(function, order=self.order, at=self.at_text)
        return beside._made(operation, self) if reflected else self._made(operation, beside)

    def _made(self, operation: str, other: Self | None = None, text: str = "") -> Self:
        series = type(self)(_native.compute(operation, self, other, text))
        # How it is pickled if no function says what it is.
        series._origin = (self, operation, other, text)
        return series

    _origin: tuple[Self, str, Self | None, str]

    def __eq__(self, other: object) -> bool:
        """Whether both are proven to have the same point, order and coefficients."""
        return isinstance(other, SeriesArithmetic) and self._equals(other)

    def __hash__(self) -> int:
        return hash((self.center, self.coefficients.tobytes()))


def restored(series: SeriesArithmetic, operation: str, other: SeriesArithmetic | None, text: str) -> SeriesArithmetic:
    """A series that was computed, from a pickle."""
    return series._made(operation, other, text)


def whole(name: str, number: Any) -> int:
    """An order or a number of terms: an integer from 0 to the limit of the library.

    Raises TypeError for what is no integer, ValueError beyond the limits.
    """
    try:
        number = index(number)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {number!r}") from None
    if number < 0:
        raise ValueError(f"{name} must not be negative; it is {number}")
    limit = _native.Series.LARGEST_ORDER
    if number > limit:
        raise ValueError(f"{name} {number} is beyond the limit of {limit}")
    return int(number)


def operand_text(value: Any) -> str | None:
    """A number or text as the text that the library reads; None for what is neither.

    Raises ValueError for a number that is not finite.
    """
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if isinstance(value, str):
        return value
    if isinstance(value, Exact):
        return value.text
    if not isinstance(value, numbers.Real):
        return None
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if not math.isfinite(value):
        raise ValueError(f"{value} is no finite number")
    return str(value)


def _function(value: Any) -> Function | None:
    text = operand_text(value)
    return None if text is None else Function(text)
