"""Expansions as functions that JAX's transformations take."""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.interpreters import ad, batching

from maclaurin import rows
from maclaurin._native import Polynomial, xla_handlers
from maclaurin.jax.operation import Operation
from maclaurin.polynomial import expanded, polynomial_of

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
    at: rows.Place | jax.Array | None = None,
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
        x: an array of any shape; floating-point types give their own, integers float32.
        series: a Series, Polynomial or Basis, or an array of coefficients a_0 ... a_p about `at` (then
            "nonzero" means all of them).
        at: the expansion point of coefficients, 0 by default; as scale and shift a number, or a scalar
            array, which can be traced. For kind "sum" also a range (low, high): then they are those of its
            Chebyshev polynomials.
        kind, degrees, constant, scale, shift: as `maclaurin.expand` takes them. Static arguments of jax.jit must
            be hashable: give degrees as a tuple there.
        axis: where the axis of the degrees stands (stack), or the one they are joined along.

    Raises TypeError for complex numbers and for `at` beside a Series or Polynomial, which has its own point;
    ValueError for degrees that there are not.

    >>> from maclaurin import taylor
    >>> expand(jnp.array([1.0]), taylor("exp(x)", order=2)).tolist()
    [[1.0, 0.5]]
    """
    x = jnp.asarray(x)
    if jnp.issubdtype(x.dtype, jnp.complexfloating):
        raise TypeError(f"an array of {x.dtype} cannot be expanded: its values must be real numbers, such as float32")
    fixed = isinstance(series, Polynomial)
    if fixed and at is not None:
        raise TypeError(f"at={at!r} beside a series, whose expansion point is {series.center}: leave it out")
    place: Any = 0.0 if at is None else at
    result = _result_type(x)
    coefficients: Any
    if isinstance(series, Polynomial):
        polynomial_of(series, None, None, summed=kind == "partial_sums", basis=kind in ("terms", "powers"))
        chosen = rows.check(kind, degrees, series.order, series.degrees, constant)
        which: rows.Kind | rows.Basis
        place, which, found = expanded(series, kind)
        coefficients = tuple(found)
    else:
        coefficients = jnp.asarray(series)
        if coefficients.ndim != 1 or jnp.issubdtype(coefficients.dtype, jnp.complexfloating):
            raise ValueError(
                f"expected real coefficients a_0 ... a_p of one dimension, not {coefficients.dtype} of shape "
                f"{coefficients.shape}"
            )
        chosen = rows.check(kind, degrees, len(coefficients) - 1, range(1, len(coefficients)), constant)
        which = kind
    if any(isinstance(number, jax.Array) for number in (place, scale, shift)):
        # Values that a transformation traces are no constants of a plan.
        x = x.astype(precision(result))
        if isinstance(place, tuple):
            x = (x * scale + shift).astype(x.dtype)
        else:
            x, place = (x * scale + (shift - place)).astype(x.dtype), 0.0
        scale, shift = 1.0, 0.0
    place = rows.place(place, kind)
    if kind != "sum":
        # From the end, so that it stays where it is when vmap adds axes in front.
        several = x.ndim + stack
        axis = int(np.lib.array_utils.normalize_axis_index(axis, several)) - several
    plan = _Plan(place, which, chosen, axis, stack, float(scale), float(shift), coefficients if fixed else None)
    if not fixed:
        return _portable(plan, x, coefficients).astype(result)
    # XLA compiles elementwise operations well by itself, fused with what is around them.
    value: jax.Array = _portable(plan, x) if kind == "sum" else EXPANSION(plan, x)[0]
    return value.astype(result)


def taylor_activation(x: Any, coefficients: Any, at: rows.Place | jax.Array = 0.0) -> jax.Array:
    """The polynomial sum_k coefficients[k] (x - at)^k at every value, by Horner's rule.

    If at is a range (low, high) it is the sum of its Chebyshev polynomials, by Clenshaw's recurrence.

    Coefficients are a plain array: a leaf of the parameters that an optimizer trains.

    >>> taylor_activation(jnp.array([2.0]), jnp.array([1.0, 0.0, 3.0])).tolist()
    [13.0]
    """
    return expand(x, coefficients, at=at, kind="sum")


def precision(dtype: Any) -> Any:
    """The type that sums over values of a type are made in: float32 at least.

    >>> precision(jnp.bfloat16)
    dtype('float32')
    """
    return jnp.promote_types(dtype, jnp.float32)


class _Plan(NamedTuple):
    """What an expansion does, apart from its values and trained coefficients."""

    at: rows.Place
    kind: rows.Kind | rows.Basis
    degrees: tuple[int, ...]
    axis: int
    stack: bool
    scale: float
    shift: float
    coefficients: tuple[float, ...] | None


def _portable(plan: _Plan, x: jax.Array, trained: jax.Array | None = None) -> jax.Array:
    """The expansion in JAX's own operations."""
    result = _result_type(x)
    join = jnp.stack if plan.stack else jnp.concatenate
    if plan.kind == "basis":
        numbers, t = plan.coefficients or (), x.astype(precision(result))
        return join(rows.basis(t, jnp, numbers, plan.degrees, plan.scale, plan.shift), plan.axis).astype(result)
    offset = plan.shift if isinstance(plan.at, tuple) else plan.shift - plan.at
    t = x.astype(precision(result)) * plan.scale + offset
    coefficients: Any = plan.coefficients if trained is None else trained.astype(t.dtype)
    if plan.kind == "sum":
        value: jax.Array = rows.total(t, jnp.ones_like, coefficients, plan.at)
        return value.astype(result)
    values = rows.rows(t, jnp.ones_like, coefficients, plan.kind, plan.degrees)
    return join(values, plan.axis).astype(result)


def _result_type(x: jax.Array) -> Any:
    return x.dtype if jnp.issubdtype(x.dtype, jnp.floating) else jnp.dtype(jnp.float32)


def _native(plan: _Plan, x: jax.Array) -> list[jax.Array]:
    """The expansion by the native kernels, as a custom call of XLA."""
    shape = jax.eval_shape(lambda x: _portable(plan, x), x)
    above = [degree for degree in plan.degrees if degree > 0]
    options = [rows.NUMBERED.index(plan.kind), plan.axis, plan.stack, 0 in plan.degrees, *above]
    call = jax.ffi.ffi_call(TARGET, shape)
    result: jax.Array = call(  # type: ignore[no-untyped-call]
        x,
        numbers=np.array([plan.at, plan.scale, plan.shift, *(plan.coefficients or ())]),
        options=np.array(options, dtype=np.int64),
    )
    return [result]


#: The expansion of x by a series.
EXPANSION = Operation("expand", lambda plan, x: [_portable(plan, x)], _native, lambda plan, x: x.dtype.name in NATIVE)


def _tangent(primals: tuple[Any], tangents: tuple[Any], plan: _Plan) -> tuple[list[Any], list[Any]]:
    # Of the portable value only the derivative is kept: operations that JAX can transpose.
    _, change = jax.jvp(lambda x: _portable(plan, x), primals, tangents)
    return EXPANSION(plan, *primals), [change]


def _batch(arrays: tuple[Any], axes: tuple[int], plan: _Plan) -> tuple[list[Any], list[int]]:
    return EXPANSION(plan, jnp.moveaxis(arrays[0], axes[0], 0)), [0]


ad.primitive_jvps[EXPANSION.primitive] = _tangent
batching.primitive_batchers[EXPANSION.primitive] = _batch
