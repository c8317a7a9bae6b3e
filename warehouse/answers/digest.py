"""The digest of an answer: one for its rows in canonical order, and one for each thousand of them.

Canonical order is by all columns from the left, least first, nulls last, text by its UTF-8 bytes. Equal rows all count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.logical_digest import logical_digest

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_ROWS = 1_000
"""So many rows have a digest of their own, so that a difference can be placed."""


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
            blocks.append(logical_digest(table.to_reader()))
            rows += table.num_rows
            yield from table.to_batches()

    whole = logical_digest(pa.RecordBatchReader.from_batches(reader.schema, seen()))
    return RowDigests(rows=rows, sha256=whole, block_sha256=tuple(blocks))


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
