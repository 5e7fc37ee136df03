"""How long a series takes: Maclaurin beside SymPy and python-flint (intervals of 53 bits).

    python benchmarks/series.py

Needs the package, SymPy and python-flint. Prints medians; SymPy's longest case is left out.
"""

import statistics
import time

import flint
import maclaurin as mc
import sympy

X = sympy.Symbol("x")
FUNCTIONS = {
    "log(1 + exp(x))": (sympy.log(1 + sympy.exp(X)), lambda x: (1 + x.exp()).log()),
    "exp(sin(x))": (sympy.exp(sympy.sin(X)), lambda x: x.sin().exp()),
}


def median(work, runs):
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return 1000 * statistics.median(times)


def with_flint(f, order):
    flint.ctx.cap = order + 1
    return f(flint.arb_series([0, 1]))


def with_sympy(f, order):
    sympy.core.cache.clear_cache()
    return sympy.series(f, X, 0, order + 1)


print("| series | order | Maclaurin, exact, ms | python-flint, intervals, ms | SymPy, exact, ms |")
print("|---|---|---|---|---|")
for text, (of_sympy, of_flint) in FUNCTIONS.items():
    for order in (4, 10, 20, 100):
        ours = median(lambda: mc.taylor(text, order=order), 21)
        flints = median(lambda: with_flint(of_flint, order), 21)
        symbolic = f"{median(lambda: with_sympy(of_sympy, order), 3):.0f}" if order <= 10 else "not run"
        print(f"| {text} | {order} | {ours:.3f} | {flints:.3f} | {symbolic} |", flush=True)
