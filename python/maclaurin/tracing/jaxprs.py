"""JAX functions, read from what `jax.make_jaxpr` makes of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from maclaurin.tracing.expression import ATOM, Expression, NotTraceableError, call, expression

#: Primitives under other names than those of functions.
RENAMED = {"logistic": "sigmoid", "integer_pow": "pow", "erf_inv": "erfinv", "add_any": "add"}
CALLS = {"jit", "pjit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call", "remat", "checkpoint"}
IDENTITIES = {"convert_element_type", "copy", "copy_p", "stop_gradient", "reduce_precision", "squeeze", "reshape"}

#: Functions of JAX that choose by values on the way, and are of one piece.
KNOWN: dict[str, Callable[..., Any]] = {
    "softplus": lambda x: call("softplus", x),
    "logaddexp": lambda x, y: call("logaddexp", x, y),
    "silu": lambda x: call("silu", x),
    "selu": lambda x: call("selu", x),
    "sinc": lambda x: call("normalized_sinc", x),
    "hard_tanh": lambda x: call("hardtanh", x),
}


def jax_expression(f: Callable[[Any], Any]) -> Expression | None:
    """What a JAX function computes; None if JAX is not in use, or cannot trace it.

    Raises NotTraceableError for operations that expressions do not have.
    """
    jax = sys.modules.get("jax")
    if jax is None:
        return None
    try:
        with jax.enable_x64(True):
            closed = jax.make_jaxpr(f)(0.5)
    except Exception:  # noqa: BLE001 - no function of JAX's
        return None
    results = _run(closed.jaxpr, closed.consts, [Expression("x", ATOM)])
    return expression(results[0]) if len(results) == 1 else None


def _run(jaxpr: Any, constants: Any, arguments: list[Any]) -> list[Any]:
    values: dict[Any, Any] = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*constants, *arguments], strict=True))
    for equation in jaxpr.eqns:
        operands = [v.val if hasattr(v, "val") else values[v] for v in equation.invars]
        results = _apply(equation.primitive.name, equation.params, operands)
        values.update(zip(equation.outvars, results, strict=True))
    # A literal has its value.
    return [v.val if hasattr(v, "val") else values[v] for v in jaxpr.outvars]


def _apply(name: str, parameters: dict[str, Any], operands: list[Any]) -> list[Any]:
    inner = parameters.get("jaxpr", parameters.get("call_jaxpr"))
    if inner is not None and name in CALLS:
        known = KNOWN.get(str(parameters.get("name")))
        if known is not None:
            return [known(*operands)]
        return _run(getattr(inner, "jaxpr", inner), getattr(inner, "consts", []), operands)
    if name in IDENTITIES:
        return operands[:1]
    if name in ("eq", "ne", "lt", "le", "gt", "ge"):
        # Of a value and itself: whether it is NaN.
        if name in ("eq", "ne") and operands[0] is operands[1]:
            return [name == "eq"]
        raise NotTraceableError("it decides by the value of its argument")
    if name == "select_n":
        return [operands[1 + int(operands[0])]]
    if name == "integer_pow":
        return [expression(operands[0]) ** parameters["y"]]
    return [call(RENAMED.get(name, name), *operands)]
