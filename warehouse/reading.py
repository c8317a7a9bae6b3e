"""How a landed column is read as its contract says, whatever type it arrived in: SQL that loses nothing.

A value is read if it says the same in the type of the contract: a number written as text, a whole number held as a
fraction, one value in the place of a list of one. Any other value becomes null, is counted by the audit, and stays in
the landed file as it came. The build lays views over the landed files with these expressions, and the audit counts with
the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from duckdb.sqltypes import DuckDBPyType

from warehouse.contracts import Column, ColumnType
from warehouse.sql_text import literal, quoted

SQL_TYPES: Mapping[ColumnType, str] = {
    "string": "varchar",
    "integer": "bigint",
    "float": "double",
    "boolean": "boolean",
    "record": "json",
    "string[]": "varchar[]",
    "integer[]": "bigint[]",
    "float[]": "double[]",
    "record[]": "json",
}

_INTEGERS = frozenset({"tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger"})
_SIGNED_INTEGERS = frozenset({"tinyint", "smallint", "integer", "bigint"})
_WIDE_INTEGERS = frozenset({"ubigint", "hugeint", "uhugeint"})
_FRACTIONS = frozenset({"float", "double"})
_TEXTS = frozenset({"varchar", "enum", "uuid"})
_NESTED = frozenset({"struct", "map", "list", "array", "union"})
# Above this a double does not hold every whole number (IEEE 754, 53 bits).
_EXACT = 2**53


@dataclass(frozen=True)
class FoundColumn:
    """A column of a landed file: its name there, the name that DuckDB gives it, and its type.

    DuckDB takes names that differ only by case for one and renames the second.
    """

    name: str
    sql_name: str
    type: DuckDBPyType


@dataclass(frozen=True)
class Reading:
    """SQL for a column as its contract says.

    `value` has the contract's type. `unread` tells whether a row has something there of which a part was not read; it
    is None where the type that arrived is the contract's.
    """

    value: str
    unread: str | None


def found_columns(connection: duckdb.DuckDBPyConnection, path: Path) -> list[FoundColumn]:
    """Return the columns of a Parquet file, in their order.

    Raises:
        duckdb.Error: the file is no Parquet that DuckDB reads.
    """
    relation = connection.sql(f"select * from read_parquet({literal(str(path))})")
    names = pq.read_schema(path).names
    return [FoundColumn(*each) for each in zip(names, relation.columns, relation.types, strict=True)]


def reading_of(column: Column, found: FoundColumn | None) -> Reading:
    """Return how a column of a contract is read from what a file has in its place, or from nothing."""
    if found is None:
        return Reading(f"cast(null as {SQL_TYPES[column.type]})", None)
    return _reading(column, found.type, quoted(found.sql_name))


def is_cast(column: Column, found: FoundColumn | None) -> bool:
    """Return whether a cast, which any engine has, reads all of a column as `reading_of` does, or nothing is there."""
    if found is None:
        return True
    kind = column.type.removesuffix("[]")
    is_list = column.type.endswith("[]")
    if kind == "record" or is_list != (found.type.id == "list"):
        return False
    held = _children(found.type)["child"] if is_list else found.type
    # Whole numbers without a sign are wider in other engines, or none that they have.
    signed = held.id in _SIGNED_INTEGERS
    match kind:
        case "string":
            return held.id == "varchar" and str(held) == "VARCHAR"
        case "integer":
            return signed
        case "float":
            return signed or held.id in _FRACTIONS
        case _:
            return held.id == "boolean"


def raw_name(column: Column) -> str:
    """Return under which name the models find the raw text of a column."""
    return f"{column.name}_raw"


def raw_text_of(found: FoundColumn | None) -> str:
    """Return SQL for the text of a value as it arrived."""
    if found is None:
        return "cast(null as varchar)"
    return (
        _scalar("string", found.type, quoted(found.sql_name)) or f"cast(to_json({quoted(found.sql_name)}) as varchar)"
    )


def _reading(column: Column, found: DuckDBPyType, value: str, depth: int = 0) -> Reading:
    kind = column.type.removesuffix("[]")
    if kind == "record":
        return _record(column, found, value, depth)
    if found.id == "null":
        return Reading(f"cast(null as {SQL_TYPES[column.type]})", None)
    if column.type.endswith("[]"):
        return _list(kind, found, value, depth)
    if found.id in ("list", "array"):
        return _only_one(kind, found, value, depth)
    read = _scalar(kind, found, value)
    if read is None:
        return Reading(f"cast(null as {SQL_TYPES[column.type]})", f"{value} is not null")
    return Reading(read, None if _is_the_same(kind, found) else f"({_is_there(found, value)} and {read} is null)")


def _list(kind: str, found: DuckDBPyType, value: str, depth: int) -> Reading:
    sql_type = SQL_TYPES[f"{kind}[]"]  # type: ignore[index]
    if found.id not in ("list", "array"):
        read = _scalar(kind, found, value)
        if read is None:
            return Reading(f"cast(null as {sql_type})", f"{value} is not null")
        there = _is_there(found, value)
        return Reading(f"case when {read} is not null then [{read}] end", f"({there} and {read} is null)")
    element = _children(found)["child"]
    if _is_the_same(kind, element) or element.id == "null":
        return Reading(f"cast({value} as {sql_type})", None)
    name = f"element_{depth}"
    read = _scalar(kind, element, name)
    if read is None:
        return Reading(f"cast(null as {sql_type})", f"coalesce(len({value}), 0) > 0")
    unread = f"{_is_there(element, name)} and {read} is null"
    return Reading(
        f"list_transform({value}, lambda {name}: {read})",
        f"coalesce(len(list_filter({value}, lambda {name}: {unread})), 0) > 0",
    )


def _only_one(kind: str, found: DuckDBPyType, value: str, depth: int) -> Reading:
    """A list in the place of one value: a list of one is that value."""
    sql_type = SQL_TYPES[kind]  # type: ignore[index]
    element = _children(found)["child"]
    name = f"element_{depth}"
    there = f"list_filter({value}, lambda {name}: {name} is not null)"
    read = _scalar(kind, element, f"{there}[1]") if element.id != "null" else "null"
    if read is None:
        return Reading(f"cast(null as {sql_type})", f"coalesce(len({there}), 0) > 0")
    one = f"case when len({there}) = 1 then {read} end"
    return Reading(f"cast({one} as {sql_type})", f"(coalesce(len({there}), 0) > 0 and ({one}) is null)")


def _record(column: Column, found: DuckDBPyType, value: str, depth: int) -> Reading:
    """Records become JSON, so that models name their fields; a field that arrived in another type is read first."""
    if found.id == "null":
        return Reading("cast(null as json)", None)
    if found.id in ("list", "array"):
        element = _children(found)["child"]
        if element.id == "null":
            return Reading(f"to_json({value})", None)
        name = f"record_{depth}"
        one, unread = _one_record(column, element, name, depth)
        if one is None:
            return Reading("cast(null as json)", f"coalesce(len({value}), 0) > 0")
        if one == name:
            return Reading(f"to_json({value})", None)
        lost = f"coalesce(len(list_filter({value}, lambda {name}: {unread})), 0) > 0" if unread else None
        return Reading(f"to_json(list_transform({value}, lambda {name}: {one}))", lost)
    one, unread = _one_record(column, found, value, depth)
    if one is None:
        return Reading("cast(null as json)", f"{value} is not null")
    if column.type == "record[]":
        return Reading(f"case when {value} is not null then to_json([{one}]) end", unread or "false")
    return Reading(f"to_json({one})", unread)


def _one_record(column: Column, found: DuckDBPyType, value: str, depth: int) -> tuple[str | None, str | None]:
    """Return SQL for one record, and whether a part of it is not read; None where it is no record."""
    if found.id == "map" or str(found) == "JSON":
        return value, None
    if found.id != "struct":
        return None, None
    children = _children(found)
    readings = {
        part.name: _reading(part, children[part.name], f"{value}[{literal(part.name)}]", depth + 1)
        for part in column.fields
        if part.name in children
    }
    unread = [reading.unread for reading in readings.values() if reading.unread]
    if not unread:
        return value, None
    packed = ", ".join(
        f"{quoted(name)} := {readings[name].value if name in readings else f'{value}[{literal(name)}]'}"
        for name in children
    )
    record = f"case when {value} is not null then struct_pack({packed}) end"
    return record, f"coalesce({value} is not null and ({' or '.join(unread)}), false)"


def missing_fields(column: Column, found: DuckDBPyType) -> list[str]:
    """Return the fields of a column of records that the records of a file lack, each by its path below the column.

    What is no record at all, and a list that is empty in every row, has none that could be missing.
    """
    record = _children(found)["child"] if found.id in ("list", "array") else found
    if record.id != "struct":
        return []
    children = _children(record)
    missing: list[str] = []
    for part in column.fields:
        if part.name in children:
            missing += [f"{part.name}.{path}" for path in missing_fields(part, children[part.name])]
        elif not part.retired:
            missing.append(part.name)
    return missing


def _children(found: DuckDBPyType) -> dict[str, DuckDBPyType]:
    """Return the types below a type, by name; a list's is called child."""
    return {name: below for name, below in found.children if isinstance(below, DuckDBPyType)}


