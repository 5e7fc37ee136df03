"""Printed code: it runs, computes what the library computes, and is as near as its comment says."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import maclaurin as mc

SCHEMES: list[Any] = ["horner", "even_odd", "estrin", "paterson_stockmeyer"]


def defined(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(code, names)
    return names


def stated(code: str) -> float:
    """The certified error with rounding, from the comment."""
    return float(code.split("|f - y| <= ")[1].split()[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_numpy_is_within_the_stated_error(dtype: Any, scheme: Any) -> None:
    p = mc.approximate("exp(x)", degree=12, on=(-1, 1))
    code = p.code("numpy", dtype=dtype, scheme=scheme)
    x = np.linspace(-1, 1, 4001).astype(dtype)
    y = defined(code)["polynomial"](x)
    assert y.dtype == dtype
    # What NumPy's own exponential is off by, beyond the bound.
    off = np.abs(y.astype(np.longdouble) - np.exp(x.astype(np.longdouble))).max()
    assert off <= stated(code) + 1e-18
    if dtype == "float32":
        assert off > 0.05 * stated(code)


def test_the_default_scheme_is_what_a_call_computes() -> None:
    for degree in (7, 40):
        p = mc.approximate("sigmoid", degree=degree, on=(-10, 9))
        x = np.linspace(-10, 9, 999)
        for language in ("python", "numpy"):
            y = defined(p.code(language))["polynomial"](x)  # type: ignore[arg-type]
            if p.basis == "chebyshev":
                assert np.array_equal(y, p(x))
            else:
                # A call fuses multiplications and additions.
                assert np.abs(y - p(x)).max() < 1e-14


def test_bounds_with_rounding() -> None:
    p = mc.approximate("sigmoid", degree=40, on=(-10, 10))
    single, double = (p.error_bound(-10, 10, dtype=dtype) for dtype in ("float32", "float64"))
    assert p.error <= double <= single
    assert single.sampled <= single
    assert stated(p.code("c", dtype="float32")) >= single * 0.999
    x = np.linspace(-10, 10, 20001, dtype=np.float32)
    y = defined(p.code("numpy", dtype="float32"))["polynomial"](x).astype(float)
    assert np.abs(y - 1 / (1 + np.exp(-x.astype(float)))).max() <= single
    # Beyond the range the Chebyshev polynomials grow, and the bound with them.
    assert p.error_bound(10, 11, dtype="float32") > 1e3 * single
    with pytest.raises(ValueError, match='dtype "int8" is none of'):
        p.error_bound(-10, 10, dtype="int8")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_numpy_computes_in_float16_within_the_bound(scheme: Any) -> None:
    p = mc.approximate("exp(x)", degree=5, on=(-1, 1), coefficients="float16")
    code = p.code("numpy", dtype="float16", scheme=scheme)
    x = np.arange(0x3C01, dtype=np.uint16).view(np.float16)
    x = np.concatenate([x, -x])
    y = defined(code)["polynomial"](x)
    assert y.dtype == np.float16
    worst = np.abs(y.astype(float) - np.exp(x.astype(float))).max()
    assert worst <= stated(code) < 4 * worst
    # The same values as the exhaustive search has.
    ulp = np.spacing(np.exp(x.astype(float)).astype(np.float16)).astype(float)
    errors = p.ulp("float16", scheme=scheme)
    assert errors.count == len(x) - 1
    assert abs(errors.max - (np.abs(y.astype(float) - np.exp(x.astype(float))) / ulp).max()) < 0.51
    nearest = np.exp(x.astype(float)).astype(np.float16)
    assert errors.misrounded == (y != nearest)[1:].sum()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_powers_are_refused_where_they_lose_the_accuracy(scheme: Any) -> None:
    p = mc.approximate("sigmoid", degree=40, on=(-10, 10))
    with pytest.raises(ValueError, match=f"scheme: {scheme} adds up powers"):
        p.code("c", scheme=scheme)
    with pytest.raises(ValueError, match="language: tenseal adds up powers"):
        p.code("tenseal")


def test_the_call_in_the_comment_prints_the_same_code() -> None:
    options: list[dict[str, Any]] = [
        {"degree": 5, "on": [(-1, -0.1), (0.1, 1)], "method": "chebyshev"},
        {"degree": 5, "on": (0, 1.5), "degrees": [1, 3, 5], "fixed": {0: 0.25}, "relative": False},
        {"degree": 4, "on": (1, 2), "relative": True, "center": 1.5},
        {"degree": 4, "on": (1, 2), "method": "least_squares"},
    ]
    for option in options:
        code = mc.approximate(mc.Function("exp(a*x)", a="1/2"), **option).code("rust", "float32", "estrin")
        call = code.split("/// Printed by ")[1].split("\n")[0].removesuffix(".")
        assert eval(call, {"maclaurin": mc}) == code
    code = mc.taylor("exp(x)", order=5, at="1/3").code("c", on=(0, 1))
    assert eval(code.split("Printed by ")[1].split("\n")[0].removesuffix("."), {"maclaurin": mc}) == code


class Context:
    """OpenFHE's `CryptoContext` on numbers, with its convention for Chebyshev series.

    `AdvancedSHECKKSRNS::EvalChebyshevSeriesLinear` adds `coefficients[0] / 2`.
    """

    def EvalChebyshevSeries(self, x: Any, coefficients: list[float], a: float, b: float) -> Any:
        assert len(coefficients) > 1
        y = -1 + 2 * (x - a) / (b - a)
        terms = [c * math.cos(k * math.acos(max(-1.0, min(1.0, y)))) for k, c in enumerate(coefficients)]
        return sum(terms) - coefficients[0] / 2

    def EvalPoly(self, x: Any, coefficients: list[float]) -> Any:
        assert len(coefficients) > 1
        assert coefficients[-1] != 0
        return sum(c * x**k for k, c in enumerate(coefficients))

    def EvalAdd(self, x: Any, y: Any) -> Any:
        return x + y

    def EvalSub(self, x: Any, y: Any) -> Any:
        return x - y


class Vector(float):
    """TenSEAL's `CKKSVector` of one number."""

    def polyval(self, coefficients: list[float]) -> float:
        assert coefficients[-1] != 0
        return sum(c * float(self) ** k for k, c in enumerate(coefficients))

    def __add__(self, other: float) -> Vector:
        return Vector(float(self) + other)

    def __sub__(self, other: float) -> Vector:
        return Vector(float(self) - other)


