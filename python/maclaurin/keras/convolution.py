"""Convolution over the powers of the input, without storing them: y = b + sum_k W_k * (x - x0)^k."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras

from maclaurin import convolution
from maclaurin.convolution import Start
from maclaurin.keras.expansion import _TaylorLayer
from maclaurin.series import Point

#: Keras says of its operations that they may give None.
ops: Any = keras.ops

__all__ = ["TaylorConv1D", "TaylorConv2D", "TaylorDense"]


class _Start(keras.initializers.Initializer):  # type: ignore[misc]
    """The first weights of all powers, side by side along the axis of the inputs."""

    def __init__(self, start: Start, factors: Sequence[float], first: Any) -> None:
        self.start, self.factors, self.first = start, factors, first

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        order = len(self.factors) - 1
        one = (*shape[:-2], shape[-2] // order, shape[-1])
        if self.start == "series":
            weight = self.first(one, dtype=dtype)
            parts = [factor * weight for factor in self.factors[1:]]
        else:
            deviations = convolution.deviations(order, math.prod(one[:-1]))
            parts = [keras.initializers.RandomNormal(0.0, deviation)(one, dtype=dtype) for deviation in deviations]
        return ops.concatenate(parts, axis=-2)


class _TaylorConvolution(_TaylorLayer):
    """What the layers share: weights for each power, and how they begin."""

    def __init__(
        self,
        filters: int,
        use_bias: bool,
        activation: Any,
        kernel_initializer: Any,
        function: Any,
        order: int,
        at: Point,
        start: Start,
        parameters: dict[str, str] | None,
        groups: int,
        **options: Any,
    ) -> None:
        if order < 1:
            raise ValueError(f"order must be an integer from 1 on, not {order}")
        super().__init__(function, order, at, parameters, **options)
        if start not in ("series", "random"):
            raise ValueError(f'start {start!r} is neither "series" nor "random"')
        if filters < 1 or groups < 1 or filters % groups:
            raise ValueError(f"{filters} filters cannot be split into {groups} groups")
        self.filters, self.groups, self.use_bias = filters, groups, use_bias
        self.start: Start = start
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel: Any = None
        self.bias: Any = None

    def _build(self, kernel: Sequence[int], channels: int | None) -> None:
        """Makes `kernel` of shape (..., order * channels / groups, filters) and `bias`."""
        if channels is None or channels % self.groups:
            raise ValueError(f"{channels} channels cannot be split into {self.groups} groups")
        shape = (*kernel, self.order * channels // self.groups, self.filters)
        start = _Start(self.start, self._coefficients, self.kernel_initializer)
        self.kernel = self.add_weight(shape=shape, initializer=start, name="kernel")
        if self.use_bias:
            self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")
            if self.start == "series":
                # The constant of the series, through weights that are a_1 W; none where a_1 is zero.
                first = ops.split(ops.convert_to_tensor(self.kernel), self.order, axis=-2)
                index = next((k for k in range(1, self.order + 1) if self._coefficients[k]), None)
                if index is not None:
                    total = ops.sum(first[index - 1], axis=tuple(range(len(shape) - 1)))
                    self.bias.assign(total * (self._coefficients[0] / self._coefficients[index]))
        self.built = True

    def _one_at_a_time(self, x: Any, kernel: Any, bias: Any = None) -> Any:
        """The layer in Keras's own operations."""
        raise NotImplementedError

    def _recomputed(self, x: Any) -> Any:
        """The layer on TensorFlow: what is in between is made again on the way back."""
        import tensorflow

        weights = [self.kernel] if self.bias is None else [self.kernel, self.bias]
        return tensorflow.recompute_grad(self._one_at_a_time)(x, *map(ops.convert_to_tensor, weights))

    def _finish(self, y: Any) -> Any:
        return ops.cast(self.activation(y), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """What a saved model makes the layer from."""
        config = {
            "filters": self.filters,
            "use_bias": self.use_bias,
            "activation": keras.activations.serialize(self.activation),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "start": self.start,
            "groups": self.groups,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="maclaurin")
class TaylorConv2D(_TaylorConvolution):
    """A convolution over the powers of its input: y = b + sum_k W_k * (x - x0)^k.

    Args:
        filters, kernel_size, strides, padding, data_format, dilation_rate, groups: as keras.layers.Conv2D takes
            them. Padding "same" adds values equal to x0.
        activation, use_bias, kernel_initializer: as keras.layers.Conv2D takes them.
        function, order, at: as `maclaurin.taylor` takes them; order is the highest power.
        start: "series" begins as the convolution of the function: W_k = a_k W with W from kernel_initializer, and
            a_0 W added up in the bias. "random" draws all W_k, with variances that keep a standard normal input's
            scale.
        parameters: values of the function's parameters.

    Input and output shapes: as keras.layers.Conv2D. `kernel` is (rows, columns, order * channels / groups,
    filters), the weights of degree 1 of all channels first.

    On PyTorch and JAX the native kernels do the work on CPU; on TensorFlow its own convolutions, one power at a
    time, which are made again on the way back instead of being kept.

    >>> layer = TaylorConv2D(16, 3, padding="same", order=3)
    >>> layer.compute_output_shape((None, 32, 32, 3))
    (None, 32, 32, 16)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        function: Any = "softplus",
        order: int = 4,
        at: Point = 0,
        start: Start = "series",
        parameters: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            filters, use_bias, activation, kernel_initializer, function, order, at, start, parameters, groups, **options
        )
        self.kernel_size = convolution.pair("kernel_size", kernel_size)
        self.strides = convolution.pair("strides", strides)
        self.dilation_rate = convolution.pair("dilation_rate", dilation_rate)
        if padding not in ("valid", "same"):
            raise ValueError(f'padding {padding!r} is neither "valid" nor "same"')
        self.padding = padding
        self.data_format = keras.config.image_data_format() if data_format is None else data_format
        if self.data_format not in ("channels_first", "channels_last"):
            raise ValueError(f'data_format {data_format!r} is neither "channels_first" nor "channels_last"')

    @property
    def _last(self) -> bool:
        return self.data_format == "channels_last"

    def build(self, input_shape: Any) -> None:
        """Makes the weights."""
        self._build(self.kernel_size, input_shape[-1 if self._last else 1])

    def call(self, x: Any) -> Any:
        """The convolution of x."""
        x = ops.cast(x, self.compute_dtype)
        if keras.backend.backend() == "tensorflow":
            return self._finish(self._recomputed(x))
        kernel = ops.transpose(ops.convert_to_tensor(self.kernel), (3, 2, 0, 1))
        bias = None if self.bias is None else ops.convert_to_tensor(self.bias)
        padding = self._padding(x.shape)
        if any(before != after for before, after in padding):
            sides = [(0, 0), *padding, (0, 0)] if self._last else [(0, 0), (0, 0), *padding]
            # At the expansion point, where all powers are zero.
            x = ops.pad(x, sides, constant_values=self._center)
            padding = [(0, 0), (0, 0)]
        plan: dict[str, Any] = {
            "order": self.order,
            "at": self._center,
            "stride": self.strides,
            "padding": [before for before, _ in padding],
            "dilation": self.dilation_rate,
            "groups": self.groups,
        }
        return self._finish(_convolve(x, kernel, bias, self._last, plan))

    def _padding(self, shape: Sequence[int]) -> list[tuple[int, int]]:
        if self.padding == "valid":
            return [(0, 0), (0, 0)]
        sides = []
        extents = shape[1:3] if self._last else shape[2:4]
        for extent, size, step, rate in zip(extents, self.kernel_size, self.strides, self.dilation_rate, strict=True):
            total = max((math.ceil(extent / step) - 1) * step + (size - 1) * rate + 1 - extent, 0)
            sides.append((total // 2, total - total // 2))
        return sides

    def _one_at_a_time(self, x: Any, kernel: Any, bias: Any = None) -> Any:
        t = ops.cast(x, "float64" if self.compute_dtype == "float64" else "float32") - self._center
        y, power = None, t
        for part in ops.split(ops.cast(kernel, t.dtype), self.order, axis=-2):
            # TensorFlow has no groups on every device: one convolution a group.
            axis = -1 if self._last else 1
            term = ops.concatenate(
                [
                    ops.conv(images, weights, self.strides, self.padding, self.data_format, self.dilation_rate)
                    for images, weights in zip(
                        ops.split(power, self.groups, axis=axis), ops.split(part, self.groups, axis=-1), strict=True
                    )
                ],
                axis=axis,
            )
            y = term if y is None else y + term
            power = power * t
        if bias is None:
            return y
        bias = ops.cast(bias, t.dtype)
        return y + (bias if self._last else bias[:, None, None])

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """As keras.layers.Conv2D."""
        spatial = list(input_shape[1:3] if self._last else input_shape[2:4])
        extents: list[int | None] = []
        for extent, size, step, rate in zip(spatial, self.kernel_size, self.strides, self.dilation_rate, strict=True):
            if extent is None:
                extents.append(None)
                continue
            span = 1 if self.padding == "same" else (size - 1) * rate + 1
            if extent < span:
                raise ValueError(
                    f"a kernel of {size} at dilation {rate} spans more than the input's extent of {extent}"
                )
            extents.append((extent - span) // step + 1)
        return (input_shape[0], *extents, self.filters) if self._last else (input_shape[0], self.filters, *extents)

    def get_config(self) -> dict[str, Any]:
        """What a saved model makes the layer from."""
        config = {
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable(package="maclaurin")
class TaylorConv1D(TaylorConv2D):
    """`TaylorConv2D` for signals, with the arguments of keras.layers.Conv1D.

    >>> TaylorConv1D(4, 5, padding="same", order=3).compute_output_shape((None, 100, 2))
    (None, 100, 4)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        **options: Any,
    ) -> None:
        sizes = [(1, value if isinstance(value, int) else value[-1]) for value in (kernel_size, strides, dilation_rate)]
        super().__init__(filters, sizes[0], sizes[1], padding, data_format, sizes[2], **options)

    def _rows(self, shape: Any) -> Any:
        """The shape of a picture of one row."""
        axis = 1 if self._last else 2
        return (*shape[:axis], 1, *shape[axis:])

    def build(self, input_shape: Any) -> None:
        """Makes the weights."""
        super().build(self._rows(input_shape))

    def call(self, x: Any) -> Any:
        """The convolution of x."""
        axis = 1 if self._last else 2
        return ops.squeeze(super().call(ops.expand_dims(x, axis)), axis)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """As keras.layers.Conv1D."""
        shape = super().compute_output_shape(self._rows(input_shape))
        axis = 1 if self._last else 2
        return (*shape[:axis], *shape[axis + 1 :])


