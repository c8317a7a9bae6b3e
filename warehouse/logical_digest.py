"""The logical digest of a table: a SHA-256 over what its rows say, and over nothing that an engine decides.

A Parquet file has a digest of its own, and another version of its writer changes that. This one stays the same for
whatever wrote the rows, however they are compressed, encoded or cut into row groups and batches. It says whether a
table that was built again years later is the table that was cited.

The form, in full, so that it can be written again in another language. A table is an ordered list of columns, each
with a name and a type, and of rows in their total order: another order of the rows or columns is another digest. For
each column some SHA-256 are taken, each over the bytes of all rows, one after the other and with nothing in between:

    validity   one byte a row: 1 where there is a value, 0 where there is none (null)
    values     the values in a fixed width, little-endian; a null is all zeros
    lengths    one unsigned integer of 64 bits a row, little-endian; a null is 0
    bytes      the bytes of the values; a null has none

    type                                         digests, in this order
    TINYINT, SMALLINT, INTEGER, BIGINT           validity, values (1, 2, 4, 8 bytes, two's complement)
    UTINYINT, USMALLINT, UINTEGER, UBIGINT       validity, values (1, 2, 4, 8 bytes)
    BOOLEAN                                      validity, values (1 byte: 1 true, 0 false)
    DECIMAL(width,scale)                         validity, values (16 bytes, two's complement: value * 10^scale)
    FLOAT, DOUBLE                                validity, values (IEEE 754, 4 and 8 bytes; minus zero is written as
                                                 zero, and every NaN as the quiet one: 0x7fc00000, 0x7ff8000000000000)
    DATE                                         validity, values (4 bytes: days since 1970-01-01)
    TIMESTAMP, TIMESTAMP WITH TIME ZONE          validity, values (8 bytes: microseconds since 1970-01-01T00:00:00,
                                                 with a time zone those of UTC)
    TIMESTAMP_S, TIMESTAMP_MS, TIMESTAMP_NS      validity, values (8 bytes: seconds, milliseconds, nanoseconds)
    TIME                                         validity, values (8 bytes: microseconds since midnight)
    VARCHAR, BLOB                                validity, lengths (in bytes), bytes (of text: UTF-8)
    T[], T[n]                                    validity, lengths (in elements), [the digests of the elements]
    STRUCT("a" T, ...)                           validity, [the digests of the first field], [of the second], ...
    NULL                                         validity

The elements of a list are a column of their own: those of all lists, one list after the other, without any for a list
that is null. The fields of a struct are columns of their own, of as many rows; where the struct is null, so are they.

The digest of the table is the SHA-256 of this JSON in UTF-8, without white space (RFC 8785), with digests in lower-case
hexadecimal and the names as they are:

    ["logical digest 1",<rows>,[["<name>","<type>",["<digest>","<digest>",...]],...]]

Types have DuckDB's names, as DuckDB hands them over in Arrow: it gives HUGEINT as DECIMAL(38,0), and UUID, JSON and
ENUM as VARCHAR. The first element names the form; a change of anything here is a new form with another number.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse.errors import UsageError

FORM = "logical digest 1"
"""The form of the digests that this module makes: the first element of what is hashed at last."""

# A batch of the series of IDC takes some 60 MB; more at once are not read sooner.
_BATCH_ROWS = 65_536

# What is hashed of a column: digests (hex), and lists of such for what is inside of it.
_Digests = list[Any]

# A numpy array; its stubs do not say for Python 3.11 that it is a buffer.
_Array = Any


def logical_digest(rows: pa.RecordBatchReader | pa.Table) -> str:
    """Return the logical digest (SHA-256, hex) of rows that are in their total order.

    Holds a batch of the reader at a time. Most of the work is done without Python's global lock, so that threads can
    take the digests of several tables at once.

    Args:
        rows: the rows, as many as there are; a reader is read to its end.

    Raises:
        UsageError: a column has a type that the form does not know; the message names it.
    """
    columns = [_column_of(field.type, field.name) for field in rows.schema]
    count = 0
    for batch in rows.to_batches() if isinstance(rows, pa.Table) else rows:
        count += batch.num_rows
        for column, array in zip(columns, batch.columns, strict=True):
            column.add(array)
    described = [
        [field.name, type_name(field.type, field.name), column.digests()]
        for field, column in zip(rows.schema, columns, strict=True)
    ]
    text = json.dumps([FORM, count, described], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def logical_digest_of_parquet(*paths: Path) -> str:
    """Return the logical digest (SHA-256, hex) of the rows of Parquet files, read in this order as one table.

    How rows are divided among files does not count, as long as they are in the same order.

    Raises:
        UsageError: a column has a type that the form does not know; the message names it.
        OSError: a file cannot be read. pyarrow.ArrowException: it is no Parquet file, is damaged, or has other columns
            than the first.
    """
    with ExitStack() as opened:
        files = [opened.enter_context(pq.ParquetFile(path, pre_buffer=False)) for path in paths]
        schema = files[0].schema_arrow
        for path, file in zip(paths, files, strict=True):
            if not file.schema_arrow.equals(schema):
                raise pa.ArrowInvalid(f"{path} has other columns than {paths[0]}")
        return logical_digest(pa.RecordBatchReader.from_batches(schema, _batches_of(files)))


def _batches_of(files: Sequence[pq.ParquetFile]) -> Iterator[pa.RecordBatch]:
    for file in files:
        yield from file.iter_batches(batch_size=_BATCH_ROWS, use_threads=False)


def type_name(data_type: pa.DataType, column: str = "") -> str:
    """Return DuckDB's name of an Arrow type, as it counts in the digest. `column` is whose type it is, for the message.

    Raises:
        UsageError: the form does not know the type.
    """
    return _column_of(data_type, column).type_name


class _Column(ABC):
    """What is hashed of one column, fed with its arrays in their order."""

    def __init__(self, name: str) -> None:
        self.type_name = name
        self._validity = hashlib.sha256()

    def add(self, array: pa.Array) -> None:
        """Take the next values."""
        if len(array):
            array = _plain(array)
            self._validity.update(_valid(array))
            self._add_values(array)

    def digests(self) -> _Digests:
        """Return the digests of all that was added, in the order of the form."""
        return [self._validity.hexdigest(), *self._further_digests()]

    @abstractmethod
    def _add_values(self, array: pa.Array) -> None: ...

    @abstractmethod
    def _further_digests(self) -> _Digests: ...


class _Nulls(_Column):
    """Values that are null by their type."""

    def _add_values(self, array: pa.Array) -> None:
        pass

    def _further_digests(self) -> _Digests:
        return []


class _FixedWidth(_Column):
    """Values of `width` bytes that count as they are."""

    def __init__(self, name: str, width: int) -> None:
        super().__init__(name)
        self._width = width
        self._values = hashlib.sha256()

    def _add_values(self, array: pa.Array) -> None:
        self._values.update(self._canonical(array).reshape(-1))

    def _canonical(self, array: pa.Array) -> _Array:
        """Return the values, a row of whole words each; zeros in the place of nulls."""
        word = min(self._width, 8)
        words = self._width // word
        values = np.frombuffer(
            array.buffers()[1], dtype=f"<u{word}", count=len(array) * words, offset=array.offset * self._width
        ).reshape(len(array), words)
        if array.null_count:
            values = values.copy()
            values[_valid(array) == 0] = 0
        return values

    def _further_digests(self) -> _Digests:
        return [self._values.hexdigest()]


class _Boolean(_FixedWidth):
    """Truth values, which Arrow packs into bits."""

    def _canonical(self, array: pa.Array) -> _Array:
        return super()._canonical(pc.cast(array, pa.uint8()))


class _Decimal(_FixedWidth):
    """Decimal numbers, which Arrow has in several widths."""

    def _canonical(self, array: pa.Array) -> _Array:
        wide = pa.decimal128(array.type.precision, array.type.scale)
        return super()._canonical(array if array.type == wide else pc.cast(array, wide))


class _Floating(_FixedWidth):
    """Floating point numbers, of which equal ones can have different bits."""

    def _canonical(self, array: pa.Array) -> _Array:
        # Adding zero turns minus zero into zero and leaves all else.
        values = super()._canonical(array).view(f"<f{self._width}") + 0.0
        values[np.isnan(values)] = np.nan
        return values


class _Bytes(_Column):
    """Texts and byte strings."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._lengths = hashlib.sha256()
        self._bytes = hashlib.sha256()

    def _add_values(self, array: pa.Array) -> None:
        if pa.types.is_string_view(array.type) or pa.types.is_binary_view(array.type):
            array = pc.cast(array, pa.large_string() if pa.types.is_string_view(array.type) else pa.large_binary())
        self._lengths.update(_lengths(pc.call_function("binary_length", [array])))
        # What lies in the slot of a null does not count; without nulls this copies nothing.
        held = array.drop_null() if array.null_count else array
        _, offsets, values = held.buffers()
        if len(held) and values is not None:
            width = 8 if held.type in _LARGE else 4
            places = np.frombuffer(offsets, dtype=f"<i{width}", count=len(held) + 1, offset=held.offset * width)
            self._bytes.update(memoryview(values)[int(places[0]) : int(places[-1])])

    def _further_digests(self) -> _Digests:
        return [self._lengths.hexdigest(), self._bytes.hexdigest()]


