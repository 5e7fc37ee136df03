"""Certificates of random best polynomials against 40 digits of mpmath.

``APPROXIMATION_CASES=10000 APPROXIMATION_SEED=1 pytest -s python/tests/test_approximation_random.py`` is the long run.
"""

import math
import os
import random
from collections import Counter
from fractions import Fraction

import mpmath
import numpy as np

import maclaurin as mc

CASES = int(os.environ.get("APPROXIMATION_CASES", "40"))
SEED = int(os.environ.get("APPROXIMATION_SEED", "0"))
DIGITS = 40
POINTS = 90

#: Text in u, the same in mpmath, and the numbers u that it takes.
FUNCTIONS = [
    ("exp({u})", mpmath.exp, (-6, 6)),
    ("sin({u})", mpmath.sin, (-9, 9)),
    ("cos({u})", mpmath.cos, (-9, 9)),
    ("tanh({u})", mpmath.tanh, (-8, 8)),
    ("atan({u})", mpmath.atan, (-9, 9)),
    ("erf({u})", mpmath.erf, (-4, 4)),
    ("asinh({u})", mpmath.asinh, (-9, 9)),
    ("log({u})", mpmath.log, (0.01, 20)),
    ("sqrt({u})", mpmath.sqrt, (0, 9)),
    ("1/({u})", lambda u: 1 / u, (0.05, 9)),
    ("sigmoid({u})", lambda u: 1 / (1 + mpmath.exp(-u)), (-10, 10)),
    ("silu({u})", lambda u: u / (1 + mpmath.exp(-u)), (-9, 9)),
    ("gelu({u})", lambda u: u * (1 + mpmath.erf(u / mpmath.sqrt(2))) / 2, (-5, 5)),
    ("softplus({u})", lambda u: mpmath.log1p(mpmath.exp(u)), (-9, 9)),
    ("mish({u})", lambda u: u * mpmath.tanh(mpmath.log1p(mpmath.exp(u))), (-7, 7)),
    ("abs({u})", abs, (-4, 4)),
    ("relu({u})", lambda u: max(u, mpmath.mpf(0)), (-4, 4)),
    ("gamma({u})", mpmath.gamma, (0.3, 5)),
    ("acos({u})", mpmath.acos, (-1, 1)),
    ("sinc({u})", lambda u: mpmath.sin(u) / u if u else mpmath.mpf(1), (-8, 8)),
    ("1/(1 + ({u})^2)", lambda u: 1 / (1 + u * u), (-9, 9)),
    ("cbrt({u})", lambda u: mpmath.sign(u) * mpmath.cbrt(abs(u)), (-3, 3)),
    ("abs({u})^1.5", lambda u: abs(u) ** mpmath.mpf("1.5"), (-3, 3)),
    ("exp(-({u})^2)*cos(3*({u}))", lambda u: mpmath.exp(-u * u) * mpmath.cos(3 * u), (-4, 4)),
    ("({u})*log({u})", lambda u: u * mpmath.log(u) if u else mpmath.mpf(0), (0, 4)),
    ("exp(-1/({u})^2)", lambda u: mpmath.exp(-1 / u**2) if u else mpmath.mpf(0), (-3, 3)),
    ("sqrt({u} - ({u})^2)", lambda u: mpmath.sqrt(u - u * u), (0, 1)),
]


def rational(x):
    value = Fraction(x)
    return mpmath.mpf(value.numerator) / value.denominator


def case(rng):
    """A function as text and in mpmath, ranges and options."""
    text, of, (least, most) = rng.choice(FUNCTIONS)
    ends = sorted(rng.uniform(least, most) for _ in range(2))
    if rng.random() < 0.35:
        ends[rng.randrange(2)] = rng.choice([least, most, 0.0]) if least <= 0 <= most else rng.choice([least, most])
        ends.sort()
    if rng.random() < 0.2 and least == -most:
        ends = [-abs(ends[1]), abs(ends[1])]
    low, high = ends
    if not high - low > 1e-3:
        low, high = least, most
    a, b = Fraction(1), Fraction(0)
    if rng.random() < 0.3:
        # u = a x with a power of two, so that the ends are exact.
        a = Fraction(2) ** rng.randint(-3, 3)
        low, high = low / float(a), high / float(a)
    u = "x" if (a, b) == (1, 0) else f"({a}*x)"
    f = lambda x: of(mpmath.mpf(a.numerator) / a.denominator * x)  # noqa: E731
    text = text.format(u=u)
    ranges = [(low, high)]
    if rng.random() < 0.12:
        width = high - low
        ranges = [(low, low + 0.4 * width), (low + 0.55 * width, high)]
    degree = rng.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 25, 30, 40])
    options = {"method": rng.choice(["minimax", "minimax", "chebyshev", "least_squares"])}
    options["coefficients"] = rng.choice(
        ["exact", "float64", "float64", "float32", "float16", "bfloat16", 9, "fixed20"]
    )
    measure = None
    kind = rng.random()
    if kind < 0.15:
        options["relative"], measure = True, lambda x: abs(f(x))
    elif kind < 0.25:
        options["weight"], measure = "exp(x/4)", lambda x: mpmath.exp(-x / 4)
    form = rng.random()
    if form < 0.1:
        options["degrees"] = sorted(rng.sample(range(min(degree, 12) + 1), rng.randint(1, min(degree, 12) + 1)))
    elif form < 0.15:
        options["center"] = rng.choice([0.0, low, 0.5, -1.25])
    elif form < 0.2 and degree > 1 and options["method"] != "chebyshev":
        options["through"] = [rng.uniform(*ranges[0])]
    return text, f, ranges, degree, options, measure


