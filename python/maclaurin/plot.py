"""Pictures: a function beside its polynomials, the error under its certified bound, and every
degree of every channel of an image. Needs matplotlib (`pip install maclaurin[plot]`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from maclaurin._native import Function, Polynomial, expand

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from maclaurin.approximation import Approximation
    from maclaurin.piecewise import Piecewise
    from maclaurin.series import Series

Array = npt.NDArray[Any]

#: Points of a curve, and pieces of a range that a bound is drawn for.
POINTS = 801
PIECES = 48


def plot_series(series: Series, low: float, high: float, orders: Sequence[int] | None, ax: Axes | None) -> Axes:
    """The picture of `Series.plot`."""
    from maclaurin.series import taylor

    ax = _axes(ax)
    x = np.linspace(low, high, POINTS)
    function = _function(series)
    truth = np.asarray(function(x))
    ax.plot(x, truth, color="black", linewidth=2, label=str(function), zorder=3)
    for order in [series.order] if orders is None else orders:
        one = series if order == series.order else taylor(function, order=order, at=series.at_text)
        (line,) = ax.plot(x, np.asarray(one(x)), linewidth=1.3, label=f"order {order}")
        if order == series.order:
            ends, bounds = _bounds(series, low, high)
            band = np.append(bounds, bounds[-1])
            middle = np.asarray(one(ends))
            ax.fill_between(
                ends, middle - band, middle + band, color=line.get_color(), alpha=0.15,
                linewidth=0, label="certified error",
            )  # fmt: skip
    _frame(ax, truth)
    _shade_outside(ax, series, low, high)
    ax.set_xlim(low, high)
    ax.set_xlabel("x")
    ax.legend(loc="best", fontsize="small")
    return ax


def _function(series: Series) -> Function:
    if series.function is None:
        raise ValueError(f"{series.name} is no function that an expression says: there are no values to draw it by")
    return series.function


def plot_error(series: Series, low: float, high: float, ax: Axes | None = None) -> Axes:
    """The error ``|f - T|`` on [low, high] as it is seen, under its certified bound, logarithmic.

    The range outside the radius of convergence is shaded.

    >>> import maclaurin as mc
    >>> ax = mc.plot_error(mc.taylor("softplus", order=4), -4, 4)
    """
    ax = _axes(ax)
    x = np.linspace(low, high, POINTS)
    seen = np.abs(np.asarray(_function(series)(x)) - np.asarray(series(x)))
    ends, bounds = _bounds(series, low, high)
    smallest = max(float(np.finfo(float).eps), float(np.nanmax(bounds)) * 1e-16)
    ax.step(ends, np.append(bounds, bounds[-1]), where="post", color="tab:red", label="certified bound")
    ax.plot(x, np.where(seen > smallest, seen, np.nan), color="black", linewidth=1, label="|f - T|")
    ax.set_yscale("log")
    _shade_outside(ax, series, low, high)
    ax.set_xlim(low, high)
    ax.set_xlabel("x")
    ax.set_title(f"error of order {series.order} of {series.name} about {series.at_text}", fontsize="medium")
    ax.legend(loc="best", fontsize="small")
    return ax


def plot_approximation(p: Approximation, ax: Axes | None) -> Axes:
    """The picture of `Approximation.plot`."""
    ax = _axes(ax)
    labels = ["p - f", "certified bound", "no polynomial is below"]
    for low, high in p._ranges:
        x = np.linspace(low, high, POINTS)
        truth = np.asarray(p.function(x))
        error = np.asarray(p(x)) - truth
        if p._relative:
            error = error / np.abs(truth)
        ax.plot(x, error, color="black", linewidth=1, label=labels[0])
        ax.hlines([-p.error, p.error], low, high, color="tab:red", label=labels[1])
        ax.hlines([-p.best, p.best], low, high, color="tab:blue", linestyle=":", label=labels[2])
        labels = ["_nolegend_"] * 3
    ax.set_xlabel("x")
    ax.set_title(f"error of degree {p.degree} of {p.function}", fontsize="medium")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, fontsize="small")
    return ax


def plot_piecewise(p: Piecewise, figure: Figure | None) -> Figure:
    """The picture of `Piecewise.plot`."""
    _, _, _, _, _, _, _, relative, weight, _ = p._arguments
    sheet: Figure = _pyplot().figure(layout="constrained") if figure is None else figure
    above, below = sheet.subplots(2, 1, sharex=True)
    x = np.linspace(*p.on, POINTS)
    above.plot(x, np.asarray(p.function(x)), color="black", linewidth=2, label=str(p.function))
    for low, high, error in zip(p.breakpoints[:-1], p.breakpoints[1:], p.errors, strict=True):
        # At a breakpoint the values are those of the right piece.
        x = np.linspace(low, high, POINTS)[:-1]
        truth, values = np.asarray(p.function(x)), np.asarray(p(x))
        size = 1 / np.abs(truth) if relative else 1.0 if weight is None else np.asarray(weight(x))
        (line,) = above.plot(x, values, linewidth=1.3)
        below.plot(x, (values - truth) * size, color=line.get_color(), linewidth=1)
        below.hlines([-error, error], low, high, color="black", linestyle=":")
    below.plot([], [], color="black", linestyle=":", label="certified bound")
    below.set_xlabel("x")
    below.set_ylabel("p - f")
    above.set_title(f"{len(p.errors)} pieces of degree {p.degree}", fontsize="medium")
    for ax in (above, below):
        ax.legend(loc="best", fontsize="small")
    return sheet


def plot_expansion(
    image: Any, series: Polynomial, *, scale: float | None = None, figure: Figure | None = None, **options: Any
) -> Figure:
    """A contact sheet of an image: a row for each degree, a column for each channel.

    Args:
        image: of shape (height, width) or (height, width, channels); integers are read as 0 to 1
            unless `scale` says otherwise.
        options: kind, degrees, constant, shift, as `expand` takes them.

    Each panel runs from its smallest value (black) to its largest (white), which are written
    above it.

    >>> import maclaurin as mc
    >>> figure = mc.plot_expansion(np.eye(8), mc.taylor("exp(x)", order=2))
    """
    pixels = np.asarray(image)
    if pixels.ndim not in (2, 3):
        raise ValueError(f"an image has shape (height, width) or (height, width, channels), not {pixels.shape}")
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if scale is None:
        scale = 1 / np.iinfo(pixels.dtype).max if pixels.dtype.kind in "iu" else 1.0
    if options.get("kind") == "sum":
        raise ValueError('kind "sum" has no degrees to draw')
    terms = expand(pixels, series, axis=0, scale=scale, **options)
    degrees = options.get("degrees", "nonzero")
    if isinstance(degrees, str):
        degrees = series.degrees if degrees == "nonzero" else range(1, series.order + 1)
    names = [0, *degrees] if options.get("constant") else list(degrees)
    rows, columns = len(terms), pixels.shape[2]
    height, width = pixels.shape[:2]
    panel = 2.4
    size = (panel * columns + 0.6, (panel * height / width + 0.35) * rows)
    sheet: Figure = _pyplot().figure(figsize=size, layout="constrained") if figure is None else figure
    axes: Any = sheet.subplots(rows, columns, squeeze=False)
    for row, (degree, plane) in enumerate(zip(names, terms, strict=True)):
        for channel in range(columns):
            ax, panel_values = axes[row, channel], plane[..., channel]
            ax.imshow(panel_values, cmap="gray", interpolation="nearest")
            ax.set_xticks([])
            ax.set_yticks([])
            ax.set_title(f"{panel_values.min() + 0.0:.3g} to {panel_values.max() + 0.0:.3g}", fontsize="x-small")
            if channel == 0:
                ax.set_ylabel(f"degree {degree}", fontsize="small")
            if row == rows - 1:
                ax.set_xlabel(f"channel {channel}", fontsize="small")
    return sheet


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError('plots need matplotlib: pip install "maclaurin[plot]"') from error
    return pyplot


def _axes(ax: Axes | None) -> Axes:
    """These axes, or matplotlib's current ones."""
    current: Axes = _pyplot().gca() if ax is None else ax
    return current


