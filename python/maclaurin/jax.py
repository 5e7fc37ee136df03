"""JAX: expansions as functions that jit, grad and vmap transform, on any device.

terms = expand(x, maclaurin.taylor("softplus", order=4))
y = taylor_activation(x, parameters["coefficients"])
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from maclaurin import rows
from maclaurin._native import Polynomial

__all__ = ["expand", "taylor_activation"]


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
    scale: float = 1.0,
    shift: float = 0.0,
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
    coefficients: Any
    if isinstance(series, Polynomial):
        at, nonzero = series.center, series.degrees
        coefficients = series.coefficients.tolist()
    else:
        coefficients = jnp.asarray(series)
        nonzero = tuple(range(1, len(coefficients)))
    chosen = rows.check(kind, degrees, len(coefficients) - 1, nonzero, constant)
    result = x.dtype if jnp.issubdtype(x.dtype, jnp.floating) else jnp.dtype(jnp.float32)
    precision = jnp.promote_types(result, jnp.float32)
    t = x.astype(precision) * scale + (shift - at)
    if not isinstance(series, Polynomial):
        coefficients = coefficients.astype(precision)
    if kind == "sum":
        value: jax.Array = rows.horner(t, coefficients)
        return value.astype(result)
    values = rows.rows(t, jnp.ones_like(t), coefficients, kind, chosen)
    join = jnp.stack if stack else jnp.concatenate
    return join(values, axis).astype(result)


def taylor_activation(x: Any, coefficients: Any, at: float = 0.0) -> jax.Array:
    """The polynomial sum_k coefficients[k] (x - at)^k at every value, by Horner's rule.

    Coefficients are a plain array: a leaf of the parameters that an optimiser trains.

    >>> taylor_activation(jnp.array([2.0]), jnp.array([1.0, 0.0, 3.0])).tolist()
    [13.0]
    """
    return expand(x, coefficients, at=at, kind="sum")
