"""Series as values: operators, calculus, Padé and Laurent, against mpmath, SymPy and known integers."""

import copy
import math
import operator
import pickle
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy

import maclaurin as mc

OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


@pytest.mark.parametrize("symbol", OPERATORS)
def test_operators_are_those_of_functions(symbol):
    f, g = mc.taylor("sin(x)", order=6), mc.taylor("2 + exp(x)", order=8)
    found = OPERATORS[symbol](f, g)
    assert isinstance(found, mc.Series) and found.order == 6 and found.function is not None
    assert found == mc.taylor(f"(sin(x)) {symbol} (2 + exp(x))", order=6)
    assert hash(found) == hash(mc.taylor(f"(sin(x)) {symbol} (2 + exp(x))", order=6))


@pytest.mark.parametrize(
    "number", [2, -3, Fraction(2, 7), 0.1, -2.5e-3, "1/7", "pi", "x^2 + 1", np.float64(0.5), np.int32(3), np.array(2)]
)
def test_numbers_and_texts_stand_beside_series(number):
    series, text = mc.taylor("2 + cos(x)", order=4, at="1/2"), f"({number})"
    for symbol, operation in OPERATORS.items():
        expected = [mc.taylor(f"(2 + cos(x)) {symbol} {text}", order=4, at="1/2")]
        expected.append(mc.taylor(f"{text} {symbol} (2 + cos(x))", order=4, at="1/2"))
        found = [operation(series, number), operation(number, series)]
        assert found == expected, symbol
    exact = mc.taylor("sqrt(2)", order=0).exact[0]
    assert series * exact == mc.taylor("sqrt(2)*(2 + cos(x))", order=4, at="1/2")
    assert series + mc.Function("x*k", k=2) == mc.taylor("2 + cos(x) + 2*x", order=4, at="1/2")


def test_powers_and_signs():
    series = mc.taylor("1 + x", order=5)
    assert series**3 == mc.taylor("(1 + x)^3", order=5) and series ** Fraction(1, 2) == mc.taylor(
        "sqrt(1 + x)", order=5
    )
    assert series**-1 == 1 / series and series**0.5 == series ** "1/2"
    assert -series == mc.taylor("-1 - x", order=5) and +series is series


def test_parameters_of_both_are_kept():
    f, g = (mc.taylor(mc.Function("a*exp(k*x)", a=1, k=k), order=4) for k in (1, "1/2"))
    assert f * g == mc.taylor("exp(3*x/2)", order=4)
    cdf = mc.taylor(mc.Function("erlang_cdf", k=3, rate=2), order=6)
    assert cdf.derivative() == mc.taylor("4*x^2*exp(-2*x)", order=5)


def test_known_integers():
    def integers(series):
        return [coefficient * math.factorial(k) for k, coefficient in enumerate(series.exact)]

    one = mc.taylor("1", order=8)
    exp = mc.taylor("exp(x)", order=8)
    assert mc.taylor("x - x^2", order=8).revert().exact == (0, 1, 1, 2, 5, 14, 42, 132, 429)  # OEIS A000108
    assert integers(exp.compose(exp - 1)) == [1, 1, 2, 5, 15, 52, 203, 877, 4140]  # OEIS A000110
    bernoulli = [Fraction(int(q.p), int(q.q)) for q in map(sympy.bernoulli, range(9))]
    bernoulli[1] = Fraction(-1, 2)
    assert integers("x" / (exp - 1)) == bernoulli
    assert integers(one / mc.taylor("cosh(x)", order=8)) == [int(sympy.euler(n)) for n in range(9)]


def test_calculus():
    series = mc.taylor("exp(-x^2)", order=8)
    integral = series.integral()
    assert integral.function is None and integral.name == "integral(exp(-x^2))" and integral.order == 9
    assert integral.derivative() == series and integral.derivative().function == series.function
    erf = integral * "2/sqrt(pi)"
    assert erf == mc.taylor("erf(x)", order=9) and erf.radius.lower == math.inf
    x = np.linspace(-0.75, 0.75, 301)
    seen = np.abs([float(mpmath.erf(value)) for value in x] - erf(x)).max()
    assert seen <= erf.error_bound(-0.75, 0.75) <= 1.3 * seen
    assert erf.error_bound(-0.5, 0.5, dtype="float32") > erf.error_bound(-0.5, 0.5)
    assert series.integral("1/2").exact[0] == Fraction(1, 2)
    assert mc.taylor("tanh(x)", order=6).derivative() == 1 - mc.taylor("tanh(x)", order=5) ** 2
    assert "Certified" in erf.code("c", on=(-0.5, 0.5))
    assert mc.expand([0.5], erf, kind="sum").item() == pytest.approx(math.erf(0.5), abs=1e-6)


