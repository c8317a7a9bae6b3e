"""The logical digest counts what rows say, and nothing that an engine, an encoding or a file decides."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import struct
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.errors import UsageError
from warehouse.logical_digest import logical_digest, logical_digest_of_parquet, type_name


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_an_example_by_hand() -> None:
    """Three rows of five columns, each byte written out as the form says."""
    table = pa.table(
        {
            "id": pa.array([1, 2, -1], pa.int64()),
            "modality": pa.array(["CT", None, "MR"], pa.string()),
            "dose": pa.array([0.5, math.nan, None], pa.float64()),
            "price": pa.array([Decimal("1.50"), None, Decimal("-0.01")], pa.decimal128(18, 2)),
            "regions": pa.array([["LUNG", None], None, []], pa.list_(pa.string())),
        }
    )
    present = b"\x01\x01\x01"
    columns = [
        ["id", "BIGINT", [
            sha256(present),
            sha256(bytes.fromhex("0100000000000000" "0200000000000000" "ffffffffffffffff")),
        ]],
        ["modality", "VARCHAR", [
            sha256(b"\x01\x00\x01"),
            sha256(bytes.fromhex("0200000000000000" "0000000000000000" "0200000000000000")),
            sha256(b"CTMR"),
        ]],
        ["dose", "DOUBLE", [
            sha256(b"\x01\x01\x00"),
            sha256(bytes.fromhex("000000000000e03f" "000000000000f87f" "0000000000000000")),
        ]],
        ["price", "DECIMAL(18,2)", [
            sha256(b"\x01\x00\x01"),
            sha256(bytes.fromhex("96000000000000000000000000000000" + "00" * 16 + "ff" * 16)),
        ]],
        ["regions", "VARCHAR[]", [
            sha256(b"\x01\x00\x01"),
            sha256(bytes.fromhex("0200000000000000" "0000000000000000" "0000000000000000")),
            [
                sha256(b"\x01\x00"),
                sha256(bytes.fromhex("0400000000000000" "0000000000000000")),
                sha256(b"LUNG"),
            ],
        ]],
    ]  # fmt: skip
    text = json.dumps(["logical digest 1", 3, columns], separators=(",", ":"))
    assert logical_digest(table) == sha256(text.encode())
    # Written down: the form may not change unseen.
    assert logical_digest(table) == "5e9ef5446a9113e57bc755c58e668937233deda4a28492572b57b32c77b48fa7"


def test_the_digest_of_no_rows_still_says_which_columns_there_are() -> None:
    empty = pa.table({"id": pa.array([], pa.int64())})
    nothing = sha256(b"")
    text = json.dumps(["logical digest 1", 0, [["id", "BIGINT", [nothing, nothing]]]], separators=(",", ":"))
    assert logical_digest(empty) == sha256(text.encode())
    assert logical_digest(empty.rename_columns(["key"])) != logical_digest(empty)


class Reference:
    """The form again, a value at a time, from its description alone."""

    FORMATS: ClassVar = {
        "TINYINT": "<b", "SMALLINT": "<h", "INTEGER": "<i", "BIGINT": "<q", "UTINYINT": "<B", "USMALLINT": "<H",
        "UINTEGER": "<I", "UBIGINT": "<Q", "BOOLEAN": "<?", "FLOAT": "<f", "DOUBLE": "<d",
    }  # fmt: skip

    def digest(self, table: pa.Table) -> str:
        columns = [
            [name, type_name(column.type), self.column(column.type, column.to_pylist())]
            for name, column in zip(table.column_names, table.columns, strict=True)
        ]
        text = json.dumps(["logical digest 1", table.num_rows, columns], ensure_ascii=False, separators=(",", ":"))
        return sha256(text.encode())

    def column(self, kind: pa.DataType, values: list[Any]) -> list[Any]:
        validity = sha256(bytes(value is not None for value in values))
        if pa.types.is_struct(kind):
            fields = [[None if value is None else value[field.name] for value in values] for field in kind]
            return [validity, *(self.column(field.type, of) for field, of in zip(kind, fields, strict=True))]
        if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
            lengths = b"".join(struct.pack("<Q", len(value or ())) for value in values)
            elements = [element for value in values for element in value or ()]
            return [validity, sha256(lengths), self.column(kind.value_type, elements)]
        name = type_name(kind)
        if name in ("VARCHAR", "BLOB"):
            held = [b"" if v is None else v.encode() if isinstance(v, str) else v for v in values]
            lengths = b"".join(struct.pack("<Q", len(value)) for value in held)
            return [validity, sha256(lengths), sha256(b"".join(held))]
        return [validity, sha256(b"".join(self.value(name, kind, value) for value in values))]

    def value(self, name: str, kind: pa.DataType, value: Any) -> bytes:
        if name.startswith("DECIMAL"):
            # Python's own context would round to 28 digits.
            unscaled = int((value or Decimal(0)).scaleb(kind.scale, Context(prec=kind.precision)))
            return unscaled.to_bytes(16, "little", signed=True)
        if name == "DATE":
            return struct.pack("<i", 0 if value is None else (value - date(1970, 1, 1)).days)
        if name in ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"):
            zone = UTC if name != "TIMESTAMP" else None
            since = None if value is None else value - datetime(1970, 1, 1, tzinfo=zone)
            return struct.pack(
                "<q", 0 if since is None else (since.days * 86400 + since.seconds) * 10**6 + since.microseconds
            )
        if name == "TIME":
            of = value or time()
            return struct.pack("<q", ((of.hour * 60 + of.minute) * 60 + of.second) * 10**6 + of.microsecond)
        if value is None or (name in ("FLOAT", "DOUBLE") and value == 0):
            value = 0
        if name in ("FLOAT", "DOUBLE") and math.isnan(value):
            return bytes.fromhex("0000c07f" if name == "FLOAT" else "000000000000f87f")
        return struct.pack(self.FORMATS[name], value)


_SCALARS: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.int8(): st.integers(-(2**7), 2**7 - 1),
    pa.int16(): st.integers(-(2**15), 2**15 - 1),
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint8(): st.integers(0, 2**8 - 1),
    pa.uint16(): st.integers(0, 2**16 - 1),
    pa.uint32(): st.integers(0, 2**32 - 1),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.bool_(): st.booleans(),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.floats(),
    pa.decimal128(38, 6): st.decimals(-(10**30), 10**30, places=6, allow_nan=False),
    pa.date32(): st.dates(),
    pa.timestamp("us"): st.datetimes(),
    pa.timestamp("us", "UTC"): st.datetimes(timezones=st.just(UTC)),
    pa.time64("us"): st.times(),
    pa.string(): st.text(st.characters(exclude_categories=("Cs",)), max_size=8),
    pa.binary(): st.binary(max_size=8),
}


def _typed(kind: pa.DataType, value: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[pa.DataType, Any]]:
    return st.just((kind, st.none() | value))


def _types() -> st.SearchStrategy[tuple[pa.DataType, Any]]:
    """A type and the strategy of its values, nulls among them; lists and structs of others too."""
    scalars = st.one_of([_typed(kind, value) for kind, value in _SCALARS.items()])

    def nested(of: st.SearchStrategy[tuple[pa.DataType, Any]]) -> st.SearchStrategy[tuple[pa.DataType, Any]]:
        lists = of.flatmap(lambda one: _typed(pa.list_(one[0]), st.lists(one[1], max_size=3)))
        fixed = of.flatmap(lambda one: _typed(pa.list_(one[0], 2), st.lists(one[1], min_size=2, max_size=2)))
        structs = st.lists(of, min_size=1, max_size=2).flatmap(
            lambda fields: _typed(
                pa.struct([(f"f{place}", kind) for place, (kind, _) in enumerate(fields)]),
                st.fixed_dictionaries({f"f{place}": value for place, (_, value) in enumerate(fields)}),
            )
        )
        return lists | fixed | structs

    return st.recursive(scalars, nested, max_leaves=3)


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    rows = draw(st.integers(0, 12))
    kinds = draw(st.lists(_types(), min_size=1, max_size=4))
    arrays = [pa.array(draw(st.lists(value, min_size=rows, max_size=rows)), kind) for kind, value in kinds]
    return pa.table(arrays, names=[f"c{place}" for place in range(len(arrays))])


@given(tables(), st.data())
@settings(max_examples=60, deadline=None)
def test_it_is_what_its_description_says_however_the_rows_are_cut(table: pa.Table, data: st.DataObject) -> None:
    expected = Reference().digest(table)
    assert logical_digest(table) == expected
    cuts = sorted(data.draw(st.lists(st.integers(0, table.num_rows), max_size=4)))
    borders = [0, *cuts, table.num_rows]
    # Slices of one array begin in the middle of its buffers.
    pieces = [table.slice(start, end - start) for start, end in itertools.pairwise(borders)]
    assert logical_digest(pa.concat_tables(pieces)) == expected
    batches = (batch for piece in pieces for batch in piece.to_batches())
    assert logical_digest(pa.RecordBatchReader.from_batches(table.schema, batches)) == expected


@given(tables(), st.data())
@settings(max_examples=50, deadline=None)
def test_rows_in_another_order_have_another_digest_unless_they_are_the_same(
    table: pa.Table, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(table.num_rows)))
    other = table.take(pa.array(order, pa.int64()))
    assert (logical_digest(other) == logical_digest(table)) == (Reference().digest(other) == Reference().digest(table))


def sample() -> pa.Table:
    rows = range(1000)
    return pa.table(
        {
            "key": pa.array(rows, pa.int64()),
            "modality": pa.array([(None, "CT", "MR")[i % 3] for i in rows], pa.string()),
            "size_mb": pa.array([None if i % 7 == 0 else i / 8 for i in rows], pa.float64()),
            "price": pa.array([Decimal(i).scaleb(-2) for i in rows], pa.decimal128(12, 2)),
            "study_date": pa.array([date(2020, 1, 1 + i % 28) for i in rows], pa.date32()),
            "is_open": pa.array([i % 2 == 0 for i in rows], pa.bool_()),
            "regions": pa.array([["LUNG"] * (i % 3) if i % 5 else None for i in rows], pa.list_(pa.string())),
        }
    )


def files(folder: Path) -> Iterator[Path]:
    """The same rows as files that have little in common."""
    table = sample()
    forms: list[dict[str, Any]] = [
        {"compression": "zstd", "row_group_size": 1000},
        {"compression": "none", "row_group_size": 37, "use_dictionary": False},
        {"compression": "snappy", "row_group_size": 128, "data_page_version": "2.0", "version": "2.4"},
        {"compression": "gzip", "store_decimal_as_integer": True, "write_page_checksum": True},
        {"use_dictionary": False, "column_encoding": {"key": "DELTA_BINARY_PACKED", "modality": "DELTA_BYTE_ARRAY"}},
    ]
    for place, form in enumerate(forms):
        path = folder / f"{place}.parquet"
        pq.write_table(table, path, **form)
        yield path
    with duckdb.connect() as connection:
        connection.register("sample", table)
        for place, form in enumerate(("compression zstd, row_group_size 2048", "compression uncompressed")):
            path = folder / f"duckdb-{place}.parquet"
            connection.execute(f"copy (from sample order by key) to '{path}' (format parquet, {form})")
            yield path


def test_neither_compression_nor_row_groups_nor_encodings_count(tmp_path: Path) -> None:
    made = list(files(tmp_path))
    assert len({path.read_bytes() for path in made}) == len(made)
    assert {logical_digest_of_parquet(path) for path in made} == {logical_digest(sample())}


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.slice(1),
        lambda table: table.take(pa.array([1, 0, *range(2, 1000)])),
        lambda table: table.rename_columns(["key_", *table.column_names[1:]]),
        lambda table: table.select([1, 0, *range(2, 7)]),
        lambda table: table.set_column(0, "key", pc.cast(table["key"], pa.int32())),
        lambda table: table.set_column(3, "price", pc.cast(table["price"], pa.decimal128(13, 2))),
        lambda table: table.set_column(1, "modality", pc.fill_null(table["modality"], "")),
        lambda table: table.set_column(2, "size_mb", pc.fill_null(table["size_mb"], 0.0)),
        lambda table: table.set_column(5, "is_open", pc.call_function("invert", [table["is_open"]])),
        lambda table: table.set_column(6, "regions", pa.array([["LUNG"], *table["regions"].to_pylist()[1:]])),
    ],
    ids=["row", "order", "name", "columns", "type", "width", "null text", "null number", "truth", "list"],
)
def test_one_change_is_another_digest(change: Any) -> None:
    assert logical_digest(change(sample())) != logical_digest(sample())


def test_every_single_value_counts() -> None:
    table = sample().slice(0, 40)
    digests = {logical_digest(table)}
    for place, name in enumerate(table.column_names):
        for row in range(table.num_rows):
            values = table[name].to_pylist()
            values[row] = None if values[row] is not None else next(value for value in values if value is not None)
            digests.add(logical_digest(table.set_column(place, name, pa.array(values, table.schema.types[place]))))
    assert len(digests) == 1 + table.num_rows * table.num_columns


def test_texts_that_join_to_the_same_bytes_differ() -> None:
    assert logical_digest(pa.table({"t": ["ab", "c"]})) != logical_digest(pa.table({"t": ["a", "bc"]}))
    assert logical_digest(pa.table({"t": [["a"], ["b", "c"]]})) != logical_digest(pa.table({"t": [["a", "b"], ["c"]]}))


def garbled(kind: pa.DataType, *buffers: bytes | None, of: int = 3) -> pa.Array:
    """An array whose second value is null, with whatever lies in its slot."""
    return pa.Array.from_buffers(
        kind, of, [pa.py_buffer(b"\x05"), *(pa.py_buffer(b) for b in buffers if b is not None)]
    )


def test_what_lies_in_the_slot_of_a_null_does_not_count() -> None:
    number = garbled(pa.int32(), struct.pack("<3i", 1, 99, 3))
    assert logical_digest(pa.table({"c": number})) == logical_digest(
        pa.table({"c": pa.array([1, None, 3], pa.int32())})
    )
    text = garbled(pa.string(), struct.pack("<4i", 0, 1, 6, 7), b"aXXXXXb")
    assert logical_digest(pa.table({"c": text})) == logical_digest(pa.table({"c": ["a", None, "b"]}))
    elements = pa.array([1, 7, 7, 3], pa.int64())
    lists = pa.Array.from_buffers(
        pa.list_(pa.int64()), 3, [pa.py_buffer(b"\x05"), pa.py_buffer(struct.pack("<4i", 0, 1, 3, 4))],
        children=[elements],
    )  # fmt: skip
    assert logical_digest(pa.table({"c": lists})) == logical_digest(pa.table({"c": [[1], None, [3]]}))
    structs = pa.StructArray.from_arrays([pa.array([1, 99, 3])], names=["a"], mask=pa.array([False, True, False]))
    expected = pa.array([{"a": 1}, None, {"a": 3}])
    assert logical_digest(pa.table({"c": structs})) == logical_digest(pa.table({"c": expected}))


def test_equal_floating_point_numbers_have_one_form() -> None:
    quiet, other = struct.unpack("<2d", bytes.fromhex("000000000000f87f010000000000f8ff"))
    one = pa.array(np.array([0.0, quiet, math.inf]))
    same = pa.array(np.array([-0.0, other, math.inf]))
    assert one.buffers()[1] != same.buffers()[1]
    assert logical_digest(pa.table({"c": one})) == logical_digest(pa.table({"c": same}))


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
def test_arrow_may_hold_text_as_it_likes(kind: pa.DataType) -> None:
    values = ["a", None, "a longer text than fits into a view", ""] * 3
    plain = pa.table({"c": pa.array(values)})
    assert logical_digest(pa.table({"c": pa.array(values).cast(kind)})) == logical_digest(plain)
    encoded = pc.call_function("run_end_encode", [pa.array(values)])
    assert logical_digest(pa.table({"c": encoded})) == logical_digest(plain)


def test_types_have_the_names_that_duckdb_gives_them() -> None:
    query = """
        select 1::tinyint, 1::smallint, 1::integer, 1::bigint, 1::utinyint, 1::usmallint, 1::uinteger, 1::ubigint,
            true, 1::float, 1::double, 1::decimal(4, 1), 1::decimal(9, 3), 1::decimal(20, 0), 1::decimal(38, 10), 'x',
            'x'::blob, date '2020-01-01', time '10:00:00', timestamp '2020-01-01', '2020-01-01'::timestamp_s,
            '2020-01-01'::timestamp_ms, '2020-01-01'::timestamp_ns, '2020-01-01'::timestamptz, ['a'], [[1]],
            [1.5, 2.5]::double[2], [['x']]::varchar[1][]
    """
    with duckdb.connect() as connection:
        relation = connection.sql(query)
        names = [str(kind) for kind in relation.types]
        table = relation.to_arrow_table()
    assert [type_name(field.type) for field in table.schema] == names
    assert (
        type_name(pa.struct({'a "b"': pa.int64(), "c": pa.list_(pa.string())}))
        == 'STRUCT("a ""b""" BIGINT, "c" VARCHAR[])'
    )


@pytest.mark.parametrize("sql", ["map {'a': 1}", "interval 1 day", "[map {'a': 1}]", "{'a': interval 1 day}"])
def test_a_type_that_the_form_does_not_know_is_refused(sql: str) -> None:
    with duckdb.connect() as connection:
        table = connection.sql(f"select 1 as key, {sql} as odd").to_arrow_table()
    with pytest.raises(UsageError, match=r"The column odd has the type .* no place in a logical digest.* Cast it to"):
        logical_digest(table)
