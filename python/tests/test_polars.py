"""maclaurin.polars: the values of mc.expand, by every engine of Polars; nulls stay nulls."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import maclaurin as mc
import maclaurin.polars

SERIES = mc.taylor("log(1 + exp(x))", order=6)
NUMBERS = [pl.Float32, pl.Float64, pl.UInt8, pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt64, pl.Boolean]


def results(frame, expression):
    """The column by all engines, which agree."""
    eager = frame.select(expression)
    lazy = frame.lazy().select(expression)
    assert lazy.collect_schema() == eager.schema
    assert lazy.collect(engine="streaming").equals(eager, null_equal=True)
    assert lazy.collect().equals(eager, null_equal=True)
    return eager.to_series()


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_values_and_nulls(data):
    dtype = data.draw(st.sampled_from(NUMBERS))
    x = data.draw(st.lists(st.none() | st.integers(0, 1), max_size=6))
    column = pl.Series("x", x).cast(dtype)
    options = {
        "kind": data.draw(st.sampled_from(["terms", "powers", "partial_sums"])),
        "degrees": data.draw(st.sampled_from(["nonzero", "all", [3], (4, 1)])),
        "constant": data.draw(st.booleans()),
        "scale": data.draw(st.sampled_from([1.0, 0.5])),
        "shift": data.draw(st.sampled_from([0.0, 0.5])),
    }
    to = data.draw(st.sampled_from([pl.Float32, pl.Float64]))
    frame = column.to_frame()
    struct = results(frame, pl.col("x").maclaurin.expand(SERIES, dtype=to, **options))
    array = results(frame, pl.col("x").maclaurin.expand(SERIES, dtype=to, output="array", **options))
    values = np.array([0 if value is None else value for value in x])
    expected = mc.expand(values, SERIES, dtype="float32" if to == pl.Float32 else "float64", **options)
    assert struct.struct.fields == [f"degree_{degree}" for degree in names(options)]
    assert array.dtype == pl.Array(to, len(struct.struct.fields))
    for row, (value, numbers) in enumerate(zip(x, expected)):
        none = value is None
        assert array.to_list()[row] == (None if none else numbers.tolist())
        assert list(struct.to_list()[row].values()) == ([None] * len(numbers) if none else numbers.tolist())


def names(options):
    degrees = {"nonzero": SERIES.degrees, "all": range(1, 7)}.get(str(options["degrees"]), options["degrees"])
    return [0] * options["constant"] + list(degrees)


@pytest.mark.parametrize("polynomial", [SERIES, mc.approximate("gelu", degree=8, on=(-4, 4))])
@pytest.mark.parametrize("dtype", [pl.Float32, pl.Float64])
def test_sums(polynomial, dtype):
    x = np.linspace(-1, 1, 5)
    column = pl.Series("x", [*x, None, float("nan")])
    total = results(column.to_frame(), pl.col("x").maclaurin.sum(polynomial, dtype=dtype))
    assert total.dtype == dtype
    expected = mc.expand(x, polynomial, kind="sum", dtype="float32" if dtype == pl.Float32 else "float64")
    assert total.to_list()[:6] == [*expected.tolist(), None]
    assert np.isnan(total[6])


def test_chunks_slices_and_groups():
    frame = pl.concat([pl.DataFrame({"g": [1, 2], "x": [0.5, 1.0]}), pl.DataFrame({"g": [1, 2], "x": [1.5, None]})])
    assert frame["x"].n_chunks() == 2
    total = pl.col("x").maclaurin.sum(SERIES)
    expected = [*mc.expand([0.5, 1.0, 1.5], SERIES, kind="sum").tolist(), None]
    assert frame.select(total).to_series().to_list() == expected
    assert frame[1:3].select(total).to_series().to_list() == expected[1:3]
    assert frame.group_by("g", maintain_order=True).agg(total)["x"].to_list() == [expected[::2], expected[1::2]]
    assert frame.select(total.over("g")).to_series().to_list() == expected


def test_filters_move_past_it():
    plan = pl.LazyFrame({"x": [1.0], "y": [2.0]}).with_columns(pl.col("x").maclaurin.sum(SERIES).alias("z"))
    text = plan.filter(pl.col("y") > 1).explain()
    assert text.index("WITH_COLUMNS") < text.index("FILTER") if "FILTER" in text else "SELECTION" in text


def test_several_columns_and_prefixes():
    frame = pl.DataFrame({"a": [1.0], "b": [2.0]})
    wide = frame.select(pl.col("a", "b").maclaurin.expand(SERIES).name.prefix_fields("d_")).unnest("a")
    assert wide.columns[:2] == ["d_degree_1", "d_degree_2"]


def test_no_warning_about_values_that_are_not_there():
    # 0 is no value of log about 5.
    s = mc.taylor("log(x)", order=2, at=5)
    column = pl.Series("x", [5.0, None])
    assert column.to_frame().select(pl.col("x").maclaurin.sum(s)).to_series().null_count() == 1
    assert pl.Series("x", [None], dtype=pl.Float64).to_frame().select(pl.col("x").maclaurin.sum(s)).item() is None


@pytest.mark.parametrize(
    "options", [{"kind": "sum"}, {"output": "list"}, {"degrees": [9]}, {"degrees": [1, 1]}, {"dtype": pl.Int8}]
)
def test_refusals_come_where_the_expression_is_made(options):
    with pytest.raises(ValueError, match="sum|output|degree|dtype"):
        pl.col("x").maclaurin.expand(SERIES, **options)


def test_columns_of_text_are_refused_by_name():
    with pytest.raises(Exception, match="column 'x' holds String"):
        pl.DataFrame({"x": ["a"]}).select(pl.col("x").maclaurin.sum(SERIES))


def test_the_namespace_is_documented():
    assert maclaurin.polars.MaclaurinNamespace.expand.__doc__
