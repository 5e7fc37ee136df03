"""Every Keras layer in every mode against Keras's own layers over explicit powers, on the back-end of KERAS_BACKEND."""

import functools
import warnings

import keras
import numpy as np
import pytest
from keras import ops

import maclaurin as mc
import maclaurin.keras as taylor

BACKEND = keras.backend.backend()
AT, ORDER = 0.25, 3
SHAPES = {"1D": (7, 4), "2D": (5, 6, 4), "3D": (4, 3, 4, 2)}
MODES = {
    "tensorflow": ["eager", "function", "jit"],
    "jax": ["eager", "jit"],
    "torch": ["eager"],
}[BACKEND]

#: Name of the class, its own arguments.
CASES = {
    "Dense": ("Dense", {"units": 3}),
    "Dense, no bias": ("Dense", {"units": 3, "use_bias": False}),
    "1D": ("Conv1D", {"filters": 4, "kernel_size": 3}),
    "1D causal": ("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}),
    "1D strided": ("Conv1D", {"filters": 4, "kernel_size": 4, "padding": "same", "strides": 2, "groups": 2}),
    "2D": ("Conv2D", {"filters": 4, "kernel_size": (3, 2), "activation": "tanh"}),
    "2D same": ("Conv2D", {"filters": 4, "kernel_size": (2, 3), "padding": "same", "use_bias": False}),
    "2D strided": ("Conv2D", {"filters": 4, "kernel_size": 3, "padding": "same", "strides": (2, 3), "groups": 2}),
    "2D dilated": ("Conv2D", {"filters": 4, "kernel_size": 2, "padding": "valid", "dilation_rate": (1, 2)}),
    "2D first": ("Conv2D", {"filters": 4, "kernel_size": 2, "padding": "same", "data_format": "channels_first"}),
    "3D": ("Conv3D", {"filters": 4, "kernel_size": (2, 1, 2), "padding": "same"}),
    "3D strided": ("Conv3D", {"filters": 2, "kernel_size": 2, "strides": (1, 1, 2), "groups": 2}),
    "1D transposed": ("Conv1DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2}),
    "2D transposed": ("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}),
    "2D transposed, padded": ("Conv2DTranspose", {"filters": 3, "kernel_size": (3, 4), "strides": 2,
                                                  "output_padding": 1}),
    "3D transposed": ("Conv3DTranspose", {"filters": 2, "kernel_size": 2, "strides": (1, 2, 1), "use_bias": False}),
}  # fmt: skip
if BACKEND == "tensorflow":
    # TensorFlow convolves channels-first images on GPUs only.
    del CASES["2D first"]


def shape_of(name, images=2):
    kind, options = CASES[name]
    shape = SHAPES.get(kind[4:6], (5, 4))
    return (images, shape[-1], *shape[:-1]) if options.get("data_format") == "channels_first" else (images, *shape)


@functools.cache
def layers(name, dtype="float32"):
    """Ours, and Keras's own of the same weights for powers."""
    kind, options = CASES[name]
    ours = getattr(taylor, f"Taylor{kind}")(**options, order=ORDER, at=AT, start="random", dtype=dtype)
    own = getattr(keras.layers, kind)(**options)
    shape = shape_of(name)
    axis = 1 if options.get("data_format") == "channels_first" else -1
    ours.build(shape)
    own.build(powers(np.zeros(shape, np.float32), axis).shape)
    random = np.random.default_rng(3)
    values = [random.normal(0, 0.3, weight.shape).astype(np.float32) for weight in ours.trainable_variables]
    ours.set_weights(values)
    own.set_weights(values)
    return ours, lambda weights, x: own.stateless_call(weights, [], powers(x, axis, options.get("groups", 1)))[0]


def powers(x, axis, groups=1):
    """In each group the powers of all its channels, degree after degree."""
    t = x - AT
    parts = [t] if groups == 1 else ops.split(t, groups, axis)
    return ops.concatenate([part**k if k > 1 else part for part in parts for k in range(1, ORDER + 1)], axis)


def numbers(shape, seed=0):
    return np.random.default_rng(seed).normal(0.3, 0.5, shape).astype(np.float32)


def numpy(values):
    return [ops.convert_to_numpy(value) for value in values]


def derivatives(function, arrays, mode="eager", second=True):
    """Values, gradients by all arrays, and gradients of a function of the gradients."""
    weigh = np.cos(np.arange(4000, dtype=np.float32))

    def number(y):
        return ops.sum(ops.reshape(y, (-1,)) * ops.convert_to_tensor(weigh[: np.prod(y.shape)]))

    def of_gradients(found):
        return sum(ops.sum(ops.sin(gradient)) for gradient in found)

    if BACKEND == "jax":
        import jax

        def first(*arrays):
            return jax.grad(lambda *a: number(function(*a)), range(len(arrays)))(*arrays)

        def both(*arrays):
            twice = jax.grad(lambda *a: of_gradients(first(*a)), range(len(arrays)))(*arrays) if second else ()
            return function(*arrays), *first(*arrays), *twice

        return numpy((jax.jit(both) if mode == "jit" else both)(*arrays))
    if BACKEND == "tensorflow":
        import tensorflow as tf

        def both(*arrays):
            with tf.GradientTape() as outer:
                outer.watch(arrays)
                with tf.GradientTape() as inner:
                    inner.watch(arrays)
                    y = function(*arrays)
                    value = number(y)
                first = inner.gradient(value, arrays)
                changes = of_gradients(first)
            twice = outer.gradient(changes, arrays, unconnected_gradients="zero") if second else ()
            return y, *first, *twice

        compiled = both if mode == "eager" else tf.function(both, jit_compile=mode == "jit")
        return numpy(compiled(*map(tf.constant, arrays)))
    import torch

    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    y = function(*tensors)
    first = torch.autograd.grad(number(y), tensors, create_graph=True)
    twice = torch.autograd.grad(of_gradients(first), tensors, materialize_grads=True) if second else ()
    return numpy(value.detach() for value in (y, *first, *twice))


def compare(found, expected, **tolerance):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one.astype(np.float32), other, **{"rtol": 1e-4, "atol": 2e-4, **tolerance})


@functools.cache
def expected(name, images):
    ours, own = layers(name)
    return derivatives(lambda x, *weights: own(weights, x), [numbers(shape_of(name, images)), *ours.get_weights()],
                       MODES[-1])  # fmt: skip


# JAX compiles each operation by itself in eager mode: seconds for each case.
@pytest.mark.parametrize(
    "name, mode",
    [(name, mode) for name in CASES for mode in MODES
     if (BACKEND, mode) != ("jax", "eager") or name in ("Dense", "2D strided", "2D transposed")],
)  # fmt: skip
def test_values_and_derivatives(name, mode):
    ours, _ = layers(name)
    x = numbers(shape_of(name))
    assert ours.compute_output_shape(x.shape) == expected(name, 2)[0].shape
    if (BACKEND, mode) == ("jax", "eager"):
        compare(numpy([ours(x)]), expected(name, 2)[:1])
        return
    function = lambda x, *weights: ours.stateless_call(weights, [], x)[0]  # noqa: E731
    compare(derivatives(function, [x, *ours.get_weights()], mode), expected(name, 2))
    if BACKEND != "jax":
        # A layer's own variables, as models train them.
        compare(variable_gradients(ours, x, mode), expected(name, 2)[2 : 2 + len(ours.get_weights())])


def variable_gradients(layer, x, mode):
    """The gradients of a layer's variables, of the same function of its values as `derivatives` takes."""
    weigh = np.cos(np.arange(4000, dtype=np.float32))
    if BACKEND == "tensorflow":
        import tensorflow as tf

        def step(x):
            with tf.GradientTape() as tape:
                y = layer(x)
                value = tf.reduce_sum(tf.reshape(y, (-1,)) * weigh[: np.prod(y.shape)])
            return tape.gradient(value, [variable.value for variable in layer.trainable_variables])

        return numpy((step if mode == "eager" else tf.function(step, jit_compile=mode == "jit"))(x))
    if BACKEND == "torch":
        layer.zero_grad()
        y = layer(x)
        (y.reshape(-1) * ops.convert_to_tensor(weigh[: y.numel()])).sum().backward()
        return numpy(variable.value.grad for variable in layer.trainable_variables)
    raise AssertionError("JAX has no gradients of variables")


@pytest.mark.parametrize("images", [0, 1])
@pytest.mark.parametrize("name", CASES)
def test_few_images(name, images):
    ours, _ = layers(name)
    arrays = [numbers(shape_of(name, images)), *ours.get_weights()]
    found = derivatives(lambda x, *weights: ours.stateless_call(weights, [], x)[0], arrays, MODES[-1], second=False)
    if images:
        compare(found, expected(name, 1)[: len(found)])
    else:
        assert found[0].shape[0] == 0 and found[1].shape == arrays[0].shape
        assert all(gradient.shape == weight.shape and not gradient.any()
                   for gradient, weight in zip(found[2:], arrays[1:], strict=True))  # fmt: skip


# JAX computes in float32 at most, unless its whole process is told otherwise.
POLICIES = ["mixed_float16", "bfloat16", *(["mixed_bfloat16", "float64"] if BACKEND != "jax" else [])]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", CASES)
def test_precision(name, policy):
    half, _ = layers(name, policy)
    result = policy.removeprefix("mixed_")
    assert keras.backend.standardize_dtype(half.kernel.dtype) == ("float32" if "mixed" in policy else policy)
    x = numbers(shape_of(name))
    y = compiled(half, MODES[-1])(x)
    assert keras.backend.standardize_dtype(y.dtype) == result
    # Own layers sum in half precision; ours round inputs, weights and the result.
    compare([ops.convert_to_numpy(ops.cast(y, "float32"))], expected(name, 2)[:1],
            atol={"float16": 5e-3, "bfloat16": 4e-2, "float64": 1e-5}[result])  # fmt: skip
    gradients = variable_gradients(half, x, "eager") if BACKEND != "jax" else []
    assert all(np.isfinite(gradient.astype(np.float32)).all() for gradient in gradients)


@pytest.mark.parametrize("name", CASES)
def test_one_infinite_value(name):
    ours, own = layers(name)
    x, weights = numbers(shape_of(name)), ours.get_weights()
    x.reshape(-1)[5] = np.inf
    found, other = numpy([compiled(ours, MODES[-1])(x), compiled(lambda x: own(weights, x), MODES[-1])(x)])
    assert not np.isfinite(found).all()
    np.testing.assert_allclose(found, other, rtol=1e-4, atol=1e-4)


EXTREMES = np.array([np.inf, -np.inf, np.nan, 1e9, -1e9, 1e-40, -0.0, 0.25, 1.0, 2.5], np.float32)[:, None]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["terms", "powers", "partial_sums", "sum"])
@pytest.mark.parametrize("function", ["log(1 + exp(x))", "cos(x)", "1 + 2*x"])
def test_expansions_of_extreme_values(function, kind, mode):
    options = {"kind": kind, "degrees": "all", "constant": True}
    layer = taylor.TaylorExpansion(function, order=4, on_radius="ignore", **options)
    series = mc.taylor(function, order=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mc.RadiusWarning)
        expected = mc.expand(EXTREMES, series, stack=False, **options)
    same(compiled(layer, mode)(EXTREMES), expected)
    if kind == "sum":
        trained = taylor.TaylorActivation(function, order=4, on_radius="ignore")
        # Trained coefficients are not known to be zero.
        polynomial = mc.expand(EXTREMES, mc.Polynomial(0.0, series.coefficients.tolist(), True), kind="sum")
        same(compiled(trained, mode)(EXTREMES), polynomial)


def same(found, expected):
    found = ops.convert_to_numpy(found)
    assert found.dtype == expected.dtype and found.shape == expected.shape
    # Compilers flush denormal numbers and fuse multiplications and additions.
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-37)


