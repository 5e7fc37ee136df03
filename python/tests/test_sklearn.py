"""TaylorFeatures as scikit-learn's own checks and tools see it."""

import pickle

import numpy as np
import pytest

import maclaurin as mc

pytest.importorskip("sklearn")
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.utils.estimator_checks import parametrize_with_checks

from maclaurin.sklearn import TaylorFeatures

X = np.random.default_rng(0).uniform(-1, 1, (20, 3))


@pytest.mark.filterwarnings("ignore::maclaurin.RadiusWarning", "ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [
        TaylorFeatures(),
        TaylorFeatures("exp(x)", order=2, kind="sum"),
        TaylorFeatures("exp(x)", order=2, constant=True, interactions=3),
    ]
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("kind", ["terms", "powers", "partial_sums", "sum"])
def test_columns_are_the_expansion_degree_after_degree(kind):
    features = TaylorFeatures("exp(x)", order=3, at=1, kind=kind, scale=0.5, shift=0.25)
    series = mc.taylor("exp(x)", order=3, at=1)
    expected = mc.expand(X, series, kind=kind, axis=1, stack=False, scale=0.5, shift=0.25)
    assert np.array_equal(features.fit_transform(X), expected)
    assert len(features.get_feature_names_out()) == expected.shape[1] == features.n_output_features_
    assert features.fit_transform(X.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("kind", "at", "names", "values"),
    [
        ("powers", 1, ["1"], [1.0]),
        ("powers", [0, 1, 2], ["1"], [1.0]),
        ("terms", 1, ["e"], [np.e]),
        ("partial_sums", 1, ["e"], [np.e]),
        ("terms", [0, 1, 0], ["1", "e"], [1.0, np.e]),
    ],
)
def test_the_constant_is_one_column(kind, at, names, values):
    options = {"function": "exp(x)", "order": 2, "at": at, "kind": kind}
    features = TaylorFeatures(constant=True, **options)
    found = features.fit_transform(X)
    assert np.array_equal(found[:, : len(values)], np.tile(values, (20, 1)))
    assert np.array_equal(found[:, len(values) :], TaylorFeatures(**options).fit_transform(X))
    columns = features.get_feature_names_out().tolist()
    assert columns[: len(names)] == names
    assert len(set(columns)) == len(columns) == found.shape[1]


def test_a_constant_alone():
    features = TaylorFeatures("cos(x)", order=1, constant=True, interactions=2)
    assert features.fit_transform(X).tolist() == [[1.0]] * 20
    assert features.get_feature_names_out().tolist() == ["1"]


def test_what_was_fitted_stays_until_the_next_fit():
    features = TaylorFeatures(order=2, constant=True).fit(X)
    values, names = features.transform(X), features.get_feature_names_out()
    later = {"function": "1/(1 - x)", "order": 13, "at": 0.5, "kind": "powers", "degrees": "all", "constant": False}
    features.set_params(**later, scale=3.0, shift=1.0, interactions=2)
    assert np.array_equal(features.transform(X), values)
    assert features.get_feature_names_out().tolist() == names.tolist()
    features.set_params(scale=0.1, shift=0.5).fit(X)
    assert features.transform(X).shape[1] == len(features.get_feature_names_out()) == features.n_output_features_ == 42


