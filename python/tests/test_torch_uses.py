"""What people do with layers besides computing: saving, sharding, workers, autocast, tracing, printing."""

import copy
import multiprocessing
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import maclaurin as mc

torch = pytest.importorskip("torch")
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode

from maclaurin.torch import (
    TaylorActivation,
    TaylorConv1d,
    TaylorConv2d,
    TaylorConv3d,
    TaylorConvTranspose2d,
    TaylorExpansion,
    TaylorLinear,
    expand,
    taylor_activation,
    taylor_conv2d,
    taylor_linear,
)

LARGE = 1_000_000


class Expanded(Dataset):
    """Expands and convolves enough values for several threads, in the process that loads them."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        # PyTorch's own operations on this many values would hang in a forked process.
        x, picture = np.linspace(0, 1, LARGE, dtype=np.float32) + index, np.ones((1, 8, 64, 64), np.float32)
        sums = mc.expand(x, mc.taylor("exp(x)", order=2), kind="sum")
        y = mc.convolve(picture, np.ones((8, 16, 3, 3), np.float32), order=2)
        layer = TaylorConv2d(8, 8, 3, order=2, start="random")
        values = TaylorActivation("exp(x)", order=2)(torch.from_numpy(x))
        return sums[-1], y.sum(), values[-1].item(), layer(torch.from_numpy(picture)).shape[1]


def in_a_fork(function):
    """What a function returns in a forked process; fails instead of waiting for ever."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=lambda: theirs.send(function()), daemon=True)
    process.start()
    if not ours.poll(60):
        process.kill()
        pytest.fail("the forked process hangs")
    return ours.recv()


def test_workers_that_are_forked_after_threads_were_used():
    here = Expanded()[0]
    assert in_a_fork(lambda: Expanded()[0]) == here
    # A fork of a fork, and pools of another size.
    x, series = np.linspace(0, 1, LARGE), mc.taylor("exp(x)", order=3)
    expected = mc.expand(x, series, threads=3)
    assert in_a_fork(lambda: (mc.expand(x, series, threads=3) == expected).all())

    def again():
        mc.expand(x, series)
        return in_a_fork(lambda: (mc.expand(x, series) == expected).all())

    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=lambda: theirs.send(again()))
    process.start()
    assert ours.poll(60)
    assert ours.recv()
    process.join()


def test_data_loader_workers():
    loader = DataLoader(Expanded(), batch_size=2, num_workers=2, timeout=60, multiprocessing_context="fork")
    assert [batch[0].shape[0] for batch in loader] == [2, 2]


def test_joblib_processes():
    joblib = pytest.importorskip("joblib")
    x, series = np.linspace(0, 1, LARGE), mc.taylor("exp(x)", order=2)
    mc.expand(x, series)
    with joblib.parallel_backend("multiprocessing"):
        sums = joblib.Parallel(n_jobs=2, timeout=60)(joblib.delayed(mc.expand)(x, series) for _ in range(3))
    assert all((part == sums[0]).all() for part in sums)


def test_threads_are_those_of_pytorch():
    code = """
import torch, os
from maclaurin.torch import TaylorActivation
torch.set_num_threads(1)
TaylorActivation()(torch.rand(4_000_000).sub(0.5))
print(len(os.listdir("/proc/self/task")))
torch.set_num_threads(100)
TaylorActivation()(torch.rand(4_000_000).sub(0.5))
print(len(os.listdir("/proc/self/task")))
"""
    if sys.platform != "linux":
        pytest.skip("threads are counted in /proc")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    one, all_of_them = map(int, done.stdout.split())
    # PyTorch starts threads of its own for the random numbers.
    cores = len(os.sched_getaffinity(0))
    assert all_of_them - one >= (cores if cores > 1 else 0)


def test_storages_stay_resizable():
    """FSDP frees the storage of parameters; an array of NumPy's over it would forbid that."""
    layer, x = TaylorConv2d(2, 3, 1, order=2), torch.rand(1, 2, 3, 3)
    layer(x).sum().backward()
    for tensor in (x, layer.weight.data, layer.bias.data):
        tensor.untyped_storage().resize_(0)
        assert tensor.untyped_storage().size() == 0