def compiled(layer, mode):
    if mode == "eager":
        return layer
    if BACKEND == "jax":
        import jax

        return jax.jit(layer)
    import tensorflow as tf

    return tf.function(layer, jit_compile=mode == "jit")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rate", [None, 0.5])
def test_activation_derivatives(rate, mode):
    layer = taylor.TaylorActivation("exp(x)", order=3, at=AT, rate=rate, on_radius="ignore")
    x = numbers((3, 5))
    layer.build(x.shape)

    def explicit(x, coefficients, rate=1.0):
        t = x * rate - AT
        return coefficients[0] + coefficients[1] * t + coefficients[2] * t**2 + coefficients[3] * t**3

    arrays = [x, *layer.get_weights()]
    arrays = [np.asarray(array, np.float32) for array in arrays]
    found = derivatives(lambda x, *weights: layer.stateless_call(weights, [], x)[0], arrays, mode)
    compare(found, derivatives(explicit, arrays))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["terms", "powers", "partial_sums", "sum"])
def test_expansion_derivatives(kind, mode):
    layer = taylor.TaylorExpansion("exp(x)", order=3, at=AT, kind=kind, scale=0.5, shift=0.1)
    x = numbers((3, 5))
    a = layer.series.coefficients

    def explicit(x):
        t = 0.5 * x + (0.1 - AT)
        terms = [float(a[k]) * t**k for k in (1, 2, 3)]
        sums = [float(a[0]) + sum(terms[:k]) for k in (1, 2, 3)]
        chosen = {"terms": terms, "powers": [t, t**2, t**3], "partial_sums": sums, "sum": sums[-1:]}[kind]
        return ops.concatenate(chosen, -1)

    compare(derivatives(layer, [x], mode), derivatives(explicit, [x]))


