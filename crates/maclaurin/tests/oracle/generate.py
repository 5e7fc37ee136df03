"""Values of Taylor coefficients by others: python-flint and SymPy.

Run once, by hand, with the versions in requirements.txt beside this file:

    python generate.py > coefficients.json

Each case is a function, a point and the coefficients of degrees 0 to 12. A coefficient is
{"rational": "p/q"} where FLINT's rational series or SymPy proves it so, else
{"ball": [mid, radius, exponent], "f64": bits}: FLINT's enclosure (mid +- radius) * 10^exponent,
and the bits of the nearest double where both ends of that enclosure round alike.
"""

import json
import math
import re
import struct
import sys
from fractions import Fraction

import flint
import sympy
from flint import arb, arb_series, ctx, fmpq, fmpq_series

ORDER = 12
ctx.cap = ORDER + 1


def constant(f):
    return f[0]


class Balls:
    """Power series over FLINT's real balls."""

    def __init__(self, bits):
        ctx.prec = bits
        self.one = arb_series([1])

    def variable(self, at):
        return arb_series([at, 1])

    def number(self, text):
        return arb_series([arb(fmpq(*Fraction(text).as_integer_ratio()))])

    pi = property(lambda self: arb_series([arb.pi()]))
    e = property(lambda self: arb_series([arb(1).exp()]))

    def exp(self, f): return f.exp()
    def log(self, f): return f.log()
    def sin(self, f): return f.sin()
    def cos(self, f): return f.cos()
    def tan(self, f): return f.tan()
    def atan(self, f): return f.atan()
    def asin(self, f): return f.asin()
    def acos(self, f): return f.acos()
    def erf(self, f): return f.erf()
    def sqrt(self, f): return f.sqrt()
    def power(self, f, r): return (f.log() * r).exp() if not isinstance(r, int) else f**r
    def sign(self, f): return 1 if f[0] > 0 else -1 if f[0] < 0 else 0

    def floor(self, f):
        """The integer part, where it does not jump."""
        exact = isinstance(f[0], fmpq)
        value = Fraction(int(f[0].p), int(f[0].q)) if exact else Fraction(float(f[0]))
        if value.denominator == 1:
            raise ValueError("jump")
        return self.number(str(math.floor(value)))

    def erlang(self, u, k):
        total, term = self.number("0"), self.one
        for n in range(k):
            total, term = total + term, term * u / (n + 1)
        return self.one - (-u).exp() * total


class Rationals(Balls):
    """Power series over FLINT's rationals: fails where a constant is not rational."""

    def __init__(self):
        self.one = fmpq_series([1])

    def variable(self, at):
        return fmpq_series([at, 1])

    def number(self, text):
        return fmpq_series([fmpq(*Fraction(text).as_integer_ratio())])

    @property
    def pi(self): raise ValueError("pi is not rational")
    @property
    def e(self): raise ValueError("e is not rational")
    def erf(self, f): raise ValueError("erf is not rational")
    def acos(self, f): raise ValueError("acos is not rational")
    def power(self, f, r):
        if isinstance(r, int):
            return f**r
        raise ValueError("a root")


