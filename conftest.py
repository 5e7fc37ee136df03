"""How the Python tests and the pages' examples are collected."""

import os
from doctest import ELLIPSIS
from importlib.util import find_spec
from pathlib import Path

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

KERAS = "KERAS_BACKEND" in os.environ
FRAMEWORKS = {"torch.md": "torch", "jax.md": "jax", "keras.md": "keras", "sklearn.md": "sklearn"}

# TensorFlow and Triton, which PyTorch brings, both hold LLVM: one process cannot load both. So
# Keras is tested where KERAS_BACKEND says on what, and nothing else is then.
collect_ignore = [] if KERAS else ["python/tests/test_keras.py", "python/maclaurin/keras"]
absent = [page for page, name in FRAMEWORKS.items() if find_spec(name) is None or (name == "keras") != KERAS]

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS)],
    patterns=["docs/*.md", "README.md"],
    excludes=[f"docs/{page}" for page in absent],
    path=str(Path(__file__).parent),
).pytest()
