"""Functions and series against SymPy and mpmath, and what is asked of Python objects."""

import copy
import doctest
import math
import pickle
import re
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy

import maclaurin as mc

FUNCTIONS = {
    "log(1 + exp(x))": lambda x: sympy.log(1 + sympy.exp(x)),
    "exp(sin(x))": lambda x: sympy.exp(sympy.sin(x)),
    "x/(exp(x) - 1)": lambda x: x / (sympy.exp(x) - 1),
    "erf(x)": sympy.erf,
    "sqrt(1 + x^2)": lambda x: sympy.sqrt(1 + x**2),
}


@pytest.mark.parametrize("text", FUNCTIONS)
def test_exact_coefficients_are_those_of_sympy(text):
    x = sympy.Symbol("x")
    expected = sympy.series(FUNCTIONS[text](x), x, 0, 7).removeO()
    series = mc.taylor(text, order=6)
    for degree, exact in enumerate(series.exact):
        exact = exact.sympy() if isinstance(exact, mc.Exact) else sympy.Rational(exact)
        assert sympy.simplify(exact - expected.coeff(x, degree)) == 0


@pytest.mark.parametrize("at", [0.3, "1/3", Fraction(-1, 3), 2, "pi/6"])
def test_coefficients_are_the_nearest_doubles(at):
    series = mc.taylor("tanh(x) + 1/(2 + x)", order=8, at=at)
    with mpmath.workdps(60):
        point = (
            mpmath.mpf(Fraction(str(at)).numerator) / Fraction(str(at)).denominator if at != "pi/6" else mpmath.pi / 6
        )
        expected = mpmath.taylor(lambda x: mpmath.tanh(x) + 1 / (2 + x), point, 8)
        assert [float(value) for value in expected] == series.coefficients.tolist()


def test_the_point_is_kept_exactly():
    assert mc.taylor("exp(x)", order=1, at=0.1).at == Fraction(1, 10)
    assert isinstance(mc.taylor("exp(x)", order=1, at=2.0).at, int)
    assert mc.taylor("exp(x)", order=1, at=np.float32(0.5)).at == 0.5
    assert mc.taylor("sin(x)", order=1, at="pi/6").at.text == "pi/6"
    assert mc.taylor("sin(x)", order=1, at="pi/6").exact[1].latex() == r"\frac{\sqrt{3}}{2}"


def test_series_says_where_it_can_be_trusted():
    series = mc.taylor("softplus", order=4)
    assert (series.radius.exact, series.radius.lower <= math.pi <= series.radius.upper) == ("pi", True)
    bound = series.error_bound(-2, 2)
    x = np.linspace(-2, 2, 1001)
    seen = np.abs(np.logaddexp(0, x) - series(x)).max()
    assert seen <= bound * (1 + 1e-12) and bound <= 1.01 * seen
    assert isinstance(bound, float) and bound.sampled <= bound and abs(bound.at) == 2
    assert series.relative_error_bound(0, 1) < series.error_bound(0, 1)
    low, high = series.enclosure(0, bits=200)
    assert mpmath.mpf(low) <= mpmath.mpf(high) and low[:50] == high[:50]


def test_bounds_include_rounding():
    series = mc.taylor("exp(x)", order=40)
    exact, single, double = (series.error_bound(-10, 0, dtype=dtype) for dtype in (None, "float32", np.float64))
    assert exact <= double <= 1e-6 < single < 0.01
    x = np.linspace(-10, 0, 1001, dtype=np.float32)
    truth = np.exp(x.astype(np.float64))
    y = np.zeros_like(x)
    for coefficient in series.coefficients.astype(np.float32)[::-1]:
        y = y * x + coefficient
    assert 1e-6 < np.abs(y - truth).max() <= single
    assert np.abs(mc.expand(x, series, kind="sum") - truth).max() <= single
    assert np.abs(series(x.astype(np.float64)) - truth).max() <= double
    assert double.sampled <= double and -10 <= double.at <= 0
    assert mc.taylor("x^2", order=2).error_bound(0, 1e20, dtype="float32") == math.inf
    with pytest.raises(ValueError, match='dtype "int8" is none of "float16", "bfloat16"'):
        series.error_bound(0, 1, dtype="int8")


def test_order_from_terms_or_tolerance():
    assert mc.taylor("cos(x)", terms=3).degrees == (2, 4, 6)
    series = mc.taylor("softplus", on=(-1, 1), tolerance=1e-4)
    assert series.error_bound(-1, 1) <= 1e-4
    assert mc.taylor("softplus", order=series.order - 2, at=series.at_text).error_bound(-1, 1) > 1e-4
    with pytest.raises(ValueError, match="radius of convergence is pi"):
        mc.taylor("softplus", at=0, on=(-5, 5), tolerance=1e-3)


