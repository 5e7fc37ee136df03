"""What the frameworks' own operations and ours take for the same expansion, in one run.

    python benchmarks/frameworks.py

64 x 224 x 224 x 3 float32 values, and fewer, into the three terms of softplus of order 4, a fresh
output each time (the last line only fills one). Medians of turns taken one after the other; needs torch and
jax. Take the figures on a machine that does nothing else.
"""

import statistics
import time

import jax
import jax.numpy as jnp
import maclaurin as mc
import maclaurin.jax
import maclaurin.torch
import numpy as np
import torch

SERIES = mc.taylor("softplus", order=4)
LARGE = np.random.default_rng(0).random((64, 224, 224, 3), dtype=np.float32)
MIDDLE = LARGE.reshape(-1)[: 1 << 20].copy()
SMALL = LARGE.reshape(-1)[:48].copy()
A1, A2, A4 = SERIES.coefficients[[1, 2, 4]].tolist()


@jax.jit
def by_jax(x):
    square = x * x
    return jnp.stack([A1 * x, A2 * square, A4 * square * square], -1)


@jax.jit
def fill(x):
    return jnp.full((*x.shape, 3), x.reshape(-1)[0])


def by_torch(x):
    square = x * x
    return torch.stack([A1 * x, A2 * square, A4 * square * square], -1)


def contestants(x):
    tensor, array = torch.from_numpy(x), jnp.asarray(x)
    out = np.empty((*x.shape, 3), np.float32)
    compiled = torch.compile(by_torch)
    ours = jax.jit(lambda x: maclaurin.jax.expand(x, SERIES))
    return {
        "NumPy: expand with out": lambda: mc.expand(x, SERIES, out=out),
        "NumPy: expand": lambda: mc.expand(x, SERIES),
        "torch: maclaurin.torch.expand": lambda: maclaurin.torch.expand(tensor, SERIES),
        "torch: multiply and stack": lambda: by_torch(tensor),
        "torch: multiply and stack, compiled": lambda: compiled(tensor),
        "jax.jit: maclaurin.jax.expand": lambda: ours(array).block_until_ready(),
        "jax.jit: multiply and stack": lambda: by_jax(array).block_until_ready(),
        "jax.jit: fill the output": lambda: fill(array).block_until_ready(),
    }


def medians(work, turns, calls):
    times = {name: [] for name in work}
    for turn in range(turns + 1):
        for name, call in work.items():
            begun = time.perf_counter()
            for _ in range(calls):
                call()
            if turn > 0:
                times[name].append((time.perf_counter() - begun) / calls)
    return {name: statistics.median(values) for name, values in times.items()}


large, middle, small = (
    medians(contestants(x), turns, calls) for x, turns, calls in [(LARGE, 9, 1), (MIDDLE, 15, 9), (SMALL, 15, 999)]
)
print("| who | 9.6 million values, ms | 1 million values, ms | 48 values, us |")
print("|---|---|---|---|")
for name in large:
    print(f"| {name} | {1e3 * large[name]:.1f} | {1e3 * middle[name]:.2f} | {1e6 * small[name]:.1f} |")
