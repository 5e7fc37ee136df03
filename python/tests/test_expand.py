"""Arrays of every type, order and shape against NumPy in double precision."""

import math
import pickle

import hypothesis.extra.numpy as arrays
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import maclaurin as mc

SERIES = [mc.taylor("exp(x) + x^2*sin(x)", order=order, at=0.25) for order in range(1, 13)]
DTYPES = [np.uint8, np.int8, np.uint16, np.int16, np.float16, np.float32, np.float64, ml_dtypes.bfloat16]
EPSILON = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}


def reference(x, series, kind, degrees, constant, axis, stack, scale, shift):
    """The expansion by powers and sums, as the definition has it."""
    t = scale * np.asarray(x).astype(np.float64) + shift - series.center
    a = series.coefficients
    if kind == "sum":
        return sum(a[k] * t**k for k in range(series.order + 1))
    chosen = {"nonzero": series.degrees, "all": range(1, series.order + 1)}.get(degrees, degrees) \
        if isinstance(degrees, str) else degrees  # fmt: skip
    chosen = [0, *chosen] if constant else list(chosen)
    row = {
        "powers": lambda k: t**k,
        "terms": lambda k: a[k] * t**k,
        "partial_sums": lambda k: sum(a[j] * t**j for j in range(k + 1)),
    }[kind]
    rows = [row(k) for k in chosen]
    return np.stack(rows, axis) if stack else np.concatenate(rows, axis)


def loop(x, series, kind, degrees, constant, axis, stack, scale, shift, dtype):
    """The expansion as a loop computes it in its type, halves by way of float32."""
    lane = np.float64 if dtype == np.float64 else np.float32
    a = series.coefficients.astype(lane)
    t = np.asarray(np.asarray(x).astype(lane) * lane(scale) + lane(shift - series.center))
    if kind == "sum":
        total = np.full_like(t, a[-1])
        for factor in a[-2::-1]:
            total = total * t + factor
        return total.astype(dtype)
    power, total, powers, sums = np.ones_like(t), np.full_like(t, a[0]), [np.ones_like(t)], [np.full_like(t, a[0])]
    for factor in a[1:]:
        power = power * t
        total = total + factor * power if factor else total
        powers.append(power)
        sums.append(total)
    chosen = {"nonzero": series.degrees, "all": range(1, series.order + 1)}.get(degrees, degrees) \
        if isinstance(degrees, str) else degrees  # fmt: skip
    chosen = [0, *chosen] if constant else list(chosen)
    row = {"powers": lambda k: powers[k], "terms": lambda k: a[k] * powers[k], "partial_sums": lambda k: sums[k]}[kind]
    rows = [row(k) for k in chosen]
    return (np.stack(rows, axis) if stack else np.concatenate(rows, axis)).astype(dtype)


@st.composite
def jobs(draw):
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=7))
    count = math.prod(shape)
    values = draw(arrays.arrays(np.int8, count, elements=st.integers(-3, 3)))
    x = (np.abs(values) if dtype.kind == "u" else values).astype(dtype).reshape(shape)
    if x.ndim and draw(st.booleans()):
        # Strides of every kind: transposed, reversed, every second value.
        x = x.transpose(draw(st.permutations(range(x.ndim))))
        x = np.repeat(x, 2, axis=0)[:: draw(st.sampled_from([2, -2]))]
    series = draw(st.sampled_from(SERIES))
    kind = draw(st.sampled_from(["terms", "powers", "partial_sums", "sum"]))
    degrees = draw(
        st.one_of(st.sampled_from(["nonzero", "all"]), st.lists(st.integers(1, series.order), min_size=1, max_size=5))
    )
    stack = x.ndim == 0 or draw(st.booleans())
    dimensions = x.ndim + stack
    options = {
        "kind": kind,
        "degrees": degrees,
        "constant": draw(st.booleans()),
        "axis": draw(st.integers(-dimensions, dimensions - 1)),
        "stack": stack,
        "scale": draw(st.sampled_from([1.0, 0.5, -0.125])),
        "shift": draw(st.sampled_from([0.0, 0.5])),
    }
    return x, series, options


