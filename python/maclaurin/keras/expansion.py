"""Expansions and trainable polynomials as layers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from maclaurin import rows
from maclaurin.keras import operations
from maclaurin.keras.layer import TaylorLayer, with_parameters
from maclaurin.polynomial import expanded, polynomial_of
from maclaurin.radius import OnRadius, RadiusCheck, finite
from maclaurin.series import Point

#: Keras says of its operations that they may give None.
ops: Any = keras.ops

__all__ = ["TaylorActivation", "TaylorExpansion"]


@keras.saving.register_keras_serializable(package="maclaurin")
class TaylorExpansion(TaylorLayer):
    """Every channel becomes one channel for each degree of a Taylor series.

    Args:
        function, order, at: as `maclaurin.taylor` takes them, 4 and 0 by default; or function is a Series, an
            Approximation or a Basis, which has its own order and point.
        parameters: values of the function's parameters.
        kind: "terms" a_k (x-x0)^k, "powers" (x-x0)^k, "partial_sums", or "sum" (as many channels as
            before).
        degrees: "nonzero", "all" (1 and up) or a list.
        constant: whether degree 0 comes out too, first.
        scale, shift: the value expanded is scale*x + shift.
        data_format: "channels_last" or "channels_first"; by default Keras's own setting.
        on_radius: about values outside the series' disc of convergence: "warn" once, "raise" or "ignore".
            Looked at on CPU, outside of compiled programs.

    Input shape: any with a channel axis. Output shape: the same with multiplier times the
    channels, degree after degree.

    >>> layer = TaylorExpansion("log(1 + exp(x))", order=4)
    >>> layer.compute_output_shape((None, 32, 32, 3))
    (None, 32, 32, 9)
    """

    def __init__(
        self,
        function: Any = "softplus",
        order: int | None = None,
        at: Point | None = None,
        kind: rows.Kind = "terms",
        degrees: rows.Degrees = "nonzero",
        constant: bool = False,
        scale: float = 1.0,
        shift: float = 0.0,
        data_format: str | None = None,
        parameters: dict[str, str] | None = None,
        on_radius: OnRadius = "warn",
        **options: Any,
    ) -> None:
        function, expands = with_parameters(function, parameters), kind in ("terms", "powers")
        series = polynomial_of(function, order, at, summed=kind == "partial_sums", basis=expands)
        super().__init__(series=series, on_radius=on_radius, **options)
        self.supports_masking = True
        self.kind: rows.Kind = kind
        self._which: rows.Kind | rows.Basis
        self._place, self._which, numbers = expanded(series, kind)
        self._coefficients = tuple(numbers)
        self.degrees = degrees if isinstance(degrees, str) else [int(degree) for degree in degrees]
        self.constant = constant
        self.scale, self.shift = float(scale), float(shift)
        self.data_format = keras.config.image_data_format() if data_format is None else data_format
        if self.data_format not in ("channels_first", "channels_last"):
            raise ValueError(f'data_format {data_format!r} is neither "channels_first" nor "channels_last"')
        self.chosen = rows.check(kind, degrees, self.order, self.series.degrees, constant)
        self._check = RadiusCheck(self.series, on_radius, scale, shift)

    @property
    def multiplier(self) -> int:
        """How many channels each channel becomes."""
        return max(len(self.chosen), 1)

    def call(self, x: Any) -> Any:
        """The expansion of x."""
        y = operations.expand(
            self._input(x), self.series, self._place, self._coefficients, self._which, self.chosen, self._axis,
            self.scale, self.shift,
        )  # fmt: skip
        return ops.cast(y, self.compute_dtype)

    def _identity(self) -> dict[str, list[float]]:
        return {
            **super()._identity(),
            "scale": [self.scale],
            "shift": [self.shift],
            "kind": [float(rows.NUMBERED.index(self._which))],
            "coefficients": list(self._coefficients),
            "degrees": [float(degree) for degree in self.chosen],
        }

    @property
    def _axis(self) -> int:
        return 1 if self.data_format == "channels_first" else -1

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The input's shape with multiplier times the channels."""
        shape = list(input_shape)
        if shape[self._axis] is not None:
            shape[self._axis] *= self.multiplier
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        """What a saved model makes the layer from."""
        config = {
            "kind": self.kind,
            "degrees": self.degrees if isinstance(self.degrees, str) else list(self.degrees),
            "constant": self.constant,
            "scale": self.scale,
            "shift": self.shift,
            "data_format": self.data_format,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="maclaurin")
class TaylorActivation(TaylorLayer):
    """A polynomial with trainable coefficients, initialized by a Taylor series or by the best polynomial on a range.

    Args:
        function, order, at: as `maclaurin.taylor` takes them, 4 and 0 by default; or function is a Series or an
            Approximation, which has its own order and point.
        parameters: values of the function's parameters.
        rate: None, or the initial value of a trainable factor of the input. For a distribution whose
            parameter multiplies x, that is the distribution's rate:
            ``TaylorActivation("erlang_cdf(x, 3, 1)", order=6, rate=2.0)`` starts as the Erlang
            distribution's cumulative distribution function of shape 3 and rate 2.
        on_radius: as `TaylorExpansion` takes it.
        trainable: Keras's own option: whether coefficients and rate are trained.

    Shape: any; the output has the input's.

    >>> layer = TaylorActivation("exp(x)", order=2)
    >>> [float(value) for value in layer(ops.array([0.0, 1.0]))]
    [1.0, 2.5]
    """

    def __init__(
        self,
        function: Any = "softplus",
        order: int | None = None,
        at: Point | None = None,
        rate: float | None = None,
        parameters: dict[str, str] | None = None,
        on_radius: OnRadius = "warn",
        **options: Any,
    ) -> None:
        series = polynomial_of(with_parameters(function, parameters), order, at, summed=False)
        super().__init__(series=series, on_radius=on_radius, **options)
        self.supports_masking = True
        self.first_rate = None if rate is None else finite("rate", rate)
        self.rate: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes the weights: `coefficients` of shape (order + 1,), and `rate`.

        Of an Approximation whose basis is "chebyshev" they are those of the Chebyshev polynomials of its range.
        """
        # In mixed precision they keep their digits: a rounded coefficient is another polynomial.
        self.coefficients = self.add_weight(
            shape=(self.order + 1,), initializer=_constant(self._coefficients), autocast=False, name="coefficients"
        )
        if self.first_rate is not None:
            self.rate = self.add_weight(shape=(), initializer=_constant(self.first_rate), autocast=False, name="rate")
        self.built = True

    def call(self, x: Any) -> Any:
        """The polynomial at every value of x."""
        if self.rate is None:
            x = self._input(x)
        else:
            x = ops.cast(x, self._precision) * ops.cast(self.rate, self._precision)
            self._check_radius(x)
        coefficients = ops.convert_to_tensor(self.coefficients)
        return ops.cast(operations.activation(x, coefficients, self._place), self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The input's shape."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """What a saved model makes the layer from."""
        return {**super().get_config(), "rate": self.first_rate}


def _constant(value: Any) -> Any:
    """An initializer. Python's numbers would pass through Keras's default type."""
    exact: Any = np.array(value, np.float64)
    return keras.initializers.Constant(exact)
