"""What Keras does with layers: initialization, training, masks, saving, exporting, on the back-end of KERAS_BACKEND."""

import warnings

import keras
import numpy as np
import pytest
from keras import ops

import maclaurin as mc
import maclaurin.keras as taylor

BACKEND = keras.backend.backend()
OWN = ["Dense", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"]


def make(own, **options):
    """A Taylor layer, or with prefix "" Keras's own."""
    module, name = (keras.layers, own) if options.pop("plain", False) else (taylor, f"Taylor{own}")
    size = {"units": 3} if own == "Dense" else {"filters": 3, "kernel_size": 2}
    return getattr(module, name)(**size, **options)


def shape_of(own):
    axes = 0 if own == "Dense" else int(own[4])
    return (*(4, 5, 3)[:axes], 2)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 0.4, shape).astype(np.float32)


class Nested(keras.layers.Layer):
    """A layer that builds another one when it is called."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, x):
        return self.inner(x)


class Subclassed(keras.Model):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, x):
        return self.inner(x)


def functional(layer, shape):
    x = keras.Input(shape)
    return keras.Model(x, layer(x))


MODELS = {
    "alone": lambda layer, shape: layer,
    "sequential": lambda layer, shape: keras.Sequential([keras.Input(shape), layer]),
    "sequential, built late": lambda layer, shape: keras.Sequential([layer]),
    "functional": functional,
    "sequential in sequential": lambda layer, shape: keras.Sequential([keras.Sequential([layer])]),
    "in a layer": lambda layer, shape: keras.Sequential([keras.Input(shape), Nested(layer)]),
    "in a layer in a layer": lambda layer, shape: functional(Nested(Nested(layer)), shape),
    "subclassed": lambda layer, shape: Subclassed(layer),
    "subclassed in a layer": lambda layer, shape: Subclassed(Nested(layer)),
}
INITIALIZERS = {
    "default": {},
    "seed": {"kernel_initializer": keras.initializers.HeNormal(seed=3), "bias_initializer": "ones"},
    "generator": {"kernel_initializer": keras.initializers.HeNormal(keras.random.SeedGenerator(5))},
    "function": {"kernel_initializer": lambda shape, dtype=None: keras.random.normal(shape, dtype=dtype)},
}


def check_start(layer, constant=0.0):
    """The bias is a_0 times the sum of W, whose multiple a_1 W is the kernel of degree 1."""
    coefficients = layer.series.coefficients
    transposed = "Transpose" in type(layer).__name__
    kernel = ops.convert_to_numpy(layer.kernel).astype(np.float64)
    first, *rest = np.split(kernel, layer.order, -1 if transposed else -2)
    assert np.abs(first).max() > 0.05
    for part, coefficient in zip(rest, coefficients[2:], strict=True):
        assert np.allclose(part, first / coefficients[1] * coefficient, atol=1e-6)
    axes = tuple(range(first.ndim - 2)) + ((first.ndim - 1,) if transposed else (first.ndim - 2,))
    total = coefficients[0] * first.sum(axes) / coefficients[1]
    assert np.allclose(ops.convert_to_numpy(layer.bias), total + constant, atol=1e-5)


@pytest.mark.parametrize("initializer", INITIALIZERS)
@pytest.mark.parametrize("model", MODELS)
def test_series_start_wherever_a_layer_is_built(model, initializer):
    for own in ("Dense", "Conv2D"):
        layer = make(own, order=3, function="exp(x)", **INITIALIZERS[initializer])
        MODELS[model](layer, shape_of(own))(numbers(1, *shape_of(own)))
        check_start(layer, constant=1.0 if initializer == "seed" else 0.0)


@pytest.mark.parametrize("own", OWN)
def test_series_start_of_each_layer(own):
    layer = make(own, order=3, function="exp(x)")
    keras.Sequential([keras.Input(shape_of(own)), layer])
    check_start(layer)


def test_series_start_inside_of_fit():
    layer = make("Dense", order=3, function="exp(x)")
    model = Subclassed(layer)
    model.compile(keras.optimizers.SGD(0.0), "mse")
    model.fit(numbers(4, 2), numbers(4, 3), verbose=0)
    check_start(layer)


def test_series_start_with_groups_and_without_any_power():
    layer = taylor.TaylorConv2D(4, 3, groups=2, order=2, function="exp(x)")
    layer.build((None, 5, 5, 6))
    check_start(layer)
    even = make("Dense", order=1, function="cosh(x)", kernel_initializer="ones")
    even.build((None, 5))
    assert not ops.convert_to_numpy(even.kernel).any() and ops.convert_to_numpy(even.bias).tolist() == [5.0] * 3


@pytest.mark.parametrize("start", ["series", "random"])
def test_the_same_seed_gives_the_same_weights(start):
    found = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        layer = make("Conv1D", start=start)
        layer.build((None, 8, 2))
        found.append(layer.get_weights()[0])
    assert (found[0] == found[1]).all() and (found[0] != found[2]).any()


def test_random_weights_have_their_deviations():
    layer = taylor.TaylorConv2DTranspose(32, 4, strides=2, order=3, start="random")
    layer.build((None, 8, 8, 16))
    from maclaurin.convolution import deviations

    parts = np.split(layer.get_weights()[0], 3, -1)
    # 16 channels x 16 taps, of which every 4th meets an output.
    assert np.allclose([part.std() for part in parts], deviations(3, 64), rtol=0.05)
    assert not layer.get_weights()[1].any()


def powers(x, order, axis=-1):
    return np.concatenate([x**k for k in range(1, order + 1)], axis)


@pytest.mark.parametrize("eager", [False] if BACKEND == "jax" else [False, True])
@pytest.mark.parametrize("own", OWN)
def test_training_equals_that_of_keras_own_layer(own, eager):
    """Regularizers, constraints and all gradients: the same weights after some steps as over explicit powers."""
    options = {
        "kernel_regularizer": keras.regularizers.L1L2(0.03, 0.02),
        "bias_regularizer": "l2",
        "activity_regularizer": keras.regularizers.L2(0.1),
        "kernel_constraint": keras.constraints.MaxNorm(0.9),
        "bias_constraint": "non_neg",
        "bias_initializer": keras.initializers.Constant(0.2),
        "activation": "tanh",
    }
    shape = shape_of(own)
    ours = keras.Sequential([keras.Input(shape), make(own, order=3, start="random", **options)])
    theirs = keras.Sequential([keras.Input((*shape[:-1], 3 * shape[-1])), make(own, plain=True, **options)])
    assert np.allclose(ours.get_weights()[1], 0.2)
    theirs.set_weights(ours.get_weights())
    x = numbers(6, *shape)
    y = numbers(*theirs(powers(x, 3)).shape, seed=1)
    for model, inputs in ((ours, x), (theirs, powers(x, 3))):
        model.compile(keras.optimizers.SGD(0.3), "mse", run_eagerly=eager, jit_compile=BACKEND == "jax")
        model.fit(inputs, y, epochs=3, batch_size=3, shuffle=False, verbose=0)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert np.allclose(mine, other, atol=1e-5)
    assert np.isclose(ours.evaluate(x, y, verbose=0), theirs.evaluate(powers(x, 3), y, verbose=0), rtol=1e-4)


@pytest.mark.parametrize("own", OWN)
def test_a_configuration_and_a_file_give_the_same_layer(own, tmp_path):
    options = {
        "kernel_regularizer": keras.regularizers.L2(0.1),
        "kernel_constraint": keras.constraints.UnitNorm(),
        "bias_initializer": "ones",
        "activity_regularizer": "l1",
        "activation": "relu",
    }
    layer = make(own, order=2, at="1/3", function="exp(c*x)", parameters={"c": "2"}, start="random", on_radius="ignore",
                 **options)  # fmt: skip
    config = layer.get_config()
    again = type(layer).from_config(config)
    assert again.get_config() == config and again.series == layer.series
    model = keras.Sequential([keras.Input(shape_of(own)), layer])
    x = numbers(2, *shape_of(own))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[0].get_config() == {**config, "name": layer.name}
    assert np.allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
    # Only weights, into a layer that was initialized otherwise.
    model.save_weights(tmp_path / "model.weights.h5")
    other = keras.Sequential([keras.Input(shape_of(own)), type(layer).from_config(config)])
    other.load_weights(tmp_path / "model.weights.h5")
    assert all((a == b).all() for a, b in zip(other.get_weights(), model.get_weights(), strict=True))
    clone = keras.models.clone_model(model)
    assert clone.layers[0].get_config() == config


MISMATCHES = [
    (lambda at, order: taylor.TaylorActivation("exp(x)", order=order, at=at), (3,)),
    (lambda at, order: taylor.TaylorExpansion("exp(x)", order=order, at=at), (3,)),
    (lambda at, order: taylor.TaylorDense(2, function="exp(x)", order=order, at=at), (3,)),
    (lambda at, order: taylor.TaylorConv2D(2, 2, function="exp(x)", order=order, at=at), (4, 4, 3)),
    (lambda at, order: taylor.TaylorConv1DTranspose(2, 2, function="exp(x)", order=order, at=at), (4, 3)),
]


@pytest.mark.parametrize("make, shape", MISMATCHES)
def test_weights_of_another_point_or_order_are_refused(make, shape, tmp_path):
    def model(at, order):
        return keras.Sequential([keras.Input(shape), make(at, order)])

    saved = model(1, 3)
    saved.save_weights(tmp_path / "saved.weights.h5")
    model(1, 3).load_weights(tmp_path / "saved.weights.h5")
    for at, order, message in ((0, 3, "at=1, this one has at=0"), (1, 2, "order=3, this one has order=2")):
        with pytest.raises(ValueError, match=message):
            model(at, order).load_weights(tmp_path / "saved.weights.h5")


def test_an_expansion_of_another_kind_is_refused(tmp_path):
    def model(**options):
        return keras.Sequential([keras.Input((3,)), taylor.TaylorExpansion("exp(x)", **options)])

    path = tmp_path / "saved.weights.h5"
    model(kind="powers").save_weights(path)
    model(kind="powers").load_weights(path)
    for options in ({}, {"kind": "powers", "scale": 2.0}, {"kind": "powers", "degrees": [1, 3]}):
        with pytest.raises(ValueError, match="make it as the saved one was made"):
            model(**options).load_weights(path)


def test_weights_saved_by_earlier_versions_load(tmp_path):
    layer = taylor.TaylorDense(2, order=2)
    layer.build((None, 3))
    values = [numbers(6, 2), numbers(2)]
    layer.load_own_variables({"0": values[0], "1": values[1]})
    assert all((a == b).all() for a, b in zip(layer.get_weights(), values, strict=True))


def test_masks_go_where_keras_own_layers_send_them():
    tokens = np.array([[1, 2, 0, 0], [3, 0, 0, 0]])
    embedding = keras.layers.Embedding(5, 2, mask_zero=True)
    x = keras.Input((4,), dtype="int32")
    embedded = embedding(x)
    for layer in (taylor.TaylorExpansion("exp(x)"), taylor.TaylorActivation("exp(x)"), taylor.TaylorDense(3)):
        assert layer.supports_masking and keras.layers.Dense(3).supports_masking
        pooled = keras.layers.GlobalAveragePooling1D()(layer(embedded))
        model = keras.Model(x, [layer(embedded), pooled])
        values, means = (ops.convert_to_numpy(part) for part in model(tokens))
        assert np.allclose(means, [values[0, :2].mean(0), values[1, 0]], atol=1e-6)
    for own in ("Conv1D", "Conv1DTranspose"):
        assert make(own).supports_masking == make(own, plain=True).supports_masking


def test_trained_coefficients_keep_their_digits_in_mixed_precision():
    for policy in ("mixed_float16", "mixed_bfloat16"):
        layer = taylor.TaylorActivation("2049*x - 2048", order=1, dtype=policy)
        y = layer(np.ones((1, 3), np.float32))
        assert ops.convert_to_numpy(ops.cast(y, "float32")).tolist() == [[1.0] * 3]
        model = keras.Sequential([keras.Input((3,)), layer])
        assert np.asarray(model.predict(np.ones((1, 3)), verbose=0)).astype(float).tolist() == [[1.0] * 3]


def test_a_rate_keeps_its_digits():
    layer = taylor.TaylorActivation("1 + x", order=1, rate=0.1, dtype="mixed_bfloat16")
    layer.build((None, 1))
    assert np.float32(layer.get_weights()[1]) == np.float32(0.1)
    if BACKEND == "jax":
        return
    layer = taylor.TaylorActivation("x", order=1, rate=0.1, dtype="float64")
    y = ops.convert_to_numpy(layer(np.array([[3.0]])))
    assert y.dtype == np.float64 and y[0, 0] == 3.0 * 0.1
    assert ops.convert_to_numpy(layer.coefficients).dtype == np.float64
    third = taylor.TaylorActivation("x/3", order=1, dtype="float64")
    assert ops.convert_to_numpy(third(np.array([[1.0]])))[0, 0] == 1 / 3


def test_whole_numbers():
    """Keras casts floating point numbers to a layer's type, integers not."""
    x = np.array([[0, 3, 255]], np.uint8)
    for layer in (taylor.TaylorExpansion("x + x^2", order=2), taylor.TaylorExpansion("x + x^2", dtype="mixed_float16")):
        y = ops.convert_to_numpy(layer(x))
        assert y.astype(float).tolist()[0][:4] == [0, 3, 255, 0]
        assert y.dtype == layer.compute_dtype
    activation = taylor.TaylorActivation("x + x^2", order=2)
    assert ops.convert_to_numpy(activation(x)).tolist() == [[0, 12, 65280]]
    dense = taylor.TaylorDense(1, order=2, kernel_initializer="ones", function="x + x^2")
    assert ops.convert_to_numpy(dense(x)).tolist() == [[12 + 65280]]


