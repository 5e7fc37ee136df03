"""Every layer in every mode of PyTorch, against the same function in PyTorch's own operations.

The reference of a layer concatenates the powers, or sums the terms, explicitly; a mode is applied to the layer
and to its reference alike.
"""

import numpy as np
import pytest

import maclaurin as mc

torch = pytest.importorskip("torch")
from torch import nn
from torch.autograd import forward_ad
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, linearize, vjp, vmap
from torch.nn import functional
from torch.utils import checkpoint

from maclaurin import rows
from maclaurin.torch import (
    TaylorActivation,
    TaylorConv1d,
    TaylorConv2d,
    TaylorConv3d,
    TaylorConvTranspose1d,
    TaylorConvTranspose2d,
    TaylorConvTranspose3d,
    TaylorExpansion,
    TaylorLinear,
    expand,
)

AT = 0.25


def powers(x, order, dim, groups=1):
    """All powers of x - AT, in each group degree after degree."""
    t = (x - AT).unflatten(dim, (groups, -1))
    return torch.cat([t**k for k in range(1, order + 1)], dim + 1 if dim >= 0 else dim).flatten(
        *((dim, dim + 1) if dim >= 0 else (dim - 1, dim))
    )


def convolution(cls, plain, shape, *, groups=1, **options):
    """A layer, its reference and an input."""
    layer = cls(shape[1], 4, 2, groups=groups, order=3, at="1/4", function="exp(x)", **options)

    def reference(parameters, x):
        weight = parameters["weight"]
        if layer.transposed:
            # Degree after degree over all channels becomes that in each group.
            weight = weight.unflatten(0, (3, groups, -1)).transpose(0, 1).flatten(0, 2)
        return plain(powers(x, 3, 1, groups), weight, parameters["bias"], groups=groups, **options)

    return layer, reference, shape


def linear():
    layer = TaylorLinear(3, 4, order=3, at="1/4", function="exp(x)")
    return layer, lambda p, x: functional.linear(powers(x, 3, -1), p["weight"], p["bias"]), (2, 3)


def activation(rate):
    layer = TaylorActivation("exp(x)", order=4, at="1/4", rate=rate)

    def reference(p, x):
        t = x * p.get("rate", 1.0) - AT
        return sum(p["coefficients"][k] * t**k for k in range(5))

    return layer, reference, (2, 3)


def expansion(kind):
    layer = TaylorExpansion("exp(x)", order=3, at="1/4", kind=kind, constant=True, scale=0.5, shift=0.1)
    numbers = mc.taylor("exp(x)", order=3, at="1/4").coefficients.tolist()

    def reference(_, x):
        t = 0.5 * x + (0.1 - AT)
        terms = [numbers[k] * t**k for k in range(4)]
        if kind == "sum":
            return sum(terms)
        sums = [sum(terms[: k + 1]) for k in range(4)]
        return torch.cat({"terms": terms, "powers": [t**k for k in range(4)], "partial_sums": sums}[kind], 1)

    return layer, reference, (2, 3)


LAYERS = {
    "Linear": linear(),
    "Activation": activation(None),
    "Activation with rate": activation(0.7),
    **{f"Expansion {kind}": expansion(kind) for kind in rows.KINDS},
    "Conv1d": convolution(TaylorConv1d, functional.conv1d, (2, 4, 5), groups=2, padding=1, stride=2),
    "Conv2d": convolution(TaylorConv2d, functional.conv2d, (2, 2, 3, 4), padding="same"),
    "Conv3d": convolution(TaylorConv3d, functional.conv3d, (2, 2, 2, 3, 3), stride=(1, 2, 1), padding=1),
    "ConvTranspose1d": convolution(TaylorConvTranspose1d, functional.conv_transpose1d, (2, 4, 3), groups=2, stride=3),
    "ConvTranspose2d": convolution(
        TaylorConvTranspose2d, functional.conv_transpose2d, (2, 2, 2, 3), stride=2, padding=1, output_padding=1
    ),
    "ConvTranspose3d": convolution(TaylorConvTranspose3d, functional.conv_transpose3d, (2, 2, 1, 2, 2), dilation=2),
}


