"""Convolution over the powers of the input, without storing them: y = b + sum_k W_k * (x - x0)^k."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from maclaurin import _native, convolution
from maclaurin.convolution import Geometry, Padding, Start
from maclaurin.series import Point
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
