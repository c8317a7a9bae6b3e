"""The digests of an answer: one for all of its rows, and one for each thousand of them."""

from __future__ import annotations

import pyarrow as pa

from warehouse.answers.digest import BLOCK_ROWS, digests_of
from warehouse.logical_digest import logical_digest


def test_each_thousand_rows_has_a_digest() -> None:
    numbers = pa.table({"a": pa.array(range(2 * BLOCK_ROWS + 7))})
    found = digests_of(numbers.to_reader(max_chunksize=333))
    assert (found.rows, len(found.block_sha256)) == (2 * BLOCK_ROWS + 7, 3)
    assert found.sha256 == logical_digest(numbers)
    assert found.block_sha256[2] == logical_digest(numbers.slice(2 * BLOCK_ROWS))


def test_no_rows_have_a_digest_of_their_columns() -> None:
    none = pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())})
    found = digests_of(none.to_reader())
    assert (found.rows, found.block_sha256) == (0, ())
    assert found.sha256 != digests_of(none.select(["a"]).to_reader()).sha256