def test_padding_in_half_precision_is_at_the_expansion_point():
    layer = taylor.TaylorConv1D(1, 2, padding="same", order=2, at=0.1, start="random", dtype="mixed_float16")
    layer.build((None, 3, 1))
    layer.set_weights([np.array([0.0, 0.0, 4096.0, 0.0], np.float32).reshape(2, 2, 1), np.zeros(1, np.float32)])
    y = ops.convert_to_numpy(layer(np.full((1, 3, 1), 0.5, np.float32)))
    assert y[0, 2, 0] == 0 and y[0, 0, 0] > 1000


def test_numpy_integers():
    for own in OWN[1:]:
        axes = int(own[4])
        class_ = getattr(taylor, f"Taylor{own}")
        layer = class_(np.int64(4), np.int32(3), strides=np.full(axes, 2), order=np.int64(2), dilation_rate=np.int8(1))
        plain = class_(4, 3, strides=2, order=2)
        assert {**layer.get_config(), "name": ""} == {**plain.get_config(), "name": ""}
        assert layer.compute_output_shape((1, *(9,) * axes, 2)) == plain.compute_output_shape((1, *(9,) * axes, 2))
    layer.build((None, 9, 9, 9, 2))
    taylor.TaylorDense(np.int64(3), order=2).build((None, 2))