@pytest.mark.parametrize("kind", ["terms", "powers", "partial_sums", "sum"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_points_scales_and_shifts_of_each_feature(kind, dtype):
    at, scale, shift = ["0", "pi/2", "0"], np.array([0.5, 1.0, 2.0]), [0.0, 1.5, -0.25]
    features = TaylorFeatures("sin(x)", order=4, at=at, kind=kind, scale=scale, shift=shift)
    x = X.astype(dtype)
    found = features.fit_transform(x)
    columns = []
    for feature, (point, a, b) in enumerate(zip(at, scale, shift)):
        series = mc.taylor("sin(x)", order=4, at=point)
        t = (a * X[:, feature] + b) - series.center
        terms = [series.coefficients[degree] * t**degree for degree in range(5)]
        for degree in series.degrees:
            value = {"terms": terms[degree], "powers": t**degree, "partial_sums": sum(terms[: degree + 1])}.get(kind)
            columns.append((degree, feature, value))
        if kind == "sum":
            columns[-len(series.degrees) :] = [(4, feature, sum(terms))]
    # Degree after degree: 1 and 3 of the sine about 0, 2 and 4 of the sine about its maximum.
    expected = [value for _, _, value in sorted(columns, key=lambda column: column[:2])]
    np.testing.assert_allclose(found, np.array(expected).T, rtol=1e-5 if dtype == np.float32 else 1e-13, atol=1e-6)
    assert found.dtype == dtype
    if kind == "powers":
        names = ["0.5*x0", "2*x2 - 0.25", "x1 + 1.5 - pi/2", "0.5*x0"]
        assert features.get_feature_names_out()[0] == f"({names[0]})"
        assert features.get_feature_names_out()[2] == f"({names[2]})^2"


@pytest.mark.parametrize("options", [{"degree": 2}, {"degree": 4}, {"degree": 3, "interaction_only": True}])
@pytest.mark.parametrize("bias", [False, True])
def test_interactions_are_those_of_polynomial_features(options, bias):
    polynomial = PolynomialFeatures(**options, include_bias=bias).fit(X)
    degree = options["degree"]
    order = 1 if "interaction_only" in options else degree
    features = TaylorFeatures(
        "exp(x)", order=order, kind="powers", degrees="all", constant=bias, interactions=degree
    ).fit(X)
    np.testing.assert_allclose(features.transform(X), polynomial.transform(X), rtol=1e-14)
    assert features.get_feature_names_out().tolist() == polynomial.get_feature_names_out().tolist()
    assert features.n_output_features_ == polynomial.n_output_features_


def test_interactions_of_terms_are_products_of_terms():
    features = TaylorFeatures("log(1 + exp(x))", order=4, degrees=[1, 4], interactions=5, at=[0, 0, 1]).fit(X)
    table = dict(zip(features.get_feature_names_out(), features.transform(X).T))
    np.testing.assert_allclose(table["x0 x1/4"], X[:, 0] * X[:, 1] / 4, rtol=1e-14)
    np.testing.assert_allclose(table["-x0^4 x1/384"], -(X[:, 0] ** 4) * X[:, 1] / 384, rtol=1e-14)
    third = mc.taylor("log(1 + exp(x))", order=4, at=1)
    (name,) = (name for name in table if name.startswith("x0/2 ") and name.endswith("(x2 - 1)") and "x1" not in name)
    np.testing.assert_allclose(table[name], X[:, 0] / 2 * third.coefficients[1] * (X[:, 2] - 1), rtol=1e-14)
    # Six of one feature, three of x x, six of x^4 x, one of x x x.
    assert len(table) == features.n_output_features_ == 16
    with pytest.raises(ValueError, match="1000 features are .* columns, more than 1000000"):
        TaylorFeatures(interactions=3).fit(np.zeros((1, 1000)))


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix, sparse.csc_matrix])
@pytest.mark.parametrize(
    "options",
    [
        {"order": 3},
        {"kind": "powers", "order": 3, "degrees": [3, 1], "scale": 0.5},
        {"function": "sin(x)", "scale": [0.5, 1.0, 2.0]},
        {"kind": "powers", "order": 2, "interactions": 3},
        {"function": "1/(2 - x)", "interactions": 2, "at": [0, "0", 0.0], "scale": [0.5, 1.0, 2.0], "order": 2},
    ],
)
def test_sparse_stays_sparse(container, options):
    dense = np.where(np.abs(X) < 0.6, 0, X).astype(np.float32)
    features = TaylorFeatures(**options)
    expected = features.fit_transform(dense)
    found = features.fit_transform(container(dense))
    assert type(found) is container
    assert found.dtype == np.float32
    assert found.nnz == np.count_nonzero(expected)
    np.testing.assert_array_equal(found.toarray(), expected)
    np.testing.assert_allclose(features.inverse_transform(found).toarray(), dense, rtol=1e-6)


def test_sparse_values_outside_the_radius():
    dense = np.zeros((3, 3))
    dense[1, 2] = 4.0
    dense[2, 0] = np.nan
    for container in (sparse.csr_array, sparse.csc_array):
        with pytest.raises(ValueError, match=r"^values between 4 and 4 reach 4 "):
            TaylorFeatures(on_radius="raise").fit(container(dense))
        assert TaylorFeatures(on_radius="raise").fit_transform(container((3, 3))).nnz == 0
        with pytest.raises(ValueError, match=r"^x2: values between .* reach 8 "):
            TaylorFeatures(on_radius="raise", scale=[0, 1, 2]).fit(container(dense))


