"""JAX: expansions and convolutions over powers as functions and layers that JAX transforms, on any device.

terms = expand(x, maclaurin.taylor("softplus", order=4))
y = taylor_activation(x, parameters["coefficients"])
layer = TaylorConv2d(3, 16, 3, padding=1, order=3)
y = layer(layer.init(key), x)
"""

from maclaurin.jax.convolution import (
    taylor_conv1d,
    taylor_conv2d,
    taylor_conv3d,
    taylor_conv_transpose1d,
    taylor_conv_transpose2d,
    taylor_conv_transpose3d,
    taylor_linear,
)
from maclaurin.jax.expansion import expand, taylor_activation
from maclaurin.jax.layers import (
    TaylorActivation,
    TaylorConv1d,
    TaylorConv2d,
    TaylorConv3d,
    TaylorConvTranspose1d,
    TaylorConvTranspose2d,
    TaylorConvTranspose3d,
    TaylorExpansion,
    TaylorLinear,
)

__all__ = [
    "TaylorActivation",
    "TaylorConv1d",
    "TaylorConv2d",
    "TaylorConv3d",
    "TaylorConvTranspose1d",
    "TaylorConvTranspose2d",
    "TaylorConvTranspose3d",
    "TaylorExpansion",
    "TaylorLinear",
    "expand",
    "taylor_activation",
    "taylor_conv1d",
    "taylor_conv2d",
    "taylor_conv3d",
    "taylor_conv_transpose1d",
    "taylor_conv_transpose2d",
    "taylor_conv_transpose3d",
    "taylor_linear",
]
