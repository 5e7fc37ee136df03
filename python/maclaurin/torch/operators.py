"""The operators of convolution over powers: custom ones on the native kernels, and PyTorch's own operations."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import conv_flop_count, register_flop_formula

from maclaurin import _native
from maclaurin.convolution import Geometry
from maclaurin.torch.arrays import as_array, as_tensor, is_transformed
from maclaurin.torch.expansion import differentiable

_CONVOLUTIONS: dict[tuple[bool, int], Any] = {
    (False, 1): functional.conv1d, (False, 2): functional.conv2d, (False, 3): functional.conv3d,
    (True, 1): functional.conv_transpose1d, (True, 2): functional.conv_transpose2d,
    (True, 3): functional.conv_transpose3d,
}  # fmt: skip


def is_autocast(x: Tensor) -> bool:
    """Whether autocast is on for the device of x."""
    device = x.device.type
    return torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)


def flat(chosen: Geometry) -> tuple[list[int], list[int], list[int], int, list[int] | None]:
    """A geometry as operators take it: lists of numbers."""
    sides = [side for pair in chosen.padding for side in pair]
    added = None if chosen.output_padding is None else list(chosen.output_padding)
    return list(chosen.stride), sides, list(chosen.dilation), chosen.groups, added


def _nested(stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int], groups: int) -> Geometry:
    sides = tuple(zip(padding[::2], padding[1::2], strict=True))
    return Geometry(tuple(stride), sides, tuple(dilation), groups)


def _last(x: Tensor) -> bool:
    """Whether the output is to be channels-last: if x is, and is nothing else."""
    return x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


def _precise(x: Tensor, weight: Tensor) -> Tensor:
    """Weights in the precision that sums over x are made in."""
    return weight.detach().to(torch.float64 if x.dtype == torch.float64 else torch.float32)


@torch.library.custom_op("maclaurin::convolve", mutates_args=())
def convolve_natively(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    order: int,
    at: float,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
) -> Tensor:
    """The native kernel, as an operator that autograd and compilers know."""
    chosen = _nested(stride, padding, dilation, groups)[:4]
    start = None if bias is None else as_array(_precise(x, bias))
    factors = as_array(_precise(x, weight))
    threads = torch.get_num_threads()
    return as_tensor(_native.convolve(as_array(x), factors, start, None, _last(x), order, at, *chosen, threads))


@convolve_natively.register_fake
def _(x: Tensor, weight: Tensor, bias: Tensor | None, order: int, at: float, stride: Sequence[int],
      padding: Sequence[int], dilation: Sequence[int], groups: int) -> Tensor:  # fmt: skip
    extents = _nested(stride, padding, dilation, groups).extents(x.shape[2:], weight.shape[2:])
    layout = torch.channels_last if _last(x) else torch.contiguous_format
    shape = (x.shape[0], weight.shape[0], *extents)
    return torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=layout)


@torch.library.custom_op("maclaurin::convolve_backward", mutates_args=())
def _convolve_backward(
    gradient: Tensor,
    x: Tensor,
    weight: Tensor,
    order: int,
    at: float,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    wanted: Sequence[bool],
) -> tuple[Tensor, Tensor, Tensor]:
    plan = (order, at, *_nested(stride, padding, dilation, groups)[:4], torch.get_num_threads())
    values, upstream = as_array(x), as_array(gradient)
    of_x, of_weight, of_bias = x.new_empty(0), weight.new_empty(0), weight.new_empty(0)
    if wanted[0]:
        factors = as_array(_precise(x, weight))
        of_x = as_tensor(_native.convolve_backward_input(upstream, values, factors, _last(x), *plan))
    if wanted[1] or wanted[2]:
        found = _native.convolve_backward_weight(upstream, values, tuple(weight.shape), *plan)
        of_weight, of_bias = (as_tensor(array).to(weight.dtype) for array in found)
    return of_x, of_weight, of_bias


@_convolve_backward.register_fake
def _(gradient: Tensor, x: Tensor, weight: Tensor, order: int, at: float, stride: Sequence[int],
      padding: Sequence[int], dilation: Sequence[int], groups: int,
      wanted: Sequence[bool]) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    both = wanted[1] or wanted[2]
    layout = torch.channels_last if _last(x) else torch.contiguous_format
    return (
        torch.empty(x.shape, dtype=x.dtype, device=x.device, memory_format=layout) if wanted[0] else x.new_empty(0),
        weight.new_empty(weight.shape) if both else weight.new_empty(0),
        weight.new_empty(weight.shape[0]) if both else weight.new_empty(0),
    )


@register_flop_formula(torch.ops.maclaurin.convolve)
def _(x: Any, weight: Any, *_: Any, out_shape: Any = None, **__: Any) -> int:
    """Those of a convolution of the concatenated powers."""
    return conv_flop_count(list(x), list(weight), list(out_shape))


@register_flop_formula(torch.ops.maclaurin.convolve_backward)
def _(gradient: Any, x: Any, weight: Any, *options: Any, out_shape: Any = None, **__: Any) -> int:
    wanted = options[-1]
    passes = bool(wanted[0]) + bool(wanted[1])
    return passes * conv_flop_count(list(x), list(weight), list(gradient))


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, weight, bias, *ctx.plan = inputs
    ctx.save_for_backward(x, weight, bias)


def _backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
    inputs = ctx.saved_tensors
    wanted = list(ctx.needs_input_grad[:3])
    if torch.is_grad_enabled() or is_transformed(gradient):
        # For gradients of gradients, operations that have gradients themselves.
        found = differentiable(lambda *inputs: convolve_portably(*inputs, *ctx.plan), inputs, wanted, gradient)
    else:
        x, weight, bias = inputs
        of_x, of_weight, of_bias = _convolve_backward(gradient, x, weight, *ctx.plan, wanted)
        found = [of_x, of_weight, None if bias is None else of_bias.to(bias.dtype)]
    return (*(part if use else None for part, use in zip(found, wanted, strict=True)), *(None for _ in ctx.plan))


convolve_natively.register_autograd(_backward, setup_context=_save)


def convolve_portably(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    order: int,
    at: float,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    output_padding: Sequence[int] | None = None,
) -> Tensor:
    """The operator in PyTorch's own operations, one power at a time."""
    precision = x.dtype if x.device.type != "cpu" or x.dtype == torch.float64 else torch.float32
    axes, transposed = weight.dim() - 2, output_padding is not None
    # Autocast would round every power.
    with torch.autocast(x.device.type, enabled=False) if is_autocast(x) else nullcontext():
        t = x.to(precision)
        t = t if at == 0 else t - at
        t, sides = _padded(t, padding)
        y = None if bias is None else bias.to(precision).view(-1, *[1] * axes)
        power = t
        for part in weight.to(precision).chunk(order, 0 if transposed else 1):
            if axes == 0:
                term = functional.linear(power, part)
            else:
                options = (list(stride), sides, *([list(output_padding), groups] if output_padding is not None else []))
                rest = (list(dilation),) if transposed else (list(dilation), groups)
                term = _CONVOLUTIONS[transposed, axes](power, part, None, *options, *rest)
            y = term if y is None else y + term
            power = power * t
        return cast("Tensor", y).to(x.dtype)


