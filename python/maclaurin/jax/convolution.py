"""Convolution over the powers of the input, without storing them: y = b + sum_k W_k * (x - x0)^k."""

from __future__ import annotations

import ctypes
import dataclasses
import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from maclaurin import convolution
from maclaurin._native import xla_handlers
from maclaurin.convolution import Padding, Start
from maclaurin.series import Point

#: Under this name XLA knows the native kernels.
TARGET = "maclaurin_convolve"
_HANDLER = jax.ffi.pycapsule(ctypes.c_void_p(xla_handlers()[1]))  # type: ignore[no-untyped-call]
jax.ffi.register_ffi_target(TARGET, _HANDLER, platform="cpu")

#: The native passes, as the handler counts them.
FORWARD, OF_INPUT, OF_WEIGHT = range(3)


class _Plan(NamedTuple):
    """What a convolution does, apart from its arrays."""

    order: int
    at: float
    geometry: convolution.Geometry
    channels_last: bool


def taylor_conv2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    coefficients: Any = None,
    *,
    order: int,
    at: float = 0.0,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    channels_last: bool = False,
) -> jax.Array:
    """Convolves the powers (x - at)^k, k from 1 to order, or the terms of a series, of images.

    Args:
        x: (images, channels, rows, columns), with channels_last (images, rows, columns, channels).
        weight: (out, order * channels / groups, rows, columns): all channels of degree 1, then of degree 2, ...
        coefficients: None, or a_1 ... a_order: what is convolved is then a_k (x - at)^k.
        stride, padding, dilation, groups: as `maclaurin.convolve` takes them. Padding adds values equal to
            `at`, whose powers are zero.

    Nothing but x is kept for the way back. On CPU the native kernels do the work.

    >>> x = jnp.array([[[[1.0, 2.0, 3.0]]]])
    >>> taylor_conv2d(x, jnp.array([[[[1.0, 1.0]], [[10.0, 10.0]]]]), order=2).tolist()
    [[[[53.0, 135.0]]]]
    """
    x, weight = jnp.asarray(x), jnp.asarray(weight)
    if x.ndim != 4 or weight.ndim != 4:
        raise ValueError(f"expected x and weight of 4 dimensions, not {x.ndim} and {weight.ndim}")
    if not jnp.issubdtype(x.dtype, jnp.floating):
        raise TypeError(f"convolutions take floating point numbers, not {x.dtype}")
    channels = x.shape[3 if channels_last else 1]
    if channels % groups or weight.shape[0] % groups or weight.shape[1] != order * channels // groups:
        raise ValueError(
            f"weights of shape {weight.shape} do not fit {channels} channels in {groups} group(s) at order {order}: "
            f"they need {order * channels // groups} input channels"
        )
    geometry = convolution.geometry(weight.shape[2:], stride, padding, dilation, groups)
    precision = jnp.promote_types(x.dtype, jnp.float32)
    weight = weight.astype(precision)
    bias = jnp.zeros(weight.shape[0], precision) if bias is None else jnp.asarray(bias, precision)
    if coefficients is not None:
        coefficients = jnp.asarray(coefficients, precision)
        if coefficients.shape != (order,):
            raise ValueError(f"expected {order} coefficients, a_1 ... a_{order}, not shape {coefficients.shape}")
        weight = weight * jnp.repeat(coefficients, weight.shape[1] // order)[:, None, None]
    plan = _Plan(order, float(at), geometry, channels_last)
    # Raises if the kernel does not fit.
    if min(_shape(plan, x.shape, weight.shape)) < 1 and 0 not in x.shape:
        raise ValueError(f"a kernel of {weight.shape[2:]} spans more than the padded input of shape {x.shape}")
    return _convolve(plan, x, weight, bias)


def taylor_conv1d(
    x: Any,
    weight: Any,
    bias: Any = None,
    coefficients: Any = None,
    *,
    order: int,
    at: float = 0.0,
    stride: int = 1,
    padding: int | str = 0,
    dilation: int = 1,
    groups: int = 1,
) -> jax.Array:
    """`taylor_conv2d` for signals: x of shape (signals, channels, length), weight (out, order * channels / groups, k).

    >>> taylor_conv1d(jnp.array([[[1.0, 2.0]]]), jnp.array([[[1.0], [1.0]]]), order=2).tolist()
    [[[2.0, 6.0]]]
    """
    sides: Any = padding if isinstance(padding, str) else (0, padding)
    rows, kernels = jnp.asarray(x)[:, :, None], jnp.asarray(weight)[:, :, None]
    options: dict[str, Any] = {"order": order, "at": at, "padding": sides, "groups": groups}
    options |= {"stride": (1, stride), "dilation": (1, dilation)}
    return taylor_conv2d(rows, kernels, bias, coefficients, **options)[:, :, 0]


def taylor_linear(
    x: Any, weight: Any, bias: Any = None, coefficients: Any = None, *, order: int, at: float = 0.0
) -> jax.Array:
    """The layer b + sum_k W_k (x - at)^k: x of shape (..., in), weight (out, order * in).

    >>> taylor_linear(jnp.array([3.0]), jnp.array([[2.0, 5.0]]), order=2).tolist()
    [51.0]
    """
    x, weight = jnp.asarray(x), jnp.asarray(weight)
    lines = x.reshape(1, 1, -1, x.shape[-1])
    y = taylor_conv2d(lines, weight[:, :, None, None], bias, coefficients, order=order, at=at, channels_last=True)
    return y.reshape(*x.shape[:-1], weight.shape[0])


def _shape(plan: _Plan, x: Sequence[int], weight: Sequence[int]) -> tuple[int, ...]:
    """The output's shape."""
    images, rows, columns = (x[0], x[1], x[2]) if plan.channels_last else (x[0], x[2], x[3])
    extents = []
    for axis, extent in enumerate((rows, columns)):
        span = (weight[2 + axis] - 1) * plan.geometry.dilation[axis] + 1
        extents.append((extent + sum(plan.geometry.padding[axis]) - span) // plan.geometry.stride[axis] + 1)
    return (images, *extents, weight[0]) if plan.channels_last else (images, weight[0], *extents)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _convolve(plan: _Plan, x: jax.Array, weight: jax.Array, bias: jax.Array) -> jax.Array:
    shape = _like(x, _shape(plan, x.shape, weight.shape))
    y: jax.Array = _on_cpu(plan, FORWARD, shape, functools.partial(_portable, plan), x, weight, bias)
    return y


def _forward(plan: _Plan, x: jax.Array, weight: jax.Array, bias: jax.Array) -> tuple[jax.Array, tuple[Any, ...]]:
    return _convolve(plan, x, weight, bias), (x, weight, bias)


def _backward(plan: _Plan, kept: tuple[Any, ...], gradient: jax.Array) -> tuple[jax.Array, ...]:
    return _gradients(plan, gradient, *kept)


_convolve.defvjp(_forward, _backward)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _gradients(
    plan: _Plan, gradient: jax.Array, x: jax.Array, weight: jax.Array, bias: jax.Array
) -> tuple[jax.Array, ...]:
    def portable(gradient: jax.Array, x: jax.Array, weight: jax.Array) -> tuple[jax.Array, ...]:
        return _portable_gradients(plan, gradient, x, weight, bias)

    of_x = _on_cpu(plan, OF_INPUT, _like(x), lambda *a: portable(*a)[0], gradient, x, weight)
    of_weight, of_bias = _on_cpu(
        plan, OF_WEIGHT, (_like(weight), _like(bias)), lambda g, x: portable(g, x, weight)[1:], gradient, x
    )
    return of_x, of_weight, of_bias


def _gradients_forward(plan: _Plan, *arrays: jax.Array) -> tuple[tuple[jax.Array, ...], tuple[Any, ...]]:
    return _gradients(plan, *arrays), arrays


def _gradients_backward(plan: _Plan, kept: tuple[Any, ...], cotangents: Any) -> tuple[jax.Array, ...]:
    # For gradients of gradients, operations that have gradients themselves.
    _, back = jax.vjp(functools.partial(_portable_gradients, plan), *kept)
    found: tuple[jax.Array, ...] = back(cotangents)
    return found


_gradients.defvjp(_gradients_forward, _gradients_backward)


def _portable_gradients(plan: _Plan, gradient: Any, x: Any, weight: Any, bias: Any) -> tuple[jax.Array, ...]:
    """The gradients in JAX's own operations: powers are made again, and none is kept for the next."""
    t = x.astype(weight.dtype) - plan.at
    gradient = gradient.astype(weight.dtype)
    of_x, of_weight = jnp.zeros_like(t), []
    below, power = jnp.ones_like(t), t
    for degree, part in enumerate(jnp.split(weight, plan.order, axis=1), 1):
        _, back = jax.vjp(functools.partial(_plain, plan), power, part)
        of_power, of_part = back(gradient)
        of_x = of_x + degree * below * of_power
        of_weight.append(of_part)
        below, power = power, power * t
    of_bias = gradient.sum((0, 1, 2) if plan.channels_last else (0, 2, 3))
    return of_x.astype(x.dtype), jnp.concatenate(of_weight, 1), of_bias.astype(bias.dtype)


def _portable(plan: _Plan, x: jax.Array, weight: jax.Array, bias: jax.Array) -> jax.Array:
    """The convolution in JAX's own operations, one power at a time."""
    t = x.astype(weight.dtype) - plan.at
    y = bias if plan.channels_last else bias[:, None, None]
    power = t
    for part in jnp.split(weight, plan.order, axis=1):
        y = y + _plain(plan, power, part)
        power = power * t
    return y.astype(x.dtype)


def _plain(plan: _Plan, images: jax.Array, weight: jax.Array) -> jax.Array:
    """The convolution of the images themselves."""
    order = "NHWC" if plan.channels_last else "NCHW"
    return jax.lax.conv_general_dilated(
        images,
        weight,
        window_strides=plan.geometry.stride,
        padding=plan.geometry.padding,
        rhs_dilation=plan.geometry.dilation,
        feature_group_count=plan.geometry.groups,
        dimension_numbers=(order, "OIHW", order),
    )


def _like(array: jax.Array, shape: Sequence[int] | None = None) -> Any:
    """The shape and type of a result."""
    shape = array.shape if shape is None else tuple(shape)
    return jax.ShapeDtypeStruct(shape, array.dtype)  # type: ignore[no-untyped-call]


def _on_cpu(plan: _Plan, number: int, shape: Any, portable: Any, *arrays: jax.Array) -> Any:
    """The native kernels on CPU, JAX's own operations elsewhere."""
    if any(0 in array.shape for array in arrays):
        return portable(*arrays)
    (above, below), (left, right) = plan.geometry.padding
    (s0, s1), (d0, d1) = plan.geometry.stride, plan.geometry.dilation
    options = [number, plan.channels_last, plan.order, plan.geometry.groups, s0, s1, above, below, left, right, d0, d1]
    call = jax.ffi.ffi_call(TARGET, shape, vmap_method="sequential")

    def native(*arrays: jax.Array) -> Any:
        return call(  # type: ignore[no-untyped-call]
            *arrays, numbers=np.array([plan.at]), options=np.array(options, dtype=np.int64)
        )

    return jax.lax.platform_dependent(*arrays, cpu=native, default=portable)


@dataclasses.dataclass(frozen=True)
class TaylorConv2d:
    """A convolution over the powers of its input, as a pair of functions: parameters are a plain dictionary.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, dilation, groups, channels_last: as
            `taylor_conv2d` takes them.
        use_bias: whether there is a bias.
        function, order, at: as `maclaurin.taylor` takes them; order is the highest power.
        start: "series" begins as the convolution of the function: W_k = a_k W, and a_0 W added up in the bias.
            "random" draws all W_k, with variances that keep a standard normal input's scale.

    >>> layer = TaylorConv2d(3, 16, 3, padding=1, order=3)
    >>> parameters = layer.init(jax.random.key(0))
    >>> parameters["weight"].shape, layer(parameters, jnp.zeros((2, 3, 32, 32))).shape
    ((16, 9, 3, 3), (2, 16, 32, 32))
    """

    in_channels: int
    out_channels: int
    kernel_size: int | tuple[int, int]
    stride: int | tuple[int, int] = 1
    padding: Any = 0
    dilation: int | tuple[int, int] = 1
    groups: int = 1
    use_bias: bool = True
    function: Any = "softplus"
    order: int = 4
    at: Point = 0
    start: Start = "series"
    channels_last: bool = False

    def __post_init__(self) -> None:
        """Refuses what does not fit before there are parameters."""
        if self.start not in ("series", "random"):
            raise ValueError(f'start {self.start!r} is neither "series" nor "random"')
        if self.groups < 1 or self.in_channels % self.groups or self.out_channels % self.groups:
            raise ValueError(
                f"{self.in_channels} and {self.out_channels} channels cannot be split into {self.groups} groups"
            )
        center, factors = convolution.factors(self.function, self.order, self.at)
        object.__setattr__(self, "_center", center)
        object.__setattr__(self, "_factors", factors)

    def init(self, key: Any, dtype: Any = jnp.float32) -> dict[str, jax.Array]:
        """Parameters: `weight` and, with use_bias, `bias`."""
        kernel = convolution.pair("kernel_size", self.kernel_size)
        shape = (self.out_channels, self.in_channels // self.groups, *kernel)
        fan_in = math.prod(shape[1:])
        bound = 1 / math.sqrt(fan_in)
        if self.start == "random":
            deviations = convolution.deviations(self.order, fan_in)
            keys = jax.random.split(key, self.order)
            parts = [s * jax.random.normal(k, shape, dtype) for s, k in zip(deviations, keys, strict=True)]
            bias = jnp.zeros(self.out_channels, dtype)
        else:
            constant, *factors = self._factors  # type: ignore[attr-defined]
            key, other = jax.random.split(key)
            # As PyTorch's convolutions begin.
            first = jax.random.uniform(key, shape, dtype, -bound, bound)
            parts = [factor * first for factor in factors]
            bias = jax.random.uniform(other, (self.out_channels,), dtype, -bound, bound)
            bias = bias + constant * first.sum((1, 2, 3))
        weight = jnp.concatenate(parts, 1)
        return {"weight": weight, "bias": bias} if self.use_bias else {"weight": weight}

    def __call__(self, parameters: Any, x: Any) -> jax.Array:
        """The convolution of x."""
        return taylor_conv2d(
            x,
            parameters["weight"],
            parameters.get("bias"),
            order=self.order,
            at=self._center,  # type: ignore[attr-defined]
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
            channels_last=self.channels_last,
        )
