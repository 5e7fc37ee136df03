"""PyTorch: expansions, trainable polynomials and convolutions over powers, as modules and functions.

CPU tensors go through the native kernels, as custom operators that autograd and torch.compile
know. Other devices, and exported programs (torch.export, ONNX), get PyTorch's own operations; a
convolution on CUDA gets a kernel in Triton.

    features = TaylorExpansion("log(1 + exp(x))", order=4)   # 3 channels become 9
    activation = TaylorActivation("softplus", order=4)       # trainable coefficients
    layer = TaylorConv2d(3, 16, 3, padding=1, order=3)       # convolves x, x^2 and x^3
    model, report = approximate_activations(model, batch, degree=7)  # best polynomials for activations
"""

from maclaurin.torch.activations import ActivationReport, ReplacedActivation, approximate_activations
from maclaurin.torch.convolution import (
    taylor_conv1d,
    taylor_conv2d,
    taylor_conv3d,
    taylor_conv_transpose1d,
    taylor_conv_transpose2d,
    taylor_conv_transpose3d,
    taylor_linear,
)
from maclaurin.torch.expansion import expand, taylor_activation
from maclaurin.torch.kan import load_chebykan, load_kacn
from maclaurin.torch.layers import (
    TaylorConv1d,
    TaylorConv2d,
    TaylorConv3d,
    TaylorConvTranspose1d,
    TaylorConvTranspose2d,
    TaylorConvTranspose3d,
    TaylorLinear,
    load_self_onn,
)
from maclaurin.torch.modules import TaylorActivation, TaylorExpansion

__all__ = [
    "ActivationReport",
    "ReplacedActivation",
    "TaylorActivation",
    "TaylorConv1d",
    "TaylorConv2d",
    "TaylorConv3d",
    "TaylorConvTranspose1d",
    "TaylorConvTranspose2d",
    "TaylorConvTranspose3d",
    "TaylorExpansion",
    "TaylorLinear",
    "approximate_activations",
    "expand",
    "load_chebykan",
    "load_kacn",
    "load_self_onn",
    "taylor_activation",
    "taylor_conv1d",
    "taylor_conv2d",
    "taylor_conv3d",
    "taylor_conv_transpose1d",
    "taylor_conv_transpose2d",
    "taylor_conv_transpose3d",
    "taylor_linear",
]
