"""An argument that writes down what is done to it (NumPy Enhancement Proposal 13, ``__array_ufunc__``).

So ``lambda x: np.log(1 + np.exp(x))`` becomes the text ``log(1 + exp(x))``. What depends on the argument's
value, or is no function of the expressions', raises NotTraceableError.
"""

from __future__ import annotations

import numbers
import sys
import threading
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from maclaurin.functions import functions

#: How tightly the outermost operation of a text binds.
SUM, PRODUCT, POWER, ATOM = range(4)

#: Built-in functions by every spelling: those of NumPy and scipy.special are among them.
SPELLINGS = {name: known for known in functions() for name in (known.name, *known.aliases)}

COMPARISONS = {"greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "isnan", "isfinite", "isinf"}

#: As much text as the library reads.
LONGEST_TEXT = 65536


class NotTraceableError(TypeError):
    """A Python function that does something with its argument that no expression says."""

    #: How many were raised, in each thread: one that a function catches is seen nevertheless.
    raised = threading.local()

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.raised.count = self.count() + 1

    @classmethod
    def count(cls) -> int:
        return getattr(cls.raised, "count", 0)


class Expression:
    """An argument that writes down what is done to it."""

    def __init__(self, text: str, binding: int) -> None:
        if len(text) > LONGEST_TEXT:
            raise NotTraceableError("its expression is too long")
        self.text = text
        self.binding = binding

    def within(self, binding: int) -> str:
        """The text as an operand of an operation that binds so tightly."""
        return self.text if self.binding >= binding else f"({self.text})"

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            raise NotTraceableError(f"numpy.{ufunc.__name__} with {method} or options cannot be read")
        if ufunc.__name__ in COMPARISONS:
            self._refuse()
        return call(ufunc.__name__, *inputs)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        name = function.__name__
        if name == "sinc":
            return call("normalized_sinc", *arguments)
        if name == "polyval" and not isinstance(arguments[0], Expression):
            value, *others = np.asarray(arguments[0]).tolist()
            for coefficient in others:
                value = value * arguments[1] + coefficient
            return value
        return call(name, *arguments, **options)

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        name = function.__name__.removeprefix("special_")
        return call("normalized_sinc" if name == "sinc" else name, *arguments, **(options or {}))

    def _sympy_(self) -> Any:
        # For SymPy's functions: a symbol whose name is the text.
        return sys.modules["sympy"].Symbol(self.text)

    def __getattr__(self, name: str) -> Any:
        # Methods, such as those of tensors; of which there are none that begin with an underscore.
        if name in METHODS:
            return lambda *arguments, **options: call(name, self, *arguments, **options)
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotTraceableError(f"it asks for .{name} of its argument")

    @property
    def real(self) -> Expression:
        return self

    @property
    def imag(self) -> int:
        return 0

    def __add__(self, other: Any) -> Expression:
        return Expression(f"{self.text} + {expression(other).within(PRODUCT)}", SUM)

    def __radd__(self, other: Any) -> Expression:
        return expression(other) + self

    def __sub__(self, other: Any) -> Expression:
        return Expression(f"{self.text} - {expression(other).within(PRODUCT)}", SUM)

    def __rsub__(self, other: Any) -> Expression:
        return expression(other) - self

    def __mul__(self, other: Any) -> Expression:
        return Expression(f"{self.within(PRODUCT)}*{expression(other).within(POWER)}", PRODUCT)

    def __rmul__(self, other: Any) -> Expression:
        return expression(other) * self

    def __truediv__(self, other: Any) -> Expression:
        return Expression(f"{self.within(PRODUCT)}/{expression(other).within(POWER)}", PRODUCT)

    def __rtruediv__(self, other: Any) -> Expression:
        return expression(other) / self

    def __pow__(self, other: Any) -> Expression:
        return Expression(f"{self.within(ATOM)}^{expression(other).within(ATOM)}", POWER)

    def __rpow__(self, other: Any) -> Expression:
        return expression(other) ** self

    def __neg__(self) -> Expression:
        # Read as -1 times it, which binds as a sum does where it stands first.
        return Expression(f"-{self.within(POWER)}", SUM)

    def __pos__(self) -> Expression:
        return self

    def __abs__(self) -> Expression:
        return Expression(f"abs({self.text})", ATOM)

    def __floor__(self) -> Any:
        return call("floor", self)

    def __ceil__(self) -> Any:
        return call("ceil", self)

    def _refuse(self, *other: Any) -> Any:
        raise NotTraceableError("it decides by the value of its argument")

    __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _refuse
    __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = __divmod__ = __round__ = __trunc__ = _refuse

    def _number(self) -> Any:
        raise NotTraceableError("it takes its argument as a float")

    __float__ = __int__ = __complex__ = _number


def expression(value: Any) -> Expression:
    """A number as text; an expression as it is.

    Raises NotTraceableError for anything else.
    """
    if isinstance(value, Expression):
        return value
    if (sympy := sys.modules.get("sympy")) and isinstance(value, sympy.Expr):
        from maclaurin.tracing.symbolic import read

        return read(value, {})
    if value is np.ma.masked:
        raise NotTraceableError("a masked value is no number")
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        # A float32 stands for the decimal that Python prints for it, as a float does.
        value = np.float32(value.item()) if str(value.dtype).endswith("float32") else value.item()
    if hasattr(value, "_mpf_"):
        if getattr(value, "name", "") in ("pi", "e"):
            return Expression(value.name, ATOM)
        if value - value != 0:
            raise NotTraceableError(f"{value!r} is no finite real number")
        sign, mantissa, exponent, _ = value._mpf_
        value = float(value) if value == float(value) else (-1) ** sign * int(mantissa) * Fraction(2) ** int(exponent)
    if not isinstance(value, numbers.Real) or value != value or abs(value) == float("inf"):
        raise NotTraceableError(f"{value!r} is no finite real number")
    if isinstance(value, Fraction):
        return Expression(str(value), PRODUCT if value >= 0 else SUM)
    if isinstance(value, np.floating) and value.dtype == np.float32:
        value = float(str(value))
    text = repr(int(value) if isinstance(value, numbers.Integral) else float(value))
    return Expression(text, SUM if text.startswith("-") else ATOM)


def call(name: str, *operands: Any, **options: Any) -> Any:
    """A function of expressions and numbers by its name in NumPy, SciPy, PyTorch, math or mpmath.

    Raises NotTraceableError if expressions have no such function.
    """
    options.pop("inplace", None)
    read = [None if operand is None else expression(operand) for operand in operands]
    if name in DEFINITIONS:
        try:
            return DEFINITIONS[name](*read, **options)
        except (TypeError, KeyError) as reason:
            raise NotTraceableError(f"{name} with these arguments cannot be read: {reason}") from reason
    return _of(name, *read, **options)


def _of(name: str, *operands: Expression | None, **options: Any) -> Expression:
    known = SPELLINGS.get(name)
    if known is None:
        raise NotTraceableError(f"{name} is no function that expressions have")
    fewest = sum("=" not in argument for argument in known.arguments)
    if options or any(operand is None for operand in operands) or not fewest <= len(operands) <= len(known.arguments):
        raise NotTraceableError(f"{name} with these arguments cannot be read")
    return Expression(f"{name}({', '.join(operand.text for operand in operands if operand is not None)})", ATOM)


def _clip(x: Expression, low: Any, high: Any) -> Expression:
    if low is not None:
        x = _of("max", x, expression(low))
    return x if high is None else _of("min", x, expression(high))


def _lambertw(z: Expression, k: Expression, tol: Expression) -> Expression:
    if k.text != "0":
        raise KeyError(f"branch {k.text} of lambertw")
    return _of("lambert_w", z)


def _softplus(x: Expression, beta: Any) -> Expression:
    # PyTorch's is x itself beyond the threshold, where it differs by less than 3e-9.
    beta = expression(1 if beta is None else beta)
    return _of("softplus", x) if beta.text in ("1", "1.0") else _of("softplus", beta * x) / beta


def _with(name: str) -> Callable[..., Expression]:
    """A function whose further arguments can have any name."""
    return lambda x, *others, **named: _of(name, x, *others, *map(expression, named.values()))


PI = Expression("pi", ATOM)

#: Functions under names, or with arguments, that expressions do not have.
DEFINITIONS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(["positive", "conjugate", "conj", "real", "re", "float", "mpf", "mpmathify"], lambda x: x),
    **dict.fromkeys(["negative", "neg"], lambda x: -x),
    "add": lambda x, y, alpha=1: x + alpha * y if alpha != 1 else x + y,
    **dict.fromkeys(["sub", "subtract"], lambda x, y, alpha=1: x - alpha * y if alpha != 1 else x - y),
    "rsub": lambda x, y: y - x,
    **dict.fromkeys(["mul", "multiply"], lambda x, y: x * y),
    **dict.fromkeys(["div", "divide", "true_divide"], lambda x, y: x / y),
    **dict.fromkeys(["pow", "power", "float_power"], lambda x, y: x**y),
    "__rpow__": lambda x, y: y**x,
    **dict.fromkeys(["deg2rad", "radians"], lambda x: x * PI / 180),
    **dict.fromkeys(["rad2deg", "degrees"], lambda x: x * 180 / PI),
    "log": lambda x, base=None: _of("log", x) if base is None else _of("log", x) / _of("log", base),
    "logaddexp": lambda x, y: _of("log", _of("exp", x) + _of("exp", y)),
    "logaddexp2": lambda x, y: _of("log2", 2**x + 2**y),
    "exprel": lambda x: _of("expm1", x) / x,
    # The value where it jumps is no matter of a series.
    "heaviside": lambda x, value=None: _of("heaviside", x),
    # What scipy.special.lambertw and scipy.special.zeta call.
    "_lambertw": _lambertw,
    "_riemann_zeta": lambda x: _of("zeta", x),
    "normalized_sinc": lambda x: _of("sinc", PI * x),
    "clip": lambda x, a_min=None, a_max=None, **ends: _clip(x, ends.get("min", a_min), ends.get("max", a_max)),
    "clamp": lambda x, min=None, max=None: _clip(x, min, max),  # noqa: A006
    "gelu": lambda x, approximate="none": _of({"none": "gelu", "tanh": "gelu_tanh"}[approximate], x),
    "softplus": lambda x, beta=None, threshold=None: _softplus(x, beta),
    **{name: _with(name) for name in ["elu", "celu", "leaky_relu", "hardtanh", "hardshrink", "softshrink"]},
}

METHODS = {name for name in [*SPELLINGS, *DEFINITIONS] if not name.startswith("_")}
