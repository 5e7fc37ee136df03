"""Every layer of maclaurin.jax under every transformation, against JAX's own operations on explicit powers."""

import functools
import os
import subprocess
import sys

import numpy as np
import pytest

jax = pytest.importorskip("jax")
import jax.numpy as jnp
from jax import export
from jax.sharding import AxisType
from jax.sharding import PartitionSpec as P

import maclaurin as mc
from maclaurin import jax as ours

SPATIAL = "DHW"
FUNCTION = {"function": "exp(x)", "order": 3, "at": 0.5}


def layers():
    """Each layer, by a name, with the shape of an input."""
    yield "terms", ours.TaylorExpansion("sin(x)", 4, scale=0.5, shift=0.1), (2, 3, 2)
    yield "partial sums", ours.TaylorExpansion(**FUNCTION, kind="partial_sums", constant=True, axis=-1), (2, 3)
    yield "activation", ours.TaylorActivation(**FUNCTION, rate=1.5), (2, 3)
    yield "linear", ours.TaylorLinear(3, 2, **FUNCTION), (2, 3)
    yield "conv1d", ours.TaylorConv1d(2, 4, 3, 2, 1, groups=2, **FUNCTION), (2, 2, 6)
    yield "conv2d", ours.TaylorConv2d(2, 3, (2, 1), padding="same", dilation=2, **FUNCTION), (2, 2, 3, 2)
    last = {"channels_last": True, **FUNCTION}
    yield "conv2d last", ours.TaylorConv2d(2, 2, 2, [1, 2], groups=2, start="random", **last), (2, 2, 4, 2)
    yield "conv3d", ours.TaylorConv3d(1, 2, (2, 1, 2), padding=(0, 1, 0), bias=False, **FUNCTION), (2, 1, 2, 1, 3)
    transposed = {"output_padding": 1, "groups": 2, **FUNCTION}
    yield "transpose1d", ours.TaylorConvTranspose1d(2, 4, 3, 2, 1, **transposed), (2, 2, 3)
    yield "transpose2d", ours.TaylorConvTranspose2d(2, 3, (2, 3), 2, (0, 1), dilation=2, **FUNCTION), (2, 2, 2, 2)
    yield "transpose2d last", ours.TaylorConvTranspose2d(2, 2, 2, **last, groups=2), (2, 2, 2, 2)
    yield "transpose3d", ours.TaylorConvTranspose3d(1, 2, (1, 2, 2), (1, 2, 1), **FUNCTION), (2, 1, 1, 2, 2)


LAYERS = {name: (layer, shape) for name, layer, shape in layers()}


def reference(layer, parameters, x):
    """The layer as its definition says it: powers, and JAX's own convolution of each."""
    center, coefficients = layer.series.center, layer.series.coefficients
    if isinstance(layer, ours.TaylorExpansion):
        t = layer.scale * x + layer.shift - center
        terms = [a * t**k for k, a in enumerate(coefficients)]
        if layer.kind == "partial_sums":
            terms = [sum(terms[: k + 1]) for k in range(layer.order + 1)]
        return jnp.concatenate(
            [terms[k] for k in ([0] if layer.constant else []) + list(layer.series.degrees)], layer.axis
        )
    if isinstance(layer, ours.TaylorActivation):
        t = x * parameters["rate"] - center
        return sum(a * t**k for k, a in enumerate(parameters["coefficients"]))
    transposed = "Transpose" in type(layer).__name__
    parts = jnp.split(parameters["weight"], layer.order, 0 if transposed else 1)
    apply = transpose_of if transposed else plain
    y = sum(apply(layer, (x - center) ** k, part) for k, part in enumerate(parts, 1))
    bias = parameters.get("bias")
    last = getattr(layer, "channels_last", True)
    return y if bias is None else y + (bias if last else bias.reshape(-1, *[1] * (x.ndim - 2)))


def plain(layer, images, weight, inputs=None):
    """The convolution of images."""
    if isinstance(layer, ours.TaylorLinear):
        return images @ weight.T
    axes = images.ndim - 2
    spatial = SPATIAL[3 - axes :]
    order = f"N{spatial}C" if layer.channels_last else f"NC{spatial}"
    each = [n if isinstance(n, tuple) else (n,) * axes for n in (layer.stride, layer.padding, layer.dilation)]
    stride, padding, dilation = each
    if layer.padding == "same":
        padding = "SAME"
    else:
        padding = [(size, size) for size in padding]
    return jax.lax.conv_general_dilated(
        images, weight, stride, padding, rhs_dilation=dilation, feature_group_count=layer.groups,
        dimension_numbers=(order, f"OI{spatial}", order),
    )  # fmt: skip