def _is_there(found: DuckDBPyType, value: str) -> str:
    """Blank text is no value."""
    return f"coalesce(trim({value}), '') <> ''" if found.id == "varchar" else f"{value} is not null"


def _is_the_same(kind: str, found: DuckDBPyType) -> bool:
    """Whether every value of a type is one of the contract's kind."""
    match kind:
        case "string":
            return found.id in _TEXTS
        case "integer":
            return found.id in _INTEGERS
        case "float":
            return found.id in _FRACTIONS or found.id in _INTEGERS or found.id == "decimal"
        case _:
            return found.id == "boolean"


def _scalar(kind: str, found: DuckDBPyType, value: str) -> str | None:
    """Return SQL for a value of one kind, null where it says something else; None where no value of that type can."""
    if found.id in _NESTED or found.id in ("blob", "bit"):
        return None
    return {"string": _text, "integer": _whole, "float": _number, "boolean": _truth}[kind](found, value)


def _text(found: DuckDBPyType, value: str) -> str | None:
    if found.id in _FRACTIONS:
        # As JSON writes a whole number, however it is stored.
        whole = f"{value} = trunc({value}) and abs({value}) <= {_EXACT}"
        return f"case when {whole} then cast(cast({value} as bigint) as varchar) else cast({value} as varchar) end"
    return f"cast({value} as varchar)"