def test_the_radius_is_looked_at_once_and_only_outside_of_programs():
    near, far = np.full((2, 4), 0.5, np.float32), np.full((2, 4), 2.0, np.float32)

    def layers(**options):
        yield taylor.TaylorExpansion("log1p(x)", order=3, **options)
        yield taylor.TaylorActivation("log1p(x)", order=3, **options)
        yield taylor.TaylorActivation("log1p(x)", order=3, rate=1.5, **options)
        yield taylor.TaylorDense(3, function="log1p(x)", order=3, **options)

    for layer in layers():
        layer(near)
        with pytest.warns(mc.RadiusWarning, match="the radius of convergence is 1"):
            layer(far)
        layer(far)
    for policy in ("mixed_float16", "mixed_bfloat16"):
        for layer in layers(on_radius="raise", dtype=policy):
            layer(near)
            with pytest.raises(ValueError, match="radius of convergence"):
                layer(far)
    for layer in layers(on_radius="raise"):
        for _ in range(2):
            with pytest.raises(ValueError, match="radius of convergence"):
                layer(far)
        layer(near)
    for layer in (*layers(on_radius="ignore"), taylor.TaylorDense(3, function="log1p(x)", start="random")):
        layer(far)
    scaled = taylor.TaylorExpansion("log1p(x)", order=3, scale=0.25)
    scaled(far)
    with pytest.raises(ValueError, match="on_radius 'never'"):
        taylor.TaylorDense(3, on_radius="never")
    if BACKEND != "torch":
        for layer in layers(on_radius="raise"):
            keras.Sequential([keras.Input((4,)), layer]).predict(far, verbose=0)


