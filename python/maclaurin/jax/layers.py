"""Layers: frozen dataclasses that make their parameters, a plain dictionary, and are called with them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from maclaurin import convolution, rows
from maclaurin._native import Polynomial
from maclaurin.convolution import Geometry, Padding, Size, Start
from maclaurin.jax.convolution import convolve
from maclaurin.jax.expansion import expand
from maclaurin.jax.powers import Plan
from maclaurin.polynomial import DEFAULT_ORDER, polynomial_of, summed
from maclaurin.radius import OnRadius, RadiusCheck, finite
from maclaurin.series import Point

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
]

Parameters = Mapping[str, jax.Array]


@dataclasses.dataclass(frozen=True)
class _Layer:
    """What all layers share: options that can be hashed, a series, and the check of its radius."""

    series: Any = dataclasses.field(init=False, repr=False, compare=False)
    _check: RadiusCheck = dataclasses.field(init=False, repr=False, compare=False)

    def _fill_in(self, function: Any, order: int | None, at: Point | None) -> tuple[int | None, Point | None]:
        """The order and the point of a series, those left out filled in; of a polynomial, which has its own, none."""
        if not isinstance(function, Polynomial):
            order, at = DEFAULT_ORDER if order is None else order, 0 if at is None else at
            object.__setattr__(self, "order", order)
            object.__setattr__(self, "at", at)
        return order, at

    def _prepare(self, series: Any, check: RadiusCheck, **options: Any) -> None:
        """Sets what the options given are made into."""
        for name, value in {"series": series, "_check": check, **options}.items():
            object.__setattr__(self, name, value)

    def _check_radius(self, x: Any) -> None:
        """Warns once of values outside the disc of convergence: of arrays on CPU that are not traced."""
        if not self._check.pending or isinstance(x, Tracer):
            return
        if isinstance(x, jax.Array) and {device.platform for device in x.devices()} != {"cpu"}:
            return
        if not isinstance(x, jax.Array) or x.is_fully_addressable:
            self._check(np.asarray(x), stacklevel=4)


@dataclasses.dataclass(frozen=True)
class TaylorExpansion(_Layer):
    """Every channel becomes one channel for each degree of a Taylor series.

    Args:
        function, order, at: as `maclaurin.taylor` takes them, 4 and 0 by default; or function is a Series, an
            Approximation or a Basis, which has its own order and point.
        kind: "terms" a_k (x-x0)^k, "powers" (x-x0)^k, "partial_sums", or "sum" (as many channels as before).
        degrees: "nonzero", "all" (1 and up) or a list.
        constant: whether degree 0 comes out too, first.
        axis: that of the channels; they come out degree after degree.
        scale, shift: the value expanded is scale*x + shift.
        on_radius: about values outside the disc of convergence: "warn" once, "raise" or "ignore". Looked at on
            CPU, outside of transformations.

    Shape: (images, channels, ...) to (images, channels * multiplier, ...). There are no parameters.
    Raises what `maclaurin.taylor` raises, and ValueError for options that there are not.

    >>> layer = TaylorExpansion("log(1 + exp(x))", order=4)
    >>> layer.multiplier, layer(layer.init(), jnp.zeros((1, 3, 32, 32))).shape
    (3, (1, 9, 32, 32))
    """

    function: Any = "softplus"
    order: int | None = None
    at: Point | None = None
    kind: rows.Kind = dataclasses.field(default="terms", kw_only=True)
    degrees: rows.Degrees = dataclasses.field(default="nonzero", kw_only=True)
    constant: bool = dataclasses.field(default=False, kw_only=True)
    axis: int = dataclasses.field(default=1, kw_only=True)
    scale: float = dataclasses.field(default=1.0, kw_only=True)
    shift: float = dataclasses.field(default=0.0, kw_only=True)
    on_radius: OnRadius = dataclasses.field(default="warn", kw_only=True)
    #: The degrees that come out, 0 for the constant.
    chosen: tuple[int, ...] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Makes the series."""
        order, at = self._fill_in(self.function, self.order, self.at)
        expands = self.kind in ("terms", "powers")
        series = polynomial_of(self.function, order, at, summed=self.kind == "partial_sums", basis=expands)
        chosen = rows.check(self.kind, self.degrees, series.order, series.degrees, self.constant)
        degrees = self.degrees if isinstance(self.degrees, str) else tuple(map(int, self.degrees))
        on_radius: OnRadius = "ignore" if self.kind == "powers" else self.on_radius
        check = RadiusCheck(series, on_radius, self.scale, self.shift)
        scale, shift = finite("scale", self.scale), finite("shift", self.shift)
        self._prepare(series, check, chosen=chosen, degrees=degrees, scale=scale, shift=shift)

    @property
    def multiplier(self) -> int:
        """How many channels each channel becomes."""
        return max(len(self.chosen), 1)

    def init(self, key: Any = None, dtype: Any = jnp.float32) -> dict[str, jax.Array]:
        """No parameters."""
        return {}

    def __call__(self, parameters: Parameters, x: Any) -> jax.Array:
        """The expansion of x."""
        self._check_radius(x)
        return expand(
            x, self.series, kind=self.kind, degrees=self.degrees, constant=self.constant, axis=self.axis, stack=False,
            scale=self.scale, shift=self.shift,
        )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class TaylorActivation(_Layer):
    """A polynomial with trained coefficients, initialized by the Taylor series of a function.

    Args:
        function, order, at: as `maclaurin.taylor` takes them, 4 and 0 by default; or function is a Series or an
            Approximation, which has its own order and point.
        rate: None, or the initial value of a trained factor of the input.
        on_radius: as `TaylorExpansion` takes it.

    Shape: any; the output has the input's. Parameters: `coefficients` of shape (order + 1,) (of an Approximation whose
    basis is "chebyshev" those of Chebyshev polynomials), and `rate` of shape () if there is one. Raises what
    `maclaurin.taylor` raises.

    >>> layer = TaylorActivation("exp(x)", order=2)
    >>> layer(layer.init(), jnp.array([0.0, 1.0])).tolist()
    [1.0, 2.5]
    """

    function: Any = "softplus"
    order: int | None = None
    at: Point | None = None
    rate: float | None = dataclasses.field(default=None, kw_only=True)
    on_radius: OnRadius = dataclasses.field(default="warn", kw_only=True)

    def __post_init__(self) -> None:
        """Makes the series."""
        order, at = self._fill_in(self.function, self.order, self.at)
        series = polynomial_of(self.function, order, at, summed=False)
        rate = None if self.rate is None else finite("rate", self.rate)
        self._prepare(series, RadiusCheck(series, self.on_radius), rate=rate)

    def init(self, key: Any = None, dtype: Any = jnp.float32) -> dict[str, jax.Array]:
        """Parameters: nothing is drawn."""
        found = {"coefficients": jnp.asarray(summed(self.series)[1], dtype)}
        return found if self.rate is None else {**found, "rate": jnp.asarray(self.rate, dtype)}

    def __call__(self, parameters: Parameters, x: Any) -> jax.Array:
        """The polynomial at every value of x."""
        rate = parameters.get("rate")
        if self._check.pending:
            self._check_radius(x if rate is None else x * rate)
        scale = 1.0 if rate is None else rate
        return expand(x, parameters["coefficients"], at=summed(self.series)[0], kind="sum", scale=scale)


