"""Maclaurin beside its peers and beside the machine's limit, in one process.

The limit is a loop over the same memory without arithmetic, on the same threads, with non-temporal stores
where ours has them (`native/src/lib.rs`). Every row's contestants take turns; what is
compared is the median of each. Peers that are not installed are left out.
"""

import argparse
import csv
import ctypes
import itertools
import platform
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
KINDS = ["powers", "terms", "partial_sums", "sum", "legendre", "chebyshev", "jacobi"]
LARGE = 64 * 224 * 224 * 3
ROWS = []


class Native:
    """Our kernels and the limit, from Rust."""

    def __init__(self):
        self.library = ctypes.CDLL(str(ROOT / "target/release/libmaclaurin_benchmark.so"))
        self.cache = cache()
        pointer, size = ctypes.c_void_p, ctypes.c_size_t
        common = [size, size, pointer, size, ctypes.c_uint, ctypes.c_ssize_t]
        for name in ("f32_f32", "u8_f32", "f64_f64", "f32_f16"):
            forward, backward, fresh = (
                getattr(self.library, f"{kind}_{name}") for kind in ("expand", "backward", "fresh")
            )
            forward.argtypes = [pointer, *common, ctypes.c_bool, ctypes.c_double, ctypes.c_double, pointer]
            backward.argtypes = [pointer, pointer, *common, pointer, pointer]
            fresh.argtypes, fresh.restype = [pointer, *common], ctypes.c_double
        self.library.limit.argtypes = [pointer, size, pointer, size, ctypes.c_bool, ctypes.c_bool]
        self.library.repeat_f32.argtypes = [
            pointer,
            size,
            pointer,
            size,
            ctypes.c_uint,
            ctypes.c_ssize_t,
            pointer,
            size,
        ]

    def expand(self, x, a, kind, axis, out, stack=True, scale=1.0, shift=0.0):
        rows, columns = x.shape
        call = getattr(self.library, f"expand_{name(x)}_{name(out)}")
        kind = KINDS.index(kind)
        return lambda: call(
            x.ctypes.data, rows, columns, a.ctypes.data, len(a) - 1, kind, axis, stack, scale, shift, out.ctypes.data
        )

    def fresh(self, x, a, kind, axis):
        rows, columns = x.shape
        call = getattr(self.library, f"fresh_{name(x)}_f32")
        kind = KINDS.index(kind)
        return lambda: call(x.ctypes.data, rows, columns, a.ctypes.data, len(a) - 1, kind, axis)

    def backward(self, gradient, x, a, kind, axis, out, sums):
        rows, columns = x.shape
        kind = KINDS.index(kind)
        sums = None if sums is None else sums.ctypes.data
        return lambda: self.library.backward_f32_f32(
            gradient.ctypes.data,
            x.ctypes.data,
            rows,
            columns,
            a.ctypes.data,
            len(a) - 1,
            kind,
            axis,
            out.ctypes.data,
            sums,
        )

    def repeat(self, x, a, kind, axis, out, repeats):
        kind = KINDS.index(kind)
        return lambda: self.library.repeat_f32(
            x.ctypes.data, x.size, a.ctypes.data, len(a) - 1, kind, axis, out.ctypes.data, repeats
        )

    def limit(self, source, out, repeats=1):
        streams, parallel = out.nbytes > self.cache, out.nbytes >= 1 << 18

        def run():
            for _ in range(repeats):
                self.library.limit(source.ctypes.data, source.nbytes, out.ctypes.data, out.nbytes, streams, parallel)

        return run


def name(array):
    return {"float32": "f32", "float64": "f64", "float16": "f16", "uint8": "u8"}[array.dtype.name]


def cache():
    sizes = Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")
    return max((int(p.read_text().strip().rstrip("K")) << 10 for p in sizes), default=1 << 25)


def array(shape, dtype):
    """An array whose memory begins at a page and has been touched."""
    count = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.empty(count + 4096, np.uint8)
    raw[:] = 0  # a page that nobody wrote is read from the caches
    start = -raw.ctypes.data % 4096
    return raw[start : start + count].view(dtype).reshape(shape)


def medians(contestants, seconds=1.5, of=np.median):
    """The median time of each, or another figure of its times, taking turns; each turn's first call does not count: the threads
    of whoever was there before may still be spinning, and the caches are theirs."""
    times = {who: [] for who in contestants}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(next(iter(times.values()))) < 5:
        for who, call in contestants.items():
            call()
            start = time.perf_counter()
            call()
            times[who].append(time.perf_counter() - start)
    return {who: float(of(t)) for who, t in times.items()}


