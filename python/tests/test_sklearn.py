"""TaylorFeatures as scikit-learn's own checks and tools see it."""

import numpy as np
import pytest

import maclaurin as mc

pytest.importorskip("sklearn")
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from maclaurin.sklearn import TaylorFeatures

X = np.random.default_rng(0).uniform(-1, 1, (20, 3))


@pytest.mark.filterwarnings("ignore::maclaurin.RadiusWarning", "ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([TaylorFeatures(), TaylorFeatures("exp(x)", order=2, kind="sum")])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("kind", ["terms", "powers", "partial_sums", "sum"])
def test_columns_are_the_expansion_degree_after_degree(kind):
    features = TaylorFeatures("exp(x)", order=3, at=1, kind=kind, constant=True, scale=0.5, shift=0.25)
    series = mc.taylor("exp(x)", order=3, at=1)
    expected = mc.expand(X, series, kind=kind, constant=True, axis=1, stack=False, scale=0.5, shift=0.25)
    assert np.array_equal(features.fit_transform(X), expected)
    assert len(features.get_feature_names_out()) == expected.shape[1]
    assert features.fit_transform(X.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["x0/2", "x0^2/8", "-x0^4/192"]),
        ({"constant": True}, ["log(2)", "x0/2", "x0^2/8", "-x0^4/192"]),
        ({"kind": "powers", "degrees": [1, 3]}, ["x0", "x0^3"]),
        ({"function": "exp(x)", "at": 1, "order": 2}, ["e*(x0 - 1)", "e/2*(x0 - 1)^2"]),
        ({"function": "1/x", "at": -2, "order": 2, "shift": -2}, ["-(x0 - 2 + 2)/4", "-(x0 - 2 + 2)^2/8"]),
        ({"function": "x^2 + 3*x", "order": 2, "scale": 0.5}, ["3*(0.5*x0)", "(0.5*x0)^2"]),
        ({"kind": "sum"}, ["softplus(x0) to 4"]),
        (
            {"kind": "partial_sums", "function": "log(1 + x)", "order": 2},
            ["log(1 + x) of x0 to 1", "log(1 + x) of x0 to 2"],
        ),
        ({"function": np.exp, "order": 1}, ["x0"]),
    ],
)
def test_names_are_the_terms(options, names):
    features = TaylorFeatures(**options).fit(X[:, :1])
    assert features.get_feature_names_out().tolist() == names


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_tables(library):
    frames = pytest.importorskip(library)
    table = frames.DataFrame({"height": X[:, 0], "width": X[:, 1]})
    out = TaylorFeatures(order=2).set_output(transform=library).fit_transform(table)
    assert list(out.columns) == ["height/2", "width/2", "height^2/8", "width^2/8"]
    assert isinstance(out, frames.DataFrame)


def test_it_works_in_pipelines_and_searches():
    digits = load_digits()
    features = ColumnTransformer([("middle", TaylorFeatures(scale=1 / 16), slice(20, 44))], remainder="passthrough")
    model = make_pipeline(features, LogisticRegression(max_iter=1000))
    search = GridSearchCV(model, {"columntransformer__middle__order": [1, 2]}, cv=2)
    search.fit(digits.data[:300], digits.target[:300])
    assert search.best_score_ > 0.7
    assert clone(TaylorFeatures(order=7, at="1/2")).get_params()["at"] == "1/2"


def test_what_is_refused():
    with pytest.raises(TypeError, match="[Ss]parse"):
        TaylorFeatures().fit(sparse.csr_array(X))
    with pytest.raises(mc.NotAnalyticError):
        TaylorFeatures("log(x)").fit(X)
    with pytest.raises(ValueError, match="on_radius"):
        TaylorFeatures(on_radius="shout").fit(X)
    with pytest.raises(ValueError, match="kind"):
        TaylorFeatures(kind="term").fit(X)


def test_values_outside_the_radius():
    with pytest.warns(mc.RadiusWarning, match="radius of convergence is pi"):
        TaylorFeatures().fit(5 * X)
    with pytest.raises(ValueError, match="scale=0.4"):
        TaylorFeatures(on_radius="raise").fit(5 * X)
    TaylorFeatures(kind="powers").fit(5 * X)
    features = TaylorFeatures(on_radius="ignore").fit(5 * X)
    assert features.transform(9 * X).shape == (20, 9)
    with pytest.warns(mc.RadiusWarning):
        TaylorFeatures().fit(X).transform(5 * X)
