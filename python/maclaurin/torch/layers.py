"""Layers over the powers of their input, and how their weights are initialized."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from maclaurin import convolution
from maclaurin.convolution import Geometry, Padding, Size, Start
from maclaurin.radius import OnRadius
from maclaurin.series import Point
from maclaurin.torch.convolution import convolve
from maclaurin.torch.modules import TaylorModule

__all__ = [
    "TaylorConv1d",
    "TaylorConv2d",
    "TaylorConv3d",
    "TaylorConvTranspose1d",
    "TaylorConvTranspose2d",
    "TaylorConvTranspose3d",
    "TaylorLinear",
    "load_self_onn",
]


class _TaylorConvolution(TaylorModule):
    """What the layers share: weights for each power, and their initialization."""

    axes: int
    transposed = False
    padding_mode = "zeros"
    bias: Tensor | None

    def __init__(
        self,
        channels: tuple[int, int],
        kernel: tuple[int, ...],
        geometry: Geometry,
        bias: bool,
        device: Any,
        dtype: torch.dtype | None,
        function: Any,
        order: int | None,
        at: Point | None,
        start: Start,
        on_radius: OnRadius,
    ) -> None:
        series = convolution.start_series(function, order, at, start, channels, geometry.groups)
        # What is drawn is of no function.
        super().__init__(series, on_radius if start == "series" else "ignore")
        self.order: int = series.order
        self.groups = geometry.groups
        self.start: Start = start
        self._channels, self._geometry = channels, geometry
        inputs, outputs = channels
        shape = (
            (self.order * inputs, outputs // self.groups)
            if self.transposed
            else (outputs, self.order * inputs // self.groups)
        )
        self.weight = nn.Parameter(torch.empty((*shape, *kernel), device=device, dtype=dtype))
        if bias:
            self.bias = nn.Parameter(torch.empty(outputs, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draws the weights anew."""
        inputs, _ = self._channels
        parts = self.weight.chunk(self.order, 0 if self.transposed else 1)
        if not all(part.numel() for part in parts):
            if self.bias is not None:
                nn.init.zeros_(self.bias)
            return
        taps = math.prod(self.weight.shape[2:])
        fan_in = inputs // self.groups * taps / (math.prod(self._geometry.stride) if self.transposed else 1)

        def draw() -> Tensor:
            # As PyTorch's own layers draw theirs.
            return nn.init.kaiming_uniform_(torch.empty_like(parts[0]), a=math.sqrt(5))

        def normal(deviation: float) -> Tensor:
            return nn.init.normal_(torch.empty_like(parts[0]), 0.0, deviation)

        coefficients = self.series.coefficients.tolist()
        weights, first = convolution.initial_weights(self.start, coefficients, fan_in, draw, normal)
        for part, weight in zip(parts, weights, strict=True):
            part.copy_(weight)
        if self.bias is None:
            return
        if first is None:
            nn.init.zeros_(self.bias)
            return
        bound = 1 / math.sqrt(first[0].numel())
        nn.init.uniform_(self.bias, -bound, bound)
        if self.transposed:
            # (in, out / groups, ...) to (out, in / groups, ...)
            first = first.unflatten(0, (self.groups, -1)).transpose(1, 2).flatten(0, 1)
        self.bias.add_(coefficients[0] * first.flatten(1).sum(1))

    def forward(self, x: Tensor) -> Tensor:
        """The layer's output for x."""
        self.check_radius(x)
        return convolve_padded(
            self.axes, x, self.weight, self.bias, self.order, self._center, self._geometry,
            self.padding_mode,
        )  # fmt: skip

    def _options(self) -> str:
        return ""

    def extra_repr(self) -> str:
        """What a printed module shows."""
        inputs, outputs = self._channels
        options = f"{inputs}, {outputs}{self._options()}, order={self.order}, start={self.start!r}"
        options += f", at={self._center}" if self._center else ""
        return options + ("" if self.bias is not None else ", bias=False")


