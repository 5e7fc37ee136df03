"""maclaurin.dask: lazy, with the values of mc.expand bit for bit, in this process and in others."""

import os
import pickle
import signal
import warnings

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from distributed import Client, LocalCluster, get_worker
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import maclaurin as mc
from maclaurin.dask import _Task, _task, expand, transform
from maclaurin.sklearn import TaylorFeatures

SERIES = mc.taylor("log(1 + exp(x))", order=6)


def same(lazy, expected):
    """Computed, it is the array expected, and its shape, dtype, chunks and meta were known before."""
    assert isinstance(lazy, da.Array)
    assert (lazy.shape, lazy.dtype) == (expected.shape, expected.dtype)
    assert (lazy._meta.dtype, lazy._meta.ndim) == (expected.dtype, expected.ndim)
    value = lazy.compute(scheduler="synchronous")
    assert value.dtype == expected.dtype
    np.testing.assert_array_equal(value, expected)
    for index in np.ndindex(*lazy.numblocks):
        chunk = lazy.blocks[index].compute(scheduler="synchronous") if lazy.ndim else value
        assert chunk.shape == tuple(sizes[place] for sizes, place in zip(lazy.chunks, index))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_values_are_those_of_expand(data):
    shape = data.draw(st.lists(st.integers(0, 5), min_size=0, max_size=3))
    dtype = data.draw(st.sampled_from(["u1", "i2", "f2", "f4", "f8", ">f4", "i8", "?"]))
    x = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    lazy = da.from_array(x, chunks=tuple(max(1, data.draw(st.integers(1, 3))) for _ in shape))
    stack = data.draw(st.booleans()) if shape else True
    options = {
        "kind": data.draw(st.sampled_from(["terms", "powers", "partial_sums"])),
        "degrees": data.draw(st.sampled_from(["nonzero", "all", [3], [4, 1]])),
        "constant": data.draw(st.booleans()),
        "stack": stack,
        "axis": data.draw(st.integers(-len(shape) - stack, len(shape) - 1 + stack)),
        "scale": data.draw(st.sampled_from([1.0, 1 / 255])),
        "shift": data.draw(st.sampled_from([0.0, 0.5])),
        "dtype": data.draw(st.sampled_from([None, "float32", "float16", np.float64])),
    }
    same(expand(lazy, SERIES, **options), mc.expand(x, SERIES, **options))


@pytest.mark.parametrize("polynomial", [SERIES, mc.approximate("gelu", degree=8, on=(-4, 4)), mc.Polynomial(1, [1, 2])])
def test_sums(polynomial):
    x = np.linspace(-1, 1, 24, dtype="f4").reshape(4, 6)
    same(expand(da.from_array(x, chunks=(3, 2)), polynomial, kind="sum"), mc.expand(x, polynomial, kind="sum"))


def test_bfloat16():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    x = np.linspace(-1, 1, 6).astype(ml_dtypes.bfloat16)
    same(expand(da.from_array(x, chunks=2), SERIES), mc.expand(x, SERIES))


def test_nothing_is_computed_before_it_is_asked_for():
    def never(block):
        raise AssertionError

    x = da.ones((10, 10), chunks=5).map_blocks(never, dtype="f8", meta=np.empty((0, 0)))
    assert expand(x, SERIES).shape == (10, 10, 4)
    # Nor is the radius looked at.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expand(da.full(3, 100.0), mc.taylor("log1p(x)", order=3))


