"""Values of the built-in functions in double precision, correctly rounded, by mpmath.

Run once, by hand, with the versions in requirements.txt beside this file:

    python doubles.py > doubles.json

The arguments and the values are the hexadecimal digits of doubles; a value is null where the function has
none, or none that is finite.
"""

import json
import struct

import mpmath
from mpmath import mp, mpf

mp.prec = 400

POINTS = sorted(
    {sign * float(f"1e{k}") for k in range(-300, 301, 30) for sign in (1, -1)}
    | {sign * 10.0 ** (k / 3) * 1.1 for k in range(-24, 25, 3) for sign in (1, -1)}
    | {sign * x for sign in (1, -1) for x in (0.0, 0.1, 0.25, 0.4, 0.49, 0.51, 0.7, 0.9, 0.999, 1.001, 1.5, 2.5, 3.7, 5.2, 7.5)}
    | {sign * x for sign in (1, -1) for x in (9.9, 13.0, 18.5, 26.2, 28.1, 37.3, 60.0, 150.5, 300.25, 690.5, 720.5, 800.0, 5000.5)}
)


def real(f, inside=lambda x: True):
    def value(x):
        if not inside(x):
            return None
        y = f(x)
        return y if isinstance(y, mpf) and mp.isfinite(y) else None

    return value


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def softplus(x):
    return mp.log1p(mp.exp(x))


def norm_cdf(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def relu(x):
    return max(x, mpf(0))


def clip(x, low, high):
    return min(max(x, mpf(low)), mpf(high))


def elu(x, alpha):
    return x if x > 0 else alpha * mp.expm1(x)


def dawson(x):
    if abs(x) < 200:
        with mp.workprec(400 + int(2 * x * x) + 64):
            return mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)
    total = term = mpf(1)
    for k in range(1, 60):
        term *= (2 * k - 1) / (2 * x * x)
        total += term
    return total / (2 * x)


def lambert(x):
    return mp.lambertw(x).real


def erfinv(x):
    return mp.erfinv(x)


def small(x, limit=1e18):
    return abs(x) < limit


def sinc(x):
    return mp.sin(x) / x if x else mpf(1)


def tanhshrink(x):
    with mp.workprec(3000):
        return x - mp.tanh(x)


def ein(x):
    if x == 0:
        return mpf(0)
    if abs(x) < 1:
        return sum((-1) ** (k - 1) * x**k / (k * mp.factorial(k)) for k in range(1, 120))
    return (mp.euler + mp.log(abs(x)) - mp.ei(-x)).real


