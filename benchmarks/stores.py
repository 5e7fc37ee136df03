"""`maclaurin expand` of a Zarr array beside a re-encode of the same volume by `zarrs` alone, in one run.

Build first: cargo build --release --package maclaurin-cli --bins --example reencode. The volume is photographs of
examples/pictures in the codec that the zarr package of Python takes by default (zstd); expansion to order 4 in float32
keeps it. The re-encode decodes and encodes the terms that the expansion wrote. Both end with all of it on the disk, and
the expansion has an address space of 1 GB. The figures of docs/larger-than-memory.md.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
RELEASE = ROOT / "target" / "release"
SIDE = 2048
MEMORY = 1_000_000_000


def volume(path: Path, count: int) -> None:
    """A Zarr array of `count` gray pictures, a chunk each, put together of pieces of photographs."""
    photographs = [
        np.asarray(Image.open(ROOT / "examples" / "pictures" / name).convert("L"))
        for name in ("chelsea.png", "moon.png", "rocket.jpg")
    ]
    random = np.random.default_rng(0)
    (path / "c").mkdir(parents=True)
    metadata = {
        "zarr_format": 3, "node_type": "array", "shape": [count, SIDE, SIDE], "data_type": "uint8", "fill_value": 0,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, SIDE, SIDE]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": [{"name": "bytes"}, {"name": "zstd", "configuration": {"level": 0, "checksum": False}}],
    }  # fmt: skip
    (path / "zarr.json").write_text(json.dumps(metadata))
    for index in range(count):
        picture = np.empty((SIDE, SIDE), "u1")
        for top in range(0, SIDE, 256):
            for left in range(0, SIDE, 256):
                photograph = photographs[random.integers(3)]
                y, x = (random.integers(extent - 255) for extent in photograph.shape)
                picture[top : top + 256, left : left + 256] = photograph[y : y + 256, x : x + 256]
        # As from a sensor: pieces that are there twice are not the same.
        picture ^= random.integers(4, size=picture.shape, dtype="u1")
        folder = path / "c" / str(index) / "0"
        folder.mkdir(parents=True)
        (folder / "0").write_bytes(pa.Codec("zstd", 3).compress(picture.tobytes()).to_pybytes())


def stored(path: Path) -> int:
    """The bytes of all files of a folder."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def run(command: list, memory: int | None = None) -> tuple[float, float]:
    """The seconds that a command takes until all is on the disk, and its most memory in MB."""

    def limit() -> None:
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    os.sync()
    start = time.perf_counter()
    child = subprocess.Popen([str(word) for word in command], preexec_fn=limit)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{command[0]} failed")
    os.sync()
    return time.perf_counter() - start, usage.ru_maxrss / 1e3


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pictures", type=int, default=128, help=f"of {SIDE} x {SIDE} bytes")
    arguments.add_argument("--rounds", type=int, default=2)
    arguments.add_argument("--folder", type=Path, help="where about five times the volume fits")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        source, terms, again = (Path(folder, name) for name in ("in.zarr", "terms.zarr", "again.zarr"))
        volume(source, given.pictures)
        expand = [
            RELEASE / "maclaurin", "expand", source, "-f", "softplus", "--order", "4", "--scale", "1/255",
            "--memory", "900MB", "--quiet", "-o", terms,
        ]  # fmt: skip
        times: dict[str, list[tuple[float, float]]] = {"expand": [], "re-encode of the terms": []}
        for _ in range(given.rounds):
            shutil.rmtree(terms, ignore_errors=True)
            shutil.rmtree(again, ignore_errors=True)
            times["expand"].append(run(expand, MEMORY))
            times["re-encode of the terms"].append(run([RELEASE / "examples" / "reencode", terms, again]))
        read = given.pictures * SIDE**2
        print(f"{read / 1e9:.2f} GB of bytes ({stored(source) / 1e9:.2f} GB stored), terms of order 4 in float32: "
              f"{12 * read / 1e9:.2f} GB ({stored(terms) / 1e9:.2f} GB stored)")  # fmt: skip
        best = {what: min(runs) for what, runs in times.items()}
        for what, (seconds, memory) in best.items():
            print(f"{what}: {seconds:.1f} s, {12 * read / seconds / 1e6:.0f} MB of terms/s, {memory:.0f} MB at most")
        fast, slow = (best[what][0] for what in times)
        print(f"speed of the expansion by that of the re-encode: {slow / fast:.2f}")


if __name__ == "__main__":
    main()
