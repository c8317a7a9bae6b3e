"""What `manifest.json` of a snapshot holds: where its tables came from, what they are and how they were judged.

Only descriptions belong here: frozen models that are written once and read for years. Reading ignores fields that it
does not know, so that an older program can read a newer manifest.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, JsonValue, model_validator

from warehouse.quality.verdicts import Verdict

if TYPE_CHECKING:
    from warehouse.landing import Release

FORMAT_VERSION = 2
"""The format of `manifest.json` that this release writes, and the newest that it reads.

1: each table is one file. 2: a table may have parts, so that a release that knows no parts refuses such a snapshot.
"""

# What a part may be called: short, in lower case, so that no file system takes two for one, and nothing that leads
# elsewhere.
_LONGEST = 100
_PART = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*")


class ColumnEntry(BaseModel):
    """One published column. `type` is DuckDB's; `references` names what it points to: table.column, or several."""

    model_config = ConfigDict(frozen=True)

    name: str
    type: str
    description: str
    references: str | None = None


class TableFile(BaseModel):
    """One Parquet file of a table: its path below `tables/`, its rows, its SHA-256 (hex) and its size in bytes."""

    model_config = ConfigDict(frozen=True)

    path: str
    rows: int
    sha256: str
    bytes: int


class TableEntry(BaseModel):
    """One published table. `order_by` is the total order of the rows in its files; it ends with the primary key.

    Its rows are in one file, or, where `parts` has any, in one file for each value of the first column of `order_by`,
    in the order of the values: read one after the other, they are the rows in their total order. `parquet_sha256` is
    that of the file; of parts it is the SHA-256 of the JSON list of `[path, SHA-256]` in their order. `parquet_bytes`
    is the size of all. `logical_digest` is that of its rows (`warehouse.logical_digest`), which is the same however
    they are laid out; None in snapshots of before it was taken. `made_of` names the tables, and the datasets of
    upstreams (`idc.idc_index`), that its model reads; empty in snapshots of before it was kept.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    rows: int
    columns: tuple[ColumnEntry, ...]
    primary_key: tuple[str, ...]
    order_by: tuple[str, ...]
    grain: str
    description: str
    parquet_sha256: str
    parquet_bytes: int
    logical_digest: str | None = None
    parts: tuple[TableFile, ...] = ()
    made_of: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[TableFile, ...]:
        """The Parquet files that hold the table, in the order of its rows: its parts, or one file."""
        return self.parts or (
            TableFile(
                path=f"{self.name}.parquet", rows=self.rows, sha256=self.parquet_sha256, bytes=self.parquet_bytes
            ),
        )

    @model_validator(mode="after")
    def _require_one_account(self) -> TableEntry:
        """Hold what is said of the table against what is said of its parts: digests are made of the former."""
        if not self.parts:
            return self
        paths = [part.path for part in self.parts]
        names = [path.removeprefix(f"{self.name}/").removesuffix(".parquet") for path in paths]
        known = [part_path(self.name, name) for name in names if _PART.fullmatch(name)]
        if paths != known or len(set(paths)) < len(paths):
            raise ValueError(f"the parts of {self.name} are not files of their own in its folder")
        rows, size = (sum(counts) for counts in zip(*((part.rows, part.bytes) for part in self.parts), strict=True))
        if (rows, size, digest_of_files(self.parts)) != (self.rows, self.parquet_bytes, self.parquet_sha256):
            raise ValueError(f"the parts of {self.name} are not as many rows, bytes and digests as the table")
        return self


class ObjectEntry(BaseModel):
    """One landed file: its name upstream, its digest (SHA-256, hex) and its size in bytes."""

    model_config = ConfigDict(frozen=True)

    name: str
    sha256: str
    bytes: int


class DatasetEntry(BaseModel):
    """One dataset of a source as it was landed; `absent`: the channel does not carry it, or nobody asked for it."""

    model_config = ConfigDict(frozen=True)

    dataset: str
    status: Literal["landed", "absent"]
    rows: int
    bytes: int
    objects: tuple[ObjectEntry, ...]
    url: str
    proof: dict[str, JsonValue]


class SourceEntry(BaseModel):
    """One landed release that the snapshot was built from; `fetched_at` is when its last dataset was fetched."""

    model_config = ConfigDict(frozen=True)

    source: str
    version: str
    channel: str
    fetched_at: datetime
    digest: str
    synthetic: bool
    datasets: tuple[DatasetEntry, ...]

    @classmethod
    def of(cls, release: Release) -> SourceEntry:
        """Describe a landed release."""
        return cls(
            source=release.source,
            version=release.version,
            channel=release.channel,
            fetched_at=release.fetched_at,
            digest=release.digest,
            synthetic=release.synthetic,
            datasets=tuple(
                DatasetEntry(
                    dataset=load.dataset,
                    status=load.status,
                    rows=load.rows,
                    bytes=load.bytes,
                    objects=tuple(
                        ObjectEntry(name=entry.name, sha256=entry.sha256, bytes=entry.bytes) for entry in load.objects
                    ),
                    url=load.url,
                    proof=load.proof,
                )
                for load in release.loads
            ),
        )


class LostEntry(BaseModel):
    """An earlier IDC release that should have been read as evidence and could not; `reason` says why and what to do."""

    model_config = ConfigDict(frozen=True)

    version: str
    reason: str


class SourceFailure(BaseModel):
    """A source that could not be refreshed, and why. `version` is its last good load, None where there is none."""

    model_config = ConfigDict(frozen=True)

    source: str
    version: str | None
    reason: str


class AbsentPart(BaseModel):
    """What a published table lacks because upstream data is not in the snapshot: absent, which is not zero.

    `column` is None where rows are lacking, and `is_empty` says that there are none at all. `dataset` is None where
    nothing of the source is there. `reason` says why, and which channel has it.
    """

    model_config = ConfigDict(frozen=True)

    table: str
    column: str | None
    is_empty: bool
    source: str
    dataset: str | None
    reason: str

    @property
    def made_of(self) -> str:
        """What is not there: a source, or a dataset of one."""
        return self.source if self.dataset is None else f"{self.source}'s {self.dataset}"

    def __str__(self) -> str:
        """Return one sentence for people."""
        if self.column is not None:
            return f"{self.table}.{self.column} is null for {self.source}: {self.reason}."
        if self.is_empty:
            return f"{self.table} is empty: {self.reason}."
        return f"{self.table} lacks what is made of {self.made_of}: {self.reason}."


class CodeVersion(BaseModel):
    """Which code built the snapshot: the package's version and, in a checkout, the commit and if it was altered."""

    model_config = ConfigDict(frozen=True)

    package: str
    commit: str | None = None
    dirty: bool | None = None

    def __str__(self) -> str:
        """Return one line for people."""
        if self.commit is None:
            return self.package
        return f"{self.package}, commit {self.commit}{' with uncommitted changes' if self.dirty else ''}"


