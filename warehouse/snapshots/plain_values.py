"""SQL that makes the values of an answer what text formats can hold: JSON for an object, plain cells for CSV and TSV.

DuckDB computes it while it streams the answer. Dates, times and intervals become text as in ISO 8601 (instants in UTC),
binary hexadecimal; a number that JSON does not have (NaN, infinities) becomes null. Wide integers and decimals keep all
their digits. What has no rule of its own (bits, unions, geometries) becomes DuckDB's text of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from duckdb import sqltypes

from warehouse.sql_text import literal

NO_SUCH_DATE = (
    "it holds a date that is infinite or outside of the years 1 to 9999, which ISO 8601 has no form for. "
    "Cast that column to VARCHAR, or write Parquet, which keeps it"
)
"""What the SQL fails with where ISO 8601 has no form for a date."""

_INTEGERS = {
    *("tinyint", "smallint", "integer", "bigint", "hugeint"),
    *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"),
}
_AS_IT_IS = {*_INTEGERS, "boolean", "decimal", "varchar", "null"}
_NESTED = {"list", "array", "struct", "map"}
_ZONED = "timestamp with time zone"
_MOMENTS = {"timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", _ZONED}
_FIRST_MOMENT, _LAST_MOMENT = "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"


def json_object(names: Sequence[str], types: Sequence[sqltypes.DuckDBPyType]) -> str:
    """Return the expression of a row's JSON text, over a relation of columns of these types; the names are the keys."""
    members = (
        f"{literal(name)}, {_json_value(f'#{place}', data_type, 0)}"
        for place, (name, data_type) in enumerate(zip(names, types, strict=True), start=1)
    )
    return f"cast(json_object({', '.join(members)}) as varchar)"


def cells(types: Sequence[sqltypes.DuckDBPyType]) -> str:
    """Return the expressions of a row's cells: numbers, booleans, dates and texts; a list or record is JSON."""
    return ", ".join(_cell(f"#{place}", data_type) for place, data_type in enumerate(types, start=1))


def _cell(value: str, data_type: sqltypes.DuckDBPyType) -> str:
    kind = _kind(data_type)
    if kind in _AS_IT_IS | {"float", "double"}:
        return value
    if kind == "date":
        return _checked(value, kind, value)
    written = _json_value(value, data_type, 0)
    return f"cast(to_json({written}) as varchar)" if kind in _NESTED else written


def _json_value(value: str, data_type: sqltypes.DuckDBPyType, depth: int) -> str:
    """Return what `json_object` writes as it should stand; `depth` tells the variables of nested lists apart."""
    if _stays(data_type):
        return value
    match _kind(data_type):
        case "float" | "double":
            return f"case when isfinite({value}) then {value} end"
        case "date":
            return _checked(value, "date", f"cast({value} as varchar)")
        case kind if kind in _MOMENTS:
            return _moment(value, kind)
        case "time":
            return _six_digits(f"cast({value} as varchar)", 15)
        case "interval":
            return _duration(value)
        case "blob":
            return f"lower(hex({value}))"
        case "list" | "array":
            entry = f"e{depth}"
            written = _json_value(entry, _children(data_type)[0][1], depth + 1)
            return f"list_transform({value}, lambda {entry}: {written})"
        case "struct":
            members = ", ".join(
                f"{literal(name)}, {_json_value(f'struct_extract({value}, {literal(name)})', of, depth + 1)}"
                for name, of in _children(data_type)
            )
            return f"case when {value} is not null then json_object({members}) end"
        case "map":
            entry = f"e{depth}"
            (_, key), (_, held) = _children(data_type)
            pair = (
                f"struct_pack(k := cast({_json_value(f'{entry}.key', key, depth + 1)} as varchar), "
                f"v := {_json_value(f'{entry}.value', held, depth + 1)})"
            )
            return f"map_from_entries(list_transform(map_entries({value}), lambda {entry}: {pair}))"
        case _:
            return f"cast({value} as varchar)"


def _kind(data_type: sqltypes.DuckDBPyType) -> str:
    # JSON is text with another name, and would be written as what it holds.
    return "json" if str(data_type) == "JSON" else data_type.id.lower().strip('"')


def _stays(data_type: sqltypes.DuckDBPyType) -> bool:
    """Whether DuckDB's own JSON of every value of the type is the wanted one."""
    kind = _kind(data_type)
    if kind in _NESTED:
        return all(_stays(child) for _, child in _children(data_type))
    return kind in _AS_IT_IS


def _children(data_type: sqltypes.DuckDBPyType) -> list[tuple[str, sqltypes.DuckDBPyType]]:
    """Return the names and types inside a type; an array has its length beside them."""
    return [(name, child) for name, child in data_type.children if isinstance(child, sqltypes.DuckDBPyType)]


def _checked(value: str, kind: str, written: str) -> str:
    """Return an expression that fails where the years 1 to 9999 do not hold the moment."""
    first, last = ("0001-01-01", "9999-12-31") if kind == "date" else (_FIRST_MOMENT, _LAST_MOMENT)
    cast = "timestamptz" if kind == _ZONED else "date" if kind == "date" else "timestamp"
    zone = "+00" if kind == _ZONED else ""
    return (
        f"case when {value} is null then null when {value} between {cast} '{first}{zone}' and {cast} '{last}{zone}' "
        f"then {written} else error({literal(NO_SUCH_DATE)}) end"
    )


def _moment(value: str, kind: str) -> str:
    # An instant is shown in UTC: by way of its microseconds, which no time zone of the session moves.
    moment = f"make_timestamp(epoch_us({value}))" if kind == _ZONED else value
    text = _six_digits(f"replace(cast({moment} as varchar), ' ', 'T')", 26)
    return _checked(value, kind, f"{text} || '+00:00'" if kind == _ZONED else text)


def _six_digits(text: str, length: int) -> str:
    """Return the text of a time with no digits of a second's fraction, or with at least six."""
    short = f"contains({text}, '.') and length({text}) < {length}"
    return f"case when {short} then rpad({text}, {length}, '0') else {text} end"


def _duration(value: str) -> str:
    months = f"(12 * date_part('year', {value}) + date_part('month', {value}))"
    minutes = f"(60 * date_part('hour', {value}) + date_part('minute', {value}))"
    micros = f"(60000000 * {minutes} + date_part('microsecond', {value}))"
    seconds = f"cast(cast({micros} as decimal(30, 6)) * cast(0.000001 as decimal(7, 6)) as varchar)"
    return (
        f"'P' || {months} || 'M' || date_part('day', {value}) || 'DT' || "
        f"regexp_replace({seconds}, '\\.?0+$', '') || 'S'"
    )
