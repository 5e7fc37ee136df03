"""Errors of Taylor polynomials, functions of complex numbers and hard coefficients, by FLINT.

Run once, by hand, with the versions in requirements.txt beside this file:

    python certify.py

writes, with a fixed seed:

- bounds.json: random functions, points, orders and ranges; the largest |f - T| at 400 points at
  50 digits, and an upper bound of it from the mean value form over a bisected range;
- complex.json: elementary functions at a point of a random rectangle, to 30 digits;
- precision.json: the correctly rounded doubles of coefficients that cancel, underflow or overflow.
"""

import json
import math
import random
from fractions import Fraction

import flint
from flint import acb, arb, arb_series, ctx, fmpq, fmpq_series

import generate
from generate import Balls, FUNCTIONS

BITS = 200
SAMPLES = 400
CASES = 1200


def series(text, at, order):
    generate.ORDER = order
    ctx.cap = order + 1
    return generate.evaluate(Balls(BITS), text, at)


def exact(x):
    return arb(fmpq(*Fraction(x).as_integer_ratio()))


class Difference:
    """f - T and its first derivative on balls."""

    def __init__(self, text, at, order):
        self.text, self.at = text, at
        self.coefficients = series(text, at, order)
        if not all(a.is_finite() for a in self.coefficients):
            raise ValueError("no series")

    def __call__(self, x):
        """The value and the slope on a ball."""
        f = series(self.text, x, 1)
        t = arb_series([x - self.at, 1], prec=2)
        ctx.cap = 2
        polynomial = arb_series([0], prec=2)
        for a in reversed(self.coefficients):
            polynomial = polynomial * t + a
        return f[0] - polynomial[0], f[1] - polynomial[1]


def ball(low, high):
    return exact(low).union(exact(high))


def largest(difference, low, high):
    """(sampled, upper): the largest error lies between them, or None where f is not finite."""
    sampled = 0.0
    for i in range(SAMPLES + 1):
        x = low if i == 0 else high if i == SAMPLES else low + (high - low) * i / SAMPLES
        value, _ = difference(exact(x))
        if not value.is_finite():
            return None
        sampled = max(sampled, abs(float(abs(value).lower())) * (1 - 1e-15))
    upper, stack, count = sampled, [(low, high)], 0
    while stack:
        a, b = stack.pop()
        count += 1
        if count > 4000:
            return None
        middle = a + (b - a) / 2
        whole = ball(a, b)
        value, _ = difference(exact(middle))
        _, slope = difference(whole)
        bound = abs(value + slope * (whole - exact(middle)))
        if not bound.is_finite():
            if b - a < 1e-3 * (high - low):
                return None
        elif float(bound.upper()) <= 1.004 * sampled or (b - a) < 1e-7 * (high - low):
            upper = max(upper, float(bound.upper()) * (1 + 1e-15))
            continue
        stack += [(a, middle), (middle, b)]
    return sampled, upper


def bounds():
    random.seed(20261124)
    texts = [text.strip() for text in FUNCTIONS if text.strip()]
    # An exponent must not depend on the ball's sign, and kinks have no slope.
    texts = [text for text in texts if not any(k in text for k in ("abs", "relu", "elu", "sign"))]
    cases = []
    while len(cases) < CASES:
        text = random.choice(texts)
        at = Fraction(random.randint(-24, 24), 8)
        order = random.choice([0, 1, 2, 3, 4, 5, 6, 8, 10, 14])
        reach = 10 ** random.uniform(-2.5, 0.5)
        low, high = sorted(float(at) + reach * random.uniform(-1, 1) for _ in range(2))
        if random.random() < 0.5:
            low, high = float(at) - reach, float(at) + reach
        cases += bound_case(text, at, order, low, high)
    return cases