FUNCTIONS = {
    "exp": real(mp.exp, lambda x: x < 5000), "log": real(mp.log, lambda x: x > 0), "sin": real(mp.sin),
    "cos": real(mp.cos), "tan": real(mp.tan), "asin": real(mp.asin, lambda x: abs(x) <= 1),
    "acos": real(mp.acos, lambda x: abs(x) <= 1), "atan": real(mp.atan),
    "sinh": real(mp.sinh, lambda x: small(x, 5000)), "cosh": real(mp.cosh, lambda x: small(x, 5000)),
    "tanh": real(mp.tanh, small), "asinh": real(mp.asinh), "acosh": real(mp.acosh, lambda x: x >= 1),
    "atanh": real(mp.atanh, lambda x: abs(x) < 1), "erf": real(mp.erf, small),
    "erfi": real(mp.erfi, lambda x: small(x, 30)), "Si": real(mp.si, lambda x: small(x, 1e18)), "ein": real(ein, lambda x: -690 < x < 1e18),
    "rgamma": real(mp.rgamma, lambda x: -170 < x < 170), "lgamma": real(lambda x: mp.loggamma(x).real, lambda x: x > 0),
    "digamma": real(lambda x: mp.psi(0, x), lambda x: x > -1e9 and x != 0 and (x > 0 or x != int(x))), "lambert_w": real(lambert, lambda x: x > -0.36),
    "erfinv": real(erfinv, lambda x: abs(x) < 0.9999), "exp2": real(lambda x: mpf(2) ** x, lambda x: small(x, 5000)),
    "exp10": real(lambda x: mpf(10) ** x, lambda x: small(x, 5000)), "expm1": real(mp.expm1, lambda x: x < 5000),
    "log1p": real(mp.log1p, lambda x: x > -1), "log2": real(lambda x: mp.log(x, 2), lambda x: x > 0),
    "log10": real(mp.log10, lambda x: x > 0), "sqrt": real(mp.sqrt, lambda x: x >= 0),
    "rsqrt": real(lambda x: 1 / mp.sqrt(x), lambda x: x > 0), "cbrt": real(lambda x: mp.sign(x) * mp.cbrt(abs(x))),
    "square": real(lambda x: x * x), "reciprocal": real(lambda x: 1 / x, lambda x: x != 0),
    "hypot(x, 3)": real(lambda x: mp.hypot(x, 3)), "atan2(x, -3)": real(lambda x: mp.atan2(x, -3)), "atan2(2, x)": real(lambda x: mp.atan2(2, x)),
    "sec": real(mp.sec), "csc": real(mp.csc, lambda x: x != 0), "cot": real(mp.cot, lambda x: x != 0),
    "asec": real(mp.asec, lambda x: abs(x) >= 1), "acsc": real(mp.acsc, lambda x: abs(x) >= 1),
    "acot": real(lambda x: mp.atan(1 / x), lambda x: x != 0), "sech": real(mp.sech, lambda x: small(x, 690)),
    "csch": real(mp.csch, lambda x: small(x, 700) and x != 0), "coth": real(mp.coth, lambda x: small(x) and x != 0),
    "asech": real(mp.asech, lambda x: 0 < x <= 1), "acsch": real(lambda x: mp.asinh(1 / x), lambda x: x != 0),
    "acoth": real(lambda x: mp.atanh(1 / x), lambda x: abs(x) > 1), "sinpi": real(mp.sinpi), "cospi": real(mp.cospi),
    "sinc": real(sinc), "abs": real(abs), "sign": real(mp.sign), "floor": real(mp.floor), "ceil": real(mp.ceil),
    "max(x, 2)": real(lambda x: max(x, mpf(2))), "min(x, -2)": real(lambda x: min(x, mpf(-2))),
    "clip(x, -1, 3)": real(lambda x: clip(x, -1, 3)), "erfc": real(mp.erfc, lambda x: x < 26),
    "norm_cdf": real(norm_cdf, lambda x: x > -37), "gaussian": real(lambda x: mp.exp(-x * x), lambda x: small(x, 26)),
    "sigmoid": real(sigmoid, lambda x: x > -690), "log_sigmoid": real(lambda x: -softplus(-x), lambda x: small(x, 690) or x < -690),
    "logit": real(lambda x: mp.log(x / (1 - x)), lambda x: 0 < x < 1), "softplus": real(softplus, lambda x: x > -690 and x < 1e6),
    "softsign": real(lambda x: x / (1 + abs(x))), "tanhshrink": real(tanhshrink, lambda x: 1e-100 < abs(x) < 1e6),
    "silu": real(lambda x: x * sigmoid(x), lambda x: x > -690), "gelu": real(lambda x: x * norm_cdf(x), lambda x: x > -37),
    "mish": real(lambda x: x * mp.tanh(softplus(x)), lambda x: -690 < x < 1e6), "relu": real(relu), "relu6": real(lambda x: clip(x, 0, 6)),
    "leaky_relu": real(lambda x: x if x > 0 else x / 100), "elu": real(lambda x: elu(x, mpf(1))), "elu(x, 2)": real(lambda x: elu(x, mpf(2))),
    "celu(x, 3)": real(lambda x: x if x > 0 else 3 * mp.expm1(x / 3)), "hardsigmoid": real(lambda x: clip(x + 3, 0, 6) / 6),
    "hardtanh": real(lambda x: clip(x, -1, 1)), "dawson": real(dawson), "Ei": real(mp.ei, lambda x: -690 < x < 700 and x != 0),
    "gamma": real(mp.gamma, lambda x: -100 < x < 170 and x != 0 and (x > 0 or x != int(x))),
    "bessel_j(0, x)": real(lambda x: mp.besselj(0, x), lambda x: small(x, 1e6)), "bessel_j(3, x)": real(lambda x: mp.besselj(3, x), lambda x: small(x, 1e6) and abs(x) > 1e-90),
}


def digits(x):
    return struct.pack(">d", x).hex()


def value(f, x):
    y = f(mpf(x))
    if y is None:
        return None
    y = float(y)
    # Neither what overflows nor what is below the normal numbers.
    return digits(y) if abs(y) <= 1.79e308 and (y == 0 or abs(y) > 2.3e-308) else None


def main():
    rows = ",\n".join(f'"{name}": {json.dumps([value(f, x) for x in POINTS], separators=(",", ":"))}' for name, f in FUNCTIONS.items())
    print(f'{{"mpmath": "{mpmath.__version__}",\n"points": {json.dumps([digits(x) for x in POINTS], separators=(",", ":"))},\n"values": {{\n{rows}\n}}}}')


if __name__ == "__main__":
    main()