def _whole(found: DuckDBPyType, value: str) -> str | None:
    if found.id in _INTEGERS:
        return f"cast({value} as bigint)"
    if found.id in _WIDE_INTEGERS:
        return f"try_cast({value} as bigint)"
    if found.id in _FRACTIONS or found.id == "decimal":
        return f"case when {value} = trunc({value}) then try_cast({value} as bigint) end"
    if found.id not in _TEXTS:
        return None
    text = f"trim(cast({value} as varchar))"
    number = f"try_cast({text} as double)"
    return (
        f"case when regexp_full_match({text}, '[+-]?[0-9]+') then try_cast({text} as bigint) "
        f"when {number} = trunc({number}) and abs({number}) <= {_EXACT} then try_cast({number} as bigint) end"
    )


def _number(found: DuckDBPyType, value: str) -> str | None:
    if found.id in _INTEGERS or found.id in _FRACTIONS or found.id == "decimal":
        return f"cast({value} as double)"
    if found.id in _WIDE_INTEGERS:
        return f"case when abs(cast({value} as double)) <= {_EXACT} then cast({value} as double) end"
    if found.id not in _TEXTS:
        return None
    text = f"trim(cast({value} as varchar))"
    number = f"try_cast({text} as double)"
    exact = f"(abs({number}) <= {_EXACT} or not regexp_full_match({text}, '[+-]?[0-9]+'))"
    return f"case when isfinite({number}) and {exact} then {number} end"


def _truth(found: DuckDBPyType, value: str) -> str | None:
    if found.id == "boolean":
        return value
    if found.id not in _INTEGERS | _WIDE_INTEGERS | _FRACTIONS | _TEXTS | {"decimal"}:
        return None
    yes, no = ("'true', '1'", "'false', '0'") if found.id in _TEXTS else ("1", "0")
    given = f"lower(trim(cast({value} as varchar)))" if found.id in _TEXTS else value
    return f"case when {given} in ({yes}) then true when {given} in ({no}) then false end"
