"""Bases against SciPy, and against the same loop in NumPy bit for bit."""

import math
import pickle

import hypothesis.extra.numpy as arrays
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

import maclaurin as mc
from maclaurin import rows

FAMILIES = {
    "monomial": ({}, lambda k, x: x**k),
    "legendre": ({}, special.eval_legendre),
    "chebyshev": ({}, special.eval_chebyt),
    "hermite": ({}, special.eval_hermite),
    "hermite_e": ({}, special.eval_hermitenorm),
    "laguerre": ({"alpha": 0.5}, lambda k, x: special.eval_genlaguerre(k, 0.5, x)),
    "gegenbauer": ({"lambda_": 1.25}, lambda k, x: special.eval_gegenbauer(k, 1.25, x)),
    "jacobi": ({"alpha": 0.75, "beta": -0.5}, lambda k, x: special.eval_jacobi(k, 0.75, -0.5, x)),
}
DTYPES = [np.uint8, np.int8, np.uint16, np.int16, np.float16, np.float32, np.float64, ml_dtypes.bfloat16]
SPECIAL = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e-42, 5e-324, 3e38]


@pytest.mark.parametrize("name", FAMILIES)
def test_values_are_scipys(name):
    parameters, expected = FAMILIES[name]
    x = np.linspace(-1, 1, 501)
    found = mc.basis(name, degree=20, **parameters)(x)
    assert found.shape == (501, 21)
    for k in range(21):
        scale = max(1.0, float(np.abs(expected(k, x)).max()))
        assert np.allclose(found[:, k], expected(k, x), rtol=1e-12, atol=1e-13 * scale), k


def test_values_are_numpys():
    x = np.linspace(-1, 1, 101)
    assert np.allclose(mc.basis("legendre", 9)(x), np.polynomial.legendre.legvander(x, 9), atol=1e-14)
    assert np.allclose(mc.basis("chebyshev", 9)(x), np.polynomial.chebyshev.chebvander(x, 9), atol=1e-13)
    assert np.array_equal(mc.basis("monomial", 9)(x), np.polynomial.polynomial.polyvander(x, 9))


@pytest.mark.parametrize("alpha, beta", [(0.0, 0.0), (-0.5, -0.5), (0.5, -0.5), (-0.75, -0.75), (3.0, 0.0)])
def test_parameters_whose_sum_is_zero_or_minus_one(alpha, beta):
    x = np.linspace(-1, 1, 51)
    found = mc.basis("jacobi", 8, alpha=alpha, beta=beta)(x)
    for k in range(9):
        assert np.allclose(found[:, k], special.eval_jacobi(k, alpha, beta, x), atol=1e-12)


def test_a_range_is_mapped():
    x = np.linspace(2, 6, 33)
    b = mc.basis("legendre", 5, on=(2, 6))
    assert np.allclose(b(x), mc.basis("legendre", 5)((x - 4) / 2), atol=1e-14)
    assert b.on == (2.0, 6.0) and b.degree == b.order == 5
    scaled = mc.expand(x / 2, b, scale=2.0, constant=True)
    assert np.allclose(scaled, b(x), atol=1e-14)


def loop(x, b, degrees, dtype, scale, shift, tangent=None):
    """The rows as the documentation says them, in NumPy, and their derivatives times the tangent."""
    lane = np.float64 if dtype == np.float64 else np.float32
    slope, offset, squash, *steps = b._recurrence_numbers
    slope, offset = lane(slope * scale), lane(slope * shift + offset)
    t = slope * x.astype(lane) + (lane(-0.0) if offset == 0 else offset)
    change = np.full_like(t, slope) if tangent is None else slope * tangent.astype(lane)
    if squash == 2:
        with np.errstate(invalid="ignore"):
            change = np.where((t >= -1) & (t <= 1), change, lane(0))
            t = np.where(t < -1, lane(-1), np.where(t > 1, lane(1), t))
    values, slopes = [np.ones_like(t)], [np.zeros_like(t)]
    for k in range(b.degree):
        a, up, c = map(lane, steps[3 * k : 3 * k + 3])
        factor = a * t + up if up else a * t
        value, derivative = factor * values[k], a * values[k] + factor * slopes[k]
        if k == 0:
            derivative = np.full_like(t, a)
        elif c:
            value, derivative = value - c * values[k - 1], derivative - c * slopes[k - 1]
        values.append(value)
        slopes.append(derivative)
    return [values[k] for k in degrees], [slopes[k] for k in degrees], change