def report(what, contestants, moved, seconds=1.5, base="limit"):
    """Runs, prints and remembers; `moved` is the traffic in bytes."""
    found = medians(contestants, seconds)
    print(f"\n{what}")
    for who, seconds in sorted(found.items(), key=lambda item: item[1]):
        ratio = seconds / found[base]
        print(f"  {who:46} {seconds * 1e3:10.4f} ms  {ratio:8.2f} x {base}  {moved / seconds / 1e9:7.1f} GB/s")
        ROWS.append([what, who, seconds, ratio, moved])
    return found


def coefficients(order):
    return np.array([1.0 / (k + 1) for k in range(order + 1)])


def peers_terms(x, a):
    """Terms of degree 1 to 4 on a new last axis, as others do it."""
    out_last, out_first = array((*x.shape, 4), np.float32), array((4, *x.shape), np.float32)
    degrees, factors = np.arange(1, 5, dtype=np.float32), a[1:].astype(np.float32)
    found = {
        "numpy.power on a new axis": lambda: factors * np.power(x[..., None], degrees),
    }

    def loop(out, row):
        def run():
            power = x
            np.multiply(x, factors[0], out=row(out, 0))
            for k in range(1, 4):
                power = power * x
                np.multiply(power, factors[k], out=row(out, k))

        return run

    found["NumPy, best hand-written loop, last axis"] = loop(out_last, lambda o, k: o[..., k])
    found["NumPy, best hand-written loop, first axis"] = loop(out_first, lambda o, k: o[k])
    try:
        import numba

        @numba.njit(parallel=True, fastmath=True)
        def kernel(x, f, out):
            for i in numba.prange(x.size):
                t = x[i]
                p = t
                for k in range(4):
                    out[i, k] = f[k] * p
                    p *= t

        flat, flat_out = x.reshape(-1), out_last.reshape(-1, 4)
        found["numba, parallel loop with out="] = lambda: kernel(flat, factors, flat_out)
    except ImportError:
        pass
    try:
        from sklearn.preprocessing import PolynomialFeatures

        column = x.reshape(-1, 1)
        features = PolynomialFeatures(4, include_bias=False).fit(column[:4])
        found["scikit-learn PolynomialFeatures(4) (powers)"] = lambda: features.transform(column)
    except ImportError:
        pass
    try:
        import torch

        tx, tk = torch.from_numpy(x), torch.arange(1, 5, dtype=torch.float32)
        tf = torch.from_numpy(factors)

        def stacked(x):
            x2 = x * x
            return torch.stack((tf[0] * x, tf[1] * x2, tf[2] * x2 * x, tf[3] * x2 * x2), -1)

        compiled = torch.compile(stacked)
        found["torch, x[..., None] ** k"] = lambda: tf * tx[..., None] ** tk
        found["torch, multiply and stack"] = lambda: stacked(tx)
        found["torch, compiled"] = lambda: compiled(tx)
    except ImportError:
        pass
    try:
        import jax
        import jax.numpy as jnp

        jx = jnp.asarray(x)
        f = [float(v) for v in factors]

        @jax.jit
        def last(x):
            return jnp.stack([f[0] * x, f[1] * x * x, f[2] * x * x * x, f[3] * x * x * x * x], -1)

        found["jax.jit, stack on the last axis"] = lambda: last(jx).block_until_ready()
    except ImportError:
        pass
    return found


def peers_seed_sum(x, a):
    """The TensorFlow snippet of public answers: tile, pow, cumsum, weighted sum."""
    try:
        import tensorflow as tf
    except ImportError:
        return {}
    tx = tf.constant(x)
    alpha = tf.constant(a[1:], tf.float32)
    power, weights = tf.constant([1.0, 2.0, 3.0, 4.0]), tf.ones(4)

    def seed(x):
        elements = a[0] + alpha * tf.math.pow(tf.tile(x[..., None], [1, 1, 4]), power)
        return tf.reduce_sum(weights * tf.cumsum(elements, axis=-1), axis=-1)

    compiled = tf.function(seed, jit_compile=True)
    return {
        "the TensorFlow snippet, eager": lambda: seed(tx).numpy(),
        "the TensorFlow snippet, XLA": lambda: compiled(tx).numpy(),
    }