@given(jobs(), st.sampled_from([None, "float16", "bfloat16", "float32", "float64"]), st.integers(1, 3))
@settings(max_examples=300, deadline=None)
def test_expand_is_the_definition(job, dtype, threads):
    x, series, options = job
    expected = reference(x, series, **options)
    result = mc.expand(x, series, **options, dtype=dtype, threads=threads)
    assert result.shape == expected.shape
    assert result.dtype.name == (dtype or (x.dtype.name if x.dtype.kind in "fV" else "float32"))
    with np.errstate(over="ignore"):
        assert np.array_equal(result, loop(x, series, **options, dtype=result.dtype), equal_nan=True)
    unit = (series.order + 2) * EPSILON[result.dtype.name]
    # Partial sums may cancel: an error is measured by the largest term.
    scale = np.abs(expected) + (8 if options["kind"] in ("partial_sums", "sum") else 0)
    # The largest half is 65504; from 65520 up values are rounded to infinity.
    most = 65504 if result.dtype == np.float16 else np.inf
    close = np.abs(result.astype(np.float64) - expected) <= unit * scale + 1e-7
    assert (close | (np.abs(expected) > most)).all()
    assert np.isinf(result.astype(np.float64))[np.abs(expected) > most + 16].all()
    out = np.empty_like(result)
    assert mc.expand(x, series, **options, out=out) is out
    assert out.tobytes() == result.tobytes()
    wide = np.zeros((2, *result.shape), result.dtype)
    assert np.array_equal(mc.expand(x, series, **options, out=wide[1, ...]), result, equal_nan=True)
    assert not wide[0].any()


@given(jobs())
@settings(max_examples=100, deadline=None)
def test_gradients_are_those_of_the_definition(job):
    x, series, options = job
    x = x.astype(np.float64)
    shape = reference(x, series, **options).shape
    gradient = np.random.default_rng(1).standard_normal(shape)
    of_x, of_coefficients = mc.expand_backward(gradient, x, series, **options)
    step = 1e-6
    direction = np.random.default_rng(2).standard_normal(x.shape)
    above, below = (reference(x + sign * step * direction, series, **options) for sign in (1, -1))
    slope = (above - below) / (2 * step)
    assert np.allclose((of_x * direction).sum(), (slope * gradient).sum(), rtol=1e-5, atol=1e-5)
    assert np.allclose(mc.expand_tangent(x, direction, series, **options), slope, rtol=1e-5, atol=1e-6)
    # Linear in the coefficients, powers aside.
    if options["kind"] != "powers":
        whole = (reference(x, series, **options) * gradient).sum()
        assert np.allclose(of_coefficients @ series.coefficients, whole, rtol=1e-9, atol=1e-9)


def test_what_comes_from_elsewhere_is_taken():
    series = mc.taylor("exp(x)", order=2)
    expected = [[1.0, 0.5], [2.0, 2.0]]
    big_endian = np.array([1, 2], ">f4")
    assert mc.expand(big_endian, series).dtype == np.float32
    record = np.zeros(2, [("a", "u1"), ("x", "<f8")])
    record["x"] = [1, 2]
    read_only = np.array([1.0, 2.0])
    read_only.flags.writeable = False

    class Array:
        def __array__(self, dtype=None, copy=None):
            return np.array([1.0, 2.0])

    class Tensor:
        def __dlpack__(self, **options):
            return read_only.copy().__dlpack__(**options)

        def __dlpack_device__(self):
            return (1, 0)

    for x in ([1, 2], (1.0, 2.0), range(1, 3), big_endian, record["x"], read_only, np.array([1, 2]),
              np.array([1, 2], np.uint64), np.longdouble([1, 2]), Array(), Tensor()):  # fmt: skip
        assert mc.expand(x, series).tolist() == expected
    assert mc.expand(np.array([True, False]), series).tolist() == [[1.0, 0.5], [0.0, 0.0]]
    assert mc.expand(3, series).tolist() == [3.0, 4.5]
    assert mc.expand(np.array([1, 2]), series).dtype == np.float64
    assert mc.expand(np.zeros((0, 3)), series).shape == (0, 3, 2)


