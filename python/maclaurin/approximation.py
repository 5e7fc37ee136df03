"""Approximation: the best polynomial on a range, and how good it is, certified."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, cast, overload

import numpy as np
import numpy.typing as npt

from maclaurin import _native, estimate
from maclaurin._native import Function
from maclaurin.estimated_approximation import EstimatedApproximation, approximate_values
from maclaurin.piecewise import Piecewise
from maclaurin.piecewise import make as make_piecewise
from maclaurin.series import ErrorBound, Language, Scheme, _range
from maclaurin.tracing import NotTraceableError, function_of
from maclaurin.ulp import Progress, UlpErrors, dtype_name, errors

if TYPE_CHECKING:
    from fractions import Fraction

    from matplotlib.axes import Axes
    from numpy.typing import DTypeLike

#: As in the Rust library.
LARGEST_DEGREE = 200

#: Parts of a range at which a Python function is compared with what was read of it.
COMPARED = (0.013, 0.171, 0.318, 0.5, 0.691, 0.849, 0.977)

Range = tuple[float, float]
Method = Literal["minimax", "chebyshev", "least_squares"]

#: The numbers that coefficients are taken from: all of them, or for each degree its own.
Formats = str | int | Sequence[str | int] | Mapping[int, str | int]


class Approximation(_native.Approximation):
    """A polynomial near a function on a range, with its certified error; `approximate` makes them.

    ``function``, ``degree`` (as asked for, or found), ``degrees`` (those of 1 and up whose coefficient is not
    zero), ``center`` and ``coefficients`` (of the powers of x - center, float64, correctly rounded),
    ``chebyshev`` (the coefficients of the Chebyshev polynomials of the range), ``basis`` ("powers", or
    "chebyshev" where powers would lose the accuracy: how the polynomial is evaluated), ``best`` (no
    polynomial of this form has a smaller error: certified). Called with a number or an array it gives the
    polynomial's values there.

    >>> p = approximate("sigmoid", degree=7, on=(-8, 8))
    >>> p.best <= p.error <= 1.01 * p.best
    True
    >>> p.degrees, round(p.error, 4)
    ((1, 3, 5, 7), 0.0189)
    """

    _arguments: tuple[Any, ...]

    @property
    def on(self) -> Range | list[Range]:
        """The range as (low, high), or the list of ranges if there are several."""
        ranges = self._ranges
        return ranges[0] if len(ranges) == 1 else ranges

    @property
    def error(self) -> ErrorBound:
        """A certified upper bound of the error on the range: relative or weighted, if that was asked for.

        It is that of the polynomial ``exact``: its coefficients are ``coefficients``, unless "exact" ones were
        asked for or ``basis`` is "chebyshev"; then they are ``chebyshev``.
        """
        return ErrorBound(*self._error)

    @property
    def exact(self) -> tuple[int | Fraction, ...]:
        """The coefficients exactly: the polynomial that the certificate is about."""
        return tuple(self._exact_coefficient(degree) for degree in range(self.order + 1))

    def error_bound(self, low: float, high: float, dtype: DTypeLike | None = None) -> ErrorBound:
        """A certified upper bound of max ``|f - p|`` on [low, high], any range.

        Args:
            low, high: the range.
            dtype: "float16", "bfloat16", "float32" or "float64": then for every x of that type in the range it bounds
                ``|f(x) - y|``, where y is the polynomial evaluated in that type as ``basis`` says: by
                Horner's rule in powers of x - center, or by Clenshaw's recurrence. It includes the
                rounding of the coefficients and of every operation, and is infinite where one may
                overflow. It holds for arithmetic in that type or a wider one, so for calling the
                approximation (float64).

        Raises ValueError where the function is not finite there.

        >>> p = approximate("exp(x)", degree=12, on=(-1, 1))
        >>> p.error < 1e-13 < p.error_bound(-1, 1, dtype="float32") < 1e-6
        True
        """
        name = None if dtype is None else dtype_name(dtype)
        return ErrorBound(*self._bound(float(low), float(high), name))

    def code(
        self,
        language: Language,
        dtype: DTypeLike = "float64",
        scheme: Scheme | None = None,
        on: Range | None = None,
    ) -> str:
        """A function in a programming language that evaluates the polynomial.

        Its comment states the certified error: of the exact polynomial, and of the function itself with
        the rounding errors of its dtype and scheme.

        Args:
            language: "c", "rust", "python", "numpy", "torch", "cuda" and "triton" (kernels with them), or
                "openfhe", "openfhe_python" and "tenseal", which evaluate encrypted values.
            dtype: in which the function computes: "float64", "float32", and where the language has them
                "float16" (c, numpy, python, torch, triton) and "bfloat16" (python, torch, triton).
            scheme: the order of the operations: "horner", "even_odd", "estrin" or "paterson_stockmeyer". By
                default Horner's rule, and Clenshaw's recurrence where ``basis`` is "chebyshev": there
                all the others are refused, which would lose the accuracy.
            on: the range of the error with rounding; by default that of the polynomial.

        Raises ValueError for a scheme, a dtype or a language that does not fit.

        >>> p = approximate("sin(x)", degrees=[1, 3, 5], on=(-1, 1))
        >>> print(p.code("c", dtype="float32", scheme="even_odd").split("*/")[1], end="")
        <BLANKLINE>
        float polynomial(float x) {
            const float x2 = x * x;
            return ((0x1.05e53ep-7f * x2 - 0x1.54fc9p-3f) * x2 + 0x1.fffd3cp-1f) * x;
        }
        """
        return self._source_code(language, dtype_name(dtype), scheme, _range(on))

    def ulp(self, dtype: DTypeLike, scheme: Scheme | None = None, progress: Progress = False) -> UlpErrors:
        """The errors of the values at every number of a type on the ranges, in units in the last place.

        The polynomial is evaluated as `code` prints it, every operation rounded to the type (in C:
        ``-ffp-contract=off``). A range has up to 4.3 billion numbers of float32, of which a core tries some
        hundred million a second; all cores are used, and Ctrl-C stops it. Counts are exact: errors
        near an end of a bin are settled in 256 bits or more.

        Args:
            dtype: "float32", "float16" or "bfloat16".
            scheme: as `code` takes it.
            progress: a function called with (done, total) from time to time, or True for tqdm's bar.

        Raises ValueError for float64, which has too many numbers, and where the function has no values.

        >>> p = approximate("exp(x)", degree=3, on=(-0.5, 0.5), coefficients="float16")
        >>> errors = p.ulp("float16")
        >>> errors.count, errors.max < 3, sum(errors.histogram.values())
        (28673, True, 28673)
        """
        return errors(self._ulp, dtype, scheme, progress)

    def to_polynomial(self) -> np.polynomial.Polynomial:
        """The polynomial as NumPy's, in powers of x - center."""
        return estimate.as_numpy(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """The error f - p along the range, between its certified bounds. Needs matplotlib."""
        from maclaurin.plot import plot_approximation

        return plot_approximation(self, ax)

    def __call__(self, x: Any) -> Any:
        if self.basis == "powers":
            return super().__call__(x)
        values = _native.expand(np.asarray(x, dtype=float), self, kind="sum")
        return float(values) if values.ndim == 0 else values

    def __repr__(self) -> str:
        return f"<Approximation of {self.function} on {self.on}, degree {self.degree}, error {self.error:.3e}>"

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Approximation) and self._arguments == other._arguments

    def __hash__(self) -> int:
        return hash(repr(self._arguments))

    def __reduce__(self) -> tuple[Any, ...]:
        return make, self._arguments


