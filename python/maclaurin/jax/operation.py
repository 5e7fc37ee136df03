"""Operations of JAX that have a native kernel on CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.extend.core import Primitive
from jax.interpreters import mlir

#: A plan, which says all that is not in the arrays, and the arrays, to the results.
Function = Callable[..., list[Any]]


class Operation:
    """A primitive: a native kernel where that can run, else operations of XLA with the same values.

    The native kernel runs on CPU in programs of one device and inside of `jax.shard_map`. Programs that XLA
    partitions among devices, exported ones (which run where this package is not) and other devices get XLA's
    operations.

    Args:
        name: the primitive's, in a jaxpr.
        portable: the operation as a function of a plan and arrays, in JAX's own operations. Shapes, types and
            shardings of the results are those that it gives.
        native: the operation by a native kernel, or None.
        usable: whether the native kernel knows this plan and arrays of these shapes and types.

    Rules of differentiation and batching are the caller's to register for `primitive`.

    >>> import jax.numpy as jnp
    >>> double = Operation("double", lambda plan, x: [plan * x])
    >>> double(2, jnp.array([1.0, 3.0]))[0].tolist()
    [2.0, 6.0]
    """

    def __init__(
        self,
        name: str,
        portable: Function,
        native: Function | None = None,
        usable: Callable[..., bool] = lambda plan, *arrays: True,
    ) -> None:
        self.portable = portable
        self._native, self._usable = native, usable
        self._traced = jax.jit(portable, static_argnums=0)
        self._compiled = jax.jit(lambda plan, *arrays: self(plan, *arrays), static_argnums=0)
        self.primitive = Primitive(f"maclaurin_{name}")
        self.primitive.multiple_results = True
        self.primitive.def_impl(self._run)  # type: ignore[no-untyped-call]
        self.primitive.def_abstract_eval(self._results)  # type: ignore[no-untyped-call]
        mlir.register_lowering(self.primitive, lambda context, *values, plan: _lower(portable, plan, context, values))
        mlir.register_lowering(self.primitive, self._lower_on_cpu, platform="cpu")

    def __call__(self, plan: Any, *arrays: Any) -> list[Any]:
        """The results for arrays of JAX."""
        found: list[Any] = self.primitive.bind(*align(*arrays), plan=plan)  # type: ignore[no-untyped-call]
        return found

    def _run(self, *arrays: Any, plan: Any) -> list[Any]:
        # Where compilation is disabled, a program of this one operation is compiled all the same.
        with jax.disable_jit(False):
            found: list[Any] = self._compiled(plan, *arrays)
        return found

    def _results(self, *types: Any, plan: Any) -> list[Any]:
        return list(self._traced.trace(plan, *types).jaxpr.out_avals)

    def _lower_on_cpu(self, context: Any, *values: Any, plan: Any) -> Any:
        native = self._native if _is_of_one_device(context) and self._usable(plan, *context.avals_in) else None
        return _lower(native or self.portable, plan, context, values)


def _lower(function: Function, plan: Any, context: Any, values: Sequence[Any]) -> Any:
    return mlir.lower_fun(lambda *arrays: function(plan, *arrays))(context, *values)


def _is_of_one_device(context: Any) -> bool:
    """Whether a program runs on this machine and each call of it on one device."""
    module = context.module_context
    if module.lowering_parameters.for_export:
        return False
    axes = module.axis_context
    if isinstance(axes, mlir.SPMDAxisContext):
        return set(axes.manual_axes) == set(axes.mesh.axis_names)
    return bool(getattr(axes, "num_devices", 1) == 1)


def align(*arrays: Any) -> list[Any]:
    """The arrays, all varying along the same axes of the mesh inside of `jax.shard_map`.

    >>> align(1.0, 2.0)
    [1.0, 2.0]
    """
    axes = [_varying(array) for array in arrays]
    every: frozenset[Any] = frozenset().union(*axes)
    return [
        jax.lax.pcast(array, tuple(every - own), to="varying") if every - own else array
        for array, own in zip(arrays, axes, strict=True)
    ]


def _varying(array: Any) -> frozenset[Any]:
    kind: Any = jax.typeof(array)
    # The older versions' name is the second.
    return frozenset(kind.mat.varying if hasattr(kind, "mat") else kind.vma)
