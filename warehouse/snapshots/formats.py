"""Write a stream of Arrow record batches as CSV, TSV, JSON or Parquet, a few batches in memory at a time."""

from __future__ import annotations

import errno
import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from warehouse.errors import OutputError, StorageError, UsageError

Format = Literal["csv", "tsv", "json", "ndjson", "parquet"]

FORMATS: tuple[Format, ...] = ("csv", "tsv", "json", "ndjson", "parquet")
"""What an answer can be written as."""

ENDINGS: Mapping[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
}
"""In which format a file is, by how its name ends."""

_ROW_GROUP_ROWS = 122_880

# Errors of the system that a disk makes; all others speak of the path.
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def write(reader: pa.RecordBatchReader, form: Format, target: Path | BinaryIO, *, header: bool = True) -> int:
    """Write what the reader yields to a path or an open binary file; returns the number of rows.

    For csv and tsv the columns are cells: numbers, booleans, dates and texts; for json and ndjson there is one column,
    the text of each row's object (`plain_values` makes both). CSV quotes text as in RFC 4180, and a null is empty
    without quotes; TSV quotes only what a tab, a quote or the end of a line stands in, and the empty text. JSON is an
    array, NDJSON an object a line. Parquet keeps the types. At a path, the file appears when it is whole. Without
    `header`, csv and tsv have no line of names.

    Raises:
        UsageError: the format is unknown, has no header to leave out, or cannot hold one of the types.
        OutputError: the path cannot be written to.
        StorageError: there is no room for the file.
        BrokenPipeError: whoever read the other end has left.
    """
    if form not in _WRITERS:
        raise UsageError(f"Results are written as {', '.join(_WRITERS)}, not as {form!r}.")
    if not header and form not in _WITHOUT_HEADER:
        raise UsageError(
            f"{form} has no line of names to leave out: only csv, tsv and the table of the screen have one."
        )
    writer = _WITHOUT_HEADER[form] if not header else _WRITERS[form]
    try:
        if isinstance(target, Path):
            return _write_at(target, lambda file: writer(reader, file))
        rows = writer(reader, target)
        # What the file still holds back is refused here, if at all, and not when the process ends.
        target.flush()
        return rows
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise UsageError(
            f"The result cannot be written as {form}: {str(error).splitlines()[0]}. Cast that column to VARCHAR."
        ) from None
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        place = f" to {target}" if isinstance(target, Path) else ""
        what = f"The result cannot be written{place}: {error.strerror or error}."
        if isinstance(target, Path) and error.errno not in _OF_THE_DISK:
            raise OutputError(f"{what} Name a file in a folder that exists and that you may write to.") from error
        raise StorageError(f"{what} Choose another place, or free some space.") from error


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


def _write_csv(reader: pa.RecordBatchReader, file: BinaryIO, *, header: bool = True) -> int:
    rows = 0
    options = pyarrow.csv.WriteOptions(include_header=header)
    with pyarrow.csv.CSVWriter(file, reader.schema, write_options=options) as writer:
        for batch in reader:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _write_tsv(reader: pa.RecordBatchReader, file: BinaryIO, *, header: bool = True) -> int:
    rows = 0
    if header:
        names = _tsv_cells(pa.array(reader.schema.names, pa.string()))
        file.write("\t".join(names.to_pylist()).encode() + b"\n")
    for batch in reader:
        columns = [_tsv_cells(column) for column in batch.columns]
        lines = pc.call_function(
            "binary_join_element_wise", [*columns, "\t"], pc.JoinOptions(null_handling="replace", null_replacement="")
        )
        file.write(_lines(lines, b"\n"))
        file.write(b"\n" if batch.num_rows else b"")
        rows += batch.num_rows
    return rows


def _tsv_cells(column: pa.Array) -> pa.Array:
    """Return each value as its text, in quotes where it would not be one cell or would look like a null."""
    if not pa.types.is_string(column.type):
        return column.cast(pa.string())
    quoted = pc.call_function("match_substring_regex", [column], pc.MatchSubstringOptions('^$|[\t"\r\n]'))
    if not pc.call_function("any", [quoted]).as_py():
        return column
    doubled = pc.call_function("replace_substring", [column], pc.ReplaceSubstringOptions('"', '""'))
    in_quotes = pc.call_function("binary_join_element_wise", ['"', doubled, '"', ""])
    return pc.call_function("if_else", [quoted, in_quotes, column])


def _write_json(reader: pa.RecordBatchReader, file: BinaryIO) -> int:
    rows = 0
    file.write(b"[")
    for batch in reader:
        if batch.num_rows:
            file.write(b",\n" if rows else b"\n")
            file.write(_lines(batch.column(0), b",\n"))
        rows += batch.num_rows
    file.write(b"\n]\n")
    return rows


def _write_ndjson(reader: pa.RecordBatchReader, file: BinaryIO) -> int:
    rows = 0
    for batch in reader:
        if batch.num_rows:
            file.write(_lines(batch.column(0), b"\n"))
            file.write(b"\n")
        rows += batch.num_rows
    return rows


def _lines(texts: pa.Array, between: bytes) -> bytes:
    """Return the texts as UTF-8, one after the other."""
    return between.join(texts.cast(pa.binary()).to_pylist())


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
    "tsv": _write_tsv,
    "json": _write_json,
    "ndjson": _write_ndjson,
    "parquet": _write_parquet,
}

_WITHOUT_HEADER: Mapping[str, Callable[[pa.RecordBatchReader, BinaryIO], int]] = {
    "csv": functools.partial(_write_csv, header=False),
    "tsv": functools.partial(_write_tsv, header=False),
}