def test_unknown_chunks_stay_unknown():
    x = da.from_array(np.arange(6.0) / 2, chunks=3)
    x = x[x > 0.5]
    y = expand(x, SERIES)
    assert np.isnan(y.shape[0])
    assert np.array_equal(y.compute(), mc.expand(np.arange(2.0, 6.0) / 2, SERIES))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "term"}, "term"),
        ({"degrees": [9]}, "degree 9"),
        ({"axis": 3}, "axis"),
        ({"axis": 2, "stack": False}, "axis"),
        ({"threads": 0}, "threads"),
        ({"dtype": "int32"}, "int32"),
    ],
)
def test_refusals_are_those_of_expand_and_at_once(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        expand(da.ones((2, 2)), SERIES, **options)


def test_complex_and_object_chunks_are_refused():
    for dtype in ("c16", "O"):
        with pytest.raises((TypeError, ValueError)):
            expand(da.from_array(np.zeros(3, dtype), chunks=3), SERIES)


def test_names_are_those_of_the_arguments():
    x = da.ones(4, chunks=2)
    assert expand(x, SERIES).name == expand(x, mc.taylor("log(1 + exp(x))", order=6)).name
    assert expand(x, SERIES).name != expand(x, SERIES, scale=2).name


def test_arguments_are_unpickled_once_a_process():
    approximation = mc.approximate("gelu", degree=8, on=(-4, 4))
    pickled = pickle.dumps(_Task(mc.expand, (approximation,), {}))
    _task.cache_clear()
    assert pickle.loads(pickled) is pickle.loads(pickled)


def test_xarray_keeps_names_and_chunks():
    values = np.linspace(0, 1, 24, dtype="f4").reshape(2, 3, 4)
    x = xr.DataArray(values, dims=("time", "y", "x"), coords={"time": [10, 20]}).chunk({"y": 1})
    y = xr.apply_ufunc(expand, x, SERIES, output_core_dims=[["degree"]], dask="allowed")
    y = y.assign_coords(degree=list(SERIES.degrees))
    assert y.dims == ("time", "y", "x", "degree")
    assert dict(y.chunksizes) == {"time": (2,), "y": (1, 1, 1), "x": (4,), "degree": (4,)}
    assert np.array_equal(y.sel(degree=2).values, mc.expand(values, SERIES)[..., 1])
    assert list(y.time.values) == [10, 20]


FITTED = TaylorFeatures(SERIES).fit(np.linspace(0, 1, 6).reshape(2, 3))


@pytest.mark.parametrize("dtype", ["u1", "f2", "f4", "f8"])
def test_features_of_arrays(dtype):
    x = np.linspace(0, 1, 30, dtype=dtype).reshape(10, 3)
    same(transform(FITTED, da.from_array(x, chunks=(4, 2))), FITTED.transform(x))
    with pytest.raises(ValueError, match="3 columns"):
        transform(FITTED, da.ones((4, 2)))


def test_the_transformer_takes_arrays_and_frames_and_computes_nothing():
    values = np.linspace(0, 0.5, 30).reshape(10, 3)
    array = da.from_array(values, chunks=(4, 2))
    features = TaylorFeatures("log1p(x)", on_radius="raise")
    expected = features.fit_transform(values)
    same(features.fit(array).transform(array), expected)
    model = make_pipeline(StandardScaler(with_mean=False, with_std=False), TaylorFeatures("log1p(x)"))
    assert np.array_equal(model.fit(values)[1:].transform(array).compute(), expected)
    frame = dd.from_pandas(pd.DataFrame(values, columns=["a", "b", "c"]), npartitions=3)
    lazy = features.fit(frame).transform(frame)
    assert list(lazy.columns)[:3] == ["a", "b", "c"]
    assert np.array_equal(lazy.compute().to_numpy(), expected)
    # Values outside the radius are told of where their partition is computed.
    beyond = features.transform(frame + 2)
    with pytest.raises(ValueError, match="radius of convergence is 1"):
        beyond.compute()


@pytest.mark.parametrize("output", ["default", "pandas"])
def test_features_of_frames(output):
    table = pd.DataFrame({"a": np.linspace(0, 1, 10), "b": np.linspace(1, 2, 10)}, index=range(5, 15))
    features = TaylorFeatures(SERIES).set_output(transform=output).fit(table.head(3))
    lazy = transform(features, dd.from_pandas(table, npartitions=3))
    assert list(lazy.columns) == list(features.get_feature_names_out())
    expected = TaylorFeatures(SERIES).set_output(transform="pandas").fit_transform(table)
    pd.testing.assert_frame_equal(lazy.compute(), expected)
    # A partition without rows.
    part = transform(features, dd.from_pandas(table, npartitions=3).query("a > 0.9"))
    pd.testing.assert_frame_equal(part.compute(), expected[table.a > 0.9])


@pytest.fixture(scope="module")
def client():
    settings = {"distributed.worker.daemon": True, "distributed.comm.timeouts.connect": "60s"}
    with dask.config.set(settings):
        with LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster:
            with Client(cluster) as client:
                yield client


@pytest.mark.parametrize("polynomial", [SERIES, mc.approximate("gelu", degree=8, on=(-4, 4))])
def test_worker_processes(client, polynomial):
    x = np.linspace(-1, 1, 4096, dtype="f4").reshape(64, 64)
    y = expand(da.from_array(x, chunks=16), polynomial)
    assert np.array_equal(client.compute(y).result(), mc.expand(x, polynomial))


def test_a_callable_travels(client):
    estimated = mc.taylor(lambda x: special.wofz(x).real, order=3)
    assert isinstance(estimated, mc.EstimatedSeries)
    x = np.linspace(0, 1, 10)
    assert np.array_equal(client.compute(expand(da.from_array(x, 5), estimated)).result(), mc.expand(x, estimated))


def test_a_killed_worker_in_mid_job(client, tmp_path):
    flag = tmp_path / "killed"

    def once(block):
        try:
            flag.touch(exist_ok=False)
        except FileExistsError:
            return block
        assert get_worker()
        os.kill(os.getpid(), signal.SIGKILL)

    x = np.linspace(-1, 1, 1600, dtype="f4").reshape(40, 40)
    lazy = da.from_array(x, chunks=10).map_blocks(once, dtype="f4", meta=np.empty((0, 0), "f4"))
    assert np.array_equal(client.compute(expand(lazy, SERIES)).result(), mc.expand(x, SERIES))
    assert flag.exists()
