"""Expansion by orthogonal polynomials beside NumPy, PyTorch and the machine's limit, in one process.

Run it after `cargo build --release --package maclaurin-benchmark`, in an environment with this package, NumPy and
PyTorch; MACLAURIN_INSTRUCTIONS=avx2 or baseline forces another instruction set. The limit is a loop over the same
memory without arithmetic (`native/src/lib.rs`).
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from run import LARGE, Native, array, medians

import maclaurin as mc
from maclaurin.torch import expand


def processor():
    """The processor's name, as Linux has it."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return names[0].partition(": ")[2] if names else "unknown"


def chebykan(x, degree):
    """The expansion of SynodicMonth/ChebyKAN's layers by the recurrence: degree after degree along the channels."""
    t = torch.tanh(x)
    polynomials = [torch.ones_like(t), t]
    for _ in range(degree - 1):
        polynomials.append(2 * t * polynomials[-1] - polynomials[-2])
    return torch.cat(polynomials[1:], 1)


def report(what, contestants, seconds):
    """Runs and prints the medians, and their share of the limit."""
    found = medians(contestants, seconds)
    shares = "  ".join(f"{who} {t * 1e3:.2f} ms ({found['limit'] / t:.2f})" for who, t in found.items())
    print(f"{what:42} {shares}", flush=True)


def main():
    """Prints a line for each case: median times, and in parentheses their shares of the limit."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each line")
    seconds = parser.parse_args().seconds
    native = Native()
    print(processor())
    mc.show_config()
    x = array((LARGE // 2 // 192, 192), np.float32)
    x[:] = np.random.default_rng(0).uniform(-1, 1, x.shape)
    for name, degree, axis in [("legendre", 4, -1), ("legendre", 4, 0), ("legendre", 8, -1), ("chebyshev", 4, -1),
                               ("jacobi", 4, -1), ("legendre", 16, -1)]:  # fmt: skip
        parameters = {"alpha": 0.5, "beta": -0.5} if name == "jacobi" else {}
        shape = (degree, *x.shape) if axis == 0 else (*x.shape, degree)
        out, b = array(shape, np.float32), mc.basis(name, degree, **parameters)
        gradient, of_x = array(shape, np.float32), array(x.shape, np.float32)
        gradient[:] = 1
        contestants = {
            "limit": native.limit(x, out),
            "expand": lambda x=x, b=b, axis=axis, out=out: mc.expand(x, b, axis=axis, out=out),
        }
        if name == "legendre" and axis == -1 and degree < 16:
            contestants["legvander"] = lambda degree=degree: np.polynomial.legendre.legvander(x, degree)
        report(f"{name}, degree {degree}, axis {axis}", contestants, seconds)
        contestants = {
            "limit": native.limit(gradient, of_x),
            "backward": lambda g=gradient, b=b, axis=axis: mc.expand_backward(g, x, b, axis=axis),
        }
        report("  its vector-Jacobian product", contestants, seconds)
    images = torch.from_numpy(x.reshape(16, -1, 56, 56))
    for squash in (None, "tanh"):
        b = mc.basis("chebyshev", 4, squash=squash)
        out = array((images.shape[0], 4 * images.shape[1], 56, 56), np.float32)
        contestants = {"limit": native.limit(images.numpy(), out)}
        contestants["expand"] = lambda b=b: expand(images, b, dim=1, stack=False)
        if squash:
            contestants["cat"] = lambda: chebykan(images, 4)
        report(f"PyTorch, chebyshev, degree 4, {squash}", contestants, seconds)
        leaf = images.clone().requires_grad_()

        def backward(function, leaf=leaf):
            leaf.grad = None
            function(leaf).sum().backward()

        contestants = {"limit": native.limit(images.numpy(), out)}
        contestants["expand"] = lambda b=b: backward(lambda x: expand(x, b, dim=1, stack=False))
        if squash:
            contestants["cat"] = lambda: backward(lambda x: chebykan(x, 4))
        report("  forward and backward (beside forward's limit)", contestants, seconds)


if __name__ == "__main__":
    main()