@st.composite
def jobs(draw):
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=9))
    count = math.prod(shape)
    if dtype.kind in "iu":
        values = draw(arrays.arrays(np.uint8, count)).astype(dtype)
    else:
        numbers = st.one_of(st.sampled_from(SPECIAL), st.floats(-3, 3, width=16))
        with np.errstate(over="ignore", under="ignore"):
            values = np.array(draw(st.lists(numbers, min_size=count, max_size=count))).astype(dtype)
    x = values.reshape(shape)
    if x.ndim and draw(st.booleans()):
        # Strides of every kind: transposed, reversed, every second value.
        x = x.transpose(draw(st.permutations(range(x.ndim))))
        x = np.repeat(x, 2, axis=0)[:: draw(st.sampled_from([2, -2]))]
    name = draw(st.sampled_from(list(FAMILIES)))
    bounded = name not in ("hermite", "hermite_e", "laguerre")
    on = draw(st.sampled_from([None, (0, 255), (-3.0, 1.5)])) if bounded else None
    squash = draw(st.sampled_from([None, "clip"]))
    b = mc.basis(name, draw(st.integers(1, 8)), on=on, squash=squash, **FAMILIES[name][0])
    stack = x.ndim == 0 or draw(st.booleans())
    dimensions = x.ndim + stack
    options = {
        "degrees": draw(st.one_of(st.just("all"), st.lists(st.integers(1, b.degree), min_size=1, max_size=5))),
        "constant": draw(st.booleans()),
        "axis": draw(st.integers(-dimensions, dimensions - 1)),
        "stack": stack,
        "scale": draw(st.sampled_from([1.0, 0.5, -0.1])),
        "shift": draw(st.sampled_from([0.0, 0.3])),
        "threads": draw(st.integers(1, 3)),
    }
    return x, b, options


def same(found, expected):
    assert found.dtype == expected.dtype and found.shape == expected.shape
    kind = {2: np.uint16, 4: np.uint32, 8: np.uint64}[found.dtype.itemsize]
    # Which NaN comes out is nobody's promise.
    alike = (np.ascontiguousarray(found).view(kind) == np.ascontiguousarray(expected).view(kind)) | (
        np.isnan(found.astype(float)) & np.isnan(expected.astype(float))
    )
    assert alike.all(), (found[~alike], expected[~alike])


@given(jobs(), st.sampled_from([None, "float16", "bfloat16", "float32", "float64"]), st.data())
@settings(max_examples=300, deadline=None)
def test_every_bit_is_that_of_the_loop(job, dtype, data):
    x, b, options = job
    default = np.float32 if x.dtype.kind in "iu" else x.dtype
    dtype = default if dtype is None else np.dtype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    chosen = b.degrees if options["degrees"] == "all" else options["degrees"]
    chosen = [0, *chosen] if options["constant"] else list(chosen)
    join = np.stack if options["stack"] else np.concatenate
    tangent = data.draw(arrays.arrays(np.int8, x.shape, elements=st.integers(-3, 3))).astype(x.dtype)
    with np.errstate(all="ignore"):
        scale, shift = options["scale"], options["shift"]
        values, slopes, change = loop(x, b, chosen, dtype, scale, shift, tangent)
        same(mc.expand(x, b, dtype=dtype, **options), join(values, options["axis"]).astype(dtype))
        changes = [slope * change for slope in slopes]
        same(mc.expand_tangent(x, tangent, b, dtype=dtype, **options), join(changes, options["axis"]).astype(dtype))
        _, slopes, change = loop(x, b, chosen, dtype, scale, shift)
        gradients = [np.full(x.shape, 1 + i, dtype) for i in range(len(chosen))]
        total = None
        for degree, slope, gradient in sorted(zip(chosen, slopes, gradients, strict=True), key=lambda part: part[0]):
            if degree:
                term = slope * gradient.astype(slope.dtype)
                total = term if total is None else total + term
        total = np.zeros_like(change) if total is None else total
        of_x, of_coefficients = mc.expand_backward(join(gradients, options["axis"]), x, b, **options)
        same(of_x, (total * change).astype(dtype))
        assert not of_coefficients.any()