@pytest.mark.parametrize("images", [0, 1])
def test_few_expansions(images):
    x = numbers((images, 5))
    for layer in (taylor.TaylorExpansion("exp(x)", order=3), taylor.TaylorActivation("exp(x)", order=3, rate=0.5)):
        layer.build(x.shape)
        arrays = [x, *(np.asarray(weight, np.float32) for weight in layer.get_weights())]
        found = derivatives(
            lambda x, *w, layer=layer: layer.stateless_call(w, [], x)[0], arrays, MODES[-1], second=False
        )
        assert found[0].shape == layer.compute_output_shape(x.shape)
        assert [gradient.shape for gradient in found[1:]] == [array.shape for array in arrays]


if BACKEND == "tensorflow":
    import tensorflow as tf

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("name", CASES)
    def test_forward_accumulators(name, mode):
        """Tangents by tf.autodiff.ForwardAccumulator: the gradient's product with a direction."""
        ours, _ = layers(name)
        x = tf.constant(numbers(shape_of(name)))
        direction = tf.constant(numbers(x.shape, 1))

        def tangent(x, direction):
            with tf.autodiff.ForwardAccumulator(x, direction) as accumulator:
                y = ours(x)
            return accumulator.jvp(y)

        change = compiled(tangent, mode)(x, direction)
        own = layers(name)[1]
        step = 1e-2
        ahead, behind = (own(ours.get_weights(), x + sign * step * direction) for sign in (1, -1))
        compare([change.numpy()], [((ahead - behind) / (2 * step)).numpy()], rtol=2e-2, atol=2e-2)


