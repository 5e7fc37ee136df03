"""Convolution over the powers of an array, and what the layers of all frameworks share of it.

y = bias + sum_k W_k * (x - x0)^k, the generative neuron of self-organised operational networks
(Kiranyaz et al. 2021, arXiv 2004.11778).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from maclaurin import _native
from maclaurin.series import Point, taylor

Padding = int | Sequence[int] | Literal["same", "valid"]
Start = Literal["series", "random"]


class Geometry(NamedTuple):
    """Which input each output reads, for both axes."""

    stride: tuple[int, int]
    padding: tuple[tuple[int, int], tuple[int, int]]
    dilation: tuple[int, int]
    groups: int


def pair(name: str, value: int | Sequence[int], lowest: int = 1) -> tuple[int, int]:
    """A number for both axes, or one for each."""
    values = (value, value) if isinstance(value, int) else tuple(value)
    if len(values) != 2 or any(not isinstance(number, int) or number < lowest for number in values):
        raise ValueError(f"{name} must be an integer from {lowest} on, or two, not {value!r}")
    return (values[0], values[1])


def geometry(
    kernel: Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Geometry:
    """The options of a convolution, whichever way they are written.

    >>> geometry((3, 3), padding="same").padding
    ((1, 1), (1, 1))
    """
    strides, dilations = pair("stride", stride), pair("dilation", dilation)
    if groups < 1:
        raise ValueError(f"groups must be an integer from 1 on, not {groups}")
    if padding == "same":
        if strides != (1, 1):
            raise ValueError('padding="same" is not supported for strided convolutions')
        spans = [(extent - 1) * step for extent, step in zip(kernel, dilations, strict=True)]
        rows, columns = ((span // 2, span - span // 2) for span in spans)
    elif padding == "valid":
        rows, columns = (0, 0), (0, 0)
    elif isinstance(padding, str):
        raise ValueError(f'padding {padding!r} is neither "same" nor "valid" nor a number or two')
    else:
        above, left = pair("padding", padding, lowest=0)
        rows, columns = (above, above), (left, left)
    return Geometry(strides, (rows, columns), dilations, groups)


def convolve(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    order: int,
    at: float = 0.0,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    out: np.ndarray[Any, Any] | None = None,
    threads: int | None = None,
) -> np.ndarray[Any, Any]:
    """Convolves the powers x - x0, (x - x0)^2, ... of an array without ever writing them down.

    Args:
        x: (images, channels, rows, columns) of float16, bfloat16, float32 or float64, in any memory
            order (channels-last too).
        weight: (output channels, order * channels / groups, rows, columns): in each group those of
            all channels of degree 1, then of degree 2, and so on.
        bias: (output channels,), or None.
        order: the highest power.
        at: the expansion point x0.
        stride, padding, dilation: one integer, or one for rows and one for columns; padding may be
            "same" or "valid". Padding adds values equal to x0, whose powers are zero.
        groups: parts of the channels that have nothing to do with each other.
        out: an array for the result, of its shape and dtype; it is returned.
        threads: at most so many threads; by default one a core. The result does not depend on it.

    Sums are made in float32, for float64 in float64. Raises ValueError for shapes that do not fit,
    TypeError for integers.

    >>> x = np.array([[[[1.0, 2.0, 3.0]]]])
    >>> convolve(x, np.array([[[[1.0, 1.0]], [[10.0, 10.0]]]]), order=2).tolist()
    [[[[53.0, 135.0]]]]
    """
    x = np.asarray(x)
    if x.dtype.kind != "f" and x.dtype.name != "bfloat16":
        raise TypeError(f"convolutions take floating point numbers, not {x.dtype}")
    precision = np.float64 if x.dtype == np.float64 else np.float32
    weight = np.asarray(weight, precision)
    bias = None if bias is None else np.asarray(bias, precision)
    if x.ndim != 4 or weight.ndim != 4:
        raise ValueError(f"convolve takes x and weight of 4 dimensions, not {x.ndim} and {weight.ndim}")
    chosen = geometry(weight.shape[2:], stride, padding, dilation, groups)
    return _native.convolve(x, weight, bias, out, channels_last(x), order, float(at), *chosen, threads)


def channels_last(x: np.ndarray[Any, Any]) -> bool:
    """Whether the channels of a pixel lie side by side, so that a result's should too."""
    moved = x.transpose(0, 2, 3, 1)
    return bool(moved.flags.c_contiguous and not x.flags.c_contiguous)


def factors(function: Any, order: int, at: Point) -> tuple[float, list[float]]:
    """The expansion point and the coefficients a_0 ... a_order that W_k = a_k W starts with."""
    if order < 1:
        raise ValueError(f"order must be an integer from 1 on, not {order}")
    series = taylor(function, order=order, at=at)
    return series.center, [float(value) for value in series.coefficients]


def deviations(order: int, fan_in: int) -> list[float]:
    """Standard deviations of random weights of degrees 1 ... order that keep an activation's scale.

    If the values t = x - x0 are independent and standard normal, E t^(2k) = (2k - 1)!! (DLMF 7.7, the
    moments of the normal distribution), and independent weights of variance v_k and mean 0 give the
    output the variance fan_in * sum_k v_k (2k - 1)!!. With v_k = 1 / (order fan_in (2k - 1)!!) every
    degree contributes alike and the variance is 1 again. That is the mean; for a single input of large values
    high powers exceed it, which is why such networks have a tanh or the like between layers.

    >>> deviations(2, 1)
    [0.7071067811865475, 0.4082482904638631]
    """
    return [1 / math.sqrt(order * fan_in * math.prod(range(1, 2 * degree, 2))) for degree in range(1, order + 1)]