def names(field):
    """The functions of our grammar, written out over a field's elementary ones."""
    one, number = field.one, field.number
    half = number("1/2")
    f = {name: getattr(field, name) for name in
         "exp log sin cos tan atan asin acos erf sqrt".split()}
    exp, log, sqrt, erf = f["exp"], f["log"], f["sqrt"], f["erf"]

    def sigmoid(x): return one / (one + exp(-x))
    def softplus(x): return log(one + exp(x))
    def tanh(x): return (exp(x * 2) - one) / (exp(x * 2) + one)
    def absolute(x):
        sign = field.sign(x)
        if sign == 0:
            raise ValueError("kink")
        return x * sign
    def relu(x): return (x + absolute(x)) * half
    def elu(x, alpha=None):
        absolute(x)  # refuses the kink
        return x if field.sign(x) > 0 else (exp(x) - one) * (alpha or one)

    def sign(x):
        if field.sign(x) == 0:
            raise ValueError("jump")
        return one * field.sign(x)
    def pick(x, y, larger):
        """One of the two: pieces are chosen here, not added up as in our definitions."""
        order = field.sign(x - y)
        if order == 0:
            raise ValueError("kink")
        return x if (order > 0) == larger else y
    def largest(x, y): return pick(x, y, True)
    def least(x, y): return pick(x, y, False)
    def clip(x, low, high): return least(largest(x, low), high)
    def hardsigmoid(x): return clip(x + number("3"), number("0"), number("6")) * number("1/6")
    def positive(x): return field.sign(x) > 0
    def angle(y, x):
        """The angle of the point (x, y) for a constant x."""
        if not positive(x):
            sign(y)  # refuses the jump
        turn = number("0") if positive(x) else field.pi * (1 if positive(y) else -1)
        return field.atan(y / x) + turn
    def smooth(x, low, scale, alpha):
        absolute(x)
        return x * scale if positive(x) else (exp(x / alpha) - one) * low
    def leaky(x, slope=None):
        absolute(x)
        return x if positive(x) else x * (slope or number("0.01"))

    selu, lift = number("1.0507009873554804934193349852946"), number("1.6732632423543772848170429916717")
    f |= {
        "exp2": lambda x: exp(x * log(number("2"))), "exp10": lambda x: exp(x * log(number("10"))),
        "rsqrt": lambda x: one / sqrt(x), "square": lambda x: x * x, "reciprocal": lambda x: one / x,
        "hypot": lambda x, y: sqrt(x * x + y * y), "atan2": angle,
        "acot": lambda x: field.atan(one / x), "asec": lambda x: field.acos(one / x),
        "acsc": lambda x: field.asin(one / x),
        "sech": lambda x: number("2") / (exp(x) + exp(-x)), "csch": lambda x: number("2") / (exp(x) - exp(-x)),
        "coth": lambda x: one / tanh(x),
        "asech": lambda x: log(one / x + sqrt(one / (x * x) - one)),
        "acsch": lambda x: sign(x) * log(sign(x) / x + sqrt(one / (x * x) + one)),
        "acoth": lambda x: log((x + one) / (x - one)) * half,
        "sinpi": lambda x: field.sin(field.pi * x), "cospi": lambda x: field.cos(field.pi * x),
        # Dividing by x costs the last coefficient at 0.
        "sinc": lambda x: field.sin(x) / (sign(x) * sign(x) * x),
        "sign": sign, "floor": field.floor, "ceil": lambda x: field.floor(x) + one,
        "heaviside": lambda x: one if field.sign(sign(x)) > 0 else one - one,
        "max": largest, "min": least, "clip": clip,
        "norm_cdf": lambda x: (one + erf(x / sqrt(number("2")))) * half,
        "log_sigmoid": lambda x: -softplus(-x), "tanhshrink": lambda x: x - tanh(x),
        "quick_gelu": lambda x: x * sigmoid(x * number("1.702")),
        "relu6": lambda x: clip(x, number("0"), number("6")), "leaky_relu": leaky,
        "celu": lambda x, alpha=None: smooth(x, alpha or one, one, alpha or one),
        "selu": lambda x: smooth(x, selu * lift, selu, one),
        "hardsigmoid": hardsigmoid, "hardswish": lambda x: x * hardsigmoid(x),
        "hardtanh": lambda x: clip(x, -one, one),
        "softshrink": lambda x: largest(x - half, number("0")) + least(x + half, number("0")),
        "x": None, "pi": None,
        "expm1": lambda x: exp(x) - one,
        "ln": log,
        "log1p": lambda x: log(one + x),
        "log2": lambda x: log(x) / log(number("2")),
        "log10": lambda x: log(x) / log(number("10")),
        "cbrt": lambda x: field.power(x, number("1/3")) if field.sign(x) > 0
                else -field.power(-x, number("1/3")),
        "pow": lambda a, b: exp(b * log(a)),
        "sec": lambda x: one / field.cos(x),
        "csc": lambda x: one / field.sin(x),
        "cot": lambda x: field.cos(x) / field.sin(x),
        "sinh": lambda x: (exp(x) - exp(-x)) * half,
        "cosh": lambda x: (exp(x) + exp(-x)) * half,
        "tanh": tanh,
        "asinh": lambda x: log(x + sqrt(x * x + one)),
        "acosh": lambda x: log(x + sqrt(x * x - one)),
        "atanh": lambda x: log((one + x) / (one - x)) * half,
        "abs": absolute, "sigmoid": sigmoid, "softplus": softplus,
        "silu": lambda x: x * sigmoid(x), "swish": lambda x: x * sigmoid(x),
        "erfc": lambda x: one - erf(x),
        "gelu": lambda x: x * half * (one + erf(x / sqrt(number("2")))),
        "gelu_tanh": lambda x: x * half * (one + tanh(
            sqrt(number("2") / field.pi) * (x + number("0.044715") * x * x * x))),
        "mish": lambda x: x * tanh(softplus(x)),
        "softsign": lambda x: x / (one + absolute(x)),
        "logit": lambda x: log(x / (one - x)),
        "gaussian": lambda x: exp(-x * x),
        "relu": relu, "elu": elu,
        "erlang_cdf": lambda x, k, rate: field.erlang(rate * x, int(float(k[0]))),
    }
    return f


