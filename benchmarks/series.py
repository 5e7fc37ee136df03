"""How long a series takes: Maclaurin beside python-flint and SymPy.

    python benchmarks/series.py

Needs the package, python-flint and SymPy; prints two tables of Markdown.

At 0: the exact rational coefficients, beside FLINT's rational series. Functions whose constant term
is not rational are compared without it: FLINT's series have rational coefficients only.
At 1: correctly rounded doubles, beside Arb's balls of 128 bits, or of the least multiple by a power of
two that knows each coefficient to 53 bits, where it is not below the least double. The bits are said.
SymPy runs at order 20 at 0, and at 1 where it ends within seconds.

Each figure is the least of several runs, in microseconds. A ratio in parentheses is of a call under
50 microseconds.
"""

import multiprocessing
import sys
import time

import flint
import maclaurin as mc
import sympy
from flint import arb, arb_series, fmpq_series

ORDERS = (20, 100, 1000)
SYMPY_LIMIT = 20.0
X = sympy.Symbol("x")
LEAST_DOUBLE = arb(2) ** -1075


def gelu(x):
    return x * (1 + (x / arb(2).sqrt()).erf()) / 2


# The text; by Arb; by FLINT's rationals, or None where it has no such series; by SymPy.
FUNCTIONS = [
    ("exp(x)", lambda x: x.exp(), lambda x: x.exp(), sympy.exp(X)),
    # FLINT's logarithm asks for a constant term of 1.
    (
        "log(1+exp(x))",
        lambda x: (1 + x.exp()).log(),
        lambda x: ((1 + x.exp()) / 2).log(),
        sympy.log(1 + sympy.exp(X)),
    ),
    ("tan(x)", lambda x: x.tan(), lambda x: x.tan(), sympy.tan(X)),
    ("exp(sin(x))", lambda x: x.sin().exp(), lambda x: x.sin().exp(), sympy.exp(sympy.sin(X))),
    ("sqrt(1+x)", lambda x: (1 + x).sqrt(), lambda x: (1 + x).sqrt(), sympy.sqrt(1 + X)),
    ("1/(1+x^2)", lambda x: 1 / (1 + x * x), lambda x: 1 / (1 + x * x), 1 / (1 + X**2)),
    ("tanh(x)", lambda x: 1 - 2 / ((2 * x).exp() + 1), lambda x: x.tanh(), sympy.tanh(X)),
    ("gelu", gelu, None, X * (1 + sympy.erf(X / sympy.sqrt(2))) / 2),
    ("atan(x)", lambda x: x.atan(), lambda x: x.atan(), sympy.atan(X)),
    ("erf(x)", lambda x: x.erf(), None, sympy.erf(X)),
    ("x/(exp(x)-1)", lambda x: x / (x.exp() - 1), lambda x: x / (x.exp() - 1), X / (sympy.exp(X) - 1)),
]


def least(work):
    """The least time of as many runs as fit in a second, 2 to 30 of them, in microseconds."""
    times = []
    while len(times) < 2 or (sum(times) < 1 and len(times) < 30):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return 1e6 * min(times)


def exactly(text, order):
    """The series with its exact coefficients: all are worked out when one is asked for that is not
    known to be zero, as every other one of an odd function is."""
    series = mc.taylor(text, order=order)
    return [series._exact_coefficient(degree) for degree in (order - 1, order)]


def with_flint(f, order):
    flint.ctx.cap = order + 1
    return f(fmpq_series([0, 1]))


def with_arb(f, order):
    flint.ctx.cap = order + 1
    return f(arb_series([1, 1]))


def arb_bits(f, order):
    """Sets the bits that Arb needs, and says them."""
    flint.ctx.prec = 64
    known = False
    while not known:
        flint.ctx.prec *= 2
        coefficients = with_arb(f, order).coeffs()
        known = all(c.rel_accuracy_bits() >= 53 or abs(c) < LEAST_DOUBLE for c in coefficients)
    return flint.ctx.prec


def with_sympy(f, at, order, queue):
    begun = time.perf_counter()
    f.series(X, at, order + 1)
    queue.put(1e6 * (time.perf_counter() - begun))


def sympy_time(f, at):
    """SymPy's time for order 20, in a process that can be ended."""
    queue = multiprocessing.Queue()
    process = multiprocessing.Process(target=with_sympy, args=(f, at, ORDERS[0], queue))
    process.start()
    process.join(SYMPY_LIMIT)
    if process.is_alive():
        process.kill()
        return f"over {SYMPY_LIMIT:.0f} s"
    return f"{queue.get():,.0f}" if process.exitcode == 0 else "fails"


def table(title, peer, at, ours, theirs):
    cells = [f"{peer}, ours, ratio at order {order}" for order in ORDERS]
    print(f"\n{title}\n\n| function | {' | '.join(cells)} | SymPy at order {ORDERS[0]} |")
    print("|---" * (len(ORDERS) + 2) + "|")
    for text, of_arb, of_flint, of_sympy in FUNCTIONS:
        cells = []
        for order in ORDERS:
            own = least(lambda text=text, order=order: ours(text, order))
            f = of_arb if at else of_flint
            if f is None:
                cells.append(f"-, {own:,.0f}")
                continue
            bits = f" ({arb_bits(f, order)} bits)" if at else ""
            other = least(lambda f=f, order=order: theirs(f, order))
            ratio = f"{own / other:.1f}"
            cells.append(f"{other:,.0f}{bits}, {own:,.0f}, {f'({ratio})' if own < 50 else ratio}")
        print(f"| `{text}` | {' | '.join(cells)} | {sympy_time(of_sympy, at)} |", flush=True)


if __name__ == "__main__":
    table("Exact coefficients at 0 beside FLINT's", "FLINT", 0, exactly, with_flint)
    table(
        "Correctly rounded coefficients at 1 beside Arb's",
        "Arb",
        1,
        lambda text, order: mc.taylor(text, order=order, at=1),
        with_arb,
    )
    sys.exit(0)
