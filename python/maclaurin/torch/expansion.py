"""Expansions as functions: custom operators on the native kernels, and PyTorch's own operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor

from maclaurin import rows
from maclaurin._native import Polynomial
from maclaurin._native import expand as native_expand
from maclaurin._native import expand_backward as native_backward
from maclaurin.polynomial import expanded, native, polynomial_of
from maclaurin.torch.arrays import FLOATS, as_array, as_tensor, is_plain, is_real, is_transformed

__all__ = ["expand", "taylor_activation"]


def expand(
    x: Tensor,
    series: Polynomial | Tensor,
    *,
    at: rows.Place | None = None,
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
        series: a Series, Polynomial or Basis, or a tensor of coefficients a_0 ... a_p about `at` (then
            "nonzero" means all of them).
        at: the expansion point of coefficients, 0 by default; for kind "sum" also a range (low, high): then they are
            those of its Chebyshev polynomials. TypeError beside a Series or Polynomial, which has its own.
        dim: where the dimension of the degrees stands (stack), or the one they are joined along.

    A "sum" keeps the memory format of x. Of an Approximation whose basis is "chebyshev" it is that of Chebyshev
    polynomials.

    >>> from maclaurin import taylor
    >>> expand(torch.tensor([1.0]), taylor("exp(x)", order=2)).tolist()
    [[1.0, 0.5]]
    """
    if isinstance(series, Polynomial):
        if at is not None:
            raise TypeError(f"at={at!r} beside a series, whose expansion point is {series.center}: leave it out")
        polynomial_of(series, None, None, summed=kind == "partial_sums", basis=kind in ("terms", "powers"))
        chosen = rows.check(kind, degrees, series.order, series.degrees, constant)
        coefficients: Tensor | list[float]
        which: rows.Kind | rows.Basis
        at, which, coefficients = expanded(series, kind)
    else:
        if series.dim() != 1:
            raise ValueError(f"expected coefficients a_0 ... a_p of one dimension, not of shape {tuple(series.shape)}")
        chosen = rows.check(kind, degrees, len(series) - 1, range(1, len(series)), constant)
        coefficients, which = series, kind
    place = rows.place(at or 0.0, kind)
    return expand_by(x, coefficients, (place, which, list(chosen), dim, stack, float(scale), float(shift)))


def expand_by(x: Tensor, coefficients: Tensor | list[float], plan: tuple[Any, ...]) -> Tensor:
    """The expansion by fixed (a list) or trained coefficients.

    plan: (at, kind, degrees with 0 for the constant, dim, stack, scale, shift).
    """
    trained, in_powers = isinstance(coefficients, Tensor), not isinstance(plan[0], tuple)
    if not is_real(x):
        raise TypeError(f"a tensor of {x.dtype} cannot be expanded: its values must be real numbers, such as float32")
    plain = is_plain(x, coefficients if isinstance(coefficients, Tensor) else None)
    if x.device.type != "cpu" or not (plain and in_powers):
        return _portable(x, coefficients, *plan)
    if not isinstance(coefficients, Tensor):
        coefficients = torch.tensor(coefficients, dtype=torch.float64)
    if plan[1] != "sum":
        return cast("Tensor", _expand(x, coefficients, trained, *plan))
    order = _memory_order(x)
    if order is None:
        return cast("Tensor", _expand(x, coefficients, trained, *plan))
    inverse = sorted(range(len(order)), key=order.__getitem__)
    return cast("Tensor", _expand(x.permute(order), coefficients, trained, *plan).permute(inverse))


def _memory_order(x: Tensor) -> list[int] | None:
    """The order of dimensions in which x is contiguous, if it is so in another than its own."""
    if x.is_contiguous():
        return None
    for dimensions, layout in ((4, torch.channels_last), (5, torch.channels_last_3d)):
        if x.dim() == dimensions and x.is_contiguous(memory_format=layout):
            return [0, *range(2, dimensions), 1]
    if torch.compiler.is_compiling():
        return None
    strides = x.stride()
    order = sorted(range(x.dim()), key=lambda dim: (-strides[dim], dim))
    return order if x.permute(order).is_contiguous() else None


def taylor_activation(x: Tensor, coefficients: Tensor, at: rows.Place = 0.0) -> Tensor:
    """The polynomial sum_k coefficients[k] (x - at)^k at every value, by Horner's rule.

    If at is a range (low, high) it is the sum of its Chebyshev polynomials, by Clenshaw's recurrence.

    >>> taylor_activation(torch.tensor([2.0]), torch.tensor([1.0, 0.0, 3.0])).tolist()
    [13.0]
    """
    return expand(x, coefficients, at=at, kind="sum")


