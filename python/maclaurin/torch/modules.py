"""Modules that expand every value: `TaylorExpansion` and `TaylorActivation`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from maclaurin import rows
from maclaurin._native import Basis
from maclaurin.approximation import Approximation
from maclaurin.polynomial import expanded, polynomial_of, summed
from maclaurin.radius import OnRadius, RadiusCheck, finite
from maclaurin.series import Point
from maclaurin.torch.arrays import as_array, is_plain, is_real
from maclaurin.torch.expansion import expand_by

__all__ = ["TaylorActivation", "TaylorExpansion"]


class TaylorModule(nn.Module):
    """What all layers share: a series, its expansion point in the saved state, and the check of the radius."""

    def __init__(self, series: Any, on_radius: OnRadius, scale: float | None = None, shift: float = 0.0) -> None:
        super().__init__()
        self.series = series
        self._center: float = series.center
        self._place: rows.Place = self._center
        self._check = RadiusCheck(series, on_radius, scale, shift)
        self.register_load_state_dict_pre_hook(_check_state)  # type: ignore[no-untyped-call]

    def check_radius(self, x: Tensor) -> None:
        """Warns once of values outside the disc or range: of tensors on CPU, outside of compiled programs."""
        if torch.compiler.is_compiling() or not self._check.pending:
            return
        if isinstance(x, Tensor) and x.device.type == "cpu" and is_real(x) and is_plain(x):
            self._check(as_array(x), stacklevel=6)

    def _identity(self) -> dict[str, list[float]]:
        """What a state must have in common with the layer that loads it."""
        return {"at": rows.numbers(self._place), "order": [float(self.series.order)]}

    def get_extra_state(self) -> Tensor:
        """The expansion point and what else values depend on, as float64: a part of the state."""
        numbers = [number for part in self._identity().values() for number in part]
        return torch.tensor(numbers, dtype=torch.float64)

    def set_extra_state(self, state: Tensor) -> None:
        """Does nothing: a state that does not fit was refused before anything of it was loaded."""


def _check_state(module: TaylorModule, state_dict: Mapping[str, Any], prefix: str, *_: Any) -> None:
    """Refuses a state of a layer that computes something else, such as one about another point."""
    state = state_dict.get(f"{prefix}_extra_state")
    if not isinstance(state, Tensor):
        return
    found = state.tolist()
    for name, own in module._identity().items():
        # Only the last part has a length of its own.
        other, found = (found[: len(own)], found[len(own) :]) if name != "degrees" else (found, [])
        if other != own:
            where = f"{prefix.removesuffix('.')}: " if prefix else ""
            raise RuntimeError(
                f"{where}the state is of a {type(module).__name__} with {name}={_short(other)}, this one has "
                f"{name}={_short(own)}: make it as the saved one was made"
            )


def shown(polynomial: Any) -> str:
    """A polynomial in a printed module: a series' terms, of an approximation what it approximates."""
    if isinstance(polynomial, Basis):
        return repr(polynomial)
    if not isinstance(polynomial, Approximation):
        return str(polynomial)
    return f"the polynomial of degree {polynomial.degree} for {polynomial.function} on {polynomial.on}"


def _short(numbers: list[float]) -> str:
    return f"{numbers[0]:g}" if len(numbers) == 1 else str([float(f"{number:g}") for number in numbers])


class TaylorExpansion(TaylorModule):
    """Every channel becomes one channel for each degree of a Taylor series.

    Args:
        function, order, at: as `maclaurin.taylor` takes them, 4 and 0 by default; or function is a Series, an
            Approximation or a Basis, which has its own order and point.
        kind: "terms" a_k (x-x0)^k, "powers" (x-x0)^k, "partial_sums", or "sum" (as many channels as
            before).
        degrees: "nonzero", "all" (1 and up) or a list.
        constant: whether degree 0 comes out too, first.
        dim: the dimension of the channels; they come out degree after degree.
        scale, shift: the value expanded is scale*x + shift, in the same pass over memory, so a uint8
            picture with scale=1/255 is read as bytes.
        on_radius: about values outside the disc of convergence, or the range of an approximation: "warn"
            once, "raise" or "ignore". Looked at on CPU, outside of compiled programs.

    Shape: (N, C, ...) to (N, C * multiplier, ...), where `multiplier` is the number of degrees.
    A channels-last input gives a channels-last output.

    >>> layer = TaylorExpansion("log(1 + exp(x))", order=4)
    >>> layer.multiplier, layer(torch.zeros(1, 3, 32, 32)).shape
    (3, torch.Size([1, 9, 32, 32]))
    """

    def __init__(
        self,
        function: Any = "softplus",
        order: int | None = None,
        at: Point | None = None,
        *,
        kind: rows.Kind = "terms",
        degrees: rows.Degrees = "nonzero",
        constant: bool = False,
        dim: int = 1,
        scale: float = 1.0,
        shift: float = 0.0,
        on_radius: OnRadius = "warn",
    ) -> None:
        expands = kind in ("terms", "powers")
        series = polynomial_of(function, order, at, summed=kind == "partial_sums", basis=expands)
        super().__init__(series, "ignore" if kind == "powers" else on_radius, scale, shift)
        # Plain numbers: no half-precision module may round them.
        self.kind: rows.Kind | rows.Basis
        self._place, self.kind, self._coefficients = expanded(series, kind)
        self.chosen = rows.check(kind, degrees, series.order, series.degrees, constant)
        self.dim = dim
        self.scale = float(scale)
        self.shift = float(shift)

    @property
    def multiplier(self) -> int:
        """How many channels each channel becomes."""
        return max(len(self.chosen), 1)

    def forward(self, x: Tensor) -> Tensor:
        """The expansion of x."""
        self.check_radius(x)
        plan = (self._place, self.kind, list(self.chosen), self.dim, False, self.scale, self.shift)
        return expand_channels(x, self._coefficients, plan)

    def _identity(self) -> dict[str, list[float]]:
        return {
            **super()._identity(),
            "scale": [self.scale],
            "shift": [self.shift],
            "kind": [float(rows.NUMBERED.index(self.kind))],
            "coefficients": self._coefficients,
            "degrees": [float(degree) for degree in self.chosen],
        }

    def extra_repr(self) -> str:
        """What a printed module shows."""
        return f"{shown(self.series)}, kind={self.kind!r}, degrees={self.chosen}, dim={self.dim}"