@pytest.mark.parametrize("dtype, ulps", [(np.float32, 4), (np.float64, 6)])
def test_tanh(dtype, ulps):
    x = np.concatenate([np.geomspace(1e-30, 50, 20001), -np.geomspace(1e-8, 1, 5000)]).astype(dtype)
    found = mc.expand(x, mc.basis("monomial", 1, squash="tanh"))[:, 0]
    expected = np.tanh(x.astype(np.longdouble))
    assert (np.abs(found - expected) <= ulps * np.spacing(np.abs(expected).astype(dtype))).all()
    b = mc.basis("chebyshev", 5, squash="tanh")
    same(b(x), mc.basis("chebyshev", 5)(found))
    g = np.ones((len(x), 5), dtype)
    inner, _ = mc.expand_backward(g, found, mc.basis("chebyshev", 5))
    assert np.array_equal(mc.expand_backward(g, x, b)[0], inner * (1 - found * found))


def test_the_reference_of_other_devices_is_the_same():
    x = np.linspace(-2, 2, 41).astype(np.float32)
    for squash in (None, "clip"):
        for name, (parameters, _) in FAMILIES.items():
            b = mc.basis(name, 6, squash=squash, **parameters)
            numbers = [np.float32(number) for number in b._recurrence_numbers]
            found = np.stack(rows.basis(x, np, numbers, range(7), 1.0, 0.0), -1)
            assert np.array_equal(found, b(x)), name


def test_what_a_basis_is():
    b = mc.basis("gegenbauer", 3, on=(0, 1), squash="clip", lambda_=0.5)
    assert eval(repr(b), {"basis": mc.basis}) == b
    assert pickle.loads(pickle.dumps(b)) == b and hash(pickle.loads(pickle.dumps(b))) == hash(b)
    assert b != mc.basis("legendre", 3, on=(0, 1), squash="clip") and b != mc.Polynomial(0.0, [1.0] * 4)
    assert mc.basis("legendre", 2, on=(-1, 1)) == mc.basis("legendre", 2)
    assert (b.name, b.squash, b.degrees, b.on) == ("gegenbauer", "clip", (1, 2, 3), (0.0, 1.0))
    assert mc.basis("laguerre", 2) == mc.basis("laguerre", 2, alpha=0) and mc.basis("laguerre", 2).on is None
    assert mc.basis("legendre", 2).recurrence() == [(1.0, 0.0, 0.0), (1.5, 0.0, 0.5)]
    assert mc.basis("hermite", 0)(2.0).tolist() == [1.0]


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        (("fourier", 2), ValueError, "no basis \"fourier\": take one of monomial, legendre"),
        (("legendre", 10_001), ValueError, "10001 is above 10000"),
        (("legendre", 2, {"on": (1, 1)}), ValueError, r"range from 1.0 to 1.0 is empty"),
        (("hermite", 2, {"on": (0, 1)}), ValueError, "leave `on` out"),
        (("legendre", 2, {"alpha": 1}), TypeError, "no parameter \"alpha\""),
        (("jacobi", 2, {"alpha": 1}), TypeError, "needs the parameter beta"),
        (("jacobi", 2, {"alpha": 1, "beta": -1}), ValueError, "beta of jacobi is -1: it must be finite and above -1"),
        (("gegenbauer", 2, {"lambda_": 0}), ValueError, "above -1/2 and not 0"),
        (("laguerre", 2, {"alpha": math.nan}), ValueError, "alpha of laguerre is NaN"),
        (("legendre", 2, {"squash": "sigmoid"}), ValueError, "neither \"tanh\" nor \"clip\""),
    ],
)  # fmt: skip
def test_impossible_bases_are_refused(arguments, error, message):
    name, degree, *options = arguments
    with pytest.raises(error, match=message):
        mc.basis(name, degree, **(options[0] if options else {}))


@pytest.mark.parametrize("kind", ["sum", "partial_sums"])
def test_sums_are_refused(kind):
    with pytest.raises(ValueError, match="no coefficients to sum up"):
        mc.expand([1.0], mc.basis("legendre", 2), kind=kind)
    with pytest.raises(ValueError, match="no coefficients to sum up"):
        mc.basis("legendre", 2).weighted([1.0, 1.0])


def test_a_basis_is_no_function():
    with pytest.raises(TypeError, match="must be one number"):
        mc.taylor(mc.basis("legendre", 2), order=2)
