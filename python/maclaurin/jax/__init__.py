"""JAX: expansions and convolutions over powers as functions that jit, grad and vmap transform, on any device.

terms = expand(x, maclaurin.taylor("softplus", order=4))
y = taylor_activation(x, parameters["coefficients"])
layer = TaylorConv2d(3, 16, 3, padding=1, order=3)
y = layer(layer.init(key), x)
"""

from maclaurin.jax.convolution import TaylorConv2d, taylor_conv1d, taylor_conv2d, taylor_linear
from maclaurin.jax.expansion import expand, taylor_activation

__all__ = ["TaylorConv2d", "expand", "taylor_activation", "taylor_conv1d", "taylor_conv2d", "taylor_linear"]
