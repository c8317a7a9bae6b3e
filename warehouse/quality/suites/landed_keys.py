"""Suite `landed keys`: the keys of the contract: an error where they were measured on real files, else a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.contracts import Column
from warehouse.quality.checks import zero
from warehouse.quality.keys import KeyProfile, key_counts
from warehouse.quality.suite import LandedDataset, LandedSuite
from warehouse.sql_text import quoted, trimmed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from warehouse.reading import FoundColumn

_MEASURED, _DESCRIBED = {"trusted": True}, {"trusted": False}


def measure_key(connection: DuckDBPyConnection, landed: LandedDataset) -> list[KeyProfile]:
    """Count violations of a contract's key in a landed dataset: one row, or none where the dataset has no file.

    Blank text is null, unless the contract calls it a value; so is a missing column.

    Raises:
        duckdb.Error: the file cannot be read as Parquet.
    """
    if landed.expected is None or landed.file is None:
        return []
    columns = {column.name: column for column in landed.expected.columns}
    key = [columns[part] for part in landed.expected.key]
    parts = [_text_of(column, landed.columns.get(column.found_in(landed.columns) or "")) for column in key]
    # A dataset without a key has a single row, which describes a service as a whole.
    counts = key_counts(connection, landed.relation, parts or ["'the only row'"])
    names = ", ".join(landed.expected.key)
    return [KeyProfile(landed.source, landed.name, names, landed.expected.measured, True, *counts)]


def _text_of(column: Column, found: FoundColumn | None) -> str:
    if found is None:
        return "null"
    text = f"cast({quoted(found.sql_name)} as varchar)"
    return text if column.blank_is_value else f"nullif({trimmed(text)}, '')"


SUITE = LandedSuite(
    name="landed keys",
    order=20,
    row=KeyProfile,
    checks=(
        zero("null_keys", "No row lacks a part of a measured key", "error", _MEASURED),
        zero("duplicate_keys", "No measured key occurs twice", "error", _MEASURED),
        zero("null_keys", "No row lacks a part of a described key", "warning", _DESCRIBED),
        zero("duplicate_keys", "No described key occurs twice", "warning", _DESCRIBED),
    ),
    measure=measure_key,
)