@dataclasses.dataclass(frozen=True)
class _Powers(_Layer):
    """Layers over the powers of their input: weights for each degree, and their initialization."""

    function: Any = dataclasses.field(default="softplus", kw_only=True)
    order: int | None = dataclasses.field(default=None, kw_only=True)
    at: Point | None = dataclasses.field(default=None, kw_only=True)
    start: Start = dataclasses.field(default="series", kw_only=True)
    on_radius: OnRadius = dataclasses.field(default="warn", kw_only=True)
    _plan: Plan = dataclasses.field(init=False, repr=False, compare=False)
    _sizes: tuple[int, int] = dataclasses.field(init=False, repr=False, compare=False)
    _biased: bool = dataclasses.field(init=False, repr=False, compare=False)

    def _prepare_powers(
        self, sizes: tuple[int, int], kernel: tuple[int, ...], geometry: Geometry, bias: bool, channels_last: bool
    ) -> None:
        """Checks the options and makes the series, for layers between these numbers of channels."""
        order, at = self._fill_in(self.function, self.order, self.at)
        series = convolution.start_series(self.function, order, at, self.start, sizes, geometry.groups)
        # What is drawn is of no function.
        check = RadiusCheck(series, self.on_radius if self.start == "series" else "ignore")
        plan = Plan(series.order, series.center, kernel, geometry, channels_last)
        self._prepare(series, check, _plan=plan, _sizes=sizes, _biased=bias)

    def init(self, key: Any, dtype: Any = jnp.float32) -> dict[str, jax.Array]:
        """Parameters: `weight` and, if the layer has one, `bias`, drawn by a key of jax.random."""
        (inputs, outputs), plan = self._sizes, self._plan
        geometry = plan.geometry
        shape = plan._replace(order=1).weight_shape(inputs, outputs)
        spread = math.prod(geometry.stride) if plan.transposed else 1
        fan_in = inputs // geometry.groups * math.prod(plan.kernel) / spread
        *keys, last = jax.random.split(key, plan.order + 1)
        # As PyTorch's own layers draw theirs.
        bound = 1 / math.sqrt(max(math.prod(shape[1:]), 1))

        def draw() -> jax.Array:
            return jax.random.uniform(keys[0], shape, dtype, -bound, bound)

        def normal(deviation: float) -> jax.Array:
            return jax.random.normal(keys.pop(), shape, dtype) * deviation

        coefficients = self.series.coefficients.tolist()
        weights, first = convolution.initial_weights(self.start, coefficients, fan_in, draw, normal)
        parameters = {"weight": jnp.concatenate(weights, plan.inputs)}
        if not self._biased:
            return parameters
        if first is None:
            return {**parameters, "bias": jnp.zeros(outputs, dtype)}
        if plan.transposed:
            # (in, out / groups, ...) to (out, in / groups, ...)
            first = first.reshape(geometry.groups, -1, *shape[1:]).swapaxes(1, 2).reshape(outputs, -1)
        bias = jax.random.uniform(last, (outputs,), dtype, -bound, bound)
        return {**parameters, "bias": bias + coefficients[0] * first.reshape(outputs, -1).sum(1)}

    def __call__(self, parameters: Parameters, x: Any) -> jax.Array:
        """The layer's output for x."""
        self._check_radius(x)
        return convolve(self._plan, x, parameters["weight"], parameters.get("bias"))


