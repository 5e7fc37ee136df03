"""Convolution over the powers of an array, and the definitions that the layers of all frameworks share.

y = bias + sum_k W_k * (x - x0)^k, the generative neuron of self-organised operational networks
(Kiranyaz et al. 2021, arXiv 2004.11778).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from maclaurin import _native
from maclaurin.polynomial import polynomial_of
from maclaurin.series import Point

Size = int | Sequence[int]
Padding = Size | Literal["same", "valid"]
Start = Literal["series", "random"]


class Geometry(NamedTuple):
    """Which input each output reads, by spatial axis."""

    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int = 1
    #: Of a transposed convolution: how many values are added behind the last, by axis; else None.
    output_padding: tuple[int, ...] | None = None

    def extents(self, extents: Sequence[Any], kernel: Sequence[int]) -> tuple[Any, ...]:
        """The output's spatial extents, of numbers or of a framework's symbols; None stays None.

        Raises ValueError if a kernel does not fit.

        >>> geometry((3, 3), stride=2, padding=1).extents((28, None), (3, 3))
        (14, None)
        """
        found: list[Any] = []
        for axis, (extent, size) in enumerate(zip(extents, kernel, strict=True)):
            stride, dilation = self.stride[axis], self.dilation[axis]
            around, span = sum(self.padding[axis]), (size - 1) * dilation + 1
            if extent is None:
                found.append(None)
            elif self.output_padding is not None:
                found.append((extent - 1) * stride + span - around + self.output_padding[axis])
            else:
                if isinstance(extent, int) and extent + around < span:
                    raise ValueError(
                        f"a kernel of {size} at dilation {dilation} spans {span} values, more than the "
                        f"{extent + around} of the padded input along spatial axis {axis}"
                    )
                found.append((extent + around - span) // stride + 1)
        return tuple(found)


def sizes(name: str, value: Size, axes: int, lowest: int = 1) -> tuple[int, ...]:
    """One integer for all spatial axes, or one for each.

    >>> sizes("stride", 2, axes=3), sizes("stride", np.array([1, 2]), axes=2)
    ((2, 2, 2), (1, 2))
    """
    several: Any = value
    try:
        several = tuple(several) if hasattr(several, "__iter__") else (several,) * axes
        # Compilers know integers, and not what makes others ones.
        numbers = tuple(number if isinstance(number, int) else operator.index(number) for number in several)
    except TypeError:
        numbers = ()
    if len(numbers) != axes or min(numbers, default=lowest) < lowest:
        more = f" or {axes} of them" if axes > 1 else ""
        raise ValueError(f"{name} must be an integer of at least {lowest}{more}, not {value!r}")
    return numbers


def geometry(
    kernel: Sequence[int],
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
    output_padding: Size | None = None,
) -> Geometry:
    """The options of a convolution with a kernel of these extents, in one form.

    With output_padding (0 if there is none to add) they are those of a transposed convolution.

    >>> geometry((3, 4), padding="same").padding
    ((1, 1), (1, 2))
    """
    axes = len(kernel)
    strides, dilations = sizes("stride", stride, axes), sizes("dilation", dilation, axes)
    if groups < 1:
        raise ValueError(f"groups must be an integer of at least 1, not {groups}")
    added = None if output_padding is None else sizes("output_padding", output_padding, axes, lowest=0)
    if added is not None:
        if isinstance(padding, str):
            raise ValueError("the padding of a transposed convolution is a number, or one for each spatial axis")
        for more, step, rate in zip(added, strides, dilations, strict=True):
            if more >= max(step, rate):
                raise ValueError(f"output_padding must be smaller than stride or dilation, not {output_padding}")
    if padding == "same":
        if set(strides) - {1}:
            raise ValueError('padding="same" is not supported for strided convolutions')
        spans = [(extent - 1) * step for extent, step in zip(kernel, dilations, strict=True)]
        sides = tuple((span // 2, span - span // 2) for span in spans)
    elif padding == "valid":
        sides = ((0, 0),) * axes
    elif isinstance(padding, str):
        raise ValueError(f'padding {padding!r} is neither "same" nor "valid" nor a number or one for each axis')
    else:
        sides = tuple((size, size) for size in sizes("padding", padding, axes, lowest=0))
    return Geometry(strides, sides, dilations, groups, added)


def convolve(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    order: int,
    at: float = 0.0,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
    out: np.ndarray[Any, Any] | None = None,
    threads: int | None = None,
) -> np.ndarray[Any, Any]:
    """Convolves the powers x - x0, (x - x0)^2, ... of an array without materializing them.

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
        groups: the number of groups that channels are split into, each convolved by itself.
        out: an array for the result, of its shape and dtype; it is returned.
        threads: the maximum number of threads; by default one a core. The result does not depend on it.

    Sums are accumulated in float32, for float64 in float64. Raises ValueError for shapes that do not fit,
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
    return _native.convolve(x, weight, bias, out, channels_last(x), order, float(at), *chosen[:4], threads)


