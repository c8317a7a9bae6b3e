"""Answers as CSV, JSON and Parquet: the values come back, nested ones too, and a broken answer leaves no file."""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.errors import OutputError, UsageError
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.formats import Format
from warehouse.snapshots.query import Result, run, write_result

EVERY_TYPE = """
    select
        true as boolean, -5::tinyint as tiny, 18446744073709551615::ubigint as unsigned_big,
        sum(9223372036854775807::bigint) as hugeint, 1234.50::decimal(10, 2) as money, 0.5::double as half,
        'nan'::double as nothing, '-inf'::float as infinite, 'a "b", é' || chr(10) || 'c' as text, '' as empty,
        null::varchar as missing, null as untyped, date '2026-01-02' as day, time '03:04:05' as clock,
        timestamp '2026-01-02 03:04:05' as moment, timestamp '2026-01-02 03:04:05.678' as instant,
        timestamptz '2026-01-02 03:04:05+00' as zoned, [1, null] as numbers,
        {'a': date '2026-01-02', 'b': [1.5]} as record,
        map {'k': {'x': 1}} as lookup, map {1: 'one'} as counted, 'x'::enum ('x', 'y') as kind, 'ab'::blob as raw,
        'b00a6ae8-9e54-46a0-a0ba-bb2ea4ab4e45'::uuid as id
    from range(2)
"""


def written(snapshot: Snapshot, sql: str, form: Format) -> bytes:
    stream = io.BytesIO()
    with run(snapshot, sql) as result:
        write_result(result, form, stream)
    return stream.getvalue()


def test_json_has_every_type(published: Snapshot) -> None:
    [row] = json.loads(written(published, EVERY_TYPE, "json"))

    assert row == {
        "boolean": True,
        "tiny": -5,
        "unsigned_big": 18446744073709551615,
        "hugeint": 18446744073709551614,
        "money": 1234.5,
        "half": 0.5,
        "nothing": None,
        "infinite": None,
        "text": 'a "b", é\nc',
        "empty": "",
        "missing": None,
        "untyped": None,
        "day": "2026-01-02",
        "clock": "03:04:05",
        "moment": "2026-01-02T03:04:05",
        "instant": "2026-01-02T03:04:05.678000",
        "zoned": "2026-01-02T03:04:05+00:00",
        "numbers": [1, None],
        "record": {"a": "2026-01-02", "b": [1.5]},
        "lookup": {"k": {"x": 1}},
        "counted": {"1": "one"},
        "kind": "x",
        "raw": "6162",
        "id": "b00a6ae8-9e54-46a0-a0ba-bb2ea4ab4e45",
    }
    assert isinstance(row["hugeint"], int)


def test_csv_has_every_type(published: Snapshot) -> None:
    text = written(published, EVERY_TYPE, "csv").decode()
    [row] = csv.DictReader(io.StringIO(text, newline=""))

    assert row == {
        "boolean": "true",
        "tiny": "-5",
        "unsigned_big": "18446744073709551615",
        "hugeint": "18446744073709551614",
        "money": "1234.50",
        "half": "0.5",
        "nothing": "nan",
        "infinite": "-inf",
        "text": 'a "b", é\nc',
        "empty": "",
        "missing": "",
        "untyped": "",
        "day": "2026-01-02",
        "clock": "03:04:05",
        "moment": "2026-01-02T03:04:05",
        "instant": "2026-01-02T03:04:05.678000",
        "zoned": "2026-01-02T03:04:05+00:00",
        "numbers": "[1,null]",
        "record": '{"a":"2026-01-02","b":[1.5]}',
        "lookup": '{"k":{"x":1}}',
        "counted": '{"1":"one"}',
        "kind": "x",
        "raw": "6162",
        "id": "b00a6ae8-9e54-46a0-a0ba-bb2ea4ab4e45",
    }
    header, first, *_ = text.splitlines()
    assert header.startswith('"boolean","tiny",')
    assert first.startswith("true,-5,")
    # An empty text and two nulls.
    assert ',"",,,' in text.splitlines()[2]


