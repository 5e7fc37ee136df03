"""Piecewise polynomials, weights and points from Python, against NumPy and SciPy's own functions."""

from __future__ import annotations

import json
import math
import os
import pickle
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import maclaurin as mc


def defined(code: str) -> Any:
    names: dict[str, Any] = {}
    exec(code, names)
    return names["piecewise_polynomial"]


def stated(code: str) -> float:
    return float(code.split("|f - y| <= ")[1].split()[0])


def test_pieces_are_within_their_errors() -> None:
    p = mc.approximate("tanh(x)", degree=3, on=(-4, 4), pieces=8)
    assert isinstance(p, mc.Piecewise)
    assert (p.on, p.degree, len(p.breakpoints), len(p.coefficients)) == ((-4.0, 4.0), 3, 9, 8)
    x = np.linspace(-4, 4, 4001).reshape(1, -1)
    off = np.abs(p(x) - np.tanh(x))
    assert off.shape == (1, 4001)
    assert 0.98 * p.best < off.max() <= p.error + 1e-15
    assert max(p.errors) == float(p.error)
    for low, high, error in zip(p.breakpoints, p.breakpoints[1:], p.errors, strict=False):
        inside = np.linspace(low, high, 99, endpoint=False)
        assert np.abs(p(inside) - np.tanh(inside)).max() <= error + 1e-15
    assert p(0.5) == float(p(np.array(0.5)))
    assert math.isnan(p(math.nan))
    # As the coefficients say it.
    i = int(np.searchsorted(p.breakpoints, 1.1, side="right")) - 1
    value = np.polynomial.polynomial.polyval(1.1 - p.centers[i], p.coefficients[i])
    assert abs(float(value) - p(1.1)) < 1e-15


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_continuous_pieces(degree: int) -> None:
    p = mc.approximate("gelu", degree=degree, on=(-4, 4), pieces=5, continuous=True)
    for b in p.breakpoints[1:-1]:
        assert abs(p(np.nextafter(b, -9)) - p(b)) <= p.gap + 1e-14
    exact = mc.approximate("gelu", degree=degree, on=(-4, 4), pieces=5, continuous=True, coefficients="exact")
    assert exact.gap == 0.0


def test_as_few_pieces_as_a_tolerance_asks_for() -> None:
    p = mc.approximate("sigmoid", degree=2, on=(-8, 8), pieces="auto", tolerance=1e-3)
    assert p.error <= 1e-3
    fewer = mc.approximate("sigmoid", degree=2, on=(-8, 8), pieces=len(p.centers) - 1)
    assert fewer.error > 1e-3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("language", ["numpy", "python", "torch", "c"])
def test_code_is_within_its_stated_error(language: Any, dtype: Any, tmp_path: Path) -> None:
    p = mc.approximate("exp(x)", degree=4, on=(-1, 1), pieces=5)
    code = p.code(language, dtype=dtype, scheme="estrin")
    near = np.concatenate([np.nextafter(p.breakpoints, 9), np.nextafter(p.breakpoints, -9), p.breakpoints])
    x = np.concatenate([np.linspace(-1, 1, 997), near[np.abs(near) <= 1]]).astype(dtype)
    if language == "torch":
        torch = pytest.importorskip("torch")
        y = defined(code)(torch.from_numpy(x)).numpy()
    elif language == "python":
        y = np.array([defined(code)(float(value)) for value in x])
    elif language == "numpy":
        y = defined(code)(x)
        assert y.dtype == dtype
    else:
        if shutil.which("cc") is None and "CI" not in os.environ:
            pytest.skip("no C compiler")
        kind = "float" if dtype == "float32" else "double"
        values = ", ".join(float(value).hex() for value in x)
        source = tmp_path / "p.c"
        source.write_text(
            f"#include <stdio.h>\n{code}\nstatic const {kind} x[] = {{{values}}};\n"
            f"int main(void) {{ for (int i = 0; i < {len(x)}; i++)"
            ' printf("%a\\n", (double)piecewise_polynomial(x[i])); }\n'
        )
        flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off"]
        subprocess.run(["cc", *flags, str(source), "-o", str(tmp_path / "p")], check=True)
        lines = subprocess.run([tmp_path / "p"], check=True, capture_output=True, text=True).stdout.split()
        y = np.array([float.fromhex(line) for line in lines])
    off = np.abs(y.astype(np.longdouble) - np.exp(x.astype(np.longdouble))).max()
    assert off <= stated(code) + 1e-18
    assert off > 0.3 * float(p.error)


def test_the_call_in_the_comment_prints_the_same_code() -> None:
    several: list[dict[str, Any]] = [
        {"continuous": True},
        {"weight": "1 + x^2"},
        {"method": "least_squares", "coefficients": "float32"},
    ]
    for options in several:
        code = mc.approximate("exp(x)", degree=2, on=(-1, 2), pieces=3, **options).code("rust")
        call = code.split("/// Printed by ")[1].split("\n")[0].removesuffix(".")
        assert eval(call, {"maclaurin": mc}) == code
    code = mc.approximate("exp(x)", degree=3, on=(-1, 2), through=[0.0, 1.0], weight="1/(1+x^2)").code("rust")
    call = code.split("/// Printed by ")[1].split("\n")[0].removesuffix(".")
    assert eval(call, {"maclaurin": mc}) == code


