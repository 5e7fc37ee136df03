"""examples/first_hour.ipynb: its cells run from top to bottom, and the network learns."""

import json
from pathlib import Path

import matplotlib
import pytest
import sklearn
import torch

NOTEBOOK = Path(__file__).parents[2] / "examples" / "first_hour.ipynb"


def test_the_first_hour(capsys):
    assert matplotlib.get_backend().lower() == "agg" and sklearn and torch
    from matplotlib import pyplot as plt

    plt.close("all")
    names = {}
    figures = 0
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            # A notebook without outputs: those are of the reader's own run.
            assert cell["outputs"] == []
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(plt, "show", lambda: None)
                exec(compile("".join(cell["source"]), f"{NOTEBOOK.name}, {cell['id']}", "exec"), names)
            figures += len(plt.get_fignums())
            plt.close("all")
    printed = capsys.readouterr().out
    assert figures == 4 and "True" in printed
    assert names["accuracy"] > 0.9 and names["losses"][-1] < 0.3 * names["losses"][0]
