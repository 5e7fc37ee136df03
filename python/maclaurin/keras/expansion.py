"""Expansions and trainable polynomials as layers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from maclaurin import rows
from maclaurin._native import Function
from maclaurin.series import Point, Series, point_text, taylor

__all__ = ["TaylorActivation", "TaylorExpansion"]


class _TaylorLayer(keras.layers.Layer):  # type: ignore[misc]
    """What both layers are made with: a function, an order and a point."""

    def __init__(self, function: Any, order: int, at: Point, parameters: dict[str, str] | None, **options: Any) -> None:
        super().__init__(**options)
        if isinstance(function, str):
            function = Function(function, **(parameters or {}))
        self.order = order
        self.at = point_text(at)
        series = taylor(function, order=order, at=at)
        if not isinstance(series, Series):
            raise TypeError("a layer that can be saved needs a function that can be read, such as text")
        self.series = series
        # Plain numbers, which every compiler takes as constants.
        self._center = self.series.center
        self._coefficients = self.series.coefficients.tolist()

    def get_config(self) -> dict[str, Any]:
        """What a saved model makes the layer from."""
        function = self.series.function
        config = {
            "function": function.text,
            "parameters": function.parameters,
            "order": self.order,
            "at": self.at,
        }
        return {**super().get_config(), **config}

    def _shifted(self, x: Any, scale: Any, shift: float) -> Any:
        """scale*x + shift - x0, in float32 at least."""
        precision = "float64" if self.compute_dtype == "float64" else "float32"
        return ops.cast(x, precision) * scale + (shift - self._center)


@keras.saving.register_keras_serializable(package="maclaurin")
class TaylorExpansion(_TaylorLayer):
    """Every channel becomes one channel for each degree of a Taylor series.

    Args:
        function, order, at: as `maclaurin.taylor` takes them.
        parameters: values of the function's parameters.
        kind: "terms" a_k (x-x0)^k, "powers" (x-x0)^k, "partial_sums", or "sum" (as many channels as
            before).
        degrees: "nonzero", "all" (from 1 on) or a list.
        constant: whether degree 0 comes out too, first.
        scale, shift: the value expanded is scale*x + shift.
        data_format: "channels_last" or "channels_first"; by default Keras's own setting.

    Input shape: any with a channel axis. Output shape: the same with multiplier times the
    channels, degree after degree.

    >>> layer = TaylorExpansion("log(1 + exp(x))", order=4)
    >>> layer.compute_output_shape((None, 32, 32, 3))
    (None, 32, 32, 9)
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
        data_format: str | None = None,
        parameters: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(function, order, at, parameters, **options)
        self.kind: rows.Kind = kind
        self.degrees = degrees if isinstance(degrees, str) else list(degrees)
        self.constant = constant
        self.scale = scale
        self.shift = shift
        self.data_format = keras.config.image_data_format() if data_format is None else data_format
        if self.data_format not in ("channels_first", "channels_last"):
            raise ValueError(f'data_format {data_format!r} is neither "channels_first" nor "channels_last"')
        self.chosen = rows.check(kind, degrees, order, self.series.degrees, constant)

    @property
    def multiplier(self) -> int:
        """How many channels each channel becomes."""
        return max(len(self.chosen), 1)

    def call(self, x: Any) -> Any:
        """The expansion of x."""
        t = self._shifted(x, self.scale, self.shift)
        if self.kind == "sum":
            return ops.cast(rows.horner(t, self._coefficients), self.compute_dtype)
        values = rows.rows(t, ops.ones_like(t), self._coefficients, self.kind, self.chosen)
        return ops.cast(ops.concatenate(values, axis=self._axis), self.compute_dtype)

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
            "degrees": self.degrees,
            "constant": self.constant,
            "scale": self.scale,
            "shift": self.shift,
            "data_format": self.data_format,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="maclaurin")
class TaylorActivation(_TaylorLayer):
    """A polynomial with trainable coefficients that starts as the Taylor series of a function.

    Args:
        function, order, at: as `maclaurin.taylor` takes them.
        parameters: values of the function's parameters.
        rate: None, or the first value of a trainable factor of the input. For a distribution whose
            parameter multiplies x, that is the distribution's rate:
            ``TaylorActivation("erlang_cdf(x, 3, 1)", order=6, rate=2.0)`` starts as the Erlang
            distribution's cumulative distribution function of shape 3 and rate 2.
        trainable: Keras's own option: whether coefficients and rate are trained.

    Shape: any; the output has the input's.

    >>> layer = TaylorActivation("exp(x)", order=2)
    >>> [float(value) for value in layer(ops.array([0.0, 1.0]))]
    [1.0, 2.5]
    """

    def __init__(
        self,
        function: Any = "softplus",
        order: int = 4,
        at: Point = 0,
        rate: float | None = None,
        parameters: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(function, order, at, parameters, **options)
        self.first_rate = rate
        self.rate: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes the weights: `coefficients` of shape (order + 1,), and `rate`."""
        first: Any = np.array(self._coefficients)
        start = keras.initializers.Constant(first)
        self.coefficients = self.add_weight(shape=(self.order + 1,), initializer=start, name="coefficients")
        if self.first_rate is not None:
            start = keras.initializers.Constant(self.first_rate)
            self.rate = self.add_weight(shape=(), initializer=start, name="rate")
        self.built = True

    def call(self, x: Any) -> Any:
        """The polynomial at every value of x."""
        t = self._shifted(x, 1.0 if self.rate is None else ops.cast(self.rate, "float32"), 0.0)
        coefficients = [ops.cast(self.coefficients[k], t.dtype) for k in range(self.order + 1)]
        return ops.cast(rows.horner(t, coefficients), self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The input's shape."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """What a saved model makes the layer from."""
        return {**super().get_config(), "rate": self.first_rate}
