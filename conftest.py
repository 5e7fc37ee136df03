"""How the Python tests and the pages' examples are collected: each file where what it imports is installed."""

import os
import re
from doctest import ELLIPSIS
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

KERAS = "KERAS_BACKEND" in os.environ
# Those of the group of pyproject.toml, the engines for data larger than memory among them.
FRAMEWORKS = {"dask", "distributed", "jax", "keras", "tensorflow", "torch", "xarray", "zarr"}
# Not those of functions, which few callers need.
IMPORT = re.compile(r"^(?:>>> )?(?:from|import) (?:maclaurin\.)?(\w+)", re.MULTILINE)


@cache
def imports(path: Path) -> set[str]:
    """The optional packages that a Python file or a page imports, those of a module of ours by its name."""
    return set(IMPORT.findall(path.read_text(encoding="utf-8"))) & {
        *FRAMEWORKS,
        "anywidget",
        "matplotlib",
        "playwright",
        "polars",
        "sklearn",
    }


def pytest_addoption(parser):
    """Adds an option for the second of two runs: after one on a machine without frameworks."""
    parser.addoption("--frameworks", action="store_true", help="only files that import a framework")


def pytest_ignore_collect(collection_path, config):
    """Leaves out files whose imports are not installed."""
    if collection_path.suffix not in (".py", ".md"):
        return None
    needed = imports(collection_path)
    # TensorFlow and Triton, which PyTorch brings, both hold LLVM: one process cannot load both. So
    # Keras is tested where KERAS_BACKEND says on what, and nothing else is then.
    if ("keras" in needed) != KERAS or any(find_spec(name) is None for name in needed):
        return True
    return (config.getoption("--frameworks") and not needed & FRAMEWORKS) or None


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS)],
    patterns=["docs/*.md", "README.md"],
    path=str(Path(__file__).parent),
).pytest()
