"""Best polynomials from Python, against mpmath and the published uses."""

from __future__ import annotations

import math
import pickle
import re
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import maclaurin as mc


def test_the_best_polynomial_of_a_range() -> None:
    p = mc.approximate("sigmoid", degree=7, on=(-8, 8))
    assert p.on == (-8.0, 8.0)
    assert p.best <= p.error <= 1.01 * p.best
    assert abs(p.error - 0.0189) < 1e-4
    x = np.linspace(-8, 8, 1001)
    worst = np.abs(p(x) - 1 / (1 + np.exp(-x))).max()
    assert worst <= p.error
    assert worst > 0.99 * p.best
    assert p.exact[0] == Fraction(1, 2)
    assert p.basis == "powers"


def test_expansions_take_approximations() -> None:
    p = mc.approximate("gelu", degree=6, on=(-3, 3))
    x = np.linspace(-3, 3, 50)
    assert np.allclose(mc.expand(x, p, kind="sum"), p(x), rtol=0, atol=1e-13)
    assert mc.expand(x, p).shape == (50, len(p.degrees))


def test_high_degrees_are_evaluated_by_chebyshev_polynomials() -> None:
    p = mc.approximate("sigmoid", degree=40, on=(-10, 10))
    assert p.basis == "chebyshev"
    x = np.linspace(-10, 10, 4001)
    assert np.abs(p(x) - 1 / (1 + np.exp(-x))).max() <= p.error * (1 + 1e-6)
    assert isinstance(p(0.5), float)
    # What is written is the polynomial of the certificate, not its powers.
    terms, _, mapped = str(p).partition(", u = ")
    assert mapped == "x/10"
    assert p.latex().endswith(r"T_{39}(u),\quad u = \frac{x}{10}")
    u = x / 10
    written = eval(re.sub(r"T(\d+)\(u\)", r"np.cos(\1 * np.arccos(u))", terms), {"np": np, "u": u})
    assert np.abs(written - 1 / (1 + np.exp(-x))).max() <= p.error * (1 + 1e-6)
    assert (mc.expand(x, p, kind="sum") == p(x)).all()
    t = x[:40].reshape(5, 8)[::2].astype(np.float32)
    found = mc.expand(t, p, kind="sum", scale=0.5, shift=1.0, dtype="float16", threads=1)
    assert found.dtype == np.float16
    assert (found == p(t.astype(float) * 0.5 + 1).astype(np.float16)).all()
    with pytest.raises(ValueError, match='ill-conditioned.*kind="sum"'):
        mc.expand(x, p, kind="partial_sums")