class _List(_Column):
    """Lists, with their elements as a column of its own."""

    def __init__(self, name: str, elements: _Column) -> None:
        super().__init__(name)
        self._lengths = hashlib.sha256()
        self._elements = elements

    def _add_values(self, array: pa.Array) -> None:
        self._lengths.update(_lengths(pc.call_function("list_value_length", [array])))
        # It leaves out what lies in the slots of nulls.
        self._elements.add(array.flatten())

    def _further_digests(self) -> _Digests:
        return [self._lengths.hexdigest(), self._elements.digests()]


class _Struct(_Column):
    """Structs, with each field as a column of its own."""

    def __init__(self, name: str, fields: Sequence[_Column]) -> None:
        super().__init__(name)
        self._fields = fields

    def _add_values(self, array: pa.Array) -> None:
        # Flattened, a field is null where its struct is.
        for field, values in zip(self._fields, array.flatten(), strict=True):
            field.add(values)

    def _further_digests(self) -> _Digests:
        return [field.digests() for field in self._fields]


_FIXED_WIDTH = {
    pa.int8(): ("TINYINT", 1),
    pa.int16(): ("SMALLINT", 2),
    pa.int32(): ("INTEGER", 4),
    pa.int64(): ("BIGINT", 8),
    pa.uint8(): ("UTINYINT", 1),
    pa.uint16(): ("USMALLINT", 2),
    pa.uint32(): ("UINTEGER", 4),
    pa.uint64(): ("UBIGINT", 8),
    pa.date32(): ("DATE", 4),
    pa.time64("us"): ("TIME", 8),
    pa.timestamp("s"): ("TIMESTAMP_S", 8),
    pa.timestamp("ms"): ("TIMESTAMP_MS", 8),
    pa.timestamp("us"): ("TIMESTAMP", 8),
    pa.timestamp("ns"): ("TIMESTAMP_NS", 8),
}
_FLOATING = {pa.float32(): ("FLOAT", 4), pa.float64(): ("DOUBLE", 8)}
_TEXT = (pa.string(), pa.large_string(), pa.string_view())
_BINARY = (pa.binary(), pa.large_binary(), pa.binary_view())
_LARGE = (pa.large_string(), pa.large_binary())