@keras.saving.register_keras_serializable(package="maclaurin")
class TaylorDense(_TaylorConvolution):
    """A dense layer over the powers of its input: y = b + sum_k W_k (x - x0)^k.

    Args:
        units, activation, use_bias, kernel_initializer: as keras.layers.Dense takes them.
        function, order, at, start, parameters: as `TaylorConv2D` takes them.

    >>> TaylorDense(3, order=2).compute_output_shape((None, 10))
    (None, 3)
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        function: Any = "softplus",
        order: int = 4,
        at: Point = 0,
        start: Start = "series",
        parameters: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            units, use_bias, activation, kernel_initializer, function, order, at, start, parameters, 1, **options
        )

    def build(self, input_shape: Any) -> None:
        """Makes the weights."""
        self._build((), input_shape[-1])

    def call(self, x: Any) -> Any:
        """The layer's output."""
        x = ops.cast(x, self.compute_dtype)
        if keras.backend.backend() == "tensorflow":
            return self._finish(self._recomputed(x))
        rows = ops.reshape(x, (1, 1, -1, x.shape[-1]))
        kernel = ops.transpose(ops.convert_to_tensor(self.kernel))[:, :, None, None]
        bias = None if self.bias is None else ops.convert_to_tensor(self.bias)
        y = _convolve(rows, kernel, bias, True, {"order": self.order, "at": self._center})
        return self._finish(ops.reshape(y, (*x.shape[:-1], self.filters)))

    def _one_at_a_time(self, x: Any, kernel: Any, bias: Any = None) -> Any:
        t = ops.cast(x, "float64" if self.compute_dtype == "float64" else "float32") - self._center
        y, power = (0.0 if bias is None else ops.cast(bias, t.dtype)), t
        for part in ops.split(ops.cast(kernel, t.dtype), self.order, axis=0):
            y = y + ops.matmul(power, part)
            power = power * t
        return y

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """As keras.layers.Dense."""
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        """What a saved model makes the layer from."""
        config = super().get_config()
        del config["groups"]
        config["units"] = config.pop("filters")
        return config


def _convolve(x: Any, kernel: Any, bias: Any, last: bool, plan: dict[str, Any]) -> Any:
    """The framework's own function for images in either order."""
    if keras.backend.backend() == "jax":
        from maclaurin.jax import taylor_conv2d as convolve

        return convolve(x, kernel, bias, channels_last=last, **plan)
    from maclaurin.torch import taylor_conv2d

    if last:
        x = x.permute(0, 3, 1, 2)
    y = taylor_conv2d(x, kernel.to(x.dtype), None if bias is None else bias.to(x.dtype), **plan)
    return y.permute(0, 2, 3, 1) if last else y
