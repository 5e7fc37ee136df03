"""Layers of Kolmogorov-Arnold networks over orthogonal polynomials, from the weights of other packages."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from maclaurin.basis import basis
from maclaurin.torch.modules import TaylorExpansion

__all__ = ["load_chebykan", "load_kacn"]


def load_chebykan(state: Mapping[str, Tensor], prefix: str = "") -> nn.Sequential:
    """An expansion by Chebyshev polynomials of tanh(x) and a linear layer, with the weights of a layer of ChebyKAN.

    Args:
        state: the state_dict of a ChebyKANLayer (SynodicMonth/ChebyKAN), or of a network of them.
        prefix: what stands before "cheby_coeffs" in it, such as "chebykan1.".

    That layer is y_o = sum_ik c_iok T_k(tanh(x_i)), with its weights c of shape (inputs, outputs, degree + 1). Shape:
    (..., inputs) to (..., outputs); that of the linear layer's weight (outputs, (degree + 1) * inputs), degree after
    degree. Raises ValueError where there are no such weights.

    >>> layer = load_chebykan({"cheby_coeffs": torch.zeros(28, 32, 5)})
    >>> layer[0].multiplier, layer[1]
    (5, Linear(in_features=140, out_features=32, bias=False))
    """
    weights = state.get(f"{prefix}cheby_coeffs")
    if weights is None:
        raise ValueError(f"there is no {prefix}cheby_coeffs among {', '.join(state)}")
    if weights.dim() != 3 or not weights.shape[2]:
        raise ValueError(f"cheby_coeffs have shape {tuple(weights.shape)}; expected (inputs, outputs, degree + 1)")
    inputs, outputs, several = weights.shape
    expansion = TaylorExpansion(basis("chebyshev", several - 1, squash="tanh"), constant=True, dim=-1)
    linear = nn.Linear(several * inputs, outputs, bias=False, device=weights.device, dtype=weights.dtype)
    with torch.no_grad():
        linear.weight.copy_(weights.permute(1, 2, 0).flatten(1))
    return nn.Sequential(expansion, linear)


def load_kacn(
    state: Mapping[str, Tensor],
    prefix: str = "",
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    norm: nn.Module | None = None,
) -> nn.Sequential:
    """An expansion by Chebyshev polynomials of tanh(x), a convolution and a norm, with the weights of a KACN layer.

    Args:
        state: the state_dict of a KACNConv1DLayer, KACNConv2DLayer or KACNConv3DLayer (IvanDrokin/torch-conv-kan), or
            of a network of them.
        prefix: what stands before "poly_conv" in it, such as "layers.0.".
        stride, padding, dilation: those of the layer, which are not in the state.
        norm: the norm of the layer; by default a BatchNorm if the state has running means, else an InstanceNorm.

    That layer is norm(conv(T_k(tanh(x)))); each of its groups has a convolution and a norm, which are one here.
    The layer's dropout is left out. Raises ValueError where there are no such weights.

    >>> layer = load_kacn({"poly_conv.0.weight": torch.zeros(8, 20, 3, 3), "arange": torch.arange(5)}, padding=1)
    >>> layer[0].multiplier, layer(torch.zeros(1, 4, 6, 6)).shape
    (5, torch.Size([1, 8, 6, 6]))
    """
    weights: list[Tensor] = []
    while (weight := state.get(f"{prefix}poly_conv.{len(weights)}.weight")) is not None:
        weights.append(weight)
    degrees = state.get(f"{prefix}arange")
    if not weights or degrees is None:
        raise ValueError(f"there are no {prefix}poly_conv.0.weight and {prefix}arange among {', '.join(state)}")
    several, groups, dimensions = degrees.numel(), len(weights), weights[0].dim() - 2
    if not 1 <= dimensions <= 3 or weights[0].shape[1] % several:
        raise ValueError(
            f"poly_conv.0.weight has shape {tuple(weights[0].shape)} for {several} degrees; expected (outputs, "
            "degrees * inputs, ...) with one to three extents of a kernel"
        )
    joined = torch.cat(weights)
    outputs, inputs = joined.shape[0], joined.shape[1] * groups
    convolution = getattr(nn, f"Conv{dimensions}d")(
        inputs,
        outputs,
        tuple(joined.shape[2:]),
        stride,
        padding,
        dilation,
        groups,
        bias=False,
        device=joined.device,
        dtype=joined.dtype,
    )
    expansion = TaylorExpansion(basis("chebyshev", several - 1, squash="tanh"), constant=True)
    # Theirs has all degrees of a channel, then of the next; the expansion has all channels of a degree.
    layers = [expansion, nn.ChannelShuffle(several), convolution]
    with torch.no_grad():
        convolution.weight.copy_(joined)
        layers.append(_norm(state, prefix, groups, dimensions, joined) if norm is None else norm)
    return nn.Sequential(*layers)


def _norm(state: Mapping[str, Tensor], prefix: str, groups: int, dimensions: int, like: Tensor) -> nn.Module:
    """The norms of all groups as one."""
    found: dict[str, Tensor] = {}
    for name in ("weight", "bias", "running_mean", "running_var"):
        parts = [state.get(f"{prefix}layer_norm.{group}.{name}") for group in range(groups)]
        present = [part for part in parts if part is not None]
        if len(present) == groups:
            found[name] = torch.cat(present)
    kind = "BatchNorm" if "running_mean" in found else "InstanceNorm"
    norm: nn.Module = getattr(nn, f"{kind}{dimensions}d")(
        like.shape[0], affine="weight" in found, device=like.device, dtype=like.dtype
    )
    norm.load_state_dict(found, strict=False)
    return norm