@torch.library.custom_op("maclaurin::expand", mutates_args=())
def _expand(
    x: Tensor,
    coefficients: Tensor,
    trained: bool,
    at: float,
    kind: str,
    degrees: Sequence[int],
    dim: int,
    stack: bool,
    scale: float,
    shift: float,
) -> Tensor:
    polynomial, kind = native(at, coefficients.tolist(), trained, kind)
    result = native_expand(
        as_array(x), polynomial, kind, *_listed(degrees), dim, stack, scale, shift,
        str(_result_type(x)).removeprefix("torch."), None, torch.get_num_threads(),
    )  # fmt: skip
    return as_tensor(result)


@_expand.register_fake
def _(x: Tensor, coefficients: Tensor, trained: bool, at: float, kind: str, degrees: Sequence[int], dim: int,
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
    trained: bool,
    at: float,
    kind: str,
    degrees: Sequence[int],
    dim: int,
    stack: bool,
    scale: float,
    shift: float,
) -> tuple[Tensor, Tensor]:
    polynomial, of_kind = native(at, coefficients.tolist(), trained, kind)
    of_x, of_coefficients = native_backward(
        as_array(gradient), as_array(x), polynomial, of_kind, *_listed(degrees), dim, stack, scale,
        shift, torch.get_num_threads(),
    )  # fmt: skip
    if kind == "basis":
        return as_tensor(of_x), torch.zeros_like(coefficients)
    return as_tensor(of_x), torch.from_numpy(of_coefficients).to(coefficients.dtype)


@_expand_backward.register_fake
def _(gradient: Tensor, x: Tensor, coefficients: Tensor, *plan: Any) -> tuple[Tensor, Tensor]:
    return torch.empty(x.shape, dtype=gradient.dtype, device=x.device), torch.empty_like(coefficients)


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, coefficients, *ctx.plan = inputs
    ctx.save_for_backward(x, coefficients)


def _backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
    x, coefficients = ctx.saved_tensors
    if torch.is_grad_enabled() or is_transformed(gradient):
        # For gradients of gradients, operations that have gradients themselves.
        trained, *plan = ctx.plan
        both = differentiable(
            lambda x, coefficients: _portable(x, coefficients if trained else coefficients.tolist(), *plan),
            (x, coefficients), ctx.needs_input_grad[:2], gradient,
        )  # fmt: skip
    else:
        both = list(_expand_backward(gradient, x, coefficients, *ctx.plan))
    return (*both, *(None for _ in ctx.plan))


_expand.register_autograd(_backward, setup_context=_save)


def differentiable(
    function: Any, inputs: Sequence[Tensor | None], wanted: Sequence[bool], gradient: Tensor
) -> list[Tensor | None]:
    """The vector-Jacobian product of a function of PyTorch's own operations, which is differentiable again."""
    create_graph = torch.is_grad_enabled()
    with torch.enable_grad():
        value = function(*inputs)
    chosen = [tensor for tensor, use in zip(inputs, wanted, strict=True) if use and tensor is not None]
    found = iter(torch.autograd.grad(value, chosen, gradient, create_graph=create_graph))
    return [next(found) if use else None for use in wanted]


def _portable(
    x: Tensor,
    coefficients: Tensor | list[float],
    at: rows.Place,
    kind: rows.Kind | rows.Basis,
    degrees: Sequence[int],
    dim: int,
    stack: bool,
    scale: float,
    shift: float,
) -> Tensor:
    """The operator in PyTorch's own operations."""
    result = _result_type(x)
    precision = torch.float64 if result == torch.float64 else torch.float32
    t = x.to(precision)
    join = torch.stack if stack else torch.cat
    if kind == "basis":
        return join(rows.basis(t, torch, cast("list[float]", coefficients), degrees, scale, shift), dim).to(result)
    # Multiplying by 1 and adding 0 would cost a pass over memory each.
    t = t if scale == 1 else t * scale
    offset = shift if isinstance(at, tuple) else shift - at
    t = t if offset == 0 else t + offset
    if isinstance(coefficients, Tensor):
        coefficients = coefficients.to(device=x.device, dtype=precision)
    if kind == "sum":
        value: Tensor = rows.total(t, torch.ones_like, coefficients, at)
        return value.to(result)
    values = rows.rows(t, torch.ones_like, coefficients, kind, degrees)
    return join(values, dim).to(result)


def _result_type(x: Tensor) -> torch.dtype:
    return x.dtype if x.dtype in FLOATS else torch.float32


def _listed(degrees: Sequence[int]) -> tuple[list[int], bool]:
    """Degrees as the native function takes them: those from 1 up, and whether 0 is among them."""
    return [degree for degree in degrees if degree > 0], 0 in degrees