def evaluate(field, text, at):
    """Our text is Python but for `^` and for the numbers, which are exact."""
    scope = names(field)
    scope["x"] = field.variable(at)
    source = re.sub(r"(?<![\w.])(\d+\.?\d*(?:e-?\d+)?)", r"number('\1')", text)
    # Integer powers stay integers: FLINT takes them by multiplication.
    source = re.sub(r"\^number\('(\d+)'\)", r"**\1", source)
    source = re.sub(r"\bpi\b", "field.pi", source)
    source = re.sub(r"(?<!\w)e(?!\w)", "field.e", source)
    # What is left of `^` has a base and an exponent in parentheses or names.
    source = re.sub(r"(number\('[\d.]+'\)|field\.e|field\.pi|x)\^(\([^()]*\)|x)", r"pow(\1, \2)", source)
    result = eval(source, {"number": field.number, "field": field, **scope})
    if isinstance(result, (int, fmpq, arb)):
        result = field.one * result
    return [result[k] for k in range(ORDER + 1)]


def ball(value):
    mid, radius, exponent = (int(part) for part in value.mid_rad_10exp(60))
    scale = Fraction(10) ** exponent
    low, high = ((mid - radius) * scale, (mid + radius) * scale)
    entry = {"ball": [str(mid), str(radius), exponent]}
    try:
        a, b = float(low), float(high)
    except OverflowError:
        return entry
    if a == b and a != 0:
        entry["f64"] = struct.pack(">d", a).hex()
    return entry