def channels_last(x: np.ndarray[Any, Any]) -> bool:
    """Whether the channels of a pixel are contiguous, so that a result's should be too."""
    moved = x.transpose(0, 2, 3, 1)
    return bool(moved.flags.c_contiguous and not x.flags.c_contiguous)


def start_series(
    function: Any, order: int | None, at: Point | None, start: Start, channels: Sequence[int], groups: int
) -> Any:
    """The series, or other polynomial, that a layer's weights are initialized by; checks what all layers are made with.

    Args:
        channels: the numbers of channels that must be divisible by groups.

    Raises ValueError for values that no layer can have.
    """
    if start not in ("series", "random"):
        raise ValueError(f'start {start!r} is neither "series" nor "random"')
    if order is not None and order < 1:
        raise ValueError(f"order must be an integer of at least 1, not {order}")
    if groups < 1 or any(number < 0 or number % groups for number in channels):
        listed = " and ".join(map(str, channels))
        raise ValueError(f"{listed} channels cannot be split into {groups} groups")
    series = polynomial_of(function, order, at, summed=start == "series")
    if series.order < 1:
        raise ValueError(f"a layer over powers needs a polynomial of degree 1 or more, not {series!r}")
    return series


def initial_weights(
    start: Start,
    coefficients: Sequence[float],
    fan_in: float,
    draw: Callable[[], Any],
    normal: Callable[[float], Any],
) -> tuple[list[Any], Any | None]:
    """The initial weights of degrees 1 and up, and the W whose sum times a_0 the bias gets, or None.

    Args:
        coefficients: a_0 and up, of the series.
        fan_in: the number of values of one degree that an output sums.
        draw: gives weights W as the framework initializes its own layer.
        normal: gives normally distributed weights of mean 0 and a standard deviation.

    "series": W_k = a_k W, the layer of the function's values. "random": see `deviations`.
    """
    if start == "random":
        return [normal(deviation) for deviation in deviations(len(coefficients) - 1, fan_in)], None
    first = draw()
    return [coefficient * first for coefficient in coefficients[1:]], first


def deviations(order: int, fan_in: float) -> list[float]:
    """Standard deviations of random weights of degrees 1 ... order that keep an activation's scale.

    If the values t = x - x0 are independent and standard normal, E t^(2k) = (2k - 1)!! (DLMF 7.7, the
    moments of the normal distribution), and independent weights of variance v_k and mean 0 give the
    output the variance fan_in * sum_k v_k (2k - 1)!!. With v_k = 1 / (order fan_in (2k - 1)!!) every
    degree contributes alike and the variance is 1 again. That is the mean; for a single input of large values
    high powers exceed it, which is why such networks have a tanh or the like between layers.

    >>> deviations(2, 1)
    [0.7071067811865475, 0.4082482904638631]
    """
    return [
        1 / math.sqrt(order * max(fan_in, 1) * math.prod(range(1, 2 * degree, 2))) for degree in range(1, order + 1)
    ]
