"""Activations replaced by best polynomials: against NumPy, with shared and nested modules, saved, trained, refused."""

import copy
import math
import pickle
import warnings

import numpy as np
import pytest

import maclaurin as mc

torch = pytest.importorskip("torch")
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from maclaurin.torch import (
    TaylorActivation,
    TaylorConv2d,
    TaylorConvTranspose1d,
    TaylorExpansion,
    TaylorLinear,
    approximate_activations,
    expand,
)

ACTIVATIONS = [
    nn.CELU(0.7), nn.ELU(), nn.ELU(1.5), nn.GELU(), nn.GELU("tanh"), nn.Hardsigmoid(), nn.Hardswish(),
    nn.Hardtanh(-1, 2), nn.LeakyReLU(1e-5), nn.LeakyReLU(0.2), nn.LogSigmoid(), nn.Mish(), nn.ReLU(), nn.ReLU(True),
    nn.ReLU6(), nn.SELU(), nn.SiLU(), nn.Sigmoid(), nn.Softplus(), nn.Softplus(2.0, 3.0), nn.Softplus(-2.0, 3.0),
    nn.Softplus(0.5, -2.0), nn.Softshrink(0.7), nn.Softsign(), nn.Tanh(), nn.Tanhshrink(),
]  # fmt: skip


def perceptron(*activations):
    """A small network, and a batch."""
    torch.manual_seed(0)
    layers = [layer for activation in activations for layer in (nn.Linear(6, 6), activation)]
    return nn.Sequential(*layers, nn.Linear(6, 2)), torch.randn(200, 6)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_error_is_certified(activation, dtype):
    x = torch.linspace(-7, 8, 10001, dtype=dtype)
    layer, report = approximate_activations(activation, x, degree=9)
    (row,) = report
    assert row.name == "" and row.replaced == type(activation).__name__ and row.degree == 9
    assert row.seen == (-7, 8) and row.on == (-8.5, 9.5) and row.best <= row.error
    # The module in double precision, and the polynomial by NumPy.
    p = np.polynomial.Polynomial(row.approximation.coefficients)
    dense = torch.linspace(*row.on, 20001, dtype=torch.float64)
    expected = activation(dense.clone()).numpy()
    values = p(dense.numpy() - row.approximation.center)
    assert np.abs(values - expected).max() <= row.error * (1 + 1e-9)
    assert row.best <= np.abs(values - expected).max() * 1.01 + 1e-12
    found = layer(x).detach().double().numpy()
    assert np.abs(found - p(x.double().numpy() - row.approximation.center)).max() <= row.rounding
    assert np.abs(found - activation(x.clone()).double().numpy()).max() <= row.error + row.rounding


@pytest.mark.parametrize("center", [None, 0.0, 3.0])
def test_rounding_is_bounded_where_operations_are_rounded_to_the_type(center):
    """As on devices without a native kernel."""
    x = torch.linspace(-7, 8, 10001)
    layer, (row,) = approximate_activations(nn.SiLU(), x, degree=14, margin=0, center=center, on_radius="ignore")
    p = row.approximation
    t, total = x - torch.tensor(p.center, dtype=torch.float32), torch.zeros_like(x)
    for coefficient in reversed(layer.coefficients.detach()):
        total = total * t + coefficient
    exact = np.polynomial.Polynomial(p.coefficients)(x.double().numpy() - p.center)
    assert 0 < np.abs(total.double().numpy() - exact).max() <= row.rounding


def test_ranges_are_those_of_the_inputs():
    model, x = perceptron(nn.Tanh(), nn.SiLU())
    _, report = approximate_activations(model, x, degree=5, margin=0.25)
    with torch.no_grad():
        first = model[0](x)
        second = model[2](torch.tanh(first))
    for row, values in zip(report, (first, second)):
        low, high = values.min().item(), values.max().item()
        assert row.seen == (low, high)
        assert row.on == pytest.approx((low - (high - low) / 4, high + (high - low) / 4), rel=1e-15)
    assert [row.name for row in report] == ["1", "3"] and report["3"] is report[1] and len(report) == 2
    with pytest.raises(KeyError, match=r"no activation '2' was replaced; there are 1, 3"):
        report["2"]


