"""The Keras layers, on the back-end that KERAS_BACKEND names."""

import json

import numpy as np
import pytest

import maclaurin as mc

keras = pytest.importorskip("keras")
from maclaurin.keras import TaylorActivation, TaylorConv1D, TaylorConv2D, TaylorDense, TaylorExpansion

X = np.random.default_rng(0).random((4, 32, 32, 3)).astype(np.float32)
KINDS = ["terms", "powers", "partial_sums", "sum"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_values_are_those_of_the_array_function(kind, data_format):
    layer = TaylorExpansion("exp(x)", order=4, at="1/2", kind=kind, constant=True, scale=0.5, shift=0.1,
                            data_format=data_format)  # fmt: skip
    axis = -1 if data_format == "channels_last" else 1
    x = X if axis == -1 else X.transpose(0, 3, 1, 2)
    out = keras.ops.convert_to_numpy(layer(x))
    expected = mc.expand(x, mc.taylor("exp(x)", order=4, at="1/2"), kind=kind, constant=True, axis=axis,
                         stack=False, scale=0.5, shift=0.1)  # fmt: skip
    assert np.allclose(out, expected, rtol=1e-6, atol=1e-7)
    assert layer.compute_output_shape(x.shape) == expected.shape
    assert layer.compute_output_shape((None, 3, None, 3))[axis] == expected.shape[axis]


@pytest.mark.parametrize("shape", [(32, 32, 3), (4, 4, 3)])
def test_the_seeds_shapes(shape):
    x = keras.Input(shape=shape)
    out = TaylorExpansion("log(1 + exp(x))", order=4)(x)
    assert out.shape == (None, *shape[:2], 9)
    sums = keras.Model(x, TaylorExpansion("log(1 + exp(x))", order=4, kind="partial_sums")(x))
    pixels = X[:, : shape[0], : shape[1]]
    alpha, power = np.array([1 / 2, 1 / 8, -1 / 192]), np.array([1.0, 2.0, 4.0])
    theirs = np.log(2) + np.cumsum(alpha * pixels[..., None] ** power, axis=-1)
    expected = np.moveaxis(theirs, -1, -2).reshape(*pixels.shape[:3], 9)
    assert np.allclose(sums.predict(pixels, verbose=0), expected, atol=1e-6)


def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential([
        keras.Input(shape=(32, 32, 3)),
        TaylorExpansion("log(1 + exp(x))", order=4),
        keras.layers.Conv2D(4, 3),
        TaylorActivation("softplus", order=4),
        keras.layers.GlobalAveragePooling2D(),
        TaylorActivation("erlang_cdf(x, k, 1)", order=5, parameters={"k": 2}, rate=0.7),
        keras.layers.Dense(1),
    ])  # fmt: skip


@pytest.mark.parametrize("jit", [False, True])
def test_fit_save_and_load(tmp_path, jit):
    if jit and keras.backend.backend() == "torch":
        pytest.skip("Keras compiles PyTorch models with a compiler that PyTorch's own tests cover")
    network = model()
    network.compile("adam", "mse", jit_compile=jit)
    y = X.mean(axis=(1, 2, 3))[:, None]
    before = [keras.ops.convert_to_numpy(weight) for weight in network.trainable_weights]
    losses = network.fit(X, y, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    after = [keras.ops.convert_to_numpy(weight) for weight in network.trainable_weights]
    assert all((old != new).any() for old, new in zip(before, after, strict=True))
    network.save(tmp_path / "model.keras")
    copied = keras.models.load_model(tmp_path / "model.keras")
    assert np.allclose(copied.predict(X, verbose=0), network.predict(X, verbose=0), atol=1e-6)
    json.dumps([layer.get_config() for layer in network.layers])


def test_the_numbers_are_the_same_on_every_back_end():
    """A fixed model's outputs, each against the same sums in double precision."""
    network = model()
    for weight in network.weights:
        count = np.prod(weight.shape, dtype=int)
        weight.assign(np.linspace(-0.3, 0.3, count, dtype=np.float32).reshape(weight.shape))
    kernel, bias, first, second, rate, dense, offset = (
        keras.ops.convert_to_numpy(weight).astype(np.float64) for weight in network.weights
    )
    x = mc.expand(X.astype(np.float64), mc.taylor("softplus", order=4), stack=False)
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
    x = mc.Polynomial(0.0, first)(np.einsum("nhwcij,ijco->nhwo", windows, kernel) + bias)
    x = mc.Polynomial(0.0, second)(rate * x.mean(axis=(1, 2)))
    assert np.allclose(network.predict(X, verbose=0), x @ dense + offset, rtol=1e-5)


def test_inside_the_back_ends_own_compiler():
    layer = TaylorExpansion("exp(x)", order=3)
    expected = keras.ops.convert_to_numpy(layer(X))
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow

        out = tensorflow.function(layer, jit_compile=True)(X)
    elif backend == "jax":
        import jax

        out = jax.jit(layer)(X)
    else:
        import torch

        out = torch.compile(layer, fullgraph=True)(torch.from_numpy(X))
    assert np.allclose(keras.ops.convert_to_numpy(out), expected, rtol=1e-6)


def test_mixed_precision():
    layer = TaylorExpansion("exp(x)", order=3, dtype="mixed_bfloat16")
    assert keras.backend.standardize_dtype(layer(X).dtype) == "bfloat16"
    activation = TaylorActivation("exp(x)", order=3, dtype="mixed_bfloat16")
    assert keras.backend.standardize_dtype(activation(X).dtype) == "bfloat16"
    assert keras.backend.standardize_dtype(activation.coefficients.dtype) == "float32"


def test_bad_arguments():
    with pytest.raises(ValueError, match="data_format"):
        TaylorExpansion(data_format="channels_middle")
    with pytest.raises(ValueError, match="kind"):
        TaylorExpansion(kind="term")


CONVOLUTIONS = [
    {"padding": "same"},
    {"padding": "same", "strides": 2},
    {"padding": "valid", "dilation_rate": (2, 1), "use_bias": False},
    {"padding": "same", "groups": 2, "strides": (1, 3), "data_format": "channels_first"},
]


@pytest.mark.parametrize("options", CONVOLUTIONS)
def test_a_convolution_equals_keras_own_over_concatenated_powers(options):
    if keras.backend.backend() == "tensorflow" and options.get("data_format") == "channels_first":
        pytest.skip("TensorFlow convolves channels-first images on GPUs only")
    layer = TaylorConv2D(6, (3, 4), order=3, at="1/4", start="random", **options)
    plain = keras.layers.Conv2D(6, (3, 4), **options)
    axis, groups = (1 if "data_format" in options else -1), options.get("groups", 1)
    x = np.random.default_rng(1).random((2, 9, 10, 4)).astype(np.float32)
    x = np.moveaxis(x, -1, 1) if axis == 1 else x
    parts = np.split(x - 0.25, groups, axis)
    powers = np.concatenate([part**k for part in parts for k in (1, 2, 3)], axis)
    layer.build(x.shape)
    plain.build(powers.shape)
    plain.set_weights(layer.get_weights())
    y = layer(x)
    assert np.allclose(keras.ops.convert_to_numpy(y), keras.ops.convert_to_numpy(plain(powers)), atol=1e-5)
    assert layer.compute_output_shape(x.shape) == tuple(y.shape)


@pytest.mark.parametrize("make", [lambda: TaylorConv1D(5, 4, order=2, padding="same"), lambda: TaylorDense(5, order=2)])
def test_signals_and_lines_begin_as_their_function(make):
    layer, x = make(), np.random.default_rng(1).random((3, 8, 4)).astype(np.float32)
    y = keras.ops.convert_to_numpy(layer(x))
    assert y.shape == (3, 8, 5) == layer.compute_output_shape(x.shape)
    series = mc.taylor("softplus", order=2)
    plain = np.split(layer.get_weights()[0], 2, -2)[0].squeeze() / series.coefficients[1]
    if isinstance(layer, TaylorDense):
        assert np.allclose(y, series(x) @ plain, atol=1e-5)
    else:
        own = keras.layers.Conv1D(5, 4, padding="same", use_bias=False)
        own.build(x.shape)
        own.set_weights([plain])
        # Padding is at the expansion point: there the series is a_0.
        own_values = keras.ops.convert_to_numpy(own((series(x) - series.coefficients[0]).astype(np.float32)))
        assert np.allclose(y, own_values + series.coefficients[0] * plain.sum((0, 1)), atol=1e-5)


def test_a_model_of_convolutions_trains_and_is_saved(tmp_path):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((12, 12, 3)),
        TaylorConv2D(8, 3, padding="same", activation="tanh", order=3, start="random"),
        TaylorConv2D(4, 3, strides=2, padding="same", function="exp(x)", order=2),
        keras.layers.GlobalAveragePooling2D(),
        TaylorDense(2, order=2, on_radius="ignore"),
    ])  # fmt: skip
    x = np.random.default_rng(0).random((64, 12, 12, 3)).astype(np.float32)
    y = np.stack([x.mean((1, 2, 3)), x.std((1, 2, 3))], 1)
    model.compile(keras.optimizers.Adam(1e-2), "mse")
    history = model.fit(x, y, epochs=8, verbose=0).history["loss"]
    assert history[-1] < history[0] / 2
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert np.allclose(again.predict(x[:4], verbose=0), model.predict(x[:4], verbose=0), atol=1e-6)


def test_convolutions_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="groups"):
        TaylorConv2D(3, 3, groups=2)
    with pytest.raises(ValueError, match="groups"):
        TaylorConv2D(4, 3, groups=2).build((None, 8, 8, 3))
    with pytest.raises(ValueError, match="start"):
        TaylorConv2D(4, 3, start="ones")
    with pytest.raises(ValueError, match="padding"):
        TaylorConv2D(4, 3, padding="causal")
    with pytest.raises(ValueError, match="order"):
        TaylorDense(4, order=0)
    with pytest.raises(ValueError, match="output size"):
        TaylorConv2D(4, 5).compute_output_shape((None, 3, 3, 1))
