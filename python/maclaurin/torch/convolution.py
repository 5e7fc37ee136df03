"""Convolution over the powers of the input, without storing them: y = b + sum_k W_k * (x - x0)^k."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional

from maclaurin import _native, convolution
from maclaurin.convolution import Geometry, Padding
from maclaurin.torch.expansion import FLOATS, _as_numpy, _as_tensor

Size = int | Sequence[int]


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
    if x.dim() == 3:
        options: dict[str, Any] = {"order": order, "at": at, "stride": stride, "dilation": dilation, "groups": groups}
        return taylor_conv2d(x[None], weight, bias, coefficients, padding=padding, **options)[0]
    if x.dim() != 4 or weight.dim() != 4:
        raise RuntimeError(f"expected x of 3 or 4 dimensions and weight of 4, not {x.dim()} and {weight.dim()}")
    if not x.is_floating_point() or x.dtype not in FLOATS:
        raise RuntimeError(f"convolutions take floating point numbers, not {x.dtype}")
    if torch.is_autocast_enabled(x.device.type):
        x = x.to(torch.get_autocast_dtype(x.device.type))
    elif x.dtype != weight.dtype:
        raise RuntimeError(f"x and weight must have the same dtype, not {x.dtype} and {weight.dtype}")
    if coefficients is not None:
        if coefficients.shape != (order,):
            raise RuntimeError(f"expected {order} coefficients, a_1 ... a_{order}, not {tuple(coefficients.shape)}")
        weight = weight * coefficients.repeat_interleave(weight.shape[1] // order).view(-1, 1, 1)
    chosen = convolution.geometry(weight.shape[2:], stride, padding, dilation, groups)
    plan = (order, float(at), *_flat(chosen))
    # An exported program runs where this package is not.
    if torch.compiler.is_exporting() or torch.onnx.is_in_onnx_export():
        return _portable(x, weight, bias, *plan)
    if x.device.type == "cpu":
        return cast("Tensor", _convolve(x, weight, bias, *plan))
    return cast("Tensor", _Recomputed.apply(x, weight, bias, plan))


def taylor_conv1d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    coefficients: Tensor | None = None,
    *,
    order: int,
    at: float = 0.0,
    stride: int = 1,
    padding: int | str = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    """`taylor_conv2d` for signals: x of shape (N, C, L) or (C, L), weight (out, order * C / groups, k).

    >>> taylor_conv1d(torch.tensor([[1.0, 2.0]]), torch.tensor([[[1.0], [1.0]]]), order=2).tolist()
    [[2.0, 6.0]]
    """
    if weight.dim() != 3 or x.dim() not in (2, 3):
        raise RuntimeError(f"expected x of 2 or 3 dimensions and weight of 3, not {x.dim()} and {weight.dim()}")
    sides = padding if isinstance(padding, str) else (0, padding)
    options: dict[str, Any] = {"order": order, "at": at, "groups": groups, "padding": sides}
    options |= {"stride": (1, stride), "dilation": (1, dilation)}
    return taylor_conv2d(x.unsqueeze(-2), weight.unsqueeze(-2), bias, coefficients, **options).squeeze(-2)


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
    rows = x.reshape(-1, x.shape[-1], 1, 1)
    y = taylor_conv2d(rows, weight[:, :, None, None], bias, coefficients, order=order, at=at)
    return y.reshape(*x.shape[:-1], weight.shape[0])


def _flat(chosen: Geometry) -> tuple[list[int], list[int], list[int], int]:
    """A geometry as operators take it: lists of numbers."""
    (above, below), (left, right) = chosen.padding
    return list(chosen.stride), [above, below, left, right], list(chosen.dilation), chosen.groups


def _nested(stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int], groups: int) -> Geometry:
    above, below, left, right = padding
    return Geometry((stride[0], stride[1]), ((above, below), (left, right)), (dilation[0], dilation[1]), groups)


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
    chosen = _nested(stride, padding, dilation, groups)
    start = None if bias is None else _as_numpy(_precise(x, bias))
    factors = _as_numpy(_precise(x, weight))
    try:
        return _as_tensor(_native.convolve(_as_numpy(x), factors, start, None, _last(x), order, at, *chosen))
    except ValueError as error:
        # What PyTorch's own convolutions raise.
        raise RuntimeError(str(error)) from None


@_convolve.register_fake
def _(x: Tensor, weight: Tensor, bias: Tensor | None, order: int, at: float, stride: Sequence[int],
      padding: Sequence[int], dilation: Sequence[int], groups: int) -> Tensor:  # fmt: skip
    shape = [x.shape[0], weight.shape[0]]
    for axis in range(2):
        span = dilation[axis] * (weight.shape[2 + axis] - 1) + 1
        padded = x.shape[2 + axis] + padding[2 * axis] + padding[2 * axis + 1]
        shape.append((padded - span) // stride[axis] + 1)
    layout = torch.channels_last if _last(x) else torch.contiguous_format
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
    chosen = _nested(stride, padding, dilation, groups)
    values = _as_numpy(x)
    of_x, of_weight, of_bias = x.new_empty(0), weight.new_empty(0), weight.new_empty(0)
    if wanted[0]:
        factors = _as_numpy(_precise(x, weight))
        of_x = _as_tensor(
            _native.convolve_backward_input(_as_numpy(gradient), values, factors, _last(x), order, at, *chosen)
        )
    if wanted[1] or wanted[2]:
        found = _native.convolve_backward_weight(_as_numpy(gradient), values, tuple(weight.shape), order, at, *chosen)
        of_weight, of_bias = (_as_tensor(array).to(weight.dtype) for array in found)
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


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, weight, bias, *ctx.plan = inputs
    ctx.save_for_backward(x, weight, bias)


def _backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
    x, weight, bias = ctx.saved_tensors
    wanted = list(ctx.needs_input_grad[:3])
    if torch.is_grad_enabled():
        # For gradients of gradients, operations that have gradients themselves.
        found = _differentiable(x, weight, bias, ctx.plan, wanted, gradient)
    else:
        of_x, of_weight, of_bias = _convolve_backward(gradient, x, weight, *ctx.plan, wanted)
        found = [of_x, of_weight, None if bias is None else of_bias.to(bias.dtype)]
    return (*(part if use else None for part, use in zip(found, wanted, strict=True)), *(None for _ in ctx.plan))


def _differentiable(
    x: Tensor, weight: Tensor, bias: Tensor | None, plan: Sequence[Any], wanted: Sequence[bool], gradient: Tensor
) -> list[Tensor | None]:
    inputs = (x, weight, bias)
    value = _portable(x, weight, bias, *plan)
    chosen = [tensor for tensor, use in zip(inputs, wanted, strict=True) if use and tensor is not None]
    found = iter(torch.autograd.grad(value, chosen, gradient, create_graph=True))
    return [next(found) if use else None for use in wanted]


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
) -> Tensor:
    """The operator in PyTorch's own operations, one power at a time."""
    above, below, left, right = padding
    precision = x.dtype if x.device.type != "cpu" or x.dtype == torch.float64 else torch.float32
    t = x.to(precision) - at
    same = (above, left) == (below, right)
    sides = (above, left) if same else (0, 0)
    if not same:
        t = functional.pad(t, (left, right, above, below))
    y: Tensor | None = None if bias is None else bias.to(precision).view(1, -1, 1, 1)
    power = t
    for part in weight.to(precision).chunk(order, 1):
        term = functional.conv2d(power, part, None, tuple(stride), sides, tuple(dilation), groups)
        y = term if y is None else y + term
        power = power * t
    return cast("Tensor", y).to(x.dtype)


