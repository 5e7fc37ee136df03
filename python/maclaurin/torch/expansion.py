"""Expansions and trainable polynomials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from maclaurin import rows
from maclaurin._native import Polynomial
from maclaurin._native import expand as native_expand
from maclaurin._native import expand_backward as native_backward
from maclaurin.series import Point, taylor

__all__ = ["TaylorActivation", "TaylorExpansion", "expand", "taylor_activation"]

#: Types in which values are computed in double precision on CPU, and in float32 elsewhere.
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def expand(
    x: Tensor,
    series: Polynomial | Tensor,
    *,
    at: float | None = None,
    kind: rows.Kind = "terms",
    degrees: rows.Degrees = "nonzero",
    constant: bool = False,
    dim: int = -1,
    stack: bool = True,
    scale: float = 1.0,
    shift: float = 0.0,
) -> Tensor:
    """`maclaurin.expand` for tensors: differentiable with respect to x and to the coefficients.

    Args:
        x: a tensor of any shape; float16, bfloat16, float32, float64 give their own type,
            integers float32.
        series: a Series or Polynomial, or a tensor of coefficients a_0 ... a_p about `at` (then
            "nonzero" means all of them).
        dim: where the dimension of the degrees stands (stack), or the one they are joined along.

    >>> from maclaurin import taylor
    >>> expand(torch.tensor([1.0]), taylor("exp(x)", order=2)).tolist()
    [[1.0, 0.5]]
    """
    if isinstance(series, Polynomial):
        at = series.center
        nonzero: Sequence[int] = series.degrees
        coefficients = torch.tensor(series.coefficients.tolist(), dtype=torch.float64)
    else:
        coefficients = series
        nonzero = range(1, len(series))
    chosen = rows.check(kind, degrees, len(coefficients) - 1, nonzero, constant)
    plan = (float(at or 0.0), kind, list(chosen), dim, stack, float(scale), float(shift))
    # An exported program runs where this package is not.
    exporting = torch.compiler.is_exporting() or torch.onnx.is_in_onnx_export()
    if x.device.type == "cpu" and not exporting:
        return cast("Tensor", _expand(x, coefficients, *plan))
    return _portable(x, coefficients, *plan)


def taylor_activation(x: Tensor, coefficients: Tensor, at: float = 0.0) -> Tensor:
    """The polynomial sum_k coefficients[k] (x - at)^k at every value, by Horner's rule.

    >>> taylor_activation(torch.tensor([2.0]), torch.tensor([1.0, 0.0, 3.0])).tolist()
    [13.0]
    """
    return expand(x, coefficients, at=at, kind="sum")


@torch.library.custom_op("maclaurin::expand", mutates_args=())
def _expand(
    x: Tensor,
    coefficients: Tensor,
    at: float,
    kind: str,
    degrees: Sequence[int],
    dim: int,
    stack: bool,
    scale: float,
    shift: float,
) -> Tensor:
    polynomial = Polynomial(at, coefficients.tolist())
    result = native_expand(
        _as_numpy(x), polynomial, kind, *_listed(degrees), dim, stack, scale, shift,
        str(_result_type(x)).removeprefix("torch."),
    )  # fmt: skip
    return _as_tensor(result)


@_expand.register_fake
def _(x: Tensor, coefficients: Tensor, at: float, kind: str, degrees: Sequence[int], dim: int,
      stack: bool, scale: float, shift: float) -> Tensor:  # fmt: skip
    shape = list(x.shape)
    if kind != "sum":
        dim = dim % (len(shape) + stack)
        if stack:
            shape.insert(dim, len(degrees))
        else:
            shape[dim] *= len(degrees)
    return torch.empty(shape, dtype=_result_type(x), device=x.device)


@torch.library.custom_op("maclaurin::expand_backward", mutates_args=())
def _expand_backward(
    gradient: Tensor,
    x: Tensor,
    coefficients: Tensor,
    at: float,
    kind: str,
    degrees: Sequence[int],
    dim: int,
    stack: bool,
    scale: float,
    shift: float,
) -> tuple[Tensor, Tensor]:
    polynomial = Polynomial(at, coefficients.tolist())
    of_x, of_coefficients = native_backward(
        _as_numpy(gradient), _as_numpy(x), polynomial, kind, *_listed(degrees), dim, stack, scale,
        shift,
    )  # fmt: skip
    return _as_tensor(of_x), torch.from_numpy(of_coefficients).to(coefficients.dtype)


@_expand_backward.register_fake
def _(gradient: Tensor, x: Tensor, coefficients: Tensor, *plan: Any) -> tuple[Tensor, Tensor]:
    return torch.empty(x.shape, dtype=gradient.dtype), torch.empty_like(coefficients)


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, coefficients, *ctx.plan = inputs
    ctx.save_for_backward(x, coefficients)


def _backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
    x, coefficients = ctx.saved_tensors
    if torch.is_grad_enabled():
        # For gradients of gradients, operations that have gradients themselves.
        value = _portable(x, coefficients, *ctx.plan)
        wanted = [tensor for tensor in (x, coefficients) if tensor.requires_grad]
        found = iter(torch.autograd.grad(value, wanted, gradient, create_graph=True))
        both = [next(found) if tensor.requires_grad else None for tensor in (x, coefficients)]
    else:
        both = list(_expand_backward(gradient, x, coefficients, *ctx.plan))
    return (*both, *(None for _ in ctx.plan))


_expand.register_autograd(_backward, setup_context=_save)


def _portable(
    x: Tensor,
    coefficients: Tensor,
    at: float,
    kind: rows.Kind,
    degrees: Sequence[int],
    dim: int,
    stack: bool,
    scale: float,
    shift: float,
) -> Tensor:
    """The operator in PyTorch's own operations."""
    result = _result_type(x)
    precision = torch.float64 if result == torch.float64 else torch.float32
    t = x.to(precision) * scale + (shift - at)
    coefficients = coefficients.to(device=x.device, dtype=precision)
    if kind == "sum":
        value: Tensor = rows.horner(t, coefficients)
        return value.to(result)
    values = rows.rows(t, torch.ones_like(t), coefficients, kind, degrees)
    join = torch.stack if stack else torch.cat
    return join(values, dim).to(result)


