"""What differs in a cohort between two snapshots, record by record.

A record is the same in both by its primary key. Its version is what names its bytes (the identifier of the revision in
IDC, the object id elsewhere, the MD5 of a file), and is compared where both snapshots state one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
from pydantic import BaseModel, ConfigDict

from warehouse.cohorts.members import Members
from warehouse.downloads.forms import RECORD_TABLES, Kind
from warehouse.errors import UsageError
from warehouse.settings import Settings
from warehouse.snapshots import query
from warehouse.snapshots.query import Result
from warehouse.sql_text import read_parquet

ChangeKind = Literal["added", "removed", "version", "licence", "size", "size_restated"]

_EXAMPLES = 5
_IDENTIFIERS: dict[Kind, str] = {"series": "series_instance_uid", "files": "file_id"}
_VERSIONS: dict[Kind, str] = {"series": "coalesce(crdc_series_uuid, object_id)", "files": "md5"}

# Sizes of one version are those of the same bytes: IDC rounded them up to release 23.
_KINDS: dict[ChangeKind, tuple[str, str]] = {
    "added": ("is_added", "size_bytes"),
    "removed": ("is_removed", "size_bytes"),
    "version": ("version_differs", "version"),
    "licence": ("licence_differs", "license_id"),
    "size": ("size_differs and version_differs is distinct from false", "size_bytes"),
    "size_restated": ("size_differs and version_differs = false", "size_bytes"),
}


class Side(BaseModel):
    """A cohort in one of the two snapshots."""

    model_config = ConfigDict(frozen=True)

    snapshot_id: str
    synthetic: bool
    records: int
    bytes: int
    keys_sha256: str


class Example(BaseModel):
    """One record that differs, and what it was and is: its size where it was added or removed."""

    model_config = ConfigDict(frozen=True)

    key: int
    identifier: str | None
    source_id: str
    collection_id: str | None
    before: str | None
    after: str | None


class Change(BaseModel):
    """One kind of difference: how many records have it, their bytes before and after, and the first by key."""

    model_config = ConfigDict(frozen=True)

    kind: ChangeKind
    records: int
    bytes_before: int
    bytes_after: int
    examples: tuple[Example, ...]


class CohortDifference(BaseModel):
    """What differs in a cohort. A record that differs in two ways is counted under both, and in `changed` once."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    before: Side
    after: Side
    unchanged: int
    changed: int
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Comparison:
    """Two states of a cohort side by side, while they are open."""

    difference: CohortDifference
    connection: duckdb.DuckDBPyConnection

    def lines(self) -> Result:
        """Return each record that differs, with both its states, by key; it is the last that can be asked."""
        return Result(
            self.connection,
            self.connection.sql(
                "select * exclude (is_added, is_removed, version_differs, licence_differs, size_differs)"
                " from differing order by record_key"
            ),
        )


@contextmanager
def compared(before: Members, after: Members, settings: Settings, scratch: Path) -> Iterator[Comparison]:
    """Yield what differs between the members of a cohort in two snapshots.

    Args:
        before: its members in the one snapshot.
        after: its members in the other.
        settings: threads and memory of DuckDB.
        scratch: a folder for what does not fit in memory.

    Raises:
        UsageError: they are series in the one snapshot and files in the other, or memory does not suffice.
    """
    kind = after.totals.kind
    if before.totals.kind != kind:
        raise UsageError(
            f"The query returns {before.totals.key} in {before.snapshot.id} and {after.totals.key} in "
            f"{after.snapshot.id}: {before.totals.kind} and {kind} cannot be compared. Let it name the key that it "
            "returns instead of all columns."
        )
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": str(settings.threads),
        "memory_limit": settings.memory_limit,
        "temp_directory": str(scratch),
    }
    with duckdb.connect(config=config) as connection:
        with query.sentences():
            for name, side in (("before", before), ("after", after)):
                connection.execute(f"create view {name} as {_records(kind, side.file)}")
            connection.execute(f"create temp table differing as {_DIFFERING}")
            changes = tuple(_change(connection, each) for each in _KINDS)
            [(changed, removed)] = connection.execute(
                "select count(case when change = 'changed' then 1 end), count(case when is_removed then 1 end)"
                " from differing"
            ).fetchall()
        yield Comparison(
            CohortDifference(
                kind=kind,
                before=_side(before),
                after=_side(after),
                unchanged=before.totals.records - removed - changed,
                changed=changed,
                changes=tuple(change for change in changes if change.records),
            ),
            connection,
        )


def _records(kind: Kind, file: Path) -> str:
    return f"""
        select
            {RECORD_TABLES[kind].key} as record_key,
            {_IDENTIFIERS[kind]} as identifier,
            source_id,
            collection_id,
            {_VERSIONS[kind]} as version,
            license_id,
            size_bytes
        from {read_parquet([file])}
    """


_DIFFERING = """
    with paired as (

        select
            record_key,
            coalesce(after.identifier, before.identifier) as identifier,
            coalesce(after.source_id, before.source_id) as source_id,
            case when after.source_id is null then before.collection_id else after.collection_id end as collection_id,
            before.version as version_before,
            after.version as version_after,
            before.license_id as license_id_before,
            after.license_id as license_id_after,
            before.size_bytes as size_bytes_before,
            after.size_bytes as size_bytes_after,
            before.source_id is null as is_added,
            after.source_id is null as is_removed
        from before
        full join after
            using (record_key)

    ),

    judged as (

        select
            *,
            case when not is_added and not is_removed then version_before <> version_after end as version_differs,
            not is_added and not is_removed and license_id_before is distinct from license_id_after as licence_differs,
            not is_added and not is_removed and size_bytes_before is distinct from size_bytes_after as size_differs
        from paired

    )

    select
        case when is_added then 'added' when is_removed then 'removed' else 'changed' end as change,
        *
    from judged
    where is_added or is_removed or licence_differs or size_differs or coalesce(version_differs, false)
"""


def _change(connection: duckdb.DuckDBPyConnection, kind: ChangeKind) -> Change:
    condition, column = _KINDS[kind]
    [(records, bytes_before, bytes_after)] = connection.execute(
        "select count(*), coalesce(sum(size_bytes_before), 0), coalesce(sum(size_bytes_after), 0)"
        f" from differing where {condition}"
    ).fetchall()
    rows = connection.execute(
        f"select record_key, identifier, source_id, collection_id, {column}_before::varchar, {column}_after::varchar"
        f" from differing where {condition} order by record_key limit {_EXAMPLES}"
    ).fetchall()
    examples = tuple(Example(**dict(zip(Example.model_fields, row, strict=True))) for row in rows)
    return Change(
        kind=kind, records=records, bytes_before=int(bytes_before), bytes_after=int(bytes_after), examples=examples
    )


def _side(found: Members) -> Side:
    return Side(
        snapshot_id=found.snapshot.id,
        synthetic=found.snapshot.manifest.synthetic,
        records=found.totals.records,
        bytes=found.totals.bytes,
        keys_sha256=found.keys_sha256,
    )
