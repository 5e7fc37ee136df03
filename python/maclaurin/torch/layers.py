"""Layers over the powers of their input, and how their weights begin."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from maclaurin import convolution
from maclaurin.convolution import Geometry, Padding, Start
from maclaurin.series import Point
from maclaurin.torch.convolution import Size, taylor_conv2d, taylor_linear


class _TaylorConvolution(nn.Module):
    """What the layers share: weights for each power, and how they begin."""

    bias: Tensor | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: tuple[int, ...],
        groups: int,
        bias: bool,
        device: Any,
        dtype: torch.dtype | None,
        function: Any,
        order: int,
        at: Point,
        start: Start,
    ) -> None:
        super().__init__()
        if start not in ("series", "random"):
            raise ValueError(f'start {start!r} is neither "series" nor "random"')
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(f"{in_channels} and {out_channels} channels cannot be split into {groups} groups")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.order, self.start = order, start
        self._at, self._factors = convolution.factors(function, order, at)
        shape = (out_channels, order * in_channels // groups, *kernel)
        self.weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
        if bias:
            self.bias = nn.Parameter(torch.empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draws the weights anew."""
        parts = self.weight.chunk(self.order, 1)
        fan_in = parts[0][0].numel()
        if self.start == "random":
            for part, deviation in zip(parts, convolution.deviations(self.order, fan_in), strict=True):
                nn.init.normal_(part, 0.0, deviation)
            if self.bias is not None:
                nn.init.zeros_(self.bias)
            return
        # As PyTorch's own layers begin, for a convolution of the function's values.
        nn.init.kaiming_uniform_(parts[0], a=math.sqrt(5))
        first = parts[0].clone()
        constant, *factors = self._factors
        for part, factor in zip(parts, factors, strict=True):
            part.copy_(factor * first)
        if self.bias is not None:
            nn.init.uniform_(self.bias, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))
            self.bias.add_(constant * first.flatten(1).sum(1))

    def extra_repr(self) -> str:
        """What a printed module shows."""
        options = f"{self.in_channels}, {self.out_channels}, order={self.order}, start={self.start!r}"
        return options + (f", at={self._at}" if self._at else "") + ("" if self.bias is not None else ", bias=False")


class TaylorConv2d(_TaylorConvolution):
    """A convolution over the powers of its input: y = b + sum_k W_k * (x - x0)^k.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias: as torch.nn.Conv2d
            takes them. Zero padding adds values equal to x0.
        padding_mode, device, dtype: as torch.nn.Conv2d takes them.
        function, order, at: as `maclaurin.taylor` takes them; order is the highest power.
        start: "series" begins as the convolution of the function: W_k = a_k W with W drawn as
            torch.nn.Conv2d draws it, and a_0 W added up in the bias. "random" draws all W_k alone,
            with variances that keep a standard normal input's scale; the function then plays no part, and at
            is where powers are taken.

    Shape: as torch.nn.Conv2d. `weight` is (out, order * in / groups, kH, kW), the weights of degree 1
    of all channels first.

    >>> layer = TaylorConv2d(3, 16, 3, padding=1, order=3)
    >>> layer(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 16, 32, 32])
    """

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
        order: int = 4,
        at: Point = 0,
        start: Start = "series",
    ) -> None:
        kernel = convolution.pair("kernel_size", kernel_size)
        super().__init__(
            in_channels, out_channels, kernel, groups, bias, device, dtype, function, order, at, start
        )  # fmt: skip
        self.geometry = convolution.geometry(kernel, stride, padding, dilation, groups)
        self.padding_mode = _padding_mode(padding_mode)

    def forward(self, x: Tensor) -> Tensor:
        """The convolution of x."""
        return _padded(self, x, self.geometry, self.padding_mode)


class TaylorConv1d(_TaylorConvolution):
    """`TaylorConv2d` for signals, with the arguments of torch.nn.Conv1d.

    >>> TaylorConv1d(2, 4, 5, padding="same", order=3, start="random")(torch.zeros(8, 2, 100)).shape
    torch.Size([8, 4, 100])
    """

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
        order: int = 4,
        at: Point = 0,
        start: Start = "series",
    ) -> None:
        kernel = _single(kernel_size)
        super().__init__(
            in_channels, out_channels, (kernel,), groups, bias, device, dtype, function, order, at, start
        )  # fmt: skip
        sides: Padding = padding if isinstance(padding, str) else (0, _single(padding))
        steps = (1, _single(stride)), (1, _single(dilation))
        self.geometry = convolution.geometry((1, kernel), steps[0], sides, steps[1], groups)
        self.padding_mode = _padding_mode(padding_mode)

    def forward(self, x: Tensor) -> Tensor:
        """The convolution of x."""
        return _padded(self, x.unsqueeze(-2), self.geometry, self.padding_mode).squeeze(-2)


