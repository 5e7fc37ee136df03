"""Values of special functions by FLINT: Taylor coefficients to order 30, images in the complex plane
and errors of Taylor polynomials.

Run once, by hand, with the versions in requirements.txt beside this file:

    python special.py > special.json

The coefficients are written as those of generate.py, the complex values as those of certify.py, the
bounds as its bounds.
"""

import json
import random
from fractions import Fraction

import flint
from flint import acb, arb, arb_series, ctx, fmpq

import certify
import generate

ORDER = 30
BITS = 600

POINTS = {
    "exp(x)": "0 -3 20",
    "log(x)": "1 1/1000 20",
    "log1p(x)": "0 -999/1000 3",
    "sqrt(x)": "1 1/100 50",
    "sin(x)": "0 1 -22/7",
    "cos(x)": "0 1 11/7",
    "tan(x)": "0 11/7 -1",
    "tanh(x)": "0 1 -5",
    "asin(x)": "0 1/2 -999/1000",
    "acos(x)": "0 -1/2 999/1000",
    "atan(x)": "0 1 -5",
    "acot(x)": "1/100 1 -5",
    "asech(x)": "1/1000 1/2 999/1000",
    "acoth(x)": "1001/1000 2 -5",
    "csch(x)": "1/1000 1 -5",
    "erf(x)": "0 1 -4",
    "sigmoid(x)": "0 1 -10",
    "softplus(x)": "0 2 -10",
    "gelu(x)": "0 1 -4",
    "mish(x)": "0 1 -4",
    "erfi(x)": "0 1 -5/2 4",
    "dawson(x)": "1/2 -3 5 20 -40 10000 1000000",
    "norm_cdf(x)": "0 1 -6",
    "Si(x)": "0 1 -20 1/1000 300",
    "ein(x)": "0 1 -3 30",
    "Ei(x)": "1 -1/2 5 1/100 40",
    "gamma(x)": "1 1/2 -1/2 10/3 1/100 -299/100 30",
    "rgamma(x)": "0 -3 1 5/2 -71/10 -601/3",
    "lgamma(x)": "1 2 1/2 1/100 20 1000000 -1/2 -5/2 -1/100 -201/2 -10001/3",
    "digamma(x)": "1 1/2 -1/3 50 1/1000 -1003/10",
    "digamma_over_gamma(x)": "1 -2 1/3",
    "lambert_w(x)": "0 1 -1/3 100 -183939/500000",
    "erfinv(x)": "0 1/2 -9/10 999999/1000000",
    "bessel_j(0, x)": "0 1 5/2 -30 100",
    "bessel_j(3, x)": "0 1/1000 -2 17",
    "bessel_j(-2, x)": "0 3",
    "bessel_j(50, x)": "1 20 60",
    "gamma(1 + x^2/3)": "0 1 -2",
    "digamma(exp(x))": "0 1 -1",
    "lgamma(1 + exp(x))": "0 1 -1",
    "Si(sin(x) + x^2)": "0 1 -1/2",
    "Ei(exp(x))": "0 1 -1",
    "rgamma(sin(x))": "0 1 -2",
    "erfi(sin(x))": "0 1 -2",
    "lambert_w(exp(x))": "0 1 -3",
    "erfinv(sin(x)/2)": "0 1 -2",
    "bessel_j(1, exp(x))": "0 2 -1",
    "zeta(x)": "0 1/2 2 -1 -5/2 -6 101/100 999/1000 7/3 20 -301/10 100",
    "entire_zeta(x)": "0 1 -2 3/2",
    "zeta(exp(x))": "1 -1 1/4",
    "hardshrink(x)": "1/3 2 -3",
    "squareplus(x)": "0 3 -5",
    "norm_pdf(x)": "0 1 -3",
    "norm_ppf(x)": "1/2 1/10 99/100",
    "erfcinv(x)": "1 1/10 19/10",
    "entr(x)": "1 1/100 7",
    "xlogy(x, 2 + x)": "0 1 -3/2",
    "xlog1py(x, x)": "0 1 -1/2",
    "logaddexp(x, 2)": "0 2 -10",
    "exprel(x)": "1 -2 1/100",
    "cosm1(x)": "0 1 -3",
    "deg2rad(x)": "0 1 -3",
    "rad2deg(x)": "0 1 -3",
    "factorial(x)": "0 1/2 -1/3",
    "j0(x)": "0 1 -30",
    "j1(x)": "0 1 17",
    "exp1(x)": "1 1/100 10",
}


