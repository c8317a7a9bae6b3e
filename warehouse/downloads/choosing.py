"""What a query chooses for a download: the question whose answer is the manifest, and what it comes to.

The query of the user becomes a part of that question, so that the manifest can be cited like any other answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict

from warehouse.downloads.forms import FORMS, Kind, ManifestForm, ManifestName
from warehouse.errors import UsageError
from warehouse.settings import Settings
from warehouse.snapshots import query
from warehouse.snapshots.catalog import Snapshot
from warehouse.sql_text import quoted


@dataclass(frozen=True)
class Choice:
    """What a query chooses: by which key, and the question (SQL) whose answer, written as `form` says, is the manifest.

    `totals` is the question of what it comes to, `counts` that of what the query returns and the manifest cannot name.
    """

    form: ManifestForm
    key: str
    kind: Kind
    question: str
    totals: str
    counts: str


class LicenseTotal(BaseModel):
    """What of a manifest is under one licence, and what the licence says; nothing is known of a null."""

    model_config = ConfigDict(frozen=True)

    license_id: str | None
    license: str | None
    commercial_use_allowed: bool | None
    note: str | None
    records: int
    bytes: int


class Totals(BaseModel):
    """What a manifest comes to.

    `chosen` values of `key` were returned by the query, of which `missing` lack what a line needs; `rows_without_key`
    rows of the query have no value there. The size of `without_size` records is not known: `bytes` is that of the rest.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    kind: Kind
    chosen: int
    missing: int
    rows_without_key: int
    records: int
    instances: int
    bytes: int
    without_size: int
    licenses: tuple[LicenseTotal, ...]


def choose(snapshot: Snapshot, sql: str, name: ManifestName, settings: Settings | None = None) -> Choice:
    """Return what a query chooses for a manifest of a form.

    Raises:
        UsageError: the query is wrong, or returns no column by which this form chooses.
        IntegrityError: the snapshot's file cannot be opened.
    """
    form = FORMS[name]
    with query.run(snapshot, sql, settings) as result:
        columns = {column.name.lower() for column in result.columns}
    key = next((key for key in form.keys if key in columns), None)
    if key is None:
        known = ", ".join(form.keys)
        raise UsageError(
            f"A manifest for {name} needs a query that returns one of the columns {known}; this one returns "
            f"{', '.join(sorted(columns))}. Let it return one of them, e.g. select {next(iter(form.keys))} from ..."
        )
    # A comment at its end must not swallow the bracket.
    asked = f"(\n{_without_semicolons(sql)}\n)"
    by = quoted(key)
    common = (
        f"with chosen as (select distinct {by} from {asked} as asked where {by} is not null),"
        f" known as ({form.records(key)}),"
        f" listed as (select * from known where {by} in (select {by} from chosen) and {form.condition})"
    )
    return Choice(
        form=form,
        key=key,
        kind=form.keys[key],
        question=f"{common} {form.listing}",
        totals=(
            f"{common} select listed.license_id, license.license_long_name, license.commercial_use_allowed,"
            " license.note, count(*) as records, sum(instance_count) as instances, sum(size_bytes) as bytes,"
            " count(*) - count(size_bytes) as without_size"
            " from listed left join dim_license as license on listed.license_id = license.license_id"
            " group by all order by records desc, listed.license_id"
        ),
        counts=(
            f"{common} select (select count(*) from chosen), (select count(*) from chosen where {by} not in"
            f" (select {by} from listed)), (select count(*) from {asked} as asked where {by} is null)"
        ),
    )


def _without_semicolons(statement: str) -> str:
    """Return one statement without the semicolons around it; those in texts, names and comments stay."""
    content = bytearray(statement.encode())
    for offset, kind in duckdb.tokenize(statement):
        if kind == duckdb.token_type.operator and content[offset : offset + 1] == b";":
            content[offset : offset + 1] = b" "
    return content.decode()


def totals_of(snapshot: Snapshot, choice: Choice, settings: Settings | None = None) -> Totals:
    """Return what a manifest comes to.

    Raises:
        UsageError: the query fails on a value that it meets.
        IntegrityError: the snapshot's file cannot be opened.
    """
    ((chosen, missing, without_key),) = _rows(snapshot, choice.counts, settings)
    by_license = _rows(snapshot, choice.totals, settings)
    return Totals(
        key=choice.key,
        kind=choice.kind,
        chosen=chosen,
        missing=missing,
        rows_without_key=without_key,
        records=sum(row[4] for row in by_license),
        instances=sum(int(row[5] or 0) for row in by_license),
        bytes=sum(int(row[6] or 0) for row in by_license),
        without_size=sum(row[7] for row in by_license),
        licenses=tuple(
            LicenseTotal(
                license_id=row[0],
                license=row[1],
                commercial_use_allowed=row[2],
                note=row[3],
                records=row[4],
                bytes=int(row[6] or 0),
            )
            for row in by_license
        ),
    )


def _rows(snapshot: Snapshot, sql: str, settings: Settings | None) -> list[tuple[Any, ...]]:
    with query.run(snapshot, sql, settings) as result:
        table = result.reader().read_all()
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
