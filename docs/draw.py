"""Draws the guide's pictures again: python docs/draw.py."""

import warnings
from pathlib import Path

import matplotlib
import numpy as np

import maclaurin as mc

matplotlib.use("agg")
from matplotlib import image, pyplot

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"


def save(figure, name):
    figure.savefig(PICTURES / name, dpi=110)
    pyplot.close(figure)


def kinds():
    """The same values as powers, terms and partial sums."""
    series = mc.taylor("log(1 + exp(x))", order=4)
    x = np.linspace(-2, 2, 201)
    figure, axes = pyplot.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
    for ax, kind in zip(axes, ["powers", "terms", "partial_sums"], strict=True):
        for degree, row in zip(series.degrees, mc.expand(x, series, kind=kind, axis=0), strict=True):
            ax.plot(x, row, label=f"degree {degree}")
        if kind == "partial_sums":
            ax.plot(x, series.function(x), color="black", linestyle=":", label="softplus")
        ax.set_title(f'kind="{kind}"', fontsize="medium")
        ax.legend(fontsize="small")
    save(figure, "kinds.png")


def trust():
    """A function beside its polynomials, and the error under its bound."""
    series = mc.taylor("softplus", order=8)
    figure, ax = pyplot.subplots(figsize=(7, 4), layout="constrained")
    series.plot(-6, 6, orders=(1, 2, 4, 8), ax=ax)
    save(figure, "softplus-python.png")
    figure, ax = pyplot.subplots(figsize=(7, 4), layout="constrained")
    mc.plot_error(series, -6, 6, ax=ax)
    save(figure, "error-python.png")


def approximations():
    """Four polynomials of one degree, and a best one's error between its lines."""
    figure, axes = pyplot.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    x = np.linspace(-8, 8, 801)
    kinds = [
        ("minimax", mc.approximate("sigmoid", degree=7, on=(-8, 8))),
        ("Chebyshev", mc.approximate("sigmoid", degree=7, on=(-8, 8), method="chebyshev")),
        ("least squares", mc.approximate("sigmoid", degree=7, on=(-8, 8), method="least_squares")),
        ("Taylor", mc.taylor("sigmoid", order=7)),
    ]
    truth = kinds[0][1].function(x)
    for (name, p), style in zip(kinds, ["-", "--", "-.", ":"], strict=True):
        axes[0].plot(x, p(x), style, label=name)
        axes[1].plot(x, p(x) - truth, style, label=name)
    axes[0].plot(x, truth, color="black", linewidth=1, label="sigmoid")
    axes[0].set_ylim(-0.2, 1.2)
    axes[1].set_ylim(-0.06, 0.06)
    axes[0].set_title("degree 7", fontsize="medium")
    axes[1].set_title("error", fontsize="medium")
    axes[0].legend(fontsize="small")
    save(figure, "which-polynomial.png")
    figure, ax = pyplot.subplots(figsize=(7, 3.8), layout="constrained")
    mc.approximate("gelu", degree=8, on=(-4, 4)).plot(ax)
    save(figure, "equioscillation.png")
    figure = pyplot.figure(figsize=(7, 5), layout="constrained")
    save(mc.approximate("gelu", degree=2, on=(-4, 4), pieces=5).plot(figure), "pieces.png")


def rocket():
    """Every degree of every channel of a photograph."""
    pixels = image.imread(HERE.parent / "examples" / "pictures" / "rocket.jpg")
    save(mc.plot_expansion(pixels, mc.taylor("log(1 + exp(x))", order=4)), "rocket-python.png")


def attempts():
    """What the attempts of the question compute, beside the function that was meant."""
    x = np.linspace(-2, 2, 201)
    softplus = np.log1p(np.exp(x))
    figure, axes = pyplot.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
    tile, loop, table = axes
    for power in range(3):
        tile.plot(x, x**power, label=f"x^{power}")
    tile.plot(x, softplus, color="black", linestyle=":", label="log(1 + e^x)")
    tile.set_title("tile and pow: powers, no function", fontsize="medium")
    loop.plot(x, 1 - x**2 / 2, label="their loop")
    loop.plot(x, np.cos(x), color="tab:green", linestyle="--", label="cos x")
    loop.plot(x, np.exp(x), color="black", linestyle=":", label="e^x, which was meant")
    loop.set_title("the loop over factorials: the cosine", fontsize="medium")
    loop.set_ylim(-1.5, 7.5)
    terms = np.array([1 / 2, 1 / 8, -1 / 192]) * x[:, None] ** np.array([1, 2, 4])
    theirs = np.cumsum(np.log(2) + terms, axis=1)[:, -1]
    ours = mc.expand(x, mc.taylor("log(1 + exp(x))", order=4), kind="partial_sums")[:, -1]
    table.plot(x, theirs, label="last partial sum, theirs: 2 log 2 too many")
    table.plot(x, ours, color="tab:red", linewidth=3, alpha=0.5, label="last partial sum, ours")
    table.plot(x, softplus, color="black", linestyle=":", label="log(1 + e^x)")
    table.set_title("the table of coefficients", fontsize="medium")
    for ax in axes:
        ax.legend(fontsize="small")
    save(figure, "attempts.png")


if __name__ == "__main__":
    warnings.simplefilter("error")
    for draw in (kinds, trust, approximations, rocket, attempts):
        draw()
