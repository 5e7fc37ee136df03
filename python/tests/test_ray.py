"""The recipe of docs/larger-than-memory.md for Ray Data: pictures expanded by two worker processes, which feed a
training loop of PyTorch in this one.
"""

import os
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

import maclaurin as mc

pytest.importorskip("ray", reason="Ray is not installed: pip install 'ray[data]'")
ray = import_module("ray")
data = import_module("ray.data")

SERIES = mc.taylor("log(1 + exp(x))", order=4)
PICTURES = Path(__file__).parents[2] / "examples" / "pictures"
SIDE = 32


def crops(count):
    """Pieces of two photographs, and which of the two."""
    random = np.random.default_rng(0)
    files = [PICTURES / name for name in ("chelsea.png", "rocket.jpg")]
    photographs = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    for index in range(count):
        photograph = photographs[index % 2]
        y, x = (random.integers(extent - SIDE) for extent in photograph.shape[:2])
        yield {"index": index, "picture": photograph[y : y + SIDE, x : x + SIDE], "kind": index % 2}


@pytest.fixture(scope="module")
def cluster():
    # Ray's processes start one after another, which takes long on a busy machine.
    os.environ["RAY_raylet_start_wait_time_s"] = "300"
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(num_cpus=2, object_store_memory=200_000_000, include_dashboard=False, log_to_driver=False)
    data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


def test_two_workers_feed_a_training_loop(cluster):
    class Expand:
        """Made once in each worker process."""

        def __init__(self, series):
            self.series = series

        def __call__(self, batch):
            batch["terms"] = mc.expand(batch["picture"], self.series, stack=False, scale=1 / 255, threads=1)
            batch["process"] = np.full(len(batch["kind"]), os.getpid())
            return batch

    rows = list(crops(512))
    terms = data.from_items(rows, override_num_blocks=8).map_batches(
        Expand, fn_constructor_args=(SERIES,), batch_size=64, compute=data.ActorPoolStrategy(size=2)
    )
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(9, 16, 3),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(16, 2),
    )
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    processes, losses, seen = set(), [], {}
    for _ in range(2):
        for batch in terms.iter_batches(batch_size=64):
            processes.update(batch["process"].tolist())
            seen.update(zip(batch["index"].tolist(), batch["terms"]))
            x, kind = torch.tensor(batch["terms"]), torch.tensor(batch["kind"])
            loss = functional.cross_entropy(net(x.permute(0, 3, 1, 2)), kind)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert os.getpid() not in processes and len(processes) >= 2
    expected = mc.expand(np.stack([row["picture"] for row in rows]), SERIES, stack=False, scale=1 / 255)
    assert np.array_equal(np.stack([seen[index] for index in range(512)]), expected)
    assert np.mean(losses[-4:]) < np.mean(losses[:4])