def test_reversion_and_composition():
    sine = mc.taylor("sin(x)", order=11)
    arcsine = sine.revert()
    assert arcsine == mc.taylor("asin(x)", order=11) and arcsine.revert() == sine
    assert sine.compose(arcsine) == mc.taylor("x", order=11)
    assert 0.2 < arcsine.radius.lower < 1 and arcsine.radius.upper == math.inf
    seen = abs(arcsine(0.1) - math.asin(0.1))
    assert seen <= arcsine.error_bound(-0.1, 0.1) < 1e-3
    at = mc.taylor("exp(x)", order=6, at=1).revert()
    assert at.at.text == "e" and at == mc.taylor("log(x)", order=6, at="e")


def test_shift_and_truncate():
    series = mc.taylor("log(x)", order=6, at=1)
    assert series.shift(at=2.5) == mc.taylor("log(x)", order=6, at="5/2")
    assert series.truncate(3) == mc.taylor("log(x)", order=3, at=1) and series.truncate(6) == series
    assert series.truncate(0).order == 0


def test_series_that_were_computed_are_python_objects_like_any_other():
    series = (mc.taylor("exp(x)", order=5).integral(1) * 2).compose(mc.taylor("sin(x)", order=4)).truncate(3)
    for copied in (pickle.loads(pickle.dumps(series)), copy.copy(series), copy.deepcopy(series)):
        assert copied == series and hash(copied) == hash(series) and isinstance(copied, mc.Series)
        assert copied.name == series.name and copied.exact == series.exact
    pade = mc.taylor("exp(x)", order=4).pade(2, 1)
    assert str(pickle.loads(pickle.dumps(pade))) == str(pade)
    laurent = mc.laurent("cot(x)", order=3)
    assert str(copy.deepcopy(laurent)) == str(laurent)


def test_equality_is_a_proof():
    assert mc.taylor("sin(x)", order=4) == mc.taylor("x - x^3/6", order=4)
    assert mc.taylor("exp(x) + x^4/10^300", order=4) != mc.taylor("exp(x)", order=4)
    assert mc.taylor("exp(x)", order=4) != mc.Polynomial(0.0, [1.0, 1.0, 0.5, 1 / 6, 1 / 24])
    assert len({mc.taylor("tan(x)", order=5), mc.taylor("sin(x)", order=5) / mc.taylor("cos(x)", order=5)}) == 1


@pytest.mark.parametrize("text", ["exp(x)", "log(1 + x)/x", "tan(x) + 1/(2 - x)", "sqrt(1 + x)", "erf(x) + x^2"])
def test_pade_approximants_are_those_of_mpmath(text):
    series = mc.taylor(text, order=7)
    with mpmath.workdps(60):
        values = [
            sum(map(mpmath.mpf, series.enclosure(k, bits=160))) / 2 if series.exact[k] != 0 else 0 for k in range(8)
        ]
        for m, n in [(3, 3), (2, 3), (4, 3), (3, 1)]:
            p, q = mpmath.pade(values[: m + n + 1], m, n)
            found = series.pade(m, n)
            assert np.allclose(found.numerator, np.array([float(a) for a in p])[: found.numerator.size], rtol=1e-15)
            assert np.allclose(found.denominator, np.array([float(a) for a in q])[: found.denominator.size], rtol=1e-15)
            x = 0.3
            assert found(x) == pytest.approx(float(mpmath.polyval(p[::-1], x) / mpmath.polyval(q[::-1], x)), rel=1e-14)


def test_pade_of_a_rational_function_is_that_function():
    pade = mc.taylor("(2 - x)/(1 + 3*x^2)", order=10, at=1).pade(4, 5)
    assert mc.taylor(str(pade), order=10, at=1) == mc.taylor("(2 - x)/(1 + 3*x^2)", order=10, at=1)
    assert len(pade.numerator) == 2 and len(pade.denominator) == 3
    assert pade.latex().startswith(r"\frac{") and repr(pade).startswith("<Pade about 1")