def test_a_tolerance_is_met():
    model, x = perceptron(nn.Tanh(), nn.SiLU())
    for tolerance in (1e-1, 1e-2, 1e-3, 1e-4):
        _, report = approximate_activations(model, x, tolerance=tolerance)
        for row in report:
            assert row.error <= tolerance
            assert mc.approximate(row.function, row.degree - 1, row.on).error > tolerance
    double, _ = approximate_activations(model.double(), x.double(), tolerance=1e-8)
    assert (double(x.double()) - model(x.double())).abs().max() < 1e-6


def test_the_model_stays_or_is_changed_in_place():
    model, x = perceptron(nn.Tanh())
    before = model(x)
    new, _ = approximate_activations(model, x, degree=5)
    assert new is not model and isinstance(model[1], nn.Tanh) and torch.equal(model(x), before)
    assert new[0].weight is not model[0].weight
    same, _ = approximate_activations(model, x, degree=5, inplace=True)
    assert same is model and isinstance(model[1], TaylorActivation)
    assert torch.equal(model(x), new(x))


class Nested(nn.Module):
    """Shared and nested modules, a module under two names, and a function."""

    def __init__(self):
        super().__init__()
        self.act = nn.SiLU()
        self.other = self.act
        self.layers = nn.ModuleDict({"first": nn.Linear(3, 3), "deep": nn.Sequential(nn.Linear(3, 3), nn.Tanh())})
        self.listed = nn.ModuleList([self.act, nn.Softmax(1)])

    def forward(self, x, scale=1.0):
        x = self.act(self.layers["first"](x)) * scale
        x = self.other(4 * self.layers["deep"](x))
        return self.listed[1](torch.relu(x) + self.listed[0](x))


def test_shared_and_nested_modules():
    torch.manual_seed(1)
    model, x = Nested(), torch.randn(50, 3)
    seen = []
    hook = model.act.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    model(x)
    hook.remove()
    new, report = approximate_activations(model, x, degree=4)
    assert report["listed.0"] is report["act"] and report["act"].names == ("act", "other", "listed.0")
    assert len(seen) == 3
    assert report["act"].seen == (min(part.min() for part in seen), max(part.max() for part in seen))
    assert new.act is new.other is new.listed[0] and isinstance(new.layers["deep"][1], TaylorActivation)
    assert isinstance(new.listed[1], nn.Softmax) and report.kept == (("listed.1", "Softmax"),)
    # torch.relu is no module.
    assert (new(x) - model(x)).abs().max() < 0.3
    assert "kept as it is: listed.1 (Softmax)" in str(report)
    _, report = approximate_activations(model, x, degree=4, skip=["layers"])
    assert [row.name for row in report] == ["act"]
    assert report.kept == (("layers.deep.1", "Tanh"), ("listed.1", "Softmax"))


def test_samples_of_every_kind():
    torch.manual_seed(1)
    model, x = Nested(), torch.randn(60, 3)
    tensor = approximate_activations(model, x, degree=4)[1]
    loader = DataLoader(TensorDataset(x, torch.zeros(60)), batch_size=20)
    for sample in (
        (x,),
        {"x": x},
        [x[:30], x[30:]],
        ((part,) for part in x.split(7)),
        [{"x": part, "scale": 1.0} for part in x.split(50)],
        (part for part, _ in loader),
    ):
        for row, expected in zip(approximate_activations(model, sample, degree=4)[1], tensor, strict=True):
            assert row.seen == pytest.approx(expected.seen, abs=1e-6)
    assert approximate_activations(model, (x, 100.0), degree=4)[1]["act"].seen != tensor["act"].seen
    with pytest.raises(TypeError, match=r"not a list: of a loader of inputs and labels take \(x for x, _ in loader\)"):
        approximate_activations(model, loader, degree=4)
    for wrong in (3, None, "text"):
        with pytest.raises(TypeError, match="sample must be a tensor, a tuple, a dict or an iterable"):
            approximate_activations(model, wrong, degree=4)


