"""Ctrl-C in long work."""

import signal
import subprocess
import sys
import time

import pytest

LONG = {
    "series": 'mc.taylor("exp(sin(x)) + sqrt(2 + log(3 + x))", order=10_000)',
    "expand": "[mc.expand(x, s, axis=1, out=out) for _ in range(10**6)]",
    "enclosure": 'mc.taylor("exp(sin(x + 1/7))", order=400).enclosure(400, bits=30_000)',
}


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of Unix")
@pytest.mark.parametrize("work", LONG)
def test_control_c_stops_within_a_second(work):
    given = (
        "x = np.zeros((9, 8, 10**6), 'f4'); s = mc.taylor('exp(x)', order=4); out = np.zeros((9, 4, 8, 10**6), 'f4')"
    )
    # Where whoever runs the tests ignores Ctrl-C (a shell's background job does), a child would too.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heard}; import maclaurin as mc, numpy as np; {given}; print('begun', flush=True); {LONG[work]}"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"begun\n"
    time.sleep(1)
    assert process.poll() is None, "the work was not long"
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert b"KeyboardInterrupt" in errors
    # A second, and what a busy machine adds.
    assert time.monotonic() - asked < 10
