"""The JAX functions against the array function and under JAX's transformations."""

import dataclasses
import functools

import numpy as np
import pytest

import maclaurin as mc

jax = pytest.importorskip("jax")
import jax.numpy as jnp
from jax.test_util import check_grads

from maclaurin.jax import TaylorActivation, TaylorExpansion, TaylorLinear, expand, taylor_activation

SERIES = mc.taylor("exp(x) + x*sin(x)", order=5, at=0.5)
X = np.random.default_rng(0).random((3, 4)).astype(np.float32)


@pytest.mark.parametrize("kind", ["terms", "powers", "partial_sums", "sum"])
@pytest.mark.parametrize("stack", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "uint8"])
def test_values_are_those_of_the_array_function(kind, stack, dtype):
    x = jnp.asarray(2 * X).astype(dtype)
    options = {"kind": kind, "degrees": [1, 4, 2], "constant": True, "stack": stack, "axis": 0, "scale": 0.5}
    expected = mc.expand(np.asarray(x).astype(np.float64), SERIES, **options)
    options["degrees"] = (1, 4, 2)
    for function in (expand, jax.jit(expand, static_argnums=1, static_argnames=tuple(options))):
        out = function(x, SERIES, **options)
        assert out.dtype == ("float32" if dtype == "uint8" else dtype)
        unit = float(jnp.finfo(out.dtype).eps)
        assert np.allclose(np.asarray(out).astype(np.float64), expected, rtol=8 * unit, atol=8 * unit)


def test_a_traced_scale_is_taken():
    scaled = jax.jit(lambda x, scale: expand(x, SERIES, scale=scale))(X, 0.5)
    assert np.allclose(scaled, expand(X, SERIES, scale=0.5), rtol=1e-6)
    slope = jax.grad(lambda scale: expand(X, SERIES, scale=scale).sum())(0.5)
    step = 1e-2
    ends = [float(expand(X, SERIES, scale=0.5 + sign * step).sum()) for sign in (1, -1)]
    assert np.allclose(slope, (ends[0] - ends[1]) / (2 * step), rtol=1e-2)


def test_the_native_kernels_are_what_runs_on_cpu():
    text = jax.jit(lambda x: expand(x, SERIES)).lower(X).as_text()
    assert "maclaurin_expand" in text
    assert np.array_equal(expand(X, SERIES, degrees="all"), mc.expand(X, SERIES, degrees="all"))
    with jax.enable_x64(True):
        assert np.array_equal(expand(X.astype(np.float64), SERIES), mc.expand(X.astype(np.float64), SERIES))
    assert expand(jnp.zeros((0, 3)), SERIES).shape == (0, 3, 5) and expand(2.0, SERIES).shape == (5,)
    assert expand(jnp.zeros(3, jnp.int32), SERIES).dtype == jnp.float32


def test_a_series_is_transformed_as_its_definition():
    def f(x):
        return expand(x, SERIES, kind="partial_sums", stack=False)

    with jax.enable_x64(True):
        check_grads(f, (jnp.asarray(X, jnp.float64),), order=2)
    for axis in (0, 1):
        mapped = jax.vmap(f, in_axes=axis)(X)
        assert np.array_equal(mapped, jnp.stack([f(row) for row in jnp.moveaxis(jnp.asarray(X), axis, 0)]))
    assert np.allclose(jax.jacfwd(f)(X[0]), jax.jacrev(f)(X[0]), rtol=1e-5)


def test_gradients_and_batches():
    with jax.enable_x64(True):
        x, coefficients = jnp.asarray(X, jnp.float64), jnp.array([0.1, 1.0, -2.0, 0.5])
        check_grads(lambda x, a: expand(x, a, at=0.25, kind="partial_sums"), (x, coefficients), order=2)
        check_grads(taylor_activation, (x, coefficients), order=2)
        assert expand(x, SERIES).dtype == jnp.float64
    mapped = jax.vmap(lambda row: expand(row, SERIES))(X)
    assert np.allclose(mapped, expand(X, SERIES))


def test_coefficients_train_as_a_leaf():
    x = jnp.linspace(-1, 1, 50)
    parameters = {"coefficients": jnp.asarray(mc.taylor("softplus", order=4).coefficients)}

    def loss(parameters):
        return ((taylor_activation(x, parameters["coefficients"]) - jnp.tanh(x)) ** 2).mean()

    step = jax.jit(jax.value_and_grad(loss))
    first = step(parameters)[0]
    for _ in range(500):
        value, gradient = step(parameters)
        parameters = jax.tree.map(lambda p, g: p - 0.3 * g, parameters, gradient)
    assert value < first / 50


def test_a_series_has_its_own_point():
    for point in (0.0, 0.5, jnp.array(0.5)):
        with pytest.raises(TypeError, match="expansion point is 0.5: leave it out"):
            expand(X, SERIES, at=point)
        with pytest.raises(TypeError, match="leave it out"):
            expand(X, mc.Polynomial(0.5, [1.0, 2.0]), at=point)
    with pytest.raises(TypeError, match="complex64"):
        expand(jnp.zeros(3, "complex64"), SERIES)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_traced_numbers_keep_the_type(dtype):
    x, coefficients = jnp.asarray(X, dtype), jnp.array([0.1, 1.0, -2.0, 0.5])
    for options in ({"kind": "terms"}, {"kind": "sum"}):
        whole = expand(x, coefficients, at=0.3, scale=0.7, shift=0.1, **options)
        for name, value in (("at", 0.3), ("scale", 0.7), ("shift", 0.1)):
            rest = {"at": 0.3, "scale": 0.7, "shift": 0.1, **options}
            del rest[name]
            traced = jax.jit(functools.partial(expand, x, coefficients, **rest))(**{name: value})
            assert traced.dtype == dtype
            unit = float(jnp.finfo(dtype).eps)
            assert np.allclose(traced.astype("float32"), whole.astype("float32"), rtol=unit, atol=1e-6)


