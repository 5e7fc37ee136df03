"""The arithmetic of the layers on each back-end: the native kernels where it can, else Keras's own operations."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from maclaurin import rows

#: Keras says of its operations that they may give None.
ops: Any = keras.ops

#: What is done with the power of one degree and its weights, in Keras's own operations; hashable.
Linear = Callable[[Any, Any], Any]


@dataclasses.dataclass(frozen=True)
class Convolve:
    """Keras's own convolution with fixed options.

    >>> Convolve((1,), "valid", "channels_last", (1,), 1)(ops.ones((1, 3, 1)), ops.ones((2, 1, 1))).shape[1]
    2
    """

    strides: tuple[int, ...]
    padding: str
    data_format: str
    dilation: tuple[int, ...]
    groups: int

    def __call__(self, x: Any, kernel: Any) -> Any:
        """The convolution of x by kernel."""
        padding, channel = self.padding, -1 if self.data_format == "channels_last" else 1
        if padding == "causal":
            before = (kernel.shape[0] - 1) * self.dilation[0]
            x = ops.pad(x, [(0, 0), (before, 0), (0, 0)] if channel == -1 else [(0, 0), (0, 0), (before, 0)])
            padding = "valid"
        # TensorFlow has no groups on every device: one convolution a group.
        parts = self.groups if keras.backend.backend() == "tensorflow" else 1
        pairs = zip(ops.split(x, parts, axis=channel), ops.split(kernel, parts, axis=-1), strict=True)
        options = (list(self.strides), padding, self.data_format, self.dilation)
        return ops.concatenate([ops.conv(images, weights, *options) for images, weights in pairs], axis=channel)


@dataclasses.dataclass(frozen=True)
class Transpose:
    """Keras's own transposed convolution with fixed options.

    >>> step = Transpose((2,), "valid", None, "channels_last", (1,))
    >>> step(ops.ones((1, 3, 1)), ops.ones((2, 1, 1))).shape[1]
    6
    """

    strides: tuple[int, ...]
    padding: str
    output_padding: tuple[int, ...] | None
    data_format: str
    dilation: tuple[int, ...]

    def __call__(self, x: Any, kernel: Any) -> Any:
        """The transposed convolution of x by kernel."""
        options = (list(self.strides), self.padding, self.output_padding, self.data_format, self.dilation)
        return ops.conv_transpose(x, kernel, *options)


def concrete(x: Any) -> np.ndarray[Any, Any] | None:
    """The values of a tensor in the memory of the CPU; None of others, and inside of compiled programs."""
    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        from maclaurin.torch.arrays import as_array, is_plain

        plain = not torch.compiler.is_compiling() and x.device.type == "cpu" and is_plain(x)
        return as_array(x) if plain else None
    if backend == "jax":
        from jax import Array
        from jax.core import Tracer

        plain = isinstance(x, Array) and not isinstance(x, Tracer)
        return np.asarray(x) if plain and {device.platform for device in x.devices()} == {"cpu"} else None
    import tensorflow

    if tensorflow.is_symbolic_tensor(x) or "CPU" not in x.device:
        return None
    return np.asarray(x)


def expand(
    x: Any,
    series: Any,
    at: rows.Place,
    coefficients: Sequence[float],
    kind: rows.Kind | rows.Basis,
    degrees: Sequence[int],
    axis: int,
    scale: float,
    shift: float,
) -> Any:
    """The expansion of x by a series or an approximation along the axis of channels, in the type of x.

    Args:
        at, coefficients: where the coefficients belong, and these.
        degrees: those that come out, with 0 for the constant.
    """
    backend = keras.backend.backend()
    if backend == "jax":
        from maclaurin.jax import expand as expand_jax

        # Of a basis the series tells.
        given = "terms" if kind == "basis" else kind
        options: dict[str, Any] = {"kind": given, "degrees": [degree for degree in degrees if degree > 0]}
        options |= {"constant": 0 in degrees, "axis": axis, "stack": False, "scale": scale, "shift": shift}
        return expand_jax(x, series, **options)
    if backend == "torch":
        # Compilers cannot trace a series, but numbers.
        from maclaurin.torch.expansion import expand_by

        return expand_by(x, list(coefficients), (at, kind, list(degrees), axis, False, scale, shift))
    t = ops.cast(x, _precision(x))
    if kind == "basis":
        values = rows.basis(t, ops, coefficients, degrees, scale, shift)
        return ops.cast(ops.concatenate(values, axis=axis), x.dtype)
    # Multiplying by 1 and adding 0 would cost a pass over memory each.
    t = t if scale == 1 else t * scale
    offset = shift if isinstance(at, tuple) else shift - at
    t = t if offset == 0 else t + offset
    if kind == "sum":
        return ops.cast(rows.total(t, ops.ones_like, coefficients, at), x.dtype)
    return ops.cast(ops.concatenate(rows.rows(t, ops.ones_like, coefficients, kind, degrees), axis=axis), x.dtype)


def activation(x: Any, coefficients: Any, at: rows.Place) -> Any:
    """The polynomial of trained coefficients about a point, or on a range, at every value, in the type of x."""
    backend = keras.backend.backend()
    if backend == "jax":
        from maclaurin.jax import taylor_activation as activation_jax

        return activation_jax(x, coefficients, at=at)
    if backend == "torch":
        from maclaurin.torch import taylor_activation as activation_torch

        return activation_torch(x, coefficients, at=at)
    t = ops.cast(x, _precision(x))
    t = t if isinstance(at, tuple) or at == 0 else t - at
    return ops.cast(rows.total(t, ops.ones_like, ops.unstack(ops.cast(coefficients, t.dtype)), at), x.dtype)


def dense(x: Any, kernel: Any, bias: Any, order: int, at: float) -> Any:
    """The layer b + sum_k W_k (x - at)^k: x of shape (..., in), kernel (order * in, out)."""
    backend = keras.backend.backend()
    if backend == "jax":
        from maclaurin.jax import taylor_linear as linear_jax

        return linear_jax(x, ops.transpose(kernel), bias, order=order, at=at)
    if backend == "torch":
        from maclaurin.torch import taylor_linear as linear_torch

        return linear_torch(x, kernel.T, bias, order=order, at=at)
    y = one_power_at_a_time(ops.matmul, x, kernel, order, at, axis=0)
    return y if bias is None else y + ops.cast(bias, y.dtype)


def native_convolution(x: Any, kernel: Any, bias: Any, channels_last: bool, **options: Any) -> Any:
    """The convolution by maclaurin.jax or maclaurin.torch: of signals and images by the native kernels on CPU.

    Args:
        kernel: (*extents, channels, filters).
        options: as taylor_conv2d of both takes them; those of each axis as sequences.
    """
    axes = len(kernel.shape) - 2
    kernel, name = ops.transpose(kernel, (axes + 1, axes, *range(axes))), f"taylor_conv{axes}d"
    if keras.backend.backend() == "jax":
        import maclaurin.jax

        return getattr(maclaurin.jax, name)(x, kernel, bias, channels_last=channels_last, **options)
    import maclaurin.torch

    convolve = getattr(maclaurin.torch, name)
    if not channels_last:
        return convolve(x, kernel, bias, **options)
    y = convolve(x.permute(0, axes + 1, *range(1, axes + 1)), kernel, bias, **options)
    return y.permute(0, *range(2, axes + 2), 1)


def one_power_at_a_time(linear: Linear, x: Any, kernel: Any, order: int, at: float, axis: int) -> Any:
    """sum_k linear((x - at)^k, W_k), in float32 at least; powers are recomputed in the backward pass, not stored.

    Args:
        axis: that of the kernel's inputs, along which the weights of each degree follow one another.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _on_tensorflow(linear, x, kernel, order, at, axis)

    def compute(x: Any, kernel: Any) -> Any:
        return _sum(linear, x, kernel, order, at, axis)

    if backend == "jax":
        import jax

        return jax.checkpoint(compute)(x, kernel)
    import torch
    from torch.utils.checkpoint import checkpoint

    from maclaurin.torch.arrays import is_plain

    # Transforms of torch.func cannot pass what checkpoints are made of; compilers recompute by themselves.
    if torch.compiler.is_compiling() or not (torch.is_grad_enabled() and is_plain(x, kernel)):
        return compute(x, kernel)
    return checkpoint(compute, x, kernel, use_reentrant=False, preserve_rng_state=False)


