"""How long a best polynomial takes, and how good it is: Maclaurin beside Sollya.

    python benchmarks/approximation.py
    python benchmarks/approximation.py --coefficients float32

Needs the package, and Sollya (Debian's package `sollya`) for the other columns; prints a table of Markdown.

Maclaurin's time is that of `approximate`, which includes the certified error and the certified lower bound;
Sollya's that of `remez` alone, by its own clock, or of `fpminimax` where the coefficients are of a format; both then
choose those of powers of x. Each is the least of several runs, in milliseconds. The error of
Sollya's polynomial is its `dirtyinfnorm`.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import time

import maclaurin as mc

# Maclaurin's text, Sollya's, the range, the degree.
CASES = [
    ("exp(x)", "exp(x)", (-1, 1), 5),
    ("sigmoid", "1/(1+exp(-x))", (-8, 8), 7),
    ("sigmoid", "1/(1+exp(-x))", (-8, 8), 15),
    ("silu", "x/(1+exp(-x))", (-4, 4), 6),
    ("gelu", "x*(1+erf(x/sqrt(2)))/2", (-4, 4), 8),
    ("softplus", "log1p(exp(x))", (-8, 8), 10),
    ("tanh(x)", "tanh(x)", (-3, 3), 9),
    ("erf(x)", "erf(x)", (-3, 3), 11),
    ("sin(x)", "sin(x)", (-1.5708, 1.5708), 7),
    ("cos(x)", "cos(x)", (-0.7854, 0.7854), 6),
    ("log(x)", "log(x)", (1, 2), 6),
    ("1/x", "1/x", (1, 2), 6),
    ("2^x", "2^x", (0, 1), 3),
    ("2^x", "2^x", (0, 1), 5),
    ("2^x", "2^x", (-0.5, 0.5), 7),
    ("log2(x)", "log2(x)", (1, 2), 8),
    ("mish", "x*tanh(log1p(exp(x)))", (-5, 5), 10),
    ("atan(x)", "atan(x)", (-1, 1), 11),
]
RUNS = 5


#: The formats as fpminimax names them.
FORMATS = {"float16": "HP", "bfloat16": "8", "float32": "SG", "float64": "D"}


def sollya(text, on, degree, form):
    """The least time of remez or fpminimax in milliseconds, and the error of its polynomial; None without one."""
    low, high = (repr(end) for end in on)
    script = f"f = {text}; d = [{low};{high}];\n"
    call = f"remez(f, {degree}, d)"
    if form is not None:
        each = ", ".join([FORMATS[form]] * (degree + 1))
        call = f"fpminimax(f, {degree}, [|{each}|], d, floating, absolute)"
    script += "".join(f"print(time({{p = {call};}}));\n" for _ in range(RUNS))
    script += "display = dyadic!; display = decimal!; print(dirtyinfnorm(p - f, d)); quit;\n"
    done = subprocess.run(["sollya"], input=script, capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if line and line[0].isdigit()]
    if len(lines) <= RUNS:
        # It did not converge.
        return None
    times, error = lines[:RUNS], lines[-1]
    return 1e3 * min(map(float, times)), float(error)


def ours(text, on, degree, form):
    """The least time of approximate in milliseconds, and the polynomial."""
    options = {"coefficients": "exact"} if form is None else {"coefficients": form, "center": 0}
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        p = mc.approximate(text, degree=degree, on=on, **options)
        times.append(time.perf_counter() - start)
    return 1e3 * min(times), p


def main():
    parser = argparse.ArgumentParser(description="Best polynomials: Maclaurin beside Sollya.")
    parser.add_argument("--coefficients", choices=FORMATS, help="numbers of this format, beside fpminimax")
    form = parser.parse_args().coefficients
    name = "remez" if form is None else "fpminimax"
    there = shutil.which("sollya") is not None
    if not there:
        print("sollya is not installed: only Maclaurin is measured", file=sys.stderr)
    print(f"| function | range | degree | error | best | ms | {name}, ms | ratio | error / {name}'s - 1 |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    ratios = []
    for text, theirs, on, degree in CASES:
        own, p = ours(text, on, degree, form)
        row = f"| `{text}` | {list(on)} | {degree} | {p.error:.4e} | {p.best:.4e} | {own:.2f} |"
        if there and (found := sollya(theirs, on, degree, form)):
            took, error = found
            ratios.append(took / own)
            row += f" {took:.1f} | {took / own:.1f} | {p.error.sampled / error - 1:+.1e} |"
        else:
            row += " | | |"
        print(row, flush=True)
    if ratios:
        print(f"\nmedian ratio: {statistics.median(ratios):.1f}")


if __name__ == "__main__":
    main()
