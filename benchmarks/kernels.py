"""The kernels by every instruction set, beside the machine's limit: each case's share of the limit, in a table.

Runs itself for each instruction set that the machine has (`MACLAURIN_INSTRUCTIONS`), with the library that
`cargo build --release -p maclaurin-benchmark` makes. Ours and the limit alternate; the fastest times are compared, which
other work on the machine changes least.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
from run import Native, array, coefficients, medians

#: 4.7 million values at least, three contiguous channels, and more where the output would be smaller than `SMALLEST`:
#: part of it would stay in the last-level cache.
VALUES = 9 << 19
SMALLEST = 64 << 20
LAYOUTS = {"last axis": (-1, True), "first axis": (0, True), "concatenated": (-1, False)}


def cases() -> Iterator[tuple[str, str, int, str, str, str]]:
    """The name, the kind, the order, the layout and the types of input and output of each case."""
    for layout in LAYOUTS:
        for order in (1, 2, 3, 4, 6, 8, 16):
            yield f"terms, order {order}, {layout}", "terms", order, layout, "float32", "float32"
    for kind in ("powers", "partial_sums"):
        yield f"{kind}, order 4, last axis", kind, 4, "last axis", "float32", "float32"
    yield "u8, terms, order 4, last axis", "terms", 4, "last axis", "uint8", "float32"
    yield "u8, terms, order 4, concatenated", "terms", 4, "concatenated", "uint8", "float32"
    yield "f16 out, terms, order 4, last axis", "terms", 4, "last axis", "float32", "float16"
    yield "f64, terms, order 4, last axis", "terms", 4, "last axis", "float64", "float64"
    for order in (4, 8, 16):
        yield f"sum, order {order}", "sum", order, "last axis", "float32", "float32"
    for kind, order, layout in [
        ("legendre", 1, "last axis"),
        ("legendre", 2, "last axis"),
        ("legendre", 3, "last axis"),
        ("legendre", 4, "last axis"),
        ("legendre", 4, "first axis"),
        ("legendre", 4, "concatenated"),
        ("legendre", 8, "last axis"),
        ("legendre", 8, "first axis"),
        ("legendre", 16, "last axis"),
        ("chebyshev", 4, "last axis"),
        ("jacobi", 4, "last axis"),
        ("jacobi", 8, "last axis"),
    ]:
        yield f"{kind}, degree {order}, {layout}", kind, order, layout, "float32", "float32"


def measure(seconds: float, only: str = "") -> dict[str, float]:
    """The limit's time over ours, by case whose name contains `only`."""
    native, rng, shares = Native(), np.random.default_rng(0), {}
    values = rng.random((VALUES // 3, 3), np.float32)
    for name, kind, order, layout, of, to in cases():
        if only not in name:
            continue
        rows = 1 if kind == "sum" else order
        repeats = -(-SMALLEST // (values.size * rows * np.dtype(to).itemsize))
        x = array((len(values) * repeats, 3), of)
        x.reshape(repeats, -1, 3)[:] = values * (255 if of == "uint8" else 1)
        axis, stack = LAYOUTS[layout]
        out = array(x.size * rows, to)
        ours = native.expand(x, coefficients(order), kind, axis, out, stack)
        if ours():
            sys.exit("this machine does not have the instruction set")
        found = medians({"ours": ours, "limit": native.limit(x, out)}, seconds, min)
        shares[name] = found["limit"] / found["ours"]
    if only and "backward" not in only:
        return shares
    x = array((4 * len(values), 3), "float32")
    x.reshape(4, -1, 3)[:] = values
    slope = array(x.size, "float32")
    for kind, order, axis, wants in [("terms", 4, -1, False), ("terms", 4, 0, False), ("terms", 4, -1, True)]:
        gradient, source = array(x.size * order, "float32"), array(x.size * (order + 1), "float32")
        sums = np.zeros(order + 1) if wants else None
        ours = native.backward(gradient, x, coefficients(order), kind, axis, slope, sums)
        found = medians({"ours": ours, "limit": native.limit(source, slope)}, seconds, min)
        name = f"backward, {kind}, order {order}, {'first' if axis == 0 else 'last'} axis"
        shares[name + (", coefficients too" if wants else "")] = found["limit"] / found["ours"]
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each case")
    parser.add_argument("--only", default="", help="of the cases whose names contain this")
    parser.add_argument("--json", action="store_true", help="the instruction set of this process alone")
    arguments = parser.parse_args()
    if arguments.json:
        print(json.dumps(measure(arguments.seconds, arguments.only)))
        return
    tables = {}
    for instructions in ("avx512", "avx2", "baseline"):
        command = [sys.executable, __file__, "--json", "--seconds", str(arguments.seconds)]
        command += ["--only", arguments.only]
        environment = {**os.environ, "MACLAURIN_INSTRUCTIONS": instructions}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode == 0:
            tables[instructions] = json.loads(done.stdout)
    print("| share of the limit | " + " | ".join(tables) + " |\n|---|" + "---|" * len(tables))
    for name in next(iter(tables.values())):
        print(f"| {name} | " + " | ".join(f"{table[name]:.2f}" for table in tables.values()) + " |")


if __name__ == "__main__":
    main()