class Branch(nn.Module):
    """An activation that only training reaches."""

    def __init__(self):
        super().__init__()
        self.act, self.extra = nn.ReLU(), nn.ReLU()

    def forward(self, x):
        return self.act(x) + (self.extra(x) if self.training else 0)


def test_nothing_but_the_activations_changes():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(6, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.5), nn.Sequential(nn.Linear(6, 6), nn.Tanh())
    )
    x = torch.randn(100, 6)
    model.train()
    model[1].eval()
    for each in (model, model[4]):
        each.requires_grad_(True)
    before = copy.deepcopy(model.state_dict())
    state = torch.get_rng_state()
    new, report = approximate_activations(model, x, degree=5)
    # No dropout was drawn, no batch counted.
    assert torch.equal(torch.get_rng_state(), state)
    with torch.no_grad():
        expected = copy.deepcopy(model).eval()[:2](x)
    assert report["2"].seen == (expected.min(), expected.max())
    for each in (model, new):
        assert [module.training for module in each.modules()] == [True, True, False, True, True, True, True, True]
        for name, tensor in before.items():
            assert torch.equal(each.state_dict()[name], tensor)
        assert all(parameter.grad is None for parameter in each.parameters())
        assert not any(module._forward_pre_hooks for module in each.modules())


def test_hooks_and_modes_after_exceptions():
    class Fails(nn.Module):
        def forward(self, x):
            raise ZeroDivisionError("of the user")

    model = nn.Sequential(nn.ReLU(), nn.BatchNorm1d(6), Fails()).train()
    model[1].eval()
    fast = torch.backends.mha.get_fastpath_enabled()
    with pytest.raises(ZeroDivisionError, match="of the user"):
        approximate_activations(model, torch.randn(5, 6), degree=3, inplace=True)
    assert not any(module._forward_pre_hooks for module in model.modules())
    assert [module.training for module in model.modules()] == [True, True, False, True]
    assert isinstance(model[0], nn.ReLU) and torch.is_grad_enabled()
    assert torch.backends.mha.get_fastpath_enabled() == fast


def test_nothing_is_replaced_where_one_polynomial_fails():
    model = nn.Sequential(nn.Tanh(), nn.Linear(6, 1), nn.Flatten(0), nn.ReLU())
    nn.init.zeros_(model[1].weight)
    with pytest.raises(ValueError, match=r"3 \(ReLU\) saw one value only"):
        approximate_activations(model, torch.randn(5, 6), degree=3, inplace=True)
    assert isinstance(model[0], nn.Tanh) and isinstance(model[3], nn.ReLU)


def test_fine_tuning_lowers_the_loss():
    model, x = perceptron(nn.Tanh(), nn.ReLU())
    target = model(x).detach()
    new, _ = approximate_activations(model, x, degree=3)
    names = [name for name, _ in new.named_parameters() if name.endswith("coefficients")]
    assert names == ["1.coefficients", "3.coefficients"]
    optimizer = torch.optim.Adam([new[1].coefficients, new[3].coefficients], 1e-3)
    losses = []
    for _ in range(100):
        optimizer.zero_grad()
        loss = (new(x) - target).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
    frozen, _ = approximate_activations(model, x, degree=3, trainable=False)
    assert len(list(frozen.parameters())) == len(list(model.parameters()))
    assert "1.coefficients" in dict(frozen.named_buffers())


