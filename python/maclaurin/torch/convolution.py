"""Convolution over the powers of the input, without storing them: y = b + sum_k W_k * (x - x0)^k.

Functions and their operators. On CPU the native kernels convolve signals, images and rows of features;
elsewhere, in three dimensions and transposed, PyTorch's own convolutions do, one power at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import conv_flop_count, register_flop_formula

from maclaurin import _native, convolution
from maclaurin.convolution import Geometry, Padding, Size
from maclaurin.torch.arrays import FLOATS, as_array, as_tensor, is_plain, is_transformed
from maclaurin.torch.expansion import differentiable

_CONVOLUTIONS: dict[tuple[bool, int], Any] = {
    (False, 1): functional.conv1d, (False, 2): functional.conv2d, (False, 3): functional.conv3d,
    (True, 1): functional.conv_transpose1d, (True, 2): functional.conv_transpose2d,
    (True, 3): functional.conv_transpose3d,
}  # fmt: skip


def taylor_conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    coefficients: Tensor | None = None,
    *,
    order: int,
    at: float = 0.0,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """Convolves the powers (x - at)^k, k from 1 to order, or the terms of a series, of an image.

    Args:
        x: (N, C, H, W), or (C, H, W).
        weight: (out, order * C / groups, kH, kW): all channels of degree 1, then of degree 2, ...
        coefficients: None, or a_1 ... a_order of shape (order,): what is convolved is then
            a_k (x - at)^k, and the coefficients get gradients too.
        stride, padding, dilation, groups: as torch.nn.functional.conv2d takes them. Padding adds
            values equal to `at`, whose powers are zero.

    Nothing but x is kept for backward. A channels-last input gives a channels-last output.

    >>> x = torch.tensor([[[[1.0, 2.0, 3.0]]]])
    >>> taylor_conv2d(x, torch.tensor([[[[1.0, 1.0]], [[10.0, 10.0]]]]), order=2).tolist()
    [[[[53.0, 135.0]]]]
    """
    return convolve(2, x, weight, bias, coefficients, order, at, stride, padding, dilation, groups)


def taylor_conv1d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    coefficients: Tensor | None = None,
    *,
    order: int,
    at: float = 0.0,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """`taylor_conv2d` for signals: x of shape (N, C, L) or (C, L), weight (out, order * C / groups, k).

    >>> taylor_conv1d(torch.tensor([[1.0, 2.0]]), torch.tensor([[[1.0], [1.0]]]), order=2).tolist()
    [[2.0, 6.0]]
    """
    return convolve(1, x, weight, bias, coefficients, order, at, stride, padding, dilation, groups)


def taylor_conv3d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    coefficients: Tensor | None = None,
    *,
    order: int,
    at: float = 0.0,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """`taylor_conv2d` for volumes: x of shape (N, C, D, H, W) or (C, D, H, W).

    >>> x = torch.full((1, 1, 1, 1, 1), 3.0)
    >>> taylor_conv3d(x, torch.ones(1, 2, 1, 1, 1), order=2).item()
    12.0
    """
    return convolve(3, x, weight, bias, coefficients, order, at, stride, padding, dilation, groups)


def taylor_conv_transpose1d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    coefficients: Tensor | None = None,
    *,
    order: int,
    at: float = 0.0,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """`taylor_conv_transpose2d` for signals: x of shape (N, C, L) or (C, L).

    >>> x = torch.tensor([[[1.0, 2.0]]])
    >>> taylor_conv_transpose1d(x, torch.ones(2, 1, 2), order=2, stride=2).tolist()
    [[[2.0, 2.0, 6.0, 6.0]]]
    """
    options = (order, at, stride, padding, dilation, groups, output_padding)
    return convolve(1, x, weight, bias, coefficients, *options)


def taylor_conv_transpose2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    coefficients: Tensor | None = None,
    *,
    order: int,
    at: float = 0.0,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """The transposed convolution of the powers (x - at)^k, k from 1 to order, of an image.

    Args:
        x: (N, C, H, W), or (C, H, W).
        weight: (order * C, out / groups, kH, kW): all channels of degree 1, then of degree 2, ...
        coefficients: as `taylor_conv2d` takes them.
        stride, padding, output_padding, groups, dilation: as torch.nn.functional.conv_transpose2d takes them.

    Nothing but x is kept for backward.

    >>> x = torch.full((1, 1, 1, 1), 3.0)
    >>> taylor_conv_transpose2d(x, torch.ones(2, 1, 1, 2), order=2).tolist()
    [[[[12.0, 12.0]]]]
    """
    options = (order, at, stride, padding, dilation, groups, output_padding)
    return convolve(2, x, weight, bias, coefficients, *options)


def taylor_conv_transpose3d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    coefficients: Tensor | None = None,
    *,
    order: int,
    at: float = 0.0,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """`taylor_conv_transpose2d` for volumes: x of shape (N, C, D, H, W) or (C, D, H, W).

    >>> taylor_conv_transpose3d(torch.ones(1, 1, 2, 2, 2), torch.ones(3, 4, 2, 2, 2), order=3, stride=2).shape
    torch.Size([1, 4, 4, 4, 4])
    """
    options = (order, at, stride, padding, dilation, groups, output_padding)
    return convolve(3, x, weight, bias, coefficients, *options)


def taylor_linear(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    coefficients: Tensor | None = None,
    *,
    order: int,
    at: float = 0.0,
) -> Tensor:
    """The layer b + sum_k W_k (x - at)^k: x of shape (..., in), weight (out, order * in).

    >>> taylor_linear(torch.tensor([3.0]), torch.tensor([[2.0, 5.0]]), order=2).tolist()
    [51.0]
    """
    return convolve(0, x, weight, bias, coefficients, order, at)


def convolve(
    axes: int,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    coefficients: Tensor | None,
    order: int,
    at: float,
    stride: Size = 1,
    padding: Padding | Geometry = 0,
    dilation: Size = 1,
    groups: int = 1,
    output_padding: Size | None = None,
) -> Tensor:
    """The convolution along a number of spatial axes: with output_padding transposed, along none the linear layer.

    padding can be a Geometry, which then stands for all options.
    """
    if x.dim() == axes + 1 and axes:
        rest = (order, at, stride, padding, dilation, groups, output_padding)
        return convolve(axes, x.unsqueeze(0), weight, bias, coefficients, *rest).squeeze(0)
    if weight.dim() != axes + 2 or (x.dim() != axes + 2 if axes else x.dim() < 1):
        expected = f"{axes + 1} or {axes + 2}" if axes else "1 or more"
        raise RuntimeError(
            f"expected x of {expected} dimensions and weight of {axes + 2}, not {x.dim()} and {weight.dim()}"
        )
    if x.dtype not in FLOATS:
        raise RuntimeError(f"convolutions take floating point numbers, not {x.dtype}")
    if _is_autocast(x) and x.dtype != torch.float64:
        x = x.to(torch.get_autocast_dtype(x.device.type))
    elif x.dtype != weight.dtype:
        raise RuntimeError(f"x and weight must have the same dtype, not {x.dtype} and {weight.dtype}")
    if isinstance(padding, Geometry):
        chosen = padding
    else:
        chosen = convolution.geometry(weight.shape[2:], stride, padding, dilation, groups, output_padding)
    groups = chosen.groups
    _check_shapes(x, weight, bias, coefficients, order, chosen)
    if coefficients is not None:
        of_inputs = 1 if chosen.output_padding is None else 0
        shape = [1] * weight.dim()
        shape[of_inputs] = -1
        weight = weight * coefficients.repeat_interleave(weight.shape[of_inputs] // order).view(shape)
    plan = (order, float(at), *_flat(chosen))
    # Under compilation other devices' powers are the compiler's to recompute.
    native = chosen.output_padding is None and axes < 3 and x.device.type == "cpu"
    if 0 in weight.shape:
        # A sum of nothing. (PyTorch's own convolutions give an output without channels.)
        outputs = weight.shape[0] if chosen.output_padding is None else weight.shape[1] * groups
        lead = (
            (x.shape[0], outputs, *chosen.extents(x.shape[2:], weight.shape[2:])) if axes else (*x.shape[:-1], outputs)
        )
        nothing = x.new_zeros(lead)
        return nothing if bias is None else nothing + bias.to(x.dtype).view(-1, *[1] * axes)
    if not is_plain(x, weight, bias) or 0 in x.shape[1:]:
        return _portable(x, weight, bias, *plan)
    if not native:
        if torch.compiler.is_compiling():
            return _portable(x, weight, bias, *plan)
        if axes:
            return cast("Tensor", _Recomputed.apply(x, weight, bias, plan))
    # Signals are images of one row, rows of features images of one pixel.
    if axes == 0:
        rows = x.reshape(-1, x.shape[-1], 1, 1)
        y = convolve(2, rows, weight[:, :, None, None], bias, None, order, at)
        return y.reshape(*x.shape[:-1], weight.shape[0])
    if axes == 1:
        (step,), (sides,), (rate,) = chosen.stride, chosen.padding, chosen.dilation
        row = Geometry((1, step), ((0, 0), sides), (1, rate), groups)
        x, weight = x.unsqueeze(-2), weight.unsqueeze(-2)
        return cast("Tensor", _convolve(x, weight, bias, order, float(at), *_flat(row)[:4])).squeeze(-2)
    return cast("Tensor", _convolve(x, weight, bias, *plan[:6]))


def _is_autocast(x: Tensor) -> bool:
    device = x.device.type
    return torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)


def _check_shapes(
    x: Tensor, weight: Tensor, bias: Tensor | None, coefficients: Tensor | None, order: int, chosen: Geometry
) -> None:
    transposed = chosen.output_padding is not None
    if order < 1:
        raise ValueError(f"order must be an integer of at least 1, not {order}")
    channels = x.shape[-1] if weight.dim() == 2 else x.shape[1]
    outputs = weight.shape[1] * chosen.groups if transposed else weight.shape[0]
    for which, number in (("input", channels), ("output", outputs)):
        if number % chosen.groups:
            raise RuntimeError(f"{number} {which} channels cannot be split into {chosen.groups} groups")
    needed = order * channels if transposed else order * channels // chosen.groups
    if weight.shape[0 if transposed else 1] != needed:
        raise RuntimeError(
            f"weights of shape {tuple(weight.shape)} do not fit {channels} channels in {chosen.groups} group(s) at "
            f"order {order}: they need {needed} input channels"
        )
    if bias is not None and bias.shape != (outputs,):
        raise RuntimeError(f"expected a bias of shape ({outputs},), not {tuple(bias.shape)}")
    if coefficients is not None and coefficients.shape != (order,):
        raise RuntimeError(f"expected {order} coefficients, a_1 ... a_{order}, not {tuple(coefficients.shape)}")
    if weight.dim() > 2:
        try:
            chosen.extents(x.shape[2:], weight.shape[2:])
        except ValueError as error:
            # What PyTorch's own convolutions raise.
            raise RuntimeError(str(error)) from None


def _flat(chosen: Geometry) -> tuple[list[int], list[int], list[int], int, list[int] | None]:
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
def _convolve(
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
    chosen = _nested(stride, padding, dilation, groups)[:4]
    start = None if bias is None else as_array(_precise(x, bias))
    factors = as_array(_precise(x, weight))
    threads = torch.get_num_threads()
    return as_tensor(_native.convolve(as_array(x), factors, start, None, _last(x), order, at, *chosen, threads))


@_convolve.register_fake
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
        found = differentiable(lambda *inputs: _portable(*inputs, *ctx.plan), inputs, wanted, gradient)
    else:
        x, weight, bias = inputs
        of_x, of_weight, of_bias = _convolve_backward(gradient, x, weight, *ctx.plan, wanted)
        found = [of_x, of_weight, None if bias is None else of_bias.to(bias.dtype)]
    return (*(part if use else None for part, use in zip(found, wanted, strict=True)), *(None for _ in ctx.plan))


_convolve.register_autograd(_backward, setup_context=_save)


def _portable(
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
    with torch.autocast(x.device.type, enabled=False) if _is_autocast(x) else nullcontext():
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


class _Recomputed(torch.autograd.Function):
    """The operator where no native kernel is: nothing but x is kept, and powers are computed again."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, plan: tuple[Any, ...]) -> Tensor:
        ctx.save_for_backward(x, weight, bias)
        ctx.plan = plan
        image = x.device.type == "cuda" and x.dtype != torch.float64 and x.dim() == 4 and plan[-1] is None
        kernel = triton_kernel() if image else None
        if kernel is not None:
            return cast("Tensor", kernel.convolve(x, weight, bias, *plan[:-1]))
        return _portable(x, weight, bias, *plan)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        (gradient,) = gradients
        inputs = ctx.saved_tensors
        wanted = list(ctx.needs_input_grad[:3])
        if torch.is_grad_enabled() or is_transformed(gradient):
            found = differentiable(lambda *inputs: _portable(*inputs, *ctx.plan), inputs, wanted, gradient)
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