def test_series_is_a_python_object_like_any_other():
    function = mc.Function("erlang_cdf(x, k, rate)", k=3, rate=Fraction(1, 2))
    series = mc.taylor(function, order=5, at="1/3")
    for copied in (pickle.loads(pickle.dumps(series)), copy.copy(series), copy.deepcopy(series)):
        assert copied == series and hash(copied) == hash(series) and isinstance(copied, mc.Series)
        assert copied.coefficients.tolist() == series.coefficients.tolist()
    assert pickle.loads(pickle.dumps(function)) == function
    assert eval(repr(function), {"Function": mc.Function}) == function
    assert function.parameters == {"k": "3", "rate": "1/2"}
    polynomial = series.weighted(np.ones(5))
    assert pickle.loads(pickle.dumps(polynomial)) == polynomial
    bound = series.error_bound(0, 1)
    assert pickle.loads(pickle.dumps(bound)).sampled == bound.sampled
    assert series != mc.taylor(function, order=4, at="1/3")
    assert series._repr_latex_().startswith("$") and repr(series).startswith("<Series of")


def test_values():
    series = mc.taylor("exp(x)", order=10, at=1)
    assert isinstance(series(1), float) and series(1) == math.e
    x = np.linspace(0, 2, 12, dtype=np.float32).reshape(3, 4)
    assert series(x).dtype == np.float32 and np.allclose(series(x), np.exp(x), rtol=1e-6)
    assert np.allclose(series.to_polynomial()(x), series(x))
    assert series([0.5, 1.5]).shape == (2,)
    function = mc.Function("softplus")
    assert function(0) == math.log(2) and function(x).shape == x.shape
    assert np.allclose(function(x), np.logaddexp(0, x))


def test_weighted_is_the_weighted_sum_of_partial_sums():
    series = mc.taylor("softplus", order=6)
    weights = [0.5, -2.0, 1.0, 3.0]
    x = np.linspace(-1, 1, 9)
    sums = mc.expand(x, series, kind="partial_sums")
    assert np.allclose(series.weighted(weights)(x), sums @ weights, rtol=1e-14)
    with pytest.raises(ValueError, match="takes 4"):
        series.weighted([1.0])


@pytest.mark.parametrize("language", ["python", "numpy", "rust", "c", "torch", "cuda", "triton"])
@pytest.mark.parametrize("scheme", [None, "even_odd", "paterson_stockmeyer"])
def test_code(language, scheme):
    series = mc.taylor("exp(x)", order=5, at=1)
    code = series.code(language, scheme=scheme, on=(0, 2))
    stated = float(code.split("|f - y| <= ")[1].split()[0])
    assert series.error_bound(0, 2) <= stated <= 1.001 * series.error_bound(0, 2, dtype="float64")
    assert "Taylor polynomial of exp(x) about 1, order 5." in code
    if language in ("python", "numpy"):
        names = {}
        exec(code, names)
        assert names["taylor"](1.5) == pytest.approx(series(1.5), rel=1e-15)


def test_errors_are_those_of_python():
    with pytest.raises(mc.ParseError) as error:
        mc.Function("1 + sofplus(x)")
    assert isinstance(error.value, ValueError)
    assert str(error.value).splitlines()[1:] == ["  1 + sofplus(x)", "      ^^^^^^^"]
    with pytest.raises(mc.NotAnalyticError, match="log1p"):
        mc.taylor("1 + log(x)", order=2)
    with pytest.raises(mc.ParseError, match="has no value"):
        mc.Function("a*x")
    with pytest.raises(IndexError, match="no coefficient of degree 3"):
        mc.taylor("exp(x)", order=2).enclosure(3)
    for arguments, message in [
        (("cobol",), 'language "cobol" is none of "c", "rust"'),
        (("c", "int8"), 'dtype "int8" is none of "float16", "bfloat16"'),
        (("rust", "float16"), "dtype: rust code computes in float32 or float64, not in float16"),
        (("c", "float32", "newton"), 'scheme "newton" is none of "horner"'),
        (("tenseal", "float32"), "dtype: tenseal takes its coefficients in float64"),
        (("openfhe", "float64", "estrin"), "scheme: openfhe evaluates by a scheme of its own"),
    ]:
        with pytest.raises(ValueError, match=re.escape(message)):
            mc.taylor("exp(x)", order=2).code(*arguments)
    with pytest.raises(ValueError, match="limit of 10000"):
        mc.taylor("exp(x)", order=10_001)
    with pytest.raises(ValueError, match="negative"):
        mc.taylor("exp(x)", order=-1)
    with pytest.raises(ValueError, match="finite"):
        mc.taylor("exp(x)", order=1, at=math.inf)
    for wrong in ({}, {"order": 1, "terms": 1}, {"on": (0, 1)}):
        with pytest.raises(TypeError, match="one of"):
            mc.taylor("exp(x)", **wrong)
    with pytest.raises(ValueError, match="range"):
        mc.taylor("exp(x)", order=1).error_bound(1, 0)


@pytest.mark.parametrize("thing", [mc.Function, mc.Polynomial, mc.expand, mc.expand_backward, mc.expand_tangent])
def test_documented_examples_of_the_native_module(thing):
    runner = doctest.DocTestRunner()
    tests = doctest.DocTestFinder().find(thing, thing.__name__, module=False, globs=vars(mc).copy())
    for test in tests:
        runner.run(test)
    assert runner.tries > 0 and runner.failures == 0