class Options(TypedDict, total=False):
    """The options of `approximate` that go with pieces and without."""

    tolerance: float | None
    method: Method
    relative: bool
    coefficients: Formats
    weight: Any
    continuous: bool


class OptionsOfOne(Options, total=False):
    """Those of one polynomial."""

    degrees: Iterable[int] | None
    fixed: Mapping[int, float] | None
    center: float | None
    samples: npt.ArrayLike | None
    through: Iterable[float]
    pieces: None


@overload
def approximate(
    f: str | Function,
    degree: int | None = None,
    on: Range | Sequence[Range] | None = None,
    **options: Unpack[OptionsOfOne],
) -> Approximation: ...


@overload
def approximate(
    f: Any,
    degree: int | None = None,
    on: Range | Sequence[Range] | None = None,
    *,
    pieces: int | Literal["auto"],
    **options: Unpack[Options],
) -> Piecewise: ...


@overload
def approximate(
    f: Any,
    degree: int | None = None,
    on: Range | Sequence[Range] | None = None,
    **options: Unpack[OptionsOfOne],
) -> Approximation | EstimatedApproximation: ...


def approximate(
    f: Any,
    degree: int | None = None,
    on: Range | Sequence[Range] | None = None,
    *,
    tolerance: float | None = None,
    method: Method = "minimax",
    relative: bool = False,
    degrees: Iterable[int] | None = None,
    fixed: Mapping[int, float] | None = None,
    center: float | None = None,
    samples: npt.ArrayLike | None = None,
    coefficients: Formats = "float64",
    weight: Any = None,
    through: Iterable[float] = (),
    pieces: int | Literal["auto"] | None = None,
    continuous: bool = False,
) -> Approximation | EstimatedApproximation | Piecewise:
    """The best polynomial for a function on a range, with a proof of how good it is.

    Args:
        f: as `taylor` takes it. A Python function that cannot be read gives an EstimatedApproximation: a
            near-best polynomial for its values, with an estimate of the error.
        degree: the highest degree. This, or tolerance.
        on: the range (low, high), or several of them that do not overlap.
        tolerance: the smallest degree whose certified error is at most this.
        method: "minimax", the smallest largest error; "chebyshev", equal to the function at the zeros of a
            Chebyshev polynomial; "least_squares", the smallest mean square of the error.
        relative: whether errors are relative, ``|f - p|/|f|``.
        degrees: the degrees to use, such as (1, 3, 5), in powers of x - center. A function that is odd or
            even on a range about zero gets a polynomial that is so without this.
        fixed: coefficients that are given: ``{0: 0.0}`` for p(center) = 0.
        center: whose powers these are; 0 where degrees or fixed are given, else the middle of the range.
        samples: the values that a least-squares polynomial is for, such as a data set's pixels; their
            smallest and largest are the range unless that is given.
        coefficients: the numbers that these are taken from: "float64", "float32", "float16", "bfloat16", a
            number of significant bits from 2 to 53, "fixed16" for multiples of 2**-16 (up to 53), or "exact"
            for rational numbers of as many bits as the error asks for. They are chosen together, which is
            better than rounding one by one. A list has the format of each degree, the constant first; a dict those of
            some degrees, ``{0: "float64", 1: "float32"}``, beside "float64" of the others: the coefficients are then
            those of powers, and `Approximation.code` writes each in its type.
        weight: a function w, as f is given, that is positive on the range: errors are then ``w |f - p|``.
            ``relative`` is the weight ``1/|f|``, so not both.
        through: points where p(x) = f(x). With "exact" coefficients that holds exactly where f(x) is rational (and to
            hundreds of digits otherwise); in other formats up to the rounding of the coefficients, which is nothing at
            ``center``. Not with degrees, fixed, samples or method "chebyshev".
        pieces: a `Piecewise` of this many polynomials of the degree, between breakpoints of nearly equal errors; "auto"
            takes as few as the tolerance asks for.
        continuous: whether neighbouring pieces agree at the breakpoints: exactly with "exact" coefficients,
            otherwise up to rounding, at most ``gap``.

    Raises ValueError where no polynomial exists (the function is not finite on the range, or no degree up
    to 200 meets the tolerance), ParseError for text that is no function of x, TypeError for what is no
    function of one argument. What the function itself raises comes as it was raised, but outside its domain:
    then it is the cause of a ValueError with the point.

    >>> p = approximate("gelu", degree=8, on=(-4, 4))
    >>> p.error < 0.0099
    True
    >>> approximate("silu", on=(-8, 8), tolerance=1e-3).degree
    18
    >>> q = approximate("gelu", degree=8, on=(-4, 4), coefficients="float16")
    >>> bool((q.coefficients == q.coefficients.astype(np.float16)).all()), q.error < 0.011
    (True, True)
    >>> m = approximate("exp(x)", degree=3, on=(-1, 1), coefficients=["float64", "float64", "float32", "float16"])
    >>> float(m.coefficients[2]) == float(np.float32(m.coefficients[2]))
    True
    >>> approximate("tanh(x)", degree=5, on=(-2, 3), fixed={0: 0.0}).coefficients[0]
    np.float64(0.0)
    >>> r = approximate("cos(x)", degree=4, on=(-2, 2), weight="exp(-x^2)")
    >>> abs(r(0.0) - 1) <= r.error < 0.05 * abs(r(2.0) - math.cos(2.0))
    True
    >>> approximate("exp(x)", degree=3, on=(-1, 1), through=[0], center=0).coefficients[0]
    np.float64(1.0)
    >>> s = approximate("gelu", degree=2, on=(-4, 4), pieces="auto", tolerance=1e-3, continuous=True)
    >>> s.error <= 1e-3, s.gap < 1e-14
    (True, True)
    """
    if pieces is not None:
        named = [("degrees", degrees), ("fixed", fixed), ("center", center), ("samples", samples)]
        refused = [name for name, value in named if value is not None] + ["through"] * bool(list(through))
        if refused:
            raise TypeError(f"pieces do not go with {refused[0]}")
        return _pieces(f, degree, on, tolerance, method, relative, coefficients, weight, pieces, continuous)
    if continuous:
        raise TypeError("continuous is for pieces; give pieces")
    if degree is not None and tolerance is not None:
        raise TypeError("approximate takes degree or tolerance, not both")
    points: list[float] | None = None
    if samples is not None:
        values = np.asarray(samples)
        if values.dtype.kind not in "fiub":
            raise TypeError(f"samples must be real numbers, not of dtype {values.dtype}")
        points = values.astype(float).ravel().tolist()
        if not points or not all(map(math.isfinite, points)):
            raise ValueError("samples must be finite numbers, at least one")
        if method == "minimax":
            method = "least_squares"
        if on is None:
            on = (min(points), max(points))
    if on is None:
        raise TypeError("approximate needs on, the range: (low, high)")
    ranges = _ranges(on)
    if fixed is not None and not isinstance(fixed, Mapping):
        raise TypeError(f"fixed must be a dict of degrees and coefficients, not {type(fixed).__name__}")
    chosen = None if degrees is None else sorted({operator.index(k) for k in degrees})
    given = sorted((operator.index(k), float(value)) for k, value in (fixed or {}).items())
    for name, numbers in [("degrees", chosen or []), ("fixed", [k for k, _ in given])]:
        for k in numbers:
            if not 0 <= k <= LARGEST_DEGREE:
                raise ValueError(f"{name} must lie between 0 and {LARGEST_DEGREE}; there is {k}")
    if degree is None and tolerance is None and chosen is None:
        raise TypeError("approximate takes one of: degree, tolerance, degrees")
    if degree is not None and not 0 <= operator.index(degree) <= LARGEST_DEGREE:
        raise ValueError(f"degree must be between 0 and {LARGEST_DEGREE}; it is {degree}")
    formats = _formats(coefficients, degree if chosen is None else max(chosen, default=0))
    places = [float(x) for x in through]
    try:
        function = _function(f, ranges)
    except NotTraceableError:
        if not callable(f):
            raise
        if method not in ("minimax", "chebyshev", "least_squares"):
            raise ValueError(f'method {method!r} is none of "minimax", "chebyshev", "least_squares"') from None
        needing = {"weight": weight is not None, "through": places, "coefficients": formats != "float64"}
        if refused := [name for name, given in needing.items() if given]:
            raise ValueError(f"{refused[0]} needs a function that can be read") from None
        return approximate_values(
            f, ranges, degree, tolerance, method, relative, chosen, given, center, points, LARGEST_DEGREE
        )
    return make(
        function, ranges, degree, tolerance, method, relative, chosen, given, center, points, formats,
        None if weight is None else _function(weight, ranges), places,
    )  # fmt: skip