def test_the_gradients_of_sums_of_chebyshev_polynomials() -> None:
    p = mc.approximate("sigmoid", degree=40, on=(-10, 6))
    of_numpy = np.polynomial.Chebyshev(p.chebyshev, domain=[-10, 6])
    x = np.linspace(-11, 13, 60).reshape(3, 20)
    g = np.random.default_rng(0).normal(size=x.shape)
    of_x, of_coefficients = mc.expand_backward(g, x, p, kind="sum", scale=0.5, shift=-1.0)
    u = (0.5 * x - 1 + 2) / 8
    assert np.allclose(of_x, g * of_numpy.deriv()(0.5 * x - 1) * 0.5, rtol=1e-11, atol=1e-12)
    expected = np.einsum("ij,ijk->k", g, np.polynomial.chebyshev.chebvander(u, 40))
    assert np.allclose(of_coefficients, expected, atol=1e-11)
    tangent = mc.expand_tangent(x, g, p, kind="sum", scale=0.5, shift=-1.0)
    assert np.allclose(tangent, of_x, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("language", ["python", "numpy"])
@pytest.mark.parametrize("degree", [0, 1, 2, 7, 40])
def test_code_computes_the_polynomial(language: Any, degree: int) -> None:
    p = mc.approximate("sigmoid(x) + x/3", degree=degree, on=(-10, 9))
    names: dict[str, Any] = {}
    exec(p.code(language), names)
    for x in np.linspace(-10, 9, 57):
        assert abs(names["polynomial"](x) - p(x)) < 1e-13


def test_code_states_no_less_than_the_error() -> None:
    p = mc.approximate("sigmoid", degree=7, on=(-8, 8))
    for line in p.code("c").splitlines()[2:4]:
        assert p.error <= float(line.split("<= ")[1].split()[0]) <= 1.001 * p.error


@pytest.mark.parametrize("order", [90, 101, 140, 300])
def test_code_of_high_orders_compiles(order: int) -> None:
    names: dict[str, Any] = {}
    s = mc.taylor("exp(x)", order=order)
    exec(s.code("python"), names)
    assert names["taylor"](0.75) == s(0.75)


def test_tolerances_take_listed_and_given_degrees() -> None:
    p = mc.approximate("sin(x)", tolerance=1e-3, on=(0, 1), fixed={0: 0})
    assert p.coefficients[0] == 0
    assert p.error <= 1e-3
    assert mc.approximate("sin(x)", tolerance=1e-4, degrees=[1, 3, 5, 7], on=(0, 1.5)).degrees == (1, 3, 5)


def test_several_ranges_and_kinds_of_error() -> None:
    p = mc.approximate("x/abs(x)", degree=7, on=[(-1, -0.1), (0.1, 1)])
    assert p.on == [(-1.0, -0.1), (0.1, 1.0)]
    assert p.degrees == (1, 3, 5, 7)
    q = mc.approximate("exp(x)", degree=4, on=(-2, 2), relative=True)
    x = np.linspace(-2, 2, 999)
    assert np.abs(q(x) / np.exp(x) - 1).max() <= q.error


def test_least_squares_of_samples() -> None:
    samples = np.random.default_rng(1).beta(2, 5, size=2000)
    p = mc.approximate("exp(3*x)", degree=3, samples=samples)
    expected = np.polynomial.Polynomial.fit(samples, np.exp(3 * samples), 3)
    assert p.on == (samples.min(), samples.max())
    assert np.allclose(p(samples), expected(samples), rtol=1e-9)


def test_degrees_fixed_coefficients_and_center() -> None:
    p = mc.approximate("tanh(x)", degrees=[1, 3, 5], on=(-2, 3))
    assert p.degrees == (1, 3, 5)
    assert p.coefficients[0] == 0
    q = mc.approximate("exp(x)", degree=3, on=(-1, 1), fixed={0: 1})
    assert q(0.0) == 1
    middle = mc.approximate("exp(x)", degree=3, on=(0, 2))
    zero = mc.approximate("exp(x)", degree=3, on=(0, 2), center=0)
    assert (middle.center, zero.center) == (1, 0)
    assert abs(middle(1.7) - zero(1.7)) < 1e-14


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_coefficients_of_a_format(name: str) -> None:
    p = mc.approximate("gelu", degree=8, on=(-4, 4), coefficients=name)
    assert (p.coefficients.astype(name) == p.coefficients).all()
    assert [float(a) for a in p.exact] == p.coefficients.tolist()
    assert pickle.loads(pickle.dumps(p)) == p
    rounded = mc.approximate("gelu", degree=8, on=(-4, 4), coefficients="exact").coefficients.astype(name)
    x = np.linspace(-4, 4, 10001)
    truth = x * (1 + np.vectorize(math.erf)(x / np.sqrt(2))) / 2
    worst = np.abs(np.polynomial.polynomial.polyval(x, rounded.astype(float)) - truth).max()
    assert p.error <= 1.003 * max(worst, p.best)
    assert np.abs(p(x) - truth).max() <= p.error + 1e-14


def test_coefficients_of_fixed_point_and_few_bits() -> None:
    p = mc.approximate("exp(x)", degree=4, on=(-1, 1), coefficients="fixed10")
    assert ((p.coefficients * 1024) % 1 == 0).all()
    q = mc.approximate("exp(x)", degree=4, on=(-1, 1), coefficients=5)
    assert all(math.frexp(a)[0] * 32 % 1 == 0 for a in q.coefficients)
    assert q.error < 0.03


def test_pickles_and_compares() -> None:
    p = mc.approximate("silu", degree=6, on=(-4, 4))
    q = pickle.loads(pickle.dumps(p))
    assert q == p
    assert hash(q) == hash(p)
    assert (q.coefficients == p.coefficients).all()
    assert "Approximation of silu" in repr(p)
    assert p._repr_latex_().startswith("$")


def test_python_functions_are_read() -> None:
    p = mc.approximate(lambda x: np.log(1 + np.exp(x)), degree=4, on=(-2, 2))
    assert p.error < 1e-3
    assert mc.approximate(lambda x: math.exp(x), degree=4, on=(-2, 2)) == mc.approximate("exp(x)", degree=4, on=(-2, 2))


def test_a_function_that_cannot_be_read_is_estimated_on_the_range() -> None:
    def opaque(x: float) -> float:
        return math.exp(x) if x > -5 else 0.0

    best = mc.approximate("exp(x)", degree=4, on=(-2, 2))
    p = mc.approximate(opaque, degree=4, on=(-2, 2))
    assert isinstance(p, mc.EstimatedApproximation)
    assert best.best <= p.error <= 1.1 * best.error
    assert mc.approximate(opaque, on=(-2, 2), tolerance=2 * best.error).degree == 4
    q = pickle.loads(pickle.dumps(p))
    assert (q.on, q.error, q.center) == (p.on, p.error, p.center)
    odd = mc.approximate(lambda x: math.sin(float(x)), degrees=[1, 3], on=(-1, 1), fixed={1: 1.0}, relative=False)
    assert odd.degrees == (1, 3) and odd.coefficients[1] == 1.0
    for options, message in [
        ({"on": (-6, math.inf)}, "range"),
        ({"on": (0, 1), "coefficients": "float16"}, "can be read"),
        ({"on": (0, 1), "method": "best"}, "is none of"),
    ]:
        with pytest.raises(ValueError, match=message):
            mc.approximate(opaque, degree=2, **options)
    with pytest.raises(ValueError, match="value at x = .* is nan"):
        mc.approximate(lambda x: math.nan if x > 0.5 else x, degree=2, on=(0, 1))
    with pytest.raises(ValueError, match="is 0 at x"):
        mc.approximate(lambda x: 0.0 if x > 0 else 1.0, degree=2, on=(-1, 1), relative=True)


def refused(kind: type[Exception], match: str, *arguments: Any, **options: Any) -> None:
    with pytest.raises(kind, match=match):
        mc.approximate(*arguments, **options)


def test_bad_arguments_are_refused() -> None:
    refused(ValueError, "near x = 0", "log(x)", degree=3, on=(0, 1))
    refused(TypeError, "needs on", "exp(x)", degree=3)
    refused(TypeError, "one of", "exp(x)", on=(0, 1))
    refused(TypeError, "not both", "exp(x)", 3, (0, 1), tolerance=1e-3)
    refused(ValueError, "degree must be", "exp(x)", -1, (0, 1))
    refused(ValueError, "200", "exp(x)", 201, (0, 1))
    refused(ValueError, "empty", "exp(x)", 3, (1, 0))
    refused(ValueError, "overlap", "exp(x)", 3, [(0, 2), (1, 3)])
    refused(ValueError, "method", "exp(x)", 3, (0, 1), method="best")
    refused(ValueError, "samples", "exp(x)", 3, samples=[1.0, float("nan")])
    refused(ValueError, "samples", "exp(x)", 3, samples=[])
    refused(ValueError, "outside", "exp(x)", 3, on=(0, 1), samples=[0.1, 0.2, 0.3, 0.4, 2.0])
    refused(ValueError, "degrees", "exp(x)", 3, (0, 1), degrees=[4])
    refused(ValueError, "degrees must", "exp(x)", 3, (0, 1), degrees=[-1])
    refused(ValueError, "fixed", "exp(x)", 3, (0, 1), fixed={9: 0.0})
    refused(ValueError, "degree must be", "exp(x)", 10**30, (0, 1))
    refused(TypeError, "integer", "exp(x)", on=(0, 1), degrees=[1.5])
    refused(TypeError, "integer", "exp(x)", on=(0, 1), degrees="13")
    refused(TypeError, "dict", "exp(x)", 3, (0, 1), fixed=[(0, 1)])
    refused(TypeError, "dtype", "exp(x)", 3, samples=np.arange(9) * 1j)
    for on in [(0,), (0, 1, 2), "0:1", [()], ("0", "pi"), 3]:
        refused(TypeError, "on must be", "exp(x)", 3, on)
    refused(ValueError, "relative: .*zero near x = 0", "sin(x)", 3, (0, 1), relative=True)
    refused(ValueError, "tolerance", "exp(x)", on=(0, 1), tolerance=0.0)
    refused(ValueError, "coefficients: .*float8.*none of", "exp(x)", 3, (0, 1), coefficients="float8")
    refused(ValueError, "significant bits", "exp(x)", 3, (0, 1), coefficients=1)
    refused(TypeError, "integer", "exp(x)", 3, (0, 1), coefficients=1.5)
    refused(ValueError, "closest", "abs(x)", on=(-1, 1), tolerance=1e-9)
    refused(mc.ParseError, "expp", "expp(x)", 3, (0, 1))


def test_each_coefficient_has_its_format() -> None:
    """As Sollya's fpminimax takes them."""
    formats: list[str | int] = ["float64", "float64", "float32", "float32", "float16", 6]
    p = mc.approximate("exp(x)", 5, (-0.5, 0.5), coefficients=formats)
    assert p.basis == "powers" and p.error < 1.3 * mc.approximate("exp(x)", 5, (-0.5, 0.5)).error
    assert (p.coefficients[2:4] == p.coefficients[2:4].astype(np.float32)).all()
    assert p.coefficients[4] == np.float16(p.coefficients[4])
    mantissa, _ = math.frexp(p.coefficients[5])
    assert (mantissa * 2**6).is_integer()
    assert not (p.coefficients[:2] == p.coefficients[:2].astype(np.float32)).all()
    x = np.linspace(-0.5, 0.5, 2001)
    assert np.abs(p(x) - np.exp(x)).max() <= p.error + 1e-15
    # In a wider format its constants are those of the narrower one.
    code = p.code("c")
    assert code.count("f * x") == 0 and code.count("p-5f") + code.count("p-3f") + code.count("p-1f") >= 2
    assert "coefficients=[" in code and "_f32)" in p.code("rust")
    q = mc.approximate("exp(x)", 5, (-0.5, 0.5), coefficients=dict(enumerate(formats)))
    assert p == q and pickle.loads(pickle.dumps(p)) == q
    r = mc.approximate("silu", on=(-4, 4), tolerance=1e-2, coefficients={0: "float16"})
    assert r.error <= 1e-2 and r.coefficients[0] == np.float16(r.coefficients[0])
    for wrong, reason in [
        (["float64"], "6 of them, not 1"),
        ({9: "float32"}, "degree 9"),
        ({0: "exact"}, "exact"),
        ({-1: "float32"}, "of 0 and up"),
        ({0: "float32, 1=float16"}, "no format"),
        ("float32,0=float64", "no format"),
    ]:
        refused(ValueError, reason, "exp(x)", 5, (0, 1), coefficients=wrong)
    refused(TypeError, "needs degree", "exp(x)", on=(0, 1), tolerance=0.1, coefficients=["float64"])