def test_pieces_are_pickled_and_compared() -> None:
    p = mc.approximate("exp(x)", degree=2, on=(-1, 2), pieces=3, weight="1 + x^2")
    q = pickle.loads(pickle.dumps(p))
    assert p == q
    assert hash(p) == hash(q)
    assert np.array_equal(p.breakpoints, q.breakpoints)
    assert "3 pieces of degree 2" in repr(p)
    assert str(p).count("\n") == 2
    assert p.latex().count("\\\\") == 2


def test_weights() -> None:
    p = mc.approximate("cos(x)", degree=4, on=(-2, 2), weight="exp(-x^2)")
    x = np.linspace(-2, 2, 2001)
    weighted = np.exp(-(x**2)) * np.abs(p(x) - np.cos(x))
    assert 0.99 * p.best < weighted.max() <= p.error
    traced = mc.approximate("cos(x)", degree=4, on=(-2, 2), weight=lambda x: np.exp(-(x**2)))
    assert math.isclose(traced.best, p.best, rel_tol=1e-9)
    assert pickle.loads(pickle.dumps(p)) == p
    with pytest.raises(ValueError, match="weight: x is not proven to be positive"):
        mc.approximate("cos(x)", degree=4, on=(-2, 2), weight="x")
    with pytest.raises(ValueError, match="weight: relative is the weight"):
        mc.approximate("cos(x)", degree=4, on=(0, 1), weight="1+x", relative=True)


def test_polynomials_through_points() -> None:
    p = mc.approximate("tanh(x)", degree=6, on=(-2, 3), through=[0, 2.5])
    assert max(abs(p(x) - math.tanh(x)) for x in (0, 2.5)) < 1e-15
    assert p.error >= p.best > 0
    exact = mc.approximate("abs(x)", degree=3, on=(-1, 1), through=[0, 1], coefficients="exact")
    assert sum(exact.exact) == 1
    with pytest.raises(ValueError, match="through: 7 at position 1 lies outside the range"):
        mc.approximate("tanh(x)", degree=6, on=(-2, 3), through=[0, 7])


def test_jumps_and_points_without_a_value_are_refused() -> None:
    with pytest.raises(ValueError, match=r"jumps from -1.0 to 1.0 near x = 0.0.*\[-1.0, -0.02\] and \[0.02, 1.0\]"):
        mc.approximate("sign(x)", degree=5, on=(-1, 1))
    with pytest.raises(ValueError, match="near x = 0.0"):
        mc.approximate("sin(1/x)", degree=5, on=(0, 1))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"pieces": 2}, TypeError),
        ({"pieces": 0, "degree": 2}, ValueError),
        ({"pieces": 2.5, "degree": 2}, TypeError),
        ({"pieces": "many", "degree": 2}, ValueError),
        ({"pieces": "auto", "degree": 2}, TypeError),
        ({"pieces": 2, "degree": 2, "tolerance": 0.1}, TypeError),
        ({"pieces": 2, "degree": 2, "fixed": {0: 1}}, TypeError),
        ({"pieces": 2, "degree": 2, "through": [0]}, TypeError),
        ({"pieces": 2, "degree": 201}, ValueError),
        ({"pieces": 2, "degree": 0, "continuous": True}, ValueError),
        ({"degree": 2, "continuous": True}, TypeError),
        ({"pieces": 1025, "degree": 1}, ValueError),
        ({"pieces": 10**30, "degree": 1}, (ValueError, OverflowError)),
        ({"degree": 2, "through": ["a"]}, (TypeError, ValueError)),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], error: Any) -> None:
    with pytest.raises(error):
        mc.approximate("exp(x)", on=(0, 1), **options)
    with pytest.raises(TypeError):
        mc.approximate("exp(x)", degree=2, on=[(0, 1), (2, 3)], pieces=2)


def test_json_gives_the_same_pieces() -> None:
    weight = mc.Function("exp(-a*x)", a=2)
    for p in [
        mc.approximate("gelu", degree=2, on=(-4, 4), pieces="auto", tolerance=1e-2, continuous=True),
        mc.approximate("exp(x)", degree=3, on=(0, 1), pieces=2, weight=weight, coefficients="float32"),
        mc.approximate("x*log(x)", degree=3, on=(0, 1), pieces=3, method="chebyshev", coefficients={0: "float16"}),
    ]:
        text = p.to_json()
        assert mc.Piecewise.from_json(text) == p
        data = json.loads(text)
        assert data["breakpoints"] == p.breakpoints.tolist() and data["error"]["bound"] == float(p.error)
    data["pieces"][0]["coefficients"][0] += 1
    for wrong in ["", "[]", "{}", '{"function": "x"}', json.dumps(data), text[:-1]]:
        with pytest.raises(ValueError, match=r"JSON|Expecting|changed"):
            mc.Piecewise.from_json(wrong)
