"""TaylorFeatures over a basis."""

import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

import maclaurin as mc
from maclaurin.sklearn import TaylorFeatures

X = np.random.default_rng(0).uniform(-1, 1, (50, 3))


def test_columns_are_the_polynomials():
    b = mc.basis("legendre", 3)
    features = TaylorFeatures(b, constant=True).fit(X)
    expected = np.polynomial.legendre.legvander(X, 3)
    found = features.transform(X)
    assert np.allclose(found, np.hstack([np.ones((50, 1))] + [expected[:, :, k] for k in (1, 2, 3)]), atol=1e-14)
    names = features.get_feature_names_out(["a", "b", "c"]).tolist()
    assert names[:4] == ["1", "legendre_1(a)", "legendre_1(b)", "legendre_1(c)"] and len(names) == found.shape[1] == 10
    assert features.series_ == b and clone(features).fit(X).transform(X).tolist() == found.tolist()
    assert np.array_equal(pickle.loads(pickle.dumps(features)).transform(X), found)


@pytest.mark.parametrize("name, parameters", [("legendre", {"on": (-2, 3)}), ("jacobi", {"alpha": 1, "beta": 0.5}),
                                              ("laguerre", {}), ("monomial", {})])  # fmt: skip
def test_features_come_back(name, parameters):
    features = TaylorFeatures(mc.basis(name, 3, **parameters), scale=[1.0, 2.0, -0.5], shift=0.25, constant=True)
    assert np.allclose(features.inverse_transform(features.fit_transform(X)), X, atol=1e-13)
    squashed = TaylorFeatures(mc.basis(name, 3, squash="tanh", **parameters)).fit(X)
    with pytest.raises(ValueError, match="feature 0 has none"):
        squashed.inverse_transform(squashed.transform(X))


def test_products_and_pipelines():
    features = TaylorFeatures(mc.basis("chebyshev", 2), interactions=2).fit(X)
    assert "chebyshev_1(x0) chebyshev_1(x1)" in features.get_feature_names_out()
    y = X[:, 0] * X[:, 1] + X[:, 2] ** 2
    assert make_pipeline(features, LinearRegression()).fit(X, y).score(X, y) > 1 - 1e-12


def test_what_is_refused():
    features = TaylorFeatures(mc.basis("legendre", 2))
    with pytest.raises(ValueError, match=r"pass X.toarray\(\)"):
        features.fit(sparse.csr_matrix(X))
    assert not features.__sklearn_tags__().input_tags.sparse
    for kind in ("sum", "partial_sums"):
        with pytest.raises(ValueError, match="no coefficients to sum up"):
            TaylorFeatures(mc.basis("legendre", 2), kind=kind).fit(X)