FUNCTIONS = """
exp(x); expm1(x); log(x); log1p(x); log2(x); log10(x); sqrt(x); cbrt(x); pow(2, x); sin(x); cos(x)
tan(x); sec(x); csc(x); cot(x); asin(x); acos(x); atan(x); sinh(x); cosh(x); tanh(x); asinh(x)
acosh(x); atanh(x); abs(x); sigmoid(x); softplus(x); silu(x); erf(x); erfc(x); gelu(x)
gelu_tanh(x); mish(x); softsign(x); logit(x); gaussian(x); relu(x); elu(x); elu(x, 0.5)
erlang_cdf(x, 3, 2); erlang_cdf(x, 1, 0.5); log(1 + exp(x)); exp(sin(x)); sin(exp(x)); exp(exp(x))
log(cos(x)); cos(x)*exp(-x); 1/(1 + x^2); x/(1 + x + x^2); exp(-1/(1 + x^2)); sqrt(1 + x + x^2)
log(2 + sin(x)); tanh(exp(x) - 1); atan(exp(x)); sin(x)^3*cos(x)^2; (1 + x)^10; e^x - pi*x
pi^x; exp(x)/(1 + exp(x))^2; log(x)^2; x^5 - 3*x^2 + 1/7; sin(pi*x); erf(x)*exp(-x^2/2)
exp2(x); exp10(x); rsqrt(x); square(x); reciprocal(x); hypot(x, 2); atan2(x, 2); atan2(x, -3); acot(x)
asec(x); acsc(x); sech(x); csch(x); coth(x); asech(x); acsch(x); acoth(x); sinpi(x); cospi(x); sinc(x)
sign(x); floor(x); ceil(x); heaviside(x); max(x, x^2); min(x, x^2); clip(x, -0.5, 2.5); norm_cdf(x)
log_sigmoid(x); tanhshrink(x); quick_gelu(x); relu6(x); leaky_relu(x); leaky_relu(x, 0.2); celu(x)
celu(x, 2); selu(x); hardsigmoid(x); hardswish(x); hardtanh(x); softshrink(x); exp(floor(2*x))*sin(x)
floor(exp(x))*x; max(sin(x), cos(x)); sign(cos(x))*exp(x); hardswish(exp(x))
cosh(x)^2 - sinh(x)^2; sqrt(exp(x) + 1); log(log(3 + x)); 0.1*x^3 + 2.5e-3*x
""".replace("\n", ";").split(";")

POINTS = ["0", "1/2", "1", "-1/3", "3", "-2", "3/2", "1/4", "2", "4/5"]

# Removable singularities at 0, by SymPy; (ours, SymPy's).
REMOVABLE = """
sin(x)/x; (exp(x) - 1)/x; x/(exp(x) - 1); (1 - cos(x))/x^2; log(1 + x)/x; tan(x)/x; x/sin(x)
(x - sin(x))/x^3; sinh(x)/x; 1/x - 1/sin(x); 1/x - cos(x)/sin(x); atan(x)/x; (exp(x) - 1 - x)/x^2
x^2/(1 - cos(x)); (sin(x) - x*cos(x))/x^3; log(1 + x)/(exp(x) - 1)
""".replace("\n", ";").split(";")


def case(function, at, coefficients):
    return {"function": function, "at": at, "coefficients": coefficients}


def main():
    cases = []
    for text in filter(None, (text.strip() for text in FUNCTIONS)):
        found = 0
        for at in POINTS:
            point = fmpq(*Fraction(at).as_integer_ratio())
            try:
                values = evaluate(Balls(400), text, point)
            except (ValueError, ZeroDivisionError, OverflowError):
                continue
            if not all(value.is_finite() for value in values):
                continue
            coefficients = [ball(value) for value in values]
            try:
                exact = evaluate(Rationals(), text, point)
                coefficients = [{"rational": f"{q.p}/{q.q}"} for q in exact]
            except (ValueError, ZeroDivisionError, OverflowError, TypeError, AttributeError):
                pass
            cases.append(case(text, at, coefficients))
            found += 1
            if found == 3:
                break
        if found < 3:
            print(f"{text}: {found} points", file=sys.stderr)
    x = sympy.Symbol("x")
    for text in filter(None, (text.strip() for text in REMOVABLE)):
        expression = sympy.sympify(text.replace("^", "**"))
        series = sympy.Poly(sympy.series(expression, x, 0, ORDER + 1).removeO(), x)
        coefficients = [{"rational": f"{q.p}/{q.q}"} for q in
                        (series.coeff_monomial(x**k) for k in range(ORDER + 1))]
        cases.append(case(text, "0", coefficients))
    versions = {"python-flint": flint.__version__, "sympy": sympy.__version__}
    print(json.dumps({"versions": versions, "order": ORDER}, indent=None)[:-1] + ', "cases": [')
    print(",\n".join(json.dumps(case) for case in cases))
    print("]}")


if __name__ == "__main__":
    main()
