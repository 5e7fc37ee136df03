"""Estimated series: right within their errors, or refused. Random Python functions, against mpmath.

`ESTIMATE_CASES=2000 pytest python/tests/test_estimate.py` tries more of them.
"""

import cmath
import collections
import math
import os
import random

import mpmath
import numpy as np

import maclaurin as mc
from maclaurin.estimate import estimate

CASES = int(os.environ.get("ESTIMATE_CASES", "100"))

SMOOTH = ["exp", "sin", "cos", "tanh", "atan"]
# What is analytic on the real line in places and nowhere, or another function, off it.
ROUGH = ["abs", "sign", "real", "conj", "norm", "max", "min", "conditional", "clip"]


def source(rng, depth, kinks):
    """A random function's body, as text that several modules give a meaning."""
    if depth == 0:
        return rng.choice(["x", "x", f"{rng.uniform(-2, 2):.3f}", f"{rng.uniform(0.3, 2):.2f}*x"])
    a = source(rng, depth - 1, kinks)
    if kinks and rng.random() < 0.45:
        kind = rng.choice(ROUGH)
        at = rng.choice(kinks)
        b = source(rng, rng.randrange(depth), kinks)
        power = rng.randint(1, 4)
        return {
            "abs": f"absolute(x - {at})**{power} + {a}",
            "sign": f"sign(x - {at})*{power} + {a}",
            "real": f"real({a})",
            "conj": f"conj({a})*({b})",
            "norm": f"exp(-absolute({a})**2/9)",
            "max": f"maximum(x, {at})*({a})",
            "min": f"minimum({a}, {b})",
            "conditional": f"({a} if x > {at} else {b})",
            "clip": f"minimum(maximum(x, {at}), {at} + 1)**{power} - {a}",
        }[kind]
    b = source(rng, rng.randrange(depth), kinks)
    return rng.choice(
        [
            f"({a} + {b})",
            f"({a} - {b})",
            f"({a})*({b})",
            f"({a})/(1.5 + ({b})**2)",
            f"sqrt(1.1 + ({a})**2)",
            f"log(2 + ({a})**2)",
            *(f"{rng.choice(SMOOTH)}({a})" for _ in range(4)),
        ]
    )


MATH = {
    **{name: getattr(math, name) for name in [*SMOOTH, "sqrt", "log"]},
    "absolute": abs,
    "sign": lambda x: math.copysign(1.0, x) if x else 0.0,
    "real": lambda x: x.real,
    "conj": lambda x: x.conjugate(),
    "maximum": max,
    "minimum": min,
}
NUMPY = {name: getattr(np, {"atan": "arctan"}.get(name, name)) for name in MATH}
CMATH = MATH | {name: getattr(cmath, name) for name in [*SMOOTH, "sqrt", "log"]}
MPMATH = {name: getattr(mpmath, {"absolute": "fabs", "real": "re"}.get(name, name), None) for name in MATH}
MPMATH |= {"maximum": max, "minimum": min}


def function(body, names):
    return eval(f"lambda x: {body}", dict(names))


def one_sided(body, at, order, direction):
    """The coefficients from one side, of which the 0th is the limit."""
    f = function(body, MPMATH)
    with mpmath.workdps(40):
        limit = mpmath.mpf(f(at + direction * mpmath.mpf(10) ** -35))
        value = f(mpmath.mpf(at))
        limit = value if abs(limit - value) < 1e-25 else limit
        return [limit, *(mpmath.mpf(a) for a in mpmath.taylor(f, at, order, direction=direction)[1:])]


def outcome(body, names, at, order):
    try:
        left, right = (one_sided(body, at, order, direction) for direction in (-1, 1))
        with mpmath.workdps(40):
            value = mpmath.mpf(function(body, MPMATH)(mpmath.mpf(at)))
    except (ZeroDivisionError, ValueError, TypeError, OverflowError):
        return "undefined"
    # The derivative of a jump is as large as its difference quotient.
    smooth = all(abs(a - b) <= 1e-12 * (1 + abs(a)) for a, b in zip([value, value, *left], [left[0], right[0], *right]))
    if abs(left[0] - right[0]) < 1e-12 and max(map(abs, [*left, *right])) > 1e30:
        return "undefined"
    try:
        series = estimate(function(body, names), order, at)
    except ValueError as reason:
        return "refused" if smooth else "kink refused" if isinstance(reason, mc.NotAnalyticError) else "kink not seen"
    # Constants that the function computes in doubles are not those of mpmath.
    rounding = 1e-14 * float(max(1, *map(abs, left)))
    for side in (left, right):
        for k, (a, error, truth) in enumerate(zip(series.coefficients, series.errors, side)):
            if abs(truth - a) > error + rounding:
                return f"WRONG: degree {k} is {a} +- {error}, not {float(truth)}"
    return "right" if smooth else "kink within errors"


def random_case(seed):
    rng = random.Random(seed)
    at = rng.choice([0.0, 0.0, round(rng.uniform(-2, 2), 1)])
    kinks = [] if seed % 2 else [at, at, round(at + rng.choice([-1, 1]) * 10 ** rng.uniform(-3, 0.5), 4)]
    body = source(rng, rng.randint(1, 3), kinks)
    # Complex numbers are not ordered.
    ordered = any(word in body for word in ("maximum", "minimum", "if"))
    return body, rng.choice([MATH, NUMPY, NUMPY if ordered else CMATH]), at, rng.randint(0, 8)


def test_random_functions_are_right_within_their_errors_or_refused():
    counts = collections.Counter()
    for seed in range(CASES):
        body, names, at, order = random_case(seed)
        seen = outcome(body, names, at, order)
        assert not seen.startswith("WRONG"), f"seed {seed}, {body} at {at}, order {order}: {seen}"
        counts[seed % 2, seen] += 1
    print(dict(counts))
    # Of functions that are analytic everywhere nearly all are estimated.
    assert counts[1, "right"] >= 0.97 * sum(n for (odd, seen), n in counts.items() if odd and seen != "undefined")
    assert counts[0, "right"] > 0.25 * CASES / 2
    assert counts[0, "kink refused"] > 0.1 * CASES / 2


def test_the_estimated_error_of_approximations_holds():
    counts = collections.Counter()
    for seed in range(CASES // 2):
        rng = random.Random(-seed - 1)
        at = round(rng.uniform(-2, 2), 1)
        body = source(rng, rng.randint(1, 3), [at, round(at + rng.uniform(-1, 1), 3)] if seed % 2 else [])
        f = function(body, MATH)
        on = (at - rng.uniform(0.2, 2), at + rng.uniform(0.2, 2))
        options = {"degree": rng.randint(0, 9)} | rng.choice([{}, {}, {"method": "least_squares"}])
        try:
            opaque = mc.approximate(lambda x, f=f: f(float(x)), on=on, **options)
        except ValueError as reason:
            assert isinstance(reason.__cause__, OverflowError)
            continue
        assert isinstance(opaque, mc.EstimatedApproximation), body
        # Other points than those that it was found with, and close ones about the kinks. At a jump itself the value
        # may be a third one, which no samples find.
        x = np.concatenate([np.linspace(*on, 5001), at + np.linspace(-1e-3, 1e-3, 200)])
        x = x[(on[0] <= x) & (x <= on[1]) & (x != at)]
        off = max(abs(f(t) - opaque(t)) for t in x.tolist())
        assert off <= opaque.error, f"seed {seed}, {body} on {on}, {options}: {opaque.error} is not {off}"
        counts["within", off >= 0.7 * opaque.error] += 1
    assert counts["within", True] > 0.7 * CASES / 2