def _result_type(x: Tensor) -> torch.dtype:
    return x.dtype if x.dtype in FLOATS else torch.float32


def _listed(degrees: Sequence[int]) -> tuple[list[int], bool]:
    """Degrees as the native function takes them: those from 1 on, and whether 0 is there."""
    return [degree for degree in degrees if degree > 0], 0 in degrees


def _as_numpy(x: Tensor) -> np.ndarray[Any, Any]:
    """The tensor's memory as an array."""
    x = x.detach()
    if x.dtype == torch.bfloat16:
        import ml_dtypes

        return x.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return x.numpy()


def _as_tensor(array: np.ndarray[Any, Any]) -> Tensor:
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


class TaylorExpansion(nn.Module):
    """Every channel becomes one channel for each degree of a Taylor series.

    Args:
        function, order, at: as `maclaurin.taylor` takes them.
        kind: "terms" a_k (x-x0)^k, "powers" (x-x0)^k, "partial_sums", or "sum" (as many channels as
            before).
        degrees: "nonzero", "all" (from 1 on) or a list.
        constant: whether degree 0 comes out too, first.
        dim: the dimension of the channels; they come out degree after degree.
        scale, shift: the value expanded is scale*x + shift, in the same pass over memory, so a uint8
            picture with scale=1/255 is read as bytes.

    Shape: (N, C, ...) to (N, C * multiplier, ...), where `multiplier` is the number of degrees.
    A channels-last input gives a channels-last output.

    >>> layer = TaylorExpansion("log(1 + exp(x))", order=4)
    >>> layer.multiplier, layer(torch.zeros(1, 3, 32, 32)).shape
    (3, torch.Size([1, 9, 32, 32]))
    """

    def __init__(
        self,
        function: Any = "softplus",
        order: int = 4,
        at: Point = 0,
        *,
        kind: rows.Kind = "terms",
        degrees: rows.Degrees = "nonzero",
        constant: bool = False,
        dim: int = 1,
        scale: float = 1.0,
        shift: float = 0.0,
    ) -> None:
        super().__init__()
        self.series = taylor(function, order=order, at=at)
        self.kind: rows.Kind = kind
        self.chosen = rows.check(kind, degrees, order, self.series.degrees, constant)
        self.dim = dim
        self.scale = float(scale)
        self.shift = float(shift)
        self._at = self.series.center
        # Plain numbers: no half-precision module may round them.
        self._coefficients = self.series.coefficients.tolist()

    @property
    def multiplier(self) -> int:
        """How many channels each channel becomes."""
        return max(len(self.chosen), 1)

    def forward(self, x: Tensor) -> Tensor:
        """The expansion of x."""
        channels_last = (
            self.dim == 1 and x.dim() == 4 and not x.is_contiguous()
            and x.is_contiguous(memory_format=torch.channels_last)
        )  # fmt: skip
        if channels_last:
            return self._expand(x.permute(0, 2, 3, 1), 3).permute(0, 3, 1, 2)
        return self._expand(x, self.dim)

    def _expand(self, x: Tensor, dim: int) -> Tensor:
        return expand(
            x,
            torch.tensor(self._coefficients, dtype=torch.float64),
            at=self._at,
            kind=self.kind,
            degrees=[degree for degree in self.chosen if degree > 0],
            constant=0 in self.chosen,
            dim=dim,
            stack=False,
            scale=self.scale,
            shift=self.shift,
        )

    def extra_repr(self) -> str:
        """What a printed module shows."""
        return f"{self.series}, kind={self.kind!r}, degrees={self.chosen}, dim={self.dim}"