def transpose_of(layer, images, weight):
    """The transposed convolution, as PyTorch defines it: the gradient of a convolution for these images."""
    axes = images.ndim - 2

    def each(n):
        return n if isinstance(n, tuple) else (n,) * axes

    extents = images.shape[1:-1] if layer.channels_last else images.shape[2:]
    extents = tuple(
        (extent - 1) * stride + (size - 1) * dilation + 1 - 2 * padding + more
        for extent, stride, size, dilation, padding, more in zip(
            extents, each(layer.stride), each(layer.kernel_size), each(layer.dilation), each(layer.padding),
            each(layer.output_padding),
        )
    )  # fmt: skip
    channels = weight.shape[1] * layer.groups
    shape = (*extents, channels) if layer.channels_last else (channels, *extents)
    like = jnp.zeros((images.shape[0], *shape), images.dtype)
    return jax.linear_transpose(lambda y: plain(layer, y, weight), like)(images)[0]


def like(tree, seed):
    """Random values of the shapes of a tree."""
    draw = np.random.default_rng(seed).standard_normal
    return jax.tree.map(lambda leaf: jnp.asarray(draw(leaf.shape), leaf.dtype), tree)


def scalar(f):
    return lambda parameters, x: jnp.sin(f(parameters, x)).sum()


def slopes(f):
    return jax.grad(scalar(f), (0, 1))


def values_and_slopes(f):
    return lambda p, x: (f(p, x), slopes(f)(p, x))


def several(tree):
    """Three of a tree, as a batch."""
    return jax.tree.map(lambda leaf: jnp.stack([leaf, 0.5 * leaf, leaf + 0.25]), tree)


def squared_slopes(f):
    return lambda *a: sum((leaf**2).sum() for leaf in jax.tree.leaves(slopes(f)(*a)))


def linearized(f, parameters, x):
    y, tangent = jax.linearize(f, parameters, x)
    back = jax.linear_transpose(tangent, parameters, x)
    return y, tangent(like(parameters, 3), like(x, 4)), back(like(y, 5))


def scanned(f, parameters, x):
    def total(parameters, xs):
        return jax.lax.scan(lambda total, x: (total + scalar(f)(parameters, x), f(parameters, x)), 0.0, xs)

    return jax.grad(total, (0, 1), has_aux=True)(parameters, several(x))


MODES = {
    "values": lambda f, p, x: f(p, x),
    "grad": lambda f, p, x: slopes(f)(p, x),
    "grad of grad": lambda f, p, x: jax.grad(squared_slopes(f), (0, 1))(p, x),
    "jvp": lambda f, p, x: jax.jvp(f, (p, x), (like(p, 1), like(x, 2))),
    "jacfwd": lambda f, p, x: jax.jacfwd(f, (0, 1))(p, x),
    "jacrev": lambda f, p, x: jax.jacrev(f, (0, 1))(p, x),
    "hessian": lambda f, p, x: jax.hessian(scalar(f), (0, 1))(p, x),
    "vmap of images": lambda f, p, x: jax.vmap(values_and_slopes(f), (None, 1), (1, 0))(
        p, jnp.moveaxis(several(x), 0, 1)
    ),
    "vmap of weights": lambda f, p, x: jax.vmap(values_and_slopes(f), (0, None), axis_size=3)(several(p), x),
    "vmap of both": lambda f, p, x: jax.vmap(values_and_slopes(f))(several(p), several(x)),
    "vmap of vmap of jvp": lambda f, p, x: jax.vmap(
        jax.vmap(lambda v, p, x: jax.jvp(lambda x: f(p, x), (x,), (v,)), (0, 0, None)), (None, None, 0)
    )(several(like(x, 6)), several(p), several(x)),
    "linearize": linearized,
    "remat": lambda f, p, x: jax.grad(jax.checkpoint(scalar(f)), (0, 1))(p, x),
    "scan": scanned,
}


@pytest.fixture(autouse=True)
def in_double_precision():
    """What is compiled here runs once: the compiler is not to spend time on it."""
    jax.config.update("jax_disable_most_optimizations", True)
    with jax.enable_x64(True):
        yield
    jax.config.update("jax_disable_most_optimizations", False)


def case(name):
    """A layer, parameters as it draws them, and an input."""
    layer, shape = LAYERS[name]
    parameters = jax.tree.map(jnp.asarray, drawn(name))
    return layer, parameters, jnp.asarray(0.5 * np.random.default_rng(1).standard_normal(shape))


@functools.cache
def drawn(name):
    return jax.tree.map(np.asarray, LAYERS[name][0].init(jax.random.key(0), "float64"))


