"""Layers of Kolmogorov-Arnold networks over orthogonal polynomials, from the weights of other packages."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from maclaurin.basis import basis
from maclaurin.torch.modules import TaylorExpansion

__all__ = ["load_chebykan"]


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