class TaylorActivation(nn.Module):
    """A polynomial with trainable coefficients that starts as the Taylor series of a function.

    Args:
        function, order, at: as `maclaurin.taylor` takes them.
        trainable: whether `coefficients` (of shape (order + 1,)) is a parameter, or a buffer.
        rate: None, or the first value of a trainable factor of the input. For a distribution whose
            parameter multiplies x, that is the distribution's rate:
            ``TaylorActivation("erlang_cdf(x, 3, 1)", order=6, rate=2.0)`` starts as the Erlang
            distribution's cumulative distribution function of shape 3 and rate 2.

    Shape: any; the output has the input's.

    >>> layer = TaylorActivation("exp(x)", order=2)
    >>> layer(torch.tensor([0.0, 1.0])).tolist()
    [1.0, 2.5]
    """

    coefficients: Tensor

    def __init__(
        self,
        function: Any = "softplus",
        order: int = 4,
        at: Point = 0,
        *,
        trainable: bool = True,
        rate: float | None = None,
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.series = taylor(function, order=order, at=at)
        self._at = self.series.center
        dtype = dtype or torch.get_default_dtype()
        coefficients = torch.tensor(self.series.coefficients.tolist(), dtype=dtype, device=device)
        if trainable:
            self.coefficients = nn.Parameter(coefficients)
        else:
            self.register_buffer("coefficients", coefficients)
        self.rate = None
        if rate is not None:
            self.rate = nn.Parameter(torch.tensor(float(rate), dtype=dtype, device=device))

    def forward(self, x: Tensor) -> Tensor:
        """The polynomial at every value of x."""
        if self.rate is not None:
            x = x * self.rate.to(x.dtype)
        return taylor_activation(x, self.coefficients, self._at)

    def extra_repr(self) -> str:
        """What a printed module shows."""
        return f"starts as {self.series}"
