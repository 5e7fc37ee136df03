"""Convolutions over powers in JAX against its own convolution, its autodiff and its transformations."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import maclaurin as mc

jax = pytest.importorskip("jax")
import jax.numpy as jnp

from maclaurin.jax import (
    TaylorConv1d,
    TaylorConv2d,
    TaylorConvTranspose2d,
    TaylorLinear,
    taylor_conv1d,
    taylor_conv2d,
    taylor_conv3d,
    taylor_conv_transpose2d,
    taylor_linear,
)
from maclaurin.jax.passes import FORWARD, GRADIENT_OF_INPUT, GRADIENT_OF_WEIGHT
from maclaurin.jax.powers import Plan


def concatenated(x, weight, bias, order, at, stride, padding, dilation, groups, channels_last):
    """The usual way: all powers as channels, then JAX's convolution."""
    if channels_last:
        x = x.transpose(0, 3, 1, 2)
    t = (x - at).reshape(x.shape[0], groups, -1, *x.shape[2:])
    powers = jnp.concatenate([t**k for k in range(1, order + 1)], 2).reshape(x.shape[0], -1, *x.shape[2:])
    y = jax.lax.conv_general_dilated(
        powers, weight, stride, [(p, p) for p in padding], rhs_dilation=dilation, feature_group_count=groups
    )
    y = y + bias[:, None, None]
    return y.transpose(0, 2, 3, 1) if channels_last else y


