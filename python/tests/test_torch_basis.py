"""Bases in PyTorch: against the array function, PyTorch's checks, and the layers of Kolmogorov-Arnold networks."""

import copy
import pickle

import numpy as np
import pytest

import maclaurin as mc

torch = pytest.importorskip("torch")
from torch import nn

from maclaurin.torch import (
    TaylorActivation,
    TaylorConv2d,
    TaylorExpansion,
    TaylorLinear,
    expand,
    load_chebykan,
    load_kacn,
)

BASES = [
    mc.basis("legendre", 4, on=(0, 2)),
    mc.basis("chebyshev", 4, squash="tanh"),
    mc.basis("jacobi", 3, alpha=0.5, beta=-0.25, squash="clip"),
    mc.basis("laguerre", 3),
    mc.basis("hermite_e", 5),
]


@pytest.mark.parametrize("b", BASES, ids=repr)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16", "uint8"])
def test_values_are_those_of_the_array_function(b, dtype):
    x = (2 * torch.rand(2, 3, 4)).to(getattr(torch, dtype))
    options = {"degrees": [1, 3, 2], "constant": True, "scale": 0.5, "shift": -0.25}
    for kind in ("terms", "powers"):
        out = expand(x, b, dim=1, kind=kind, **options)
        assert out.dtype == (x.dtype if x.dtype.is_floating_point else torch.float32)
        expected = mc.expand(x.double().numpy(), b, axis=1, **options)
        unit = torch.finfo(out.dtype).eps
        assert np.allclose(out.double(), expected, rtol=32 * unit, atol=32 * unit)
    # Other devices, and exported programs, get PyTorch's own operations.
    traced = torch.func.vmap(lambda x: expand(x, b, dim=0, **options))(x)
    assert traced.dtype == out.dtype and torch.allclose(traced, out, rtol=16 * unit, atol=16 * unit)


@pytest.mark.parametrize("b", BASES, ids=repr)
@pytest.mark.parametrize("stack", [True, False])
def test_gradcheck(b, stack):
    x = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)

    def f(x):
        return expand(x, b, scale=0.5, shift=0.1, dim=0, stack=stack, constant=True)

    assert torch.autograd.gradcheck(f, x)
    assert torch.autograd.gradgradcheck(f, x)
    assert torch.autograd.gradcheck(f, x, check_forward_ad=True, check_backward_ad=False)


def test_the_layer(tmp_path):
    layer = TaylorExpansion(BASES[1], constant=True)
    x = torch.randn(2, 3, 8, 8)
    y = layer(x)
    assert layer.multiplier == 5 and y.shape == (2, 15, 8, 8)
    assert "basis('chebyshev', degree=4, squash='tanh')" in repr(layer)
    last = layer(x.to(memory_format=torch.channels_last))
    assert torch.equal(last, y) and last.is_contiguous(memory_format=torch.channels_last)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(other(x), y)
    with pytest.raises(RuntimeError, match="coefficients="):
        TaylorExpansion(mc.basis("legendre", 4), constant=True).load_state_dict(layer.state_dict())
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(x), y)
    exported = torch.export.export(layer, (x,)).module()
    assert torch.allclose(exported(x), y, atol=1e-6)


@pytest.mark.parametrize("layer", [TaylorActivation, TaylorLinear, TaylorConv2d])
def test_layers_that_sum_powers_refuse(layer):
    sizes = {TaylorActivation: (), TaylorLinear: (2, 3), TaylorConv2d: (2, 3, 3)}[layer]
    with pytest.raises(ValueError, match="put a layer of the framework's own behind it"):
        layer(*sizes, function=BASES[0])
    for kind in ("sum", "partial_sums"):
        with pytest.raises(ValueError, match="no coefficients to sum up"):
            TaylorExpansion(BASES[0], kind=kind)


