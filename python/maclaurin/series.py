"""Series: exact coefficients, where they can be trusted, and how they are had."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, Self, overload

import numpy as np

from maclaurin import _native, estimate
from maclaurin._native import Exact, Function, NotAnalyticError
from maclaurin.arithmetic import SeriesArithmetic, restored, whole
from maclaurin.estimate import EstimatedSeries
from maclaurin.sampling import caller
from maclaurin.tracing import NotTraceableError, near
from maclaurin.ulp import Progress, UlpErrors, dtype_name, errors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import DTypeLike

#: The languages that polynomials are printed in, and the orders of their operations.
Language = Literal[
    "c", "rust", "python", "numpy", "torch", "cuda", "triton", "openfhe", "openfhe_python", "tenseal"
]  # fmt: skip
Scheme = Literal["horner", "even_odd", "estrin", "paterson_stockmeyer"]

#: An expansion point: a number, or text without x such as "pi/6". A float stands for the decimal
#: that Python prints for it.
Point = int | float | Fraction | str


class ErrorBound(float):
    """How far a polynomial is from its function on a range, at most: certified.

    A float, with the largest error that was seen as ``sampled`` and its place as ``at``; the
    truth lies between ``sampled`` and the float itself.
    """

    sampled: float
    at: float

    def __new__(cls, bound: float, sampled: float, at: float) -> Self:
        self = super().__new__(cls, bound)
        self.sampled = sampled
        self.at = at
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        return float(self), self.sampled, self.at


class Series(SeriesArithmetic):
    """The Taylor series of a function about a point, up to an order; `taylor` makes them.

    ``function`` (None of an integral, an inverse and what is computed with them), ``name`` (the same as
    text), ``order``, ``degrees`` (degree 1 and up, where the coefficient is not exactly zero),
    ``coefficients`` (float64, each correctly rounded), ``center`` (the expansion point as a
    float). Called with a number or an array it gives the polynomial's values there.

    Series are values: ``+ - * / **`` with series about the same point and with numbers or text,
    ``compose``, ``derivative``, ``integral``, ``revert``, ``shift``, ``truncate``, ``pade``, and ``==``,
    which is True where the coefficients are proven to be equal.

    >>> s = taylor("log(1 + exp(x))", order=4)
    >>> s.degrees, s.exact[0].text, s.exact[4]
    ((1, 2, 4), 'log(2)', Fraction(-1, 192))
    >>> str(s.radius)
    'pi = 3.14159...'
    >>> s.error_bound(0, 1) < 1e-3
    True
    """

    @property
    def at(self) -> int | Fraction | Exact | float:
        """The expansion point: exactly, or the nearest float where it is only enclosed."""
        exact = self._at_exact()
        return self.center if exact is None else exact

    @property
    def exact(self) -> tuple[int | Fraction | Exact | None, ...]:
        """The coefficients exactly; None where only an enclosure is known."""
        return tuple(self._exact_coefficient(degree) for degree in range(self.order + 1))

    def enclosure(self, degree: int, bits: int = 128) -> tuple[str, str]:
        """Two decimals that contain the coefficient of a degree, 2^-bits of it apart.

        Raises IndexError for a degree above the order.

        >>> taylor("exp(x)", order=3).enclosure(3, bits=20)
        ('0.166666666', '0.166666667')
        """
        return super().enclosure(degree, bits)

    def error_bound(self, low: float, high: float, dtype: DTypeLike | None = None) -> ErrorBound:
        """A certified upper bound of max ``|f - T|`` on [low, high]; ``.sampled`` is what was seen.

        Args:
            low, high: the range.
            dtype: "float16", "bfloat16", "float32" or "float64": then for every x of that type in the range it bounds
                ``|f(x) - y|``, where y is the polynomial evaluated in that type by Horner's rule. It
                includes the rounding of the coefficients, of ``x - at`` and of every operation, and is
                infinite where one may overflow. It holds for arithmetic in that type or a wider one, so
                for calling the series (float64) and for ``expand(x, s, kind="sum")`` without scale and
                shift, of an array of that type: that is Horner's rule in the type (float16 and bfloat16
                in float32, rounded at the end).

        Raises ValueError where the function is not finite on the range, and of a series without a
        function that is no integral or inverse of one, nor a linear combination of these.

        >>> s = taylor("exp(x)", order=123)
        >>> s.error_bound(-40, 0) < 1e-8
        True
        >>> 1 < s.error_bound(-40, 0, dtype="float64") < 200
        True
        """
        name = None if dtype is None else dtype_name(dtype)
        return ErrorBound(*self._bound(float(low), float(high), relative=False, dtype=name))

    def relative_error_bound(self, low: float, high: float) -> ErrorBound:
        """A certified upper bound of max ``|f - T|/|f|`` on [low, high]."""
        return ErrorBound(*self._bound(float(low), float(high), relative=True, dtype=None))

    def code(
        self,
        language: Language,
        dtype: DTypeLike = "float64",
        scheme: Scheme | None = None,
        on: tuple[float, float] | None = None,
    ) -> str:
        """A function in a programming language that evaluates the polynomial.

        Args:
            language: "c", "rust", "python", "numpy", "torch", "cuda" and "triton" (kernels with them), or
                "openfhe", "openfhe_python" and "tenseal", which evaluate encrypted values.
            dtype: in which the function computes: "float64", "float32", and where the language has them
                "float16" (c, numpy, python, torch, triton) and "bfloat16" (python, torch, triton).
            scheme: the order of the operations: "horner" (the default), "even_odd", "estrin" or
                "paterson_stockmeyer".
            on: a range (low, high), for which the comment states the certified error of the function,
                with the rounding errors of the dtype and the scheme.

        >>> code = taylor("exp(x)", order=3).code("rust", dtype="float32", scheme="estrin", on=(-1, 1))
        >>> print(code.split("#[must_use]")[1], end="")
        <BLANKLINE>
        pub fn taylor(x: f32) -> f32 {
            let x2 = x * x;
            (0.16666667 * x + 0.5) * x2 + (x + 1.0)
        }
        >>> code.splitlines()[1].split(" for ")[0]
        '/// Certified: |f - y| <= 5.1616e-2'
        """
        return self._source_code(language, dtype_name(dtype), scheme, _range(on))

    def ulp(
        self, low: float, high: float, dtype: DTypeLike, scheme: Scheme | None = None, progress: Progress = False
    ) -> UlpErrors:
        """The errors of the values at every number of a type from low to high, in ulp: as `Approximation.ulp`.

        >>> errors = taylor("sin(x)", order=7).ulp(-0.5, 0.5, "bfloat16")
        >>> errors.max < 1.5, errors.misrounded < errors.count / 100
        (True, True)
        """
        return errors(self._ulp, dtype, scheme, progress, float(low), float(high))

    def to_polynomial(self) -> np.polynomial.Polynomial:
        """The series as a polynomial of NumPy, in powers of x - at.

        >>> float(taylor("exp(x)", order=2, at=1).to_polynomial()(1.0)) == math.e
        True
        """
        return estimate.as_numpy(self)

    def plot(
        self,
        low: float,
        high: float,
        orders: Sequence[int] | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """The function in black, its polynomials, and a band as wide as the certified error.

        Args:
            orders: those drawn, by default that of the series. Needs matplotlib.
        """
        from maclaurin.plot import plot_series

        return plot_series(self, low, high, orders, ax)

    def __repr__(self) -> str:
        return f"<Series of {self.name} about {self.at_text}, order {self.order}: {self}>"

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def __reduce__(self) -> tuple[Any, ...]:
        if self.function is None:
            return restored, self._origin
        return taylor, (self.function, self.order, self.at_text)


@overload
def taylor(
    f: str | Function,
    order: int | None = None,
    at: Point | None = None,
    *,
    terms: int | None = None,
    on: tuple[float, float] | None = None,
    tolerance: float | None = None,
) -> Series: ...


@overload
def taylor(
    f: Callable[[Any], Any],
    order: int | None = None,
    at: Point | None = None,
    *,
    terms: int | None = None,
    on: tuple[float, float] | None = None,
    tolerance: float | None = None,
) -> Series | EstimatedSeries: ...


def taylor(
    f: str | Function | Callable[[Any], Any],
    order: int | None = None,
    at: Point | None = None,
    *,
    terms: int | None = None,
    on: tuple[float, float] | None = None,
    tolerance: float | None = None,
) -> Series | EstimatedSeries:
    """The Taylor series of a function of one variable.

    Args:
        f: text such as "log(1 + exp(x))" or "softplus", a Function (which can have parameters), or whatever `trace`
            reads: a Python function of NumPy's, SciPy's, math's, mpmath's, PyTorch's or JAX's functions, a PyTorch
            module, a SymPy expression, a polynomial of NumPy or SciPy. A function that cannot be read so (one that
            decides by its argument's value, or looks it up) gives an EstimatedSeries, from its values;
            only with order.
        at: the expansion point; 0 unless it is given or, with on, chosen.
        order: the highest degree. This, or one of the next two, says how far the series goes.
        terms: the number of non-zero degrees of 1 and up.
        on, tolerance: the smallest order whose certified error on the range (low, high) is at most
            tolerance.

    Raises ParseError for text that is no function of x, NotAnalyticError where there is no series,
    ValueError if no order meets the tolerance or values do not determine the coefficients, TypeError for what is no
    function of one argument: the message says why and what would. What the function itself raises comes
    as it was raised.

    >>> taylor("sin(x)", terms=3).degrees
    (1, 3, 5)
    >>> taylor(lambda x: np.log(1 + np.exp(x)), order=4).exact[4]
    Fraction(-1, 192)
    >>> taylor("exp(x)", on=(0, 1), tolerance=1e-6).order
    7
    """
    ways = [order is not None, terms is not None, on is not None or tolerance is not None]
    if sum(ways) != 1 or (on is None) != (tolerance is None):
        raise TypeError("taylor takes one of: order, terms, or on and tolerance together")
    order = None if order is None else whole("order", order)
    terms = None if terms is None else whole("terms", terms)
    where = None if at is None else point_text(at)
    if isinstance(f, Function):
        function = f
    elif isinstance(f, str):
        function = Function(f)
    else:
        center = _native.Series(Function("0"), order=0, at=where).center
        try:
            function = near(f, center)
        except NotTraceableError as reason:
            if not callable(f):
                raise
            if order is not None:
                return estimate.estimate(f, order, center)
            # What the function raises itself is the user's to see.
            caller(f, [center])
            raise TypeError(f"{reason}; then only order can say how far the series goes") from reason
        if order is not None:
            return of_callable(f, function, order, where)
    return Series(function, order=order, at=where, terms=terms, on=on, tolerance=tolerance)


def of_callable(
    f: Any, function: Function, order: int, at: str | None, largest_radius: float = math.inf
) -> Series | EstimatedSeries:
    """The series of what was read of a Python function, or where that has none, that of its values.

    Of cos(sqrt(x*x)) and its like the parts are not analytic, and the whole may be.
    """
    try:
        return Series(function, order=order, at=at)
    except NotAnalyticError as reason:
        if not callable(f):
            raise
        center = _native.Series(Function("0"), order=0, at=at).center
        try:
            return estimate.estimate(f, order, center, largest_radius)
        except Exception:  # noqa: BLE001 - the expression's reason says more
            raise reason from None


def _range(on: tuple[float, float] | None) -> tuple[float, float] | None:
    return None if on is None else (float(on[0]), float(on[1]))


def point_text(at: Point) -> str:
    """An expansion point as the text that the library reads."""
    if isinstance(at, str):
        return at
    if isinstance(at, complex) or not math.isfinite(at):
        raise ValueError(f"the expansion point must be a finite real number, not {at}")
    return str(at)
