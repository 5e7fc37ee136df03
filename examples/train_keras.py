"""Does a network gain from expanded pixels? Keras 3, equal parameters, several seeds.

    KERAS_BACKEND=jax python examples/train_keras.py

Scikit-learn's digits (1797 of 8 x 8 pixels, a third of them for the test), classified. Prints a
table in Markdown. `--quick` trains for one epoch, to see that it works.
"""

import argparse
import statistics

import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from maclaurin.keras import TaylorActivation, TaylorExpansion

ARMS = {
    "plain pixels": [],
    "terms of log(1 + exp(x)), order 4": [("log(1 + exp(x))", "terms")],
    "powers, order 4": [("exp(x)", "powers")],
}


def build(expansions, width, activation="relu"):
    layers = [TaylorExpansion(function, order=4, kind=kind) for function, kind in expansions]
    activations = [
        TaylorActivation("softplus", order=4) if activation == "taylor" else keras.layers.Activation(activation)
        for _ in range(2)
    ]
    return keras.Sequential([
        keras.Input(shape=(8, 8, 1)), *layers,
        keras.layers.Conv2D(width, 3, padding="same"), activations[0], keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(16, 3, padding="same"), activations[1], keras.layers.MaxPooling2D(),
        keras.layers.Flatten(), keras.layers.Dense(10),
    ])  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    digits = load_digits()
    train, test, train_labels, test_labels = train_test_split(
        digits.images[..., None] / 16, digits.target, test_size=1 / 3, random_state=0, stratify=digits.target
    )
    size = build([], 16).count_params()
    print("| network | parameters | test accuracy, %: mean | standard deviation |")
    print("|---|---|---|---|")
    arms = [(name, expansions, "relu") for name, expansions in ARMS.items()]
    arms += [("plain pixels, TaylorActivation of softplus", [], "taylor")]
    for name, expansions, activation in arms:
        # A filter of the first layer costs its weights, its bias, and the weights that read it.
        thinnest = build(expansions, 1, activation).count_params()
        each = build(expansions, 2, activation).count_params() - thinnest
        width = 1 + (size - thinnest) // each
        scores = []
        for seed in range(1 if quick else 5):
            keras.utils.set_random_seed(seed)
            network = build(expansions, width, activation)
            network.compile(
                keras.optimizers.Adam(3e-3),
                keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                metrics=["accuracy"],
            )
            network.fit(train, train_labels, batch_size=64, epochs=1 if quick else 60, verbose=0)
            scores.append(100 * network.evaluate(test, test_labels, verbose=0)[1])
        spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
        print(f"| {name} | {network.count_params()} | {statistics.fmean(scores):.2f} | {spread:.2f} |", flush=True)


if __name__ == "__main__":
    main()
