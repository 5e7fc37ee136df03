"""Dask: arrays larger than memory expanded chunk by chunk, when and where they are computed.

>>> import dask.array as da
>>> from maclaurin import taylor
>>> x = da.ones((4000, 4000), chunks=1000, dtype="u1")
>>> y = expand(x, taylor("log(1 + exp(x))", order=4), scale=1 / 255)
>>> y.shape, y.chunks[-1], y.dtype
((4000, 4000, 3), (3,), dtype('float32'))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from copy import copy
from functools import lru_cache
from typing import Any

import cloudpickle
import dask.array as da
import numpy as np
from dask.base import normalize_token

from maclaurin import _native
from maclaurin._native import Polynomial

__all__ = ["expand", "transform"]

#: Functions that a process keeps once it has unpickled them.
KEPT = 64


def expand(
    x: Any,
    series: Polynomial,
    kind: str = "terms",
    degrees: str | Iterable[int] = "nonzero",
    constant: bool = False,
    axis: int = -1,
    stack: bool = True,
    scale: float = 1.0,
    shift: float = 0.0,
    dtype: Any = None,
    threads: int | None = 1,
) -> Any:
    """As `maclaurin.expand`, of a Dask array and lazily: a Dask array, each of whose chunks is an expanded chunk.

    Args:
        x: a Dask array of NumPy chunks, or what `dask.array.asarray` makes one of.
        threads: of each chunk; 1 by default, since Dask computes several chunks at once.

    The other arguments are those of `maclaurin.expand`, which has `out` too. A new axis of the degrees is one chunk.
    Degrees joined along an axis that has several chunks keep these, once for each degree. The values are those of
    `maclaurin.expand`, bit for bit. Arguments that do not fit are refused here, not where the chunks are computed;
    warnings (RadiusWarning) are given there, once a process.

    >>> from maclaurin import taylor
    >>> s = taylor("exp(x)", order=3)
    >>> expand(da.arange(6, chunks=3), s, axis=0, stack=False).chunks
    ((3, 3, 3, 3, 3, 3),)
    >>> expand(da.arange(3, chunks=3), s).compute().tolist()[2]
    [2.0, 2.0, 1.3333333333333333]
    """
    x = da.asarray(x)
    if not isinstance(x._meta, np.ndarray):
        raise TypeError(f"the chunks are of type {type(x._meta).__name__}: make NumPy arrays of them first")
    degrees = degrees if isinstance(degrees, str) else tuple(degrees)
    options = {
        "kind": kind, "degrees": degrees, "constant": constant, "scale": scale, "shift": shift, "dtype": dtype,
        "threads": threads,
    }  # fmt: skip
    # Of no values, so that every argument is looked at and nothing is computed.
    row = _native.expand(np.empty(0, x.dtype), series, **options)
    _native.expand(np.full((0,) * x.ndim, math.nan), series, axis=axis, stack=stack, **options)
    meta: Any = {"dtype": row.dtype}
    if kind == "sum":
        return da.map_blocks(_Task(_native.expand, (series,), options), x, **meta)
    dimensions = x.ndim + stack
    axis += dimensions if axis < 0 else 0
    several = not stack and x.numblocks[axis] > 1
    task = _Task(_native.expand, (series,), {**options, "axis": axis, "stack": stack or several})
    count = row.shape[-1]
    if not stack and not several:
        joined = (x.chunks[axis][0] * count,)
        return da.map_blocks(task, x, chunks=(*x.chunks[:axis], joined, *x.chunks[axis + 1 :]), **meta)
    chunks = (*x.chunks[:axis], (count,), *x.chunks[axis:])
    y = da.map_blocks(task, x, chunks=chunks, new_axis=axis, **meta)
    if stack:
        return y
    before = (slice(None),) * axis
    return da.concatenate([y[(*before, degree)] for degree in range(count)], axis=axis)


def transform(features: Any, X: Any) -> Any:
    """What a fitted `TaylorFeatures` makes of a Dask array or data frame, lazily.

    Args:
        features: fitted on X or a part of it, of which it learns the number and the names of the columns alone.
        X: a Dask array of shape (n_samples, n_features), or a data frame of Dask.

    Of an array, the rows keep their chunks, and the columns are one chunk. Of a data frame, the partitions are data
    frames whose columns have the names that TaylorFeatures gives them. Raises NotFittedError before fit, ValueError
    for another number of columns.

    >>> from maclaurin.sklearn import TaylorFeatures
    >>> features = TaylorFeatures("exp(x)", order=2).fit([[0.0, 1.0]])
    >>> transform(features, da.ones((4, 2), chunks=(2, 1))).compute()[0].tolist()
    [1.0, 1.0, 0.5, 0.5]
    """
    names = features.get_feature_names_out()
    # The values of `row` are no values of X.
    anywhere = copy(features)
    anywhere.on_radius = "ignore"
    if hasattr(X, "map_partitions"):
        meta = _framed(row(X), features=anywhere, names=names).iloc[:0]
        return X.map_partitions(_Task(_framed, (), {"features": features, "names": names}), meta=meta)
    if X.ndim != 2 or X.shape[1] != features.n_features_in_:
        raise ValueError(f"X has shape {X.shape}; the features were fitted on {features.n_features_in_} columns")
    X = X.rechunk({1: -1})
    meta = anywhere.transform(row(X))[:0]
    return da.map_blocks(_Task(_transformed, (features,), {}), X, chunks=(X.chunks[0], (len(names),)), meta=meta)


def row(X: Any) -> Any:
    """A row of X's shape, names and types, and of any values: nothing is computed."""
    return X._meta_nonempty.iloc[:1] if hasattr(X, "map_partitions") else np.zeros((1, *X.shape[1:]), X.dtype)


def _transformed(X: Any, features: Any) -> Any:
    # scikit-learn refuses arrays without rows.
    return features.transform(X) if len(X) else np.empty((0, features.n_output_features_), X.dtype)


def _framed(X: Any, features: Any, names: Any) -> Any:
    import pandas as pd

    values = _transformed(X, features) if len(X) else np.empty((0, len(names)))
    return values if isinstance(values, pd.DataFrame) else pd.DataFrame(values, index=X.index, columns=names)


class _Task:
    """A function with all of its arguments but the first.

    A Series computes its coefficients anew where it is unpickled, and an approximation its polynomial, which takes
    longer than many a chunk. So a process unpickles the arguments once, whatever the number of chunks.
    """

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        self._function, self._arguments, self._options = function, arguments, options
        # Of Dask's keys.
        self.__name__ = function.__name__.strip("_")
        self._pickled = cloudpickle.dumps((function, arguments, options))

    def __call__(self, x: Any) -> Any:
        return self._function(x, *self._arguments, **self._options)

    def __reduce__(self) -> tuple[Any, ...]:
        return _task, (self._pickled,)

    def __dask_tokenize__(self) -> Any:
        return normalize_token((self._function, self._arguments, self._options))


@lru_cache(KEPT)
def _task(pickled: bytes) -> _Task:
    """The task of these bytes, the same for the same bytes."""
    return _Task(*cloudpickle.loads(pickled))


@normalize_token.register(Polynomial)
def _token(polynomial: Polynomial) -> Any:
    """Equal for polynomials whose expansions are equal."""
    names = ("center", "_numbers", "degrees", "basis", "_ranges")
    return type(polynomial).__name__, *(repr(getattr(polynomial, name, None)) for name in names)
