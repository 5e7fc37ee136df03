"""Convolution over the powers of the input, without storing them: y = b + sum_k W_k * (x - x0)^k."""

from __future__ import annotations

import operator
from typing import Any

import jax
import jax.numpy as jnp

from maclaurin import convolution
from maclaurin.convolution import Padding, Size
from maclaurin.jax.expansion import precision
from maclaurin.jax.passes import FORWARD
from maclaurin.jax.powers import Plan

__all__ = [
    "taylor_conv1d",
    "taylor_conv2d",
    "taylor_conv3d",
    "taylor_conv_transpose1d",
    "taylor_conv_transpose2d",
    "taylor_conv_transpose3d",
    "taylor_linear",
]


def taylor_conv2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    coefficients: Any = None,
    *,
    order: int,
    at: float | jax.Array = 0.0,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
    channels_last: bool = False,
) -> jax.Array:
    """Convolves the powers (x - at)^k, k from 1 to order, or the terms of a series, of images.

    Args:
        x: (images, channels, rows, columns), with channels_last (images, rows, columns, channels); or one image,
            without the first axis.
        weight: (out, order * channels / groups, rows, columns): all channels of degree 1, then of degree 2, ...
        bias: (out,), or None.
        coefficients: None, or a_1 ... a_order: what is convolved is then a_k (x - at)^k.
        at: a number, or a scalar array, which can be traced.
        stride, padding, dilation, groups: as `maclaurin.convolve` takes them. Padding adds values equal to
            `at`, whose powers are zero.

    The result has the type of x; sums are made in float32, for float64 in float64. All transformations of JAX apply;
    of the arrays only x and the weights are kept for a backward pass. On CPU the native kernels do the work.
    Raises ValueError for shapes that do not fit, TypeError for what is not floating point.

    >>> x = jnp.array([[[[1.0, 2.0, 3.0]]]])
    >>> taylor_conv2d(x, jnp.array([[[[1.0, 1.0]], [[10.0, 10.0]]]]), order=2).tolist()
    [[[[53.0, 135.0]]]]
    """
    return _planned(2, x, weight, bias, coefficients, order, at, channels_last, stride, padding, dilation, groups)


def taylor_conv1d(
    x: Any,
    weight: Any,
    bias: Any = None,
    coefficients: Any = None,
    *,
    order: int,
    at: float | jax.Array = 0.0,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
    channels_last: bool = False,
) -> jax.Array:
    """`taylor_conv2d` for signals: x of shape (signals, channels, length), weight (out, order * channels / groups, k).

    >>> taylor_conv1d(jnp.array([[[1.0, 2.0]]]), jnp.array([[[1.0], [1.0]]]), order=2).tolist()
    [[[2.0, 6.0]]]
    """
    return _planned(1, x, weight, bias, coefficients, order, at, channels_last, stride, padding, dilation, groups)


def taylor_conv3d(
    x: Any,
    weight: Any,
    bias: Any = None,
    coefficients: Any = None,
    *,
    order: int,
    at: float | jax.Array = 0.0,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
    channels_last: bool = False,
) -> jax.Array:
    """`taylor_conv2d` for volumes: x of shape (volumes, channels, depth, rows, columns). XLA's operations do the work.

    >>> taylor_conv3d(jnp.full((1, 1, 1, 1, 1), 3.0), jnp.ones((1, 2, 1, 1, 1)), order=2).item()
    12.0
    """
    return _planned(3, x, weight, bias, coefficients, order, at, channels_last, stride, padding, dilation, groups)


def taylor_conv_transpose2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    coefficients: Any = None,
    *,
    order: int,
    at: float | jax.Array = 0.0,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
    channels_last: bool = False,
) -> jax.Array:
    """The transposed convolution of the powers (x - at)^k, k from 1 to order, of images.

    Args:
        x: as `taylor_conv2d` takes it.
        weight: (order * channels, out / groups, rows, columns): all channels of degree 1, then of degree 2, ...
        bias, coefficients, at, channels_last: as `taylor_conv2d` takes them.
        stride, padding, output_padding, groups, dilation: as torch.nn.functional.conv_transpose2d takes them:
            numbers, or one for each axis.

    Type, transformations and errors are those of `taylor_conv2d`; XLA's operations do the work.

    >>> x = jnp.full((1, 1, 1, 1), 3.0)
    >>> taylor_conv_transpose2d(x, jnp.ones((2, 1, 1, 2)), order=2).tolist()
    [[[[12.0, 12.0]]]]
    """
    options = (order, at, channels_last, stride, padding, dilation, groups, output_padding)
    return _planned(2, x, weight, bias, coefficients, *options)


def taylor_conv_transpose1d(
    x: Any,
    weight: Any,
    bias: Any = None,
    coefficients: Any = None,
    *,
    order: int,
    at: float | jax.Array = 0.0,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
    channels_last: bool = False,
) -> jax.Array:
    """`taylor_conv_transpose2d` for signals: x of shape (signals, channels, length).

    >>> taylor_conv_transpose1d(jnp.array([[[1.0, 2.0]]]), jnp.ones((2, 1, 2)), order=2, stride=2).tolist()
    [[[2.0, 2.0, 6.0, 6.0]]]
    """
    options = (order, at, channels_last, stride, padding, dilation, groups, output_padding)
    return _planned(1, x, weight, bias, coefficients, *options)


