"""Tensors as the arrays that the native kernels read, and when they can."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

#: Types that the layers compute in; on CPU in double precision or float32 inside.
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)

_PLAIN = (Tensor, nn.Parameter, nn.Buffer)


def is_real(x: Tensor) -> bool:
    """Whether the values are of a type that can be expanded: not complex, quantized, or of 8-bit floats."""
    return x.dtype in FLOATS or not (x.is_floating_point() or x.is_complex() or x.is_quantized)


def is_plain(*tensors: Tensor | None) -> bool:
    """Whether operators whose only derivative is a backward pass can take these tensors.

    Not so under the transforms of torch.func (vmap, grad, jvp, ...), with forward-mode tangents, and for
    subclasses of tensors (DTensor, ...): PyTorch's own operations then do the work. Nor in programs that are
    traced or exported, which run where this package is not.
    """
    if torch.compiler.is_exporting() or torch.onnx.is_in_onnx_export() or torch._C._get_tracing_state() is not None:
        return False
    if is_transformed(*tensors):
        return False
    return torch.compiler.is_compiling() or all(
        tensor is None or (type(tensor) in _PLAIN and tensor.layout == torch.strided) for tensor in tensors
    )


def is_transformed(*tensors: Tensor | None) -> bool:
    """Whether a transform of torch.func is active, or a tensor has a forward-mode tangent."""
    if torch._C._are_functorch_transforms_active():
        return True
    if torch.compiler.is_compiling():
        return False
    return any(tensor is not None and _tangent(tensor) is not None for tensor in tensors)


def _tangent(tensor: Tensor) -> Tensor | None:
    tangent: Tensor | None = forward_ad.unpack_dual(tensor).tangent  # type: ignore[no-untyped-call]
    return tangent


class _Memory:
    """A tensor's memory as NumPy's array interface: unlike Tensor.numpy, it leaves the storage resizable."""

    def __init__(self, x: Tensor, dtype: np.dtype[Any]) -> None:
        self.tensor = x
        self.__array_interface__ = {
            "data": (x.data_ptr(), False),
            "shape": tuple(x.shape),
            "strides": tuple(stride * dtype.itemsize for stride in x.stride()),
            "typestr": dtype.str,
            "version": 3,
        }


def as_array(x: Tensor) -> np.ndarray[Any, Any]:
    """A CPU tensor's memory as an array."""
    x = x.detach().resolve_conj().resolve_neg()
    bfloat16 = x.dtype == torch.bfloat16
    dtype = np.dtype("int16" if bfloat16 else str(x.dtype).removeprefix("torch."))
    # Memory of no values has no address.
    array = np.asarray(_Memory(x, dtype)) if x.numel() else np.empty(tuple(x.shape), dtype)
    if bfloat16:
        import ml_dtypes

        return array.view(ml_dtypes.bfloat16)
    return array


def as_tensor(array: np.ndarray[Any, Any]) -> Tensor:
    """An array that belongs to nobody else as a tensor, without a copy."""
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)