def test_saving_copying_pickling(tmp_path):
    model, x = perceptron(nn.Tanh(), nn.GELU())
    new, report = approximate_activations(model, x, degree=6)
    with torch.no_grad():
        new[1].coefficients.add_(0.001)
    torch.save(new.state_dict(), tmp_path / "state.pt")
    again, _ = approximate_activations(model, x, degree=6)
    assert not torch.equal(again(x), new(x))
    again.load_state_dict(torch.load(tmp_path / "state.pt"))
    assert torch.equal(again(x), new(x))
    other, _ = approximate_activations(model, x + 1, degree=6)
    with pytest.raises(RuntimeError, match="1: the state is of a TaylorActivation with at="):
        other.load_state_dict(new.state_dict())
    torch.save(new, tmp_path / "model.pt")
    for copied in (
        copy.deepcopy(new), pickle.loads(pickle.dumps(new)), torch.load(tmp_path / "model.pt", weights_only=False)
    ):  # fmt: skip
        assert torch.equal(copied(x), new(x)) and copied[1].series == new[1].series
    copied = pickle.loads(pickle.dumps(report))
    assert copied == report and str(copied) == str(report)


def test_compiled_and_exported():
    model, x = perceptron(nn.SiLU())
    new, _ = approximate_activations(model.eval(), x, degree=6)
    assert torch.allclose(torch.compile(new, fullgraph=True)(x), new(x), atol=1e-6)
    assert "maclaurin" not in str(torch.export.export(new, (x,)).graph)