def test_positional_arguments_are_keras_own():
    layer = taylor.TaylorConv2D(4, (2, 3), (1, 2), "same", "channels_last", 1, 2, "relu", False, "ones")
    assert (layer.strides, layer.padding, layer.groups, layer.use_bias) == ((1, 2), "same", 2, False)
    assert taylor.TaylorDense(3, "relu", False).use_bias is False
    assert isinstance(layer, keras.layers.Conv2D)


def test_low_rank_adaptation_trains_what_keras_own_does():
    layer = taylor.TaylorDense(3, order=2)
    layer.build((None, 4))
    x = numbers(2, 4)
    before = ops.convert_to_numpy(layer(x))
    layer.enable_lora(2)
    assert np.allclose(ops.convert_to_numpy(layer(x)), before, atol=1e-6)
    assert [weight.name for weight in layer.trainable_variables] == ["bias", "lora_kernel_a", "lora_kernel_b"]
    layer.lora_kernel_b.assign(np.ones((2, 3), np.float32))
    change = powers(x, 2) @ ops.convert_to_numpy(layer.lora_kernel_a) @ np.ones((2, 3))
    assert np.allclose(ops.convert_to_numpy(layer(x)), before + change, atol=1e-5)


def test_refusals():
    with pytest.raises(NotImplementedError, match="cannot be quantized"):
        layer = taylor.TaylorDense(4, order=2)
        layer.build((None, 4))
        layer.quantize("int8")
    with pytest.raises(ValueError, match="number of channels"):
        taylor.TaylorDense(4).build((2, None))
    with pytest.raises(ValueError, match="strides > 1"):
        taylor.TaylorConv2D(4, 3, strides=2, dilation_rate=2)
    with pytest.raises(ValueError, match="units"):
        taylor.TaylorDense(0)
    with pytest.raises(TypeError, match="a function that can be read"):
        taylor.TaylorDense(4, function=lambda x: np.vectorize(float)(x))
    with pytest.raises(ValueError, match="axis -1"):
        layer = taylor.TaylorConv2D(4, 3)
        layer.build((None, 8, 8, 3))
        layer(np.zeros((1, 8, 8, 2), np.float32))