@st.composite
def cases(draw):
    def integer(low, high):
        return draw(st.integers(low, high))

    groups, order, channels_last = draw(st.sampled_from([1, 1, 2])), integer(1, 4), draw(st.booleans())
    kernel, stride, padding = (
        [integer(1, 4), integer(1, 4)],
        (integer(1, 2), integer(1, 3)),
        (integer(0, 2), integer(0, 2)),
    )
    dilation = (integer(1, 2), integer(1, 2))
    extents = [max(integer(1, 9), (k - 1) * d + 1 - 2 * p) for k, d, p in zip(kernel, dilation, padding, strict=True)]
    channels = groups * integer(1, 5)
    shape = (2, *extents, channels) if channels_last else (2, channels, *extents)
    weight = (groups * integer(1, 18), order * channels // groups, *kernel)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups, "order": order}
    return shape, weight, {**options, "at": 0.25, "channels_last": channels_last}


@given(cases(), st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_equals_concatenated_powers(case, seed):
    shape, weight_shape, options = case
    draw = np.random.default_rng(seed).standard_normal
    x, weight, bias = (jnp.asarray(draw(size), jnp.float32) for size in (shape, weight_shape, weight_shape[:1]))

    @jax.jit
    def both(*arrays):
        results = []
        for function in (taylor_conv2d, concatenated):
            y, back = jax.vjp(lambda *a, function=function: function(*a, **options), *arrays)
            results.append((y, *back(jnp.cos(y))))
        return results

    found, expected = both(0.3 * x, weight, bias)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


OPTIONS = {"order": 2, "padding": 1}


def arrays(*shapes):
    keys = jax.random.split(jax.random.key(1), len(shapes))
    return [jax.random.normal(key, shape) for key, shape in zip(keys, shapes, strict=True)]


def test_transformations():
    x, weight, bias = arrays((2, 3, 5, 6), (4, 6, 3, 3), (4,))
    expected = taylor_conv2d(x, weight, bias, **OPTIONS)
    np.testing.assert_allclose(
        jax.jit(lambda *a: taylor_conv2d(*a, **OPTIONS))(x, weight, bias), expected, rtol=1e-5, atol=1e-5
    )
    one = jax.vmap(lambda x: taylor_conv2d(x[None], weight, bias, **OPTIONS)[0])(x)
    np.testing.assert_allclose(one, expected, rtol=1e-5, atol=1e-5)

    def energy(convolve):
        def of_slope(x):
            return (jax.grad(lambda x: (convolve(x) ** 2).sum())(x) ** 2).sum()

        return jax.grad(of_slope)(x)

    plain = {
        "order": 2,
        "at": 0.0,
        "stride": (1, 1),
        "padding": (1, 1),
        "dilation": (1, 1),
        "groups": 1,
        "channels_last": False,
    }
    found = energy(lambda x: taylor_conv2d(x, weight, bias, **OPTIONS))
    np.testing.assert_allclose(found, energy(lambda x: concatenated(x, weight, bias, **plain)), rtol=1e-3)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves(dtype):
    x, weight = arrays((2, 3, 5, 6), (4, 6, 3, 3))
    y = taylor_conv2d(x.astype(dtype), weight.astype(dtype), **OPTIONS)
    assert y.dtype == dtype
    expected = taylor_conv2d(x.astype(dtype).astype("float32"), weight.astype(dtype).astype("float32"), **OPTIONS)
    np.testing.assert_allclose(y.astype("float32"), expected, rtol=0.02, atol=0.02)


def test_coefficients_signals_and_lines():
    x, weight, coefficients = arrays((2, 3, 9), (4, 6, 3), (2,))
    y = taylor_conv1d(x, weight, None, coefficients, order=2, stride=2, padding=1)
    terms = jnp.concatenate([coefficients[0] * x, coefficients[1] * x**2], 1)
    expected = jax.lax.conv_general_dilated(terms, weight, (2,), [(1, 1)])
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-4)
    gradient = jax.grad(lambda a: taylor_conv1d(x, weight, None, a, order=2).sum())(coefficients)
    slope = [taylor_conv1d(x, weight, None, unit, order=2).sum() for unit in jnp.eye(2)]
    np.testing.assert_allclose(gradient, jnp.array(slope), rtol=1e-3)
    x, weight = arrays((2, 7, 3), (5, 6))
    np.testing.assert_allclose(
        taylor_linear(x, weight, order=2), jnp.concatenate([x, x**2], -1) @ weight.T, rtol=1e-4, atol=1e-4
    )
    assert taylor_linear(jnp.zeros((0, 3)), weight, order=2).shape == (0, 5)


def test_the_module_begins_as_its_function_and_trains():
    layer = TaylorConv2d(3, 4, 3, function="exp(x)", order=3, at=0.5, channels_last=True)
    parameters = layer.init(jax.random.key(0))
    series = mc.taylor("exp(x)", order=3, at=0.5)
    (x,) = arrays((2, 6, 6, 3))
    plain = parameters["weight"][:, :3] / series.coefficients[1]
    values = jnp.asarray(series(np.asarray(x, np.float64)), jnp.float32)
    expected = jax.lax.conv_general_dilated(values, plain, (1, 1), "VALID", dimension_numbers=("NHWC", "OIHW", "NHWC"))
    bias = parameters["bias"] - series.coefficients[0] * plain.sum((1, 2, 3))
    np.testing.assert_allclose(layer(parameters, x), expected + bias, rtol=1e-4, atol=1e-4)
    loss = jax.jit(jax.value_and_grad(lambda parameters: (layer(parameters, x) ** 2).mean()))
    first, gradient = loss(parameters)
    after = jax.tree.map(lambda value, slope: value - 1e-3 * slope, parameters, gradient)
    assert loss(after)[0] < first
    random = TaylorConv2d(64, 64, 3, order=3, start="random", padding="same")
    (x,) = arrays((2, 64, 12, 12))
    assert 0.85 < random(random.init(jax.random.key(0)), x)[..., 1:-1, 1:-1].std() < 1.15


def test_a_traced_point_is_taken():
    x, weight = arrays((2, 3, 5, 6), (4, 6, 3, 3))
    moved = jax.jit(lambda at: taylor_conv2d(x, weight, order=2, at=at, padding=1))
    np.testing.assert_allclose(moved(0.5), taylor_conv2d(x, weight, order=2, at=0.5, padding=1), rtol=1e-4, atol=1e-4)
    slope = jax.grad(lambda at: moved(at).sum())(0.5)
    both = jax.jvp(lambda x: taylor_conv2d(x, weight, order=2, at=0.5, padding=1).sum(), (x,), (-jnp.ones_like(x),))
    np.testing.assert_allclose(slope, both[1], rtol=1e-3)
    rough = x.astype("bfloat16")
    y = jax.jit(lambda at: taylor_conv2d(rough, weight, order=2, at=at))(0.3)
    assert y.dtype == "bfloat16"
    exact = taylor_conv2d(rough.astype("float32"), weight, order=2, at=0.3)
    np.testing.assert_allclose(y.astype("float32"), exact, rtol=2**-8, atol=1e-5)


def test_layers_are_static_arguments():
    applied = jax.jit(lambda layer, p, x: layer(p, x), static_argnums=0)
    for make in (
        lambda: TaylorConv2d(3, 4, [3, 2], padding=[1, 0], dilation=np.array([1, 1]), order=2),
        lambda: TaylorConvTranspose2d(3, 4, [3, 2], [2, 1], output_padding=[1, 0], order=2),
        lambda: TaylorConv1d(3, 4, np.int64(3), order=2, channels_last=True),
        lambda: TaylorLinear(3, 4, order=2),
    ):
        layer = make()
        assert layer == make() and hash(layer) == hash(make()) and pickle.loads(pickle.dumps(layer)) == layer
        x = jnp.zeros((2, 3, 5, 5) if "2d" in type(layer).__name__ else (2, 5, 3))
        parameters = layer.init(jax.random.key(0))
        assert applied(layer, parameters, x).shape == layer(parameters, x).shape
        before = applied._cache_size()
        applied(make(), parameters, x)
        assert applied._cache_size() == before
    assert TaylorConv2d(3, 4, 3) != TaylorConv2d(3, 4, 3, order=3) != TaylorConv1d(3, 4, 3, order=3)


def test_transposed_layers_begin_as_their_function():
    layer = TaylorConvTranspose2d(4, 6, 3, 2, groups=2, function="exp(x)", order=3, at=0.5)
    parameters = layer.init(jax.random.key(0))
    series = mc.taylor("exp(x)", order=3, at=0.5)
    (x,) = arrays((2, 4, 3, 3))
    first = parameters["weight"][:4] / series.coefficients[1]
    values = jnp.asarray(series(np.asarray(x, np.float64)), jnp.float32)
    # Padding adds the point, at which a transposed convolution's function is not 0: compare where all taps are inside.
    y, own = layer(parameters, x), taylor_conv_transpose2d(values, first, order=1, stride=2, groups=2)
    sums = first.reshape(2, 2, 3, 3, 3).sum((1, 3, 4)).reshape(6)
    bias = parameters["bias"] - series.coefficients[0] * sums
    assert np.abs(bias).max() <= 1 / np.sqrt(27) + 1e-4
    missing = series.coefficients[0] * taylor_conv_transpose2d(jnp.ones_like(x), first, order=1, stride=2, groups=2)
    expected = own - missing + parameters["bias"][:, None, None]
    np.testing.assert_allclose(y, expected, rtol=1e-3, atol=1e-3)
    random = TaylorConvTranspose2d(64, 32, 4, stride=2, padding=1, order=3, start="random")
    (x,) = arrays((2, 64, 12, 12))
    assert 0.85 < random(random.init(jax.random.key(0)), x)[..., 2:-2, 2:-2].std() < 1.15


def test_the_radius_is_checked_once_on_values():
    layer = TaylorLinear(3, 2, function="log1p(x)", order=3)
    parameters, far = layer.init(jax.random.key(0)), jnp.full((2, 3), 2.0)
    jax.jit(layer)(parameters, far)
    jax.grad(lambda x: layer(parameters, x).sum())(far)
    with pytest.warns(mc.RadiusWarning, match="log1p") as caught:
        layer(parameters, far)
    assert len(caught) == 1 and caught[0].filename == __file__
    layer(parameters, far)
    refusing = TaylorLinear(3, 2, function="log1p(x)", order=3, on_radius="raise")
    for _ in range(2):
        with pytest.raises(ValueError, match="between 2 and 2 reach 2"):
            refusing(parameters, far)
    for options in ({"on_radius": "ignore"}, {"start": "random"}):
        TaylorLinear(3, 2, function="log1p(x)", order=3, **options)(parameters, far)


def test_sizes_of_zero():
    weight, bias = jnp.zeros((4, 0, 3, 3)), jnp.arange(4.0)
    y = taylor_conv2d(jnp.zeros((2, 0, 5, 5)), weight, bias, order=2)
    assert np.array_equal(y, jnp.broadcast_to(bias[:, None, None], (2, 4, 3, 3)))
    assert taylor_conv2d(jnp.zeros((2, 3, 5, 5)), jnp.zeros((0, 6, 3, 3)), order=2).shape == (2, 0, 3, 3)
    assert taylor_linear(jnp.zeros((2, 0, 3)), jnp.zeros((5, 6)), order=2).shape == (2, 0, 5)
    assert taylor_conv3d(jnp.zeros((0, 3, 5, 5, 5)), jnp.zeros((1, 6, 3, 3, 3)), order=2).shape == (0, 1, 3, 3, 3)


def test_what_does_not_fit_is_refused():
    x, weight = jnp.zeros((1, 3, 4, 4)), jnp.zeros((2, 6, 3, 3))
    with pytest.raises(ValueError, match="do not fit"):
        taylor_conv2d(x, weight, order=3)
    with pytest.raises(ValueError, match="spans 3 values, more than the 2"):
        taylor_conv2d(jnp.zeros((1, 3, 2, 2)), weight, order=2)
    with pytest.raises(TypeError, match="floating"):
        taylor_conv2d(x.astype(int), weight, order=2)
    with pytest.raises(ValueError, match="order must be an integer of at least 1, not 0"):
        taylor_conv2d(x, weight, order=0)
    with pytest.raises(ValueError, match=r"bias of shape \(2,\), not \(3,\)"):
        taylor_conv2d(x, weight, jnp.zeros(3), order=2)
    with pytest.raises(ValueError, match="3 or 4 dimensions, not 5"):
        taylor_conv2d(x[None], weight, order=2)
    with pytest.raises(ValueError, match="4 output channels cannot be split into 3 groups"):
        taylor_conv2d(x, jnp.zeros((4, 2, 3, 3)), order=2, groups=3)
    with pytest.raises(ValueError, match="smaller than stride"):
        TaylorConvTranspose2d(3, 4, 3, output_padding=1)
    with pytest.raises(ValueError, match="leaves nothing"):
        taylor_conv_transpose2d(x, jnp.zeros((3, 2, 3, 3)), order=1, padding=9)
    with pytest.raises(ValueError, match="groups"):
        TaylorConv2d(3, 4, 3, groups=2)
    with pytest.raises(ValueError, match="start"):
        TaylorConv2d(3, 4, 3, start="ones")


@pytest.mark.parametrize("channels_last", [True, False])
def test_the_path_of_other_devices_agrees(channels_last):
    x, weight, bias = arrays((2, 4, 5, 6), (6, 6, 2, 3), (6,))
    x = x.transpose(0, 2, 3, 1) if channels_last else x
    plan = Plan(3, 0.25, (2, 3), mc.convolution.geometry((2, 3), (1, 2), 1, 1, 2), channels_last)
    (y,) = FORWARD(plan, x, weight, bias)
    gradient = jax.random.normal(jax.random.key(5), y.shape)
    for operation, operands in [
        (FORWARD, (x, weight, bias)), (GRADIENT_OF_INPUT, (x, weight, gradient)), (GRADIENT_OF_WEIGHT, (x, gradient)),
    ]:  # fmt: skip
        native = jax.jit(lambda *a, operation=operation: operation(plan, *a))
        assert "@maclaurin_convolve" in native.lower(*operands).as_text()
        for part, other in zip(native(*operands), operation.portable(plan, *operands)):
            np.testing.assert_allclose(part, other, rtol=1e-3, atol=1e-3)
