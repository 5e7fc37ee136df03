"""Python functions as functions: read where they can be, estimated where not."""

import functools
import math
import pickle

import mpmath
import numpy as np
import pytest
import scipy.special

import maclaurin as mc
from maclaurin.compat import approximate_taylor_polynomial

READ = [
    (lambda x: np.log(1 + np.exp(x)), "log(1 + exp(x))"),
    (lambda x: 1 / (2 - x) ** 2 - 3, "1/(2 - x)^2 - 3"),
    (lambda x: -(x**2) * np.float64(0.1), "(-x^2)*0.1"),
    (lambda x: 2.0**x + np.power(x + 1, -1.5), "2.0^x + (x + 1)^(-1.5)"),
    (lambda x: scipy.special.expit(x) * np.arctan(x), "expit(x)*arctan(x)"),
    (lambda x: np.maximum(x + 1, 0), "maximum(x + 1, 0)"),
    (lambda x: np.square(np.negative(x)) / np.array(4), "square(-x)/4"),
    (lambda x: 3, "3"),
    (np.cosh, "cosh(x)"),
    (lambda x: scipy.special.jv(2, x) + scipy.special.gamma(x + 2), "jv(2, x) + gamma(x + 2)"),
    (scipy.special.ndtr, "ndtr(x)"),
]


@pytest.mark.parametrize(("f", "text"), READ)
def test_what_numpy_computes_is_read(f, text):
    function = mc.trace(f)
    assert function.text == text
    x = np.linspace(-0.9, 0.9, 19)
    assert np.allclose(function(x), f(x), rtol=1e-14, atol=1e-15)


def test_every_function_that_is_read_is_its_function():
    from maclaurin.tracing import DEFINITIONS, SPELLINGS

    x = np.linspace(0.1, 0.9, 9)
    read = 0
    for name in [*SPELLINGS, *DEFINITIONS]:
        ufunc = getattr(np, name, None) or getattr(scipy.special, name, None)
        if not isinstance(ufunc, np.ufunc) or ufunc.__name__ not in {*SPELLINGS, *DEFINITIONS}:
            continue
        known = SPELLINGS.get(ufunc.__name__)
        if known and ufunc.__name__ not in DEFINITIONS and ufunc.nin != len(known.arguments):
            continue
        read += 1
        values = x + 1 if ufunc.__name__ == "arccosh" else x
        forms = {
            1: [lambda x, f: f(x)],
            2: [lambda x, f: f(x, 3), lambda x, f: f(0.5, x), lambda x, f: f(x, x * x)],
            3: [lambda x, f: f(x, 0.25, 0.5)],
        }[ufunc.nin]
        if ufunc.__name__ == "jv":
            forms = [lambda x, f: f(3, x)]
        for form in forms:
            f = functools.partial(form, f=ufunc)
            assert np.allclose(mc.trace(f)(values), f(values), rtol=1e-12), name
    assert read > 60


def test_a_read_function_is_right_to_the_last_bits():
    series = mc.taylor(lambda x: np.log(1 + np.exp(x)), order=8)
    assert series == mc.taylor("log(1 + exp(x))", order=8)
    with pytest.raises(mc.NotAnalyticError):
        mc.taylor(lambda x: np.sqrt(x), order=2)


def bessel(x):
    return scipy.special.j0(x)


def piecewise(x):
    return math.exp(x) if x > -100 else 0.0


@pytest.mark.parametrize(
    ("f", "truth", "at"),
    [
        (bessel, lambda x: mpmath.besselj(0, x), 0.0),
        (bessel, lambda x: mpmath.besselj(0, x), 3.0),
        (math.exp, mpmath.exp, 0.5),
        (piecewise, mpmath.exp, -1.0),
        (lambda x: math.gamma(x), mpmath.gamma, 2.0),
        (lambda z: 1 / (1 + z * z * complex(1)), lambda z: 1 / (1 + z * z), 0.0),
    ],
)
def test_an_opaque_function_is_estimated_within_its_errors(f, truth, at):
    series = mc.taylor(f, order=6, at=at)
    with mpmath.workdps(40):
        expected = [float(value) for value in mpmath.taylor(truth, at, 6)]
    assert isinstance(series, mc.EstimatedSeries) and series.at == at
    off = np.abs(series.coefficients - expected)
    assert (off <= series.errors + 1e-16).all()
    assert (off[:5] < 1e-8).all() and (series.errors[:5] < 1e-6).all()
    assert mc.expand(np.array([at + 0.1]), series, degrees="all").shape == (1, 6)
    twin = pickle.loads(pickle.dumps(series))
    assert twin.errors.tolist() == series.errors.tolist()


def test_what_is_no_analytic_function_is_refused():
    with pytest.raises(ValueError, match="no analytic function"):
        mc.taylor(lambda x: math.floor(x), order=2, at=1)
    with pytest.raises(TypeError, match="only order"):
        mc.taylor(math.exp, terms=3)
    with pytest.raises(TypeError, match="decides by the value"):
        mc.trace(lambda x: x if x > 0 else 0)


def test_scipys_own_test_of_approximate_taylor_polynomial():
    degree = 5
    p = approximate_taylor_polynomial(np.exp, 0, degree, 1, 15)
    for _ in range(degree + 1):
        np.testing.assert_almost_equal(p(0), 1)
        p = p.deriv()
    np.testing.assert_almost_equal(p(0), 0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("f", [np.sin, bessel, lambda x: np.exp(-(x**2)), np.vectorize(piecewise)])
def test_it_is_scipys_polynomial(f):
    scipys = pytest.importorskip("scipy.interpolate").approximate_taylor_polynomial
    ours, theirs = (p(f, 0.3, 6, 1.0, order=20) for p in (approximate_taylor_polynomial, scipys))
    assert type(ours) is type(theirs)
    assert np.allclose(ours.coeffs, theirs.coeffs, rtol=1e-5, atol=1e-7)