def test_parquet_keeps_the_types(published: Snapshot) -> None:
    with run(published, EVERY_TYPE) as result:
        expected = result.reader().read_all()

    table = pq.read_table(io.BytesIO(written(published, EVERY_TYPE, "parquet")))

    assert table.num_rows == 1
    assert str(table.to_pylist()) == str(expected.to_pylist())
    assert table.schema.field("hugeint").type == pa.decimal128(38, 0)
    assert table.schema.field("moment").type == pa.timestamp("us")


def test_an_interval_is_a_duration_where_the_format_is_text(published: Snapshot) -> None:
    sql = "select interval '1 year 3 days 4.5 seconds' as span"

    assert json.loads(written(published, sql, "json")) == [{"span": "P12M3DT4.5S"}]
    assert written(published, sql, "csv") == b'"span"\n"P12M3DT4.5S"\n'
    with pytest.raises(UsageError, match=r"cannot be written as parquet: .*Cast that column to VARCHAR"):
        written(published, sql, "parquet")


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_an_answer_of_many_batches_comes_back_whole(published: Snapshot, tmp_path: Path, form: Format) -> None:
    path = tmp_path / "out"
    with run(published, "select i, 'x' || i as s from range(250000) t(i) order by i") as result:
        rows = write_result(result, form, path)

    assert rows == 250_000
    found = _read(path, form)
    assert [int(row["i"]) for row in found] == list(range(250_000))
    assert found[-1]["s"] == "x249999"
    if form == "parquet":
        metadata = pq.read_metadata(path)
        assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [122_880, 122_880, 4_240]
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def _read(path: Path, form: Format) -> Sequence[Mapping[str, Any]]:
    if form == "csv":
        with path.open(newline="") as file:
            return list(csv.DictReader(file))
    return json.loads(path.read_text()) if form == "json" else pq.read_table(path).to_pylist()


@pytest.mark.parametrize(("form", "empty"), [("csv", b'"a","b"\n'), ("json", b"["), ("parquet", b"PAR1")])
def test_an_empty_answer_is_a_file_of_its_format(published: Snapshot, form: Format, empty: bytes) -> None:
    content = written(published, "select 1 as a, [2] as b where false", form)

    assert content.startswith(empty)
    if form == "json":
        assert json.loads(content) == []
    if form == "parquet":
        assert pq.read_table(io.BytesIO(content)).column_names == ["a", "b"]


ENGINE = duckdb.connect()


def of_rows(rows: Sequence[Sequence[Any]], schema: pa.Schema, form: Format, *, header: bool = True) -> str:
    """What an answer of these rows is written as."""
    columns = [[row[place] for row in rows] for place in range(len(schema))]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    connection, stream = ENGINE.cursor(), io.BytesIO()
    with Result(connection, connection.from_arrow(pa.Table.from_arrays(arrays, schema=schema))) as result:
        assert write_result(result, form, stream, header=header) == len(rows)
    return stream.getvalue().decode()


TEXT_AND_NUMBERS = st.lists(
    st.tuples(st.none() | st.text(), st.integers(-(2**63), 2**63 - 1), st.none() | st.floats(allow_nan=False))
)