def test_layers_of_expansion():
    layer = TaylorExpansion("cos(x)", 4, kind="partial_sums", degrees=[2, 4], constant=True, scale=0.5)
    assert layer.degrees == (2, 4) and layer.multiplier == 3 and layer.init() == {}
    assert layer == dataclasses.replace(layer, degrees=(2, 4)) and hash(layer) == hash(dataclasses.replace(layer))
    found = jax.jit(lambda layer, x: layer({}, x), static_argnums=0)(layer, X)
    options = {"kind": "partial_sums", "degrees": [2, 4], "constant": True, "scale": 0.5, "axis": 1, "stack": False}
    assert np.array_equal(found, mc.expand(X, mc.taylor("cos(x)", order=4), **options))
    with pytest.warns(mc.RadiusWarning):
        TaylorExpansion("log1p(x)", 3, scale=2.0)({}, X)
    TaylorExpansion("log1p(x)", 3, scale=2.0, kind="powers")({}, X)
    activation = TaylorActivation("log1p(x)", order=3, rate=3.0, on_radius="raise")
    parameters = activation.init()
    assert parameters["rate"] == 3 and parameters["coefficients"].shape == (4,)
    with pytest.raises(ValueError, match="radius of convergence"):
        activation(parameters, X)
    assert activation(parameters, jnp.asarray(X / 9, "bfloat16")).dtype == "bfloat16"
    with pytest.raises(ValueError, match="degree 5"):
        TaylorExpansion("cos(x)", 4, degrees=[5])


def test_numbers_that_are_none_are_refused():
    x = jnp.ones((2, 3))
    for coefficients in (jnp.ones((3, 3)), jnp.ones(()), jnp.ones(3, jnp.complex64)):
        with pytest.raises(ValueError, match="expected real coefficients a_0 ... a_p of one dimension"):
            taylor_activation(x, coefficients)
    with pytest.raises(ValueError, match="there are no coefficients"):
        taylor_activation(x, jnp.ones(0))
    with pytest.raises(ValueError, match="scale must be finite, not nan"):
        TaylorExpansion(scale=float("nan"))
    with pytest.raises(ValueError, match="rate must be finite, not inf"):
        TaylorActivation(rate=float("inf"))
    assert hash(TaylorExpansion(scale=np.array(2.0))) == hash(TaylorExpansion(scale=2.0))


def test_layers_take_approximations():
    p = mc.approximate("gelu", degree=6, on=(-3, 4))
    x = jnp.linspace(-3, 4, 24).reshape(2, 3, 4)
    expected = p(np.asarray(x, float))
    layer = TaylorActivation(p)
    assert jnp.allclose(layer(layer.init(), x), expected, atol=1e-5)
    assert dataclasses.replace(layer, on_radius="raise") != layer and layer == TaylorActivation(p)
    assert (TaylorActivation().order, TaylorActivation().at) == (4, 0)
    terms = TaylorExpansion(p)
    assert terms.multiplier == 6 and terms({}, x).shape == (2, 18, 4)
    linear = TaylorLinear(4, 2, function=p)
    parameters = linear.init(jax.random.key(0))
    assert parameters["weight"].shape == (2, 24) and linear(parameters, x).shape == (2, 3, 2)
    with pytest.warns(mc.RadiusWarning, match="leave the range"):
        layer(layer.init(), x + 5)
    with pytest.raises(TypeError, match="order=3 beside a polynomial, whose order is 6"):
        TaylorActivation(p, order=3)
    with pytest.raises(ValueError, match="ill-conditioned.*TaylorActivation"):
        TaylorLinear(4, 2, function=mc.approximate("sigmoid", degree=40, on=(-10, 10)))


def test_sums_of_chebyshev_polynomials():
    p = mc.approximate("sigmoid", degree=40, on=(-10, 6))
    derivative = np.polynomial.Chebyshev(p.chebyshev, domain=[-10, 6]).deriv()
    x = jnp.linspace(-10, 6, 300)
    layer, bound = TaylorActivation(p), p.error_bound(-10, 6, dtype="float32")
    parameters = layer.init()
    for f in (
        lambda x: layer(parameters, x),
        lambda x: TaylorExpansion(p, kind="sum", axis=0)({}, x),
        lambda x: expand(x, p, kind="sum"),
        lambda x: TaylorActivation(p, rate=2.0)(TaylorActivation(p, rate=2.0).init(), x / 2),
    ):
        for y in (f(x), jax.jit(f)(x), jax.vmap(f)(x[:, None])):
            seen = np.asarray(y, float).ravel()
            assert np.abs(seen - 1 / (1 + np.exp(-np.asarray(x, float)))).max() <= bound
        _, back = jax.vjp(f, x)
        (slope,) = back(jnp.ones_like(x))
        assert np.allclose(slope, derivative(np.asarray(x, float)), atol=2e-5)
    gradient = jax.grad(lambda parameters: layer(parameters, x).sum())(parameters)["coefficients"]
    u = (np.asarray(x, float) + 2) / 8
    assert np.allclose(gradient, np.polynomial.chebyshev.chebvander(u, 40).sum(0), atol=1e-2)
    with pytest.raises(ValueError, match="ill-conditioned"):
        expand(x, p, kind="partial_sums")
    with pytest.raises(ValueError, match='kind="sum"'):
        expand(x, jnp.ones(3), at=(0, 1))
