"""Expansions as functions that jit, grad and vmap transform."""

from __future__ import annotations

import ctypes
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from maclaurin import rows
from maclaurin._native import Polynomial, xla_handlers

__all__ = ["expand", "taylor_activation"]

#: Under this name XLA knows the native kernels.
TARGET = "maclaurin_expand"
_HANDLER = jax.ffi.pycapsule(ctypes.c_void_p(xla_handlers()[0]))  # type: ignore[no-untyped-call]
jax.ffi.register_ffi_target(TARGET, _HANDLER, platform="cpu")

#: Types that the native kernels read.
NATIVE = ("float16", "bfloat16", "float32", "float64", "uint8", "int8", "uint16", "int16")


def expand(
    x: Any,
    series: Any,
    *,
    at: float = 0.0,
    kind: rows.Kind = "terms",
    degrees: rows.Degrees = "nonzero",
    constant: bool = False,
    axis: int = -1,
    stack: bool = True,
    scale: float | jax.Array = 1.0,
    shift: float | jax.Array = 0.0,
) -> jax.Array:
    """`maclaurin.expand` for JAX arrays: differentiable with respect to x and the coefficients.

    Args:
        x: an array of any shape; integers give float32.
        series: a Series or Polynomial, or an array of coefficients a_0 ... a_p about `at` (then
            "nonzero" means all of them).
        axis: where the axis of the degrees stands (stack), or the one they are joined along.

    >>> from maclaurin import taylor
    >>> expand(jnp.array([1.0]), taylor("exp(x)", order=2)).tolist()
    [[1.0, 0.5]]
    """
    x = jnp.asarray(x)
    if isinstance(scale, jax.Array) or isinstance(shift, jax.Array):
        # Values that a transformation traces are no constants of a plan.
        x, scale, shift = x * scale + shift, 1.0, 0.0
    if not isinstance(series, Polynomial):
        coefficients = jnp.asarray(series)
        nonzero = tuple(range(1, len(coefficients)))
        chosen = rows.check(kind, degrees, len(coefficients) - 1, nonzero, constant)
        return _portable(x, _Plan(at, kind, chosen, axis, stack, scale, shift), coefficients)
    chosen = rows.check(kind, degrees, series.order, series.degrees, constant)
    # From the end, so that it stays where it is when vmap adds axes in front.
    axis = axis if axis < 0 else axis - x.ndim - stack
    plan = _Plan(series.center, kind, chosen, axis, stack, float(scale), float(shift))
    numbers = tuple(series.coefficients.tolist())
    # One value a value is what XLA does well by itself, fused with what is around it.
    return _portable(x, plan, numbers) if kind == "sum" else _fixed(x, plan, numbers)


class _Plan(NamedTuple):
    """What an expansion does, apart from its values and coefficients."""

    at: float
    kind: rows.Kind
    degrees: tuple[int, ...]
    axis: int
    stack: bool
    scale: float
    shift: float


def _portable(x: jax.Array, plan: _Plan, coefficients: Any) -> jax.Array:
    """The expansion in JAX's own operations."""
    result = _result_type(x)
    precision = jnp.promote_types(result, jnp.float32)
    t = x.astype(precision) * plan.scale + (plan.shift - plan.at)
    if isinstance(coefficients, jax.Array):
        coefficients = coefficients.astype(precision)
    if plan.kind == "sum":
        value: jax.Array = rows.horner(t, coefficients)
        return value.astype(result)
    values = rows.rows(t, jnp.ones_like(t), coefficients, plan.kind, plan.degrees)
    join = jnp.stack if plan.stack else jnp.concatenate
    return join(values, plan.axis).astype(result)


def _result_type(x: jax.Array) -> Any:
    return x.dtype if jnp.issubdtype(x.dtype, jnp.floating) else jnp.dtype(jnp.float32)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1, 2))
def _fixed(x: jax.Array, plan: _Plan, coefficients: tuple[float, ...]) -> jax.Array:
    """The expansion by a series: on CPU by the native kernels."""
    if x.dtype not in NATIVE:
        return _portable(x, plan, coefficients)
    result: jax.Array = jax.lax.platform_dependent(
        x,
        cpu=lambda x: _native(x, plan, coefficients),
        default=lambda x: _portable(x, plan, coefficients),
    )
    return result


@_fixed.defjvp
def _(plan: _Plan, coefficients: tuple[float, ...], x: tuple[Any], tangent: tuple[Any]) -> tuple[Any, Any]:
    # Of the portable value only the derivative is kept: operations that JAX can transpose.
    _, change = jax.jvp(lambda x: _portable(x, plan, coefficients), x, tangent)
    return _fixed(*x, plan, coefficients), change


def _native(x: jax.Array, plan: _Plan, coefficients: tuple[float, ...]) -> jax.Array:
    """The expansion by the native kernels, as a custom call of XLA."""
    shape = jax.eval_shape(lambda x: _portable(x, plan, coefficients), x)
    above = [degree for degree in plan.degrees if degree > 0]
    options = [rows.KINDS.index(plan.kind), plan.axis, plan.stack, 0 in plan.degrees, *above]
    call = jax.ffi.ffi_call(TARGET, shape, vmap_method="broadcast_all")
    result: jax.Array = call(  # type: ignore[no-untyped-call]
        x,
        numbers=np.array([plan.at, plan.scale, plan.shift, *coefficients]),
        options=np.array(options, dtype=np.int64),
    )
    return result


def taylor_activation(x: Any, coefficients: Any, at: float = 0.0) -> jax.Array:
    """The polynomial sum_k coefficients[k] (x - at)^k at every value, by Horner's rule.

    Coefficients are a plain array: a leaf of the parameters that an optimiser trains.

    >>> taylor_activation(jnp.array([2.0]), jnp.array([1.0, 0.0, 3.0])).tolist()
    [13.0]
    """
    return expand(x, coefficients, at=at, kind="sum")
