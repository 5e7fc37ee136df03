"""Convolutions over powers against `cat` and PyTorch's convolution, its autograd, checks and exporters."""

import copy
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import maclaurin as mc

torch = pytest.importorskip("torch")
from torch import nn
from torch.nn import functional

from maclaurin.torch import (
    TaylorConv1d,
    TaylorConv2d,
    TaylorLinear,
    load_self_onn,
    taylor_conv1d,
    taylor_conv2d,
    taylor_linear,
)
from maclaurin.torch.operators import Recomputed, convolve_portably, flat


def concatenated(x, weight, bias, order, at=0.0, groups=1, **options):
    """The usual way: all powers as channels, then PyTorch's convolution."""
    t = (x - at).unflatten(1, (groups, -1))
    powers = torch.cat([t**k for k in range(1, order + 1)], 2).flatten(1, 2)
    return functional.conv2d(powers, weight, bias, groups=groups, **options)


@st.composite
def cases(draw):
    def integer(low, high):
        return draw(st.integers(low, high))

    groups, order = draw(st.sampled_from([1, 1, 1, 2, 3])), integer(1, 6)
    kernel = (integer(1, 7), integer(1, 7))
    options = {
        "stride": (integer(1, 3), integer(1, 3)),
        "padding": (integer(0, 3), integer(0, 3)),
        "dilation": (integer(1, 2), integer(1, 2)),
    }
    extents = [
        max(integer(1, 20), (k - 1) * d + 1 - 2 * p)
        for k, d, p in zip(kernel, options["dilation"], options["padding"], strict=True)
    ]
    shape = (integer(1, 3), groups * integer(1, 9), *extents)
    outputs = groups * integer(1, 20)
    weight = (outputs, order * shape[1] // groups, *kernel)
    layouts = st.sampled_from([torch.contiguous_format, torch.channels_last])
    at = draw(st.sampled_from([0.0, 0.25]))
    return shape, weight, {**options, "groups": groups, "order": order, "at": at}, draw(layouts), draw(st.booleans())


@given(cases(), st.integers(0, 2**31), st.sampled_from(["float32", "float64", "bfloat16", "float16"]))
@settings(max_examples=150, deadline=None)
def test_equals_concatenated_powers(case, seed, dtype):
    shape, weight_shape, options, layout, has_bias = case
    dtype = getattr(torch, dtype)
    torch.manual_seed(seed)
    x = torch.rand(shape).sub(0.5).to(dtype).to(memory_format=layout).requires_grad_()
    weight = torch.randn(weight_shape).to(dtype).requires_grad_()
    bias = torch.randn(weight_shape[0]).to(dtype).requires_grad_() if has_bias else None
    y = taylor_conv2d(x, weight, bias, **options)
    assert y.dtype == dtype
    if x.is_contiguous() != x.is_contiguous(memory_format=torch.channels_last):
        assert y.is_contiguous(memory_format=layout)
    inputs = [tensor for tensor in (x, weight, bias) if tensor is not None]
    precise = [tensor.detach().double().requires_grad_() for tensor in inputs]
    expected = concatenated(*precise, *[None] * (not has_bias), **options)
    gradient = torch.randn(expected.shape).to(dtype)
    y.backward(gradient)
    expected.backward(gradient.double())
    # Rounding of a sum is relative to the sum of the sizes of what is added.
    sizes = [(x - options["at"]).detach().double().abs(), *(tensor.detach().abs() for tensor in precise[1:])]
    sizes = [tensor.requires_grad_() for tensor in sizes]
    size = concatenated(*sizes, *[None] * (not has_bias), **{**options, "at": 0.0})
    size.backward(gradient.double().abs())
    unit = 16 * torch.finfo(dtype).eps if dtype in (torch.float32, torch.float64) else 4 * torch.finfo(dtype).eps
    found = [y, *(tensor.grad for tensor in inputs)]
    wanted = [expected, *(tensor.grad for tensor in precise)]
    for part, exact, scale in zip(found, wanted, [size, *(tensor.grad for tensor in sizes)], strict=True):
        assert ((part - exact).abs() <= unit * (scale + 1e-3)).all()


@given(cases(), st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_the_path_of_other_devices_agrees(case, seed):
    shape, weight_shape, options, layout, has_bias = case
    torch.manual_seed(seed)
    inputs = [
        torch.rand(shape).sub(0.5).double().to(memory_format=layout).requires_grad_(),
        torch.randn(weight_shape).double().requires_grad_(),
        torch.randn(weight_shape[0]).double().requires_grad_() if has_bias else None,
    ]
    chosen = mc.convolution.geometry(
        weight_shape[2:], *(options[n] for n in ("stride", "padding", "dilation", "groups"))
    )
    plan = (options["order"], options["at"], *flat(chosen))
    y, expected = Recomputed.apply(*inputs, plan), taylor_conv2d(*inputs, **options)
    assert torch.allclose(y, expected)
    gradient, given_inputs = torch.randn_like(y), [tensor for tensor in inputs if tensor is not None]
    found = torch.autograd.grad(y, given_inputs, gradient)
    for part, other in zip(found, torch.autograd.grad(expected, given_inputs, gradient), strict=True):
        assert torch.allclose(part, other)
    assert torch.allclose(convolve_portably(*inputs, *plan), expected)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_gradcheck_with_coefficients(layout):
    x = torch.randn(2, 4, 5, 6).double().to(memory_format=layout).requires_grad_()
    weight, bias = torch.randn(6, 6, 3, 2).double().requires_grad_(), torch.randn(6).double().requires_grad_()
    coefficients = torch.randn(3).double().requires_grad_()

    def f(x, weight, bias, coefficients):
        return taylor_conv2d(x, weight, bias, coefficients, order=3, at=0.5, stride=(2, 1), padding=1, groups=2)

    assert torch.autograd.gradcheck(f, (x, weight, bias, coefficients))
    assert torch.autograd.gradgradcheck(f, (x, weight, bias, coefficients))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_opcheck(dtype, layout):
    x = torch.randn(2, 4, 6, 7).to(dtype).to(memory_format=layout).requires_grad_()
    weight, bias = torch.randn(6, 12, 3, 3).to(dtype).requires_grad_(), torch.randn(6).to(dtype).requires_grad_()
    plan = (3, 0.0, [2, 1], [1, 1, 1, 1], [1, 1], 1)
    torch.library.opcheck(torch.ops.maclaurin.convolve.default, (x, weight, bias, *plan))
    torch.library.opcheck(torch.ops.maclaurin.convolve.default, (x, weight, None, *plan))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = TaylorConv2d(3, 8, 3, padding=1, order=3)
        self.second = TaylorConv2d(8, 8, (3, 5), stride=2, padding="valid", order=2, start="random")
        self.head = TaylorLinear(8, 4, order=2)

    def forward(self, x):
        x = torch.tanh(self.second(torch.tanh(self.first(x))))
        return self.head(x.mean((2, 3)))


def test_compile_export_onnx_state_dict(tmp_path):
    network, x = Network(), torch.rand(2, 3, 12, 14)
    expected = network(x)
    compiled = torch.compile(network, fullgraph=True)
    assert torch.allclose(compiled(x), expected, atol=1e-6)
    compiled(x).sum().backward()
    gradients = [parameter.grad.clone() for parameter in network.parameters()]
    network.zero_grad()
    network(x).sum().backward()
    for parameter, gradient in zip(network.parameters(), gradients, strict=True):
        assert torch.allclose(parameter.grad, gradient, rtol=1e-4, atol=1e-5)
    other = Network()
    other.load_state_dict(network.state_dict())
    assert torch.equal(other(x), expected)
    assert torch.equal(copy.deepcopy(network)(x), expected)

    program = torch.export.export(network, (x,))
    assert "maclaurin" not in str(program.graph)
    assert torch.allclose(program.module()(x), expected, atol=1e-6)
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    path = tmp_path / "network.onnx"
    torch.onnx.export(network, (x,), path, dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(path)
    (value,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    assert np.allclose(value, expected.detach(), atol=1e-5)


def test_autocast_and_half_modules():
    layer, x = TaylorConv2d(3, 8, 3, order=3), torch.rand(2, 3, 8, 8)
    expected = layer(x)
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    assert y.dtype == torch.bfloat16
    assert torch.allclose(y.float(), expected, atol=0.05)
    y.float().sum().backward()
    assert layer.weight.grad.dtype == torch.float32
    half = layer.to(torch.bfloat16)(x.to(torch.bfloat16))
    assert half.dtype == torch.bfloat16 and torch.allclose(half.float(), expected, atol=0.05)


@pytest.mark.parametrize("function", ["softplus", "exp(x)", "sin(x)"])
def test_a_series_begins_as_the_convolution_of_its_function(function):
    series = mc.taylor(function, order=5, at=0.5)
    layer = TaylorConv2d(3, 4, 3, function=function, order=5, at=0.5, padding=1)
    with torch.no_grad():
        x = torch.rand(2, 3, 9, 9)
        plain = layer.weight.chunk(5, 1)[0] / series.coefficients[1]
        values = torch.from_numpy(series(functional.pad(x, (1, 1, 1, 1), value=0.5).numpy())).float()
        constant = series.coefficients[0] * plain.flatten(1).sum(1)
        expected = functional.conv2d(values, plain, layer.bias - constant)
        assert torch.allclose(layer(x), expected, atol=1e-5)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_random_weights_keep_the_scale_of_activations(order):
    torch.manual_seed(order)
    y = TaylorLinear(2048, 2048, order=order, start="random")(torch.randn(64, 2048))
    assert 0.95 < y.std() < 1.05
    layer, x = TaylorConv2d(32, 64, 5, order=order, start="random"), torch.randn(4, 32, 16, 16)
    assert 0.9 < layer(x).std() < 1.1


def test_signals_and_lines():
    x, weight = torch.randn(2, 3, 20), torch.randn(5, 6, 4)
    y = taylor_conv1d(x, weight, order=2, stride=2, padding=3, dilation=2)
    expected = functional.conv1d(torch.cat([x, x**2], 1), weight, stride=2, padding=3, dilation=2)
    assert torch.allclose(y, expected, atol=1e-5)
    layer = TaylorConv1d(3, 5, 4, order=2, padding="same", padding_mode="circular", start="random")
    plain = nn.Conv1d(6, 5, 4, padding="same", padding_mode="circular")
    plain.load_state_dict(dict(layer.named_parameters()))
    assert torch.allclose(layer(x), plain(torch.cat([x, x**2], 1)), atol=1e-5)
    x, weight, bias = torch.randn(2, 7, 3), torch.randn(5, 9), torch.randn(5)
    y = taylor_linear(x, weight, bias, order=3, at=0.5)
    expected = functional.linear(torch.cat([(x - 0.5) ** k for k in (1, 2, 3)], -1), weight, bias)
    assert y.shape == (2, 7, 5) and torch.allclose(y, expected, atol=1e-4)
    assert TaylorLinear(3, 4, order=2)(torch.zeros(0, 3)).shape == (0, 4)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [1, (2, 1), "same"])
def test_padding_modes(mode, padding):
    layer = TaylorConv2d(2, 3, (4, 3), padding=padding, padding_mode=mode, order=2, start="random")
    plain = nn.Conv2d(4, 3, (4, 3), padding=padding, padding_mode=mode)
    plain.load_state_dict(dict(layer.named_parameters()))
    x = torch.randn(2, 2, 7, 8)
    assert torch.allclose(layer(x), plain(torch.cat([x, x**2], 1)), atol=1e-5)


def test_a_self_onn_layer_loads():
    # What fastonn's SelfONN2d computes: cat of x**1 ... x**q, then a convolution.
    state = {"body.0.weight": torch.randn(8, 9, 3, 3), "body.0.bias": torch.randn(8)}
    layer = load_self_onn(TaylorConv2d(3, 8, 3, order=3, padding=1, start="random"), state, "body.0.")
    x = torch.randn(2, 3, 6, 6)
    expected = functional.conv2d(torch.cat([x**k for k in (1, 2, 3)], 1), *state.values(), padding=1)
    assert torch.allclose(layer(x), expected, atol=1e-4)
    with pytest.raises(ValueError, match="shape"):
        load_self_onn(TaylorConv2d(3, 8, 3, order=2), state, "body.0.")
    with pytest.raises(ValueError, match="no body"):
        load_self_onn(TaylorConv2d(3, 8, 3, order=3), {}, "body.0.")
    with pytest.raises(ValueError, match="split"):
        load_self_onn(TaylorConv2d(4, 8, 3, order=3, groups=2), state, "body.0.")
    with pytest.raises(ValueError, match="of x itself"):
        load_self_onn(TaylorConv2d(3, 8, 3, order=3, at=1), state, "body.0.")


def test_what_does_not_fit_is_refused_as_pytorch_does():
    x, weight = torch.zeros(1, 3, 4, 4), torch.zeros(2, 6, 3, 3)
    with pytest.raises(RuntimeError, match="input channels"):
        taylor_conv2d(x, weight, order=3)
    with pytest.raises(RuntimeError, match="spans 3 values, more than"):
        taylor_conv2d(torch.zeros(1, 3, 2, 2), weight, order=2)
    with pytest.raises(RuntimeError, match="floating point"):
        taylor_conv2d(x.long(), weight, order=2)
    with pytest.raises(RuntimeError, match="same dtype"):
        taylor_conv2d(x.double(), weight, order=2)
    with pytest.raises(RuntimeError, match="dimensions"):
        taylor_conv2d(x[0, 0], weight, order=2)
    with pytest.raises(RuntimeError, match="coefficients"):
        taylor_conv2d(x, weight, None, torch.ones(3), order=2)
    with pytest.raises(ValueError, match="groups"):
        TaylorConv2d(3, 4, 3, groups=2)
    with pytest.raises(ValueError, match="start"):
        TaylorConv2d(3, 4, 3, start="ones")
    with pytest.raises(ValueError, match="order"):
        TaylorConv2d(3, 4, 3, order=0)
    with pytest.raises(ValueError, match="strided"):
        TaylorConv2d(3, 4, 3, padding="same", stride=2)
    with pytest.raises(mc.NotAnalyticError):
        TaylorConv2d(3, 4, 3, function="log(x)")


def test_nothing_but_the_input_is_kept():
    kept = []
    layer, x = TaylorConv2d(3, 8, 3, order=4), torch.rand(1, 3, 8, 8, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: kept.append(tensor) or tensor, lambda tensor: tensor):
        layer(x)
    assert {tensor.data_ptr() for tensor in kept} == {x.data_ptr(), layer.weight.data_ptr(), layer.bias.data_ptr()}


KERNEL = """
import torch
from maclaurin.torch import triton as kernel
from maclaurin.torch.operators import convolve_portably
for dtype, last, plan, shape, weight in [
    (torch.float32, False, (3, 0.25, [1, 1], [1, 1, 1, 1], [1, 1], 1), (2, 3, 7, 9), (5, 9, 3, 3)),
    (torch.float32, True, (2, 0.0, [2, 1], [2, 1, 0, 2], [1, 2], 2), (1, 40, 6, 7), (70, 40, 2, 3)),
    (torch.float16, True, (4, 0.0, [1, 1], [0, 0, 0, 0], [1, 1], 1), (1, 17, 5, 6), (33, 68, 1, 1)),
]:
    torch.manual_seed(0)
    layout = torch.channels_last if last else torch.contiguous_format
    x = torch.rand(shape).sub(0.5).to(dtype).to(memory_format=layout)
    weight, bias = torch.randn(weight).to(dtype), torch.randn(weight[0]).to(dtype)
    for start in (bias, None):
        y, expected = kernel.convolve(x, weight, start, *plan), convolve_portably(x, weight, start, *plan)
        assert y.shape == expected.shape and y.is_contiguous(memory_format=layout)
        error = (y.float() - expected.float()).abs().max() / expected.float().abs().max()
        assert error < (1e-5 if dtype == torch.float32 else 2e-3), error
print("agrees")
"""


def test_the_triton_kernel_under_its_interpreter():
    pytest.importorskip("triton")
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    done = subprocess.run([sys.executable, "-c", KERNEL], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "agrees\n", done.stderr