@settings(max_examples=40, deadline=None)
@given(TEXT_AND_NUMBERS)
def test_text_and_numbers_survive_csv_tsv_json_and_ndjson(rows: list[tuple[str | None, int, float | None]]) -> None:
    schema = pa.schema({'text,"\t': pa.string(), "number": pa.int64(), "real": pa.float64()})
    tables: tuple[tuple[Format, str], ...] = (("csv", ","), ("tsv", "\t"))
    for form, delimiter in tables:
        text = io.StringIO(of_rows(rows, schema, form), newline="")
        found = list(csv.DictReader(text, delimiter=delimiter))
        assert [
            (row['text,"\t'], int(row["number"]), float(row["real"]) if row["real"] else None) for row in found
        ] == [(text or "", number, real) for text, number, real in rows]
    finite = [(text, number, real if real is None or math.isfinite(real) else None) for text, number, real in rows]
    assert [tuple(row.values()) for row in json.loads(of_rows(rows, schema, "json"))] == finite
    # Not splitlines: other characters than this one end a line for Python, and not for NDJSON.
    lines = of_rows(rows, schema, "ndjson").split("\n")
    assert lines.pop() == ""
    assert [tuple(json.loads(line).values()) for line in lines] == finite


WIDE = st.decimals(-(10**20), 10**20, places=9, allow_nan=False, allow_infinity=False)
MOMENTS = st.datetimes(timezones=st.just(UTC))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | WIDE,
            st.none() | st.dates(),
            st.none() | MOMENTS,
            st.none() | st.times(),
            st.none() | st.binary(),
            st.none() | st.lists(st.none() | st.floats()),
            st.none() | st.fixed_dictionaries({"day": st.none() | st.dates(), "texts": st.lists(st.text())}),
        )
    )
)
def test_values_of_every_kind_survive_json(rows: list[tuple[Any, ...]]) -> None:
    record = pa.struct({"day": pa.date32(), "texts": pa.list_(pa.string())})
    schema = pa.schema(
        {
            "wide": pa.decimal128(38, 9),
            "day": pa.date32(),
            "moment": pa.timestamp("us", "UTC"),
            "clock": pa.time64("us"),
            "raw": pa.binary(),
            "reals": pa.list_(pa.float64()),
            "record": record,
        }
    )
    found = json.loads(of_rows(rows, schema, "json"), parse_float=Decimal, parse_int=Decimal)
    assert [list(row) for row in found] == [schema.names] * len(rows)
    for (wide, day, moment, clock, raw, reals, record), row in zip(rows, found, strict=True):
        assert row["wide"] == wide
        assert row["day"] == (None if day is None else day.isoformat())
        assert row["moment"] == (None if moment is None else moment.isoformat())
        assert row["clock"] == (None if clock is None else clock.isoformat())
        assert row["raw"] == (None if raw is None else raw.hex())
        held = reals and [None if real is None or not math.isfinite(real) else real for real in reals]
        assert (row["reals"] and [None if real is None else float(real) for real in row["reals"]]) == held
        if record is None:
            assert row["record"] is None
        else:
            day = record["day"]
            assert row["record"] == {"day": None if day is None else day.isoformat(), "texts": record["texts"]}


def test_tsv_quotes_only_what_would_not_be_one_cell() -> None:
    schema = pa.schema({"a": pa.string(), "b": pa.float64()})
    rows = [("plain", 0.5), ("a\tb", None), ("", 1.0), (None, 2.0), ('say "x"', 3.0), ("two\nlines", 4.0)]
    assert of_rows(rows, schema, "tsv") == ('a\tb\nplain\t0.5\n"a\tb"\t\n""\t1\n\t2\n"say ""x"""\t3\n"two\nlines"\t4\n')
    assert of_rows(rows[:1], schema, "tsv", header=False) == "plain\t0.5\n"
    assert of_rows(rows[:1], schema, "csv", header=False) == '"plain",0.5\n'
    with pytest.raises(UsageError, match="json has no line of names"):
        of_rows(rows, schema, "json", header=False)


