"""Errors in units in the last place, of every number of a type on a range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

#: How the progress is told: to a function of (done, total), or by tqdm's bar.
Progress = bool | Callable[[int, int], Any]


@dataclass(frozen=True)
class UlpErrors:
    """The errors of a polynomial's values at every number of a type on its ranges, in ulp of the exact value.

    The ulp of a value v of a type with p significant bits is 2**(e - p + 1) for 2**e <= abs(v) < 2**(e + 1), and
    no smaller than the smallest positive number. Infinity, and values of the function above the largest number,
    count as the power of two above that; where the polynomial is NaN the error is infinite.

    ``max``: the largest error, certified, and less than 2e-6 ulp above that at ``at``.
    ``at``: where that is.
    ``count``: the numbers tried: all of the type on the ranges, zero once.
    ``misrounded``: how many values are not the function's value rounded to nearest, ties to even.
    ``histogram``: {end: how many errors are above the end before and at most this one} for the ends 0.5, 1, 2, 4
    and so on, in ulp.
    """

    max: float
    at: float
    count: int
    misrounded: int
    histogram: dict[float, int]


def errors(
    native: Callable[..., Any], dtype: DTypeLike, scheme: str | None, progress: Progress, *on: float
) -> UlpErrors:
    """Calls the native search with a report of its progress."""
    name = dtype_name(dtype)
    if progress is not True:
        found = native(name, scheme, progress or None, *on)
    else:
        try:
            from tqdm.auto import tqdm
        except ImportError as reason:
            raise ImportError("progress=True needs tqdm: install it, or give a function of (done, total)") from reason
        with tqdm(unit="numbers", unit_scale=True) as bar:

            def report(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            found = native(name, scheme, report, *on)
            bar.total = found[2]
            bar.update(found[2] - bar.n)
    largest, at, count, misrounded, histogram = found
    return UlpErrors(largest, at, count, misrounded, dict(histogram))


def dtype_name(dtype: Any) -> str:
    """The name of a type, which NumPy need not know: "bfloat16" and PyTorch's types are understood.

    >>> dtype_name(np.float32), dtype_name("bfloat16"), dtype_name("f4")
    ('float32', 'bfloat16', 'float32')
    """
    text = str(dtype).removeprefix("torch.")
    return text if text in ("bfloat16", "float16", "float32", "float64") else np.dtype(dtype).name
