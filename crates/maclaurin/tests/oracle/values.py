"""Reversions, compositions, Padé approximants and Laurent series by others: python-flint and SymPy.

Run once, by hand, with the versions in requirements.txt beside this file:

    python values.py > values.json

Coefficients are "p/q" from the lowest degree up. A Padé approximant is its numerator and denominator,
without common factors and with q(0) = 1, or null where the linear system of its definition has no
solution.
"""

import json
import random

import flint
import sympy
from flint import ctx, fmpq, fmpq_mat, fmpq_poly, fmpq_series

ORDER = 14
ctx.cap = ORDER + 1
x = fmpq_series([0, 1])

FUNCTIONS = {
    "exp(x) - 1": lambda: x.exp() - 1,
    "sin(x)": lambda: x.sin(),
    "tan(x)": lambda: x.tan(),
    "atan(x)": lambda: x.atan(),
    "log(1 + x)": lambda: (1 + x).log(),
    "x*exp(-x)": lambda: x * (-x).exp(),
    "x/(1 - x - x^2)": lambda: x / (1 - x - x * x),
    "x*cos(x)": lambda: x * x.cos(),
    "sinh(x) + x^2": lambda: ((x.exp() - (-x).exp()) / 2) + x * x,
    "x - x^3/6": lambda: x - x * x * x / 6,
}

# For quotients, those that do not vanish at 0 too; even and odd ones have blocks in their tables.
QUOTIENTS = FUNCTIONS | {
    "exp(x)": lambda: x.exp(),
    "cos(x)": lambda: x.cos(),
    "1 + x^2": lambda: 1 + x * x,
    "1/(1 - x)": lambda: 1 / (1 - x),
    "(1 + x)/(1 - x + x^3)": lambda: (1 + x) / (1 - x + x * x * x),
    "x^3": lambda: x * x * x,
    "1 + x^5": lambda: 1 + x**5,
}

LAURENT = """
1/x; 1/sin(x); cos(x)/sin(x); 1/sin(x)^2; 1/sin(x)^3; exp(x)/x^3; 1/(exp(x) - 1); 1/(exp(x) - 1)^2
cosh(x)/sinh(x); 1/log(1 + x); 1/(1 - cos(x)); 1/(x - sin(x)); sin(x)/x^4; 1/(x^2*(1 + x)); tan(x)/x^3
1/(x*sin(x)) - 1/x^2; (1 + x)/(x^2 - x^3); 1/tan(x)^2; log(1 + x)/x^5; 1/(exp(x) - 1 - x)
""".replace("\n", ";").split(";")


def text(q):
    return f"{q.p}/{q.q}"


def coefficients(series):
    return [text(fmpq(series[k])) for k in range(ORDER + 1)]


def polynomial(random):
    """A random polynomial without constant term as text and as a series."""
    terms = {k: fmpq(random.randint(-9, 9), random.randint(1, 9)) for k in range(2, random.randint(3, 7))}
    terms[1] = fmpq(random.choice([-2, -1, 1, 3]), random.randint(1, 4))
    written = " + ".join(f"({q.p}/{q.q})*x^{k}" for k, q in sorted(terms.items()))
    return written, fmpq_series([terms.get(k, 0) for k in range(ORDER + 1)])


def pade(c, m, n):
    """sum_j q_j c_(i-j) = 0 for m < i <= m + n with q_0 = 1."""
    at = lambda k: c[k] if k >= 0 else fmpq(0)
    rows = [[at(i - j) for j in range(1, n + 1)] + [-at(i)] for i in range(m + 1, m + n + 1)]
    q = [fmpq(1)] + [fmpq(0)] * n
    if n:
        reduced, rank = fmpq_mat(n, n + 1, [entry for row in rows for entry in row]).rref()
        for row in range(rank):
            pivot = next(j for j in range(n + 1) if reduced[row, j] != 0)
            if pivot == n:
                return None
            # Unknowns without a pivot are zero.
            q[pivot + 1] = reduced[row, n]
    p = [sum((q[j] * at(i - j) for j in range(min(i, n) + 1)), fmpq(0)) for i in range(m + 1)]
    p, q = fmpq_poly(p), fmpq_poly(q)
    common = p.gcd(q)
    p, q = p // common, q // common
    scale = q[0]
    return [[text(fmpq(a) / scale) for a in f.coeffs()] or ["0/1"] for f in (p, q)]


def main():
    generator = random.Random(20)
    known = [(name, make()) for name, make in FUNCTIONS.items()]
    known += [polynomial(generator) for _ in range(10)]
    reversions = [{"function": name, "inverse": coefficients(f.reversion())} for name, f in known]
    compositions = [
        {"outer": outer, "inner": inner, "coefficients": coefficients(f(g))}
        for outer, f in known
        for inner, g in generator.sample(known, 3)
    ]
    quotients = []
    for name, make in QUOTIENTS.items():
        series = make()
        c = [fmpq(series[k]) for k in range(ORDER + 1)]
        degrees = [(m, n) for m in range(6) for n in range(6)]
        quotients += [{"function": name, "m": m, "n": n, "quotient": pade(c, m, n)} for m, n in degrees]
    symbol = sympy.Symbol("x")
    poles = []
    for name in filter(None, (name.strip() for name in LAURENT)):
        expression = sympy.sympify(name.replace("^", "**"))
        series = sympy.series(expression, symbol, 0, 5).removeO()
        by_degree = {k: sympy.Rational(series.coeff(symbol, k)) for k in range(-8, 5)}
        order = -min((k for k, q in by_degree.items() if q != 0), default=0)
        numbers = [by_degree[k] for k in range(-max(order, 0), 5)]
        poles.append({"function": name, "coefficients": [f"{q.p}/{q.q}" for q in numbers]})
    versions = {"python-flint": flint.__version__, "sympy": sympy.__version__}
    print(json.dumps({"versions": versions, "order": ORDER}, indent=None)[:-1] + ",")
    lists = {"reversions": reversions, "compositions": compositions, "quotients": quotients, "poles": poles}
    parts = (f'"{name}": [\n' + ",\n".join(map(json.dumps, cases)) + "\n]" for name, cases in lists.items())
    print(",\n".join(parts) + "}")


if __name__ == "__main__":
    main()
