"""The columns that a fitted TaylorFeatures gives: their values, their names, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse  # type: ignore[import-untyped]

from maclaurin import rows
from maclaurin._native import Basis, Exact, Polynomial, expand, values_outside
from maclaurin.approximation import Approximation
from maclaurin.estimate import EstimatedSeries
from maclaurin.radius import outside_range
from maclaurin.series import Series

Array = npt.NDArray[Any]

#: What a feature may be expanded by.
Fitted = Series | EstimatedSeries | Approximation | Basis

#: Denominators of this size and above are not written out in names.
LONGEST = 10**40

#: What a column is the product of: features by their indices, each with its degree.
Column = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Expansion:
    """What fit found: transform and the names follow it, whatever set_params says later.

    >>> from maclaurin import taylor
    >>> series = taylor("exp(x)", order=2)
    >>> found = Expansion("exp(x)", "terms", False, 2, (series,) * 2, ((1, 2),) * 2, np.ones(2), np.zeros(2))
    >>> found.names(["a", "b"])
    ['a', 'b', 'a^2/2', 'a b', 'b^2/2']
    >>> found.values(np.array([[2.0, 3.0]])).tolist()
    [[2.0, 3.0, 2.0, 6.0, 4.5]]
    """

    text: str
    kind: rows.Kind
    constant: bool
    interactions: int
    #: By feature: the series, the degrees that come out, scale and shift.
    series: tuple[Fitted, ...]
    degrees: tuple[tuple[int, ...], ...]
    scale: Array
    shift: Array

    @property
    def uniform(self) -> bool:
        """Whether scale and shift are the same for all features."""
        return bool((self.scale == self.scale[0]).all() and (self.shift == self.shift[0]).all())

    def groups(self) -> list[list[int]]:
        """Features with the same series."""
        found: dict[int, list[int]] = {}
        for feature, series in enumerate(self.series):
            found.setdefault(id(series), []).append(feature)
        return list(found.values())

    def of_groups(self, value: Callable[[Any], float]) -> Array:
        """A number of each feature's series, computed once for each series."""
        out = np.empty(len(self.series))
        for group in self.groups():
            out[group] = value(self.series[group[0]])
        return out

    def constants(self) -> dict[float, int]:
        """The different values of degree 0 if it comes out, each with the first feature that has it."""
        found: dict[float, int] = {}
        for feature, *_ in self.groups() if self.constant else ():
            value = 1.0 if self.kind == "powers" else float(self.series[feature].coefficients[0])
            found.setdefault(value, feature)
        return found

    def columns(self) -> list[Column]:
        """What comes out after the constants."""
        if self.interactions < 2:
            order = dict.fromkeys(degree for degrees in self.degrees for degree in degrees)
            # Of one list the degrees as they were given, of several lists in ascending order.
            sequence = list(order) if len(set(self.degrees)) == 1 else sorted(order)
            having = [set(degrees) for degrees in self.degrees]
            return [((feature, degree),) for degree in sequence for feature, has in enumerate(having) if degree in has]
        found: list[Column] = [((feature, degree),) for feature, has in enumerate(self.degrees) for degree in has]
        for factors in range(2, min(self.interactions, len(self.series)) + 1):
            for features in combinations(range(len(self.series)), factors):
                for degrees in product(*(self.degrees[feature] for feature in features)):
                    if sum(degrees) <= self.interactions:
                        found.append(tuple(zip(features, degrees, strict=True)))
        # The order of combinations with replacement: x0 x0, x0 x1, x1 x1.
        found.sort(key=lambda column: (sum(d for _, d in column), [(feature, -d) for feature, d in column]))
        return found

    def total(self) -> int:
        """The number of columns, without making a list of them."""
        pure = len(self.constants()) + sum(map(len, self.degrees))
        if self.interactions < 2:
            return pure
        # How many products of the features so far have each total degree.
        found = [1] + [0] * self.interactions
        for degrees in self.degrees:
            found = [n + sum(found[total - d] for d in degrees if d <= total) for total, n in enumerate(found)]
        return pure + sum(found[1:]) - sum(d <= self.interactions for degrees in self.degrees for d in degrees)

    def check_sparse(self, X: Any) -> None:
        """Raises ValueError if a sparse matrix could not stay one."""
        if not sparse.issparse(X):
            return
        if isinstance(self.series[0], Basis):
            raise ValueError(
                "sparse input stays sparse where zeros stay zeros; those of a basis do not: pass X.toarray()"
            )
        centers = self.of_groups(lambda series: series.center)
        if self.constant or self.kind not in ("powers", "terms") or centers.any() or self.shift.any():
            raise ValueError(
                "sparse input stays sparse for powers and terms with at 0, shift 0 and without a constant, where "
                "zeros stay zeros; choose these, or pass X.toarray()"
            )
        if self.interactions > 1 and np.isnan(X.data).any():
            raise ValueError(
                "the product of NaN and zero is NaN, which sparse interactions leave out; pass X.toarray()"
            )

    def values(self, X: Any) -> Any:
        """The columns of an array, or of a sparse matrix, which stays one."""
        scale, shift, dtype = float(self.scale[0]), float(self.shift[0]), X.dtype
        if not self.uniform:
            # In double precision: the numbers of each feature are an array of doubles.
            scale, shift = 1.0, 0.0
            if sparse.issparse(X):
                X = _with_data(X, X.data * self.scale[_features_of_data(X)])
            else:
                X = X * self.scale + self.shift
        groups, made = self.groups(), list[Column]()
        blocks: list[Any] = []
        for group in groups:
            series, degrees = self.series[group[0]], self.degrees[group[0]]
            part = X if len(groups) == 1 else X[:, group]
            # A polynomial, without the function whose radius has been checked.
            known = isinstance(series, Basis)
            polynomial = series if known else Polynomial(series.center, series.coefficients)
            blocks.append(_expand(part, polynomial, self.kind, degrees, scale, shift))
            made += [((feature, degree),) for degree in degrees for feature in group]
        pure = blocks[0] if len(blocks) == 1 else _joined(blocks, X)
        if len(groups) > 1 or self.interactions > 1:
            pure = self._sorted(pure, made, X)
        if self.constant:
            pure = np.hstack([np.full((X.shape[0], 1), value, pure.dtype) for value in self.constants()] + [pure])
        return pure.astype(dtype, copy=False)

    def _sorted(self, pure: Any, made: list[Column], X: Any) -> Any:
        """Adds the interactions to the columns of single features, and puts all in their order."""
        columns, blocks = self.columns(), [pure]
        place = {column[0]: index for index, column in enumerate(made)}
        for factors in range(2, max(map(len, columns), default=1) + 1):
            several = [column for column in columns if len(column) == factors]
            first, *others = np.array([[place[factor] for factor in column] for column in several]).T
            result = pure[:, first]
            for other in others:
                result = result.multiply(pure[:, other]) if sparse.issparse(X) else result * pure[:, other]
            blocks.append(result)
            made = made + several
        where = {column: index for index, column in enumerate(made)}
        return _joined(blocks, X)[:, np.array([where[column] for column in columns], dtype=int)]

    def inverse(self, Y: Any) -> Any:
        """The features, from their columns of degree 1."""
        where = {column: index + len(self.constants()) for index, column in enumerate(self.columns())}
        slope = self.of_groups(self._slope)
        factor = self.scale * slope
        missing = [j for j in range(len(self.series)) if ((j, 1),) not in where or factor[j] == 0]
        if self.kind == "sum" or missing:
            which = "kind 'sum' has none" if self.kind == "sum" else f"feature {missing[0]} has none"
            raise ValueError(f"features come back from their columns of degree 1 with a non-zero factor; {which}")
        Y = Y[:, [where[((feature, 1),)] for feature in range(len(self.series))]]
        if sparse.issparse(Y):
            return _with_data(Y, Y.data / factor.astype(Y.dtype)[_features_of_data(Y)])
        offset = self.of_groups(_zero) - self.shift
        if self.kind == "partial_sums":
            Y = Y - self.of_groups(lambda s: s.coefficients[0]).astype(Y.dtype)
        return Y / factor.astype(Y.dtype) + (offset / self.scale).astype(Y.dtype)

    def _slope(self, series: Any) -> float:
        """What the column of degree 1 is a multiple of, with the value less where that is zero; 0 if there is none."""
        if isinstance(series, Basis):
            return (
                0.0 if series.squash or not series.degree else series._recurrence_numbers[0] * series.recurrence()[0][0]
            )
        return 1.0 if self.kind == "powers" else series.coefficients[1] if series.order else 0.0

    def outside(self, X: Any) -> tuple[int | None, str] | None:
        """What there is to say about values outside the disc of convergence, or the range; all are looked at.

        The feature it is said of comes first, None for all of them.
        """
        if isinstance(self.series[0], Approximation):
            low, high = _ends(X, each=True)
            if sparse.issparse(X):
                low, high = np.fmin(low, 0), np.fmax(high, 0)
            for feature, ends in enumerate(zip(low, high, strict=True)):
                message = outside_range(ends, self.series[0], self.scale[feature], self.shift[feature])
                if message is not None:
                    return feature, message
            return None
        same = self.uniform and len(self.groups()) == 1
        which = slice(1) if same else slice(None)
        low, high = _ends(X, each=not same)
        ends = self.scale[which] * np.stack([low, high]) + self.shift[which]
        reach = np.abs(ends - self.of_groups(lambda s: s.center)[which]).max(axis=0)
        radius = self.of_groups(lambda s: s.radius.lower if isinstance(s, Series) else math.inf)[which]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.nan_to_num(reach / radius, nan=0.0, posinf=math.inf)
        worst = int(share.argmax())
        if share[worst] <= 1:
            return None
        series = self.series[worst]
        assert isinstance(series, Series)  # noqa: S101 - the radius of another is infinite
        message = values_outside(
            np.array([low[worst], high[worst]]), series, float(self.scale[worst]), float(self.shift[worst]), True
        )
        return None if message is None else (None if same else worst, message)

    def names(self, features: Sequence[str]) -> list[str]:
        """The columns' names."""
        variables = list(map(self._variable, features, self.scale, self.shift))
        constants = [
            "1"
            if self.kind == "powers" or isinstance(self.series[feature], Basis)
            else self._term(self.series[feature], 0, "")
            for feature in self.constants().values()
        ]
        return constants + [self._name(column, variables) for column in self.columns()]

    @staticmethod
    def _variable(name: str, scale: float, shift: float) -> str:
        """A feature after scale and shift, as the series has it."""
        scaled = name if scale == 1 else f"{scale:g}*{name}"
        return f"{scaled} {'-' if shift < 0 else '+'} {abs(shift):g}" if shift else scaled

    def _name(self, column: Column, variables: Sequence[str]) -> str:
        first = self.series[0]
        if isinstance(first, Basis):
            return " ".join(f"{first.name}_{degree}({variables[feature]})" for feature, degree in column)
        if self.kind in ("partial_sums", "sum"):
            ((feature, degree),) = column
            of = f"({variables[feature]})" if self.text.isidentifier() else f" of {variables[feature]}"
            return f"{self.text}{of} to {degree}"
        powers = [self._power(self.series[feature], variables[feature], degree) for feature, degree in column]
        if self.kind == "powers":
            return " ".join(powers)
        factor: Fraction | None = Fraction(1)
        for feature, degree in column:
            exact = _exact(self.series[feature], degree)
            factor = factor * exact if factor is not None and isinstance(exact, int | Fraction) else None
        if factor is not None and factor.denominator < LONGEST:
            return _rational_multiple(factor, " ".join(powers))
        each = zip(column, powers, strict=True)
        return " ".join(self._term(self.series[feature], degree, power) for (feature, degree), power in each)

    @staticmethod
    def _power(series: Fitted, variable: str, degree: int) -> str:
        at = series.at_text if isinstance(series, Series) else repr(series.center)
        sign = "+" if at.startswith("-") else "-"
        base = variable if series.center == 0 else f"{variable} {sign} {at.removeprefix('-')}"
        return (base if base.isidentifier() else f"({base})") + (f"^{degree}" if degree > 1 else "")

    @staticmethod
    def _term(series: Fitted, degree: int, power: str) -> str:
        exact = _exact(series, degree)
        if isinstance(exact, int | Fraction) and Fraction(exact).denominator < LONGEST:
            return _rational_multiple(Fraction(exact), power)
        # Of what has no short form, the nearest float.
        text = exact.text if isinstance(exact, Exact) else repr(float(series.coefficients[degree]))
        return text if not power else f"({text})*{power}" if " " in text else f"{text}*{power}"