def exported():
    """A model of all layers, and its input."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([
        keras.Input((6, 8, 2)),
        taylor.TaylorExpansion("exp(x)", order=2),
        taylor.TaylorConv2D(3, 3, strides=2, padding="same", order=2, start="random", activation="tanh"),
        taylor.TaylorConv2DTranspose(2, 2, strides=2, order=2, start="random", activation="tanh"),
        taylor.TaylorActivation("softplus", order=4, on_radius="ignore"),
        keras.layers.Reshape((48, 2)),
        taylor.TaylorConv1D(2, 4, padding="causal", order=2, start="random", activation="tanh"),
        keras.layers.Reshape((6, 4, 4, 1)),
        taylor.TaylorConv3D(2, 2, order=2, start="random", activation="tanh"),
        keras.layers.Flatten(),
        taylor.TaylorDense(3, order=2, start="random"),
    ])  # fmt: skip
    return model, numbers(5, 6, 8, 2)


@pytest.mark.skipif(BACKEND == "torch", reason="Keras writes saved models of TensorFlow and JAX")
def test_a_saved_model_needs_neither_keras_nor_this_package(tmp_path):
    import tensorflow as tf

    model, x = exported()
    expected = model.predict(x, verbose=0)
    model.export(tmp_path / "model", verbose=False)
    served = tf.saved_model.load(tmp_path / "model")
    assert np.allclose(served.serve(x), expected, atol=1e-5)
    # The batch is not fixed.
    assert np.allclose(served.serve(x[:2]), expected[:2], atol=1e-5)


@pytest.mark.skipif(BACKEND != "torch", reason="needs packages (tf2onnx, jax2onnx) that the tests do not install")
def test_onnx(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    model, x = exported()
    expected = model.predict(x[:1], verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.export(tmp_path / "model.onnx", format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    (found,) = session.run(None, {session.get_inputs()[0].name: x[:1]})
    assert np.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "basis"),
    [({"degree": 6, "on": (-3, 3)}, "powers"), ({"degree": 40, "on": (-10, 6)}, "chebyshev"),
     ({"degrees": [1, 3], "on": [(-3, -1), (1, 2)], "fixed": {1: 0.5}}, "powers"),
     ({"degree": 3, "on": (-2, 2), "weight": mc.Function("exp(-a*x^2)", a=1), "through": [0.5]}, "powers")],
)  # fmt: skip
def test_layers_take_approximations(options, basis, tmp_path):
    p = mc.approximate("sigmoid", **options)
    assert p.basis == basis
    x = np.linspace(1, 2, 40, dtype=np.float32).reshape(10, 4)
    model = keras.Sequential(
        [keras.Input((4,)), taylor.TaylorActivation(p), taylor.TaylorExpansion(p, kind="sum", on_radius="ignore")]
    )
    expected = p(p(x.astype(float)))
    assert np.allclose(model.predict(x, verbose=0), expected, atol=1e-4)
    path = tmp_path / "model.keras"
    model.save(path)
    again = keras.models.load_model(path)
    assert again.layers[0].series == p
    assert np.allclose(again.predict(x, verbose=0), expected, atol=1e-4)
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit(x, x, verbose=0).history["loss"][0])
    with pytest.raises(TypeError, match="order=3 beside a polynomial"):
        taylor.TaylorActivation(p, 3)
    with pytest.warns(mc.RadiusWarning, match="leave the range"):
        taylor.TaylorActivation(p)(x + 20)
    if basis == "powers":
        assert taylor.TaylorDense(2, function=p)(x).shape == (10, 2)
        assert taylor.TaylorExpansion(p)(x).shape == (10, 4 * len(p.degrees))
    else:
        with pytest.raises(ValueError, match="ill-conditioned"):
            taylor.TaylorDense(2, function=p)
