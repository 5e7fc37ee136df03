"""Does a network gain from expanded pixels? PyTorch, equal parameters, several seeds.

    python examples/train_torch.py digits     # scikit-learn's 8 x 8 digits, classified
    python examples/train_torch.py denoise    # photographs of scikit-image and scikit-learn

Prints a table in Markdown. Needs torch, scikit-learn and (denoise) scikit-image. `--quick` runs a
few steps, to see that it works.
"""

import argparse
import statistics
import time

import numpy as np
import torch
from torch import nn

from maclaurin.torch import TaylorExpansion

#: What stands before the first convolution.
ARMS = {
    "plain pixels": None,
    "powers, order 4": {"function": "exp(x)", "order": 4, "kind": "powers"},
    "terms of log(1 + exp(x)), order 4": {"function": "log(1 + exp(x))", "order": 4},
    "terms of exp(x), order 4": {"function": "exp(x)", "order": 4},
}


def parameters(model):
    return sum(weight.numel() for weight in model.parameters())


def of_equal_size(build, options, size):
    """The widest network behind an expansion that has at most `size` parameters."""
    width = 1
    while parameters(build(options, width + 1)) <= size:
        width += 1
    return build(options, width)


def with_expansion(options, channels):
    """The layers before the first convolution, and the channels that it gets."""
    if options is None:
        return [], channels
    expansion = TaylorExpansion(**options)
    return [expansion], channels * expansion.multiplier


class Digits:
    """Classification: 1797 digits of 8 x 8 pixels, a third of them for the test."""

    measure, width, better = "test accuracy, %", 16, "higher"

    def __init__(self, quick):
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        digits = load_digits()
        pixels = torch.tensor(digits.images[:, None] / 16, dtype=torch.float32)
        labels = torch.tensor(digits.target)
        self.train, self.test, self.train_labels, self.test_labels = train_test_split(
            pixels, labels, test_size=1 / 3, random_state=0, stratify=labels
        )
        self.steps = 20 if quick else 1500

    @staticmethod
    def build(options, width):
        head, channels = with_expansion(options, 1)
        return nn.Sequential(
            *head, nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(width, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(64, 10),
        )  # fmt: skip

    def loss(self, model, generator):
        batch = torch.randint(len(self.train), (64,), generator=generator)
        return nn.functional.cross_entropy(model(self.train[batch]), self.train_labels[batch])

    def score(self, model):
        return 100 * (model(self.test).argmax(1) == self.test_labels).float().mean().item()


class Denoise:
    """Restoration: Gaussian noise of 60/255 on photographs; the network says what to take away."""

    measure, width, better = "test PSNR, dB", 17, "higher"
    noise = 60 / 255

    def __init__(self, quick):
        from skimage import data
        from sklearn.datasets import load_sample_image

        def photograph(pixels):
            return torch.tensor(np.ascontiguousarray(pixels.transpose(2, 0, 1)), dtype=torch.float32) / 255

        left, *_ = data.stereo_motorcycle()
        self.train = [*map(photograph, [data.coffee(), data.astronaut(), left, load_sample_image("flower.jpg")])]
        self.test = [*map(photograph, [data.chelsea(), data.rocket(), load_sample_image("china.jpg")])]
        generator = torch.Generator().manual_seed(1)
        self.noisy = [image + self.noise * torch.randn(image.shape, generator=generator) for image in self.test]
        self.steps = 3 if quick else 1200

    @staticmethod
    def build(options, width):
        head, channels = with_expansion(options, 3)

        class Residual(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = nn.Sequential(
                    *head, nn.Conv2d(channels, width, 5, padding=2), nn.ReLU(),
                    nn.Conv2d(width, width, 5, padding=2), nn.ReLU(),
                    nn.Conv2d(width, 3, 5, padding=2),
                )  # fmt: skip

            def forward(self, x):
                return x - self.layers(x)

        return Residual()

    def loss(self, model, generator):
        def draw(end):
            return int(torch.randint(end, (), generator=generator))

        patches = []
        for _ in range(16):
            image = self.train[draw(len(self.train))]
            top, left = draw(image.shape[1] - 40), draw(image.shape[2] - 40)
            patches.append(image[:, top : top + 40, left : left + 40])
        clean = torch.stack(patches)
        noisy = clean + self.noise * torch.randn(clean.shape, generator=generator)
        return ((model(noisy) - clean) ** 2).mean()

    def score(self, model):
        errors = [((model(noisy[None])[0] - clean) ** 2).mean() for noisy, clean in zip(self.noisy, self.test)]
        return statistics.fmean(-10 * np.log10(error.item()) for error in errors)


def train(task, model, seed):
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, task.steps)
    for _ in range(task.steps):
        optimizer.zero_grad()
        task.loss(model, generator).backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return task.score(model)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["digits", "denoise"])
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    task = {"digits": Digits, "denoise": Denoise}[arguments.task](arguments.quick)
    size = parameters(task.build(None, task.width))
    print(f"| first layer sees | parameters | {task.measure}: mean | standard deviation | seconds a run |")
    print("|---|---|---|---|---|")
    for name, options in ARMS.items():
        scores, begun = [], time.perf_counter()
        seeds = range(1 if arguments.quick else 5)
        for seed in seeds:
            torch.manual_seed(seed)
            model = of_equal_size(task.build, options, size)
            scores.append(train(task, model, seed))
        seconds = (time.perf_counter() - begun) / len(seeds)
        spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
        count = parameters(model)
        print(f"| {name} | {count} | {statistics.fmean(scores):.2f} | {spread:.2f} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