def single(*trees):
    return jax.tree.map(lambda leaf: leaf.astype("float32"), trees)


def close(found, wanted):
    assert jax.tree.structure(found) == jax.tree.structure(wanted)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(wanted)):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)


#: What takes long is tried on these: each operation, each number of axes, one order of memory.
SECOND = ("partial sums", "activation", "linear", "conv1d", "conv2d", "transpose1d", "transpose3d")
LONG = ("grad of grad", "hessian", "vmap of vmap of jvp", "jacfwd", "linearize", "scan", "vmap of weights")


@pytest.mark.parametrize(
    ("name", "mode"), [(name, mode) for name in LAYERS for mode in MODES if name in SECOND or mode not in LONG]
)
def test_transformations(name, mode):
    layer, parameters, x = case(name)

    @jax.jit
    def both(parameters, x):
        own = functools.partial(reference, layer)
        return MODES[mode](layer, parameters, x), MODES[mode](own, parameters, x)

    close(*both(parameters, x))


@pytest.mark.parametrize("name", LAYERS)
def test_eager(name):
    layer, parameters, x = case(name)
    wanted, slope, _ = jax.jit(first_order(functools.partial(reference, layer)))(parameters, x)
    close(layer(parameters, x), wanted)
    with jax.disable_jit():
        close(slopes(layer)(parameters, x), slope)


def first_order(f):
    """Values, gradients and a tangent."""
    return lambda p, x: (f(p, x), slopes(f)(p, x), jax.jvp(f, (p, x), (p, x))[1])


@pytest.mark.parametrize("name", LAYERS)
def test_export_with_a_symbolic_batch(name):
    layer, parameters, x = case(name)
    (batch,) = export.symbolic_shape("batch")
    symbolic = jax.ShapeDtypeStruct((batch, *x.shape[1:]), x.dtype)
    exported = export.export(jax.jit(first_order(layer)), platforms=("cpu", "cuda"))(parameters, symbolic)
    assert "@maclaurin" not in exported.mlir_module()
    restored = export.deserialize(exported.serialize())
    close(restored.call(parameters, x), jax.jit(first_order(functools.partial(reference, layer)))(parameters, x))


@pytest.mark.parametrize("name", ["terms", "activation", "linear", "conv2d", "transpose1d"])
def test_shard_map_with_its_checks(name):
    layer, parameters, x = case(name)
    mesh = jax.make_mesh((1,), ("d",), axis_types=(AxisType.Auto,))

    def every(f):
        return lambda p, x: (*first_order(f)(p, x), jax.grad(squared_slopes(f), (0, 1))(p, x))

    batch, both = P("d"), (P(), P("d"))
    mapped = jax.shard_map(every(layer), mesh=mesh, in_specs=both, out_specs=(batch, both, batch, both))
    found = jax.jit(mapped)(parameters, x)
    close(found, jax.jit(every(functools.partial(reference, layer)))(parameters, x))


@pytest.mark.parametrize("name", LAYERS)
def test_types_and_batches(name):
    for dtype in ("float16", "bfloat16", "float32") if name == "conv2d" else ("bfloat16",):
        layer, parameters, x = case(name)
        (parameters,), x = single(parameters), x.astype(dtype)
        computed = jax.jit(values_and_slopes(layer))
        double = jax.tree.map(lambda leaf: leaf.astype("float64"), (parameters, x))
        exact = jax.jit(functools.partial(reference, layer))(*double)
        # A sum in half precision would be off by more.
        unit = float(jnp.finfo(dtype).eps)
        np.testing.assert_allclose(layer(parameters, x).astype("float64"), exact, rtol=unit, atol=1e-5)
        for number in (0, 1):
            value, (of_parameters, of_x) = computed(parameters, x[:number])
            assert value.shape == (number, *exact.shape[1:]) and value.dtype == dtype
            assert of_x.shape == (number, *x.shape[1:]) and of_x.dtype == dtype
            for key, gradient in of_parameters.items():
                assert gradient.shape == parameters[key].shape and gradient.dtype == "float32"
                assert bool(np.asarray(gradient).any()) == bool(number)


@pytest.mark.parametrize("name", [name for name, (layer, _) in LAYERS.items() if hasattr(layer, "kernel_size")])
def test_one_image(name):
    layer, parameters, x = case(name)
    close(layer(parameters, x[0]), layer(parameters, x)[0])


