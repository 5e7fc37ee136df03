"""Bases in Keras, on the back-end that KERAS_BACKEND names."""

import numpy as np
import pytest

import maclaurin as mc

keras = pytest.importorskip("keras")
from maclaurin.keras import TaylorActivation, TaylorDense, TaylorExpansion

BASES = [
    mc.basis("legendre", 4, on=(0, 2)),
    mc.basis("chebyshev", 4, squash="tanh"),
    mc.basis("jacobi", 3, alpha=0.5, beta=-0.25, squash="clip"),
]
X = (2 * np.random.default_rng(0).random((4, 5, 3))).astype(np.float32)


@pytest.mark.parametrize("b", BASES, ids=repr)
@pytest.mark.parametrize("kind", ["terms", "powers"])
def test_values_are_those_of_the_array_function(b, kind):
    options = {"kind": kind, "constant": True, "scale": 0.5, "shift": 0.25}
    layer = TaylorExpansion(b, **options)
    expected = mc.expand(X, b, axis=-1, stack=False, **options)
    assert np.allclose(keras.ops.convert_to_numpy(layer(X)), expected, rtol=1e-5, atol=1e-6)
    assert layer.compute_output_shape(X.shape) == expected.shape


@pytest.mark.parametrize("b", BASES, ids=repr)
def test_fit_save_and_load(b, tmp_path):
    layers = [keras.Input(shape=(5, 3)), TaylorExpansion(b, constant=True), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile("sgd", "mse")
    model.fit(X, X[..., :1], epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[0].series == b
    assert np.allclose(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_layers_that_sum_powers_refuse():
    for make in (lambda: TaylorActivation(BASES[0]), lambda: TaylorDense(3, function=BASES[0])):
        with pytest.raises(ValueError, match="put a layer of the framework's own behind it"):
            make()
