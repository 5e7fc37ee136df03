"""The convolution over powers and its derivatives in JAX's own operations, one power at a time.

y = b + sum_k W_k * t^k, with t = x - x0. Its derivatives in W and b are itself, and in x

    the tangent along v:        sum_k W_k * (k t^(k-1) v)
    the gradient for g:         sum_k k t^(k-1) (W_k^T * g)

where * is a convolution or a transposed one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from maclaurin.convolution import Geometry
from maclaurin.jax.expansion import precision
from maclaurin.jax.operation import align


class Plan(NamedTuple):
    """What a convolution does, apart from its arrays: images of shape (images, channels, ...), weights, a bias.

    Weights are (out, order * in / groups, *kernel), those of a transposed convolution
    (order * in, out / groups, *kernel), in each group those of all channels of degree 1 first.
    """

    order: int
    at: float
    kernel: tuple[int, ...]
    geometry: Geometry
    channels_last: bool = False

    @property
    def axes(self) -> int:
        """The number of spatial axes; the linear layer has none."""
        return len(self.kernel)

    @property
    def transposed(self) -> bool:
        """Whether the convolution is a transposed one."""
        return self.geometry.output_padding is not None

    @property
    def channels(self) -> int:
        """The axis of an image's channels."""
        return self.axes + 1 if self.channels_last else 1

    @property
    def inputs(self) -> int:
        """The axis of the weights along which the degrees follow one another."""
        return 0 if self.transposed else 1

    def weight_shape(self, inputs: int, outputs: int) -> tuple[int, ...]:
        """The shape of the weights between these numbers of channels.

        >>> from maclaurin.convolution import geometry
        >>> Plan(3, 0.0, (5,), geometry((5,), groups=2)).weight_shape(4, 8)
        (8, 6, 5)
        """
        inputs, groups = inputs * self.order, self.geometry.groups
        lead = (inputs, outputs // groups) if self.transposed else (outputs, inputs // groups)
        return *lead, *self.kernel

    def along_channels(self, bias: jax.Array) -> jax.Array:
        """A bias in a shape that can be added to images."""
        return bias if self.channels == self.axes + 1 else bias.reshape(-1, *[1] * self.axes)


def convolve(plan: Plan, images: jax.Array, weight: jax.Array) -> jax.Array:
    """The convolution of the images themselves, with the weights of one degree.

    >>> from maclaurin.convolution import geometry
    >>> plan = Plan(1, 0.0, (2,), geometry((2,), stride=2, output_padding=0))
    >>> convolve(plan, jnp.array([[[1.0, 2.0]]]), jnp.array([[[1.0, 3.0]]])).tolist()
    [[[1.0, 3.0, 2.0, 6.0]]]
    """
    stride, padding, dilation, groups, added = plan.geometry
    if not plan.axes and groups == 1:
        return jax.lax.dot_general(images, weight, (((1,), (1,)), ((), ())))
    scale = (1,) * plan.axes
    if added is not None:
        # As the convolution of the images with stride - 1 zeros between their values, by the kernel reversed.
        inputs, outputs = weight.shape[:2]
        weight = weight.reshape(groups, inputs // groups, outputs, *plan.kernel).swapaxes(1, 2)
        weight = jnp.flip(weight.reshape(groups * outputs, inputs // groups, *plan.kernel), range(2, plan.axes + 2))
        spans = [(size - 1) * rate for size, rate in zip(plan.kernel, dilation, strict=True)]
        padding = tuple(
            (span - before, span - after + more)
            for span, (before, after), more in zip(spans, padding, added, strict=True)
        )
        stride, scale = scale, stride
    spatial = "DHW"[3 - plan.axes :]
    layout = f"N{spatial}C" if plan.channels_last else f"NC{spatial}"
    y: jax.Array = jax.lax.conv_general_dilated(
        images, weight, stride, padding, scale, dilation, (layout, f"OI{spatial}", layout), groups
    )
    return y


def _degrees(plan: Plan, x: jax.Array, weight: jax.Array | None) -> Iterator[tuple[Any, jax.Array, Any]]:
    """For each degree k: k t^(k-1), t^k, and the weights."""
    t = x.astype(precision(x.dtype)) - plan.at
    parts = [None] * plan.order if weight is None else jnp.split(weight, plan.order, plan.inputs)
    below: Any = 1.0
    power = t
    for degree, part in enumerate(parts, 1):
        yield degree * below, power, part
        below, power = power, power * t


def forward(plan: Plan, x: jax.Array, weight: jax.Array, bias: jax.Array) -> list[jax.Array]:
    """The convolution over powers."""
    y: Any = plan.along_channels(bias)
    for _, power, part in _degrees(plan, x, weight):
        y = y + convolve(plan, power, part)
    return [y.astype(x.dtype)]


def tangent(plan: Plan, x: jax.Array, weight: jax.Array, along: jax.Array) -> list[jax.Array]:
    """The Jacobian-vector product in x."""
    along = along.astype(weight.dtype)
    y: Any = 0.0
    for slope, _, part in _degrees(plan, x, weight):
        y = y + convolve(plan, slope * along, part)
    return [y.astype(x.dtype)]


def gradient_of_input(plan: Plan, x: jax.Array, weight: jax.Array, gradient: jax.Array) -> list[jax.Array]:
    """The vector-Jacobian product in x."""
    # Otherwise compilers would store the powers of the forward pass for this one.
    x = jax.lax.optimization_barrier(x)  # type: ignore[no-untyped-call]
    gradient = gradient.astype(weight.dtype)
    found: Any = 0.0
    for slope, power, part in _degrees(plan, x, weight):
        found = found + slope * transpose(lambda t, part=part: convolve(plan, t, part), power, gradient)
    return [found.astype(x.dtype)]


def gradient_of_weight(plan: Plan, x: jax.Array, gradient: jax.Array) -> list[jax.Array]:
    """The vector-Jacobian products in the weights and in the bias."""
    x = jax.lax.optimization_barrier(x)  # type: ignore[no-untyped-call]
    gradient = gradient.astype(precision(x.dtype))
    shape = plan._replace(order=1).weight_shape(x.shape[plan.channels], gradient.shape[plan.channels])
    like, x = align(jnp.zeros(shape, gradient.dtype), x)
    found = [
        transpose(lambda part, power=power: convolve(plan, power, part), like, gradient)
        for _, power, _ in _degrees(plan, x, None)
    ]
    others = [axis for axis in range(gradient.ndim) if axis != plan.channels]
    return [jnp.concatenate(found, plan.inputs), gradient.sum(others)]


def transpose(function: Any, like: Any, gradient: Any) -> Any:
    """The vector-Jacobian product of a linear function of an array like this.

    >>> transpose(lambda x: 3 * x, jnp.zeros(2), jnp.array([1.0, 2.0])).tolist()
    [3.0, 6.0]
    """
    return jax.linear_transpose(function, like)(gradient)[0]