def _zero(series: Any) -> float:
    """Where the polynomial of degree 1, of a series its power, is zero."""
    if not isinstance(series, Basis):
        return float(series.center)
    (a, b, _), (slope, offset, *_) = series.recurrence()[0], series._recurrence_numbers
    return -(offset + b / a) / slope


def _exact(series: Fitted, degree: int) -> int | Fraction | Exact | None:
    return series._exact_coefficient(degree) if isinstance(series, Series) else None


def _rational_multiple(factor: Fraction, power: str) -> str:
    """-3/4 and x^2 as "-3*x^2/4"."""
    sign = "-" if factor < 0 else ""
    above, below = abs(factor.numerator), factor.denominator
    product = power if above == 1 and power else f"{above}*{power}" if power else str(above)
    return sign + product + (f"/{below}" if below > 1 else "")


def _expand(X: Any, polynomial: Polynomial, kind: str, degrees: Sequence[int], scale: float, shift: float) -> Any:
    """The degrees of all columns, one degree after the other; a sparse X, whose zeros stay zeros, stays sparse."""
    if kind == "sum":
        degrees = ()
    if not sparse.issparse(X):
        options: dict[str, Any] = {"axis": 1, "stack": False, "scale": scale, "shift": shift}
        if not degrees and kind != "sum":
            return np.empty((X.shape[0], 0), X.dtype)
        return expand(X, polynomial, kind=kind, degrees=degrees, **options)
    values = expand(X.data, polynomial, kind=kind, degrees=degrees, axis=0, scale=scale)
    return _joined([_with_data(X, data) for data in (values[None] if kind == "sum" else values)], X)


