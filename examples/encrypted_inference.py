"""A network on encrypted digits: tanh replaced by polynomials, evaluated under CKKS by TenSEAL.

    python examples/encrypted_inference.py               # the tables and docs/pictures/encrypted.png
    python examples/encrypted_inference.py --quick       # a smaller network, to see that it works

Homomorphic encryption adds and multiplies, so activations must be polynomials. A network of two hidden layers is
trained on scikit-learn's digits, and its activations become the best polynomials on the ranges that they see, Taylor
polynomials, interpolants, least-squares fits or the cubic of the literature. Prints tables in Markdown. Needs torch and
scikit-learn; without tenseal the same polynomials are evaluated in plain, without matplotlib there is no picture.

All encrypted samples lie in the slots of the same ciphertexts, one ciphertext for each feature: up to 8192 of them
cost as much as one.
"""

import argparse
import copy
import sys
import time
from decimal import ROUND_CEILING, Context
from pathlib import Path

import numpy as np
import torch
from torch import nn

from maclaurin.torch import TaylorActivation, approximate_activations

try:
    import tenseal
except ImportError:
    tenseal = None

SEEDS = (0, 1, 2)
DEGREES = (5, 7)
CUBIC = "cubic of the literature"
PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "encrypted.png"

#: 128 bits of security allow a modulus of 438 bits for this ring (homomorphicencryption.org, table 1). Of the nine
#: levels each linear layer takes one and a polynomial of degree 4 to 7 takes three.
RING, PRIMES, SCALE = 16384, [48] + [38] * 9 + [48], 2.0**38
#: What fits beside the scale in the last prime, with a sign.
LARGEST = 2.0**48 / SCALE / 2


def digits(seed):
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    data = load_digits()
    parts = train_test_split(
        data.data / 16, data.target, test_size=1 / 3, random_state=seed, stratify=data.target
    )  # fmt: skip
    pixels, labels = [torch.tensor(part, dtype=torch.float32) for part in parts[:2]], map(torch.tensor, parts[2:])
    return (*pixels, *labels)