@pytest.mark.parametrize("kind", ["terms", "powers", "partial_sums", "sum"])
def test_nan_passes_through(kind):
    holes = X.copy()
    holes[3, 1] = holes[7, :] = np.nan
    features = TaylorFeatures("exp(x)", order=2, kind=kind).fit(holes)
    found, full = features.transform(holes), features.transform(X)
    missing = np.tile(np.isnan(holes), found.shape[1] // 3)
    assert np.isnan(found[missing]).all()
    assert np.array_equal(found[~missing], full[~missing])


@pytest.mark.parametrize("kind", ["terms", "powers", "partial_sums"])
def test_features_come_back(kind):
    options = {"at": [0, 1, 0], "scale": 0.5, "shift": [0.0, 0.25, 1.0], "kind": kind, "constant": True}
    if kind != "partial_sums":
        options["interactions"] = 3
    features = TaylorFeatures("exp(x)", order=2, **options).fit(X)
    np.testing.assert_allclose(features.inverse_transform(features.transform(X)), X, atol=1e-14)
    with pytest.raises(ValueError, match="X has 2 columns"):
        features.inverse_transform(X[:, :2])
    even = TaylorFeatures("cos(x)", order=2).fit(X)
    with pytest.raises(ValueError, match="columns of degree 1"):
        even.inverse_transform(even.transform(X))


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


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_tables_with_a_constant_and_interactions(library):
    frames = pytest.importorskip(library)
    table = frames.DataFrame({"height": X[:, 0], "width": X[:, 1]})
    features = TaylorFeatures(order=2, kind="powers", constant=True, interactions=2, scale=[1, 2])
    out = features.set_output(transform=library).fit_transform(table)
    assert list(out.columns) == ["1", "height", "(2*width)", "height^2", "height (2*width)", "(2*width)^2"]
    assert np.array_equal(out.to_numpy(), pickle.loads(pickle.dumps(features)).transform(table).to_numpy())
    copy = clone(features).fit(table)
    assert copy.get_feature_names_out().tolist() == list(out.columns)


def test_it_works_in_pipelines_and_searches():
    digits = load_digits()
    features = ColumnTransformer([("middle", TaylorFeatures(scale=1 / 16), slice(20, 44))], remainder="passthrough")
    model = make_pipeline(features, LogisticRegression(max_iter=1000))
    search = GridSearchCV(model, {"columntransformer__middle__order": [1, 2]}, cv=2)
    search.fit(digits.data[:300], digits.target[:300])
    assert search.best_score_ > 0.7
    assert clone(TaylorFeatures(order=7, at="1/2")).get_params()["at"] == "1/2"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_radius": "shout"}, "on_radius 'shout' is none of"),
        ({"kind": "term"}, "kind 'term' is none of"),
        ({"degrees": [1, 2, 1]}, r"degrees \[1, 2, 1\] has a degree twice"),
        ({"kind": "sum", "degrees": "all"}, "leave out degrees='all'"),
        ({"kind": "sum", "degrees": [1]}, r"leave out degrees=\[1\]"),
        ({"kind": "sum", "constant": True}, "leave out constant=True"),
        ({"kind": "sum", "interactions": 2}, "kind 'sum' has none"),
        ({"kind": "partial_sums", "interactions": 2}, "kind 'partial_sums' has none"),
        ({"interactions": True}, "not True"),
        ({"interactions": 0}, "not 0"),
        ({"at": [0, 1]}, "at has 2 points; it must be one, or one for each of 3 features"),
        ({"scale": [1.0, 2.0]}, r"scale has shape \(2,\)"),
        ({"shift": [[1.0, 2.0, 3.0]]}, r"shift has shape \(1, 3\)"),
        ({"scale": np.inf}, "scale must be finite, not inf"),
        ({"shift": [0, np.nan, 0]}, "shift must be finite"),
        ({"function": "log(x)"}, "no Taylor series at x = 0"),
    ],
)
def test_what_is_refused(options, message):
    features = TaylorFeatures(**options)
    with pytest.raises(ValueError, match=message):
        features.fit(X)
    with pytest.raises(NotFittedError):
        features.transform(X)


@pytest.mark.parametrize(
    "options",
    [
        {"constant": True},
        {"kind": "sum"},
        {"kind": "partial_sums"},
        {"at": 1},
        {"shift": 0.5},
        {"at": [0, 1, 0], "shift": [0, 0, 1]},
    ],
)
def test_sparse_that_cannot_stay_sparse_is_refused(options):
    features = TaylorFeatures("exp(x)", **options)
    with pytest.raises(ValueError, match=r"pass X\.toarray\(\)"):
        features.fit(sparse.csr_array(X))
    assert features.fit_transform(sparse.csr_array(X).toarray()).shape[0] == 20
    holes = np.where(X > 0, np.nan, 0)
    with pytest.raises(ValueError, match="product of NaN and zero"):
        TaylorFeatures(interactions=2).fit(sparse.csr_array(holes))
    with pytest.raises(TypeError):
        TaylorFeatures(degrees=[1.5]).fit(X)


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