def test_values_outside_the_range_are_told():
    model, x = perceptron(nn.Tanh())
    for on_radius in ("warn", "raise", "ignore"):
        new, _ = approximate_activations(model, x, degree=5, margin=0, on_radius=on_radius)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            new(x)
        if on_radius == "warn":
            with pytest.warns(
                mc.RadiusWarning, match=r"leave the range \[-?[\d.]+, [\d.]+\] of the polynomial for tanh"
            ):
                new(2 * x)
        elif on_radius == "raise":
            with pytest.raises(ValueError, match="off there by up to"):
                new(2 * x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        new(10 * x)


def test_transformers_use_the_polynomial():
    """PyTorch's fused encoder layer would go on computing the old activation."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, activation=nn.GELU(), batch_first=True)
    model, x = nn.TransformerEncoder(layer, 2).eval(), torch.randn(16, 5, 8)
    mask = torch.arange(5).repeat(16, 1) > 3
    new, report = approximate_activations(model, {"src": x, "src_key_padding_mask": mask}, degree=2)
    assert [row.name for row in report] == ["layers.0.activation", "layers.1.activation"]
    for each in new.layers:
        nn.init.zeros_(each.activation.coefficients)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for options in ({}, {"src_key_padding_mask": mask}):
            inference = new(x, **options)
            with torch.enable_grad():
                training = new(x, **options)
            assert torch.allclose(inference, training, atol=1e-5)


def test_half_precision_models():
    model, x = perceptron(nn.Tanh())
    new, report = approximate_activations(model.bfloat16(), x.bfloat16(), degree=5)
    assert new[1].coefficients.dtype == torch.float32 and new(x.bfloat16()).dtype == torch.bfloat16
    assert report[0].rounding < 1e-4


def test_own_classes():
    class Quick(nn.Module):
        def forward(self, x):
            return x * torch.sigmoid(1.702 * x)

    class Leaky(nn.ReLU):
        def forward(self, x):
            return nn.functional.leaky_relu(x, 0.5)

    model, x = perceptron(Quick(), Leaky())
    with pytest.raises(ValueError, match=r"no activation module to replace \(kept: 3 Leaky\)"):
        approximate_activations(model, x, degree=5)
    new, report = approximate_activations(model, x, degree=8, functions={Quick: "x*sigmoid(1.702*x)"})
    assert (new(x) - model(x)).abs().max() < 0.05 and report.kept == (("3", "Leaky"),)
    leaky = {Quick: lambda x: x / (1 + np.exp(-1.702 * x)), Leaky: mc.Function("relu(x) - s*relu(-x)", s=0.5)}
    _, report = approximate_activations(model, x, degree=8, functions=leaky)
    assert [row.replaced for row in report] == ["Quick", "Leaky"]


def test_the_table():
    model, x = perceptron(nn.Tanh(), nn.SiLU())
    lines = repr(approximate_activations(model, x, degree=5)[1]).splitlines()
    assert [cell.strip() for cell in lines[0].strip("|").split("|")] == [
        "module", "was", "range", "degree", "certified error", "best possible", "rounding",
    ]  # fmt: skip
    assert len(lines) == 4 and len({len(line) for line in lines}) == 1 and "| Tanh | [-" in lines[2]


def test_bad_inputs():
    model, x = perceptron(nn.Tanh())

    def refused(kind, message, model=model, x=x, **options):
        with pytest.raises(kind, match=message):
            approximate_activations(model, x, **({"degree": 3} if not options else options))

    refused(TypeError, "degree or tolerance, one of them; there are neither", degree=None)
    refused(TypeError, "degree or tolerance, one of them; there are both", degree=3, tolerance=0.1)
    refused(TypeError, "integer", degree=2.5)
    refused(ValueError, "degree must be between 0 and 200", degree=201)
    refused(ValueError, "margin must be a finite number of at least 0, .* not -0.1", degree=3, margin=-0.1)
    refused(ValueError, "margin must be", degree=3, margin=math.nan)
    refused(ValueError, "method", degree=3, method="best")
    refused(ValueError, "skip names 'head'", degree=3, skip=["head"])
    refused(ValueError, "on_radius", degree=3, on_radius="never")
    refused(TypeError, "model must be a torch.nn.Module, not builtin", model=torch.tanh)
    opaque = {nn.Tanh: lambda v: np.tanh(float(v)) if v > 0 else np.tanh(v)}
    refused(TypeError, "nothing is proven of a function that cannot be read", functions=opaque, degree=5)
    refused(ValueError, r"no activation module .*nn.ReLU\).*functions=", model=nn.Linear(6, 2))
    refused(ValueError, r"no activation .*\(kept: 1 PReLU\)", model=nn.Sequential(nn.Linear(6, 2), nn.PReLU()))
    refused(ValueError, r"no value reached extra \(ReLU\).*skip", model=Branch())
    refused(ValueError, r"no value reached 1 \(Tanh\)", x=[])
    refused(ValueError, r"no value reached 1 \(Tanh\)", x=x[:0])
    refused(ValueError, r"1 \(Tanh\) saw one value only", x=x[:1], model=nn.Sequential(nn.Linear(6, 1), nn.Tanh()))
    for value in (math.nan, math.inf):
        broken = x.clone()
        broken[3, 3] = value
        refused(ValueError, r"1 \(Tanh\) saw values from .*finite", x=[x, broken, x])
    refused(ValueError, "no polynomial up to degree 200", x=1000 * x, tolerance=1e-6)
    refused(ValueError, "step of 0.313; allow a larger tolerance", nn.Softplus(threshold=1.0), x, tolerance=0.1)
    refused(ValueError, "tolerance must be positive, not 0", tolerance=0)
    assert isinstance(model[1], nn.Tanh)


P = mc.approximate("gelu", degree=6, on=(-3, 4))


def test_layers_take_approximations():
    x = torch.linspace(-3, 4, 24).reshape(2, 3, 4)
    expected = torch.from_numpy(P(x.double().numpy())).float()
    assert torch.allclose(TaylorActivation(P)(x), expected, atol=1e-5)
    terms = TaylorExpansion(P, dim=1)(x)
    assert terms.shape == (2, 18, 4) and TaylorExpansion(P).multiplier == 6
    assert torch.allclose(terms.unflatten(1, (6, 3)).sum(1) + P.coefficients[0].item(), expected, atol=1e-4)
    assert torch.allclose(TaylorExpansion(P, kind="sum")(x), expected, atol=1e-5)
    assert torch.allclose(expand(x, P, kind="sum"), expected, atol=1e-5)
    linear = TaylorLinear(4, 2, function=P)
    weight = linear.weight.detach().chunk(6, 1)[0] / P.coefficients[1]
    bias = linear.bias.detach() - P.coefficients[0] * weight.sum(1)
    assert torch.allclose(linear(x), nn.functional.linear(expected, weight.float(), bias.float()), atol=1e-3)
    for layer in (TaylorConv2d(3, 4, 1, function=P), TaylorConvTranspose1d(3, 4, 1, function=P, start="random")):
        assert layer.order == 6 and torch.isfinite(layer(x[..., None] if layer.axes == 2 else x)).all()
    series = mc.taylor("exp(x)", order=3, at=1)
    assert TaylorActivation(series).series is series
    assert "degree 6 for gelu on (-3.0, 4.0)" in repr(nn.Sequential(TaylorActivation(P), TaylorExpansion(P)))


def test_layers_refuse_what_they_cannot_evaluate():
    for make in (TaylorActivation, TaylorExpansion, lambda p, **options: TaylorLinear(2, 2, function=p, **options)):
        with pytest.raises(TypeError, match=r"order=3 beside a polynomial, whose order is 6"):
            make(P, order=3)
        with pytest.raises(TypeError, match=r"at=0 beside a polynomial, whose at is 0.5"):
            make(P, at=0)
    wide = mc.approximate("sigmoid", degree=40, on=(-10, 10))
    assert wide.basis == "chebyshev"
    for make in (lambda p: TaylorExpansion(p, kind="partial_sums"), lambda p: TaylorLinear(2, 2, function=p)):
        with pytest.raises(ValueError, match="ill-conditioned.*TaylorActivation.*lower degree"):
            make(wide)
    with pytest.raises(ValueError, match="ill-conditioned"):
        expand(torch.zeros(2), wide, kind="partial_sums")
    with pytest.raises(ValueError, match='kind="sum"'):
        expand(torch.zeros(2), torch.ones(3), at=(0, 1))
    TaylorExpansion(wide, kind="powers")
    with pytest.raises(ValueError, match="degree 1 or more"):
        TaylorLinear(2, 2, function=mc.approximate("exp(x)", degree=0, on=(0, 1)))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
def test_sums_of_chebyshev_polynomials(dtype):
    p = mc.approximate("sigmoid", degree=40, on=(-10, 6))
    assert p.basis == "chebyshev"
    x = torch.linspace(-10, 6, 301, dtype=dtype, requires_grad=True)
    truth = 1 / (1 + np.exp(-x.detach().double().numpy()))
    bound = p.error_bound(-10, 6, dtype=str(dtype).removeprefix("torch."))
    slope = np.polynomial.Chebyshev(p.chebyshev, domain=[-10, 6]).deriv()(x.detach().double().numpy())
    wide = dtype if dtype == torch.float64 else torch.float32
    layer = TaylorActivation(p, dtype=wide)
    for f in (
        layer,
        lambda x: TaylorExpansion(p, kind="sum")(x[None])[0],
        lambda x: expand(x, p, kind="sum"),
        lambda x: TaylorActivation(p, rate=2.0, dtype=wide)(x / 2),
        torch.compile(layer, fullgraph=True, backend="eager"),
    ):
        y = f(x)
        assert y.dtype == dtype and np.abs(y.detach().double().numpy() - truth).max() <= bound
        (of_x,) = torch.autograd.grad(y.sum(), x)
        assert np.allclose(of_x.double(), slope, atol=2e-3 if dtype == torch.float16 else 2e-5)
    layer(x).sum().backward()
    u = (x.detach().double().numpy() + 2) / 8
    expected = np.polynomial.chebyshev.chebvander(u, 40).sum(0)
    assert np.allclose(layer.coefficients.grad.double(), expected, atol=1e-9 if dtype == torch.float64 else 1e-2)
    # A state is of coefficients on this range.
    other = TaylorActivation(mc.approximate("sigmoid", degree=40, on=(-10.5, 6.5)), dtype=wide)
    with pytest.raises(RuntimeError, match="at="):
        other.load_state_dict(layer.state_dict())
    again = TaylorActivation(p, dtype=wide)
    again.load_state_dict(layer.state_dict())
    assert torch.equal(again(x), layer(x))
    if dtype == torch.float64:
        assert torch.autograd.gradcheck(layer, torch.randn(5, dtype=dtype, requires_grad=True))
        assert torch.autograd.gradgradcheck(layer, torch.randn(5, dtype=dtype, requires_grad=True))


def test_activations_of_high_degree_are_replaced():
    model = nn.Sequential(nn.Sigmoid())
    x = torch.linspace(-10, 10, 500)[:, None]
    polynomial, report = approximate_activations(model, x, degree=40, margin=0.0)
    assert report[0].approximation.basis == "chebyshev"
    assert (polynomial(x) - model(x)).abs().max() <= report[0].error + report[0].rounding < 1e-4


def test_the_range_check_of_layers():
    gap = mc.approximate("1/x", degree=5, on=[(-2, -1), (1, 2)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # The ends are inside, in the type of the values too.
        for dtype in (torch.float32, torch.float16, torch.bfloat16):
            x = torch.tensor([-0.1, 0.3, math.nan], dtype=dtype)
            TaylorActivation(mc.approximate("exp(x)", degree=3, on=(-0.1, 0.3)))(x)
        TaylorActivation(gap)(torch.tensor([-1.5, 1.0, 2.0]))
        TaylorActivation(P)(torch.empty(0))
        TaylorExpansion(mc.approximate("exp(x)", degree=3, on=(0, 1)), scale=1 / 255)(
            torch.arange(256).to(torch.uint8)[None]
        )
        TaylorLinear(1, 1, function=P, start="random")(torch.tensor([[99.0]]))
        TaylorExpansion(P, kind="powers")(torch.tensor([[99.0]]))
    for layer, x, message in [
        (TaylorActivation(gap), torch.tensor([0.5, 1.5]), r"0.5 and 1.5 leave the range \[-2, -1\] and \[1, 2\]"),
        (TaylorActivation(gap), torch.tensor([-0.5, 1.5]), "about which nothing is known there"),
        (TaylorActivation(P), torch.tensor([math.inf]), "about which nothing is known there"),
        (TaylorActivation(P, rate=2.0), torch.tensor([3.0]), r"between 6 and 6 leave the range \[-3, 4\]"),
        (TaylorExpansion(P, shift=2.0), torch.tensor([[3.0]]), r"between 5 and 5 leave the range"),
        (TaylorLinear(1, 1, function=P), torch.tensor([[5.0]]), "off there by up to"),
        (TaylorActivation(P), torch.zeros(300, 300).fill_diagonal_(9).T.repeat(2, 2), "between 0 and 9"),
    ]:
        with pytest.warns(mc.RadiusWarning, match=message) as warned:
            layer(x)
            layer(x)
        assert len(warned) == 1 and warned[0].filename == __file__
    with pytest.raises(ValueError, match="leave the range"):
        TaylorActivation(P, on_radius="raise")(torch.tensor([9.0]))


def test_symmetric_ranges_give_odd_polynomials() -> None:
    x = torch.linspace(-2.5, 3, 100)
    _, (plain,) = approximate_activations(nn.Tanh(), x, degree=5, center=0.0)
    _, (row,) = approximate_activations(nn.Tanh(), x, degree=5, symmetric=True)
    assert row.on == (-plain.on[1], plain.on[1])
    assert row.approximation.degrees == (1, 3, 5)
    assert row.approximation.center == 0
    assert plain.approximation.degrees == (1, 2, 3, 4, 5)
    assert row.error < 1.2 * plain.error
