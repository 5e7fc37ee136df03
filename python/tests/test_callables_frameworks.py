"""Functions of PyTorch and JAX, read as expressions: their values and derivatives are the framework's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import maclaurin as mc

OF_TORCH = [
    torch.sin,
    torch.sinc,
    torch.special.erf,
    torch.special.expit,
    functional.silu,
    functional.softplus,
    functional.logsigmoid,
    nn.GELU(),
    nn.GELU("tanh"),
    nn.Softplus(2.0),
    nn.ELU(0.5),
    nn.CELU(2.0),
    nn.SELU(),
    nn.Mish(),
    nn.Softsign(),
    nn.Tanhshrink(),
    nn.Hardtanh(),
    nn.Hardswish(),
    nn.Hardsigmoid(),
    nn.Softshrink(),
    nn.LeakyReLU(0.2),
    nn.ReLU6(),
    nn.Sequential(nn.Tanh(), nn.SiLU()),
    lambda x: torch.log(1 + torch.exp(x)),
    lambda x: x.sin().pow(2) - torch.tensor(2.5) * x,
    lambda x: torch.add(x, 1, alpha=2) / torch.tensor(2.0, dtype=torch.float64) ** x,
    lambda x: torch.clamp(x, -0.3, 0.9),
    lambda x: torch.logaddexp(x, torch.tensor(0.0, dtype=torch.float64)),
    lambda x: torch.maximum(x, torch.tensor(0.1, dtype=torch.float64)),
]


@pytest.mark.parametrize("f", OF_TORCH)
def test_what_torch_computes_is_read(f):
    function = mc.trace(f)
    x = torch.linspace(-2.95, 2.95, 24, dtype=torch.float64)
    assert np.allclose(function(x.numpy()), f(x).numpy(), rtol=1e-12, atol=1e-13)
    for at in (-1.7, 0.7):
        point = torch.tensor(at, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(f(point), point)
        series = mc.taylor(f, order=2, at=at)
        assert isinstance(series, mc.Series)
        assert series.coefficients[1] == pytest.approx(slope.item(), rel=1e-7, abs=1e-12)


def test_other_functions_of_torch_are_estimated_or_refused():
    chosen = mc.taylor(lambda x: torch.where(x > 0, torch.exp(x), x), order=3, at=1)
    assert isinstance(chosen, mc.EstimatedSeries)
    assert np.allclose(chosen.coefficients, np.e / np.array([1, 1, 2, 6]), rtol=1e-9)
    with pytest.raises(mc.NotAnalyticError, match="a jump"):
        mc.taylor(lambda x: torch.where(x > 0, torch.exp(x), x), order=3)
    with torch.no_grad():
        line = nn.Linear(1, 1)
        line.weight.fill_(2.5)
    of_parameters = mc.taylor(line, order=1, at=1)
    assert isinstance(of_parameters, mc.EstimatedSeries)
    assert abs(of_parameters.coefficients[1] - 2.5) <= of_parameters.errors[1] < 1e-3
    for module in (nn.PReLU(), nn.Linear(1, 1), nn.Threshold(0.1, 2.0)):
        with pytest.raises(TypeError, match="cannot be read"):
            mc.trace(module)


OF_JAX = [
    jax.nn.gelu,
    jax.nn.silu,
    jax.nn.softplus,
    jax.nn.mish,
    jax.nn.relu6,
    jax.nn.celu,
    jax.nn.log_sigmoid,
    jax.nn.squareplus,
    jax.nn.hard_tanh,
    jax.jit(jnp.tanh),
    jax.grad(jnp.tanh),
    jnp.sinc,
    jnp.cbrt,
    lambda x: jnp.log(1 + jnp.exp(x * 0.1)),
    lambda x: jnp.logaddexp(x, 1.0),
    lambda x: jnp.clip(x, -0.3, 0.9) + jax.scipy.special.erf(x) ** 3,
]


@pytest.mark.parametrize("f", OF_JAX)
def test_what_jax_computes_is_read(f):
    function = mc.trace(f)
    with jax.enable_x64(True):
        for x in (-2.9, -0.75, 0.31, 2.2):
            assert function(x) == pytest.approx(float(f(jnp.float64(x))), rel=1e-12, abs=1e-14)
        slope = float(jax.grad(f)(jnp.float64(-0.75)))
    assert mc.taylor(f, order=1, at=-0.75).coefficients[1] == pytest.approx(slope, rel=1e-10, abs=1e-14)


def test_other_functions_of_jax_are_estimated():
    for f in (jax.jit(jax.nn.elu), jax.jit(lambda x: jax.lax.fori_loop(0, 3, lambda _, y: y * x, 1.0))):
        series = mc.taylor(f, order=2, at=1)
        assert isinstance(series, mc.EstimatedSeries)
        with jax.enable_x64(True):
            slope = float(jax.grad(f)(jnp.float64(1)))
        # Called with float64, whatever JAX's default is.
        assert abs(series.coefficients[1] - slope) <= series.errors[1] < 1e-9
