"""Terms made for each batch, or stored and read again: the time and the bytes of an epoch.

The pictures are crops of those in examples/pictures. `cold` files are no longer in the system's cache.

    python benchmarks/storing.py [--pictures 32768] [--folder /a/disk]
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

import maclaurin as mc

BATCH = 256
SIDE = 32
ROOT = Path(__file__).parents[1]


def crops(count: int) -> np.ndarray:
    """Crops of photographs, as many as are wanted."""
    choose = np.random.default_rng(0)
    files = sorted(path for path in (ROOT / "examples" / "pictures").iterdir() if path.suffix in {".png", ".jpg"})
    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in files]
    found = np.empty((count, SIDE, SIDE, 3), np.uint8)
    for one in found:
        picture = pictures[choose.integers(len(pictures))]
        y, x = (choose.integers(extent - SIDE + 1) for extent in picture.shape[:2])
        one[:] = picture[y : y + SIDE, x : x + SIDE]
    return found


def forget(path: Path) -> None:
    """Drops a file from the system's cache."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def epoch(path: Path, make, cold: bool) -> tuple[float, float]:
    """Seconds that all batches in random order take, and a number made of them."""
    if cold:
        forget(path)
    values = np.load(path, mmap_mode="r")
    order = np.random.default_rng(1).permutation(len(values) // BATCH)
    start = time.perf_counter()
    total = 0.0
    for i in order:
        total += float(make(np.array(values[i * BATCH : (i + 1) * BATCH]))[0, 0, 0, 0])
    return time.perf_counter() - start, total


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pictures", type=int, default=32768)
    arguments.add_argument("--folder", type=Path)
    given = arguments.parse_args()
    s = mc.taylor("log(1 + exp(x))", order=4)
    expand = lambda batch: mc.expand(batch, s, stack=False, scale=1 / 255)  # noqa: E731
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        values = crops(given.pictures)
        plain, terms = Path(folder, "plain.npy"), Path(folder, "terms.npy")
        np.save(plain, values)
        start = time.perf_counter()
        np.save(terms, expand(values))
        stored = time.perf_counter() - start
        print(f"{given.pictures} pictures of {SIDE} x {SIDE} x 3 bytes: {plain.stat().st_size / 1e6:.0f} MB")
        print(f"their terms of order 4 in float32: {terms.stat().st_size / 1e6:.0f} MB, stored in {stored:.2f} s")
        for cold in [False, True]:
            epoch(plain, expand, False)
            lazy = min(epoch(plain, expand, cold)[0] for _ in range(3))
            again = min(epoch(terms, lambda batch: batch, cold)[0] for _ in range(3))
            name = "cold" if cold else "warm"
            print(f"{name}: an epoch expanded for each batch {lazy:.3f} s, read from the store {again:.3f} s")


if __name__ == "__main__":
    main()
