"""Which instructions run, and that all give the same bits."""

import os
import subprocess
import sys

import pytest

from maclaurin import _native

EXPAND = """
import hashlib, numpy as np, maclaurin as mc
mc.show_config()
x = np.linspace(-3, 3, 10_001)
for dtype in ("float32", "float64"):
    terms = mc.expand(x.astype(dtype), mc.taylor("exp", order=9))
    print(hashlib.sha256(terms.tobytes()).hexdigest())
"""


def run(instructions):
    environment = os.environ | {"MACLAURIN_INSTRUCTIONS": instructions}
    return subprocess.run([sys.executable, "-c", EXPAND], env=environment, capture_output=True, text=True, check=False)


def test_every_instruction_set_runs_and_gives_the_same_bits():
    results = set()
    for name in _native.config()[2]:
        done = run(name)
        version, instructions, threads, *rest = done.stdout.splitlines()
        assert version.startswith("maclaurin ") and threads.startswith("threads: "), done
        assert instructions.startswith(f"instructions: {name} (of "), done
        results.add(tuple(rest))
    assert len(results) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without forks")
def test_forked_processes_work_after_it_was_shown():
    code = (
        "import os, numpy as np, maclaurin as mc\n"
        "mc.show_config()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    mc.expand(np.ones(5_000_000, np.float32), mc.taylor('exp', order=4))\n"
        "    os._exit(7)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.endswith("\n7\n"), done


@pytest.mark.parametrize("name", ["avx1024", "AVX2"])
def test_an_unknown_instruction_set_is_refused_by_name(name):
    error = run(name).stderr
    assert f'ValueError: MACLAURIN_INSTRUCTIONS is "{name}"; this machine has ' in error
