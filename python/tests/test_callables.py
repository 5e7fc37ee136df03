"""Python functions as functions: read where they can be, estimated where not."""

import functools
import math
import pickle
import time

import mpmath
import numpy as np
import pytest
import scipy.interpolate
import scipy.special
import sympy

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
    (lambda x: np.cbrt(x), "cbrt(x)"),
    (lambda x: np.real(x**2) + np.conj(x) * x.real, "x^2 + x*x"),
    (lambda x: np.clip(x, 0, 1), "min(max(x, 0), 1)"),
    (lambda x: np.sinc(x), "sinc(pi*x)"),
    (np.sinc, "sinc(pi*x)"),
    (scipy.special.lambertw, "lambert_w(x)"),
    (lambda x: scipy.special.lambertw(x).real, "lambert_w(x)"),
    (scipy.special.zeta, "zeta(x)"),
    (lambda x: np.polyval([1, 2, 3], x), "(1*x + 2)*x + 3"),
    (np.vectorize(lambda x: math.exp(x)), "exp(x)"),
    (functools.partial(lambda a, x: a * x, 2), "2*x"),
]

T = sympy.Symbol("t")


def beside(x):
    return math.sin(x) + 1


class Scaled:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return math.exp(self.factor * x)


#: What takes one number and not an array of them.
OF_ONE_NUMBER = [
    (math.exp, "exp(x)"),
    (lambda x: math.log(x + 4, 2) + math.pi, "log(x + 4)/log(2) + 3.141592653589793"),
    (lambda x: beside(x) ** 2, "(sin(x) + 1)^2"),
    (lambda x: max(x, 0.0, -x), "max(max(x, 0.0), -x)"),
    (mpmath.exp, "exp(x)"),
    (lambda x: mpmath.besselj(0, x) * mpmath.pi, "besselj(0, x)*pi"),
    (lambda x: mpmath.mp.sin(x) / mpmath.mpf(4), "sin(x)/4"),
    (lambda x: mpmath.cbrt(x), "x^(1/3)"),
    (sympy.sin, "sin(x)"),
    (lambda x: sympy.exp(sympy.sin(x)) + x**2, "exp(sin(x)) + x^2"),
    (lambda x: x * sympy.Max(x**2, 1) / 3, "x*max(x^2, 1)/3"),
    (sympy.Lambda(T, sympy.cos(T)), "cos(x)"),
    (sympy.Poly(T**2 + 1), "x^2 + 1"),
    (functools.lru_cache(lambda x: math.exp(x)), "exp(x)"),
    (Scaled(2), "exp(2*x)"),
    (mc.taylor("sin(x)", order=4), "x - x^3/6"),
    (sympy.exp(-(T**2)) / 2, "1/2*exp((-1)*x^2)"),
    (sympy.Max(T, 1) * sympy.pi + sympy.Float("0.1") * sympy.Abs(T), "pi*max(x, 1) + 0.1*abs(x)"),
    (sympy.lambdify(T, sympy.sin(T) + T**3, "math"), "x^3 + sin(x)"),
    (sympy.lambdify(T, sympy.sin(T) + T**3, "numpy"), "x^3 + sin(x)"),
    (sympy.lambdify(T, sympy.sin(T) + T**3, "mpmath"), "x^3 + sin(x)"),
    (sympy.lambdify(T, sympy.gamma(T + 4), "scipy"), "gamma(x + 4)"),
    (np.poly1d([1, 2, 0.1]), "1/10 + 2*x + x^2"),
    (np.polynomial.Chebyshev([1, 2, 3]), "6*x^2 + 2*x - 2"),
    (np.polynomial.Legendre([1, 2, 0.3], domain=[0, 2]), "-0.7 + 1.1*x + 0.45*x^2"),
    (np.polynomial.Hermite([0, 0, 0, 1]), "8*x^3 - 12*x"),
    (np.polynomial.HermiteE([0, 0, 0, 1]), "x^3 - 3*x"),
    (np.polynomial.Laguerre([0, 0, 1]), "1 - 2*x + x^2/2"),
    (scipy.interpolate.BPoly([[1], [2], [0.5]], [0, 2]), "1 + x - 5/8*x^2"),
    (scipy.interpolate.PPoly([[1], [2], [0.5]], [1, 2]), "x^2 - 1/2"),
]


@pytest.mark.parametrize(("f", "text"), OF_ONE_NUMBER)
def test_what_others_have_for_functions_is_read(f, text):
    for at in (0.5, 2):
        assert mc.taylor(f, order=4, at=at) == mc.taylor(text, order=4, at=at)
    error = mc.approximate(text, degree=2, on=(0.25, 2)).error
    assert mc.approximate(f, degree=2, on=(0.25, 2)).error == pytest.approx(error, rel=1e-9)