class _TaylorConv(_TaylorConvolution):
    """Convolutions with the arguments of PyTorch's own."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Padding = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: torch.dtype | None = None,
        *,
        function: Any = "softplus",
        order: int | None = None,
        at: Point | None = None,
        start: Start = "series",
        on_radius: OnRadius = "warn",
    ) -> None:
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError(f"padding_mode {padding_mode!r} is none of 'zeros', 'reflect', 'replicate', 'circular'")
        kernel = convolution.sizes("kernel_size", kernel_size, self.axes)
        geometry = convolution.geometry(kernel, stride, padding, dilation, groups)
        super().__init__(
            (in_channels, out_channels), kernel, geometry, bias, device, dtype, function, order, at, start, on_radius
        )
        self.in_channels, self.out_channels, self.kernel_size = in_channels, out_channels, kernel
        self.stride, self.dilation, self.padding_mode = geometry.stride, geometry.dilation, padding_mode
        #: As PyTorch's own layers have it: "same" and "valid" as they were given.
        self.padding = padding if isinstance(padding, str) else tuple(before for before, _ in geometry.padding)

    def _options(self) -> str:
        shown = f", kernel_size={self.kernel_size}, stride={self.stride}"
        shown += f", padding={self.padding!r}" if isinstance(self.padding, str) or any(self.padding) else ""
        shown += f", dilation={self.dilation}" if set(self.dilation) != {1} else ""
        shown += f", groups={self.groups}" if self.groups != 1 else ""
        return shown + (f", padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "")


class TaylorConv2d(_TaylorConv):
    """A convolution over the powers of its input: y = b + sum_k W_k * (x - x0)^k.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias: as torch.nn.Conv2d
            takes them. Zero padding adds values equal to x0.
        padding_mode, device, dtype: as torch.nn.Conv2d takes them.
        function, order, at: as `maclaurin.taylor` takes them, 4 and 0 by default; order is the highest power. Or
            function is a Series or an Approximation, which has its own order and point.
        start: "series" initializes the layer as the convolution of the function: W_k = a_k W with W drawn as
            torch.nn.Conv2d draws it, and a_0 W summed up in the bias. "random" draws all W_k alone,
            with variances that keep a standard normal input's scale; the function then plays no part, and at
            is where powers are taken.
        on_radius: about values outside the series' disc of convergence, or the range of an approximation:
            "warn" once, "raise" or "ignore". Looked at on CPU, outside of compiled programs; not with start="random".

    Shape: as torch.nn.Conv2d. `weight` is (out, order * in / groups, kH, kW), the weights of degree 1
    of all channels first.

    >>> layer = TaylorConv2d(3, 16, 3, padding=1, order=3)
    >>> layer(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 16, 32, 32])
    """

    axes = 2


class TaylorConv1d(_TaylorConv):
    """`TaylorConv2d` for signals, with the arguments of torch.nn.Conv1d.

    >>> TaylorConv1d(2, 4, 5, padding="same", order=3, start="random")(torch.zeros(8, 2, 100)).shape
    torch.Size([8, 4, 100])
    """

    axes = 1


class TaylorConv3d(_TaylorConv):
    """`TaylorConv2d` for volumes, with the arguments of torch.nn.Conv3d.

    >>> TaylorConv3d(2, 4, 3, order=2)(torch.zeros(1, 2, 5, 6, 7)).shape
    torch.Size([1, 4, 3, 4, 5])
    """

    axes = 3


class _TaylorConvTranspose(_TaylorConvolution):
    """Transposed convolutions with the arguments of PyTorch's own."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: torch.dtype | None = None,
        *,
        function: Any = "softplus",
        order: int | None = None,
        at: Point | None = None,
        start: Start = "series",
        on_radius: OnRadius = "warn",
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f"padding_mode {padding_mode!r}: transposed convolutions know 'zeros' only")
        kernel = convolution.sizes("kernel_size", kernel_size, self.axes)
        geometry = convolution.geometry(kernel, stride, padding, dilation, groups, output_padding)
        super().__init__(
            (in_channels, out_channels), kernel, geometry, bias, device, dtype, function, order, at, start, on_radius
        )
        self.in_channels, self.out_channels, self.kernel_size = in_channels, out_channels, kernel
        self.stride, self.dilation, self.output_padding = geometry.stride, geometry.dilation, geometry.output_padding
        self.padding = tuple(before for before, _ in geometry.padding)

    def _options(self) -> str:
        shown = f", kernel_size={self.kernel_size}, stride={self.stride}"
        shown += f", padding={self.padding}" if any(self.padding) else ""
        shown += f", output_padding={self.output_padding}" if any(self.output_padding or ()) else ""
        shown += f", dilation={self.dilation}" if set(self.dilation) != {1} else ""
        return shown + (f", groups={self.groups}" if self.groups != 1 else "")


class TaylorConvTranspose2d(_TaylorConvTranspose):
    """A transposed convolution over the powers of its input: y = b + sum_k W_k^T * (x - x0)^k.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation: as
            torch.nn.ConvTranspose2d takes them.
        device, dtype: as torch.nn.ConvTranspose2d takes them.
        function, order, at, start, on_radius: as `TaylorConv2d` takes them. "random" counts as many summands
            for an output as it has on average, in / groups * kH * kW / stride.

    Shape: as torch.nn.ConvTranspose2d. `weight` is (order * in, out / groups, kH, kW), the weights of degree 1
    of all channels first.

    >>> layer = TaylorConvTranspose2d(8, 3, 4, stride=2, padding=1, order=3)
    >>> layer(torch.zeros(2, 8, 16, 16)).shape
    torch.Size([2, 3, 32, 32])
    """

    axes = 2