def _precision(x: Any) -> str:
    return "float64" if keras.backend.standardize_dtype(x.dtype) == "float64" else "float32"


def _sum(linear: Linear, x: Any, kernel: Any, order: int, at: Any, axis: int) -> Any:
    t = ops.cast(x, _precision(x)) - at
    total, power = None, t
    for degree, part in enumerate(ops.split(ops.cast(kernel, t.dtype), order, axis=axis), 1):
        power = power if degree == 1 else power * t
        term = linear(power, part)
        total = term if total is None else total + term
    return total


def _on_tensorflow(linear: Linear, x: Any, kernel: Any, order: int, at: float, axis: int) -> Any:
    """`one_power_at_a_time` with a gradient of its own, of operations that are differentiable themselves."""
    import tensorflow as tf

    if x.shape[0] == 0:
        # TensorFlow gives convolutions of no image a wrong shape.
        one = tf.pad(x, [(0, 1), *((0, 0) for _ in x.shape[1:])])
        return _on_tensorflow(linear, one, kernel, order, at, axis)[:0]

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def compute(x: Any, kernel: Any) -> Any:
        def backward(gradient: Any) -> tuple[Any, Any]:
            # A zero that depends on the gradient: compilers cannot reuse, and keep, the powers of the forward pass.
            first = tf.reduce_sum(tf.reshape(tf.stop_gradient(gradient), [-1])[:1])
            zero = tf.minimum(tf.cast(tf.math.is_nan(first), first.dtype), 0)
            t = tf.cast(x, gradient.dtype) - (zero + at)
            of_x: Any = None
            of_parts: list[Any] = []
            below, power = None, t
            for degree, part in enumerate(tf.split(tf.cast(kernel, t.dtype), order, axis=axis), 1):
                of_power, of_part = _transposes(linear)(power, part, gradient)
                of_parts.append(of_part)
                of_x = of_power if below is None else of_x + degree * below * of_power
                below, power = power, power * t
            return tf.cast(of_x, x.dtype), tf.cast(tf.concat(of_parts, axis), kernel.dtype)

        # A tape would keep the powers of tensors that it watches. Graphs drop what is not used, and forward
        # accumulators inside of them follow what is computed.
        watched = tf.stop_gradient if tf.executing_eagerly() else tf.identity
        return _sum(linear, watched(x), watched(kernel), order, at, axis), backward

    return compute(x, tf.convert_to_tensor(kernel))


@functools.lru_cache(maxsize=256)
def _transposes(linear: Linear) -> Any:
    """The vector-Jacobian products of a bilinear function by both arguments.

    As a function of a graph, because tapes do not record inside of forward accumulators.
    """
    import tensorflow as tf

    @tf.function(autograph=False, reduce_retracing=True)  # type: ignore[untyped-decorator]
    def transposes(power: Any, part: Any, gradient: Any) -> Any:
        return tf.gradients(linear(power, part), [power, part], gradient)

    return transposes