if BACKEND == "jax":
    import jax

    @pytest.mark.parametrize("name", [*CASES, "activation"])
    def test_forward_mode(name):
        x = numbers((2, 3) if name == "activation" else shape_of(name))
        activation = taylor.TaylorActivation("exp(x)", order=3, at=AT, on_radius="ignore")
        ours = activation if name == "activation" else layers(name)[0]
        if not ours.built:
            ours.build(x.shape)
        direction = numbers(x.shape, 1)
        weigh = numbers(ours.compute_output_shape(x.shape), 2)

        @jax.jit
        def both(x):
            change = jax.jvp(ours, (x,), (direction,))[1]
            return (change * weigh).sum(), (jax.vjp(ours, x)[1](weigh)[0] * direction).sum()

        assert np.isclose(*both(x), rtol=1e-3, atol=1e-4)


if BACKEND == "torch":
    import torch

    @pytest.mark.parametrize("name", CASES)
    def test_compiled(name):
        ours, _ = layers(name)
        ours.zero_grad()
        x = torch.tensor(numbers(shape_of(name)), requires_grad=True)
        y = torch.compile(ours, backend="aot_eager")(x)
        weigh = np.cos(np.arange(4000, dtype=np.float32))
        (y.reshape(-1) * torch.from_numpy(weigh[: y.numel()])).sum().backward()
        found = [y.detach(), x.grad, *(variable.value.grad for variable in ours.trainable_variables)]
        compare(numpy(found), expected(name, 2)[: len(found)])
