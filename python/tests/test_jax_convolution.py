"""Convolutions over powers in JAX against its own convolution, its autodiff and its transformations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import maclaurin as mc

jax = pytest.importorskip("jax")
import jax.numpy as jnp

from maclaurin.jax import TaylorConv2d, taylor_conv1d, taylor_conv2d, taylor_linear


def concatenated(x, weight, bias, order, at, stride, padding, dilation, groups, channels_last):
    """The usual way: all powers side by side, then JAX's convolution."""
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
@settings(max_examples=30, deadline=None)
def test_equals_concatenated_powers(case, seed):
    shape, weight_shape, options = case
    keys = jax.random.split(jax.random.key(seed), 4)
    x = jax.random.uniform(keys[0], shape) - 0.5
    weight, bias = jax.random.normal(keys[1], weight_shape), jax.random.normal(keys[2], weight_shape[:1])
    y, back = jax.vjp(lambda *a: taylor_conv2d(*a, **options), x, weight, bias)
    expected, expected_back = jax.vjp(lambda *a: concatenated(*a, **options), x, weight, bias)
    np.testing.assert_allclose(y, expected, rtol=2e-4, atol=2e-4)
    gradient = jax.random.normal(keys[3], y.shape)
    for found, wanted in zip(back(gradient), expected_back(gradient), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)


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


def test_what_does_not_fit_is_refused():
    x, weight = jnp.zeros((1, 3, 4, 4)), jnp.zeros((2, 6, 3, 3))
    with pytest.raises(ValueError, match="do not fit"):
        taylor_conv2d(x, weight, order=3)
    with pytest.raises(ValueError, match="spans more"):
        taylor_conv2d(jnp.zeros((1, 3, 2, 2)), weight, order=2)
    with pytest.raises(TypeError, match="floating"):
        taylor_conv2d(x.astype(int), weight, order=2)
    with pytest.raises(ValueError, match="groups"):
        TaylorConv2d(3, 4, 3, groups=2)
    with pytest.raises(ValueError, match="start"):
        TaylorConv2d(3, 4, 3, start="ones")


@pytest.mark.parametrize("channels_last", [True, False])
def test_the_path_of_other_devices_agrees(channels_last):
    from maclaurin.jax import convolution

    x, weight, bias = arrays((2, 4, 5, 6), (6, 6, 2, 3), (6,))
    x = x.transpose(0, 2, 3, 1) if channels_last else x
    geometry = mc.convolution.geometry((2, 3), (1, 2), 1, 1, 2)
    plan = convolution._Plan(3, 0.25, geometry, channels_last)
    y = convolution._convolve(plan, x, weight, bias)
    np.testing.assert_allclose(convolution._portable(plan, x, weight, bias), y, rtol=1e-4, atol=1e-4)
    gradient = jax.random.normal(jax.random.key(5), y.shape)
    found = convolution._portable_gradients(plan, gradient, x, weight, bias)
    for part, other in zip(found, convolution._gradients(plan, gradient, x, weight, bias), strict=True):
        np.testing.assert_allclose(part, other, rtol=1e-3, atol=1e-3)
