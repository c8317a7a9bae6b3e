"""The digest of an answer: one for its rows in canonical order, and one for each thousand of them.

Canonical order is by all columns from the left, least first, nulls last, text by its UTF-8 bytes. Equal rows all count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_ROWS = 1_000
"""So many rows have a digest of their own, so that a difference can be placed."""

METHOD = "columns-le-1"
"""How `digest_of_answer` writes rows as bytes; another way has another name."""


@dataclass(frozen=True)
class RowDigests:
    """The digests of an answer: SHA-256 (hex) of all rows, and of each `BLOCK_ROWS` of them."""

    rows: int
    sha256: str
    block_sha256: tuple[str, ...]


def digests_of(reader: pa.RecordBatchReader) -> RowDigests:
    """Return the digests of rows that come in canonical order, holding a block of them in memory at a time."""
    import pyarrow as pa

    blocks: list[str] = []
    rows = 0

    def seen() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        for table in _blocks(reader):
            blocks.append(digest_of_answer(table.to_reader()))
            rows += table.num_rows
            yield from table.to_batches()

    whole = digest_of_answer(pa.RecordBatchReader.from_batches(reader.schema, seen()))
    return RowDigests(rows=rows, sha256=whole, block_sha256=tuple(blocks))


def digest_of_answer(reader: pa.RecordBatchReader) -> str:
    """Return the SHA-256 (hex) of rows: names, types, and each column's values as little-endian bytes.

    How the rows are cut into batches does not matter. Negative zero counts as zero, and every NaN is one.
    """
    columns = [_Column(field.type) for field in reader.schema]
    rows = 0
    for batch in reader:
        rows += batch.num_rows
        for column, values in zip(columns, batch.columns, strict=True):
            column.add(values)
    head = [[field.name, str(field.type)] for field in reader.schema]
    total = hashlib.sha256(json.dumps([METHOD, rows, head]).encode())
    for column in columns:
        total.update(column.digest())
    return total.hexdigest()


class _Column:
    """The bytes of one column so far: which values are there, how long each is, and what they are."""

    def __init__(self, data_type: pa.DataType) -> None:
        import pyarrow as pa

        self._type = data_type
        self._present, self._lengths, self._values = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()
        self._inside: list[_Column] = []
        if pa.types.is_struct(data_type):
            self._inside = [_Column(field.type) for field in data_type.fields]
        elif pa.types.is_map(data_type):
            self._inside = [_Column(data_type.key_type), _Column(data_type.item_type)]
        elif pa.types.is_list(data_type) or pa.types.is_fixed_size_list(data_type) or pa.types.is_dictionary(data_type):
            self._inside = [_Column(data_type.value_type)]

    def add(self, array: pa.Array) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        if pa.types.is_dictionary(array.type):
            self._inside[0].add(array.dictionary_decode())
            return
        self._present.update(_bytes(array.is_valid().cast(pa.uint8())))
        there = array.drop_null()
        if pa.types.is_struct(array.type):
            for inside, values in zip(self._inside, there.flatten(), strict=True):
                inside.add(values)
        elif pa.types.is_map(array.type):
            self._lengths.update(_bytes(pc.call_function("list_value_length", [_as_list(there)]).cast(pa.int64())))
            entries = _as_list(there).flatten()
            for inside, values in zip(self._inside, entries.flatten(), strict=True):
                inside.add(values)
        elif self._inside:
            self._lengths.update(_bytes(pc.call_function("list_value_length", [there]).cast(pa.int64())))
            self._inside[0].add(there.flatten())
        elif pa.types.is_string(array.type) or pa.types.is_binary(array.type):
            self._lengths.update(_bytes(pc.call_function("binary_length", [there]).cast(pa.int64())))
            self._values.update(b"".join(there.cast(pa.binary()).to_pylist()))
        elif not pa.types.is_null(array.type):
            self._values.update(_bytes(_plain_number(there)))

    def digest(self) -> bytes:
        own = self._present.digest() + self._lengths.digest() + self._values.digest()
        return hashlib.sha256(own + b"".join(inside.digest() for inside in self._inside)).digest()


def _as_list(array: Any) -> Any:
    import pyarrow as pa

    entry = pa.struct([("key", array.type.key_type), ("value", array.type.item_type)])
    return array.cast(pa.list_(entry))


def _plain_number(array: Any) -> Any:
    """Return numbers and moments with one form for equal values, and booleans as bytes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_boolean(array.type):
        return array.cast(pa.uint8())
    if pa.types.is_floating(array.type):
        zero, none = pa.scalar(0.0, array.type), pa.scalar(float("nan"), array.type)
        positive = pc.call_function("if_else", [pc.call_function("equal", [array, zero]), zero, array])
        return pc.call_function("if_else", [pc.call_function("is_nan", [positive]), none, positive])
    return array


def _bytes(array: Any) -> bytes:
    """Return the values of an array of fixed width without nulls, as they lie in memory (little-endian)."""
    if not len(array):
        return b""
    width = array.type.bit_width // 8
    return memoryview(array.buffers()[1])[array.offset * width : (array.offset + len(array)) * width].tobytes()


def _blocks(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Yield the rows in tables of `BLOCK_ROWS`, the last of what is left."""
    import pyarrow as pa

    waiting = pa.Table.from_batches([], reader.schema)
    for batch in reader:
        waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch])])
        while waiting.num_rows >= BLOCK_ROWS:
            yield waiting.slice(0, BLOCK_ROWS)
            waiting = waiting.slice(BLOCK_ROWS)
    if waiting.num_rows:
        yield waiting