def _with_data(X: Any, data: Array) -> Any:
    return type(X)((data, X.indices, X.indptr), shape=X.shape)


def _joined(blocks: list[Any], like: Any) -> Any:
    if len(blocks) == 1:
        return blocks[0]
    return sparse.hstack(blocks, format=like.format) if sparse.issparse(like) else np.hstack(blocks)


def _features_of_data(X: Any) -> Array:
    """The column of each stored value of a sparse matrix."""
    if X.format == "csr":
        return np.asarray(X.indices)
    return np.repeat(np.arange(X.shape[1]), np.diff(X.indptr))


def _ends(X: Any, each: bool) -> tuple[Array, Array]:
    """The lowest and highest value of each column or of all, NaN if there is none; a sparse X has what it stores."""
    if each and sparse.issparse(X):
        low, high = np.full((2, X.shape[1]), math.nan)
        of = _features_of_data(X)
        np.fmin.at(low, of, X.data)
        np.fmax.at(high, of, X.data)
        return low, high
    values, axis = X.data if sparse.issparse(X) else X, 0 if each else None
    ends = (reduce(values, axis=axis, initial=math.nan) for reduce in (np.fmin.reduce, np.fmax.reduce))
    low, high = (np.atleast_1d(end).astype(float) for end in ends)
    return low, high
