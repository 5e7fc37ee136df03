"""Pictures: that they show what they claim to (they are looked at in the guide)."""

import numpy as np
import pytest

import maclaurin as mc

pyplot = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def closed():
    yield
    pyplot.close("all")


def test_series_plot_draws_the_function_and_its_orders():
    series = mc.taylor("softplus", order=4)
    ax = series.plot(-5, 5, orders=(1, 2, 4))
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["softplus", "order 1", "order 2", "order 4", "certified error",
                      "outside the radius, pi = 3.14159..."]  # fmt: skip
    function, *orders = ax.get_lines()
    assert np.allclose(function.get_ydata(), np.logaddexp(0, function.get_xdata()))
    assert np.allclose(orders[-1].get_ydata(), series(orders[-1].get_xdata()))
    assert ax.get_ylim()[1] < 7


def test_error_plot_keeps_the_error_below_its_bound():
    ax = mc.plot_error(mc.taylor("exp(x)", order=3, at=1), -1, 3)
    bound, seen = ax.get_lines()
    steps = np.asarray(bound.get_ydata())[:-1]
    x, error = map(np.asarray, seen.get_data())
    piece = np.clip(np.searchsorted(bound.get_xdata(), x, side="right") - 1, 0, len(steps) - 1)
    inside = np.isfinite(error)
    assert inside.mean() > 0.9 and (error[inside] <= steps[piece][inside] * (1 + 1e-9) + 1e-14).all()


@pytest.mark.parametrize("options", [{}, {"weight": "exp(-x^2)"}, {"relative": True}])
def test_each_piece_stays_between_its_bounds(options):
    p = mc.approximate("softplus", degree=2, on=(-2, 3), pieces=3, **options)
    above, below = p.plot().axes
    assert len(above.get_lines()) == 4 and len(below.collections) == 3
    for line, bounds, error in zip(below.get_lines(), below.collections, p.errors, strict=False):
        assert 0.9 * error < np.abs(line.get_ydata()).max() <= error * (1 + 1e-9)
        assert bounds.get_segments()[1][0][1] == error


@pytest.mark.parametrize("shape", [(8, 6), (8, 6, 3)])
def test_contact_sheet_has_a_row_a_degree(shape):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    figure = mc.plot_expansion(image, mc.taylor("softplus", order=4), constant=True)
    channels = shape[2] if len(shape) == 3 else 1
    assert len(figure.axes) == 4 * channels
    assert [ax.get_ylabel() for ax in figure.axes[::channels]] == [f"degree {k}" for k in (0, 1, 2, 4)]
    shown = figure.axes[channels].get_images()[0].get_array()
    assert np.allclose(shown, image.reshape(8, 6, -1)[..., 0] / 255 / 2)


def test_what_is_no_image_is_refused():
    with pytest.raises(ValueError, match="shape"):
        mc.plot_expansion(np.zeros(3), mc.taylor("exp(x)", order=2))
    with pytest.raises(ValueError, match="sum"):
        mc.plot_expansion(np.zeros((3, 3)), mc.taylor("exp(x)", order=2), kind="sum")