def _formats(coefficients: Formats, degree: int | None) -> str:
    """Formats as the native module reads them: ``float64, 0=float32``."""

    def name(form: object) -> str:
        # Its own separators must not make two of one.
        text = form if isinstance(form, str) else str(operator.index(cast(Any, form)))
        if "," in text or "=" in text:
            raise ValueError(f"coefficients: {text!r} is no format; give a list or a dict for several")
        return text

    if isinstance(coefficients, Mapping):
        single = {operator.index(k): name(form) for k, form in coefficients.items()}
        if single and min(single) < 0:
            raise ValueError(f"coefficients must name degrees of 0 and up; there is {min(single)}")
    elif isinstance(coefficients, Sequence) and not isinstance(coefficients, str):
        if degree is None:
            raise TypeError("a list of coefficients' formats needs degree; give a dict with a tolerance")
        single = dict(enumerate(map(name, coefficients)))
        if len(single) != degree + 1:
            raise ValueError(
                f"coefficients must have a format for each degree from 0 to {degree}, "
                f"{degree + 1} of them, not {len(single)}"
            )
    else:
        return name(coefficients)
    return ", ".join(["float64", *(f"{k}={form}" for k, form in sorted(single.items()))])


def _function(f: Any, ranges: list[Range]) -> Function:
    """A function, compared on the ranges where it is one of Python's."""
    if isinstance(f, Function | str):
        return f if isinstance(f, Function) else Function(f)
    return function_of(f, [low + part * (high - low) for low, high in ranges for part in COMPARED])


