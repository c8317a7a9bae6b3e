"""Check that a file is the Parquet file that the contract expects, of the requested release, by its footer alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.contracts import ColumnType, Dataset
from warehouse.errors import IntegrityError
from warehouse.sources.idc.releases import described_version

_VERSION_KEY = b"idc_index_data_version"
_SYNTHETIC_KEY = b"synthetic"


@dataclass(frozen=True)
class ParquetFacts:
    """Facts from the footer of a checked file.

    `version_text` is the release as upstream writes it (a git description), None where the footer has none (releases
    before 24.2.1). Column names are the file's for `columns_added`, the contract's otherwise.
    """

    rows: int
    version_text: str | None
    synthetic: bool
    columns_added: tuple[str, ...]
    columns_missing: tuple[str, ...]
    columns_retyped: tuple[str, ...]


def check_parquet(path: Path, name: str, dataset: Dataset, version: str, origin: str) -> ParquetFacts:
    """Check the file at `path`, called `name` upstream and fetched from `origin` (for messages), against its contract.

    Columns that are missing, new or of another type are reported: the build reads what it can (`warehouse.reading`).

    Raises:
        IntegrityError: not a Parquet file, of another release, or without a column of its key.
    """
    try:
        with pq.ParquetFile(path) as file:
            rows, schema, footer = file.metadata.num_rows, file.schema_arrow, file.metadata.metadata or {}
    except (pa.ArrowException, OSError) as error:
        raise IntegrityError(
            f"{name} from {origin} is not a Parquet file that can be read ({_first_line(error)}; "
            f"{path.stat().st_size:,} bytes). Nothing was landed."
        ) from None
    version_text = embedded_release(footer)
    if version_text is not None and described_version(version_text) != version:
        raise IntegrityError(
            f"{name} from {origin} is of another release: expected {version}, found {version_text!r} in its footer. "
            "Nothing was landed."
        )
    missing, retyped, added = _compare(dataset, schema)
    if lacking := [column for column in missing if column in dataset.key]:
        raise IntegrityError(
            f"{name} of IDC {version} from {origin} lacks the column {', '.join(lacking)}, without which its rows "
            f"cannot be told apart: found {', '.join(schema.names)}. Nothing was landed."
        )
    return ParquetFacts(
        rows=rows,
        version_text=version_text,
        synthetic=footer.get(_SYNTHETIC_KEY) == b"true",
        columns_added=tuple(added),
        columns_missing=tuple(missing),
        columns_retyped=tuple(retyped),
    )


def embedded_release(footer: Mapping[bytes, bytes]) -> str | None:
    """Return the release that a Parquet footer names, as upstream writes it, or None."""
    value = footer.get(_VERSION_KEY)
    return None if value is None else value.decode(errors="replace")


def holds(expected: ColumnType, found: pa.DataType) -> bool:
    """Return whether a Parquet column of type `found` can be read as the contract's type without losing anything.

    By SQL type: how wide an integer is and how Arrow lays out a string says nothing about the data. A column that is
    null throughout may be stored without a type and fits everywhere.
    """
    if pa.types.is_dictionary(found):
        found = found.value_type
    if pa.types.is_null(found):
        return True
    number = pa.types.is_floating(found) or pa.types.is_integer(found) or pa.types.is_decimal(found)
    text = pa.types.is_string(found) or pa.types.is_large_string(found) or pa.types.is_string_view(found)
    match expected:
        case "string":
            return text
        case "integer":
            return pa.types.is_integer(found)
        case "float":
            return number
        case "boolean":
            return pa.types.is_boolean(found)
        case "string[]":
            return _is_list(found) and holds("string", found.value_type)
        case "integer[]":
            return _is_list(found) and holds("integer", found.value_type)
        case "float[]":
            return _is_list(found) and holds("float", found.value_type)
        case "record[]":
            return _is_list(found) and pa.types.is_struct(found.value_type)
        case "record":
            return pa.types.is_struct(found) or holds("record[]", found)
    assert_never(expected)


def _is_list(found: pa.DataType) -> bool:
    return pa.types.is_list(found) or pa.types.is_large_list(found) or pa.types.is_fixed_size_list(found)


def _compare(dataset: Dataset, schema: pa.Schema) -> tuple[list[str], dict[str, str], list[str]]:
    """Return the columns that the file lacks, those of another type (with what was found), and its further columns."""
    missing: list[str] = []
    retyped: dict[str, str] = {}
    known: set[str] = set()
    for column in dataset.columns:
        name = column.found_in(schema.names)
        if name is None:
            if not column.retired:
                missing.append(column.name)
            continue
        known.add(name)
        found = schema.field(name).type
        if not holds(column.type, found):
            retyped[column.name] = f"{name}: expected {column.type}, found {found}"
    return missing, retyped, [name for name in schema.names if name not in known]


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