@dataclasses.dataclass(frozen=True)
class TaylorLinear(_Powers):
    """A linear layer over the powers of its input: y = b + sum_k W_k (x - x0)^k.

    Args:
        in_features, out_features, bias: the numbers of features, and whether there is a bias.
        function, order, at, start, on_radius: as `TaylorConv2d` takes them.

    Shape: (..., in_features) to (..., out_features). Parameters: `weight` of shape (out_features,
    order * in_features), and `bias` of shape (out_features,). Raises ValueError for options that there are not.

    >>> layer = TaylorLinear(10, 3, order=2)
    >>> layer(layer.init(jax.random.key(0)), jnp.zeros((5, 10))).shape
    (5, 3)
    """

    in_features: int
    out_features: int
    bias: bool = True

    def __post_init__(self) -> None:
        """Checks the options."""
        self._prepare_powers((self.in_features, self.out_features), (), convolution.geometry(()), self.bias, False)


@dataclasses.dataclass(frozen=True)
class _Convolution(_Powers):
    """Convolutions, transposed or not, along as many axes as a class says."""

    axes: ClassVar[int]

    in_channels: int
    out_channels: int
    kernel_size: Size
    stride: Size = 1
    padding: Padding = 0
    channels_last: bool = dataclasses.field(default=False, kw_only=True)

    def _prepare_convolution(self, bias: bool, **options: Any) -> None:
        """Checks the options, and makes tuples of lists, which cannot be hashed."""
        kernel = convolution.sizes("kernel_size", self.kernel_size, self.axes)
        geometry = convolution.geometry(kernel, self.stride, self.padding, **options)
        self._prepare_powers((self.in_channels, self.out_channels), kernel, geometry, bias, self.channels_last)
        every = {"kernel_size": self.kernel_size, "stride": self.stride, "padding": self.padding, **options}
        for name, value in every.items():
            if not isinstance(value, str) and hasattr(value, "__iter__"):
                object.__setattr__(self, name, tuple(map(int, value)))


@dataclasses.dataclass(frozen=True)
class _TaylorConv(_Convolution):
    dilation: Size = 1
    groups: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        """Checks the options."""
        self._prepare_convolution(self.bias, dilation=self.dilation, groups=self.groups)