def _column_of(data_type: pa.DataType, column: str) -> _Column:
    """Return what hashes a column of this type.

    Raises:
        UsageError: the form does not know the type.
    """
    if pa.types.is_dictionary(data_type) or pa.types.is_run_end_encoded(data_type):
        # How values are encoded does not count.
        return _column_of(data_type.value_type, column)
    if data_type in _FIXED_WIDTH:
        return _FixedWidth(*_FIXED_WIDTH[data_type])
    if data_type in _FLOATING:
        return _Floating(*_FLOATING[data_type])
    if data_type in _TEXT:
        return _Bytes("VARCHAR")
    if data_type in _BINARY:
        return _Bytes("BLOB")
    if pa.types.is_boolean(data_type):
        return _Boolean("BOOLEAN", 1)
    if pa.types.is_null(data_type):
        return _Nulls("NULL")
    if any(is_kind(data_type) for is_kind in (pa.types.is_decimal32, pa.types.is_decimal64, pa.types.is_decimal128)):
        return _Decimal(f"DECIMAL({data_type.precision},{data_type.scale})", 16)
    if pa.types.is_timestamp(data_type) and data_type.tz is not None and data_type.unit == "us":
        return _FixedWidth("TIMESTAMP WITH TIME ZONE", 8)
    if pa.types.is_fixed_size_list(data_type):
        elements = _column_of(data_type.value_type, column)
        return _List(f"{elements.type_name}[{data_type.list_size}]", elements)
    if pa.types.is_list(data_type) or pa.types.is_large_list(data_type):
        elements = _column_of(data_type.value_type, column)
        return _List(f"{elements.type_name}[]", elements)
    if pa.types.is_struct(data_type):
        fields = [_column_of(field.type, column) for field in data_type]
        names = (f'"{field.name.replace(chr(34), chr(34) * 2)}"' for field in data_type)
        inside = ", ".join(f"{name} {field.type_name}" for name, field in zip(names, fields, strict=True))
        return _Struct(f"STRUCT({inside})", fields)
    raise UsageError(
        f"The column {column} has the type {data_type} (as Arrow names it), which has no place in a logical digest: "
        "two engines may write equal values of it differently. Cast it to a number, a date, a timestamp, VARCHAR, or a "
        "list or struct of these."
    )


def _plain(array: pa.Array) -> pa.Array:
    """Return the values one by one, however they were encoded."""
    if isinstance(array, pa.DictionaryArray):
        return array.dictionary_decode()
    if isinstance(array, pa.RunEndEncodedArray):
        return pc.call_function("run_end_decode", [array])
    return array


def _valid(array: pa.Array) -> _Array:
    """Return one byte a value: whether it is there."""
    if array.null_count == 0:
        return np.ones(len(array), dtype=np.uint8)
    return np.asarray(pc.cast(array.is_valid(), pa.uint8()))


def _lengths(lengths: pa.Array) -> _Array:
    return np.asarray(pc.fill_null(lengths, 0)).astype("<u8")