def energy(f):
    return lambda p, x: f(p, x).sin().sum()


def ones(tree):
    return torch.utils._pytree.tree_map(
        lambda t: torch.linspace(0.5, 1, t.numel(), dtype=torch.float64).view(t.shape), tree
    )


def double_backward(f, p, x):
    inputs = [x.clone().requires_grad_(), *(tensor.clone().requires_grad_() for tensor in p.values())]
    y = energy(f)(dict(zip(p, inputs[1:], strict=True)), inputs[0])
    first = torch.autograd.grad(y, inputs, create_graph=True)
    second = torch.autograd.grad(sum((part**2).sum() for part in first), inputs)
    return [*first, *second]


def forward_mode(f, p, x):
    with forward_ad.dual_level():
        duals = {name: forward_ad.make_dual(tensor, ones(tensor)) for name, tensor in p.items()}
        return forward_ad.unpack_dual(f(duals, forward_ad.make_dual(x, ones(x)))).tangent


def forward_over_backward(f, p, x):
    x = x.clone().requires_grad_()
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, ones(x))
        (found,) = torch.autograd.grad(energy(f)(p, dual), dual, create_graph=True)
        return forward_ad.unpack_dual(found).tangent


def tangent_in_backward(f, p, x):
    """Only the gradient has a tangent: the Jacobian-vector product of a vector-Jacobian product."""
    x = x.clone().requires_grad_()
    y = f(p, x)
    with forward_ad.dual_level():
        upstream = forward_ad.make_dual(torch.ones_like(y), ones(y))
        return forward_ad.unpack_dual(torch.autograd.grad(y, x, upstream)[0]).tangent


def batched_gradients(f, p, x):
    x, weights = x.clone().requires_grad_(), [tensor.clone().requires_grad_() for tensor in p.values()]
    y = f(dict(zip(p, weights, strict=True)), x)
    upstream = torch.stack([torch.ones_like(y), ones(y), y.detach()])
    return torch.autograd.grad(y, [x, *weights], upstream, is_grads_batched=True)


def checkpointed(f, p, x):
    x = x.clone().requires_grad_()
    y = checkpoint.checkpoint(lambda x: f(p, x), x, use_reentrant=False)
    return y, torch.autograd.grad(y.sin().sum(), x)[0]


MODES = {
    "values": lambda f, p, x: f(p, x),
    "grad": lambda f, p, x: grad(energy(f), (0, 1))(p, x),
    "vjp": lambda f, p, x: vjp(f, p, x)[1](ones(f(p, x))),
    "jvp": lambda f, p, x: jvp(f, (p, x), (ones(p), ones(x))),
    "linearize": lambda f, p, x: linearize(lambda x: f(p, x), x)[1](ones(x)),
    "jacfwd": lambda f, p, x: jacfwd(lambda x: f(p, x))(x),
    "jacrev": lambda f, p, x: jacrev(lambda x: f(p, x))(x),
    "hessian": lambda f, p, x: hessian(lambda x: energy(f)(p, x))(x),
    "reverse over reverse": lambda f, p, x: jacrev(lambda x: grad(energy(f), (0, 1))(p, x))(x),
    "reverse over forward": lambda f, p, x: grad(lambda x: jvp(lambda x: f(p, x), (x,), (ones(x),))[1].sin().sum())(x),
    "vmap": lambda f, p, x: vmap(lambda x: f(p, x[None])[0])(x),
    "vmap over columns": lambda f, p, x: vmap(lambda x: f(p, x), in_dims=2, out_dims=1)(torch.stack([x, 2 * x], 2)),
    "ensemble": lambda f, p, x: vmap(f, (0, None))({k: torch.stack([v, 2 * v]) for k, v in p.items()}, x) if p else x,
    "per-sample gradients": lambda f, p, x: vmap(grad(lambda p, x: energy(f)(p, x[None])), (None, 0))(p, x),
    "double backward": double_backward,
    "forward mode": forward_mode,
    "forward over backward": forward_over_backward,
    "tangent in backward": tangent_in_backward,
    "batched gradients": batched_gradients,
    "checkpoint": checkpointed,
}


