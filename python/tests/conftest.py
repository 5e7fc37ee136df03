"""What all tests need: pictures without a screen, and Keras in a process of its own."""

import os

os.environ.setdefault("MPLBACKEND", "agg")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# TensorFlow and Triton, which PyTorch brings, both hold LLVM: one process cannot load both. So
# Keras is tested where KERAS_BACKEND says on what, and nothing else is then.
collect_ignore = [] if "KERAS_BACKEND" in os.environ else ["test_keras.py"]