def bound_case(text, at, order, low, high):
    """The case of the largest error of a Taylor polynomial on a range, or none where it has no size."""
    try:
        found = largest(Difference(text, exact(at), order), low, high)
    except (ValueError, ZeroDivisionError, OverflowError):
        return []
    if found is None or found[0] < 1e-200 or found[1] > 1e200:
        return []
    return [[text, str(at), order, low, high, *found]]


def complex_functions():
    random.seed(7)
    names = ["exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan",
             "asinh", "acosh", "atanh", "erf"]
    cases = []
    ctx.prec = BITS
    while len(cases) < 1500:
        name = random.choice(names)
        width = random.choice([0.0, 1e-6, 0.01, 0.3])
        corner = [random.uniform(-2.5, 2.5) for _ in range(2)]
        sides = [[c, c + width * random.random()] for c in corner]
        point = [random.choice([a, b, a + (b - a) / 2]) for a, b in sides]
        # Principal values jump at the cuts; a rectangle that meets one is not compared.
        if sides[1][0] <= 0 <= sides[1][1] or sides[0][0] <= 0 <= sides[0][1]:
            continue
        z = acb(exact(point[0]), exact(point[1]))
        value = getattr(z, name)()
        cases.append([name, sides, point, value.real.mid().str(30, radius=False),
                      value.imag.mid().str(30, radius=False)])
    return cases


def double(q):
    try:
        return float(q)
    except OverflowError:
        return math.inf if q > 0 else -math.inf


def rounded(value):
    """The double that both ends of a ball round to."""
    mid, radius, exponent = (int(part) for part in value.mid_rad_10exp(600))
    ends = {double((mid + sign * radius) * Fraction(10) ** exponent) for sign in (-1, 1)}
    assert len(ends) == 1, value
    return ends.pop()


def precision():
    cases = []
    for text, at, order in [
        ("log(1 + exp(x))", "50", 30), ("log(1 + exp(x))", "-50", 30),
        ("log(1 + exp(x))", "1", 120), ("exp(x) - 1 - x", "1/100000000", 8),
        ("(exp(x) - 1 - x)/(x*x)", "1/100000000", 12), ("sin(x)/x", "1/100000000", 12),
        ("(1 - cos(x))/(x*x)", "1/1000000", 12), ("tanh(x)", "20", 40), ("erf(x)", "8", 40),
        ("exp(x)", "-700", 100), ("exp(sin(x))", "1/3", 100), ("sigmoid(x)", "-700", 20),
        ("sqrt(1 + x)", "1", 150), ("atan(x)", "1/7", 130), ("gelu(x)", "-9", 20),
    ]:
        generate.ORDER = order
        ctx.cap = order + 1
        point = fmpq(*Fraction(at).as_integer_ratio())
        values = generate.evaluate(Balls(6000), text, point)
        cases.append([text, at, [rounded(a).hex() for a in values]])
    for text, order, coefficient in [
        ("exp(x)", 190, lambda k: Fraction(1, math.factorial(k))),
        ("exp(-x)", 190, lambda k: Fraction((-1) ** k, math.factorial(k))),
        ("1/(1 - 1000*x)", 120, lambda k: Fraction(1000) ** k),
        ("1/(1 + x/1000)", 120, lambda k: Fraction(-1, 1000) ** k),
        ("exp(1000*x)", 400, lambda k: Fraction(1000**k, math.factorial(k))),
        ("log(1 - 30*x)", 240, lambda k: -Fraction(30**k, k) if k else Fraction(0)),
    ]:
        cases.append([text, "0", [double(coefficient(k)).hex() for k in range(order + 1)]])
    return cases


def write(name, cases):
    with open(name, "w") as file:
        rows = ",\n".join(json.dumps(case) for case in cases)
        file.write(f'{{"python-flint": "{flint.__version__}", "cases": [\n{rows}\n]}}\n')


if __name__ == "__main__":
    write("complex.json", complex_functions())
    write("precision.json", precision())
    write("bounds.json", bounds())