def test_special_values():
    series = mc.Polynomial(0.0, [1.0, 1.0, 1.0])
    out = mc.expand(np.array([np.nan, np.inf, -np.inf, -0.0]), series)
    assert np.isnan(out[0]).all() and out[1].tolist() == [np.inf, np.inf]
    assert out[2].tolist() == [-np.inf, np.inf] and math.copysign(1, out[3, 0]) == -1


def test_bad_arrays_are_refused():
    series = mc.taylor("exp(x)", order=2)
    x = np.ones(4, np.float32)
    with pytest.raises(TypeError, match="masked"):
        mc.expand(np.ma.masked_array([1.0, 2.0]), series)
    for wrong in (np.array([None]), np.array(["a"]), np.array([1j]), np.array(["2020"], "M8[D]")):
        with pytest.raises(TypeError, match="real numbers"):
            mc.expand(wrong, series)
    with pytest.raises(ValueError, match=r"shape \[4\] where shape \[4, 2\]"):
        mc.expand(x, series, out=np.empty(4, np.float32))
    with pytest.raises(ValueError, match="dtype float64 where float32"):
        mc.expand(x, series, dtype="float32", out=np.empty((4, 2)))
    with pytest.raises(TypeError, match=r"numpy.ndarray"):
        mc.expand(x, series, out=[0.0])
    frozen = np.empty((4, 2), np.float32)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        mc.expand(x, series, out=frozen)
    memory = np.zeros(12, np.float32)
    with pytest.raises(ValueError, match="shares memory"):
        mc.expand(memory[:4], series, out=memory[2:10].reshape(4, 2))
    repeated = np.lib.stride_tricks.as_strided(np.zeros(8, np.float32), (4, 2), (4, 4))
    with pytest.raises(ValueError, match="each other"):
        mc.expand(x, series, out=repeated)
    # Side by side in one buffer is no overlap.
    interleaved = np.zeros((4, 3), np.float32)
    mc.expand(interleaved[:, 0], series, out=interleaved[:, 1:])
    with pytest.raises(np.exceptions.AxisError):
        mc.expand(x, series, axis=3)
    for options, message in [
        ({"kind": "term"}, "kind"),
        ({"degrees": "some"}, "degrees"),
        ({"degrees": [3]}, "degree 3"),
        ({"degrees": [-1]}, "degree -1"),
        ({"degrees": [1.5]}, "degree 1.5"),
        ({"threads": 0}, "threads"),
    ]:
        with pytest.raises(ValueError, match=message):
            mc.expand(x, series, **options)
    with pytest.raises(TypeError, match="dtype"):
        mc.expand(x, series, dtype=np.int32)
    with pytest.raises(TypeError):
        mc.expand(x, "softplus")
    huge = np.broadcast_to(np.float32(1), (1 << 40,))
    with pytest.raises(MemoryError, match="free"):
        mc.expand(huge, series)
    with pytest.raises(ValueError, match="more values than an array"):
        mc.expand(np.broadcast_to(np.uint8(1), (1 << 61,)), mc.taylor("exp(x)", order=9))