def peers_horner(x, a):
    found = {}
    try:
        import torch

        tx = torch.from_numpy(x)
        f = [float(v) for v in a]

        def horner(x):
            y = f[4] * x + f[3]
            for v in (f[2], f[1], f[0]):
                y = y * x + v
            return y

        compiled = torch.compile(horner)
        found["torch, Horner"] = lambda: horner(tx)
        found["torch, Horner, compiled"] = lambda: compiled(tx)
    except ImportError:
        pass
    try:
        import jax
        import jax.numpy as jnp

        jx = jnp.asarray(x)
        jitted = jax.jit(lambda x: (((f[4] * x + f[3]) * x + f[2]) * x + f[1]) * x + f[0])
        found["jax.jit, Horner"] = lambda: jitted(jx).block_until_ready()
    except ImportError:
        pass
    return found


def bars(native, rng):
    """Outputs over 64 MB with out=: ours against the limit alone."""
    worst = {}
    for order, count in [(1, LARGE * 2), (2, LARGE), (3, LARGE), (4, LARGE), (6, LARGE // 2), (8, LARGE // 2), (16, LARGE // 4)]:
        a = coefficients(order)
        for dtype, kind in itertools.product((np.float32, np.uint8), KINDS):
            # One sum for each value is no larger than the input.
            x = array(((LARGE * 2 if kind == "sum" else count) // 3, 3), dtype)
            x[:] = rng.random(x.shape) * (1 if dtype == np.float32 else 255)
            layouts = {"sum": [("", -1, True)]}.get(
                kind, [("last axis", -1, True), ("first axis", 0, True), ("concatenated", -1, False)]
            )
            for layout, axis, stack in layouts:
                out = array(x.size * (1 if kind == "sum" else order), np.float32)
                what = f"{kind}, order {order}, {name(x)} -> f32, {layout}".strip(", ")
                found = report(
                    what,
                    {"maclaurin": native.expand(x, a, kind, axis, out, stack), "limit": native.limit(x, out)},
                    x.nbytes + out.nbytes,
                    0.4,
                )
                worst[what] = found["limit"] / found["maclaurin"]
    return worst


def roofline(native, rng, quick):
    """Bytes per second against size, order 4, terms on the last axis."""
    curve = {"maclaurin": [], "limit": [], "numba": [], "torch, compiled": []}
    sizes = [48, 256, 1024, 4096, 16384, 65536, 262144, 1 << 20, 1 << 22, LARGE, 20_000_000]
    a = coefficients(4)
    factors = a[1:].astype(np.float32)
    for count in sizes[:6] if quick else sizes:
        x, out = array((1, count), np.float32), array((count, 4), np.float32)
        x[:] = rng.random(x.shape)
        repeats = max(1, 200_000 // count)
        contestants = {
            "maclaurin": native.repeat(x, a, "terms", -1, out, repeats),
            "limit": native.limit(x, out, repeats),
        }
        try:
            import numba

            @numba.njit(parallel=count > 20_000, fastmath=True)
            def kernel(x, f, out, repeats):
                for _ in range(repeats):
                    for i in numba.prange(x.size):
                        t = x[i]
                        p = t
                        for k in range(4):
                            out[i, k] = f[k] * p
                            p *= t

            contestants["numba"] = lambda: kernel(x[0], factors, out, repeats)
        except ImportError:
            pass
        try:
            import torch

            tx, tout = torch.from_numpy(x[0]), torch.from_numpy(out)
            f = torch.from_numpy(factors)

            def stacked(x, out):
                x2 = x * x
                out.copy_(torch.stack((f[0] * x, f[1] * x2, f[2] * x2 * x, f[3] * x2 * x2), -1))

            torch._dynamo.reset()
            compiled = torch.compile(stacked)
            calls = max(1, min(repeats, 200))
            contestants["torch, compiled"] = lambda: [compiled(tx, tout) for _ in range(calls)]
        except ImportError:
            calls = 1
        found = medians(contestants, 0.8)
        print(f"\nterms, order 4, {count} values ({out.nbytes / 1024:.0f} KiB out), a call:")
        for who, seconds in found.items():
            seconds /= calls if who.startswith("torch") else repeats
            print(f"  {who:46} {seconds * 1e6:10.3f} us  {20 * count / seconds / 1e9:7.1f} GB/s")
            curve[who].append((20 * count, 20 * count / seconds))
            ROWS.append([f"terms, order 4, {count} values", who, seconds, 0, 20 * count])
    return curve


def draw(curve, path):
    import matplotlib

    matplotlib.use("svg" if path.suffix == ".svg" else "agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    styles = {
        "limit": ("black", "--"),
        "maclaurin": ("#0072b2", "-"),
        "numba": ("#e69f00", "-"),
        "torch, compiled": ("#cc79a7", "-"),
    }
    for who, points in curve.items():
        if points:
            color, line = styles[who]
            label = "the machine's limit: same traffic, no arithmetic" if who == "limit" else who
            axes.loglog(
                [x for x, _ in points], [y / 1e9 for _, y in points], line, color=color, marker=".", label=label
            )
    axes.set(xlabel="bytes read and written", ylabel="GB/s", title="Terms of degree 1 to 4 of f32 values, with out=")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes only, no peers")
    arguments = parser.parse_args()
    native, rng = Native(), np.random.default_rng(0)
    print(f"{platform.processor() or platform.machine()}, last-level cache {native.cache >> 20} MiB")
    if not arguments.quick:
        x = array((LARGE // 3, 3), np.float32)
        x[:] = rng.random(x.shape)
        a, out = coefficients(4), array(LARGE * 4, np.float32)
        report(
            "terms of degree 1 to 4, 9.6 million f32 values",
            {
                "maclaurin, last axis, out=": native.expand(x, a, "terms", -1, out),
                "maclaurin, first axis, out=": native.expand(x, a, "terms", 0, out),
                "limit": native.limit(x, out),
                **peers_terms(x, a),
            },
            x.nbytes + out.nbytes,
            20,
        )
        one = array(LARGE, np.float32)
        report(
            "the polynomial of order 4 (one sum), 9.6 million f32 values",
            {
                "maclaurin, out=": native.expand(x, a, "sum", -1, one),
                "limit": native.limit(x, one),
                **peers_seed_sum(x, a),
                **peers_horner(x, a),
            },
            x.nbytes + one.nbytes,
            8,
        )
        u8 = array((LARGE // 3, 3), np.uint8)
        u8[:] = rng.integers(0, 256, u8.shape)
        factors = a[1:].astype(np.float32)

        def careful():
            t = (u8.astype(np.float32) / np.float32(255)) - np.float32(0.5)
            t2 = t * t
            return np.stack([factors[0] * t, factors[1] * t2, factors[2] * t2 * t, factors[3] * t2 * t2], -1)

        def usual():
            t = (u8.astype(np.float32) / np.float32(255)) - np.float32(0.5)
            return np.stack([factors[k - 1] * t ** np.float32(k) for k in range(1, 5)], -1)

        report(
            "a u8 picture: scale, shift and terms of degree 1 to 4",
            {
                "maclaurin, out=": native.expand(u8, a, "terms", -1, out, True, 1 / 255, -0.5),
                "limit": native.limit(u8, out),
                "NumPy, multiplications": careful,
                "NumPy, **": usual,
            },
            u8.nbytes + out.nbytes,
            10,
        )
        fresh = {
            "maclaurin, fresh": native.fresh(x, a, "terms", -1),
            "numpy.full": lambda: np.full(LARGE * 4, 1.0, np.float32),
        }
        try:
            import torch

            fresh["torch.full"] = lambda: torch.full((LARGE * 4,), 1.0)
        except ImportError:
            pass
        report("a fresh output of 154 MB", fresh, x.nbytes + out.nbytes, 4, "numpy.full")
        for kind in ("terms", "partial_sums", "sum"):
            for axis, wants in ((-1, False), (0, False), (-1, True)):
                if kind == "sum" and axis == 0:
                    continue
                gradient = array(LARGE * (1 if kind == "sum" else 4), np.float32)
                gradient[:] = 1
                source = array(x.size + gradient.size, np.float32)
                sums = np.zeros(5) if wants else None
                what = f"backward of {kind}, order 4, axis {axis}" + (", coefficients too" if wants else "")
                report(
                    what,
                    {
                        "maclaurin": native.backward(gradient, x, a, kind, axis, one, sums),
                        "limit": native.limit(source, one),
                    },
                    source.nbytes + one.nbytes,
                    1,
                )
        worst = bars(native, rng)
        print("\nlimit / maclaurin, outputs over 64 MB (1 is the limit; the bar is 0.9):")
        for what, ratio in sorted(worst.items(), key=lambda item: item[1]):
            print(f"  {ratio:5.2f}  {what}")
    curve = roofline(native, rng, arguments.quick)
    if not arguments.quick:
        draw(curve, ROOT / "docs/pictures/roofline.png")
    with open(ROOT / "benchmarks/results.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["work", "who", "seconds", "times the first column's base", "bytes"])
        writer.writerows(ROWS)


if __name__ == "__main__":
    main()