FULLY_SHARDED = """
import os, torch, torch.distributed as dist
from torch import nn
from torch.distributed.fsdp import fully_shard
from maclaurin.torch import TaylorActivation, TaylorConv2d, TaylorLinear
os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="0", RANK="0", WORLD_SIZE="1")
dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
torch.manual_seed(0)
first, last = TaylorConv2d(2, 4, 3, order=2, start="random"), TaylorLinear(36, 2, order=2)
model = nn.Sequential(first, TaylorActivation(), nn.Flatten(), last)
x = torch.rand(4, 2, 5, 5)
model(x).sum().backward()
expected = [p.grad.clone() for p in model.parameters()]
model.zero_grad()
for layer in model:
    fully_shard(layer, mesh=torch.distributed.device_mesh.init_device_mesh("cpu", (1,)))
fully_shard(model, mesh=torch.distributed.device_mesh.init_device_mesh("cpu", (1,)))
for _ in range(2):
    model.zero_grad()
    model(x).sum().backward()
found = [p.grad.to_local() for p in model.parameters()]
assert all(torch.allclose(a, b, rtol=1e-4, atol=1e-5) for a, b in zip(found, expected))
print("sharded")
"""


def test_fully_sharded():
    if not torch.distributed.is_available():
        pytest.skip("PyTorch was built without distributed")
    done = subprocess.run([sys.executable, "-c", FULLY_SHARDED], capture_output=True, text=True, check=False)
    assert done.stdout == "sharded\n", done.stderr


MODULES = [
    lambda at: TaylorActivation("exp(x)", order=3, at=at),
    lambda at: TaylorExpansion("exp(x)", order=3, at=at),
    lambda at: TaylorLinear(2, 2, order=3, at=at),
    lambda at: TaylorConv1d(2, 2, 3, order=3, at=at),
    lambda at: TaylorConvTranspose2d(2, 2, 3, order=3, at=at),
]


@pytest.mark.parametrize("make", MODULES)
def test_a_state_of_another_point_is_refused_before_it_is_loaded(make, tmp_path):
    zero, one = nn.Sequential(make(0)), nn.Sequential(make(1))
    before = copy.deepcopy(dict(one.named_parameters()))
    torch.save(zero.state_dict(), tmp_path / "state.pt")
    state = torch.load(tmp_path / "state.pt")
    with pytest.raises(RuntimeError, match=r"0: the state is of a Taylor\w+ with at=0, this one has at=1"):
        one.load_state_dict(state)
    assert all(torch.equal(before[name], tensor) for name, tensor in one.named_parameters())
    other = nn.Sequential(make(0))
    other.load_state_dict(state)
    assert all(torch.equal(state[name], tensor) for name, tensor in other.named_parameters())
    for copied in (copy.deepcopy(other), pickle.loads(pickle.dumps(other))):
        with pytest.raises(RuntimeError, match="at="):
            copied.load_state_dict(one.state_dict())


def test_states_differ_by_what_values_depend_on():
    state = TaylorExpansion("exp(x)", order=3).state_dict()
    for other, message in [
        (TaylorExpansion("exp(x)", order=3, degrees=[1, 3]), r"degrees=\[1.0, 2.0, 3.0\], this one"),
        (TaylorExpansion("exp(x)", order=3, scale=2), "scale=1, this one has scale=2"),
        (TaylorExpansion("exp(2*x)", order=3), "coefficients"),
        (TaylorExpansion("exp(x)", order=4), "order=3, this one has order=4"),
        (TaylorExpansion("exp(x)", order=3, kind="powers"), "kind"),
    ]:
        with pytest.raises(RuntimeError, match=message):
            other.load_state_dict(state)
    with pytest.raises(RuntimeError, match="order=2"):
        TaylorLinear(3, 2, order=2).load_state_dict(TaylorLinear(2, 2, order=3).state_dict())


def test_a_point_beside_a_series_is_refused():
    with pytest.raises(TypeError, match="at=1 beside a series"):
        expand(torch.rand(2), mc.taylor("exp(x)", order=2), at=1)


def test_layers_warn_once_outside_the_radius():
    x = torch.tensor([[0.0, 4.0]])
    for make in (
        lambda **options: TaylorActivation("softplus", **options),
        lambda **options: TaylorExpansion("softplus", scale=2, **options),
        lambda **options: TaylorLinear(2, 2, **options),
    ):
        layer = make()
        with pytest.warns(mc.RadiusWarning, match="radius of convergence") as warned:
            layer(x)
            layer(x)
        assert len(warned) == 1 and warned[0].filename == __file__
        with pytest.raises(ValueError, match="radius of convergence"):
            make(on_radius="raise")(x)
        make(on_radius="ignore")(x)
        make()(x / 4)
        with pytest.raises(ValueError, match="on_radius 'never'"):
            make(on_radius="never")
    TaylorLinear(2, 2, start="random")(x)
    TaylorExpansion("softplus", kind="powers")(x)


