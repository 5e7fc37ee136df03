"""Keras 3: expansions, trainable polynomials and convolutions over powers as layers, on every back-end.

features = TaylorExpansion("log(1 + exp(x))", order=4)   # 3 channels become 9
activation = TaylorActivation("softplus", order=4)       # trainable coefficients
layer = TaylorConv2D(16, 3, padding="same", order=3)     # convolves x, x^2 and x^3
"""

from maclaurin.keras.convolution import (
    TaylorConv1D,
    TaylorConv1DTranspose,
    TaylorConv2D,
    TaylorConv2DTranspose,
    TaylorConv3D,
    TaylorConv3DTranspose,
    TaylorDense,
)
from maclaurin.keras.expansion import TaylorActivation, TaylorExpansion

__all__ = [
    "TaylorActivation",
    "TaylorConv1D",
    "TaylorConv1DTranspose",
    "TaylorConv2D",
    "TaylorConv2DTranspose",
    "TaylorConv3D",
    "TaylorConv3DTranspose",
    "TaylorDense",
    "TaylorExpansion",
]
