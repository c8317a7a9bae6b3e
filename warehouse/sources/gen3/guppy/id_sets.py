"""Arithmetic on large sets of ids, kept as Arrow arrays: a set of two million takes 90 MB instead of 400.

`pyarrow.compute` makes its functions at import time, so type checkers cannot see them; they are named here and
nowhere else.
"""

from __future__ import annotations

from typing import Any, cast

import pyarrow as pa
import pyarrow.compute

_compute = cast(Any, pyarrow.compute)

NO_IDS = pa.chunked_array([], pa.large_string())


def sorted_ids(ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return ids in the order in which Elasticsearch sorts text: by their bytes.

    Guppy lists them in that order already (it pages through a composite aggregation); then nothing is copied.
    """
    if _in_order(ids):
        return ids
    order = _compute.sort_indices(ids)
    found = pa.chunked_array([_compute.take(ids.combine_chunks(), order)])
    pa.default_memory_pool().release_unused()
    return found


def without(ids: pa.ChunkedArray, others: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the ids that are not among the others, in their order."""
    if not len(others):
        return ids
    return ids.filter(_compute.invert(_compute.is_in(ids, value_set=others)))


def _in_order(ids: pa.ChunkedArray) -> bool:
    last: str | None = None
    for chunk in ids.chunks:
        if not len(chunk):
            continue
        if not ascending(pa.chunked_array([chunk]), last):
            return False
        last = chunk[-1].as_py()
    return True


def distinct(ids: pa.ChunkedArray) -> int:
    """Return how many different ids there are; missing ones do not count."""
    return _compute.count_distinct(ids, mode="only_valid").as_py()


def ascending(ids: pa.ChunkedArray, above: str | None) -> bool:
    """Return whether each id is greater than the one before it, the first one greater than `above`."""
    if not len(ids):
        return True
    column = ids.chunk(0) if ids.num_chunks == 1 else ids.combine_chunks()
    first = column[0].as_py()
    if column.null_count or (above is not None and not above < first):
        return False
    return _compute.all(_compute.less(column[:-1], column[1:])).as_py() is not False


def records_without(table: pa.Table, id_field: str, vanished: pa.ChunkedArray) -> pa.Table:
    """Return the records whose id is not among the vanished ones."""
    if not len(vanished):
        return table
    ids = table.column(id_field).cast(pa.large_string())
    return table.filter(_compute.invert(_compute.is_in(ids, value_set=vanished)))


def records_below(table: pa.Table, id_field: str, bound: str) -> tuple[pa.Table, pa.Table]:
    """Split records into those whose id is below the bound and the others."""
    below = _compute.less(table.column(id_field), pa.scalar(bound))
    return table.filter(below), table.filter(_compute.invert(below))
