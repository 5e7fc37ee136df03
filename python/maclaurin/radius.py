"""What a layer does about values outside the disc of convergence of its series, or the range of its approximation."""

from __future__ import annotations

import math
import warnings
from typing import Any, Literal

import numpy as np

from maclaurin import _native
from maclaurin._native import RadiusWarning
from maclaurin.approximation import Approximation
from maclaurin.series import Series

OnRadius = Literal["warn", "raise", "ignore"]

#: Of larger arrays an even sample of this many values is looked at, as in the native check.
LOOKED_AT = 65536


def finite(name: str, value: float) -> float:
    """An option that is a finite number; ValueError for others.

    >>> finite("scale", 2)
    2.0
    """
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, not {value}")
    return number


class RadiusCheck:
    """Looks at a layer's input values and warns once of those outside the disc of convergence, or the range.

    Args:
        series: the layer's Series, or an Approximation; of other polynomials no radius is known, and nothing is
            checked.
        on_radius: "warn" gives one RadiusWarning, "raise" a ValueError each time, "ignore" nothing.
        scale, shift: the value expanded is scale*x + shift; None if the layer has no such option.

    Raises ValueError for numbers that are not finite.

    >>> from maclaurin import taylor
    >>> RadiusCheck(taylor("log1p(x)", order=3), "raise")([0.5, 2.0])
    Traceback (most recent call last):
    ...
    ValueError: values between 0.5 and 2 reach 2 from the expansion point 0, ...
    """

    def __init__(
        self, series: Any, on_radius: OnRadius = "warn", scale: float | None = None, shift: float = 0.0
    ) -> None:
        if on_radius not in ("warn", "raise", "ignore"):
            raise ValueError(f'on_radius {on_radius!r} is none of "warn", "raise", "ignore"')
        self.on_radius: OnRadius = on_radius
        self._series, self._has_scale = series, scale is not None
        self._scale, self._shift = 1.0 if scale is None else finite("scale", scale), finite("shift", shift)
        #: Whether there is anything left to look for.
        self.pending = on_radius != "ignore" and isinstance(series, (Series, Approximation))

    def __call__(self, x: Any, stacklevel: int = 3) -> None:
        """Checks an array: all of up to 65536 values, an even sample of larger ones."""
        if not self.pending:
            return
        if isinstance(self._series, Approximation):
            message = outside_range(x, self._series, self._scale, self._shift)
        else:
            message = _native.values_outside(x, self._series, self._scale, self._shift, self._has_scale)
        if message is None:
            return
        if self.on_radius == "raise":
            raise ValueError(message)
        self.pending = False
        warnings.warn(message, RadiusWarning, stacklevel=stacklevel)


def outside_range(x: Any, p: Approximation, scale: float = 1.0, shift: float = 0.0) -> str | None:
    """The warning about values scale*x + shift outside the range of an approximation, or None; NaN is not looked at.

    >>> from maclaurin import approximate
    >>> print(outside_range([0.5, 3.0], approximate("exp(x)", degree=2, on=(-1, 1))))
    values between 0.5 and 3 leave the range [-1, 1] of the polynomial for exp(x), ...
    """
    values = np.asarray(x)
    # An end of the range is inside in the type of the values too.
    digits = {"bfloat16": 8, "float16": 11, "float32": 24}.get(values.dtype.name, 53)
    epsilon = 2.0 ** (1 - digits)
    if values.size > LOOKED_AT:
        # Multiples of the golden ratio: even, and in step with no axis (Weyl 1916).
        places = np.arange(LOOKED_AT) * 0.6180339887498949 % 1
        values = values.flat[(places * values.size).astype(np.intp)]
    values = values.astype(float).ravel() * scale + shift
    values = values[~np.isnan(values)]
    inside = np.zeros(values.shape, dtype=bool)
    for low, high in p._ranges:
        slack = epsilon * max(abs(low), abs(high))
        inside |= (values >= low - slack) & (values <= high + slack)
    if inside.all():
        return None
    low, high = float(values.min()), float(values.max())
    ranges = " and ".join(f"[{a:.6g}, {b:.6g}]" for a, b in p._ranges)
    message = f"values between {low:.6g} and {high:.6g} leave the range {ranges} of the polynomial for {p.function}"
    try:
        message += f", which is off there by up to {p.error_bound(low, high).sampled:.3e}"
    except ValueError:
        # The function, or a value, is not finite.
        message += ", about which nothing is known there"
    return message + ": approximate on a range that contains the values"