def train(pixels, labels, seed, hidden, epochs):
    torch.manual_seed(seed)
    first, second = hidden
    model = nn.Sequential(
        nn.Linear(64, first), nn.Tanh(), nn.Linear(first, second), nn.Tanh(), nn.Linear(second, 10)
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for _ in range(epochs):
        for batch in torch.randperm(len(pixels)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(pixels[batch]), labels[batch]).backward()
            optimizer.step()
    return model.eval()


@torch.no_grad()
def inputs_of_activations(model, x):
    """What reaches each activation."""
    found = []
    for layer in model:
        if not isinstance(layer, nn.Linear):
            found.append(x)
        x = layer(x)
    return found


class Polynomial(nn.Module):
    """A NumPy polynomial in powers of x as an activation."""

    def __init__(self, polynomial):
        super().__init__()
        self.coefficients = polynomial.convert().coef.tolist()

    def forward(self, x):
        total = torch.zeros_like(x)
        for coefficient in reversed(self.coefficients):
            total = total * x + coefficient
        return total


def by_layer(model, make):
    """A copy of the model whose activations are made one by one, by their number."""
    model = copy.deepcopy(model)
    for number, place in enumerate((1, 3)):
        model[place] = make(number)
    return model


def candidates(model, pixels, degree):
    """Networks with polynomials of a degree for activations: by name, ours first."""
    numpy = np.polynomial
    best, report = approximate_activations(model, pixels, degree=degree, center=0, on_radius="ignore")
    ranges = [row.on for row in report]
    values = [x.numpy().ravel() for x in inputs_of_activations(model, pixels)]

    def interpolant(number):
        return Polynomial(numpy.Chebyshev.interpolate(np.tanh, degree, ranges[number]).convert(kind=numpy.Polynomial))

    def fit(number):
        return Polynomial(numpy.Polynomial.fit(values[number], np.tanh(values[number]), degree))

    found = {
        "best on the range": best,
        "Chebyshev interpolation on the range": by_layer(model, interpolant),
        "least squares on the values": by_layer(model, fit),
        "Taylor at 0": by_layer(
            model, lambda _: TaylorActivation("tanh(x)", order=degree, trainable=False, on_radius="ignore")
        ),
    }
    return found, report


def cubic(model):
    """Of the least-squares cubic for the sigmoid on [-5, 5], 0.5 + 0.197 x - 0.004 x^3, the form for tanh.

    tanh(x) = 2 sigmoid(2 x) - 1.
    """
    return by_layer(model, lambda _: Polynomial(np.polynomial.Polynomial([0.0, 4 * 0.197, 0.0, -16 * 0.004])))


def coefficients_of(layer):
    return torch.as_tensor(layer.coefficients).detach().double().tolist()


@torch.no_grad()
def accuracy(model, pixels, labels):
    return (model(pixels).argmax(1) == labels).double().mean().item()


@torch.no_grad()
def logit_error(model, other, pixels):
    return (model(pixels) - other(pixels)).abs().max().item()


def logit_bound(model, report):
    """A certified bound of the error of a logit, where all values lie in the ranges.

    tanh has slopes up to 1: an error e of a layer's output is at most |W| e before the next activation and behind it.
    """
    error = torch.zeros(64, dtype=torch.float64)
    rows = iter(report)
    for layer in model:
        if isinstance(layer, nn.Linear):
            error = layer.weight.detach().double().abs() @ error
        else:
            row = next(rows)
            error = error + row.error + row.rounding
    return error.max().item()


class Encrypted:
    """Encrypted evaluation of networks that have the first linear layer in common: that is evaluated once."""

    def __init__(self, samples, first):
        self.begun = time.perf_counter()
        self.context = tenseal.context(
            tenseal.SCHEME_TYPE.CKKS, poly_modulus_degree=RING, coeff_mod_bit_sizes=PRIMES
        )  # fmt: skip
        self.context.global_scale = SCALE
        # A sample in each slot, a ciphertext for each pixel.
        pixels = tenseal.plain_tensor(samples.double().numpy()[:, None, :])
        encrypted = tenseal.ckks_tensor(self.context, pixels, batch=True)
        self._progress("first layer")
        self.first = self._linear(encrypted, first)
        self.seconds = time.perf_counter() - self.begun

    def logits(self, model, name):
        begun, values = time.perf_counter(), self.first
        for number, layer in enumerate(model[1:], 2):
            self._progress(f"{name}: layer {number} of {len(model)}")
            if isinstance(layer, nn.Linear):
                values = self._linear(values, layer)
            else:
                values = values.polyval(coefficients_of(layer))
        return np.array(values.decrypt().tolist())[:, 0], time.perf_counter() - begun

    def _progress(self, text):
        print(f"{time.perf_counter() - self.begun:6.0f} s  {text}", file=sys.stderr, flush=True)

    @staticmethod
    def _linear(values, layer):
        weight, bias = (tensor.detach().double().numpy() for tensor in (layer.weight, layer.bias))
        return values.mm(tenseal.plain_tensor(weight.T)) + tenseal.plain_tensor(bias[None])


def upward(bound):
    """Four digits of a bound that are no less than it."""
    return f"{float(Context(prec=4, rounding=ROUND_CEILING).create_decimal(bound)):.4g}"


def row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def header(*cells):
    row(*cells)
    print("|" + "---|" * len(cells))


def compare(networks):
    """Accuracies of every kind of polynomial for every seed, and the largest error of a logit."""
    print("\nTest accuracy by seed, evaluated in plain:\n")
    header("activations", "degree", *(f"seed {seed}" for seed in networks), "largest error of a logit")
    exact = [accuracy(network["model"], *network["test"]) for network in networks.values()]
    row("tanh", "", *(f"{part:.3f}" for part in exact), "")
    found = {("tanh", None): exact}
    for degree in (3, *DEGREES):
        kinds = {seed: network["kinds"][degree] for seed, network in networks.items()}
        for name in next(iter(kinds.values())):
            models = [(networks[seed], models[name]) for seed, models in kinds.items()]
            scores = [accuracy(model, *network["test"]) for network, model in models]
            errors = [logit_error(network["model"], model, network["test"][0]) for network, model in models]
            row(name, degree, *(f"{score:.3f}" for score in scores), f"{max(errors):.3g}")
            found[name, degree] = scores
    return found


def ranges(network, degree):
    """The polynomials of approximate_activations, and what the test set does to them."""
    model, report = network["model"], network["reports"][degree]
    pixels, _ = network["test"]
    print(f"\nBest polynomials of degree {degree}, seed {SEEDS[0]}:\n")
    print(report)
    seen = inputs_of_activations(network["kinds"][degree]["best on the range"], pixels)
    print()
    header("module", "largest error on the test set", "certified", "test values", "outside what training showed",
           "outside the range")  # fmt: skip
    for part, x in zip(report, seen, strict=True):
        p, values = part.approximation, x.double().numpy().ravel()
        inside = (values >= part.on[0]) & (values <= part.on[1])
        beyond = int(((values < part.seen[0]) | (values > part.seen[1])).sum())
        error = np.abs(p(values) - np.tanh(values))[inside].max()
        row(part.name, f"{error:.4g}", upward(part.error), values.size, beyond, int((~inside).sum()))
    best = network["kinds"][degree]["best on the range"]
    print(f"\nlargest error of a logit: {logit_error(model, best, pixels):.3g}; certified, where all values lie in "
          f"the ranges: {upward(logit_bound(model, report))}")  # fmt: skip


def encrypted(network, samples, quick):
    """The networks of one seed on encrypted samples."""
    pixels, labels = (part[:samples] for part in network["test"])
    work = Encrypted(pixels, network["model"][0])
    print(f"\n{len(pixels)} encrypted test samples, seed {SEEDS[0]}. Keys, encryption and the first layer, which all")
    print(f"have in common, took {work.seconds:.0f} s; the others:\n")
    header("activations", "degree", "accuracy encrypted", "in plain", "largest difference of a logit", "seconds")
    for degree in DEGREES[:1] if quick else (3, *DEGREES):
        for name, model in network["kinds"][degree].items():
            if quick and name != "best on the range":
                continue
            plain, largest = copy.deepcopy(model).double(), 0.0
            with torch.no_grad():
                values = pixels.double()
                for layer in plain:
                    values = layer(values)
                    largest = max(largest, values.abs().max().item())
            score = f"{accuracy(model, pixels, labels):.3f}"
            if largest > LARGEST:
                row(name, degree, "-", score, f"values up to {largest:.1g} do not fit beside the scale", "-")
                continue
            logits, seconds = work.logits(model, f"{name}, degree {degree}")
            found = (logits.argmax(1) == labels.numpy()).mean()
            row(name, degree, f"{found:.3f}", score, f"{np.abs(logits - values.numpy()).max():.2g}", f"{seconds:.0f}")


def draw(network, scores, path):
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.6), layout="constrained", width_ratios=(3, 2))
    part = network["reports"][5][1]
    values = inputs_of_activations(network["model"], network["train"][0])[1].numpy().ravel()
    x = np.linspace(*part.on, 400)
    density = left.twinx()
    density.hist(values, bins=60, color="0.85")
    density.set_yticks([])
    left.set_zorder(density.get_zorder() + 1)
    left.patch.set_visible(False)
    left.plot(x, np.tanh(x), color="black", label="tanh")
    colors = {"tanh": "black", CUBIC: "C4"}
    for (name, model), style in zip(network["kinds"][5].items(), ("-", "--", "-.", ":"), strict=True):
        colors[name] = f"C{len(colors) - 2}"
        with torch.no_grad():
            y = copy.deepcopy(model[3]).double()(torch.tensor(x)).numpy()
        left.plot(x, y, style, color=colors[name], label=name)
    left.set_ylim(-1.6, 1.6)
    left.set_title("second activation, degree 5; grey: the values that it sees", fontsize="medium")
    left.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=2, frameon=False)
    for height, ((name, _), dots) in enumerate(scores.items()):
        right.plot(dots, [height] * len(dots), "o", color=colors[name], alpha=0.7)
    labels = [f"{name}, degree {degree}" if degree else name for name, degree in scores]
    right.set_yticks(range(len(scores)), labels, fontsize="small")
    right.invert_yaxis()
    right.set_xlim(-0.03, 1.03)
    right.grid(axis="x", color="0.9")
    right.set_title("test accuracy, a dot for each seed", fontsize="medium")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="a smaller network, one seed, one encrypted evaluation")
    parser.add_argument("--samples", type=int, help="encrypted test samples: all by default, at most 8192")
    parser.add_argument("--output", type=Path, help=f"the picture; {PICTURE.name} in docs/pictures by default")
    arguments = parser.parse_args()
    samples = arguments.samples if arguments.samples is not None else 16 if arguments.quick else RING // 2
    if not 1 <= samples <= RING // 2:
        parser.error(f"--samples must lie between 1 and {RING // 2}, the slots of a ciphertext; it is {samples}")
    hidden, epochs = ((16, 8), 20) if arguments.quick else ((64, 32), 60)
    networks = {}
    for seed in SEEDS[:1] if arguments.quick else SEEDS:
        train_pixels, test_pixels, train_labels, test_labels = digits(seed)
        model = train(train_pixels, train_labels, seed, hidden, epochs)
        network = {"model": model, "train": (train_pixels, train_labels), "test": (test_pixels, test_labels),
                   "kinds": {3: {CUBIC: cubic(model)}}, "reports": {}}  # fmt: skip
        for degree in DEGREES:
            network["kinds"][degree], network["reports"][degree] = candidates(model, train_pixels, degree)
        networks[seed] = network
    scores = compare(networks)
    first = networks[SEEDS[0]]
    for degree in DEGREES:
        ranges(first, degree)
    if tenseal is None:
        print("\ntenseal is not installed (pip install tenseal): the polynomials were evaluated in plain only")
    else:
        encrypted(first, samples, arguments.quick)
    path = arguments.output or (None if arguments.quick else PICTURE)
    if path is None:
        return
    try:
        draw(first, scores, path)
        print(f"wrote {path}", file=sys.stderr)
    except ImportError as reason:
        print(f"no picture: {reason}", file=sys.stderr)


if __name__ == "__main__":
    main()