def test_all_values_are_looked_at_for_the_radius():
    wide = np.zeros((300_000, 2), np.float32)
    wide[0] = np.nan
    wide[123_457, 1] = -3.5
    with pytest.raises(ValueError, match=r"^values between -3\.5 and 0 reach 3\.5 "):
        TaylorFeatures(on_radius="raise").fit(wide)
    with pytest.raises(ValueError, match=r"^x1: values between -3\.5 and"):
        TaylorFeatures(on_radius="raise", shift=[3.0, 0.0]).fit(wide)
    TaylorFeatures(on_radius="raise", shift=[3.0, 3.0]).fit(wide)
    TaylorFeatures(on_radius="raise").fit(np.full((2, 2), np.nan))
    for infinity in (np.inf, -np.inf):
        wide[5, 0] = infinity
        with pytest.raises(ValueError, match="infinity"):
            TaylorFeatures(on_radius="ignore").fit(wide)


def test_an_invalid_on_radius_after_fit_is_refused():
    features = TaylorFeatures().fit(X).set_params(on_radius="shout")
    with pytest.raises(ValueError, match="shout"):
        features.transform(X)


def test_options_of_each_feature_are_as_precise_as_one_for_all():
    x = np.array([[1e6 + 0.5] * 2], np.float32)
    options = {"order": 1, "at": 1e6, "kind": "powers"}
    found = TaylorFeatures("exp(x)", shift=[0.01, 0.02], **options).fit_transform(x)
    assert found.dtype == np.float32 and np.allclose(found, [[0.51, 0.52]], rtol=1e-6)


def test_duplicate_entries_of_sparse_matrices_are_summed_first():
    twice = sparse.csr_matrix((np.array([0.5, 0.5]), np.array([0, 0]), np.array([0, 2])), shape=(1, 2))
    features = TaylorFeatures("exp(x)", order=2)
    assert np.array_equal(features.fit_transform(twice).toarray(), features.fit_transform(twice.toarray()))
    assert twice.nnz == 2


def test_names_of_high_orders_have_rounded_coefficients():
    features = TaylorFeatures("tanh(x)", order=2001, on_radius="ignore").fit([[0.5]])
    names = features.get_feature_names_out()
    assert names[0] == "x0" and max(map(len, names)) < 100


def test_a_scale_is_advised_where_it_is_known_to_fit():
    with pytest.raises(ValueError, match="would fit"):
        TaylorFeatures("log1p(x)", on_radius="raise").fit([[-0.5], [7.0]])
    for options in ({"at": 2}, {"shift": 0.5}):
        with pytest.raises(ValueError, match="radius of convergence") as error:
            TaylorFeatures("log1p(x)", on_radius="raise", **options).fit([[-0.5], [7.0]])
        assert "would fit" not in str(error.value)


def test_an_approximation_has_its_own_order_and_range():
    p = mc.approximate("gelu", degree=6, on=(-3, 3))
    X = np.linspace(-3, 3, 12).reshape(6, 2)
    features = TaylorFeatures(p, kind="terms", constant=True).fit(X)
    assert features.series_ is p
    out = features.transform(X)
    assert np.allclose(out[:, 0] + out[:, 1::2].sum(1), p(X[:, 0]), atol=1e-12)
    total = TaylorFeatures(p, kind="sum").fit(X)
    assert total.get_feature_names_out().tolist() == ["gelu(x0) to 6", "gelu(x1) to 6"]
    assert np.allclose(total.transform(X), p(X), atol=1e-12)
    with pytest.warns(mc.RadiusWarning, match=r"x1: values between -2.45455 and 4 leave the range \[-3, 3\]"):
        total.transform(np.where(X == 3, 4, X))
    again = clone(total).fit(X)
    assert (again.transform(X) == total.transform(X)).all()
    high = mc.approximate("sigmoid", degree=40, on=(-10, 10))
    assert np.allclose(TaylorFeatures(high, kind="sum").fit_transform(X), high(X), rtol=0, atol=1e-15)
    with pytest.raises(ValueError, match="ill-conditioned"):
        TaylorFeatures(high, kind="partial_sums").fit(X)
