"""How the audit measures: a few DuckDB aggregates for each profile, over a connection that the caller opened.

Identifiers come from contracts and from dbt's manifest; they are quoted all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from duckdb import DuckDBPyConnection

from warehouse.contracts import Column, Dataset
from warehouse.dbt_manifest import STAR_SCHEMA, ColumnRule, DeclaredTable, Reference, StarDescription
from warehouse.quality.profiles import (
    ColumnFinding,
    ColumnProfile,
    ColumnRuleProfile,
    ConservationProfile,
    KeyProfile,
    MappingProfile,
    NullRateProfile,
    ReferenceProfile,
    ValueProfile,
)
from warehouse.quality.rules.conservation_rule import ConservationRule
from warehouse.quality.rules.null_limits import NullLimit
from warehouse.quality.rules.value_rule import ValueRule
from warehouse.reading import FoundColumn, found_columns, missing_fields, raw_text_of, reading_of
from warehouse.sql_text import literal, quoted

_VALUES_QUOTED = 5
_EXAMPLE_LENGTH = 60
# Rates of fewer series say little: one new study moves them by points.
_FEWEST_SERIES = 1000
_TOLERATED_POINTS = 5.0
# A vocabulary of which most is unmapped is another one, or its mapping broke; of few records, a share says little.
_MOST_UNMAPPED_PERCENT = 50.0
_FEWEST_RECORDS = 1000


def measure_columns(
    connection: DuckDBPyConnection, path: Path, name: str, dataset: Dataset
) -> tuple[list[ColumnProfile], KeyProfile]:
    """Compare the columns of a landed file with those of its contract, as the build reads them, and count its keys.

    What arrived in another type is read row by row, to count the values that do not fit.

    Raises:
        duckdb.Error: the file is no Parquet that DuckDB reads.
    """
    relation = f"read_parquet({literal(str(path))})"
    found = {column.name: column for column in found_columns(connection, path)}
    profiles: list[ColumnProfile] = []
    recognised: set[str] = set()
    for column in dataset.columns:
        actual = column.found_in(found)
        is_key = column.name in dataset.key
        if actual is None:
            if not column.retired:
                profiles.append(ColumnProfile(name, column.name, is_key, "missing", column.type, "", 0, ""))
            continue
        recognised.add(actual)
        arrived = found[actual]
        unread = reading_of(column, arrived).unread
        count, examples = (0, "") if unread is None else _unread(connection, relation, arrived, unread)
        finding: ColumnFinding = "as expected" if unread is None else "retyped"
        profiles.append(
            ColumnProfile(name, column.name, is_key, finding, column.type, str(arrived.type), count, examples)
        )
        profiles += [
            ColumnProfile(name, f"{column.name}.{path}", False, "missing", "", "", 0, "")
            for path in missing_fields(column, arrived.type)
        ]
    profiles += [
        ColumnProfile(name, column.name, False, "new", "", str(column.type), 0, "")
        for column in found.values()
        if column.name not in recognised
    ]
    return profiles, _landed_key(connection, relation, name, dataset, found)


def _unread(connection: DuckDBPyConnection, relation: str, arrived: FoundColumn, unread: str) -> tuple[int, str]:
    """Return in how many rows a value does not fit the contract's type, and the most frequent ones."""
    return _most_frequent(connection, relation, f"left({raw_text_of(arrived)}, {_EXAMPLE_LENGTH})", unread)


def _landed_key(
    connection: DuckDBPyConnection, relation: str, name: str, dataset: Dataset, found: Mapping[str, FoundColumn]
) -> KeyProfile:
    """Count violations of a contract's key in a landed dataset.

    Blank text is null, unless the contract calls it a value; so is a missing column.
    """
    columns = {column.name: column for column in dataset.columns}
    parts = [_key_part(columns[part], found.get(columns[part].found_in(found) or "")) for part in dataset.key]
    # A dataset without a key holds one row: what a service says of itself as a whole.
    rows, nulls, repeated = _key_counts(connection, relation, parts or ["'the only row'"])
    return KeyProfile(name, ", ".join(dataset.key), dataset.measured, True, rows, nulls, repeated)


def measure_star_keys(
    connection: DuckDBPyConnection, built: Iterable[str], declared: Sequence[DeclaredTable]
) -> list[KeyProfile]:
    """Count violations of the primary key of every table of the star; a table without a declared key is a row too."""
    keys = {table.name: table.primary_key for table in declared}
    profiles = []
    for table in sorted(built):
        key = keys.get(table, ())
        counts = _key_counts(connection, f"star.{quoted(table)}", [quoted(part) for part in key]) if key else (0, 0, 0)
        profiles.append(KeyProfile(table, ", ".join(key), True, bool(key), *counts))
    return profiles