def constant(x):
    return arb_series([arb(x)])


def ein(f):
    """By the integral of its derivative, which has a removable singularity at 0."""
    u = f[0]
    terms = ORDER + 1
    if u.contains(0):
        outer = [arb(0)] + [arb((-1) ** (k - 1)) / (k * arb.fac_ui(k)) for k in range(1, terms)]
    else:
        g = arb_series([u, 1])
        first = constant(abs(u).log() + arb.const_euler() - (-u).ei())
        outer = first + ((1 - (-g).exp()) / g).integral()
    return compose(outer, f)


def compose(outer, f):
    shifted = f - f[0]
    return sum((constant(outer[k]) * shifted**k for k in range(ORDER + 1)), constant(0))


def digamma(f):
    ctx.cap += 1
    g = arb_series([f[0], 1]).rgamma()
    outer = -g.derivative() / g
    ctx.cap -= 1
    return compose(outer, f)


def digamma_over_gamma(f):
    ctx.cap += 1
    outer = -arb_series([f[0], 1]).rgamma().derivative()
    ctx.cap -= 1
    return compose(outer, f)


def erfinv(f):
    y = f[0].erfinv()
    rise = arb_series([y, 1]).erf()
    inverse = arb_series([0] + [rise[k] for k in range(1, ORDER + 1)]).reversion()
    return compose(constant(y) + inverse, f)


def bessel_j(n, f):
    """DLMF 10.6.7."""
    order = int(float(n[0]))
    u, terms = f[0], ORDER + 1
    values = {m: u.bessel_j(m) for m in range(order - terms, order + terms + 1)}
    outer = []
    for k in range(terms):
        pascal = [arb(flint.fmpz.bin_uiui(k, i)) * (-1) ** i for i in range(k + 1)]
        total = sum((c * values[order - k + 2 * i] for i, c in enumerate(pascal)), arb(0))
        outer.append(total / (arb(2) ** k * arb.fac_ui(k)))
    return compose(outer, f)


def entire_zeta(f):
    """With Stieltjes' constants at 1 (DLMF 25.2.4)."""
    if f[0] == 1:
        stieltjes = [acb(0).stieltjes(k).real for k in range(ORDER)]
        rest = [(-1) ** k * c / arb.fac_ui(k) for k, c in enumerate(stieltjes)]
        return compose(arb_series([1] + rest), f)
    g = arb_series([f[0], 1])
    return compose((g - 1) * g.zeta(), f)


def functions(field):
    known = generate_names(field)
    half = field.number("1/2")
    known |= {
        "erfi": lambda f: f.erfi(),
        "dawson": lambda f: f.erfi() * (-f * f).exp() * field.pi.sqrt() * half,
        "norm_cdf": lambda f: (1 + (f * half.sqrt()).erf()) * half,
        "Si": lambda f: f.si(),
        "ein": ein,
        "Ei": lambda f: f.ei(),
        "gamma": lambda f: f.gamma(),
        "rgamma": lambda f: f.rgamma(),
        # log|gamma|: at negative numbers FLINT's own has no value.
        "lgamma": lambda f: f.lgamma() if f[0] > 0 else -(f.rgamma() if f.rgamma()[0] > 0 else -f.rgamma()).log(),
        "digamma": digamma,
        "digamma_over_gamma": digamma_over_gamma,
        "lambert_w": lambda f: f.lambertw(),
        "erfinv": erfinv,
        "bessel_j": bessel_j,
        "zeta": lambda f: f.zeta(),
        "hardshrink": lambda f: f if abs(f[0]) > half[0] else f * 0,
        "squareplus": lambda f: (f + (f * f + 4).sqrt()) * half,
        "norm_pdf": lambda f: (-f * f * half).exp() / (2 * field.pi).sqrt(),
        "norm_ppf": lambda f: erfinv(2 * f - 1) * field.number("2").sqrt(),
        "erfcinv": lambda f: erfinv(1 - f),
        "entr": lambda f: -f * f.log(),
        "xlogy": lambda f, g: f * g.log(),
        "xlog1py": lambda f, g: f * (1 + g).log(),
        "logaddexp": lambda f, g: (f.exp() + g.exp()).log(),
        "exprel": lambda f: (f.exp() - 1) / f,
        "cosm1": lambda f: f.cos() - 1,
        "deg2rad": lambda f: f * field.pi / 180,
        "rad2deg": lambda f: f * 180 / field.pi,
        "factorial": lambda f: (f + 1).gamma(),
        "j0": lambda f: bessel_j(constant(0), f),
        "j1": lambda f: bessel_j(constant(1), f),
        # DLMF 6.2.1, 6.2.4: the derivative is -exp(-x)/x.
        "exp1": lambda f: compose(
            constant(f[0].expint(1)) - ((-arb_series([f[0], 1])).exp() / arb_series([f[0], 1])).integral(), f),
        "entire_zeta": entire_zeta,
    }
    return known