def swallows(x):
    try:
        return math.exp(float(x))
    except TypeError:
        return 0


#: What a symbol would take for another function.
NOT_READ = [
    (lambda x: x if abs(x) == x else -x, "decides by the value"),
    (lambda x: x if x != 0 else 1.0, "decides by the value"),
    (lambda x: x if x > 0 else 0, "decides by the value"),
    (lambda x: np.where(x > 0, x, 0), "decides by the value"),
    (lambda x: 1.0 if isinstance(x, float) else x, "its own value there is 1.0"),
    (lambda x: {0: x}.get(x, 2.0), "decides by the value"),
    (lambda x: x if hasattr(x, "shape") else 2.0, "asks for .shape"),
    (swallows, "something else where that fails"),
    (scipy.interpolate.PPoly([[1, 2]], [0, 1, 2]), "several polynomials"),
    (T * sympy.Symbol("u"), "has the symbols t, u"),
]


@pytest.mark.parametrize(("f", "message"), NOT_READ)
def test_what_a_symbol_would_change_is_not_read(f, message):
    with pytest.raises(TypeError, match=message):
        mc.trace(f)


def test_a_function_that_is_not_read_is_estimated():
    for f, truth in [(NOT_READ[0][0], "x"), (swallows, "exp(x)")]:
        series = mc.taylor(f, order=3, at=1)
        assert isinstance(series, mc.EstimatedSeries)
        assert (np.abs(series.coefficients - mc.taylor(truth, order=3, at=1).coefficients) <= series.errors).all()
    # Its parts have a kink and it has none.
    assert mc.taylor(lambda x: math.cos(abs(x)), order=4) == mc.taylor("cos(x)", order=4)
    even = mc.taylor(lambda x: math.cos(math.sqrt(x * x)), order=4)
    assert isinstance(even, mc.EstimatedSeries)
    assert np.allclose(even.coefficients, [1, 0, -0.5, 0, 1 / 24], atol=1e-12)


def test_what_differs_at_each_call_is_not_read():
    noise = np.random.default_rng(0)
    for f in (lambda x: np.sin(x) + 1e-8 * noise.standard_normal(), lambda x: x * time.perf_counter()):
        with pytest.raises(TypeError, match="it is another at each call"):
            mc.trace(f)
    noisy = mc.taylor(lambda x: np.sin(x) + 1e-8 * noise.standard_normal(), order=2)
    assert (np.abs(noisy.coefficients - [0, 1, 0]) <= noisy.errors).all() and noisy.errors[0] > 1e-9


def test_a_function_that_reads_its_arguments_type_is_that_of_floats():
    series = mc.taylor(lambda x: math.sin(x) if isinstance(x, float) else x, order=3)
    assert (np.abs(series.coefficients - [0, 1, 0, -1 / 6]) <= series.errors).all()


@pytest.mark.parametrize("f", [scipy.special.loggamma, lambda x: scipy.special.loggamma(x)])
def test_what_has_no_values_near_the_point_is_not_read(f):
    # NaN at negative floats, where log|gamma| has values.
    assert mc.taylor(f, order=1, at=2).exact[0] == 0
    for act in (lambda: mc.taylor(f, order=2, at=-0.5), lambda: mc.taylor(f, order=2, at="-1/2")):
        with pytest.raises(mc.NotAnalyticError):
            act()
    assert mc.taylor(scipy.special.gammaln, order=1, at=-0.5).coefficients[0] == pytest.approx(
        math.log(2 * math.pi**0.5)
    )
    # A hole at the point itself is none of its surroundings.
    assert mc.taylor(lambda x: np.sin(x) / x, order=2).coefficients[0] == 1


def test_fast_oscillations_are_not_taken_for_noise():
    series = mc.taylor(lambda x: math.exp(float(x)) + 1e-3 * math.sin(1e5 * float(x)), order=3)
    assert (np.abs(series.coefficients - [1, 101, 0.5, 1 / 6 - 1e12 / 6]) <= series.errors).all()
    assert series.errors[1] < 1e-3


def test_an_expression_of_sympy_that_is_not_read_is_refused():
    for act in (mc.trace, lambda f: mc.taylor(f, order=2, at=1), lambda f: mc.approximate(f, degree=2, on=(0, 1))):
        with pytest.raises(TypeError, match="nothing that expressions have"):
            act(sympy.Piecewise((T, T > 0), (0, True)))


