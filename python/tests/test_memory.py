"""Memory of large results, which later results use again."""

import gc

import numpy as np

import maclaurin as mc

SERIES = mc.taylor("exp(x)", order=4)
X = np.linspace(0, 1, 1 << 19, dtype=np.float32)


def address(array):
    return array.__array_interface__["data"][0]


def test_a_result_in_use_is_never_given_away():
    first = mc.expand(X, SERIES)
    kept = first.copy()
    second = mc.expand(-X, SERIES)
    assert not np.shares_memory(first, second) and np.array_equal(first, kept)
    part, place = first[1:3], address(first)
    del first
    gc.collect()
    # A view keeps the memory of what it is a view of.
    third = mc.expand(2 * X, SERIES)
    assert address(third) != place and np.array_equal(part, kept[1:3])
    part[:] = 0


def test_memory_is_used_again_and_released():
    mc.release_memory()
    first = mc.expand(X, SERIES)
    place = address(first)
    assert first.flags.writeable and first.flags.c_contiguous
    del first
    second = mc.expand(-X, SERIES)
    assert address(second) == place
    assert np.array_equal(second[7], mc.expand(-X[7:8], SERIES)[0])
    # Another type, and an image of another order of memory, of the same number of bytes.
    del second
    doubles = mc.expand(X[: 1 << 18].astype(np.float64), SERIES)
    assert doubles.dtype == np.float64
    images = np.ascontiguousarray(np.moveaxis(np.resize(X, (2, 8, 1 << 8, 1 << 7)), 1, -1)).transpose(0, 3, 1, 2)
    weight = np.eye(16, 8, dtype=np.float32)[:, :, None, None]
    y = mc.convolve(images, weight, order=1)
    again = mc.convolve(images, 2 * weight, order=1)
    assert y.transpose(0, 2, 3, 1).flags.c_contiguous and np.array_equal(2 * y, again)
    del y, again
    mc.release_memory()
    assert np.array_equal(mc.expand(X, SERIES)[7], mc.expand(X[7:8], SERIES)[0])