class TaylorLinear(_TaylorConvolution):
    """A linear layer over the powers of its input: y = b + sum_k W_k (x - x0)^k.

    Args:
        in_features, out_features, bias, device, dtype: as torch.nn.Linear takes them.
        function, order, at, start: as `TaylorConv2d` takes them.

    >>> TaylorLinear(10, 3, order=2)(torch.zeros(5, 10)).shape
    torch.Size([5, 3])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: torch.dtype | None = None,
        *,
        function: Any = "softplus",
        order: int = 4,
        at: Point = 0,
        start: Start = "series",
    ) -> None:
        super().__init__(
            in_features, out_features, (), 1, bias, device, dtype, function, order, at, start
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """The layer's output for x of shape (..., in_features)."""
        return taylor_linear(x, self.weight, self.bias, order=self.order, at=self._at)


def _single(value: Any) -> int:
    if isinstance(value, int):
        return value
    (number,) = value
    return int(number)


def _padding_mode(mode: str) -> str:
    if mode not in ("zeros", "reflect", "replicate", "circular"):
        raise ValueError(f"padding_mode {mode!r} is none of 'zeros', 'reflect', 'replicate', 'circular'")
    return mode


def _padded(layer: _TaylorConvolution, x: Tensor, geometry: Geometry, mode: str) -> Tensor:
    """The layer's convolution of x, padded by values of x unless by zeros."""
    (above, below), (left, right) = geometry.padding
    weight = layer.weight if layer.weight.dim() == 4 else layer.weight.unsqueeze(-2)
    symmetric = (above, left) == (below, right)
    padding = (above, left)
    if mode != "zeros" and (any(padding) or not symmetric):
        sides = (left, right, above, below)
        if x.shape[-2] > 1 or above or below:
            x = functional.pad(x, sides, mode)
        else:
            # A signal is one row: PyTorch pads rows of its own only where there are some.
            x = functional.pad(x.squeeze(-2), (left, right), mode).unsqueeze(-2)
        padding = (0, 0)
    elif not symmetric:
        # At the expansion point: there all powers are zero.
        x = functional.pad(x, (left, right, above, below), value=layer._at)
        padding = (0, 0)
    return taylor_conv2d(
        x, weight, layer.bias, order=layer.order, at=layer._at, stride=geometry.stride, padding=padding,
        dilation=geometry.dilation, groups=geometry.groups,
    )  # fmt: skip


def load_self_onn(layer: TaylorConv2d, state: Mapping[str, Tensor], prefix: str = "") -> TaylorConv2d:
    """Loads the weights of a SelfONN2d layer of the package fastonn into a layer of the same shape.

    Args:
        layer: a TaylorConv2d with at=0 whose order is the other layer's q.
        state: the other layer's state_dict, or a network's.
        prefix: what stands before "weight" and "bias" in it, such as "encoder.0.".

    Both keep weights as (out, q * in, kH, kW), degree after degree, so the layers then compute the
    same. Raises ValueError where they cannot.

    >>> other = {"weight": torch.zeros(8, 9, 3, 3), "bias": torch.zeros(8)}
    >>> layer = load_self_onn(TaylorConv2d(3, 8, 3, order=3), other)
    """
    if layer._at != 0:
        raise ValueError(f"fastonn's powers are of x itself; the layer's are of x - {layer._at}")
    if layer.groups != 1:
        raise ValueError(
            "with groups, fastonn's layers split the concatenated powers, ours the channels: only one fits"
        )
    own = {"weight": state.get(f"{prefix}weight"), "bias": state.get(f"{prefix}bias")}
    if own["weight"] is None:
        raise ValueError(f"there is no {prefix}weight among {', '.join(state)}")
    if own["weight"].shape != layer.weight.shape:
        needed, found = tuple(layer.weight.shape), tuple(own["weight"].shape)
        raise ValueError(f"the weights have shape {found}; a layer of this order and size needs {needed}")
    if (own["bias"] is None) != (layer.bias is None):
        raise ValueError("one of the two layers has a bias and the other has none")
    layer.load_state_dict({name: tensor for name, tensor in own.items() if tensor is not None})
    return layer