def driver(x):
    raise RuntimeError(f"sensor {x}")


def mistaken(x):
    return np.sin(x) + undefined  # noqa: F821


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (driver, RuntimeError, "^sensor"),
        (mistaken, NameError, "undefined"),
        (lambda x: {}[x], KeyError, "0"),
        (lambda x: x["a"], TypeError, "not subscriptable"),
        (lambda x: None, TypeError, "None; it must be a number"),
        (lambda x: "3", TypeError, "'3'; it must be a number"),
        (lambda x: math.sqrt(x - 5 if x < 5 else 1), ValueError, "math domain error"),
        (5, TypeError, "a Python function of one number, a SymPy"),
        (None, TypeError, "None is of type NoneType"),
        (object(), TypeError, "is of type object"),
        (lambda x, y: x, TypeError, "missing a required argument: 'y'"),
        (np.add, TypeError, "takes 2 arguments"),
    ],
)
def test_errors_of_the_users_are_the_users(f, error, message):
    for act in (
        lambda: mc.taylor(f, order=4),
        lambda: mc.taylor(f, terms=2),
        lambda: mc.approximate(f, degree=4, on=(0, 1)),
        lambda: approximate_taylor_polynomial(f, 0, 4, 1),
    ):
        with pytest.raises(error, match=message) as raised:
            act()
        assert type(raised.value) is error
    if f in (driver, mistaken):
        assert raised.traceback[-1].name == f.__name__


@pytest.mark.parametrize(("f", "text"), READ)
def test_what_numpy_computes_is_read(f, text):
    function = mc.trace(f)
    assert function.text == text
    # Below -1/e the principal branch of lambertw is not real.
    x = np.linspace(-0.36 if text == "lambert_w(x)" else -0.9, 0.9, 20)
    assert np.allclose(function(x), f(x), rtol=1e-14, atol=1e-15)


def test_every_function_that_is_read_is_its_function():
    from maclaurin.tracing.expression import DEFINITIONS, SPELLINGS

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
    return scipy.special.i0(x)


def piecewise(x):
    return math.exp(x) if x > -100 else 0.0


@pytest.mark.parametrize(
    ("f", "truth", "at"),
    [
        (bessel, lambda x: mpmath.besseli(0, x), 0.0),
        (bessel, lambda x: mpmath.besseli(0, x), 3.0),
        (piecewise, mpmath.exp, -1.0),
        (lambda x: math.gamma(float(x)), mpmath.gamma, 2.0),
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
    copied = pickle.loads(pickle.dumps(series))
    assert copied.errors.tolist() == series.errors.tolist()


def opaque(f):
    return lambda x: f(x) if x > -1e9 else 0.0


@pytest.mark.parametrize(
    ("f", "at", "message"),
    [
        (lambda x: max(x, 0.0), 0, "a kink there .* 0 from the left, 1 from the right"),
        (lambda x: x if x > 0 else 0, 0, "a kink"),
        (lambda x: math.exp(-abs(x)), 0, "a kink"),
        (lambda x: math.sqrt(abs(x)), 0, "no polynomial is near"),
        (lambda x: np.heaviside(x, 0.5), 0, "a jump there .* 0 from the left, 1 from the right"),
        (lambda x: np.clip(x, 0, 1), 1, "a kink there"),
        (lambda x: math.floor(x), 1, "a jump there"),
        (lambda x: x * x * abs(x), 0, "a jump of derivative 3"),
        (lambda x: 5 if x == 0 else math.cos(x), 0, "value there is 5, but it tends to 1"),
        (lambda x: math.log(x) if x else -1e9, 0, "no finite values to the left"),
        (lambda x: 1 / x if x else math.inf, 0, "choose another"),
    ],
)
def test_kinks_and_jumps_are_refused_with_the_point(f, at, message):
    with pytest.raises(mc.NotAnalyticError, match=f"no Taylor series at x = {at}.*{message}"):
        mc.taylor(opaque(f), order=4, at=at)
    with pytest.raises(mc.NotAnalyticError, match=message):
        approximate_taylor_polynomial(opaque(f), at, 4, 1)


def test_what_values_cannot_tell_is_refused():
    noise = np.random.default_rng(0)
    with pytest.raises(ValueError, match="determine its coefficients up to degree"):
        mc.taylor(opaque(lambda x: math.sin(x) + noise.normal(0, 1e-4)), order=12)
    with pytest.raises(TypeError, match="only order"):
        mc.taylor(opaque(math.exp), terms=3)


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