def expand_channels(x: Tensor, coefficients: list[float], plan: tuple[Any, ...]) -> Tensor:
    """`expand_by` along the dimension of the channels, in the memory format of x."""
    at, kind, degrees, dim, stack, scale, shift = plan
    layout = {4: torch.channels_last, 5: torch.channels_last_3d}.get(x.dim())
    if dim != 1 or layout is None or x.is_contiguous() or not x.is_contiguous(memory_format=layout):
        return expand_by(x, coefficients, plan)
    last = (at, kind, degrees, -1, stack, scale, shift)
    return expand_by(x.movedim(1, -1), coefficients, last).movedim(-1, 1)


class TaylorActivation(TaylorModule):
    """A polynomial with trainable coefficients, initialized by a Taylor series or by the best polynomial on a range.

    Args:
        function, order, at: as `maclaurin.taylor` takes them, 4 and 0 by default; or function is a Series or an
            Approximation, which has its own order and point.
        trainable: whether `coefficients` (of shape (order + 1,)) is a parameter, or a buffer. They are those of powers
            of x - at; of an Approximation whose basis is "chebyshev" those of the Chebyshev polynomials of its range.
        rate: None, or the initial value of a trainable factor of the input. For a distribution whose
            parameter multiplies x, that is the distribution's rate:
            ``TaylorActivation("erlang_cdf(x, 3, 1)", order=6, rate=2.0)`` starts as the Erlang
            distribution's cumulative distribution function of shape 3 and rate 2.
        on_radius: as `TaylorExpansion` takes it.

    Shape: any; the output has the input's, and its memory format.

    >>> layer = TaylorActivation("exp(x)", order=2)
    >>> layer(torch.tensor([0.0, 1.0])).tolist()
    [1.0, 2.5]
    >>> from maclaurin import approximate
    >>> TaylorActivation(approximate("tanh(x)", degree=5, on=(-3, 3)))
    TaylorActivation(starts as the polynomial of degree 5 for tanh(x) on (-3.0, 3.0))
    """

    coefficients: Tensor

    def __init__(
        self,
        function: Any = "softplus",
        order: int | None = None,
        at: Point | None = None,
        *,
        trainable: bool = True,
        rate: float | None = None,
        on_radius: OnRadius = "warn",
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(polynomial_of(function, order, at, summed=False), on_radius)
        self._place, self._coefficients = summed(self.series)
        self._first_rate = None if rate is None else finite("rate", rate)
        empty = torch.empty(self.series.order + 1, device=device, dtype=dtype)
        if trainable:
            self.coefficients = nn.Parameter(empty)
        else:
            self.register_buffer("coefficients", empty)
        self.rate = None if rate is None else nn.Parameter(torch.empty((), device=device, dtype=dtype))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Sets the coefficients to those of the polynomial, and the rate to its initial value."""
        self.coefficients.copy_(torch.tensor(self._coefficients, dtype=torch.float64))
        if self.rate is not None and self._first_rate is not None:
            self.rate.fill_(self._first_rate)

    def forward(self, x: Tensor) -> Tensor:
        """The polynomial at every value of x."""
        if self.rate is not None:
            x = x * self.rate
        self.check_radius(x)
        return expand_by(x, self.coefficients, (self._place, "sum", [], -1, True, 1.0, 0.0))

    def extra_repr(self) -> str:
        """What a printed module shows."""
        return f"starts as {shown(self.series)}"


# A module that torch.fx traces calls these as they are: what they do depends on their tensors.
torch.fx.wrap("expand_channels")
torch.fx.wrap("expand_by")
