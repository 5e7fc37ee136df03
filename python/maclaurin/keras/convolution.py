"""Layers over the powers of the input, which are not stored: y = b + sum_k W_k * (x - x0)^k.

Each is Keras's own layer with other arithmetic and other initial weights: all of its arguments (regularizers,
constraints, initializers, ...) and methods are Keras's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from maclaurin import convolution
from maclaurin.convolution import Start
from maclaurin.keras import operations
from maclaurin.keras.initial import InitialWeights
from maclaurin.keras.layer import TaylorLayer, with_parameters
from maclaurin.radius import OnRadius
from maclaurin.series import Point

#: Keras says of its operations that they may give None.
ops: Any = keras.ops

__all__ = [
    "TaylorConv1D",
    "TaylorConv1DTranspose",
    "TaylorConv2D",
    "TaylorConv2DTranspose",
    "TaylorConv3D",
    "TaylorConv3DTranspose",
    "TaylorDense",
]


class _OverPowers(TaylorLayer):
    """A layer of Keras with a kernel for each power; stands before Keras's own class among the bases."""

    #: The axis of the kernel's inputs, along which the weights of each degree follow one another.
    _kernel_axis = -2
    groups = 1
    # What Keras's own class has.
    kernel: Any
    bias: Any
    kernel_initializer: Any
    bias_initializer: Any
    activation: Any
    input_spec: Any
    use_bias: bool

    def __init__(
        self,
        *arguments: Any,
        function: Any = "softplus",
        order: int | None = None,
        at: Point | None = None,
        start: Start = "series",
        on_radius: OnRadius = "warn",
        parameters: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        series = convolution.start_series(with_parameters(function, parameters), order, at, start, [], 1)
        plain = {name: _plain(value) for name, value in options.items()}
        super().__init__(*map(_plain, arguments), series=series, on_radius=on_radius, **plain)
        self.start: Start = start
        if start == "random":
            # Such weights are of no function.
            self._check.pending = False

    @property
    def _channel_axis(self) -> int:
        return 1 if getattr(self, "data_format", None) == "channels_first" else -1

    def build(self, input_shape: Any) -> None:
        """Makes `kernel`, with the weights of degree 1 of all inputs first, and `bias`."""
        channels = input_shape[self._channel_axis]
        if channels is None:
            raise ValueError(f"the number of channels of an input of shape {tuple(input_shape)} must be known")
        if channels % self.groups:
            raise ValueError(f"{channels} input channels cannot be split into {self.groups} groups")
        of_powers = list(input_shape)
        of_powers[self._channel_axis] *= self.order
        own = self.kernel_initializer, self.bias_initializer
        initial = self._initial(channels, *own)
        self.kernel_initializer, self.bias_initializer = initial.kernel, initial.bias
        try:
            super().build(tuple(of_powers))
        finally:
            self.kernel_initializer, self.bias_initializer = own
        self.input_spec = keras.InputSpec(min_ndim=self.input_spec.min_ndim, axes={self._channel_axis: channels})

    def _initial(self, channels: int, *initializers: Any) -> InitialWeights:
        raise NotImplementedError

    def _weights(self) -> tuple[Any, Any]:
        """Kernel and bias in the type of the computation, as Keras's own layers use them."""
        bias = ops.cast(self.bias, self.compute_dtype) if self.use_bias else None
        return ops.cast(self.kernel, self.compute_dtype), bias

    def _activated(self, y: Any) -> Any:
        y = ops.cast(y, self.compute_dtype)
        return y if self.activation is None else self.activation(y)

    def get_config(self) -> dict[str, Any]:
        """What a saved model makes the layer from."""
        return {**super().get_config(), "start": self.start}


class _AnyConvolution(_OverPowers):
    """What convolutions and transposed convolutions share."""

    # What Keras's own class has.
    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation_rate: tuple[int, ...]
    padding: str
    output_padding: tuple[int, ...] | None
    data_format: str
    filters: int

    def _linear(self) -> operations.Linear:
        """Keras's own convolution of one power."""
        raise NotImplementedError

    def _one_power_at_a_time(self, x: Any) -> Any:
        kernel, bias = self._weights()
        options: dict[str, Any] = {"order": self.order, "at": self._center, "axis": self._kernel_axis}
        y = operations.one_power_at_a_time(self._linear(), x, kernel, **options)
        if bias is None:
            return y
        shape = (-1,) if self.data_format == "channels_last" else (-1, *(1 for _ in self.kernel_size))
        return y + ops.reshape(ops.cast(bias, y.dtype), shape)

    def call(self, inputs: Any) -> Any:
        """The convolution of the inputs' powers."""
        return self._activated(self._one_power_at_a_time(ops.cast(self._input(inputs), self.compute_dtype)))


class _Convolution(_AnyConvolution):
    def _initial(self, channels: int, *initializers: Any) -> InitialWeights:
        shape = (*self.kernel_size, channels // self.groups, self.filters)
        return InitialWeights(self.start, self._coefficients, shape, -2, math.prod(shape[:-1]), *initializers)

    def call(self, inputs: Any) -> Any:
        """The convolution of the inputs' powers."""
        extents = inputs.shape[1:-1] if self.data_format == "channels_last" else inputs.shape[2:]
        sides = self._sides(extents)
        if keras.backend.backend() == "tensorflow" or sides is None:
            return super().call(inputs)
        x, at = ops.cast(self._input(inputs), self.compute_dtype), self._center
        kernel, bias = self._weights()
        if any(before != after for before, after in sides):
            # The functions of the back-ends pad alike on both sides.
            kernel, bias = (None if array is None else ops.cast(array, self._precision) for array in (kernel, bias))
            around = [(0, 0), *sides]
            around.insert(self._channel_axis % len(x.shape), (0, 0))
            x, at = ops.pad(ops.cast(x, self._precision) - at, around), 0.0
            sides = [(0, 0) for _ in sides]
        y = operations.native_convolution(
            x, kernel, bias, self.data_format == "channels_last", order=self.order, at=at, stride=self.strides,
            padding=tuple(before for before, _ in sides), dilation=self.dilation_rate, groups=self.groups,
        )  # fmt: skip
        return self._activated(y)

    def _sides(self, extents: Sequence[Any]) -> list[tuple[int, int]] | None:
        """What is added before and after each axis; None if that depends on extents that are not known."""
        sides = []
        for extent, size, step, rate in zip(extents, self.kernel_size, self.strides, self.dilation_rate, strict=True):
            total = (size - 1) * rate
            if self.padding == "same":
                # TensorFlow's rule: as much as makes ceil(extent / step) outputs, the greater half behind.
                if step > 1:
                    if not isinstance(extent, int):
                        return None
                    total = max(total + 1 - (extent % step or step), 0)
                sides.append((total // 2, total - total // 2))
            else:
                sides.append((total if self.padding == "causal" else 0, 0))
        return sides

    def _linear(self) -> operations.Linear:
        return operations.Convolve(self.strides, self.padding, self.data_format, self.dilation_rate, self.groups)


class _Transposed(_AnyConvolution):
    _kernel_axis = -1

    def _initial(self, channels: int, *initializers: Any) -> InitialWeights:
        shape = (*self.kernel_size, self.filters, channels)
        fan_in = channels * math.prod(self.kernel_size) / math.prod(self.strides)
        return InitialWeights(self.start, self._coefficients, shape, -1, fan_in, *initializers)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """As Keras's own layer has it, which gives a list."""
        return tuple(super().compute_output_shape(input_shape))

    def _linear(self) -> operations.Linear:
        return operations.Transpose(
            self.strides, self.padding, self.output_padding, self.data_format, self.dilation_rate
        )


@keras.saving.register_keras_serializable(package="maclaurin")
class TaylorConv2D(_Convolution, keras.layers.Conv2D):  # type: ignore[misc]
    """A convolution over the powers of its input: y = b + sum_k W_k * (x - x0)^k.

    Args:
        filters, kernel_size, ...: all arguments of keras.layers.Conv2D. Padding adds values equal to x0.
            kernel_initializer draws W (see start); bias_initializer the bias that a_0 * sum(W) is added to.
        function, order, at: as `maclaurin.taylor` takes them; order is the highest power.
        start: "series" initializes the layer as the convolution of the function: W_k = a_k W, and a_0 W summed up
            in the bias. "random" draws all W_k, with variances that keep a standard normal input's scale;
            kernel_initializer and the function then play no part.
        on_radius: about values outside the series' disc of convergence: "warn" once, "raise" or "ignore".
            Looked at on CPU, outside of compiled programs; not with start="random".
        parameters: values of the function's parameters.

    Input and output shapes: as keras.layers.Conv2D. `kernel` is (rows, columns, order * channels / groups,
    filters), the weights of degree 1 of all channels first. Raises ValueError for what Keras's own layer
    refuses.

    On PyTorch and JAX the native kernels do the work on CPU; on TensorFlow its own convolutions, one power at a
    time, which are recomputed in the backward pass instead of being stored.

    >>> layer = TaylorConv2D(16, 3, padding="same", order=3)
    >>> layer.compute_output_shape((None, 32, 32, 3))
    (None, 32, 32, 16)
    """


@keras.saving.register_keras_serializable(package="maclaurin")
class TaylorConv1D(_Convolution, keras.layers.Conv1D):  # type: ignore[misc]
    """`TaylorConv2D` for signals, with the arguments of keras.layers.Conv1D, padding="causal" too.

    >>> TaylorConv1D(4, 5, padding="causal", order=3).compute_output_shape((None, 100, 2))
    (None, 100, 4)
    """


@keras.saving.register_keras_serializable(package="maclaurin")
class TaylorConv3D(_Convolution, keras.layers.Conv3D):  # type: ignore[misc]
    """`TaylorConv2D` for volumes, with the arguments of keras.layers.Conv3D; without native kernels.

    >>> TaylorConv3D(4, 3, order=2).compute_output_shape((None, 5, 6, 7, 2))
    (None, 3, 4, 5, 4)
    """


@keras.saving.register_keras_serializable(package="maclaurin")
class TaylorConv2DTranspose(_Transposed, keras.layers.Conv2DTranspose):  # type: ignore[misc]
    """A transposed convolution over the powers of its input: y = b + sum_k W_k^T * (x - x0)^k.

    Args:
        filters, kernel_size, ...: all arguments of keras.layers.Conv2DTranspose.
        function, order, at, start, on_radius, parameters: as `TaylorConv2D` takes them. "random" counts as many
            summands for an output as it has on average, channels * rows * columns / strides.

    Input and output shapes: as keras.layers.Conv2DTranspose. `kernel` is (rows, columns, filters, order *
    channels), the weights of degree 1 of all channels first. The back-end's own transposed convolutions do the
    work, one power at a time. Raises ValueError for what Keras's own layer refuses.

    >>> TaylorConv2DTranspose(3, 4, strides=2, padding="same", order=3).compute_output_shape((None, 16, 16, 8))
    (None, 32, 32, 3)
    """


@keras.saving.register_keras_serializable(package="maclaurin")
class TaylorConv1DTranspose(_Transposed, keras.layers.Conv1DTranspose):  # type: ignore[misc]
    """`TaylorConv2DTranspose` for signals, with the arguments of keras.layers.Conv1DTranspose.

    >>> TaylorConv1DTranspose(4, 4, strides=2, order=2).compute_output_shape((None, 10, 2))
    (None, 22, 4)
    """


@keras.saving.register_keras_serializable(package="maclaurin")
class TaylorConv3DTranspose(_Transposed, keras.layers.Conv3DTranspose):  # type: ignore[misc]
    """`TaylorConv2DTranspose` for volumes, with the arguments of keras.layers.Conv3DTranspose.

    >>> TaylorConv3DTranspose(4, 2, strides=2, order=2).compute_output_shape((None, 3, 4, 5, 2))
    (None, 6, 8, 10, 4)
    """


@keras.saving.register_keras_serializable(package="maclaurin")
class TaylorDense(_OverPowers, keras.layers.Dense):  # type: ignore[misc]
    """A dense layer over the powers of its input: y = b + sum_k W_k (x - x0)^k.

    Args:
        units, ...: all arguments of keras.layers.Dense.
        function, order, at, start, on_radius, parameters: as `TaylorConv2D` takes them.

    Input and output shapes: as keras.layers.Dense. `kernel` is (order * inputs, units), the weights of degree 1
    of all inputs first. Raises ValueError for what Keras's own layer refuses, NotImplementedError if quantized.

    >>> TaylorDense(3, order=2).compute_output_shape((None, 10))
    (None, 3)
    """

    def _initial(self, channels: int, *initializers: Any) -> InitialWeights:
        return InitialWeights(self.start, self._coefficients, (channels, self.units), -2, channels, *initializers)

    def call(self, inputs: Any, training: Any = None) -> Any:
        """The layer's output."""
        x = ops.cast(self._input(inputs), self.compute_dtype)
        return self._activated(operations.dense(x, *self._weights(), order=self.order, at=self._center))

    def quantize(self, *arguments: Any, **options: Any) -> None:
        """Raises NotImplementedError: Keras's quantized matrix product is not one over powers."""
        raise NotImplementedError(f"{type(self).__name__} cannot be quantized: leave it out by the option filters")

    def quantized_build(self, *arguments: Any, **options: Any) -> None:
        """Raises NotImplementedError."""
        self.quantize()


def _plain(value: Any) -> Any:
    """NumPy's integers as Python's, which Keras asks for."""
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "iu":
        return tuple(value.tolist())
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value