def test_values_outside_the_radius_are_warned_of_once():
    series = mc.taylor("softplus", order=4)
    mc.expand(np.array([3.0, np.nan]), series)
    mc.expand(np.array([9.0]), series, kind="powers")
    with pytest.warns(mc.RadiusWarning, match=r"between -4 and 3 .* is pi .* scale=0.589"):
        mc.expand(np.array([-4.0, 3.0]), series)
    mc.expand(np.array([-4.0, 3.0]), series)
    large = np.zeros(1 << 20, np.float32)
    large[::2] = 5
    with pytest.warns(mc.RadiusWarning):
        mc.expand(large, mc.taylor("softplus", order=4))
    with pytest.warns(mc.RadiusWarning):
        mc.expand(large[::-3], mc.taylor("softplus", order=4))
    pixels = np.arange(256, dtype=np.uint8)
    mc.expand(pixels, mc.taylor("softplus", order=4), scale=1 / 255)
    with pytest.warns(mc.RadiusWarning):
        mc.expand(pixels, mc.taylor("softplus", order=4))


def test_the_seeds_table_of_coefficients():
    """The hand-typed alpha of the seed is right, its offset is one too many in each partial sum."""
    series = mc.taylor("log(1 + exp(x))", terms=3)
    assert series.degrees == (1, 2, 4)
    assert series.coefficients[[1, 2, 4]].tolist() == [1 / 2, 1 / 8, -1 / 192]
    x = np.random.default_rng(0).random((2, 32, 32, 3))
    sums = mc.expand(x, series, kind="partial_sums")
    terms = np.array([1 / 2, 1 / 8, -1 / 192]) * x[..., None] ** np.array([1.0, 2.0, 4.0])
    assert np.allclose(sums, math.log(2) + np.cumsum(terms, axis=-1), rtol=1e-14)
    theirs = np.cumsum(math.log(2) + terms, axis=-1)
    assert np.allclose(theirs - sums, math.log(2) * np.arange(3), rtol=1e-12)
    assert mc.expand(np.zeros((4, 4, 3)), series).shape == (4, 4, 3, 3)


@pytest.mark.parametrize(
    "options", [{"axis": 0}, {"axis": 1}, {"axis": 0, "stack": False}, {"kind": "sum", "axis": 0}, {}]
)
def test_large_arrays_are_cut_where_nobody_sees_it(options):
    """Beyond 256 MiB the work is done in slabs, between which Ctrl-C is heard."""
    x = np.linspace(-1, 1, 9 * 10_000_000, dtype=np.float32).reshape(3, 3, -1)
    series = mc.taylor("exp(x)", order=2)
    out = mc.expand(x, series, **options)
    assert out.size == x.size * (1 if options.get("kind") == "sum" else 2)
    for part in (slice(0, 1000), slice(-1000, None)):
        small = mc.expand(x[..., part], series, **options)
        along = -2 if options == {} else -1
        assert np.array_equal(np.moveaxis(out, along, -1)[..., part], np.moveaxis(small, along, -1))


@pytest.mark.parametrize("dimensions", [32, 40, 64])
def test_too_many_dimensions_are_refused(dimensions):
    with pytest.raises(
        ValueError, match=f"an array of {dimensions} dimensions cannot be expanded: there may be at most 31"
    ):
        mc.expand(np.zeros((1,) * dimensions), mc.taylor("exp(x)", order=2))
    assert mc.expand(np.ones((1,) * 31), mc.taylor("exp(x)", order=2)).shape == (*(1,) * 31, 2)


def test_trained_coefficients_are_never_known_to_be_zero():
    numbers = [1.0, 0.0, 2.0]
    trained = mc.Polynomial(0.0, numbers, trained=True)
    assert trained.degrees == (1, 2) and mc.Polynomial(0.0, numbers).degrees == (2,)
    x = np.array([np.inf, 2.0])
    with np.errstate(invalid="ignore"):
        assert np.isnan(mc.expand(x, trained, kind="partial_sums")[0]).all()
    assert mc.expand(x, mc.Polynomial(0.0, numbers), kind="partial_sums").tolist() == [[np.inf], [9.0]]
    assert pickle.loads(pickle.dumps(trained)).degrees == (1, 2)
