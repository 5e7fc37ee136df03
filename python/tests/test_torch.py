"""The PyTorch operator and modules against the definition, PyTorch's own checks and its exporters."""

import numpy as np
import pytest

import maclaurin as mc

torch = pytest.importorskip("torch")
from torch import nn

from maclaurin.torch import TaylorActivation, TaylorExpansion, expand, taylor_activation
from maclaurin.torch.expansion import _portable

SERIES = mc.taylor("exp(x) + x*sin(x)", order=5, at=0.5)
KINDS = ["terms", "powers", "partial_sums", "sum"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stack", [True, False])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16", "uint8", "int16", "int64", "bool"])
def test_values_are_those_of_the_array_function(kind, stack, dtype):
    x = (2 * torch.rand(2, 3, 4)).to(getattr(torch, dtype))
    options = {"kind": kind, "degrees": [1, 4, 2], "constant": True, "stack": stack, "scale": 0.5}
    out = expand(x, SERIES, dim=1, **options)
    expected = mc.expand(x.to(torch.float64).numpy(), SERIES, axis=1, **options)
    assert out.dtype == (x.dtype if x.dtype.is_floating_point else torch.float32)
    unit = torch.finfo(out.dtype).eps
    assert np.allclose(out.double(), expected, rtol=8 * unit, atol=8 * unit)
    chosen = [] if kind == "sum" else [0, 1, 4, 2]
    portable = _portable(x, torch.tensor(SERIES.coefficients), 0.5, kind, chosen, 1, stack, 0.5, 0.0)
    assert portable.dtype == out.dtype and portable.shape == out.shape
    assert np.allclose(
        portable.double(), expected, rtol=8 * unit, atol=8 * max(unit, 1e-6 if dtype != "float64" else 0)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_gradcheck(kind):
    x = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    coefficients = torch.randn(4, dtype=torch.float64, requires_grad=True)

    def f(x, coefficients):
        return expand(x, coefficients, at=0.25, kind=kind, degrees=[1, 3], scale=0.5, shift=0.1, dim=0)

    assert torch.autograd.gradcheck(f, (x, coefficients))
    if kind != "powers":
        assert torch.autograd.gradgradcheck(f, (x, coefficients))


@pytest.mark.parametrize("stack", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_opcheck(stack, dtype):
    x = torch.randn(2, 3, 4).to(dtype).transpose(1, 2).requires_grad_()
    coefficients = torch.randn(4, requires_grad=True)
    plan = (True, 0.0, "terms", [1, 3], 1, stack, 1.0, 0.0)
    torch.library.opcheck(torch.ops.maclaurin.expand.default, (x, coefficients, *plan))
    plan = (True, 0.0, "sum", [], -1, True, 1.0, 0.0)
    torch.library.opcheck(torch.ops.maclaurin.expand.default, (x, coefficients, *plan))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.expansion = TaylorExpansion("log(1 + exp(x))", order=4, scale=0.5)
        self.convolution = nn.Conv2d(9, 4, 3)
        self.activation = TaylorActivation("softplus", order=4)

    def forward(self, x):
        return self.activation(self.convolution(self.expansion(x)))


def test_compiled_whole():
    torch.manual_seed(0)
    model = Network()
    x = torch.rand(2, 3, 8, 8, requires_grad=True)
    compiled = torch.compile(model, fullgraph=True)
    out = compiled(x)
    assert torch.allclose(out, model(x), atol=1e-5)
    out.sum().backward()
    (expected,) = torch.autograd.grad(model(x).sum(), x)
    assert torch.allclose(x.grad, expected, atol=1e-5)
    assert model.activation.coefficients.grad.shape == (5,)


def test_exported_programs_need_nothing_of_ours():
    model = Network().eval()
    x = torch.rand(2, 3, 8, 8)
    program = torch.export.export(model, (x,))
    assert "maclaurin" not in str(program.graph)
    assert torch.allclose(program.module()(x), model(x), atol=1e-5)


def test_onnx_gives_the_same_values(tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    model = Network().eval()
    x = torch.rand(2, 3, 8, 8)
    path = tmp_path / "model.onnx"
    torch.onnx.export(model, (x,), path, dynamo=True, verbose=False)
    session = runtime.InferenceSession(path)
    (out,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    assert np.allclose(out, model(x).detach(), atol=1e-5)
    import onnx

    graph = onnx.load(path).graph
    assert {node.domain for node in graph.node} == {""} and all(node.op_type != "Pow" for node in graph.node)


def test_expansion_multiplies_channels():
    layer = TaylorExpansion("softplus", order=4)
    for shape in [(2, 3), (2, 3, 7), (2, 3, 8, 8), (2, 3, 4, 4, 4)]:
        x = torch.rand(shape)
        out = layer(x)
        assert out.shape == (2, 9, *shape[2:])
        assert torch.allclose(out[:, 3:6], x**2 / 8)
    pixels = (255 * torch.rand(1, 3, 5, 5)).to(torch.uint8)
    assert torch.equal(TaylorExpansion(scale=1 / 255)(pixels)[:, :3], pixels * torch.tensor(1 / 255) / 2)
    x = torch.rand(2, 3, 8, 8).contiguous(memory_format=torch.channels_last)
    out = layer(x)
    assert out.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(out, layer(x.contiguous()))
    assert "degrees=(1, 2, 4)" in repr(layer)
    assert layer.half()(x.half()).dtype == torch.float16


def test_activation_trains_and_is_saved(tmp_path):
    torch.manual_seed(0)
    layer = TaylorActivation("softplus", order=4)
    x = torch.linspace(-1, 1, 50)
    assert torch.allclose(layer(x), nn.functional.softplus(x), atol=1e-3)
    optimizer = torch.optim.Adam(layer.parameters(), 0.05)
    for _ in range(300):
        optimizer.zero_grad()
        loss = ((layer(x) - torch.tanh(x)) ** 2).mean()
        loss.backward()
        optimizer.step()
    assert loss < 1e-4
    torch.save(layer.state_dict(), tmp_path / "layer.pt")
    copied = TaylorActivation("exp(x)", order=4)
    copied.load_state_dict(torch.load(tmp_path / "layer.pt"))
    assert torch.equal(copied(x), layer(x))
    fixed = TaylorActivation("softplus", order=4, trainable=False)
    assert not list(fixed.parameters()) and "coefficients" in fixed.state_dict()


def test_the_erlang_distribution_learns_its_rate():
    layer = TaylorActivation("erlang_cdf(x, 2, 1)", order=16, trainable=False, rate=1.0)
    x = torch.linspace(0, 2, 40)
    u = 1.7 * x
    target = 1 - torch.exp(-u) * (1 + u)
    optimizer = torch.optim.Adam(layer.parameters(), 0.05)
    for _ in range(200):
        optimizer.zero_grad()
        ((layer(x) - target) ** 2).mean().backward()
        optimizer.step()
    assert abs(layer.rate.item() - 1.7) < 0.01


def test_autocast():
    model = Network()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = model(torch.rand(2, 3, 8, 8))
        out.float().sum().backward()
    assert out.dtype == torch.bfloat16
    assert model.activation.coefficients.grad.dtype == torch.float32
    assert torch.isfinite(model.convolution.weight.grad).all()


def test_integers_carry_no_gradient_but_their_coefficients_do():
    layer = TaylorActivation("exp(x)", order=2)
    pixels = torch.tensor([0, 1, 2], dtype=torch.uint8)
    layer(pixels).sum().backward()
    assert layer.coefficients.grad.tolist() == [3.0, 3.0, 5.0]


def test_other_devices_are_left_to_torch():
    """The meta device stands for all that have no kernel of ours."""
    out = expand(torch.empty(2, 3, device="meta"), SERIES)
    assert out.device.type == "meta" and out.shape == (2, 3, 5)
    assert TaylorActivation(device="meta")(torch.empty(3, device="meta")).shape == (3,)


def test_bad_arguments():
    with pytest.raises(ValueError, match="kind"):
        TaylorExpansion(kind="term")
    with pytest.raises(ValueError, match="degree 9"):
        expand(torch.rand(2), SERIES, degrees=[9])
    with pytest.raises(ValueError, match="degree 0"):
        TaylorExpansion(degrees=[0])
    with pytest.raises(TypeError, match="real numbers"):
        taylor_activation(torch.zeros(2, dtype=torch.complex64), torch.ones(3))