class ChebyKAN(nn.Module):
    """The layer of SynodicMonth/ChebyKAN, by its definition: sum_ik c_iok T_k(tanh x_i)."""

    def __init__(self, inputs, outputs, degree):
        super().__init__()
        self.cheby_coeffs = nn.Parameter(torch.randn(inputs, outputs, degree + 1) / (inputs * (degree + 1)))

    def forward(self, x):
        t = torch.tanh(x)
        polynomials = [torch.ones_like(t), t]
        for _ in range(self.cheby_coeffs.shape[2] - 2):
            polynomials.append(2 * t * polynomials[-1] - polynomials[-2])
        polynomials = torch.stack(polynomials[: self.cheby_coeffs.shape[2]], -1)
        return torch.einsum("bid,iod->bo", polynomials, self.cheby_coeffs)


@pytest.mark.parametrize("degree", [0, 1, 4])
def test_a_layer_of_chebykan_is_an_expansion_and_a_linear_layer(degree):
    torch.manual_seed(0)
    theirs, x = ChebyKAN(5, 7, degree), torch.randn(11, 5, requires_grad=True)
    ours = load_chebykan({f"layer.{name}": value for name, value in theirs.state_dict().items()}, "layer.")
    assert torch.allclose(ours(x), theirs(x), atol=1e-6)
    weights = torch.randn(11, 7)
    if degree:
        slopes = [torch.autograd.grad((layer(x) * weights).sum(), x)[0] for layer in (ours, theirs)]
        assert torch.allclose(*slopes, atol=1e-6)


class Kacn(nn.Module):
    """A layer of IvanDrokin/torch-conv-kan, by its definition: norm(conv(cos(k acos(tanh x)))), group by group."""

    def __init__(self, dimensions, inputs, outputs, degree, groups, norm, **convolution):
        super().__init__()
        several, conv = degree + 1, getattr(nn, f"Conv{dimensions}d")
        self.poly_conv = nn.ModuleList(
            conv(several * inputs // groups, outputs // groups, 3, bias=False, **convolution) for _ in range(groups)
        )
        self.layer_norm = nn.ModuleList(norm(outputs // groups) for _ in range(groups))
        self.register_buffer("arange", torch.arange(several).view(1, 1, -1, *[1] * dimensions))

    def forward(self, x):
        parts = []
        for part, conv, norm in zip(x.chunk(len(self.poly_conv), 1), self.poly_conv, self.layer_norm, strict=True):
            angle = torch.acos(torch.tanh(part)).unsqueeze(2)
            parts.append(norm(conv(torch.cos(angle * self.arange).flatten(1, 2))))
        return torch.cat(parts, 1)


@pytest.mark.parametrize(
    ("dimensions", "groups", "norm"),
    [
        (2, 1, nn.InstanceNorm2d),
        (2, 2, nn.BatchNorm2d),
        (1, 2, lambda count: nn.InstanceNorm1d(count, affine=True)),
        (3, 1, nn.InstanceNorm3d),
    ],
)
def test_a_layer_of_torch_conv_kan_is_an_expansion_and_a_convolution(dimensions, groups, norm):
    torch.manual_seed(0)
    theirs = Kacn(dimensions, 4, 6, 3, groups, norm, stride=2, padding=1).double()
    for parameter in theirs.layer_norm.parameters():
        nn.init.normal_(parameter)
    x = torch.randn(3, 4, *[7] * dimensions, dtype=torch.float64)
    theirs(x)  # running means
    state = {f"layer.{name}": value for name, value in theirs.state_dict().items()}
    ours = load_kacn(state, "layer.", stride=2, padding=1)
    for mode in (True, False):
        assert torch.allclose(ours.train(mode)(x), theirs.train(mode)(x), atol=1e-9)


def test_other_weights_of_convolutions_are_refused():
    with pytest.raises(ValueError, match="there are no layer.poly_conv.0.weight and layer.arange among weight"):
        load_kacn(nn.Linear(2, 3).state_dict(), "layer.")
    with pytest.raises(ValueError, match=r"shape \(2, 3, 3\) for 2 degrees"):
        load_kacn({"poly_conv.0.weight": torch.zeros(2, 3, 3), "arange": torch.arange(2)})


def test_other_weights_are_refused():
    with pytest.raises(ValueError, match="there is no layer.cheby_coeffs among weight, bias"):
        load_chebykan(nn.Linear(2, 3).state_dict(), "layer.")
    with pytest.raises(ValueError, match=r"shape \(2, 3\); expected \(inputs"):
        load_chebykan({"cheby_coeffs": torch.zeros(2, 3)})
