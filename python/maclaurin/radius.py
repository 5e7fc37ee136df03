"""What a layer does about values outside the disc of convergence of its series."""

from __future__ import annotations

import math
import warnings
from typing import Any, Literal

from maclaurin import _native
from maclaurin._native import RadiusWarning
from maclaurin.series import Series

OnRadius = Literal["warn", "raise", "ignore"]


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
    """Looks at a layer's input values and warns once of those outside the disc of convergence.

    Args:
        series: the layer's series; of an EstimatedSeries no radius is known, and nothing is checked.
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
        self.pending = on_radius != "ignore" and isinstance(series, Series)

    def __call__(self, x: Any, stacklevel: int = 3) -> None:
        """Checks an array: all of up to 65536 values, an even sample of larger ones."""
        if not self.pending:
            return
        message = _native.values_outside(x, self._series, self._scale, self._shift, self._has_scale)
        if message is None:
            return
        if self.on_radius == "raise":
            raise ValueError(message)
        self.pending = False
        warnings.warn(message, RadiusWarning, stacklevel=stacklevel)