def test_autocast_leaves_double_precision_alone():
    with torch.autocast("cpu", torch.bfloat16):
        for layer, shape in [
            (TaylorConv2d(2, 3, 3, order=2), (1, 2, 4, 4)), (TaylorConv3d(2, 3, 1, order=2), (1, 2, 2, 2, 2)),
            (TaylorLinear(2, 3), (4, 2)), (TaylorConvTranspose2d(2, 3, 3, order=2), (1, 2, 4, 4)),
        ]:  # fmt: skip
            assert layer.double()(torch.rand(shape).double()).dtype == torch.float64
            assert layer.float()(torch.rand(shape)).dtype == torch.bfloat16
        assert nn.Conv2d(2, 3, 3).double()(torch.rand(1, 2, 4, 4).double()).dtype == torch.float64


def test_autocast_rounds_no_power():
    """Powers in bfloat16 would be off by 2^-9 each; only input, weights and result are of that type."""
    x, layer = torch.rand(1, 2, 3, 3, 3), TaylorConv3d(2, 3, 1, order=6, start="random")
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    t = x.bfloat16().double()
    expected = functional.conv3d(torch.cat([t**k for k in range(1, 7)], 1), layer.weight.double(), layer.bias.double())
    assert ((y - expected).abs() <= 2.0**-8 * expected.abs() + 1e-4).all()


def test_channels_last_activations():
    layer = TaylorActivation()
    for x in (
        torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last),
        torch.rand(2, 3, 4, 5, 2).to(memory_format=torch.channels_last_3d),
        torch.rand(4, 5).T,
    ):
        y = layer(x)
        assert y.stride() == x.stride()
        assert torch.equal(y, layer(x.contiguous()))


def test_integers_times_a_rate():
    layer = TaylorActivation("exp(x)", order=2, rate=0.5)
    assert layer(torch.tensor([1, 2], dtype=torch.uint8)).tolist() == [1.625, 2.5]


def test_bfloat16_tensors_in_the_array_function():
    x = torch.linspace(-1, 1, 12).to(torch.bfloat16).view(3, 4).T
    found = mc.expand(x, mc.taylor("exp(x)", order=2))
    assert found.dtype.name == "bfloat16" and found.shape == (4, 3, 2)
    assert (found[..., 0].astype(np.float32) == x.float().numpy()).all()


def test_flops_are_counted():
    layer, x = TaylorConv2d(3, 8, 3, order=4, start="random"), torch.rand(2, 3, 10, 10, requires_grad=True)
    plain = nn.Conv2d(12, 8, 3)
    with FlopCounterMode(display=False) as ours:
        layer(x).sum().backward()
    with FlopCounterMode(display=False) as theirs:
        plain(torch.cat([x**k for k in range(1, 5)], 1)).sum().backward()
    assert ours.get_total_flops() == theirs.get_total_flops() > 0


def test_attributes_and_repr_are_those_of_pytorch():
    options = {"stride": 2, "padding": (1, 2), "dilation": (2, 1), "groups": 2}
    layer, plain = TaylorConv2d(4, 6, (3, 5), order=2, **options), nn.Conv2d(4, 6, (3, 5), **options)
    for name in (
        "in_channels",
        "out_channels",
        "kernel_size",
        "stride",
        "padding",
        "dilation",
        "groups",
        "padding_mode",
    ):
        assert getattr(layer, name) == getattr(plain, name)
    shown = repr(plain).removeprefix("Conv2d(").removesuffix(")")
    assert repr(layer) == f"TaylorConv2d({shown}, order=2, start='series')"
    assert TaylorConv1d(2, 2, 3, padding="same").padding == "same"
    layer, plain = TaylorConvTranspose2d(4, 6, 3, stride=2, output_padding=1), nn.ConvTranspose2d(4, 6, 3, 2, 0, 1)
    for name in ("kernel_size", "stride", "padding", "output_padding", "dilation", "groups"):
        assert getattr(layer, name) == getattr(plain, name)
    linear = TaylorLinear(3, 2)
    assert (linear.in_features, linear.out_features) == (3, 2)
    before = linear.weight.clone()
    linear.reset_parameters()
    assert not torch.equal(before, linear.weight)