class _Recomputed(torch.autograd.Function):
    """The operator on other devices: nothing but x is kept, and powers are computed again."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, plan: tuple[Any, ...]) -> Tensor:
        ctx.save_for_backward(x, weight, bias)
        ctx.plan = plan
        kernel = triton_kernel() if x.device.type == "cuda" and x.dtype != torch.float64 else None
        if kernel is not None:
            return cast("Tensor", kernel.convolve(x, weight, bias, *plan))
        return _portable(x, weight.to(x.dtype), None if bias is None else bias.to(x.dtype), *plan)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        (gradient,) = gradients
        x, weight, bias = ctx.saved_tensors
        wanted = list(ctx.needs_input_grad[:3])
        if torch.is_grad_enabled():
            return (*_differentiable(x, weight, bias, ctx.plan, wanted, gradient), None)
        order, at, stride, (above, below, left, right), dilation, groups = ctx.plan
        t = functional.pad(x - at, (left, right, above, below))
        of_x = torch.zeros_like(t) if wanted[0] else None
        of_weight, power, below_power = [], t, torch.ones_like(t)
        for degree, part in enumerate(weight.to(x.dtype).chunk(order, 1), 1):
            found = torch.ops.aten.convolution_backward(
                gradient, power, part, None, stride, [0, 0], dilation, False, [0, 0], groups,
                [wanted[0], wanted[1], False],
            )  # fmt: skip
            if of_x is not None:
                of_x.addcmul_(found[0], below_power, value=degree)
            of_weight.append(found[1])
            below_power, power = power, power * t
        if of_x is not None:
            of_x = of_x[..., above : above + x.shape[2], left : left + x.shape[3]]
        of_bias = gradient.sum((0, 2, 3)).to(bias.dtype) if wanted[2] else None
        return of_x, torch.cat(of_weight, 1).to(weight.dtype) if wanted[1] else None, of_bias, None


def triton_kernel() -> Any:
    """The module with the kernel in Triton, or None where there is no Triton."""
    try:
        from maclaurin.torch import triton
    except ImportError:
        return None
    return triton