@pytest.mark.parametrize(
    ("text", "at", "pole"),
    [("1/sin(x)", 0, 1), ("cos(x)/x^4", 0, 4), ("1/(exp(x) - 1)^2", 0, 2), ("tan(x)", "pi/2", 1)],
)
def test_laurent_series_are_those_of_sympy(text, at, pole):
    x = sympy.Symbol("x")
    point = sympy.sympify(at)
    expected = sympy.series(sympy.sympify(text.replace("^", "**")).subs(x, x + point), x, 0, 4).removeO()
    laurent = mc.laurent(text, order=3, at=at)
    assert laurent.order_of_pole == pole
    for degree, exact in enumerate(laurent.exact, -pole):
        assert sympy.Rational(exact) == expected.coeff(x, degree)
    value = float(point) + 0.4
    truth = laurent.function(value)
    assert abs(laurent(value) - truth) < 2e-2 * abs(truth)


def test_bad_operands_are_refused():
    f, at_one = mc.taylor("exp(x)", order=4), mc.taylor("exp(x)", order=4, at=1)
    integral = f.integral()
    for wrong, error, message in [
        (lambda: f + at_one, ValueError, "different points, 0 and 1"),
        (lambda: f + [1, 2], TypeError, "unsupported operand"),
        (lambda: f * 1j, TypeError, "unsupported operand"),
        (lambda: f * np.ones(3), TypeError, "does not support"),
        (lambda: f + math.inf, ValueError, "inf is no finite number"),
        (lambda: f + "y", mc.ParseError, "y"),
        (lambda: f / 0, mc.NotAnalyticError, "pole"),
        (lambda: f / "sin(x)", mc.NotAnalyticError, "Laurent series .laurent.: this pole is of order 1"),
        (lambda: f**f, TypeError, "unsupported operand"),
        (lambda: f.compose(f), ValueError, "has the value 1 at 0"),
        (lambda: f.compose("x"), TypeError, "composed with a Series"),
        (lambda: mc.taylor("cos(x)", order=3).revert(), ValueError, "no inverse function about its value at 0"),
        (lambda: integral.shift(1), ValueError, "it has no series about another point"),
        (lambda: integral.revert().error_bound(0, 1), ValueError, "no function that an expression says"),
        (lambda: (integral * integral).error_bound(0, 1), ValueError, "no function that an expression says"),
        (lambda: mc.taylor("sin(x)", order=3).revert().error_bound(0, 1), ValueError, "no bound on the error"),
        (lambda: integral.error_bound(1, 0), ValueError, "range"),
        (lambda: integral.plot(0, 1), ValueError, "no function that an expression says"),
        (lambda: mc.taylor("x + x^2", order=1001).revert(), ValueError, "1001 is beyond the limit"),
        (lambda: f.truncate(5), ValueError, "expand it further"),
        (lambda: f.truncate(-1), ValueError, "negative"),
        (lambda: f.truncate(10**30), ValueError, "beyond the limit of 10000"),
        (lambda: f.truncate(2.5), TypeError, "order must be an integer, not 2.5"),
        (lambda: f.compose(None), TypeError, "None"),
        (lambda: f.integral("x"), mc.ParseError, "constant"),
        (lambda: f.pade(3, 2), ValueError, "expand it to order 5"),
        (lambda: f.pade(-1, 2), ValueError, "negative"),
        (lambda: f.pade("3", 2), TypeError, "m must be an integer, not '3'"),
        (lambda: f.pade(1, 10**30), ValueError, "n 10+ is beyond the limit of 10000"),
        (lambda: mc.taylor("exp(x)", order="3"), TypeError, "order must be an integer, not '3'"),
        (lambda: mc.taylor("exp(x)", order=10**30), ValueError, "order 10+ is beyond the limit of 10000"),
        (lambda: mc.taylor("exp(x)", terms=2.0), TypeError, "terms must be an integer, not 2.0"),
        (lambda: mc.laurent("1/x", order=10**30), ValueError, "order 10+ is beyond the limit of 10000"),
        (lambda: mc.laurent("1/x", order=None), TypeError, "order must be an integer, not None"),
        (lambda: mc.functions(3), TypeError, "as text, not 3"),
        (lambda: f.pade(10**6, 10**6), ValueError, "beyond the limit of 100"),
        (lambda: mc.taylor("cos(x)", order=2).pade(1, 1), ValueError, r"pade\(0, 0\) exists"),
        (lambda: mc.laurent("exp(1/x)", order=3), mc.NotAnalyticError, "essential singularity"),
        (lambda: mc.laurent("sqrt(x)", order=3), mc.NotAnalyticError, "branch point"),
        (lambda: mc.laurent("1/x", order=-1), ValueError, "negative"),
        (lambda: mc.laurent("1/x^20000", order=3), ValueError, "beyond the limit"),
    ]:  # fmt: skip
        with pytest.raises(error, match=message):
            wrong()
