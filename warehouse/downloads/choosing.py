"""What a query chooses for a download: the question whose answer is the manifest, and what it comes to.

The query of the user becomes a part of that question, so that the manifest can be cited like any other answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict

from warehouse.answers.contributions import RecordsListed
from warehouse.downloads.forms import FORMS, RECORD_TABLES, Kind, ManifestForm, ManifestName
from warehouse.errors import UsageError
from warehouse.settings import Settings
from warehouse.snapshots import query
from warehouse.snapshots.catalog import Snapshot
from warehouse.sql_text import quoted


@dataclass(frozen=True)
class Choice:
    """What a query chooses, and by which key; `question` is one query (SQL) whose answer is the manifest.

    It is made of `chosen` (SQL), the values of the key, and of the `relations` over them.

    The query has been run once, into the table `chosen` of `connection`: one that returns other rows each time, such as
    a limit without an order, gives a manifest, totals and counts of the same rows.
    """

    form: ManifestForm
    key: str
    kind: Kind
    question: str
    relations: str
    chosen: str
    connection: duckdb.DuckDBPyConnection

    @property
    def records_listed(self) -> RecordsListed:
        """The records whose lines the manifest has, for its citation."""
        table = RECORD_TABLES[self.kind]
        sql = f"with chosen as ({self.chosen}), {self.relations} select {table.key} from listed"
        return RecordsListed(table.name, table.key, sql)

    def manifest(self) -> query.Result:
        """Return the manifest, to be written as the form says; it is the last that can be asked of the choice."""
        return query.Result(self.connection, self.connection.sql(f"with {self.relations} {self.form.listing}"))

    def totals(self) -> Totals:
        """Return what the manifest comes to.

        Raises:
            UsageError: the key is not of the type of its column.
        """
        by = quoted(self.key)
        with query.sentences():
            ((chosen, missing, without_key),) = self._rows(
                f"select count({by}), count(case when {by} not in (select {by} from listed) then 1 end),"
                f" coalesce(sum(case when {by} is null then row_count end), 0) from chosen"
            )
            by_license = self._rows(
                "select listed.license_id, license.license_long_name, license.commercial_use_allowed, license.note,"
                " count(*) as records, coalesce(sum(instance_count), 0), coalesce(sum(size_bytes), 0),"
                " count(*) - count(size_bytes)"
                " from listed left join dim_license as license on listed.license_id = license.license_id"
                " group by all order by records desc, listed.license_id"
            )
            by_collection = self._rows(
                "select source_id, collection_id, count(*) as records, coalesce(sum(size_bytes), 0),"
                " list_sort(list_distinct(list(source_doi))), count(*) - count(source_doi)"
                " from listed group by all order by source_id, collection_id"
            )
        licenses = tuple(
            LicenseTotal(
                license_id=row[0],
                license=row[1],
                commercial_use_allowed=row[2],
                note=row[3],
                records=row[4],
                bytes=int(row[6]),
            )
            for row in by_license
        )
        return Totals(
            key=self.key,
            kind=self.kind,
            chosen=chosen,
            missing=missing,
            rows_without_key=int(without_key),
            records=sum(entry.records for entry in licenses),
            instances=sum(int(row[5]) for row in by_license),
            bytes=sum(entry.bytes for entry in licenses),
            without_size=sum(row[7] for row in by_license),
            licenses=licenses,
            collections=tuple(
                CollectionTotal(
                    source_id=row[0],
                    collection_id=row[1],
                    records=row[2],
                    bytes=int(row[3]),
                    dois=tuple(row[4] or ()),
                    without_doi=row[5],
                )
                for row in by_collection
            ),
        )

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(f"with {self.relations} {sql}").fetchall()


class LicenseTotal(BaseModel):
    """What of a manifest is under one licence, and what the licence says; nothing is known of a null."""

    model_config = ConfigDict(frozen=True)

    license_id: str | None
    license: str | None
    commercial_use_allowed: bool | None
    note: str | None
    records: int
    bytes: int


class CollectionTotal(BaseModel):
    """What of a manifest is in one collection, with the DOIs that its records state; `without_doi` of them state none.

    `collection_id` is None for the records of a portal that name none or several.
    """

    model_config = ConfigDict(frozen=True)

    source_id: str
    collection_id: str | None
    records: int
    bytes: int
    dois: tuple[str, ...]
    without_doi: int


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
    collections: tuple[CollectionTotal, ...]


@contextmanager
def chosen_by(
    snapshot: Snapshot, sql: str, name: ManifestName, settings: Settings | None = None, *, purpose: str | None = None
) -> Iterator[Choice]:
    """Yield what a query chooses for a manifest of a form, while the block lasts.

    `purpose` is what the person asks for, as a refusal names it; by default a manifest of the form.

    Raises:
        UsageError: the query is wrong, or returns no column by which this form chooses; or the snapshot lacks a column
            that the form reads.
        IntegrityError: the snapshot's file cannot be opened.
    """
    form = FORMS[name]
    with query.run(snapshot, sql, settings) as result:
        columns = {column.name.lower() for column in result.columns}
    key = next((key for key in form.keys if key in columns), None)
    if key is None:
        known = ", ".join(form.keys)
        raise UsageError(
            f"{purpose or f'A manifest for {name}'} needs a query that returns one of the columns {known}; "
            f"this one returns {', '.join(sorted(columns))}. Let it return one of them, "
            f"e.g. select {next(iter(form.keys))} from ..."
        )
    # A comment at its end must not swallow the bracket.
    chosen = f"select {quoted(key)}, count(*) as row_count from (\n{_without_semicolons(sql)}\n) as asked group by all"
    relations = _relations(snapshot, name, key)
    question = f"with chosen as ({chosen}), {relations} {form.listing}"
    with closing(query.connect(snapshot, settings)) as connection:
        with query.sentences():
            connection.execute(f"create temp table chosen as {chosen}")
        yield Choice(form, key, form.keys[key], question, relations, chosen, connection)


def _relations(snapshot: Snapshot, name: ManifestName, key: str) -> str:
    """Return the relations (SQL) `known` and `listed`: all records of a form, and those that a manifest lists.

    Columns that an older snapshot does not have are left out.
    """
    form, by = FORMS[name], quoted(key)
    table = RECORD_TABLES[form.keys[key]]
    published = snapshot.table(table.name)
    has = {column.name for column in published.columns} if published is not None else set[str]()
    if lacking := {key, form.needs or key} - has:
        raise UsageError(
            f"Snapshot {snapshot.id} has no column {', '.join(sorted(lacking))} in {table.name}, which a manifest for "
            f"{name} by {key} reads. Name a newer snapshot (`icw snapshots` lists them), or another form."
        )
    columns = [f"records.{column}" for column in table.columns if column in has]
    columns += [f"{expression} as {column}" for column, expression in table.looked_up.items()]
    return (
        f"known as (select {', '.join(columns)} from {table.name} as records {table.joins}),"
        f" listed as (select * from known where {by} in (select {by} from chosen) and {form.condition})"
    )


def _without_semicolons(statement: str) -> str:
    """Return one statement without the semicolons around it; those in texts, names and comments stay."""
    content = bytearray(statement.encode())
    for offset, kind in duckdb.tokenize(statement):
        if kind == duckdb.token_type.operator and content[offset : offset + 1] == b";":
            content[offset : offset + 1] = b" "
    return content.decode()
