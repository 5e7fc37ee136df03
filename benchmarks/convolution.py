"""Convolution over powers: ours, PyTorch's way (cat and conv2d), and the machine's peak, in one run.

    python benchmarks/convolution.py

Forward, and forward with backward (gradients of weights and bias; of the input too for inner layers), in
both of PyTorch's memory formats, turns taken one after the other, medians. Then the peak memory of a
training step, each in a process of its own. Needs torch and cargo. Take the figures on a machine that
does nothing else.

PyTorch's allocator gives large tensors back to the system, ours keeps them (maclaurin.release_memory): to
see arithmetic against arithmetic, give both memory that is there already:

    MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=8000000000 python benchmarks/convolution.py --speed
"""

import argparse
import ctypes
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional

from maclaurin.torch import taylor_conv2d

ROOT = Path(__file__).parent.parent
TURNS = 11

#: Steps of the loop that measures the peak: a twentieth of a second.
STEPS = 40_000_000

#: name: images, input channels, rows and columns, output channels, order, gradient of the input
LAYERS = {
    "first, 16x3x224x224 to 32, q=4": (16, 3, 224, 32, 4, False),
    "inner, 16x32x56x56 to 64, q=4": (16, 32, 56, 64, 4, True),
    "inner, 16x64x28x28 to 128, q=3": (16, 64, 28, 128, 3, True),
    "last, 16x32x56x56 to 3, q=3": (16, 32, 56, 3, 3, True),
}


def arrays(layer, layout):
    images, inputs, extent, outputs, order, of_input = LAYERS[layer]
    torch.manual_seed(0)
    x = torch.rand(images, inputs, extent, extent).sub(0.5).contiguous(memory_format=layout)
    weight = torch.randn(outputs, order * inputs, 3, 3).mul(0.05).contiguous(memory_format=layout)
    gradient = torch.randn(images, outputs, extent, extent).contiguous(memory_format=layout)
    return x.requires_grad_(of_input), weight.requires_grad_(), torch.zeros(outputs, requires_grad=True), gradient


def concatenated(x, weight, bias, order):
    powers = [x]
    for _ in range(order - 1):
        powers.append(powers[-1] * x)
    return functional.conv2d(torch.cat(powers, 1), weight, bias, padding=1)


def fused(x, weight, bias, order):
    return taylor_conv2d(x, weight, bias, order=order, padding=1)


def plain(x, weight, bias, order):
    return functional.conv2d(x, weight[:, : x.shape[1]], bias, padding=1)


def step(convolve, x, weight, bias, gradient, order):
    convolve(x, weight, bias, order).backward(gradient)
    for tensor in (x, weight, bias):
        tensor.grad = None


def peak():
    """The machine's fused multiply-adds in flops a second, on all threads."""
    subprocess.run(["cargo", "build", "--release", "--quiet", "--package", "maclaurin-benchmark"], cwd=ROOT, check=True)
    library = ctypes.CDLL(str(ROOT / "target/release/libmaclaurin_benchmark.so"))
    library.multiply_adds.restype = ctypes.c_double
    library.multiply_adds.argtypes = [ctypes.c_size_t, ctypes.c_size_t]

    def run():
        begun = time.perf_counter()
        return library.multiply_adds(STEPS, torch.get_num_threads()) / (time.perf_counter() - begun)

    run()
    return run


def speed():
    machine = peak()
    layouts = {"contiguous": torch.contiguous_format, "channels-last": torch.channels_last}
    print("| layer | | torch contiguous, ms | torch channels-last | ours contiguous | ours channels-last "
          "| torch's better / ours | share of peak |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    for layer, (images, inputs, extent, outputs, order, of_input) in LAYERS.items():
        work = {}
        for who, convolve in [("torch", concatenated), ("ours", fused)]:
            for name, layout in layouts.items():
                x, weight, bias, gradient = arrays(layer, layout)

                def forward(convolve=convolve, arguments=(x, weight, bias, order)):
                    with torch.no_grad():
                        convolve(*arguments)

                def both(convolve=convolve, arguments=(x, weight, bias, gradient, order)):
                    step(convolve, *arguments)

                work["forward", who, name], work["with backward", who, name] = forward, both
        times, flops = {key: [] for key in work}, []
        for turn in range(TURNS + 1):
            # Threads of the other's pool go on spinning for a while.
            time.sleep(0.02)
            flops.append(machine())
            for key, call in work.items():
                time.sleep(0.02)
                begun = time.perf_counter()
                call()
                if turn > 0:
                    times[key].append(1e3 * (time.perf_counter() - begun))
        medians = {key: statistics.median(values) for key, values in times.items()}
        for what, passes in [("forward", 1), ("with backward", 3 if of_input else 2)]:
            row = [medians[what, who, name] for who in ("torch", "ours") for name in layouts]
            operations = passes * 2 * images * extent**2 * outputs * inputs * order * 9
            share = operations / (1e-3 * min(row[2:])) / statistics.median(flops)
            cells = " | ".join(f"{value:.1f}" for value in row)
            print(f"| {layer} | {what} | {cells} | {min(row[:2]) / min(row[2:]):.2f} | {share:.2f} |", flush=True)
    print(f"\nPeak: {statistics.median(flops) / 1e9:.0f} GFLOP/s on {torch.get_num_threads()} threads.")


LAYER = "inner, 16x32x56x56 to 64, q=4"
WAYS = {"plain": plain, "cat": concatenated, "ours": fused}


def memory_of(way, order):
    """MiB that training steps take above what is there before, at most."""
    images, inputs, extent, outputs, *_ = LAYERS[LAYER]
    LAYERS["small"] = (2, inputs, 8, outputs, order, True)
    LAYERS[LAYER] = (images, inputs, extent, outputs, order, True)
    # Starts threads and what else stays.
    step(WAYS[way], *arrays("small", torch.channels_last), order)
    tensors = arrays(LAYER, torch.channels_last)

    def status(name):
        line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
        return int(line.split()[1]) / 1024

    # The peak so far is forgotten.
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    for _ in range(3):
        step(WAYS[way], *tensors, order)
    print(status("VmHWM") - before)


def memory():
    print(f"\n| peak MiB of a training step, {LAYER.split(', q')[0]} | plain | cat and conv2d | ours | ours / plain |")
    print("|---|---|---|---|---|")
    for order in (2, 4, 8):
        found = []
        for way in WAYS:
            runs = []
            for _ in range(3):
                command = [sys.executable, __file__, "--memory-of", way, "--order", str(order)]
                runs.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
            found.append(statistics.median(runs))
        cells = " | ".join(f"{value:.1f}" for value in found)
        print(f"| q={order} | {cells} | {found[2] / found[0]:.2f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--memory-of", choices=list(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--order", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory_of:
        memory_of(arguments.memory_of, arguments.order)
    else:
        if not arguments.memory:
            speed()
        if not arguments.speed:
            memory()