def test_the_zone_of_the_session_moves_no_instant(published: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    sql = "select timestamptz '2026-01-02 03:04:05+00' as a, [timestamptz '2026-01-02 03:04:05.25+02'] as b"
    assert json.loads(written(published, sql, "json")) == [
        {"a": "2026-01-02T03:04:05+00:00", "b": ["2026-01-02T01:04:05.250000+00:00"]}
    ]


def test_wide_numbers_keep_their_digits_and_odd_types_their_text(published: Snapshot) -> None:
    sql = """
        select
            170141183460469231731687303715884105727::hugeint as wide, 0.1234567890123456789::decimal(38, 19) as exact,
            '101'::bit as bits, union_value(a := 1) as either, '{"a":1}'::json as held, row(1, 2) as pair,
            map {date '2026-01-02': [time '01:02:03.5']} as lookup, null::integer[] as none, time '24:00:00' as late,
            1 as a, 2 as "A"
    """
    text = written(published, sql, "json").decode()
    assert '"wide":170141183460469231731687303715884105727,"exact":0.1234567890123456789,' in text
    [row] = json.loads(text)
    assert row["bits"] == "101"
    assert (row["either"], row["held"], row["pair"]) == ("1", '{"a":1}', "(1, 2)")
    assert row["lookup"] == {"2026-01-02": ["01:02:03.500000"]}
    assert (row["none"], row["late"], row["a"], row["A"]) == (None, "24:00:00", 1, 2)


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_query_that_fails_on_the_way_leaves_no_file_and_spares_the_old_one(
    published: Snapshot, tmp_path: Path, form: Format
) -> None:
    path = tmp_path / "out"
    path.write_text("what was there before")
    sql = "select case when i = 150000 then 'x' else '1' end::integer from range(200000) t(i)"

    with run(published, sql) as result, pytest.raises(UsageError, match="Could not convert string 'x'"):
        write_result(result, form, path)

    assert path.read_text() == "what was there before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_a_place_that_cannot_be_written_is_named(published: Snapshot, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing" / "out.csv"):
        with run(published, "select 1") as result, pytest.raises(OutputError, match=f"cannot be written to {path}"):
            write_result(result, "csv", path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize(
    "value",
    [
        "date 'infinity'",
        "date '20000-01-01'",
        "date '0044-03-15 (BC)'",
        "timestamp '-infinity'",
        "timestamptz 'infinity'",
        "[date 'infinity']",
        "{'a': date 'infinity'}",
    ],
)
def test_a_date_that_the_format_has_no_form_for_is_refused_and_never_another_one(
    published: Snapshot, tmp_path: Path, form: Format, value: str
) -> None:
    target = tmp_path / f"answer.{form}"
    with (
        run(published, f"select unnest([null, {value}]) as day") as result,
        pytest.raises(UsageError, match="infinite or outside of the years 1 to 9999"),
    ):
        write_result(result, form, target)
    assert not target.exists()
    with run(published, f"select {value} as day") as result:
        assert write_result(result, "parquet", tmp_path / "answer.parquet") == 1


@pytest.mark.parametrize("form", ["csv", "json"])
def test_the_first_and_the_last_day_are_written(published: Snapshot, form: Format) -> None:
    text = written(published, "select unnest([date '0001-01-01', null, date '9999-12-31']) as day", form).decode()
    assert "0001-01-01" in text
    assert "9999-12-31" in text


def test_an_unknown_format_lists_the_known_ones(published: Snapshot) -> None:
    with (
        run(published, "select 1") as result,
        pytest.raises(UsageError, match=r"csv, tsv, json, ndjson, parquet, not as 'xlsx'"),
    ):
        write_result(result, "xlsx", io.BytesIO())  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_pipe_is_written_to_directly(published: Snapshot, form: Format) -> None:
    program = (
        "import sys; from pathlib import Path; from warehouse.snapshots.catalog import snapshot;"
        "from warehouse.snapshots.query import Result, run, write_result;"
        "result = run(snapshot(Path(sys.argv[1]), None), 'select 42 as a');"
        "write_result(result, sys.argv[2], Path('/dev/stdout'))"
    )
    home = published.folder.parent.parent

    finished = subprocess.run([sys.executable, "-c", program, str(home), form], capture_output=True, check=True)

    assert finished.stdout == written(published, "select 42 as a", form)
    assert Path("/dev/stdout").is_symlink()