def _padded(t: Tensor, padding: Sequence[int]) -> tuple[Tensor, list[int]]:
    """Values padded by zeros where the two sides of an axis differ, and the padding that is left to do."""
    before, after = list(padding[::2]), list(padding[1::2])
    if before == after:
        return t, before
    sides = [side for pair in zip(reversed(before), reversed(after), strict=True) for side in pair]
    return functional.pad(t, sides), [0] * len(before)


class Recomputed(torch.autograd.Function):
    """The operator where no native kernel is: nothing but x is kept, and powers are computed again."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, plan: tuple[Any, ...]) -> Tensor:
        ctx.save_for_backward(x, weight, bias)
        ctx.plan = plan
        image = x.device.type == "cuda" and x.dtype != torch.float64 and x.dim() == 4 and plan[-1] is None
        kernel = triton_kernel() if image else None
        if kernel is not None:
            return cast("Tensor", kernel.convolve(x, weight, bias, *plan[:-1]))
        return convolve_portably(x, weight, bias, *plan)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        (gradient,) = gradients
        inputs = ctx.saved_tensors
        wanted = list(ctx.needs_input_grad[:3])
        if torch.is_grad_enabled() or is_transformed(gradient):
            found = differentiable(lambda *inputs: convolve_portably(*inputs, *ctx.plan), inputs, wanted, gradient)
            return (*found, None)
        x, weight, bias = inputs
        order, at, stride, padding, dilation, groups, output_padding = ctx.plan
        transposed = output_padding is not None
        precision = x.dtype if x.device.type != "cpu" or x.dtype == torch.float64 else torch.float32
        gradient, (t, sides) = gradient.to(precision), _padded(x.to(precision) - at, padding)
        of_x = torch.zeros_like(t) if wanted[0] else None
        of_weight, power, below_power = [], t, torch.ones_like(t)
        for degree, part in enumerate(weight.to(precision).chunk(order, 0 if transposed else 1), 1):
            found = torch.ops.aten.convolution_backward(
                gradient, power, part, None, stride, sides, dilation, transposed,
                output_padding if transposed else [0] * len(stride), groups, [wanted[0], wanted[1], False],
            )  # fmt: skip
            if of_x is not None:
                # Not in place: the gradient may be a batch of gradients.
                of_x = torch.addcmul(of_x, found[0], below_power, value=degree)
            of_weight.append(found[1])
            below_power, power = power, power * t
        if of_x is not None:
            for axis, extent in enumerate(x.shape[2:]):
                of_x = of_x.narrow(2 + axis, padding[2 * axis] if of_x.shape[2 + axis] != extent else 0, extent)
            of_x = of_x.to(x.dtype)
        of_bias = gradient.sum([0, *range(2, gradient.dim())]).to(bias.dtype) if wanted[2] else None
        every = torch.cat(of_weight, 0 if transposed else 1).to(weight.dtype) if wanted[1] else None
        return of_x, every, of_bias, None


def triton_kernel() -> Any:
    """The module with the kernel in Triton, or None where there is no Triton."""
    try:
        from maclaurin.torch import triton
    except ImportError:
        return None
    return triton