def close(found, expected, tolerance=1e-10):
    found, structure = torch.utils._pytree.tree_flatten(found)
    expected, other = torch.utils._pytree.tree_flatten(expected)
    assert structure == other
    for part, whole in zip(found, expected, strict=True):
        assert part.shape == whole.shape and part.dtype == whole.dtype
        assert torch.allclose(part, whole, rtol=tolerance, atol=tolerance)


def double(name):
    """A layer in double precision as a function of parameters and an input, its reference and arguments."""
    layer, reference, shape = LAYERS[name]
    torch.manual_seed(0)
    parameters = {key: tensor.detach().double() for key, tensor in layer.named_parameters()}
    return layer, lambda p, x: functional_call(layer, p, (x,)), reference, parameters, torch.rand(shape).double()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_in_a_mode(name, mode):
    _, f, reference, parameters, x = double(name)
    # JVPs of partial sums and the like need some gradient to be there.
    close(MODES[mode](f, parameters, x), MODES[mode](reference, parameters, x))


@pytest.mark.parametrize("batch", [0, 1])
@pytest.mark.parametrize("name", LAYERS)
def test_small_batches(name, batch):
    _, f, reference, parameters, x = double(name)
    x = x[:batch]

    def both(f):
        given = [x.clone().requires_grad_(), *(tensor.clone().requires_grad_() for tensor in parameters.values())]
        y = f(dict(zip(parameters, given[1:], strict=True)), given[0])
        return y, torch.autograd.grad(y.sin().sum(), given)

    if batch == 0 and name.startswith("ConvTranspose"):
        # Of an empty batch PyTorch's own give no gradient of the bias.
        assert f(parameters, x).shape == reference(parameters, x).shape
    else:
        close(both(f), both(reference))


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_types_and_memory_formats_are_those_of_the_input(name, dtype):
    layer, reference, shape = LAYERS[name]
    x = torch.rand(shape).to(dtype)
    parameters = {key: tensor.detach().to(dtype) for key, tensor in layer.named_parameters()}
    precise = reference({key: tensor.double() for key, tensor in parameters.items()}, x.double())
    formats = {4: [torch.contiguous_format, torch.channels_last], 5: [torch.contiguous_format, torch.channels_last_3d]}
    for layout in formats.get(x.dim(), [torch.contiguous_format]):
        y = functional_call(layer, parameters, (x.to(memory_format=layout),))
        assert y.dtype == dtype and y.is_contiguous(memory_format=layout)
        assert torch.allclose(y.double(), precise, rtol=8 * torch.finfo(dtype).eps, atol=8 * torch.finfo(dtype).eps)
    meta = functional_call(
        layer, {key: tensor.to("meta") for key, tensor in parameters.items()}, (x.to("meta").requires_grad_(),)
    )
    assert meta.shape == y.shape and meta.dtype == dtype
    meta.sum().backward()


