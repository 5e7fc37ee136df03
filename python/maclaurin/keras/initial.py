"""The initial weights of a layer over powers: kernel and bias from one draw of W."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from maclaurin import convolution
from maclaurin.convolution import Start

#: Keras says of its operations that they may give None.
ops: Any = keras.ops


class InitialWeights:
    """Initializers of a kernel of all degrees and of its bias, which agree on W however often Keras calls them.

    Args:
        shape: that of W, the kernel of Keras's own layer.
        axis: that of its inputs; the weights of each degree follow one another along it.
        fan_in: the number of values of one degree that an output sums.
        kernel_initializer, bias_initializer: draw W, and the bias that a_0 * sum(W) is added to.

    >>> ones = keras.initializers.Ones()
    >>> initial = InitialWeights("series", (0.5, 2.0, 3.0), (2, 5), -2, 2, ones, ones)
    >>> ops.convert_to_numpy(initial.kernel((4, 5)))[:, 0].tolist()
    [2.0, 2.0, 3.0, 3.0]
    >>> ops.convert_to_numpy(initial.bias((5,)))[0].item()
    2.0
    """

    def __init__(
        self,
        start: Start,
        coefficients: Sequence[float],
        shape: Sequence[int],
        axis: int,
        fan_in: float,
        kernel_initializer: Any,
        bias_initializer: Any,
    ) -> None:
        self._start: Start = start
        self._coefficients, self._fan_in = coefficients, fan_in
        self._shape, self._axis = tuple(shape), axis
        self._of_kernel, self._of_bias = kernel_initializer, bias_initializer
        # Keras's initializers choose a seed when they are made.
        self._normal = functools.cache(lambda deviation: keras.initializers.RandomNormal(0.0, deviation))
        self._drawn: np.ndarray[Any, Any] | None = None

    def kernel(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """The weights of all degrees."""
        weights, _ = self._weights(dtype)
        return ops.concatenate(weights, axis=self._axis)

    def bias(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """What the bias_initializer gives, and a_0 times the sum of W for each output."""
        own = self._of_bias(shape, dtype=dtype)
        _, first = self._weights(dtype)
        if first is None:
            return own
        outputs = len(self._shape) - 1 if self._axis == -2 else len(self._shape) - 2
        axes = [axis for axis in range(len(self._shape)) if axis != outputs]
        # Half precision has too few digits for a sum.
        wide = "float64" if keras.backend.standardize_dtype(first.dtype) == "float64" else "float32"
        return own + ops.cast(self._coefficients[0] * ops.sum(ops.cast(first, wide), axis=axes), first.dtype)

    def _weights(self, dtype: Any) -> tuple[list[Any], Any | None]:
        return convolution.initial_weights(
            self._start,
            self._coefficients,
            self._fan_in,
            draw=lambda: self._draw(dtype),
            normal=lambda deviation: self._normal(deviation)(self._shape, dtype=dtype),
        )

    def _draw(self, dtype: Any) -> Any:
        """W: drawn once, because an initializer of the user's may draw other values each time."""
        if self._drawn is None:
            value = self._of_kernel(self._shape, dtype=dtype)
            try:
                self._drawn = ops.convert_to_numpy(value)
            except (NotImplementedError, RuntimeError, TypeError):
                # A tensor without values, of a program that is traced.
                return value
        return ops.cast(self._drawn, dtype)