def _pieces(
    f: Any,
    degree: int | None,
    on: Range | Sequence[Range] | None,
    tolerance: float | None,
    method: Method,
    relative: bool,
    coefficients: Formats,
    weight: Any,
    pieces: int | Literal["auto"],
    continuous: bool,
) -> Piecewise:
    """`approximate` with pieces."""
    if degree is None:
        raise TypeError("pieces need degree, that of each piece")
    if not 0 <= operator.index(degree) <= LARGEST_DEGREE:
        raise ValueError(f"degree must be between 0 and {LARGEST_DEGREE}; it is {degree}")
    if (pieces == "auto") != (tolerance is not None):
        raise TypeError('pieces="auto" takes a tolerance, and a number of pieces takes none')
    if isinstance(pieces, str) and pieces != "auto":
        raise ValueError(f'pieces must be a number or "auto", not {pieces!r}')
    count = None if isinstance(pieces, str) else operator.index(pieces)
    if count is not None and count < 1:
        raise ValueError(f"pieces must be at least 1; it is {count}")
    ranges = [] if on is None else _ranges(on)
    if len(ranges) != 1:
        raise TypeError("pieces take one range: on=(low, high)")
    return make_piecewise(
        _function(f, ranges), ranges[0], degree, count, tolerance, continuous, method, relative,
        None if weight is None else _function(weight, ranges), _formats(coefficients, degree),
    )  # fmt: skip


def make(*arguments: Any) -> Approximation:
    """The approximation of the arguments that `approximate` has checked."""
    (
        function, ranges, degree, tolerance, method, relative, degrees, fixed, center, samples, coefficients, weight,
        through,
    ) = arguments  # fmt: skip
    found = Approximation(
        function, ranges, degree=degree, tolerance=tolerance, method=method, relative=relative, degrees=degrees,
        fixed=fixed, center=center, samples=samples, coefficients=coefficients, weight=weight, through=through,
    )  # fmt: skip
    found._arguments = arguments
    return found


def _ranges(on: Range | Sequence[Range]) -> list[Range]:
    """One range or several, as a list."""
    try:
        several = list(on)
        if len(several) == 2 and not isinstance(several[0], Iterable):
            several = [cast(Range, tuple(several))]
        return [(float(low), float(high)) for low, high in cast(list[Range], several)]
    except (TypeError, ValueError) as reason:
        raise TypeError(f"on must be (low, high), two numbers, or a list of such pairs, not {on!r}") from reason
