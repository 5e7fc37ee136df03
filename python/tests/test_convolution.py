"""Convolution over powers of NumPy arrays, by its definition."""

import itertools

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import maclaurin as mc


def by_definition(x, weight, bias, order, at, stride, padding, dilation, groups):
    """Sums over every tap of every image, in double precision."""
    x, weight = x.astype(np.float64) - at, weight.astype(np.float64)
    x = np.pad(x, [(0, 0), (0, 0), *[(p, p) for p in padding]])
    outputs, _, *kernel = weight.shape
    inputs = x.shape[1] // groups
    extents = [(x.shape[2 + a] - (kernel[a] - 1) * dilation[a] - 1) // stride[a] + 1 for a in range(2)]
    y = np.zeros((x.shape[0], outputs, *extents)) + bias[:, None, None]
    for group, k, row, column in itertools.product(range(groups), range(1, order + 1), *map(range, kernel)):
        part = slice(group * outputs // groups, (group + 1) * outputs // groups)
        top, left = row * dilation[0], column * dilation[1]
        rows = slice(top, top + (extents[0] - 1) * stride[0] + 1, stride[0])
        columns = slice(left, left + (extents[1] - 1) * stride[1] + 1, stride[1])
        powers = x[:, group * inputs : (group + 1) * inputs, rows, columns] ** k
        y[:, part] += np.einsum("nchw,oc->nohw", powers, weight[part, (k - 1) * inputs : k * inputs, row, column])
    return y


@st.composite
def cases(draw):
    def integer(low, high):
        return draw(st.integers(low, high))

    groups, order, kernel = integer(1, 3), integer(1, 5), (integer(1, 5), integer(1, 5))
    stride, dilation, padding = (
        (integer(1, 3), integer(1, 3)), (integer(1, 2), integer(1, 2)), (integer(0, 3), integer(0, 3)),
    )  # fmt: skip
    extents = [max(integer(1, 40), (k - 1) * d + 1 - 2 * p) for k, d, p in zip(kernel, dilation, padding, strict=True)]
    shape, outputs = (integer(1, 2), groups * integer(1, 18), *extents), groups * integer(1, 20)
    options = {"order": order, "at": 0.25, "stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return shape, (outputs, order * shape[1] // groups, *kernel), options


@given(cases(), st.sampled_from(["float32", "float64", "float16", "bfloat16"]), st.integers(0, 2**31), st.data())
@settings(max_examples=60, deadline=None)
def test_values_in_any_memory_order(case, dtype, seed, data):
    shape, weight_shape, options = case
    dtype = np.dtype(ml_dtypes.bfloat16) if dtype == "bfloat16" else np.dtype(dtype)
    rng = np.random.default_rng(seed)
    order, flips = data.draw(st.permutations(range(4))), data.draw(st.tuples(*[st.sampled_from([1, -1])] * 4))
    x = rng.random([shape[axis] for axis in order]).astype(dtype).transpose(np.argsort(order))
    x = x[tuple(slice(None, None, flip) for flip in flips)]
    weight, bias = rng.standard_normal(weight_shape), rng.standard_normal(weight_shape[0])
    y = mc.convolve(x, weight, bias, **options)
    precision = np.float64 if dtype == np.float64 else np.float32
    expected = by_definition(x, weight.astype(precision), bias.astype(precision), **options)
    unit = {2: 1e-2, 4: 4e-6, 8: 1e-13}[dtype.itemsize]
    size = by_definition(np.abs(x.astype(np.float64) - 0.25), np.abs(weight), np.abs(bias), **{**options, "at": 0.0})
    assert y.dtype == dtype and np.all(np.abs(y.astype(np.float64) - expected) <= unit * (size + 1e-3))
    assert np.array_equal(y, mc.convolve(x, weight, bias, threads=1, **options))
    out = np.full(np.array(y.shape)[[1, 3, 0, 2]], 7, dtype).transpose(2, 0, 3, 1)
    assert mc.convolve(x, weight, bias, out=out, **options) is out
    assert np.array_equal(out, y)


def test_channels_last_stays_channels_last():
    x = np.random.default_rng(0).random((2, 5, 6, 3), np.float32).transpose(0, 3, 1, 2)
    y = mc.convolve(x, np.ones((4, 6, 3, 3)), order=2, padding="same")
    assert y.shape == (2, 4, 5, 6) and y.transpose(0, 2, 3, 1).flags.c_contiguous


@pytest.mark.parametrize("shape", [(0, 3, 5, 5), (2, 3, 0, 5)])
def test_nothing_in_gives_nothing_or_the_bias(shape):
    y = mc.convolve(np.zeros(shape, np.float32), np.ones((4, 6, 3, 3)), np.arange(4.0), order=2, padding=(2, 0))
    assert y.shape[:2] == (shape[0], 4) and np.array_equal(y, np.zeros(y.shape) + np.arange(4.0)[:, None, None])


def test_what_does_not_fit_is_refused():
    x, weight = np.zeros((1, 3, 4, 4)), np.zeros((2, 6, 3, 3))
    with pytest.raises(ValueError, match="6 input channels"):
        mc.convolve(x, weight, order=3)
    with pytest.raises(ValueError, match="3 rows"):
        mc.convolve(x[:, :, :2], weight, order=2)
    with pytest.raises(ValueError, match="order is 0"):
        mc.convolve(x, weight, order=0)
    with pytest.raises(ValueError, match="groups"):
        mc.convolve(x, weight, order=2, groups=2)
    with pytest.raises(ValueError, match="channels is 0"):
        mc.convolve(x[:, :0], weight[:, :0], order=2)
    with pytest.raises(ValueError, match="bias has shape"):
        mc.convolve(x, weight, np.zeros(3), order=2)
    with pytest.raises(ValueError, match="stride must be"):
        mc.convolve(x, weight, order=2, stride=0)
    with pytest.raises(ValueError, match="neither"):
        mc.convolve(x, weight, order=2, padding="full")
    with pytest.raises(ValueError, match="4 dimensions"):
        mc.convolve(x[0], weight, order=2)
    with pytest.raises(ValueError, match="threads"):
        mc.convolve(x, weight, order=2, threads=0)
    with pytest.raises(TypeError, match="floating"):
        mc.convolve(x.astype(int), weight, order=2)
    with pytest.raises(ValueError, match="shape"):
        mc.convolve(x, weight, order=2, out=np.zeros((1, 2, 3, 3)))
    with pytest.raises(MemoryError):
        mc.convolve(np.broadcast_to(np.float32(0), (1 << 20, 1, 1 << 10, 1 << 10)), np.zeros((64, 1, 1, 1)), order=1)
    with pytest.raises(ValueError, match="shares memory"):
        mc.convolve(x, np.zeros((3, 3, 1, 1)), order=1, out=x)
