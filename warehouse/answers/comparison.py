"""Where do two copies of an answer first differ? Row by row in canonical order, whatever order they were written in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from warehouse.errors import UsageError
from warehouse.snapshots.query import Result, write_result
from warehouse.sql_text import file_literal, literal, quoted

if TYPE_CHECKING:
    import pyarrow as pa

    from warehouse.snapshots.formats import Format as Form

_LONGEST = 120


@dataclass(frozen=True)
class Difference:
    """The first difference: the row (from 1, in canonical order) and column where it can be told, and what it is."""

    row: int | None
    column: str | None
    what: str


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a folder for copies of an answer; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="icw-cite-") as folder:
        yield Path(folder)


def write_rows(reader: pa.RecordBatchReader, path: Path) -> None:
    """Write rows to a Parquet file.

    Raises:
        StorageError: there is no room for them.
    """
    from warehouse.snapshots import formats

    formats.write(reader, "parquet", path)


def parquet_files(cited: Path, other: Path) -> list[Difference]:
    """Return the first difference of two Parquet files with rows in canonical order; none where they are equal."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(cited) as one, pq.ParquetFile(other) as two:
        names, others = one.schema_arrow.names, two.schema_arrow.names
        if names != others:
            return [_columns_differ(names, others)]
        rows = zip_longest(_rows(one), _rows(two))
        for place, (expected, found) in enumerate(rows, start=1):
            if difference := _row(place, names, expected, found):
                return [difference]
    return []


def result_file(cited: Path, result: Path) -> list[Difference]:
    """Return where a file of a result first differs from the cited rows; none where it has the same rows.

    Args:
        cited: a Parquet file of the cited rows.
        result: a file as `icw sql --output` writes it; its ending says in which format.

    Raises:
        UsageError: the ending is none of those.
    """
    from warehouse.snapshots.formats import ENDINGS

    form = ENDINGS.get(result.suffix.lower())
    if form is None:
        raise UsageError(
            f"The format of {result} is not clear from its name: it can be compared if it ends with "
            f"{', '.join(ENDINGS)}."
        )
    with scratch_folder() as folder:
        has_names = _has_names(cited, result, form)
        copies = cited, result
        if form != "parquet":
            copies = folder / f"cited{result.suffix.lower()}", result
            _write_as(cited, form, copies[0], has_names=has_names)
        sorted_copies = folder / "cited.parquet", folder / "other.parquet"
        try:
            columns = _columns(cited)
            if form in ("json", "ndjson"):
                keys = _keys(result, form)
                if keys and keys != set(columns):
                    return [_columns_differ(list(columns), sorted(keys))]
            for source, target in zip(copies, sorted_copies, strict=True):
                _sort(_reading(source, form, list(columns), has_names=has_names), form, columns, target)
        except duckdb.Error as error:
            return [
                Difference(None, None, f"It cannot be read as the result was written: {str(error).splitlines()[0]}")
            ]
        return parquet_files(*sorted_copies)


def _columns_differ(cited: Sequence[str], found: Sequence[str]) -> Difference:
    return Difference(None, None, f"It has the columns {', '.join(found)}, and {', '.join(cited)} were cited.")


def _keys(path: Path, form: Form) -> set[str]:
    """Return the keys of the objects of a JSON file."""
    kind = "array" if form == "json" else "newline_delimited"
    query = f"select distinct unnest(json_keys(json)) from read_json_objects({file_literal(path)}, format = '{kind}')"
    with duckdb.connect() as connection:
        return {key for (key,) in connection.execute(query).fetchall()}


def _columns(cited: Path) -> dict[str, str]:
    """Return the names and types of the cited columns."""
    with duckdb.connect() as connection:
        found = connection.sql(f"from read_parquet({file_literal(cited)})")
        return dict(zip(found.columns, map(str, found.types), strict=True))


def _has_names(cited: Path, result: Path, form: Form) -> bool:
    """Whether the first line of a CSV or TSV file may be its names: it has one more line than the answer has rows."""
    if form not in ("csv", "tsv"):
        return True
    with scratch_folder() as folder:
        _write_as(cited, form, folder / "names", has_names=True)
        with (folder / "names").open("rb") as one, result.open("rb") as two:
            return one.readline() == two.readline()


def _write_as(cited: Path, form: Form, target: Path, *, has_names: bool) -> None:
    connection = duckdb.connect()
    with Result(connection, connection.sql(f"from read_parquet({file_literal(cited)})")) as found:
        write_result(found, form, target, header=has_names)


def _reading(path: Path, form: Form, names: Sequence[str], *, has_names: bool) -> str:
    """Return the SQL that reads a file; text formats as text, since they have no types."""
    file = file_literal(path)
    if form == "parquet":
        return f"read_parquet({file})"
    columns = ", ".join(
        f"{literal(name)}: {literal('VARCHAR' if form in ('csv', 'tsv') else 'JSON')}" for name in names
    )
    if form in ("json", "ndjson"):
        kind = "array" if form == "json" else "newline_delimited"
        return f"read_json({file}, columns = {{{columns}}}, format = '{kind}')"
    delimiter = "','" if form == "csv" else "e'\\t'"
    return (
        f"read_csv({file}, auto_detect = false, columns = {{{columns}}}, header = {has_names}, delim = {delimiter}, "
        "quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false)"
    )


def _sort(source: str, form: Form, columns: dict[str, str], target: Path) -> None:
    """Write the rows of a file in canonical order: texts of numbers and dates by the values that they stand for."""
    order = "all"
    if form != "parquet":
        texts = {name: quoted(name) if form in ("csv", "tsv") else f"{quoted(name)} ->> '$'" for name in columns}
        values = [f"try_cast({text} as {columns[name]}) nulls last" for name, text in texts.items()]
        order = ", ".join([*values, *(f"{text} nulls last" for text in texts.values())])
    with duckdb.connect() as connection:
        reader = connection.sql(f"select * from {source} order by {order}").to_arrow_reader(20_000)
        write_rows(reader, target)


def _rows(file: Any) -> Iterator[tuple[Any, ...]]:
    for batch in file.iter_batches(batch_size=1_000):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _row(place: int, names: Sequence[str], expected: Any, found: Any) -> Difference | None:
    if expected is None or found is None:
        there, what = (expected, "is missing") if found is None else (found, "is one too many")
        return Difference(place, None, f"the row {_shown(there)} {what}.")
    for name, one, other in zip(names, expected, found, strict=True):
        # NaN is not itself; its text is.
        if one != other and repr(one) != repr(other):
            return Difference(
                place,
                name,
                f"{_shown(other)} instead of {_shown(one)}. The row is {_shown(found)}, cited {_shown(expected)}.",
            )
    return None


def _shown(value: object) -> str:
    text = ", ".join(map(repr, value)) if isinstance(value, tuple) else repr(value)
    text = f"({text})" if isinstance(value, tuple) else text
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " ..."
