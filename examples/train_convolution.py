"""Are convolutions over powers worth it? Restoration in PyTorch, equal parameters, five seeds.

    python examples/train_convolution.py                     # all four tasks, a table each
    python examples/train_convolution.py --rate 3e-3         # at another learning rate
    python examples/train_convolution.py --task noise-60 --picture restored.png
    python examples/train_convolution.py --cost              # time and memory of a training step

Prints tables in Markdown. Needs torch, scikit-learn and scikit-image, and matplotlib for the
picture. `--quick` runs a few steps, to see that it works.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from maclaurin.torch import TaylorConv2d, TaylorExpansion

TASKS = ["noise-15", "noise-30", "noise-60", "super-resolution-x2"]

#: Parameters that no network exceeds; all come near: 9812, 10158, 10146 and 10146.
SIZE = 10160

PATCH, BATCH, ORDER = 40, 16, 3


def plain(width):
    return nn.Sequential(
        nn.Conv2d(3, width, 5, padding=2), nn.ReLU(),
        nn.Conv2d(width, width, 5, padding=2), nn.ReLU(),
        nn.Conv2d(width, 3, 5, padding=2),
    )  # fmt: skip


def powers_at_the_input(width):
    expansion = TaylorExpansion("exp(x)", order=ORDER, kind="powers")
    network = plain(width)
    network[0] = nn.Conv2d(3 * expansion.multiplier, width, 5, padding=2)
    return nn.Sequential(expansion, network)


def everywhere(start):
    def build(width):
        def layer(inputs, outputs):
            return TaylorConv2d(inputs, outputs, 5, padding=2, function="softplus", order=ORDER, start=start)

        # A tanh keeps what the next layer raises to powers small, as in the papers.
        return nn.Sequential(layer(3, width), nn.Tanh(), layer(width, width), nn.Tanh(), layer(width, 3))

    return build


NETWORKS = {
    "plain": plain,
    "powers at the input": powers_at_the_input,
    "TaylorConv2d everywhere, random": everywhere("random"),
    "TaylorConv2d everywhere, from softplus": everywhere("series"),
}


class Residual(nn.Module):
    """The network predicts the residual, which is subtracted from the picture."""

    def __init__(self, layers):
        super().__init__()
        self.layers = layers

    def forward(self, x):
        return x - self.layers(x)


def parameters(model):
    return sum(weight.numel() for weight in model.parameters())


def network(name):
    """The widest network of a kind that has at most SIZE parameters."""
    build, width = NETWORKS[name], 1
    while parameters(build(width + 1)) <= SIZE:
        width += 1
    return Residual(build(width))


def photographs():
    from skimage import data
    from sklearn.datasets import load_sample_image

    def photograph(pixels):
        # An even number of rows and columns, to halve.
        pixels = pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2]
        return torch.tensor(np.ascontiguousarray(pixels.transpose(2, 0, 1)), dtype=torch.float32) / 255

    left, *_ = data.stereo_motorcycle()
    train = [data.coffee(), data.astronaut(), left, load_sample_image("flower.jpg")]
    test = [data.chelsea(), data.rocket(), load_sample_image("china.jpg")]
    return [*map(photograph, train)], [*map(photograph, test)]


def degraded(clean, task, generator):
    """What the network gets to see of clean pictures (N, 3, H, W)."""
    if task.startswith("noise-"):
        return clean + int(task.removeprefix("noise-")) / 255 * torch.randn(clean.shape, generator=generator)
    small = functional.interpolate(clean, scale_factor=0.5, mode="bicubic", antialias=True)
    return functional.interpolate(small, scale_factor=2.0, mode="bicubic")


def patches(pictures, generator):
    def draw(end):
        return int(torch.randint(end, (), generator=generator))

    found = []
    for _ in range(BATCH):
        picture = pictures[draw(len(pictures))]
        top, left = draw(picture.shape[1] - PATCH), draw(picture.shape[2] - PATCH)
        found.append(picture[:, top : top + PATCH, left : left + PATCH])
    return torch.stack(found)


def psnr(found, clean):
    return -10 * np.log10(((found - clean) ** 2).mean().item())


def step(model, optimizer, task, pictures, generator):
    clean = patches(pictures, generator)
    optimizer.zero_grad()
    loss = ((model(degraded(clean, task, generator)) - clean) ** 2).mean()
    loss.backward()
    optimizer.step()


def run(name, task, rate, seed, steps, train, test):
    torch.manual_seed(seed)
    model, generator = network(name), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        step(model, optimizer, task, train, generator)
        schedule.step()
    generator.manual_seed(0)
    with torch.no_grad():
        inputs = [degraded(clean[None], task, generator) for clean in test]
        outputs = [model(x)[0] for x in inputs]
    return model, inputs, outputs, statistics.fmean(psnr(*pair) for pair in zip(outputs, test))


def compare(task, names, rate, steps, seeds, picture):
    train, test = photographs()
    generator = torch.Generator().manual_seed(0)
    untouched = statistics.fmean(psnr(degraded(clean[None], task, generator)[0], clean) for clean in test)
    print(f"\n**{task}**, learning rate {rate:g}: {untouched:.2f} dB before\n")
    print("| network | parameters | test PSNR, dB: mean | standard deviation | each seed |\n|---|---|---|---|---|")
    shown = []
    for name in names:
        runs = [run(name, task, rate, seed, steps, train, test) for seed in range(seeds)]
        scores = [score for *_, score in runs]
        spread = statistics.stdev(scores) if seeds > 1 else 0.0
        count = parameters(runs[0][0])
        each = ", ".join(f"{score:.2f}" for score in scores)
        print(f"| {name} | {count} | {statistics.fmean(scores):.2f} | {spread:.2f} | {each} |", flush=True)
        middle = sorted(runs, key=lambda run: run[3])[seeds // 2]
        shown.append((f"{name}\n{psnr(middle[2][0], test[0]):.2f} dB", middle[2][0]))
    if picture:
        before = middle[1][0][0]
        draw([("original", test[0]), (f"{task}\n{psnr(before, test[0]):.2f} dB", before), *shown], picture)


def draw(shown, path):
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(2, 3, figsize=(10.5, 7.4), layout="constrained")
    for panel, (title, picture) in zip(panels.flat, shown):
        # The cat's eyes.
        panel.imshow(picture[:, 70:200, 120:290].clamp(0, 1).permute(1, 2, 0), interpolation="nearest")
        panel.set_title(title, fontsize=9)
        panel.axis("off")
    figure.savefig(path, dpi=110)


def cost(name):
    """Milliseconds and peak memory of training steps, in a process of its own."""
    train, _ = photographs()
    torch.manual_seed(0)
    model, generator = network(name), torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    for _ in range(60):
        begun = time.perf_counter()
        step(model, optimizer, "noise-30", train, generator)
        times.append(time.perf_counter() - begun)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"milliseconds": 1e3 * statistics.median(times[10:]), "mebibytes": (peak - before) / 1024}))


def costs():
    print("| network | ms a training step | MiB above the start |\n|---|---|---|")
    for name in NETWORKS:
        command = [sys.executable, __file__, "--cost-of", name]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"| {name} | {found['milliseconds']:.1f} | {found['mebibytes']:.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", choices=TASKS, action="append")
    parser.add_argument("--rate", type=float, default=1e-3, help="the learning rate at first")
    parser.add_argument("--network", choices=list(NETWORKS), action="append")
    parser.add_argument("--picture", help="PNG of the last task")
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--cost-of", choices=list(NETWORKS), help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    if arguments.cost_of:
        cost(arguments.cost_of)
    elif arguments.cost:
        costs()
    else:
        for task in arguments.task or TASKS:
            steps, seeds = (3, 1) if arguments.quick else (1200, 5)
            compare(task, arguments.network or NETWORKS, arguments.rate, steps, seeds, arguments.picture)


if __name__ == "__main__":
    main()
