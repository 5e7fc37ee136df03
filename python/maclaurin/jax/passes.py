"""The convolution over powers and its derivatives as operations of JAX, on CPU by the native kernels.

Each of the four is linear in all arrays but x, and the transpose of another one, so that differentiation, forward
and reverse, keeps nothing but x, the weights, and what it differentiates along. For derivatives in x of the
derivatives JAX differentiates its own operations. Mapped over a batch, each is one call of itself.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.interpreters import ad, batching

from maclaurin._native import xla_handlers
from maclaurin.jax import powers
from maclaurin.jax.operation import Operation
from maclaurin.jax.powers import Plan

#: Under this name XLA knows the native kernels.
TARGET = "maclaurin_convolve"
_HANDLER = jax.ffi.pycapsule(ctypes.c_void_p(xla_handlers()[1]))  # type: ignore[no-untyped-call]
jax.ffi.register_ffi_target(TARGET, _HANDLER, platform="cpu")

#: Types that the native kernels read.
NATIVE = ("float16", "bfloat16", "float32", "float64")


class Pass(Operation):
    """One of the four operations.

    Args:
        name, portable: as `Operation` takes them.
        number: that of the native kernel, if there is one.
        operands, results: what the arrays are: "in" and "out" are images before and behind the convolution.
        linear: the groups of operands that it is linear in, those of a group together.
    """

    def __init__(
        self,
        name: str,
        portable: Any,
        number: int | None,
        operands: Sequence[str],
        results: Sequence[str],
        linear: Sequence[Sequence[int]],
    ) -> None:
        super().__init__(name, portable, None if number is None else self._native_call, _usable)
        self._number, self._operands, self._made, self._linear = number, operands, results, linear
        #: The operation that is this one's transpose in its last group.
        self.transpose: Operation
        ad.primitive_jvps[self.primitive] = self._differentiate
        ad.primitive_transposes[self.primitive] = self._transposed
        batching.primitive_batchers[self.primitive] = self._batched

    def _native_call(self, plan: Plan, *arrays: jax.Array) -> list[jax.Array]:
        """The pass by the native kernels, as a custom call of XLA on images."""
        shapes = [(s.shape, s.dtype) for s in jax.eval_shape(lambda *arrays: self.portable(plan, *arrays), *arrays)]
        operands = [a.reshape(_as_images(plan, a.shape, role)) for a, role in zip(arrays, self._operands, strict=True)]
        like = [
            jax.ShapeDtypeStruct(_as_images(plan, shape, role), dtype)  # type: ignore[no-untyped-call]
            for (shape, dtype), role in zip(shapes, self._made, strict=True)
        ]
        if self._number:
            # The native kernels take gradients first.
            operands = [operands[-1], *operands[:-1]]
        missing = 2 - plan.axes
        stride, padding, dilation, groups, _ = plan.geometry
        sides = [0, 0] * missing + [side for pair in padding for side in pair]
        ones = (1,) * missing
        options = [self._number, plan.channels_last or not plan.axes, plan.order, groups]
        options += [*ones, *stride, *sides, *ones, *dilation]
        call = jax.ffi.ffi_call(TARGET, like)
        found = call(*operands, numbers=np.array([plan.at]), options=np.array(options, dtype=np.int64))
        return [result.reshape(shape) for result, (shape, _) in zip(found, shapes, strict=True)]

    def _differentiate(self, primals: Any, tangents: Any, plan: Plan) -> tuple[list[Any], list[Any]]:
        results = self(plan, *primals)
        x, *rest = primals
        changes = []
        if not isinstance(tangents[0], ad.Zero):
            if self is FORWARD:
                changes.append(TANGENT(plan, x, rest[0], tangents[0]))
            else:
                changes.append(jax.jvp(lambda x: self.portable(plan, x, *rest), (x,), (tangents[0],))[1])
        for group in self._linear:
            given = [index for index in group if not isinstance(tangents[index], ad.Zero)]
            if self is FORWARD and given == [2]:
                changes.append([jnp.broadcast_to(plan.along_channels(tangents[2]), results[0].shape).astype(x.dtype)])
            elif given:
                arrays = [_instantiate(tangents[i]) if i in group else a for i, a in enumerate(primals)]
                changes.append(self(plan, *arrays))
        return results, [sum(parts[1:], parts[0]) for parts in zip(*changes, strict=True)]

    def _transposed(self, gradients: Any, *arrays: Any, plan: Plan) -> list[Any]:
        asked = [index for index, array in enumerate(arrays) if isinstance(array, ad.UndefinedPrimal)]
        gradients = [_instantiate(gradient) for gradient in gradients]
        found: list[Any] = [None] * len(arrays)
        last = self._linear[-1]
        if set(asked) <= set(last):
            for index, gradient in zip(last, self.transpose(plan, *arrays[: last[0]], *gradients), strict=True):
                found[index] = gradient if index in asked else None
            return found
        (weight,) = asked

        def of_weight(array: Any) -> list[Any]:
            return self.portable(plan, *arrays[:weight], array, *arrays[weight + 1 :])

        found[weight] = powers.transpose(of_weight, arrays[weight].aval, gradients)
        return found

    def _batched(self, arrays: Any, axes: Any, plan: Plan) -> tuple[list[Any], list[int]]:
        """One call for a batch: as more images, as more outputs, or as more groups."""
        (size,) = {array.shape[axis] for array, axis in zip(arrays, axes, strict=True) if axis is not None}
        mapped = {role for role, axis in zip(self._operands, axes, strict=True) if axis is not None}
        if not mapped & {"weight", "bias"} and "weight" not in self._made:
            place = {"in": (0, 1), "out": (0, 1)}
        elif "in" not in mapped and "in" not in self._made:
            groups = plan.geometry.groups
            weights = (1, 1) if plan.transposed else (0, groups)
            place = {"out": (plan.channels, groups), "weight": weights, "bias": (0, groups)}
        else:
            place = {"in": (plan.channels, 1), "out": (plan.channels, 1), "bias": (0, 1)}
            place["weight"] = (0, plan.order if plan.transposed else 1)
            plan = plan._replace(geometry=plan.geometry._replace(groups=plan.geometry.groups * size))
        operands = [
            _merge(array, axis, size, *place[role]) if role in place else array
            for array, axis, role in zip(arrays, axes, self._operands, strict=True)
        ]
        found = self(plan, *operands)
        return (
            [_split(array, size, *place[role]) for array, role in zip(found, self._made, strict=True)],
            [place[role][0] for role in self._made],
        )


def _instantiate(tangent: Any) -> Any:
    return ad.instantiate_zeros(tangent)  # type: ignore[no-untyped-call]


def _usable(plan: Plan, *arrays: Any) -> bool:
    """Whether the native kernels know the convolution: of images, signals or rows of features, not transposed."""
    return (
        plan.axes < 3
        and not plan.transposed
        and arrays[0].dtype.name in NATIVE
        and not any(0 in array.shape for array in arrays)
    )


def _as_images(plan: Plan, shape: Sequence[int], role: str) -> tuple[int, ...]:
    """The shape for kernels of images: signals are images of one row, rows of features the pixels of one row."""
    missing = (1,) * (2 - plan.axes)
    if role == "bias":
        return tuple(shape)
    if role == "weight":
        return *shape[:2], *missing, *shape[2:]
    if not plan.axes:
        return *missing, *shape
    before = 1 if plan.channels_last else 2
    return *shape[:before], *missing, *shape[before:]


def _merge(array: Any, axis: int | None, size: int, into: int, groups: int) -> Any:
    """Joins the mapped axis with another one, whose groups stay outermost."""
    if axis is None:
        array = jnp.broadcast_to(jnp.expand_dims(array, into), (*array.shape[:into], size, *array.shape[into:]))
    else:
        array = jnp.moveaxis(array, axis, into)
    lead, extent, rest = array.shape[:into], array.shape[into + 1], array.shape[into + 2 :]
    if groups > 1:
        array = array.reshape(*lead, size, groups, extent // groups, *rest).swapaxes(into, into + 1)
    return array.reshape(*lead, size * extent, *rest)


def _split(array: Any, size: int, into: int, groups: int) -> Any:
    """Takes the mapped axis out of the one that it was joined with."""
    lead, extent, rest = array.shape[:into], array.shape[into] // size, array.shape[into + 1 :]
    array = array.reshape(*lead, groups, size, extent // groups, *rest).swapaxes(into, into + 1)
    return array.reshape(*lead, size, extent, *rest)


FORWARD = Pass("convolve", powers.forward, 0, ("in", "weight", "bias"), ("out",), ((1, 2),))
TANGENT = Pass("convolve_tangent", powers.tangent, None, ("in", "weight", "in"), ("out",), ((1,), (2,)))
GRADIENT_OF_INPUT = Pass(
    "convolve_gradient_of_input", powers.gradient_of_input, 1, ("in", "weight", "out"), ("in",), ((1,), (2,))
)
GRADIENT_OF_WEIGHT = Pass(
    "convolve_gradient_of_weight", powers.gradient_of_weight, 2, ("in", "out"), ("weight", "bias"), ((1,),)
)
for _pass, _other in ((FORWARD, GRADIENT_OF_WEIGHT), (TANGENT, GRADIENT_OF_INPUT)):
    _pass.transpose, _other.transpose = _other, _pass