def test_sizes_are_integers_of_any_kind():
    layer = TaylorConv2d(2, 3, np.int64(3), stride=np.array([1, 2]), padding=np.uint8(1))
    assert layer(torch.rand(1, 2, 5, 5)).shape == (1, 3, 5, 3)
    for wrong in (2.5, (1, 2, 3), 0, "3"):
        with pytest.raises(ValueError, match="kernel_size must be an integer of at least 1"):
            TaylorConv2d(2, 3, wrong)


def test_channels_that_are_none():
    assert TaylorLinear(0, 3)(torch.rand(2, 0)).tolist() == [[0.0] * 3] * 2
    assert TaylorConv2d(0, 4, 3, order=2)(torch.rand(1, 0, 5, 5)).shape == (1, 4, 3, 3)
    assert taylor_conv2d(torch.rand(1, 2, 5, 5), torch.rand(0, 4, 3, 3), order=2).shape == (1, 0, 3, 3)


def test_subclasses_of_tensors():
    class Named(torch.Tensor):
        pass

    x = torch.rand(2, 3).as_subclass(Named)
    weight = torch.rand(4, 6)
    assert torch.allclose(
        taylor_linear(x, weight, order=2), taylor_linear(x.as_subclass(torch.Tensor), weight, order=2)
    )
    assert torch.allclose(expand(x, mc.taylor("exp(x)", order=2))[..., 1], x**2 / 2)


def test_a_negated_view():
    x = torch.randn(4, dtype=torch.complex64).conj().imag
    assert torch.allclose(taylor_activation(x, torch.tensor([0.0, 1.0])), x.resolve_neg())


def test_transposed_layers_start_as_their_function():
    series = mc.taylor("exp(x)", order=8, at=0.5)
    layer = TaylorConvTranspose2d(4, 6, 3, stride=2, groups=2, function="exp(x)", order=8, at=0.5)
    with torch.no_grad():
        x = torch.rand(2, 4, 5, 5)
        plain = layer.weight.chunk(8, 0)[0] / series.coefficients[1]
        # Between the values and around them the input is at the expansion point, where the series is a_0.
        values = torch.from_numpy(series(x.numpy()) - series.coefficients[0]).float()
        constant = series.coefficients[0] * plain.unflatten(0, (2, 2)).sum((1, 3, 4)).flatten()
        y = functional.conv_transpose2d(values, plain, layer.bias, 2, groups=2)
        assert torch.allclose(layer(x), y, atol=1e-4)
        stuffed = torch.full((2, 4, 9, 9), 0.5)
        stuffed[:, :, ::2, ::2] = x
        values = torch.from_numpy(series(functional.pad(stuffed, [2] * 4, value=0.5).numpy())).float()
        flipped = plain.flip(2, 3).unflatten(0, (2, 2)).transpose(1, 2).flatten(0, 1)
        y = functional.conv2d(values, flipped, layer.bias - constant, groups=2)
        assert torch.allclose(layer(x), y, atol=1e-3)


def test_what_cannot_be_expanded_is_told_in_our_words():
    layer = TaylorActivation()
    for x in (
        torch.rand(2).to(torch.float8_e4m3fn),
        torch.rand(2).to(torch.complex64),
        torch.quantize_per_tensor(torch.rand(2), 0.1, 0, torch.quint8),
    ):
        with pytest.raises(TypeError, match=f"a tensor of {x.dtype} cannot be expanded"):
            layer(x)
    with pytest.raises(ValueError, match=r"one dimension, not of shape \(2, 2\)"):
        expand(torch.rand(2), torch.zeros(2, 2))
    with pytest.raises(TypeError, match="integer"):
        TaylorExpansion(degrees=[1.5])


def test_advice_and_numbers_of_options():
    with pytest.raises(ValueError, match="radius of convergence") as error:
        TaylorLinear(1, 1, on_radius="raise")(torch.tensor([[9.0]]))
    assert "scale" not in str(error.value)
    with pytest.raises(ValueError, match="scale must be finite, not nan"):
        TaylorExpansion(scale=float("nan"))
    with pytest.raises(ValueError, match="rate must be finite"):
        TaylorActivation(rate=float("inf"))