@dataclasses.dataclass(frozen=True)
class _TaylorConvTranspose(_Convolution):
    output_padding: Size = 0
    groups: int = 1
    bias: bool = True
    dilation: Size = 1

    def __post_init__(self) -> None:
        """Checks the options."""
        self._prepare_convolution(
            self.bias, dilation=self.dilation, groups=self.groups, output_padding=self.output_padding
        )


class TaylorConv2d(_TaylorConv):
    """A convolution over the powers of its input, y = b + sum_k W_k * (x - x0)^k, as a pair of functions.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, dilation, groups: as `taylor_conv2d` takes them.
        bias: whether there is a bias.
        function, order, at: as `maclaurin.taylor` takes them, 4 and 0 by default; order is the highest power. Or
            function is a Series or an Approximation, which has its own order and point.
        start: "series" initializes the layer as the convolution of the function: W_k = a_k W with W drawn as
            torch.nn.Conv2d draws it, and a_0 W summed up in the bias. "random" draws all W_k, with variances that
            keep a standard normal input's scale; the function then plays no part.
        on_radius: about values outside the series' disc of convergence: "warn" once, "raise" or "ignore". Looked at
            on CPU, outside of transformations; not with start="random".
        channels_last: whether channels are the last axis of images, as `taylor_conv2d` takes it.

    Shape: (images, in_channels, rows, columns), or without images, to (images, out_channels, ...). Parameters:
    `weight` of shape (out, order * in / groups, kernel_size...), all channels of degree 1 first, and `bias` (out,).
    Can be hashed, and so be a static argument. Raises ValueError for options that no layer can have.

    >>> layer = TaylorConv2d(3, 16, 3, padding=1, order=3)
    >>> parameters = layer.init(jax.random.key(0))
    >>> parameters["weight"].shape, layer(parameters, jnp.zeros((2, 3, 32, 32))).shape
    ((16, 9, 3, 3), (2, 16, 32, 32))
    """

    axes = 2


class TaylorConv1d(_TaylorConv):
    """`TaylorConv2d` for signals.

    >>> layer = TaylorConv1d(2, 4, 5, padding="same", order=3, start="random")
    >>> layer(layer.init(jax.random.key(0)), jnp.zeros((8, 2, 100))).shape
    (8, 4, 100)
    """

    axes = 1


class TaylorConv3d(_TaylorConv):
    """`TaylorConv2d` for volumes.

    >>> layer = TaylorConv3d(2, 4, 3, order=2)
    >>> layer(layer.init(jax.random.key(0)), jnp.zeros((1, 2, 5, 6, 7))).shape
    (1, 4, 3, 4, 5)
    """

    axes = 3


class TaylorConvTranspose2d(_TaylorConvTranspose):
    """A transposed convolution over the powers of its input: y = b + sum_k W_k^T * (x - x0)^k.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, output_padding, groups, dilation: as
            `taylor_conv_transpose2d` takes them.
        bias, function, order, at, start, on_radius, channels_last: as `TaylorConv2d` takes them. "random" counts as
            many summands for an output as it has on average, in / groups * kH * kW / stride.

    Shape: (images, in_channels, rows, columns), or without images, to (images, out_channels, ...). Parameters:
    `weight` of shape (order * in, out / groups, kernel_size...), all channels of degree 1 first, and `bias` (out,).

    >>> layer = TaylorConvTranspose2d(8, 3, 4, stride=2, padding=1, order=3)
    >>> layer(layer.init(jax.random.key(0)), jnp.zeros((2, 8, 16, 16))).shape
    (2, 3, 32, 32)
    """

    axes = 2


class TaylorConvTranspose1d(_TaylorConvTranspose):
    """`TaylorConvTranspose2d` for signals.

    >>> layer = TaylorConvTranspose1d(2, 4, 4, stride=2, order=2)
    >>> layer(layer.init(jax.random.key(0)), jnp.zeros((8, 2, 10))).shape
    (8, 4, 22)
    """

    axes = 1


class TaylorConvTranspose3d(_TaylorConvTranspose):
    """`TaylorConvTranspose2d` for volumes.

    >>> layer = TaylorConvTranspose3d(2, 4, 2, stride=2, order=2)
    >>> layer(layer.init(jax.random.key(0)), jnp.zeros((1, 2, 3, 4, 5))).shape
    (1, 4, 6, 8, 10)
    """

    axes = 3