class Everything(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([layer for layer, *_ in LAYERS.values()])

    def forward(self, *inputs):
        return tuple(layer(x) for layer, x in zip(self.layers, inputs, strict=True))


def everything():
    torch.manual_seed(0)
    return Everything(), tuple(torch.rand(shape) for _, _, shape in LAYERS.values())


def test_all_layers_compiled_exported_traced(tmp_path):
    network, inputs = everything()
    expected = network(*inputs)
    compiled = torch.compile(network, fullgraph=True)
    close(compiled(*inputs), expected, 1e-5)
    sum(y.sin().sum() for y in compiled(*inputs)).backward()
    gradients = [parameter.grad.clone() for parameter in network.parameters()]
    network.zero_grad()
    sum(y.sin().sum() for y in network(*inputs)).backward()
    close(gradients, [parameter.grad for parameter in network.parameters()], 1e-4)

    program = torch.export.export(network, inputs)
    assert "maclaurin" not in str(program.graph)
    close(program.module()(*inputs), expected, 1e-5)
    traced = torch.jit.trace(network, inputs)
    torch.jit.save(traced, tmp_path / "network.pt")
    assert "maclaurin::" not in str(traced.inlined_graph)
    close(torch.jit.load(tmp_path / "network.pt")(*inputs), expected, 1e-5)
    close(torch.fx.symbolic_trace(nn.Sequential(network.layers[0]))(inputs[0]), expected[0], 1e-6)
    for layer, x, y in zip(network.layers, inputs, expected, strict=True):
        close(torch.fx.symbolic_trace(nn.Sequential(layer, nn.Identity()))(x), y, 1e-6)


def test_compiled_transforms():
    for name in ("Conv2d", "Activation"):
        _, f, reference, parameters, x = double(name)
        for mode in ("grad", "vmap", "jvp"):
            torch._dynamo.reset()
            found = torch.compile(lambda x, f=f, mode=mode, p=parameters: MODES[mode](f, p, x), fullgraph=True)(x)
            close(found, MODES[mode](reference, parameters, x), 1e-9)


# Infinities, NaN, and zero coefficients beside them: the specification is the arithmetic of rows.py.
EXTREMES = [np.inf, -np.inf, np.nan, 0.0, -0.0, 1.5]


@pytest.mark.filterwarnings("ignore::maclaurin.RadiusWarning")
@pytest.mark.parametrize("kind", rows.KINDS)
@pytest.mark.parametrize("function", ["exp(x)", "softplus", "sin(x)"])
def test_infinities_are_the_same_on_every_path(function, kind, tmp_path):
    series = mc.taylor(function, order=5)
    x = torch.tensor(EXTREMES, dtype=torch.float64)
    options = {"kind": kind, "degrees": "all", "constant": True}
    expected = mc.expand(x.numpy(), series, **options)

    def same(found, precision=1e-12):
        found = np.asarray(found, np.float64)
        assert np.allclose(found, expected, rtol=precision, atol=precision, equal_nan=True), (found, expected)

    def layer(x):
        return expand(x, series, **options)

    same(layer(x))
    same(vmap(layer)(x))
    same(jvp(layer, (x,), (torch.ones_like(x),))[0])
    torch._dynamo.reset()
    same(torch.compile(lambda x: expand(x + 0, series, **options), fullgraph=True, dynamic=False)(x))

    class Module(nn.Module):
        def forward(self, x):
            return layer(x)

    same(torch.export.export(Module(), (x,)).module()(x))
    # Trained coefficients are none of them known to be zero.
    trained = torch.tensor(series.coefficients)
    plain = mc.expand(x.numpy(), mc.Polynomial(0.0, series.coefficients, trained=True), **options)
    for found in (expand(x, trained, **options), vmap(lambda x: expand(x, trained, **options))(x)):
        assert np.allclose(found, plain, rtol=1e-12, equal_nan=True)


def test_infinities_in_an_exported_onnx_program(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    x = torch.tensor([EXTREMES], dtype=torch.float32)
    for kind in rows.KINDS:
        module = TaylorExpansion("softplus", order=5, kind=kind, degrees="all", constant=True, on_radius="ignore")
        path = tmp_path / f"{kind}.onnx"
        torch.onnx.export(module, (x,), path, dynamo=True, verbose=False)
        session = onnxruntime.InferenceSession(path)
        (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
        assert np.allclose(found, module(x), rtol=1e-6, equal_nan=True)