def _bounds(series: Series, low: float, high: float) -> tuple[Array, Array]:
    """Ends of pieces of the range and the certified bound on each; infinite where there is none."""
    ends = np.linspace(low, high, PIECES + 1)
    try:
        return ends, np.array(series._profile(float(low), float(high), PIECES))
    except ValueError:
        pass
    # The function is not finite somewhere: piece by piece.
    bounds = []
    for start, end in itertools.pairwise(ends):
        try:
            bounds.append(float(series.error_bound(start, end)))
        except ValueError:
            bounds.append(np.inf)
    return ends, np.array(bounds)


def _frame(ax: Axes, truth: Array) -> None:
    """The function's own height: a polynomial that runs away must not flatten the picture."""
    finite = truth[np.isfinite(truth)]
    if finite.size:
        bottom, top = float(finite.min()), float(finite.max())
        margin = 0.15 * ((top - bottom) or 1.0)
        ax.set_ylim(bottom - margin, top + margin)


def _shade_outside(ax: Axes, series: Series, low: float, high: float) -> None:
    radius, center = series.radius.lower, series.center
    label: str | None = f"outside the radius, {series.radius}"
    for start, end in [(low, min(center - radius, high)), (max(center + radius, low), high)]:
        if start < end:
            ax.axvspan(start, end, color="tab:orange", alpha=0.12, linewidth=0, label=label)
            label = None