generate_names = generate.names
generate.names = functions


def coefficients():
    cases = []
    generate.ORDER, ctx.cap = ORDER, ORDER + 1
    for text, points in POINTS.items():
        for at in points.split():
            if (text, at) == ("bessel_j(1, exp(x))", "0"):
                # Its coefficient of degree 2 is zero, by Bessel's equation: nothing here proves it.
                continue
            point = fmpq(*Fraction(at).as_integer_ratio())
            values = generate.evaluate(generate.Balls(BITS), text, point)
            assert all(value.is_finite() for value in values), (text, at)
            cases.append(generate.case(text, at, [generate.ball(value) for value in values]))
    return cases


def inverse_erf(z):
    """By Newton's method from the real axis."""
    y = acb(0)
    for step in range(1, 41):
        goal = z * min(step, 20) / 20
        for _ in range(6):
            y = (y - (y.erf() - goal) * (y * y).exp() * arb.pi().sqrt() / 2).mid()
    return y


IMAGES = {
    "erfi": lambda z: z.erfi(),
    "Si": lambda z: z.si(),
    "ein": lambda z: z.log() + arb.const_euler() - (-z).ei() - acb(0, z.imag.sgn() * arb.pi()),
    "rgamma": lambda z: z.rgamma(),
    "lgamma": lambda z: z.lgamma(),
    "digamma": lambda z: z.digamma(),
    "digamma_over_gamma": lambda z: z.digamma() * z.rgamma(),
    "lambert_w": lambda z: z.lambertw(),
    "erfinv": inverse_erf,
    "entire_zeta": lambda z: (z - 1) * z.zeta(),
}


def images(names, count):
    random.seed(11)
    cases = []
    ctx.prec = 200
    while len(cases) < count:
        name = random.choice(names)
        width = random.choice([0.0, 1e-6, 0.01, 0.1])
        corner = [random.uniform(-3.5, 3.5) for _ in range(2)]
        sides = [[c, c + width * random.random()] for c in corner]
        point = [random.choice([a, b, a + (b - a) / 2]) for a, b in sides]
        if sides[1][0] <= 0 <= sides[1][1] or sides[0][0] <= 0 <= sides[0][1]:
            continue
        z = acb(certify.exact(point[0]), certify.exact(point[1]))
        if name == "erfinv" and max(map(abs, point)) > 0.9:
            continue
        value = IMAGES[name](z)
        cases.append([name, sides, point, value.real.mid().str(30, radius=False),
                      value.imag.mid().str(30, radius=False)])
    return cases


def bounds(count):
    random.seed(12)
    cases = []
    while len(cases) < count:
        text = random.choice(list(POINTS))
        at = Fraction(random.choice(POINTS[text].split()))
        if abs(at) > 50:
            continue
        order = random.choice([0, 1, 2, 3, 4, 6, 8])
        reach = 10 ** random.uniform(-2.5, -0.2)
        low, high = float(at) - reach, float(at) + reach * random.random()
        if text in ("deg2rad(x)", "rad2deg(x)"):
            # Errors of exactly 0, which balls do not say.
            continue
        global ORDER
        ORDER = order + 2
        cases += certify.bound_case(text, at, order, low, high)
    return cases


def main():
    names = [name for name in IMAGES if any(text.startswith(name + "(") for text in POINTS)]
    parts = {"coefficients": coefficients(), "images": images(names, 600), "bounds": bounds(100)}
    rows = {name: ",\n".join(json.dumps(case) for case in cases) for name, cases in parts.items()}
    body = ",\n".join(f'"{name}": [\n{text}\n]' for name, text in rows.items())
    print(f'{{"python-flint": "{flint.__version__}", "order": 30,\n{body}}}')


if __name__ == "__main__":
    main()