class TaylorConvTranspose1d(_TaylorConvTranspose):
    """`TaylorConvTranspose2d` for signals, with the arguments of torch.nn.ConvTranspose1d.

    >>> TaylorConvTranspose1d(2, 4, 4, stride=2, order=2)(torch.zeros(8, 2, 10)).shape
    torch.Size([8, 4, 22])
    """

    axes = 1


class TaylorConvTranspose3d(_TaylorConvTranspose):
    """`TaylorConvTranspose2d` for volumes, with the arguments of torch.nn.ConvTranspose3d.

    >>> TaylorConvTranspose3d(2, 4, 2, stride=2, order=2)(torch.zeros(1, 2, 3, 4, 5)).shape
    torch.Size([1, 4, 6, 8, 10])
    """

    axes = 3


class TaylorLinear(_TaylorConvolution):
    """A linear layer over the powers of its input: y = b + sum_k W_k (x - x0)^k.

    Args:
        in_features, out_features, bias, device, dtype: as torch.nn.Linear takes them.
        function, order, at, start, on_radius: as `TaylorConv2d` takes them.

    Shape: (..., in_features) to (..., out_features). `weight` is (out_features, order * in_features).

    >>> TaylorLinear(10, 3, order=2)(torch.zeros(5, 10)).shape
    torch.Size([5, 3])
    """

    axes = 0

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: torch.dtype | None = None,
        *,
        function: Any = "softplus",
        order: int | None = None,
        at: Point | None = None,
        start: Start = "series",
        on_radius: OnRadius = "warn",
    ) -> None:
        super().__init__(
            (in_features, out_features), (), convolution.geometry(()), bias, device, dtype, function, order, at, start,
            on_radius,
        )  # fmt: skip
        self.in_features, self.out_features = in_features, out_features


def convolve_padded(
    axes: int,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    order: int,
    at: float,
    geometry: Geometry,
    mode: str,
) -> Tensor:
    """The convolution of x, padded by values of x unless the mode is "zeros"."""
    sides = [side for pair in reversed(geometry.padding) for side in pair]
    if mode != "zeros" and any(sides):
        # PyTorch pads so as many axes as it finds behind a batch and channels.
        batch = x if x.dim() == axes + 2 else x.unsqueeze(0)
        padded = functional.pad(batch, sides, mode)
        x = padded if x.dim() == axes + 2 else padded.squeeze(0)
        geometry = geometry._replace(padding=((0, 0),) * axes)
    return convolve(axes, x, weight, bias, None, order, at, padding=geometry)


# A module that torch.fx traces calls this as it is: what it does depends on its tensors.
torch.fx.wrap("convolve_padded")


def load_self_onn(
    layer: _TaylorConv | _TaylorConvTranspose, state: Mapping[str, Tensor], prefix: str = ""
) -> _TaylorConv | _TaylorConvTranspose:
    """Loads the weights of a SelfONN layer of the package fastonn into a layer of the same shape.

    Args:
        layer: a convolution of this package with at=0 whose order is the other layer's q.
        state: the other layer's state_dict, or a network's.
        prefix: what stands before "weight" and "bias" in it, such as "encoder.0.".

    Both keep weights degree after degree along the input channels, so the layers then compute the
    same. Raises ValueError where they cannot.

    >>> other = {"weight": torch.zeros(8, 9, 3, 3), "bias": torch.zeros(8)}
    >>> layer = load_self_onn(TaylorConv2d(3, 8, 3, order=3), other)
    """
    if layer._center != 0:
        raise ValueError(f"fastonn's powers are of x itself; the layer's are of x - {layer._center}")
    if layer.groups != 1:
        raise ValueError(
            "with groups, fastonn's layers split the concatenated powers, ours the channels: only one fits"
        )
    weight, bias = state.get(f"{prefix}weight"), state.get(f"{prefix}bias")
    if weight is None:
        raise ValueError(f"there is no {prefix}weight among {', '.join(state)}")
    if weight.shape != layer.weight.shape:
        needed, found = tuple(layer.weight.shape), tuple(weight.shape)
        raise ValueError(f"the weights have shape {found}; a layer of this order and size needs {needed}")
    if (bias is None) != (layer.bias is None):
        raise ValueError("one of the two layers has a bias and the other has none")
    with torch.no_grad():
        layer.weight.copy_(weight)
        if layer.bias is not None and bias is not None:
            layer.bias.copy_(bias)
    return layer
