"""The convolution over powers on CUDA: an implicit matrix product whose left side is expanded in registers.

Each program computes a tile of pixels and output channels. A block of the input is read once for all powers;
each power is made from the one before, in registers, on its way to the tensor cores.
"""
# Triton has no types, and a kernel is not run by Python.
# mypy: disable-error-code="import-untyped, no-untyped-def, untyped-decorator"
# pyright: reportOperatorIssue=false, reportGeneralTypeIssues=false, reportCallIssue=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

#: Pixels, output channels and input channels of a tile.
PIXELS, OUTPUTS, CHANNELS = 64, 32, 16


@triton.jit
def _forward(
    x_start, weight_start, bias_start, y_start,
    pixels, channels, rows, columns, outputs, out_rows, out_columns,
    x_image, x_channel, x_row, x_column,
    y_image, y_channel, y_row, y_column,
    stride_row, stride_column, above, left, dilation_row, dilation_column, at,
    KERNEL_ROWS: tl.constexpr, KERNEL_COLUMNS: tl.constexpr, ORDER: tl.constexpr,
    HAS_BIAS: tl.constexpr, PRECISION: tl.constexpr,
    PIXELS: tl.constexpr, OUTPUTS: tl.constexpr, CHANNELS: tl.constexpr,
):  # fmt: skip
    pixel = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    output = tl.program_id(1) * OUTPUTS + tl.arange(0, OUTPUTS)
    group = tl.program_id(2)
    column = pixel % out_columns
    row = pixel // out_columns % out_rows
    image = (pixel // (out_columns * out_rows)).to(tl.int64)
    taps = KERNEL_ROWS * KERNEL_COLUMNS
    sums = tl.zeros((PIXELS, OUTPUTS), dtype=tl.float32)
    weight_of_output = (group * outputs + output).to(tl.int64) * (ORDER * channels * taps)
    for tap in range(taps):
        source_row = row * stride_row + tap // KERNEL_COLUMNS * dilation_row - above
        source_column = column * stride_column + tap % KERNEL_COLUMNS * dilation_column - left
        inside = (source_row >= 0) & (source_row < rows) & (source_column >= 0) & (source_column < columns)
        inside = inside & (pixel < pixels)
        place = image * x_image + source_row.to(tl.int64) * x_row + source_column.to(tl.int64) * x_column
        for first in range(0, channels, CHANNELS):
            channel = first + tl.arange(0, CHANNELS)
            there = inside[:, None] & (channel < channels)[None, :]
            offset = place[:, None] + ((group * channels + channel).to(tl.int64) * x_channel)[None, :]
            values = tl.load(x_start + offset, mask=there, other=0.0)
            # Padding is at the expansion point, where all powers are zero.
            t = tl.where(there, values.to(tl.float32) - at, 0.0)
            power = t
            for degree in tl.static_range(ORDER):
                offset = (degree * channels + channel) * taps + tap
                wanted = (channel < channels)[:, None] & (output < outputs)[None, :]
                factors = tl.load(
                    weight_start + weight_of_output[None, :] + offset[:, None], mask=wanted, other=0.0
                )  # fmt: skip
                sums = tl.dot(power.to(factors.dtype), factors, sums, input_precision=PRECISION)
                power = power * t
    if HAS_BIAS:
        bias = tl.load(bias_start + group * outputs + output, mask=output < outputs, other=0.0)
        sums += bias.to(tl.float32)[None, :]
    offset = image * y_image + row.to(tl.int64) * y_row + column.to(tl.int64) * y_column
    offset = offset[:, None] + ((group * outputs + output).to(tl.int64) * y_channel)[None, :]
    wanted = (pixel < pixels)[:, None] & (output < outputs)[None, :]
    tl.store(y_start + offset, sums.to(y_start.dtype.element_ty), mask=wanted)


def convolve(
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
    """What the operator computes, for float16, bfloat16 and float32 on CUDA.

    Sums are made in float32. Products of float32 follow torch.backends.cudnn.allow_tf32, as PyTorch's own
    convolutions do.
    """
    above, below, left, right = padding
    (images, _, rows, columns), (outputs, channels, *kernel) = x.shape, weight.shape
    out_rows = (rows + above + below - dilation[0] * (kernel[0] - 1) - 1) // stride[0] + 1
    out_columns = (columns + left + right - dilation[1] * (kernel[1] - 1) - 1) // stride[1] + 1
    last = x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
    layout = torch.channels_last if last else torch.contiguous_format
    y = torch.empty((images, outputs, out_rows, out_columns), dtype=x.dtype, device=x.device, memory_format=layout)
    weight = weight.to(x.dtype).contiguous()
    pixels = images * out_rows * out_columns
    grid = (triton.cdiv(pixels, PIXELS), triton.cdiv(outputs // groups, OUTPUTS), groups)
    options: dict[str, Any] = {
        "KERNEL_ROWS": kernel[0], "KERNEL_COLUMNS": kernel[1], "ORDER": order, "HAS_BIAS": bias is not None,
        "PRECISION": "tf32" if torch.backends.cudnn.allow_tf32 else "ieee",
        "PIXELS": PIXELS, "OUTPUTS": OUTPUTS, "CHANNELS": CHANNELS,
    }  # fmt: skip
    _forward[grid](
        x, weight, weight if bias is None else bias, y,
        pixels, channels // order, rows, columns, outputs // groups, out_rows, out_columns,
        *x.stride(), *y.stride(), *stride, above, left, *dilation, at, **options,
    )  # fmt: skip
    return y
