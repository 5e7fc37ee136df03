"""Errors in ulp against NumPy and mpmath, and how the search is stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import maclaurin as mc


def nearest(value: Fraction) -> np.float16:
    """The float16 nearest to a rational, ties to even."""
    middle = np.float16(float(value))
    beside = [np.nextafter(middle, np.float16(end)) for end in (-np.inf, np.inf)]
    return min([middle, *beside], key=lambda x: (abs(Fraction(float(x)) - value), int(x.view(np.uint16)) & 1))


@settings(max_examples=10, deadline=None)
@given(
    coefficients=st.lists(st.integers(-64, 64), min_size=1, max_size=6),
    low=st.floats(-4, 4),
    width=st.floats(0.05, 0.5),
)
def test_random_polynomials_at_every_float16(coefficients: list[int], low: float, width: float) -> None:
    text = " + ".join(f"({c}/16)*x^{k}" for k, c in enumerate(coefficients))
    s = mc.taylor(text, order=6)
    bits = np.arange(0x7C00, dtype=np.uint16)
    x = np.concatenate([bits.view(np.float16), (bits[1:] | 0x8000).view(np.float16)])
    # As float64: NumPy would round the ends to float16.
    x = x[(x.astype(float) >= low) & (x.astype(float) <= low + width)]
    # NumPy rounds every operation of float16.
    names: dict[str, Any] = {}
    exec(s.code("numpy", dtype="float16"), names)
    with np.errstate(over="ignore", under="ignore"):
        y = np.broadcast_to(names["taylor"](x), x.shape)
    exact = [Fraction(c, 16) for c in coefficients]
    truth = [sum(c * Fraction(float(v)) ** k for k, c in enumerate(exact)) for v in x]
    errors = s.ulp(low, low + width, "float16")
    assert errors.count == len(x)
    assert errors.misrounded == sum(nearest(Fraction(f)) != v for f, v in zip(truth, y, strict=True))
    assert sum(errors.histogram.values()) == errors.count


def test_against_mpmath_at_the_worst_number() -> None:
    p = mc.approximate("tanh(x)", degree=7, on=(0.5, 0.51), coefficients="float32")
    errors = p.ulp(np.float32)
    names: dict[str, Any] = {}
    exec(p.code("numpy", dtype="float32"), names)
    x = np.arange(*np.array([0.5, 0.51], np.float32).view(np.uint32), dtype=np.uint32).view(np.float32)
    y = names["polynomial"](x)
    rough = np.abs(y - np.tanh(x.astype(float))) / np.spacing(np.tanh(x))
    assert abs(rough.max() - errors.max) < 1e-4
    place = np.float32(errors.at)
    with mpmath.workdps(40):
        exact = mpmath.tanh(mpmath.mpf(float(place)))
        ulp = mpmath.mpf(2) ** (mpmath.floor(mpmath.log(exact, 2)) - 23)
        error = abs(mpmath.mpf(float(names["polynomial"](place))) - exact) / ulp
    assert error <= errors.max <= error + 2e-6


def test_progress_and_what_is_refused() -> None:
    p = mc.approximate("exp(x)", degree=4, on=(-1, 1))
    told: list[tuple[int, int]] = []
    p.ulp("bfloat16", progress=lambda done, total: told.append((done, total)))
    assert all(0 <= done <= total == 2 * 0x3F80 + 1 for done, total in told)
    with pytest.raises(ValueError, match="dtype: float64 has too many numbers"):
        p.ulp("float64")

    def fails(done: int, total: int) -> None:
        raise KeyError(done)

    with pytest.raises(KeyError):
        mc.approximate("exp(x)", degree=4, on=(-80, 80)).ulp("float32", progress=fails)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of Unix")
def test_control_c_stops_it() -> None:
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import maclaurin as mc; "
        "p = mc.approximate('sin(x) + exp(x)', degree=30, on=(-80, 80)); print('begun', flush=True); "
        "[p.ulp('float32') for _ in range(99)]"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"begun\n"
    time.sleep(0.5)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    try:
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()
    assert b"KeyboardInterrupt" in told
    # A second, and what a busy machine adds.
    assert time.monotonic() - asked < 10
