"""Ridge regression on raw features, powers, orthogonal polynomials and splines: four small tasks of scikit-learn.

    python examples/regression.py

Each feature is mapped to [-1, 1] by what it is in the training half (values of the test half beyond are clipped) and
becomes five columns; the penalty is chosen by cross-validation on the training half. Prints the coefficient of
determination on the test half, mean and standard deviation of ten splits, as the table of docs/training.md.
"""

import argparse

import numpy as np
from sklearn.datasets import load_diabetes, make_friedman1, make_friedman2, make_friedman3
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, SplineTransformer

import maclaurin as mc
from maclaurin.sklearn import TaylorFeatures

DEGREE = 5
TASKS = {
    "diabetes": lambda seed: load_diabetes(return_X_y=True),
    "friedman1": lambda seed: make_friedman1(400, noise=1.0, random_state=seed),
    "friedman2": lambda seed: make_friedman2(400, noise=125.0, random_state=seed),
    "friedman3": lambda seed: make_friedman3(400, noise=0.1, random_state=seed),
}
FEATURES = {
    "raw": lambda: "passthrough",
    "powers": lambda: TaylorFeatures(mc.basis("monomial", DEGREE)),
    "Legendre": lambda: TaylorFeatures(mc.basis("legendre", DEGREE)),
    "Chebyshev": lambda: TaylorFeatures(mc.basis("chebyshev", DEGREE)),
    # Five columns too.
    "splines": lambda: SplineTransformer(n_knots=3, degree=3),
    "powers, products": lambda: TaylorFeatures(mc.basis("monomial", DEGREE), interactions=DEGREE),
    "Legendre, products": lambda: TaylorFeatures(mc.basis("legendre", DEGREE), interactions=DEGREE),
}


def score(task, features, seed):
    """The coefficient of determination on the half that was not trained on."""
    X, y = TASKS[task](seed)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.5, random_state=seed)
    scaler = MinMaxScaler((-1, 1), clip=True)
    model = make_pipeline(scaler, FEATURES[features](), RidgeCV(np.logspace(-4, 4, 17)))
    return model.fit(X, y).score(X_test, y_test)


def main():
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two splits: to see that it runs")
    splits = 2 if parser.parse_args().quick else 10
    print("| | " + " | ".join(TASKS) + " |")
    print("|---|" + "---|" * len(TASKS))
    for features in FEATURES:
        found = [np.array([score(task, features, seed) for seed in range(splits)]) for task in TASKS]
        print(f"| {features} | " + " | ".join(f"{s.mean():.3f} ± {s.std():.3f}" for s in found) + " |")


if __name__ == "__main__":
    main()