def points(rng, ranges, at):
    for low, high in ranges:
        middle, half = (low + high) / 2, (high - low) / 2
        for i in range(POINTS):
            yield min(max(middle - half * math.cos(math.pi * i / (POINTS - 1)), low), high)
        for _ in range(POINTS // 3):
            yield rng.uniform(low, high)
            yield low + (high - low) * 10 ** rng.uniform(-12, 0)
            yield high - (high - low) * 10 ** rng.uniform(-12, 0)
        if low < 0 < high:
            yield 0.0
            yield min(high, 10 ** rng.uniform(-9, 0))
    yield at


def check(rng, arguments, p):
    """Refutes what is certified of a polynomial, if that can be done by its values."""
    text, f, ranges, degree, options, measure = arguments
    center, exact = rational(p.center), [rational(c) for c in p.exact]

    def error(x):
        x = mpmath.mpf(x)
        distance = abs(f(x) - mpmath.polyval(exact[::-1], x - center))
        if measure is None or not distance:
            return distance
        return distance / measure(x)

    seen, at = max((error(x), x) for x in points(rng, ranges, p.error.at) if any(a <= x <= b for a, b in ranges))
    where = f"{text} on {ranges}, degree {degree}, {options}: {mpmath.nstr(seen, 20)} at {at!r}"
    slack = mpmath.mpf(10) ** (-DIGITS // 2)
    size = sum(abs(c) for c in exact) * slack
    assert seen <= mpmath.mpf(float(p.error)) + (size if measure is None else 0), (
        f"above the bound {p.error!r}: {where}"
    )
    # A relative error may be a limit, where both vanish.
    near = [p.error.at + step for step in (0.0, 1e-12, -1e-12) if any(a <= p.error.at + step <= b for a, b in ranges)]
    assert max(map(error, near)) >= p.error.sampled * (1 - 1e-6) - size, (
        f"never {p.error.sampled!r} at {p.error.at}: {where}"
    )
    assert p.best <= float(p.error), f"best {p.best!r}: {where}"
    if options["coefficients"] == "exact":
        wide = 1.05 if options["method"] == "minimax" and "degrees" not in options and degree <= 40 else math.inf
        assert float(p.error) <= wide * p.best or measure is not None or not p.best, f"{p.error!r} {p.best!r}: {where}"
        # The largest error that was seen is near the largest, if not the largest.
        assert p.best <= seen * 1.1 + size, f"no polynomial below {p.best!r}: {where}"
    if measure is None and p.basis == "powers":
        low, high = ranges[0]
        bound = p.error_bound(low, high, dtype="float64")
        for x in np.linspace(low, high, 9):
            assert abs(f(mpmath.mpf(float(x))) - mpmath.mpf(float(p(float(x))))) <= float(bound), where


def test_certificates_of_random_polynomials_hold():
    counts = Counter()
    for number in range(CASES):
        rng = random.Random(SEED * 1_000_003 + number)
        arguments = case(rng)
        text, _, ranges, degree, options, _ = arguments
        chosen = {"degrees": options["degrees"]} if "degrees" in options else {"degree": degree}
        try:
            p = mc.approximate(text, on=ranges, **chosen, **{k: v for k, v in options.items() if k != "degrees"})
        except ValueError as reason:
            counts["refused: " + str(reason).split(":")[0].split(" near ")[0][:60]] += 1
            continue
        with mpmath.workdps(DIGITS + 2 * degree):
            check(rng, arguments, p)
        counts["certified"] += 1
        counts["certified within 1% of the best"] += bool(float(p.error) <= 1.01 * p.best)
        if "APPROXIMATION_CASES" in os.environ and number % 100 == 99:
            print(number + 1, dict(counts), flush=True)
    assert counts["certified"] > CASES / 2
