"""Polars: expressions of columns expanded, for the eager, the lazy and the streaming engine.

Importing this module gives every expression a namespace:

>>> import polars as pl
>>> import maclaurin.polars
>>> from maclaurin import taylor
>>> s = taylor("exp(x)", order=3)
>>> frame = pl.DataFrame({"x": [0.0, 1.0, None]})
>>> frame.select(pl.col("x").maclaurin.expand(s)).unnest("x").to_dict(as_series=False)["degree_2"]
[0.0, 0.5, None]
>>> frame.select(pl.col("x").maclaurin.sum(s)).to_series().round(3).to_list()
[1.0, 2.667, None]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np
import polars as pl

from maclaurin import _native
from maclaurin._native import Polynomial

__all__ = ["MaclaurinNamespace"]

_DTYPES: dict[Any, str] = {pl.Float32: "float32", pl.Float64: "float64"}


@pl.api.register_expr_namespace("maclaurin")
class MaclaurinNamespace:
    """`expression.maclaurin`: columns of numbers expanded value by value. Nulls stay nulls, NaN stays NaN."""

    def __init__(self, expression: pl.Expr) -> None:
        self._expression = expression

    def expand(
        self,
        series: Polynomial,
        kind: Literal["terms", "powers", "partial_sums"] = "terms",
        degrees: str | Iterable[int] = "nonzero",
        constant: bool = False,
        scale: float = 1.0,
        shift: float = 0.0,
        dtype: Any = pl.Float64,
        output: Literal["struct", "array"] = "struct",
        threads: int | None = None,
    ) -> pl.Expr:
        """What comes out for each degree: a struct with the fields degree_1, degree_2, ..., or an array.

        Args:
            dtype: polars.Float32 or polars.Float64.
            output: "struct", whose fields `unnest` makes columns (`.name.prefix_fields("x_")` tells those of several
                columns apart), or "array", a fixed-size row for each value, as layers take it.

        The other arguments are those of `maclaurin.expand`. A null is a null in each field, or a null array.

        >>> from maclaurin import taylor
        >>> s = taylor("exp(x)", order=2)
        >>> pl.select(pl.lit(3.0).alias("x").maclaurin.expand(s, output="array")).item().to_list()
        [3.0, 4.5]
        """
        if output not in ("struct", "array"):
            raise ValueError(f'output {output!r} is neither "struct" nor "array"')
        if kind not in ("terms", "powers", "partial_sums"):
            raise ValueError(f'kind {kind!r} is none of "terms", "powers", "partial_sums"; sum(series) is the sum')
        degrees = degrees if isinstance(degrees, str) else tuple(degrees)
        options: dict[str, Any] = {
            "kind": kind, "degrees": degrees, "constant": constant, "scale": scale, "shift": shift,
            "dtype": _numpy_dtype(dtype), "threads": threads,
        }  # fmt: skip
        count = _native.expand(np.empty(0), series, **options).shape[-1]
        if output == "array":
            return self._mapped(
                pl.Array(dtype, count), lambda name, x: pl.Series(name, _native.expand(x, series, **options))
            )
        # Each degree is named by its number, which is what is asked for unless that is "nonzero" or "all".
        of = series.degrees if degrees == "nonzero" else range(1, series.order + 1) if degrees == "all" else degrees
        fields = [f"degree_{degree}" for degree in ([0] if constant else []) + [int(degree) for degree in of]]
        if len(set(fields)) < len(fields):
            raise ValueError(f"degrees {degrees} has a degree twice, and fields have different names")

        def struct(name: str, x: Any) -> pl.Series:
            rows = _native.expand(x, series, axis=0, **options)
            return pl.DataFrame([pl.Series(field, row) for field, row in zip(fields, rows, strict=True)]).to_struct(
                name
            )

        return self._mapped(pl.Struct({field: dtype for field in fields}), struct)

    def sum(
        self,
        series: Polynomial,
        scale: float = 1.0,
        shift: float = 0.0,
        dtype: Any = pl.Float64,
        threads: int | None = None,
    ) -> pl.Expr:
        """The polynomial at each value, a column of the dtype given: `maclaurin.expand` of kind "sum".

        >>> from maclaurin import taylor
        >>> pl.select(pl.lit(1.0).maclaurin.sum(taylor("exp(x)", order=2))).item()
        2.5
        """
        options: dict[str, Any] = {
            "kind": "sum",
            "scale": scale,
            "shift": shift,
            "dtype": _numpy_dtype(dtype),
            "threads": threads,
        }
        _native.expand(np.empty(0), series, **options)
        return self._mapped(dtype, lambda name, x: pl.Series(name, _native.expand(x, series, **options)))

    def _mapped(self, dtype: Any, expanded: Callable[[str, Any], pl.Series]) -> pl.Expr:
        def batch(column: pl.Series) -> pl.Series:
            if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
                raise TypeError(
                    f"column {column.name!r} holds {column.dtype}, which cannot be expanded; cast it to numbers"
                )
            if column.dtype.is_decimal():
                column = column.cast(pl.Float64)
            if not column.null_count():
                return expanded(column.name, column.to_numpy())
            # A value that is there anyway, so that no warning is about one that is not; NaN if there is none.
            present = column.drop_nulls()
            filled = column.fill_null(present[0]).to_numpy() if len(present) else np.full(len(column), np.nan)
            return _with_nulls(expanded(column.name, filled), column.is_null())

        return self._expression.map_batches(batch, return_dtype=dtype, is_elementwise=True)


def _with_nulls(values: pl.Series, null: pl.Series) -> pl.Series:
    if values.dtype == pl.Struct:
        fields = [_with_nulls(field, null) for field in values.struct.unnest()]
        return pl.DataFrame(fields).to_struct(values.name)
    return pl.select(pl.when(null).then(None).otherwise(values).alias(values.name)).to_series()


def _numpy_dtype(dtype: Any) -> str:
    if dtype not in _DTYPES:
        raise ValueError(f"dtype must be polars.Float32 or polars.Float64, not {dtype!r}")
    return _DTYPES[dtype]