def measure_reference(connection: DuckDBPyConnection, reference: Reference) -> ReferenceProfile:
    """Count the rows of a star table whose reference is not null and refers to nothing."""
    child, parent = quoted(reference.column), quoted(reference.parent_column)
    parent_table = ".".join(quoted(part) for part in reference.parent.split("."))
    relation = f"(select {child} from star.{quoted(reference.table)} where {reference.condition or 'true'}) as child"
    found = f"select 1 from {parent_table} as parent where parent.{parent} = child.{child}"
    broken = f"child.{child} is not null and not exists ({found})"
    orphans, examples = _most_frequent(connection, relation, f"child.{child}", broken)
    sentence = f"{reference.table}.{reference.column} -> {reference.parent}.{reference.parent_column}"
    return ReferenceProfile(sentence, reference.must_hold, orphans, examples)


def measure_column_rules(connection: DuckDBPyConnection, star: StarDescription) -> list[ColumnRuleProfile]:
    """Count the rows that break each rule about columns; a relation is read once for all its rules about single rows.

    What says again that a primary key is unique is left out: `measure_star_keys` has judged it.
    """
    keys = {f"{STAR_SCHEMA}.{table.name}": table.primary_key for table in star.tables}
    rules = [rule for rule in star.column_rules if rule.kind != "unique" or rule.columns != keys.get(rule.relation)]
    by_relation = {rule.relation: [other for other in rules if other.relation == rule.relation] for rule in rules}
    profiles: list[ColumnRuleProfile] = []
    for relation, of_it in by_relation.items():
        table = ".".join(quoted(part) for part in relation.split("."))
        of_rows = [rule for rule in of_it if rule.kind != "unique"]
        counts = ", ".join(f"count(*) filter (where {_breaking(rule)})" for rule in of_rows)
        broken = connection.execute(f"select {counts} from {table}").fetchall()[0] if of_rows else ()
        for rule, count in zip(of_rows, broken, strict=True):
            examples = _most_frequent(connection, table, _example(rule, keys), _breaking(rule))[1] if count else ""
            profiles.append(_column_rule_profile(rule, int(count), examples))
        for rule in of_it:
            if rule.kind == "unique":
                profiles.append(_column_rule_profile(rule, *_repeated(connection, table, rule)))
    return profiles


def measure_conservation(connection: DuckDBPyConnection, rule: ConservationRule) -> ConservationProfile:
    """Evaluate both sides of a rule of conservation."""
    landed, star = (int(connection.execute(sql).fetchall()[0][0] or 0) for sql in (rule.landed, rule.star))
    return ConservationProfile(rule.sentence, landed, star)


def measure_values(connection: DuckDBPyConnection, rule: ValueRule) -> ValueProfile:
    """Count the rows that break a rule about values and quote the values that break it most often."""
    broken, examples = _most_frequent(connection, rule.relation, rule.value, rule.broken)
    return ValueProfile(rule.sentence, broken, examples)


def measure_null_rates(connection: DuckDBPyConnection, limits: Sequence[NullLimit]) -> list[NullRateProfile]:
    """Measure how much of each limited column of fct_series is null, within each image modality of each source.

    Derived objects are left out: by nature they lack the attributes of the images that they were made from, and a new
    collection of them would read as a loss. So are modalities of fewer than 1,000 series, and sources without any
    limit, of which no earlier release was measured. A modality without any limit yields one row.
    """
    highest = {(limit.source, limit.modality, limit.column): limit.highest_null_percent for limit in limits}
    columns = sorted({limit.column for limit in limits})
    counts = ", ".join(f"count(series.{quoted(column)})" for column in columns)
    sources = ", ".join(literal(source) for source in sorted({limit.source for limit in limits}))
    measured = connection.execute(
        f"select series.source_id, series.modality, count(*), {counts} from star.fct_series as series"
        " join star.dim_modality as terms using (modality_key)"
        f" where terms.modality_kind = 'image' and series.source_id in ({sources})"
        f" group by all having count(*) >= {_FEWEST_SERIES} order by all"
    ).fetchall()
    profiles = []
    for source, modality, series, *present in measured:
        rates = {column: 100.0 * (series - count) / series for column, count in zip(columns, present, strict=True)}
        known = {
            column: highest[source, modality, column] for column in columns if (source, modality, column) in highest
        }
        profiles += [
            NullRateProfile(
                source, modality, column, series, "limited", rates[column], limit, limit + _TOLERATED_POINTS
            )
            for column, limit in known.items()
        ]
        if not known:
            profiles.append(NullRateProfile(source, modality, "", series, "no limit", 0.0, 100.0, 100.0))
    return profiles