def taylor_conv_transpose3d(
    x: Any,
    weight: Any,
    bias: Any = None,
    coefficients: Any = None,
    *,
    order: int,
    at: float | jax.Array = 0.0,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
    channels_last: bool = False,
) -> jax.Array:
    """`taylor_conv_transpose2d` for volumes: x of shape (volumes, channels, depth, rows, columns).

    >>> taylor_conv_transpose3d(jnp.ones((1, 1, 2, 2, 2)), jnp.ones((3, 4, 2, 2, 2)), order=3, stride=2).shape
    (1, 4, 4, 4, 4)
    """
    options = (order, at, channels_last, stride, padding, dilation, groups, output_padding)
    return _planned(3, x, weight, bias, coefficients, *options)


def taylor_linear(
    x: Any, weight: Any, bias: Any = None, coefficients: Any = None, *, order: int, at: float | jax.Array = 0.0
) -> jax.Array:
    """The layer b + sum_k W_k (x - at)^k: x of shape (..., in), weight (out, order * in).

    Type, transformations and errors are those of `taylor_conv2d`.

    >>> taylor_linear(jnp.array([3.0]), jnp.array([[2.0, 5.0]]), order=2).tolist()
    [51.0]
    """
    return _planned(0, x, weight, bias, coefficients, order, at)


def _planned(
    axes: int,
    x: Any,
    weight: Any,
    bias: Any,
    coefficients: Any,
    order: int,
    at: float | jax.Array,
    channels_last: bool = False,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
    output_padding: Size | None = None,
) -> jax.Array:
    """The convolution along a number of spatial axes: with output_padding transposed, along none the linear layer."""
    weight, order = jnp.asarray(weight), operator.index(order)
    if order < 1:
        raise ValueError(f"order must be an integer of at least 1, not {order}")
    if weight.ndim != axes + 2:
        raise ValueError(f"expected weight of {axes + 2} dimensions, not {weight.ndim}")
    geometry = convolution.geometry(weight.shape[2:], stride, padding, dilation, groups, output_padding)
    # What a transformation traces is no constant of a plan.
    traced = isinstance(at, jax.Array)
    plan = Plan(order, 0.0 if traced else float(at), weight.shape[2:], geometry, channels_last)
    return convolve(plan, x, weight, bias, coefficients, at if traced else None)


def convolve(plan: Plan, x: Any, weight: Any, bias: Any, coefficients: Any = None, at: Any = None) -> jax.Array:
    """The convolution by a plan.

    Args:
        at: None, or an array that x is relative to beside the plan's expansion point.

    >>> plan = Plan(2, 0.0, (), convolution.geometry(()))
    >>> convolve(plan, jnp.array([3.0]), jnp.array([[2.0, 5.0]]), None).tolist()
    [51.0]
    """
    x, weight = jnp.asarray(x), jnp.asarray(weight)
    axes, order = plan.axes, plan.order
    if x.ndim not in (axes + 1, axes + 2) and (axes or not x.ndim):
        expected = f"{axes + 1} or {axes + 2}" if axes else "1 or more"
        raise ValueError(f"expected x of {expected} dimensions, not {x.ndim}")
    if not jnp.issubdtype(x.dtype, jnp.floating):
        raise TypeError(f"convolutions take floating point numbers, not {x.dtype}")
    images = x.reshape(-1, x.shape[-1]) if not axes else x[None] if x.ndim == axes + 1 else x
    outputs = _check_shapes(plan, images.shape, weight.shape)
    kind = precision(x.dtype)
    weight = weight.astype(kind)
    if coefficients is not None:
        coefficients = jnp.asarray(coefficients, kind)
        if coefficients.shape != (order,):
            raise ValueError(f"expected {order} coefficients, a_1 ... a_{order}, not shape {coefficients.shape}")
        each = jnp.repeat(coefficients, weight.shape[plan.inputs] // order)
        weight = weight * jnp.expand_dims(each, [axis for axis in range(axes + 2) if axis != plan.inputs])
    bias = jnp.zeros(outputs, kind) if bias is None else jnp.asarray(bias, kind)
    if bias.shape != (outputs,):
        raise ValueError(f"expected a bias of shape ({outputs},), not {bias.shape}")
    if at is not None:
        images = images.astype(kind) - at.astype(kind)
    y: jax.Array = FORWARD(plan, images, weight, bias)[0].astype(x.dtype)
    return y.reshape(*x.shape[:-1], outputs) if not axes else y[0] if x.ndim == axes + 1 else y


def _check_shapes(plan: Plan, x: tuple[int, ...], weight: tuple[int, ...]) -> int:
    """The number of output channels, if all fits."""
    channels, groups = x[plan.channels], plan.geometry.groups
    outputs = weight[1] * groups if plan.transposed else weight[0]
    for which, number in (("input", channels), ("output", outputs)):
        if number % groups:
            raise ValueError(f"{number} {which} channels cannot be split into {groups} groups")
    needed = plan.weight_shape(channels, outputs)
    if tuple(weight) != needed:
        raise ValueError(
            f"weights of shape {weight} do not fit {channels} channels in {groups} group(s) at order {plan.order}: "
            f"they need {needed[plan.inputs]} input channels"
        )
    spatial = [extent for axis, extent in enumerate(x) if axis not in (0, plan.channels)]
    extents = plan.geometry.extents(spatial, plan.kernel)
    if any(isinstance(extent, int) and extent < 0 for extent in extents):
        raise ValueError(f"padding {plan.geometry.padding} leaves nothing of an input of shape {x}")
    return outputs
