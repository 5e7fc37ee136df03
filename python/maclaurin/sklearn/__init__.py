"""scikit-learn: every feature expanded into the terms of a Taylor series.

from sklearn.pipeline import make_pipeline
model = make_pipeline(TaylorFeatures("log(1 + exp(x))", order=4), LogisticRegression())
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import _check_feature_names_in, check_array, check_is_fitted, validate_data

from maclaurin import rows
from maclaurin._native import Basis, Polynomial, RadiusWarning
from maclaurin.polynomial import polynomial_of
from maclaurin.radius import OnRadius, RadiusCheck
from maclaurin.series import Point, point_text, taylor
from maclaurin.sklearn.columns import Array, Expansion

__all__ = ["TaylorFeatures"]

#: Columns that interactions may make.
MOST_COLUMNS = 1_000_000

_ACCEPTED: dict[str, Any] = {
    "accept_sparse": ("csr", "csc"),
    "dtype": (np.float64, np.float32),
    "ensure_all_finite": "allow-nan",
}


class TaylorFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Each feature x becomes terms a_k (x - x0)^k of a Taylor series, degree after degree.

    NaN stays NaN. Sparse input (CSR, CSC) stays sparse where zeros stay zeros: powers and terms with at 0,
    shift 0 and without a constant.

    Parameters
    ----------
    function : str, Function, callable, Series, Approximation or Basis, default="softplus"
        As `maclaurin.taylor` takes it; or a polynomial or basis (`maclaurin.basis`), which has an order and a point of
        its own, so that `order` and `at` have no effect.
    order : int, default=4
        The highest degree.
    at : number or str, or list of shape (n_features,), default=0
        The expansion point x0, or one for each feature.
    kind : {"terms", "powers", "partial_sums", "sum"}, default="terms"
        What comes out for each degree; "sum" is one column a feature.
    degrees : {"nonzero", "all"} or list of int, default="nonzero"
        Which degrees come out: degrees 1 and up with a coefficient that is not zero, all from 1
        on, or these.
    constant : bool, default=False
        Whether degree 0 comes out too: one column, the first, of ones for "powers", of a_0 for "terms" and
        "partial_sums" (one for each different a_0 if the features have different points).
    scale, shift : float or array of shape (n_features,), default=1.0 and 0.0
        The value expanded is scale*x + shift.
    on_radius : {"warn", "raise", "ignore"}, default="warn"
        What to do about values outside the disc of convergence, or the range of an Approximation: a
        RadiusWarning, a ValueError, or nothing. All values are looked at.
    interactions : int or None, default=None
        For "powers" and "terms": products of columns of different features come out too, up to this total
        degree, the `degree` of `PolynomialFeatures`, and all columns in its order. Each factor has one of the
        `degrees`: PolynomialFeatures(3) is TaylorFeatures(kind="powers", order=3, degrees="all",
        constant=True, interactions=3), and with interaction_only=True it is that with order=1.

    Attributes
    ----------
    series_ : Series, Approximation or Basis, or tuple of Series
        The polynomial; one for each feature if `at` is a list.
    n_features_in_ : int
        The number of features seen in fit.
    feature_names_in_ : array of shape (n_features,)
        Their names, if X had names that are all text.
    n_output_features_ : int
        The number of columns that come out.

    Examples
    --------
    >>> import numpy as np
    >>> features = TaylorFeatures("exp(x)", order=3).fit([[0.0, 1.0]])
    >>> features.get_feature_names_out().tolist()
    ['x0', 'x1', 'x0^2/2', 'x1^2/2', 'x0^3/6', 'x1^3/6']
    >>> features.transform([[1.0, 2.0]]).round(3).tolist()
    [[1.0, 2.0, 0.5, 2.0, 0.167, 1.333]]
    >>> from maclaurin import basis
    >>> TaylorFeatures(basis("legendre", degree=2)).fit([[0.0]]).get_feature_names_out().tolist()
    ['legendre_1(x0)', 'legendre_2(x0)']
    >>> products = TaylorFeatures("exp(x)", order=2, interactions=2).fit([[0.0, 1.0]])
    >>> products.get_feature_names_out().tolist()
    ['x0', 'x1', 'x0^2/2', 'x0 x1', 'x1^2/2']
    """

    def __init__(
        self,
        function: Any = "softplus",
        order: int = 4,
        at: Point | Sequence[Point] = 0,
        kind: rows.Kind = "terms",
        degrees: rows.Degrees = "nonzero",
        constant: bool = False,
        scale: npt.ArrayLike = 1.0,
        shift: npt.ArrayLike = 0.0,
        on_radius: OnRadius = "warn",
        interactions: int | None = None,
    ) -> None:
        self.function = function
        self.order = order
        self.at = at
        self.kind: rows.Kind = kind
        self.degrees: rows.Degrees = degrees
        self.constant = constant
        self.scale = scale
        self.shift = shift
        self.on_radius: OnRadius = on_radius
        self.interactions = interactions

    def fit(self, X: Any, y: Any = None) -> TaylorFeatures:
        """Finds the series, and looks whether X lies where it converges.

        X is an array, a table or a sparse matrix (CSR, CSC) of shape (n_samples, n_features). Raises ValueError
        for options that do not fit it or each other, NotAnalyticError where there is no series. Of an array or data
        frame of Dask, the number and the names of the columns are learnt, and nothing is computed.

        >>> TaylorFeatures("sin(x)", order=3).fit([[0.0, 1.0]]).series_.degrees
        (1, 3)
        """
        lazy = _is_lazy(X)
        if lazy:
            from maclaurin.dask import row

            X = row(X)
        X = _canonical(validate_data(self, X, **_ACCEPTED))
        features = X.shape[1]
        found: Any
        series: tuple[Any, ...]
        if isinstance(self.function, Polynomial):
            expands = self.kind in ("terms", "powers")
            found = polynomial_of(self.function, None, None, summed=self.kind == "partial_sums", basis=expands)
            series = (found,) * features
        elif np.ndim(self.at) == 0:  # type: ignore[arg-type]
            found = taylor(self.function, order=self.order, at=self.at)  # type: ignore[arg-type]
            series = (found,) * features
        else:
            points = list(map(point_text, self.at))  # type: ignore[arg-type]
            if len(points) != features:
                raise ValueError(f"at has {len(points)} points; it must be one, or one for each of {features} features")
            known = {point: taylor(self.function, order=self.order, at=point) for point in points}
            found = series = tuple(known[point] for point in points)
        degrees = {id(each): self._degrees(each) for each in series}
        expansion = Expansion(
            self._name(),
            self.kind,
            bool(self.constant),
            self._total_degree(),
            series,
            tuple(degrees[id(each)] for each in series),
            self._of_features("scale", features),
            self._of_features("shift", features),
        )
        columns = expansion.total()
        if expansion.interactions > 1 and columns > MOST_COLUMNS:
            raise ValueError(
                f"interactions={self.interactions} of {features} features are {columns} columns, more than "
                f"{MOST_COLUMNS}; choose a lower degree, or fewer features"
            )
        if not lazy:
            self._check(X, expansion)
        self.series_, self.n_output_features_, self._expansion_ = found, columns, expansion
        return self

    def transform(self, X: Any) -> Any:
        """The expansion of X, of shape (n_samples, n_output_features_): an array, or X's kind of sparse matrix.

        Of an array or data frame of Dask it is lazy, by `maclaurin.dask.transform`. Raises ValueError for a sparse X
        whose zeros would not stay zeros.

        >>> TaylorFeatures("exp(x)", order=2, constant=True).fit_transform([[3.0]]).tolist()
        [[1.0, 3.0, 4.5]]
        """
        check_is_fitted(self)
        if _is_lazy(X):
            from maclaurin.dask import transform

            return transform(self, X)
        X = _canonical(validate_data(self, X, reset=False, **_ACCEPTED))
        self._check(X, self._expansion_)
        return self._expansion_.values(X)

    def inverse_transform(self, X: Any) -> Any:
        """The features (n_samples, n_features_in_) from their columns of degree 1, to rounding.

        Raises ValueError if a feature has no such column.

        >>> features = TaylorFeatures("exp(x)", order=2, at=1).fit([[3.0]])
        >>> features.inverse_transform(features.transform([[3.0]])).tolist()
        [[3.0]]
        """
        check_is_fitted(self)
        X = check_array(X, **_ACCEPTED)
        if X.shape[1] != self.n_output_features_:
            raise ValueError(f"X has {X.shape[1]} columns, the transform has {self.n_output_features_}")
        return self._expansion_.inverse(X)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Names such as "x0/2", "x0^2/8": the term itself; "x0 x1" is a product, "1" the column of ones.

        A partial sum is "softplus(x0) to 2", the sum "softplus(x0) to 4".

        >>> TaylorFeatures(order=2).fit([[3.0]]).get_feature_names_out().tolist()
        ['x0/2', 'x0^2/8']
        """
        check_is_fitted(self)
        names: Any = _check_feature_names_in(self, input_features)
        return np.array(self._expansion_.names(names), dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        points = self.function.center if isinstance(self.function, Polynomial) else self.at
        about_zero = (
            not isinstance(self.function, Basis)
            and all(map(_is_zero, np.ravel(np.asarray(points, object))))
            and not np.any(self.shift)
        )
        tags.input_tags.sparse = self.kind in ("powers", "terms") and about_zero and not self.constant
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_expansion_")

    def _name(self) -> str:
        """The function's text, for columns' names."""
        function = getattr(self.function, "function", self.function)
        return function if isinstance(function, str) else getattr(function, "text", "f")

    def _degrees(self, series: Any) -> tuple[int, ...]:
        """The degrees of a series that come out, 0 aside."""
        listed = None if isinstance(self.degrees, str) else [operator.index(degree) for degree in self.degrees]
        if listed is not None and len(set(listed)) < len(listed):
            raise ValueError(f"degrees {listed} has a degree twice")
        given = listed is not None or self.degrees != "nonzero"
        if self.kind == "sum" and (given or self.constant):
            what = "constant=True" if self.constant else f"degrees={self.degrees!r}"
            raise ValueError(f'kind="sum" is one column a feature, of all degrees and the constant; leave out {what}')
        chosen = rows.check(
            self.kind, self.degrees if listed is None else listed, series.order, series.degrees, self.constant
        )
        return tuple(degree for degree in chosen if degree) if self.kind != "sum" else (series.order,)

    def _total_degree(self) -> int:
        """The highest total degree of interactions; 0 without."""
        if self.interactions is None:
            return 0
        if isinstance(self.interactions, bool) or (degree := operator.index(self.interactions)) < 1:
            raise ValueError(
                f"interactions must be the highest total degree of a product, an integer of at least 1, or None, "
                f"not {self.interactions!r}"
            )
        if self.kind not in ("powers", "terms"):
            raise ValueError(f'interactions are products of "powers" or "terms"; kind {self.kind!r} has none')
        return degree

    def _of_features(self, name: str, features: int) -> Array:
        """An option that is a number, or has one for each feature."""
        value = np.asarray(getattr(self, name), dtype=np.float64)
        if value.shape not in ((), (features,)):
            raise ValueError(
                f"{name} has shape {value.shape}; it must be a number, or one for each of {features} features"
            )
        if not np.isfinite(value).all():
            raise ValueError(f"{name} must be finite, not {getattr(self, name)!r}")
        return np.broadcast_to(value, (features,)).copy()

    def _check(self, X: Any, expansion: Expansion) -> None:
        """Refuses what cannot stay sparse, and looks for values outside the disc of convergence."""
        expansion.check_sparse(X)
        if not RadiusCheck(expansion.series[0], self.on_radius).pending or expansion.kind == "powers":
            return
        found = expansion.outside(X)
        if found is None:
            return
        feature, message = found
        if feature is not None:
            names: Any = _check_feature_names_in(self)
            message = f"{names[feature]}: {message}"
        if self.on_radius == "raise":
            raise ValueError(message)
        warnings.warn(message, RadiusWarning, stacklevel=3)


def _is_lazy(X: Any) -> bool:
    """Whether X is an array or a data frame of Dask."""
    return type(X).__module__.partition(".")[0] == "dask"


def _is_zero(point: Any) -> bool:
    try:
        return float(point) == 0
    except ValueError:
        return False


def _canonical(X: Any) -> Any:
    """A sparse matrix with each place stored once: powers of parts of a value are not those of their sum."""
    if sparse.issparse(X) and not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X