def measure_mappings(connection: DuckDBPyConnection) -> list[MappingProfile]:
    """Take the share of unmapped texts from the report on them, with the most frequent ones."""
    measured = connection.execute(
        "select mapping.vocabulary, mapping.source_id, mapping.record, mapping.record_count,"
        " mapping.unmapped_record_count, cast(coalesce(mapping.unmapped_percent, 0) as double),"
        " mapping.unmapped_value_count,"
        " coalesce(list([raw_value, cast(unmapped.record_count as varchar)]"
        " order by unmapped.record_count desc, raw_value) filter (where raw_value is not null), [])"
        " from star.rpt_mapping as mapping left join star.rpt_unmapped_value as unmapped"
        " using (source_id, record, vocabulary) group by all order by 1, 2, 3"
    ).fetchall()
    profiles = []
    for vocabulary, source, record, records, unmapped, percent, values, frequent in measured:
        examples = ", ".join(f"{text!r} x {count}" for text, count in frequent[:_VALUES_QUOTED])
        more = values - _VALUES_QUOTED
        profiles.append(
            MappingProfile(
                vocabulary=vocabulary,
                source=source,
                record=record,
                records=records,
                unmapped=unmapped,
                unmapped_percent=percent,
                allowed=_MOST_UNMAPPED_PERCENT,
                is_large=records >= _FEWEST_RECORDS,
                examples=examples + (f" and {more} more values" if more > 0 else ""),
            )
        )
    return profiles


def _example(rule: ColumnRule, keys: Mapping[str, tuple[str, ...]]) -> str:
    """Return what (SQL) to quote of a row that breaks a rule: the value, or where that is missing the row's key."""
    key = keys.get(rule.relation, ())
    if rule.kind != "not_null" or not key or rule.columns[0] in key:
        return rule.columns[0]
    return f"concat_ws(' ', {', '.join(f'{literal(column)}, {quoted(column)}' for column in key)})"


def _breaking(rule: ColumnRule) -> str:
    """Return the condition (SQL) of a row that breaks a rule about single rows."""
    (column,) = rule.columns
    if rule.kind == "not_null":
        broken = f"({column}) is null"
    else:
        accepted = ", ".join(literal(value) for value in rule.accepted)
        broken = f"cast({column} as varchar) not in ({accepted})"
    return broken if rule.condition is None else f"({rule.condition}) and {broken}"


def _repeated(connection: DuckDBPyConnection, table: str, rule: ColumnRule) -> tuple[int, str]:
    """Return how many rows repeat the key of another one, and the keys that are repeated most often."""
    key = ", ".join(rule.columns)
    conditions = [f"({rule.condition})"] if rule.condition is not None else []
    if len(rule.columns) == 1:
        conditions.append(f"({key}) is not null")
    where = f" where {' and '.join(conditions)}" if conditions else ""
    example = f"cast({key} as varchar)" if len(rule.columns) == 1 else f"cast(row({key}) as varchar)"
    found = connection.execute(
        "select key, row_count, sum(row_count - 1) over (), count(*) over () from"
        f" (select {example} as key, count(*) as row_count from {table}{where} group by {key} having count(*) > 1)"
        f" order by row_count desc, 1 limit {_VALUES_QUOTED}"
    ).fetchall()
    if not found:
        return 0, ""
    examples = ", ".join(f"{repeated!r} x {rows}" for repeated, rows, *_ in found)
    more = found[0][3] - len(found)
    return int(found[0][2]), examples + (f" and {more} more values" if more > 0 else "")


def _column_rule_profile(rule: ColumnRule, broken: int, examples: str) -> ColumnRuleProfile:
    name = f"{rule.relation} ({', '.join(rule.columns)})"
    return ColumnRuleProfile(name, rule.kind, rule.must_hold, broken, examples)


def _key_part(column: Column, found: FoundColumn | None) -> str:
    if found is None:
        return "null"
    text = f"cast({quoted(found.sql_name)} as varchar)"
    return text if column.blank_is_value else f"nullif(trim({text}), '')"


def _key_counts(connection: DuckDBPyConnection, relation: str, parts: Sequence[str]) -> tuple[int, int, int]:
    """Return the rows, the rows with a null part, and the rows without that repeat another one's key."""
    whole = " and ".join(f"{part} is not null" for part in parts)
    key = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
    ((rows, complete, distinct),) = connection.execute(
        f"select count(*), count(*) filter (where {whole}), count(distinct {key}) filter (where {whole})"
        f" from {relation}"
    ).fetchall()
    return rows, rows - complete, complete - distinct


def _most_frequent(connection: DuckDBPyConnection, relation: str, value: str, condition: str) -> tuple[int, str]:
    """Return how many rows of `relation` meet `condition`, and their most frequent values with their counts."""
    found = connection.execute(
        f"select cast({value} as varchar) as example, count(*) as row_count, sum(count(*)) over (), count(*) over ()"
        f" from {relation} where {condition} group by example order by row_count desc, example limit {_VALUES_QUOTED}"
    ).fetchall()
    if not found:
        return 0, ""
    total, values = int(found[0][2]), found[0][3]
    examples = ", ".join(f"{'(null)' if example is None else repr(example)} x {rows}" for example, rows, *_ in found)
    return total, examples + (f" and {values - len(found)} more values" if values > len(found) else "")
