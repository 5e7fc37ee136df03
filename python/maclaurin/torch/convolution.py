"""Convolution over the powers of the input, without storing them: y = b + sum_k W_k * (x - x0)^k.

On CPU the native kernels convolve signals, images and rows of features; elsewhere, in three dimensions and
transposed, PyTorch's own convolutions do, one power at a time (`maclaurin.torch.operators`).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from maclaurin import convolution
from maclaurin.convolution import Geometry, Padding, Size
from maclaurin.torch.arrays import FLOATS, is_plain
from maclaurin.torch.operators import Recomputed, convolve_natively, convolve_portably, flat, is_autocast


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
    if is_autocast(x) and x.dtype != torch.float64:
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
    plan = (order, float(at), *flat(chosen))
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
        return convolve_portably(x, weight, bias, *plan)
    if not native:
        if torch.compiler.is_compiling():
            return convolve_portably(x, weight, bias, *plan)
        if axes:
            return cast("Tensor", Recomputed.apply(x, weight, bias, plan))
    # Signals are images of one row, rows of features images of one pixel.
    if axes == 0:
        rows = x.reshape(-1, x.shape[-1], 1, 1)
        y = convolve(2, rows, weight[:, :, None, None], bias, None, order, at)
        return y.reshape(*x.shape[:-1], weight.shape[0])
    if axes == 1:
        (step,), (sides,), (rate,) = chosen.stride, chosen.padding, chosen.dilation
        row = Geometry((1, step), ((0, 0), sides), (1, rate), groups)
        x, weight = x.unsqueeze(-2), weight.unsqueeze(-2)
        return cast("Tensor", convolve_natively(x, weight, bias, order, float(at), *flat(row)[:4])).squeeze(-2)
    return cast("Tensor", convolve_natively(x, weight, bias, *plan[:6]))


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