class DuckdbFile(BaseModel):
    """The snapshot's `warehouse.duckdb`: the oldest DuckDB that reads it, its size and its SHA-256 (hex).

    The same tables give the same Parquet bytes, but not the same bytes of this file.
    """

    model_config = ConfigDict(frozen=True)

    storage_version: str
    bytes: int
    sha256: str


class Manifest(BaseModel):
    """Everything that is known about one snapshot.

    `absent` lists what the tables lack because upstream data is not there.
    `failures` names the sources that could not be refreshed: the snapshot holds their last good load, if there is one.
    `earlier` are the earlier IDC releases, of which the series were read as evidence for what changed and since when;
    `lost` those that were not, though they are landed or were read before: without one, spans and changes differ.
    `counts` are the counts of earlier loads of each source that were read.
    `input_digest` is over the landed releases and the code, `tables_digest` over the bytes of the published tables,
    `logical_digest` over what their rows say (None in snapshots of before it was taken).
    `retrospective`: a backfill made it of a past release; it is no night of the home, and never goes into service.
    `without_site` says why the pages of the snapshot could not be made; None where they were, and in snapshots of
    before there were any.
    `engine` ran the models, and `timings` are seconds by step.
    """

    model_config = ConfigDict(frozen=True)

    format_version: int = FORMAT_VERSION
    snapshot_id: str
    created_at: datetime
    input_digest: str
    tables_digest: str
    logical_digest: str | None = None
    synthetic: bool
    retrospective: bool = False
    sources: tuple[SourceEntry, ...]
    earlier: tuple[SourceEntry, ...] = ()
    counts: tuple[SourceEntry, ...] = ()
    lost: tuple[LostEntry, ...] = ()
    failures: tuple[SourceFailure, ...] = ()
    tables: tuple[TableEntry, ...]
    absent: tuple[AbsentPart, ...] = ()
    verdicts: tuple[Verdict, ...]
    code_version: CodeVersion
    engine: str = "duckdb"
    dependencies: dict[str, str]
    duckdb_file: DuckdbFile
    without_site: str | None = None
    timings: dict[str, float]

    @property
    def warnings(self) -> tuple[Verdict, ...]:
        """The expectations that failed and did not stop the publish."""
        return tuple(verdict for verdict in self.verdicts if not verdict.passed)


def part_name(value: str) -> str | None:
    """Return the name of the part with the rows of a value, or None where the value cannot name a file everywhere.

    A colon, which stands in the names of comparisons, becomes a point, which therefore no value may have: two values
    have two names.
    """
    name = value.replace(":", ".")
    return name if "." not in value and len(name) <= _LONGEST and _PART.fullmatch(name) else None


def part_path(table: str, name: str) -> str:
    """Return the path below `tables/` of a part of a table."""
    return f"{table}/{name}.parquet"


def digest_of_files(files: Iterable[TableFile]) -> str:
    """Return the SHA-256 (hex) over the pairs (path, SHA-256) of the parts of a table, in their order."""
    return _digest_of_pairs([[file.path, file.sha256] for file in files])


def digest_of_tables(tables: Iterable[TableEntry]) -> str:
    """Return the SHA-256 (hex) over the pairs (table name, SHA-256 of its Parquet file or parts), sorted by name."""
    pairs = sorted([table.name, table.parquet_sha256] for table in tables)
    return _digest_of_pairs(pairs)


def logical_digest_of_tables(tables: Iterable[TableEntry]) -> str | None:
    """Return the SHA-256 (hex) over the pairs (table name, its logical digest), sorted by name.

    None where a table has none: it was published before they were taken.
    """
    pairs = sorted([table.name, table.logical_digest or ""] for table in tables)
    return None if any(digest == "" for _, digest in pairs) else _digest_of_pairs(pairs)


def _digest_of_pairs(pairs: list[list[str]]) -> str:
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()
