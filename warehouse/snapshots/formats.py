"""Write a stream of Arrow record batches as CSV, JSON or Parquet, a few batches in memory at a time."""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from warehouse.errors import StorageError, UsageError

Format = Literal["csv", "json", "parquet"]

_ROW_GROUP_ROWS = 122_880

_PLAIN_IN_CSV = (
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_string,
    pa.types.is_date,
    pa.types.is_null,
)


# Days since 1970-01-01 of the first and the last date that Python and ISO 8601 have.
_FIRST_DAY, _LAST_DAY = ((day - date(1970, 1, 1)).days for day in (date.min, date.max))


def write(reader: pa.RecordBatchReader, form: Format, target: Path | BinaryIO) -> int:
    """Write what the reader yields to a path or an open binary file; returns the number of rows.

    CSV has a header; text is quoted as in RFC 4180, a null is empty without quotes, a list or record is JSON. JSON is
    an array of objects; what it has no number for (NaN, infinities) is null. In both, dates, times and intervals are as
    in ISO 8601, and binary is hexadecimal. Parquet keeps the types. At a path, the file appears when it is whole.

    Raises:
        UsageError: the format is unknown, or cannot hold one of the types.
        StorageError: the path or file cannot be written.
        BrokenPipeError: whoever read the other end has left.
    """
    if form not in _WRITERS:
        raise UsageError(f"Results are written as {', '.join(_WRITERS)}, not as {form!r}.")
    try:
        if isinstance(target, Path):
            return _write_at(target, lambda file: _WRITERS[form](reader, file))
        rows = _WRITERS[form](reader, target)
        # What the file still holds back is refused here, if at all, and not when the process ends.
        target.flush()
        return rows
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise UsageError(
            f"The result cannot be written as {form}: {str(error).splitlines()[0]}. Cast that column to VARCHAR."
        ) from None
    except OverflowError:
        raise UsageError(
            f"The result cannot be written as {form}: it holds a date that is infinite or outside of the years 1 to "
            "9999, which ISO 8601 has no form for. Cast that column to VARCHAR, or write Parquet, which keeps it."
        ) from None
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        place = f" to {target}" if isinstance(target, Path) else ""
        raise StorageError(
            f"The result cannot be written{place}: {error.strerror or error}. Choose another place, or free some space."
        ) from error


def _write_at(path: Path, write_to: Callable[[BinaryIO], int]) -> int:
    # A device or a pipe is written directly; only a file can appear whole.
    appears_whole = path.is_file() or not path.exists()
    written = path.with_name(f".{path.name}.{os.getpid()}.tmp") if appears_whole else path
    try:
        with written.open("wb") as file:
            rows = write_to(file)
        if appears_whole:
            os.replace(written, path)
    finally:
        if appears_whole:
            written.unlink(missing_ok=True)
    return rows


def _write_csv(reader: pa.RecordBatchReader, file: BinaryIO) -> int:
    rows = 0
    schema = _flat(pa.RecordBatch.from_pylist([], schema=reader.schema)).schema
    with pyarrow.csv.CSVWriter(file, schema) as writer:
        for batch in reader:
            writer.write_batch(_flat(batch))
            rows += batch.num_rows
    return rows


def _write_json(reader: pa.RecordBatchReader, file: BinaryIO) -> int:
    rows = 0
    names = reader.schema.names
    file.write(b"[")
    for batch in reader:
        columns = [_json_values(column) for column in batch.columns]
        for record in zip(*columns, strict=True):
            text = json.dumps(dict(zip(names, record, strict=True)), ensure_ascii=False, allow_nan=False)
            file.write((",\n" if rows else "\n").encode() + text.encode())
            rows += 1
    file.write(b"\n]\n")
    return rows


def _write_parquet(reader: pa.RecordBatchReader, file: BinaryIO) -> int:
    rows = 0
    with pyarrow.parquet.ParquetWriter(file, reader.schema, compression="zstd", write_page_checksum=True) as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in reader:
            waiting.append(batch)
            rows += batch.num_rows
            if sum(entry.num_rows for entry in waiting) >= _ROW_GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(waiting), row_group_size=_ROW_GROUP_ROWS)
                waiting = []
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting), row_group_size=_ROW_GROUP_ROWS)
    return rows


_WRITERS: Mapping[str, Callable[[pa.RecordBatchReader, BinaryIO], int]] = {
    "csv": _write_csv,
    "json": _write_json,
    "parquet": _write_parquet,
}


def _flat(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch with every column that CSV has no cell for as text."""
    columns = []
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            columns.append(column.dictionary_decode())
        elif any(holds(column.type) for holds in _PLAIN_IN_CSV):
            if pa.types.is_date32(column.type):
                _require_years_of_four_digits(column)
            columns.append(column)
        else:
            columns.append(pa.array([_cell(value) for value in _json_values(column)], pa.string()))
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _require_years_of_four_digits(column: pa.Array) -> None:
    """Arrow writes an infinite date as one in the year 5881580.

    Raises:
        OverflowError: a date is infinite or outside of the years 1 to 9999.
    """
    bounds = pc.call_function("min_max", [column.view(pa.int32())]).as_py()
    if bounds["min"] is not None and not _FIRST_DAY <= bounds["min"] <= bounds["max"] <= _LAST_DAY:
        raise OverflowError


def _cell(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _json_values(column: pa.Array) -> list[Any]:
    values = column.to_pylist(maps_as_pydicts="lossy")
    plain = pa.types.is_string(column.type) or pa.types.is_integer(column.type) or pa.types.is_boolean(column.type)
    return values if plain else [_json_value(value) for value in values]


def _json_value(value: Any) -> Any:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return int(value) if value.as_tuple().exponent == 0 else float(value)
        case datetime() | date() | time():
            return value.isoformat()
        case bytes():
            return value.hex()
        case pa.MonthDayNano():
            return f"P{value.months}M{value.days}DT{Decimal(value.nanoseconds) / 1_000_000_000:f}S"
        case list():
            return [_json_value(entry) for entry in value]
        case dict():
            return {_key(key): _json_value(entry) for key, entry in value.items()}
        case _:
            return value


def _key(key: Any) -> str:
    """Return the key of a map as the name of a JSON member."""
    value = _json_value(key)
    return value if isinstance(value, str) else json.dumps(value)
