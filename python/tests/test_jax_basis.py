"""Bases in JAX: against the array function, and under JAX's transformations."""

import numpy as np
import pytest

import maclaurin as mc

jax = pytest.importorskip("jax")
import jax.numpy as jnp
from jax.test_util import check_grads

from maclaurin.jax import TaylorConv2d, TaylorExpansion, TaylorLinear, expand

BASES = [
    mc.basis("legendre", 4, on=(0, 2)),
    mc.basis("chebyshev", 4, squash="tanh"),
    mc.basis("jacobi", 3, alpha=0.5, beta=-0.25, squash="clip"),
    mc.basis("laguerre", 3),
]
X = np.random.default_rng(0).random((3, 4)).astype(np.float32)


@pytest.mark.parametrize("b", BASES, ids=repr)
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "uint8"])
def test_values_are_those_of_the_array_function(b, dtype):
    x = jnp.asarray(2 * X).astype(dtype)
    options = {"degrees": (1, 3), "constant": True, "stack": False, "axis": 0, "scale": 0.5, "shift": -0.25}
    expected = mc.expand(np.asarray(x), b, **options)
    for function in (expand, jax.jit(expand, static_argnums=1, static_argnames=tuple(options))):
        out = function(x, b, **options)
        assert out.dtype == expected.dtype
        assert np.array_equal(np.asarray(out), expected)
    unit = float(jnp.finfo(out.dtype).eps)
    slices = jax.vmap(lambda x: expand(x, b, degrees=(1, 3), axis=0))(x)
    assert np.allclose(slices, expand(x, b, degrees=(1, 3), axis=1), atol=8 * unit)


@pytest.mark.parametrize("b", BASES, ids=repr)
def test_gradients(b):
    with jax.enable_x64(True):
        x = jnp.asarray(np.random.default_rng(1).normal(size=(3, 4)))
        check_grads(lambda x: expand(x, b, scale=0.5, shift=0.1), (x,), order=2)
        g = jnp.asarray(np.random.default_rng(2).normal(size=(3, 4, b.degree)))
        (found,) = jax.vjp(lambda x: expand(x, b), x)[1](g)
        assert np.allclose(found, mc.expand_backward(np.asarray(g), np.asarray(x), b)[0])


def test_the_native_kernels_are_what_runs_on_cpu():
    assert "maclaurin_expand" in jax.jit(lambda x: expand(x, BASES[0])).lower(X).as_text()


def test_the_layer():
    layer = TaylorExpansion(BASES[1], constant=True)
    y = layer(layer.init(), X)
    assert layer.multiplier == 5 and y.shape == (3, 20)
    assert hash(layer) == hash(TaylorExpansion(BASES[1], constant=True)) and layer == TaylorExpansion(
        mc.basis("chebyshev", 4, squash="tanh"), constant=True
    )
    assert np.array_equal(y, mc.expand(X, BASES[1], axis=1, stack=False, constant=True))


def test_layers_that_sum_powers_refuse():
    for make in (lambda: TaylorLinear(2, 3, function=BASES[0]), lambda: TaylorConv2d(2, 3, 3, function=BASES[0])):
        with pytest.raises(ValueError, match="put a layer of the framework's own behind it"):
            make()