@pytest.mark.parametrize("name", [name for name in LAYERS if "transpose" in name or "conv" in name or name == "linear"])
def test_infinities(name):
    layer, parameters, x = case(name)
    parameters, x = single(parameters, x)
    x = x.at[0].set(jnp.inf).at[1, ..., :1].set(-jnp.inf)
    expected = jax.jit(functools.partial(reference, layer))(parameters, x)
    assert not np.isfinite(expected).all()
    np.testing.assert_allclose(layer(parameters, x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["terms", "powers", "partial_sums", "sum"])
@pytest.mark.parametrize("text", ["exp(x)", "cos(x)", "x^3 - x"])
def test_infinities_of_expansions(kind, text):
    x = jnp.array([jnp.inf, -jnp.inf, jnp.nan, 1e7, -1e-7, 0.0, 2.0], "float32")
    for at, order in ((0, 4), (1, 3)):
        series = mc.taylor(text, order=order, at=at)
        options = {"kind": kind, "degrees": "all", "constant": True}
        expected = mc.expand(np.asarray(x), series, **options)
        exported = export.export(jax.jit(functools.partial(ours.expand, series=series, **options)))(x)
        for found in (ours.expand(x, series, **options), exported.call(x)):
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_reverse_mode_is_native_and_keeps_x_and_the_weights():
    layer, parameters, x = case("conv2d")
    text = jax.jit(slopes(layer)).lower(parameters, x).as_text()
    assert text.count("stablehlo.custom_call @maclaurin_convolve") == 3 and "stablehlo.convolution" not in text
    for name in ("conv2d", "transpose2d", "conv3d", "linear"):
        layer, parameters, x = case(name)
        kept = [leaf.shape for leaf in jax.tree.leaves(jax.vjp(layer, parameters, x)[1]) if leaf.ndim > 1]
        assert sorted(kept) == sorted([x.shape, parameters["weight"].shape])
    mapped = jax.vmap(jax.grad(lambda p, x: layer(p, x).sum()), (None, 0))
    text = jax.jit(mapped).lower(parameters, jnp.stack([x] * 4)).as_text()
    assert "maclaurin_convolve" in text and "while" not in text


DEVICES = """
import jax, numpy as np
import jax.numpy as jnp
from jax.sharding import AxisType, NamedSharding, PartitionSpec as P
import maclaurin as mc
from maclaurin.jax import TaylorConv2d, TaylorLinear, expand

jax.config.update("jax_disable_most_optimizations", True)
assert jax.device_count() == 4
series = mc.taylor("exp(x)", order=3)
convolution = TaylorConv2d(3, 4, 3, padding=1, start="random")
linear = TaylorLinear(3, 2, start="random")
keys = jax.random.split(jax.random.key(0), 3)
x = jax.random.normal(keys[0], (8, 3, 5, 5))
for layer, x in ((convolution, x), (linear, x[..., 0, 0]), (lambda p, x: expand(x, series), x)):
    parameters = layer.init(keys[1]) if hasattr(layer, "init") else {}
    loss = lambda p, x: (layer(p, x) ** 2).mean()
    value, slopes = layer(parameters, x), jax.grad(loss, (0, 1))(parameters, x)
    for kind in (AxisType.Auto, AxisType.Explicit):
        mesh = jax.make_mesh((4,), ("d",), axis_types=(kind,))
        with jax.set_mesh(mesh):
            sharded = jax.device_put(x, NamedSharding(mesh, P("d")))
            whole = jax.device_put(parameters, NamedSharding(mesh, P()))
            for function in (layer, jax.jit(layer)):
                y = function(whole, sharded)
                assert y.sharding.spec[0] == "d", y.sharding
                np.testing.assert_allclose(y, value, rtol=1e-4, atol=1e-4)
            found = jax.jit(jax.grad(loss, (0, 1)))(whole, sharded)
            assert found[1].sharding.spec[0] == "d"
            text = jax.jit(layer).lower(whole, sharded).compile().as_text()
            assert "all-gather" not in text
            jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4), found, slopes)

            def local(p, x):
                return jax.lax.pmean(layer(p, x), ()), jax.grad(lambda p: loss(p, x))(p)

            mapped = jax.jit(jax.shard_map(local, in_specs=(P(), P("d")), out_specs=(P("d"), P())))
            y, found = mapped(whole, sharded)
            np.testing.assert_allclose(y, value, rtol=1e-4, atol=1e-4)
            # The loss of each device is a mean over a fourth.
            jax.tree.map(lambda a, b: np.testing.assert_allclose(a / 4, b, rtol=1e-3, atol=1e-4), found, slopes[0])
            assert "maclaurin_" in mapped.lower(whole, sharded).as_text()
"""


def test_batches_stay_on_their_devices():
    flags = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    run = subprocess.run([sys.executable, "-c", DEVICES], env=flags, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
