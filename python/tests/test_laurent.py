"""Laurent series as values, against SymPy and mpmath."""

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

OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
PAIRS = [("1/sin(x)", "exp(x)/x^2"), ("cot(x)", "cos(x)"), ("tan(x)/x^3", "1/x + 2"), ("sin(x)", "1/(exp(x) - 1)")]


def coefficients(text, order):
    """By SymPy: the order of the pole and the coefficients from there up."""
    x = sympy.Symbol("x")
    series = sympy.series(sympy.sympify(text.replace("^", "**")), x, 0, order + 1).removeO().expand()
    found = {degree: series.coeff(x, degree) for degree in range(-12, order + 1)}
    pole = max(0, -min(degree for degree, value in found.items() if value != 0))
    return pole, [found[degree] for degree in range(-pole, order + 1)]


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize(("f", "g"), PAIRS)
def test_arithmetic_is_that_of_sympy(symbol, f, g):
    made = OPERATORS[symbol](mc.laurent(f, order=3), mc.laurent(g, order=3))
    pole, expected = coefficients(f"({f}) {symbol} ({g})", 3)
    assert (made.order_of_pole, made.order) == (pole, 3)
    assert [sympy.Rational(exact) for exact in made.exact] == expected


def test_series_numbers_and_texts_stand_beside_laurent_series():
    cot, sine = mc.laurent("cot(x)", order=4), mc.taylor("sin(x)", order=5)
    for symbol, operation in OPERATORS.items():
        assert operation(cot, sine) == mc.laurent(f"cot(x) {symbol} sin(x)", order=4)
        assert operation(sine, cot) == mc.laurent(f"sin(x) {symbol} cot(x)", order=4)
        for number in [2, Fraction(-1, 3), 0.5, np.float64(2.5), "pi", "x^2", mc.Function("k*x", k=3)]:
            text = f"({'3*x' if isinstance(number, mc.Function) else number})"
            assert operation(cot, number) == mc.laurent(f"cot(x) {symbol} {text}", order=4)
            assert operation(number, cot) == mc.laurent(f"{text} {symbol} cot(x)", order=4)
    assert -cot == 0 - cot and +cot is cot
    assert cot**3 == cot * cot * cot and cot**-1 == mc.laurent("tan(x)", order=4) and cot**0 == mc.laurent("1", order=4)


def test_calculus_and_residues():
    series = mc.laurent("exp(x)/x^3", order=4)
    assert series.residue == Fraction(1, 2) and series.derivative() == mc.laurent("exp(x)/x^3 - 3*exp(x)/x^4", order=3)
    assert series.derivative().residue == 0 and mc.laurent("exp(x)", order=2).residue == 0
    assert series.truncate(1) == mc.laurent("exp(x)/x^3", order=1) and series.truncate(4) == series
    gamma = mc.laurent("gamma(x)", order=2, at=-2)
    assert gamma.residue == Fraction(1, 2)
    # Term by term, and a value.
    slope, known = gamma.derivative(), dict(enumerate(gamma.coefficients, -1))
    assert slope.order_of_pole == 2
    expected = [degree * known[degree] for degree in range(-1, 3)]
    assert slope.coefficients == pytest.approx(expected, rel=1e-14)
    with mpmath.workdps(30):
        truth = float(mpmath.diff(mpmath.gamma, mpmath.mpf(-2) + mpmath.mpf(1) / 1024))
    assert slope(-2 + 1 / 1024) == pytest.approx(truth, rel=1e-8)
    enclosed = mc.laurent("exp(sigmoid(x))/(x - 1)", order=1, at=1)
    assert isinstance(enclosed.residue, float)
    assert enclosed.residue == pytest.approx(math.exp(1 / (1 + math.exp(-1))), rel=1e-15)


@pytest.mark.parametrize(
    "make",
    [
        lambda: mc.laurent("cot(x)", order=3) + 1,
        lambda: mc.laurent("1/x^2", order=2) * mc.taylor("exp(x)", order=3).integral(1),
    ],
)
def test_laurent_series_are_python_objects_like_any_other(make):
    series = make()
    for copied in (pickle.loads(pickle.dumps(series)), copy.copy(series), copy.deepcopy(series)):
        assert copied == series and hash(copied) == hash(series) and str(copied) == str(series)
        assert copied.name == series.name and copied.order_of_pole == series.order_of_pole
    assert series != 1 and series != mc.laurent("cot(x)", order=3)


def test_bad_operands_are_refused():
    cot, elsewhere = mc.laurent("cot(x)", order=4), mc.laurent("cot(x - 1)", order=4, at=1)
    for wrong, error, message in [
        (lambda: cot + elsewhere, ValueError, "different points, 0 and 1"),
        (lambda: cot + [1, 2], TypeError, "unsupported operand"),
        (lambda: cot * np.ones(3), TypeError, "does not support"),
        (lambda: cot + math.inf, ValueError, "inf is no finite number"),
        (lambda: cot * "sqrt(x)", mc.NotAnalyticError, "branch point"),
        (lambda: cot / 0, mc.NotAnalyticError, "pole"),
        (lambda: cot**0.5, TypeError, "must be an integer"),
        (lambda: cot ** (10**30), ValueError, "beyond the limit of 2.63"),
        (lambda: cot**20000, ValueError, "beyond the limit of 10000"),
        (lambda: cot.truncate(5), ValueError, "expand it further"),
        (lambda: cot.truncate("1"), TypeError, "order must be an integer, not '1'"),
        (lambda: cot.truncate(10**30), ValueError, "beyond the limit of 10000"),
    ]:
        with pytest.raises(error, match=message):
            wrong()
