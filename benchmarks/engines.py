"""Expansion inside Polars and Dask beside their own operations, in one run.

Run it in an environment with this package, Polars, Dask and distributed: the figures of docs/larger-than-memory.md.
"""

import statistics
import time

import dask
import dask.array as da
import numpy as np
import polars as pl
from distributed import Client, LocalCluster

import maclaurin as mc
import maclaurin.dask
import maclaurin.polars

CHUNKS = 1000
SERIES = mc.taylor("softplus", order=4)


def median(work, runs=7):
    """The median time of a piece of work, in milliseconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def polars():
    """The exponential series of order 4 of 5 million values."""
    series = mc.taylor("exp(x)", order=4)
    for dtype in (pl.Float64, pl.Float32):
        frame = pl.DataFrame({"x": np.random.default_rng(0).random(5_000_000)}, schema={"x": dtype})
        x = pl.col("x")
        terms = [x, x.pow(2) / 2, x.pow(3) / 6, x.pow(4) / 24]
        named = [term.alias(str(k)) for k, term in enumerate(terms)]
        for what, ours, theirs in [
            ("terms as a struct", [x.maclaurin.expand(series, dtype=dtype)], named),
            ("terms as an array", [x.maclaurin.expand(series, dtype=dtype, output="array")], [pl.concat_arr(named)]),
            ("sum", [x.maclaurin.sum(series, dtype=dtype)], [1 + sum(terms[1:], terms[0])]),
        ]:
            times = [median(lambda frame=frame, columns=columns: frame.select(columns)) for columns in (ours, theirs)]
            print(
                f"Polars, {dtype}, {what}: {times[0]:.1f} ms, by pow {times[1]:.1f} ms, ratio {times[1] / times[0]:.1f}"
            )


def dask_chunks():
    """What a small chunk costs above a task that does nothing."""
    chunks = da.ones((CHUNKS, 8), chunks=(1, 8), dtype="f4")
    expanded = maclaurin.dask.expand(chunks, SERIES)
    nothing = chunks.map_blocks(lambda block: block, dtype="f4", meta=np.empty((0, 0), "f4"))
    times = [
        median(lambda a=a: dask.compute(a.sum(), scheduler="synchronous"), 3) / CHUNKS for a in (expanded, nothing)
    ]
    print(f"Dask, a chunk: {times[0]:.3f} ms, of a task that does nothing {times[1]:.3f} ms")


def dask_processes():
    """32 chunks of the given number of values made, expanded and added up by worker processes."""
    sizes = (1_000_000, 4_000_000)
    times = {}
    for count in (1, 2):
        cluster = LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=None, host="127.0.0.1")
        with cluster, Client(cluster):
            for size in sizes:
                values = da.random.default_rng(0).random((32, size), chunks=(1, size), dtype="f4")
                expanded = maclaurin.dask.expand(values, SERIES).sum(axis=1)
                expanded[: 2 * count].sum().compute()
                times[size, count] = median(lambda a=expanded: a.sum().compute(), 5)
    for size in sizes:
        one, two = times[size, 1], times[size, 2]
        print(f"Dask, chunks of {size} values: a worker process {one:.0f} ms, two {two:.0f} ms, ratio {one / two:.2f}")


if __name__ == "__main__":
    polars()
    dask_chunks()
    dask_processes()
