"""scikit-learn: every feature expanded into the terms of a Taylor series.

from sklearn.pipeline import make_pipeline
model = make_pipeline(TaylorFeatures("log(1 + exp(x))", order=4), LogisticRegression())
"""

from __future__ import annotations

import warnings
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from maclaurin import rows
from maclaurin._native import Function, Polynomial, RadiusWarning, expand
from maclaurin.series import Point, Series, taylor

Array = npt.NDArray[Any]


class TaylorFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Each feature x becomes terms a_k (x - x0)^k of a Taylor series, degree after degree.

    Parameters
    ----------
    function : str, Function or callable, default="softplus"
        As `maclaurin.taylor` takes it.
    order : int, default=4
        The highest degree.
    at : number or str, default=0
        The expansion point x0.
    kind : {"terms", "powers", "partial_sums", "sum"}, default="terms"
        What comes out for each degree; "sum" is one column a feature.
    degrees : {"nonzero", "all"} or list of int, default="nonzero"
        Which degrees come out: those from 1 on with a coefficient that is not zero, all from 1
        on, or these.
    constant : bool, default=False
        Whether degree 0 comes out too, first.
    scale, shift : float, default=1.0 and 0.0
        The value expanded is scale*x + shift.
    on_radius : {"warn", "raise", "ignore"}, default="warn"
        What to do about values outside the disc of convergence: a RadiusWarning, a ValueError,
        or nothing.

    Attributes
    ----------
    series_ : Series
        The series.
    n_features_in_ : int
        The number of features seen in fit.

    Examples
    --------
    >>> import numpy as np
    >>> features = TaylorFeatures("exp(x)", order=3).fit([[0.0, 1.0]])
    >>> features.get_feature_names_out().tolist()
    ['x0', 'x1', 'x0^2/2', 'x1^2/2', 'x0^3/6', 'x1^3/6']
    >>> features.transform([[1.0, 2.0]]).round(3).tolist()
    [[1.0, 2.0, 0.5, 2.0, 0.167, 1.333]]
    """

    def __init__(
        self,
        function: Any = "softplus",
        order: int = 4,
        at: Point = 0,
        kind: rows.Kind = "terms",
        degrees: rows.Degrees = "nonzero",
        constant: bool = False,
        scale: float = 1.0,
        shift: float = 0.0,
        on_radius: Literal["warn", "raise", "ignore"] = "warn",
    ) -> None:
        self.function = function
        self.order = order
        self.at = at
        self.kind: rows.Kind = kind
        self.degrees: rows.Degrees = degrees
        self.constant = constant
        self.scale = scale
        self.shift = shift
        self.on_radius = on_radius

    def fit(self, X: Any, y: Any = None) -> TaylorFeatures:
        """Finds the series, and looks whether X lies where it converges."""
        X = validate_data(self, X, dtype=[np.float64, np.float32])
        if self.on_radius not in ("warn", "raise", "ignore"):
            raise ValueError(f'on_radius {self.on_radius!r} is none of "warn", "raise", "ignore"')
        self.series_ = taylor(self.function, order=self.order, at=self.at)
        nonzero = self.series_.degrees
        self._degrees = rows.check(self.kind, self.degrees, self.order, nonzero, self.constant)
        self._check_radius(X)
        return self

    def transform(self, X: Any) -> Array:
        """The expansion of X: of shape (n_samples, n_features times the number of degrees)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        self._check_radius(X)
        return expand(
            X,
            # Without the function: what it warns of has been looked at.
            Polynomial(self.series_.center, self.series_.coefficients),
            kind=self.kind,
            degrees=[degree for degree in self._degrees if degree > 0],
            constant=self.constant,
            axis=1,
            stack=False,
            scale=self.scale,
            shift=self.shift,
        )

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Names such as "x0/2", "x0^2/8": the term itself.

        A partial sum is "softplus(x0) to 2", the sum "softplus(x0) to 4".
        """
        from sklearn.utils.validation import _check_feature_names_in

        check_is_fitted(self)
        features: Any = _check_feature_names_in(self, input_features)
        names = [self._variable(name) for name in features]
        degrees = self._degrees or (self.order,)
        out = [self._name(degree, name) for degree in degrees for name in names]
        return np.array(out, dtype=object)

    def _variable(self, name: str) -> str:
        """A feature after scale and shift, as the series has it."""
        scaled = name if self.scale == 1 else f"{self.scale:g}*{name}"
        if self.shift:
            scaled += f" {'-' if self.shift < 0 else '+'} {abs(self.shift):g}"
        return scaled

    def _name(self, degree: int, variable: str) -> str:
        if self.kind in ("partial_sums", "sum"):
            function = self.function if isinstance(self.function, str) else "f"
            if isinstance(self.function, Function):
                function = self.function.text
            simple = function.isidentifier()
            return f"{function}({variable}) to {degree}" if simple else f"{function} of {variable} to {degree}"
        at = getattr(self.series_, "at_text", repr(self.series_.center))
        sign = "+" if at.startswith("-") else "-"
        base = variable if self.series_.center == 0 else f"{variable} {sign} {at.removeprefix('-')}"
        power = base if base.isidentifier() else f"({base})"
        power += f"^{degree}" if degree > 1 else ""
        if self.kind == "powers":
            return power if degree else "1"
        exact = self.series_.exact[degree] if isinstance(self.series_, Series) else None
        if isinstance(exact, int | Fraction):
            return _rational_multiple(Fraction(exact), power if degree else "")
        text = repr(float(self.series_.coefficients[degree])) if exact is None else exact.text
        if degree == 0:
            return text
        return f"({text})*{power}" if " " in text else f"{text}*{power}"

    def _check_radius(self, X: Array) -> None:
        ignored = self.on_radius == "ignore" or self.kind == "powers"
        if ignored or not isinstance(self.series_, Series) or X.size == 0:
            return
        ends = [self.scale * float(end) + self.shift for end in (X.min(), X.max())]
        reach = max(abs(end - self.series_.center) for end in ends)
        if reach <= self.series_.radius.lower:
            return
        message = self.series_.outside(min(ends), max(ends), self.scale)
        if message is None:
            return
        if self.on_radius == "raise":
            raise ValueError(message)
        warnings.warn(message, RadiusWarning, stacklevel=3)


def _rational_multiple(factor: Fraction, power: str) -> str:
    """-3/4 and x^2 as "-3*x^2/4"."""
    sign = "-" if factor < 0 else ""
    above, below = abs(factor.numerator), factor.denominator
    product = power if above == 1 and power else f"{above}*{power}" if power else str(above)
    return sign + product + (f"/{below}" if below > 1 else "")
