"""Which rows may be used commercially: the rows of each table and source under each licence, counted by SQL.

The compilation has no licence of its own: rows keep the terms under which their source gives the data that they
describe.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb
from pydantic import JsonValue

from warehouse.citation.model import SYNTHETIC_NOTE, Citation, CitedLicense, CommercialUse
from warehouse.description.model import ColumnReference, DescribedColumn
from warehouse.sql_text import quoted

_LICENSE_KEY = ColumnReference("dim_license", "license_key")

_STATEMENTS = (
    "This warehouse gives no licence to what it compiles: each row is under the terms of its source.",
    "The licences are those that the sources state for the data that the rows describe (images and records).",
    "Rows of the MIDRC portal, and what the hub has of MIDRC, are under the licence or data use agreement that each "
    "row states; those of other repositories under the agreements of these. They are not replaced by anything in here.",
    "Rows of tables that are not counted here (patients, measurements, reports and others) follow the collection or "
    "dataset that they belong to.",
    "Where commercial_use is `terms must be read` or `not stated`, nothing is allowed until somebody has read the "
    "terms.",
)


@dataclass(frozen=True)
class LicensedRows:
    """The rows of one table under one licence, of one source where the table names sources; None: they state none."""

    table: str
    source: str | None
    license_id: str | None
    commercial_use: CommercialUse | Literal["not stated"]
    rows: int


@dataclass(frozen=True)
class LicenseCount:
    """The rows under each licence, and the SQL that counted them in a table."""

    rows: tuple[LicensedRows, ...]
    queries: tuple[tuple[str, str], ...]


def licenses_in(connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> tuple[CitedLicense, ...]:
    """Return the licences that `dim_license` lists, sorted by id; none where there is no such table."""
    if _LICENSE_KEY.table not in tables:
        return ()
    found = connection.execute(
        "select license_id, coalesce(license_long_name, license_short_name, license_id), license_url, "
        "commercial_use_allowed, note from dim_license order by license_id"
    ).fetchall()
    return tuple(
        CitedLicense(id=row[0], name=row[1], url=row[2], commercial_use=_commercial_use(row[3]), note=row[4])
        for row in found
    )


def count_licenses(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[tuple[str, Sequence[DescribedColumn]]]
) -> LicenseCount:
    """Count the rows of every table that states licences, by licence and source, in a total order.

    Each row of such a table is counted once: the counts of a table add up to its rows.
    """
    rows: list[LicensedRows] = []
    queries: list[tuple[str, str]] = []
    for name, columns in tables:
        key = next((column.name for column in columns if column.references == _LICENSE_KEY), None)
        if key is None:
            continue
        has_source = any(column.name == "source_id" for column in columns)
        query = _query(name, key, has_source=has_source)
        queries.append((name, query))
        for source, license_id, is_stated, allowed, count in connection.execute(query).fetchall():
            use = _commercial_use(allowed) if is_stated else "not stated"
            rows.append(LicensedRows(name, source, license_id, use, count))
    return LicenseCount(tuple(rows), tuple(queries))


def render(citation: Citation, count: LicenseCount) -> str:
    """Return licences.json: what it says and does not say, the licences, the rows, and totals by commercial use."""
    content: dict[str, JsonValue] = {
        "snapshot_id": citation.snapshot_id,
        "title": f"Licences of {citation.title}",
        "tables_digest": citation.tables_digest,
        "synthetic": citation.synthetic,
        "statements": [*((SYNTHETIC_NOTE,) if citation.synthetic else ()), *_STATEMENTS],
        "licenses": [
            {
                "license_id": licence.id,
                "name": licence.name,
                "url": licence.url,
                "spdx": licence.spdx,
                "commercial_use": licence.commercial_use,
                "note": licence.note,
            }
            for licence in citation.licenses
        ],
        "totals": _totals(count.rows),
        "rows": [
            {
                "table": entry.table,
                "source": entry.source,
                "license_id": entry.license_id,
                "commercial_use": entry.commercial_use,
                "rows": entry.rows,
            }
            for entry in count.rows
        ],
        "queries": dict(count.queries),
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _query(table: str, key: str, *, has_source: bool) -> str:
    source = f"counted.{quoted('source_id')}" if has_source else "null"
    return (
        f"select {source} as source_id, licence.license_id, licence.license_key is not null as is_stated, "
        f"licence.commercial_use_allowed, count(*) as row_count from {quoted(table)} as counted "
        f"left join dim_license as licence on counted.{quoted(key)} = licence.license_key "
        "group by all order by source_id nulls last, license_id nulls last"
    )


def _totals(rows: Sequence[LicensedRows]) -> list[JsonValue]:
    sums: dict[tuple[str, str | None], dict[str, int]] = {}
    for entry in rows:
        uses = sums.setdefault((entry.table, entry.source), {})
        uses[entry.commercial_use] = uses.get(entry.commercial_use, 0) + entry.rows
    return [
        {"table": table, "source": source, "rows": sum(uses.values()), "commercial_use": dict(uses)}
        for (table, source), uses in sums.items()
    ]


def _commercial_use(allowed: bool | None) -> CommercialUse:
    if allowed is None:
        return "terms must be read"
    return "allowed" if allowed else "not allowed"