@pytest.mark.parametrize(("f", "degree"), [("sigmoid", 7), ("exp(x)", 5), ("3 + x", 1), ("2.5", 0), ("x^2", 3)])
def test_code_for_encrypted_values(f: str, degree: int) -> None:
    p = mc.approximate(f, degree=degree, on=(-3, 8))
    openfhe, tenseal = (defined(p.code(language))["polynomial"] for language in ("openfhe_python", "tenseal"))
    for x in np.linspace(-3, 8, 23):
        assert openfhe(Context(), x) == pytest.approx(p(x), rel=1e-12, abs=1e-12)
        assert float(tenseal(Vector(x))) == pytest.approx(p(x), rel=1e-12, abs=1e-12)


def test_taylor_polynomials_of_encrypted_values() -> None:
    for s in (mc.taylor("log(x)", order=6, at=1), mc.taylor("exp(x)", order=4, at=-1), mc.taylor("7", order=3)):
        openfhe, tenseal = (defined(s.code(language))["taylor"] for language in ("openfhe_python", "tenseal"))
        for x in (0.5, 1.25, 1.5):
            assert openfhe(Context(), x) == pytest.approx(s(x), rel=1e-13)
            assert float(tenseal(Vector(x))) == pytest.approx(s(x), rel=1e-13)


def test_openfhe_in_cpp_has_the_same_numbers() -> None:
    p = mc.approximate("exp(x)", degree=6, on=(0, 3))

    def numbers(text: str) -> list[float]:
        return [float.fromhex(number) for number in text.replace("\n", " ").split(",") if number.strip()]

    cpp, python = p.code("openfhe"), p.code("openfhe_python")
    assert "Multiplicative depth: 5" in cpp
    assert "coefficients[0] is twice that of T_0" in cpp
    own = numbers(cpp.split("= {")[1].split("}")[0])
    assert own == eval(python.split("coefficients = ")[1].split("\n    return")[0])
    assert own[0] == 2 * p.chebyshev[0]
    assert own[1:] == list(p.chebyshev[1:])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torch(dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    for p in (mc.approximate("exp(x)", degree=9, on=(-1, 1)), mc.approximate("2", degree=0, on=(-1, 1))):
        x = np.linspace(-1, 1, 101).astype(dtype)
        y = defined(p.code("torch", dtype=dtype, scheme="estrin"))["polynomial"](torch.from_numpy(x)).numpy()
        assert y.dtype == dtype
        assert np.array_equal(y, defined(p.code("numpy", dtype=dtype, scheme="estrin"))["polynomial"](x))


TRITON = """
import importlib.util, sys
import numpy as np, torch
import maclaurin as mc

def load(code, path):
    open(path, "w").write(code)
    spec = importlib.util.spec_from_file_location("printed", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

for dtype in ("float32", "float64"):
    for text, degree, scheme in [("exp(x)", 9, "estrin"), ("sigmoid", 30, None), ("2", 0, None)]:
        p = mc.approximate(text, degree=degree, on=(-8, 8))
        x = np.linspace(-8, 8, 1500).astype(dtype)
        code = p.code("triton", dtype=dtype, scheme=scheme)
        assert ("tl.div_rn(" in code) == (p.basis == "chebyshev" and dtype == "float32")
        module = load(code, sys.argv[1])
        y = module.polynomial_of(torch.from_numpy(x)).numpy()
        names = {}
        exec(p.code("numpy", dtype=dtype, scheme=scheme), names)
        expected = names["polynomial"](x)
        assert y.dtype == expected.dtype and np.array_equal(y, expected), (dtype, text, abs(y - expected).max())
"""


def test_triton_under_its_interpreter(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("triton")
    environment = os.environ | {"TRITON_INTERPRET": "1"}
    script = textwrap.dedent(TRITON)
    arguments = [sys.executable, "-c", script, str(tmp_path / "printed.py")]
    subprocess.run(arguments, env=environment, check=True, timeout=300)


def test_numbers_beyond_a_format_are_refused() -> None:
    far = mc.approximate("x/1000000", degree=1, on=(0, 200000))
    with pytest.raises(ValueError, match="the range reaches 200000.0, and float16 ends at 65504.0: take a wider"):
        far.code("numpy", dtype="float16")
    large = mc.approximate("exp(x)", degree=1, on=(0, 20))
    with pytest.raises(ValueError, match="there is the constant -?[0-9.]+, and float16 ends"):
        large.code("c", dtype="float16")
    with pytest.raises(ValueError, match="float16 ends"):
        mc.taylor("exp(x)", order=2, at=20).code("torch", dtype="float16")
    with pytest.raises(ValueError, match="float16 ends"):
        mc.approximate("x", degree=1, on=(0, 200000), pieces=2).code("python", dtype="float16")
    assert "inf" not in far.code("numpy", dtype="float32")
