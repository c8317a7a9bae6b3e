"""The load of the clinical tables of a release: what was asked for, whole, with the proof that it is."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
from pydantic import JsonValue

from warehouse.contracts import load_contract
from warehouse.errors import IntegrityError, UsageError
from warehouse.files import sha256_of, writing_to
from warehouse.landing import LandedObject, Landing, Load, Release
from warehouse.public_text import public_url
from warehouse.settings import Settings
from warehouse.sources.http import Client
from warehouse.sources.idc.clinical.dictionary import Dictionary, read_dictionary
from warehouse.sources.idc.clinical.listing import ListedObject, list_objects
from warehouse.sources.idc.clinical.objects import TableFile, fetch_files
from warehouse.sources.idc.clinical.values import ClinicalTable, TableFacts, write_values

logger = logging.getLogger("icw.sources.http")

DATASET = "clinical_value"
"""The dataset of the contract that holds the values of all tables that were asked for."""

_DICTIONARY = "clinical_index"
CHANNEL = "clinical bucket"
"""The channel of the values: where the other datasets of a release come from does not carry them."""


@dataclass(frozen=True)
class _Source:
    """Which tables are asked for (by collection, in order), of which release, and where they lie."""

    release: str
    collections: tuple[str, ...]
    base_url: str

    @classmethod
    def of(cls, release: str, settings: Settings) -> _Source:
        """Return what the settings ask for of a release (a full version)."""
        return cls(release, settings.clinical, settings.clinical_url)

    def prefix(self, table: str) -> str:
        """Return the folder of a table in the bucket: one a data release, as `fetch_index` of idc-index names it."""
        return f"bigquery_export/idc_v{self.release.partition('.')[0]}_clinical/{table}/"


def fits(release: Release, settings: Settings) -> bool:
    """Return whether a landed release has the clinical tables of just the collections that the settings name."""
    load = release.load_of(DATASET)
    landed = load.proof.get("collections", []) if load is not None else []
    return landed == list(settings.clinical)


def has_changed(release: Release, settings: Settings) -> bool:
    """Ask the bucket whether the clinical tables of a landed release are still those that it lists.

    Sends one small request a table; none where no tables were asked for.

    Raises:
        SourceUnreachable: the bucket does not answer.
    """
    load = release.load_of(DATASET)
    if load is None or load.status != "landed":
        return False
    source, landed = _Source.of(release.version, settings), _listed_in(load)
    tables = sorted({_name_of(load, "table", entry) for entry in _entries(load)})
    with Client(settings) as client:
        now = {entry for table in tables for entry in _parquet_objects(client, source, table)}
    return now != landed.keys()


def land_tables(
    release: Release, staged: Mapping[str, Path], staging: Path, landing: Landing, settings: Settings
) -> tuple[Load, dict[str, Path]]:
    """Return the load of the clinical tables that the settings ask for, and the new files by digest (SHA-256).

    `release` has the other loads of the release, `staged` their files that are not in the landing yet. All tables of
    all collections are there as the bucket lists them, or none is.

    Raises:
        UsageError: a collection does not exist, or has no clinical tables in this release, or the release has no
            dictionary of them.
        IntegrityError: a table or a file is not there, or not as it is listed. SourceUnreachable: the bucket does not
            answer. StorageError: a file cannot be written.
    """
    source = _Source.of(release.version, settings)
    if not source.collections:
        return _not_requested(source, release.channel), {}
    dictionary = read_dictionary(_file_of(release, _DICTIONARY, staged, landing, source), release.version)
    collections = pq.read_table(
        _file_of(release, "idc_index", staged, landing, source), columns=["collection_id"]
    )["collection_id"].unique().to_pylist()  # fmt: skip
    tables = dictionary.tables_of(source.collections, (name for name in collections if name))
    with Client(settings) as client:
        logger.info("Listing %d clinical tables", len(tables), extra={"event": "step"})
        listed = {table: _parquet_objects(client, source, table) for table in tables}
        lacking = [table for table in tables if not listed[table]]
        if lacking:
            raise IntegrityError(
                f"clinical_index of IDC {release.version} lists the clinical tables {', '.join(lacking)}, and "
                f"{public_url(source.base_url)} has no Parquet file of them below {source.prefix('...')}. Nothing was "
                "landed; leave their collections out of ICW_CLINICAL, or wait until upstream has exported them."
            )
        earlier = _landed_before(landing)
        files = {
            table: fetch_files(client, source.base_url, listed[table], staging, landing, earlier) for table in tables
        }
    target = staging / f"{DATASET}.parquet"
    with writing_to(target):
        written = write_values(
            [ClinicalTable(table, tuple(file.path for file in files[table])) for table in tables],
            target,
            threads=settings.threads,
            memory_limit=settings.memory_limit,
        )
    load = _load(source, dictionary, target, files, written.tables).model_copy(update={"synthetic": written.synthetic})
    fresh = {file.sha256: file.path for of in files.values() for file in of if file.path.parent == staging}
    return load, {**fresh, load.objects[0].sha256: target}


def _not_requested(source: _Source, channel: str) -> Load:
    reason = (
        f"not requested when IDC {source.release} was landed: set ICW_CLINICAL to collections of IDC, e.g. "
        "ICW_CLINICAL=nlst,tcga_brca, and refresh"
    )
    return Load(
        source="idc", dataset=DATASET, upstream_version=source.release, status="absent", channel=channel,
        url=public_url(source.base_url), fetched_at=datetime.now(UTC), proof={"reason": reason},
    )  # fmt: skip


def _load(
    source: _Source,
    dictionary: Dictionary,
    target: Path,
    files: Mapping[str, Sequence[TableFile]],
    facts: Sequence[TableFacts],
) -> Load:
    """Return the load: the values first, then the files of the tables as they came."""
    objects = [LandedObject(name=target.name, sha256=sha256_of(target), bytes=target.stat().st_size)]
    tables: list[JsonValue] = []
    added: list[JsonValue] = []
    missing: list[JsonValue] = []
    for table in facts:
        described, found = dictionary.columns[table.name], set(table.columns)
        added += [f"{table.name}.{column}" for column in table.columns if column not in described]
        missing += [f"{table.name}.{column}" for column in sorted(described - found)]
        for file in files[table.name]:
            name = f"{table.name}/{file.listed.key.rpartition('/')[2]}"
            objects.append(LandedObject(name=name, sha256=file.sha256, bytes=file.listed.size))
            tables.append(
                {
                    "table": table.name,
                    "key": file.listed.key,
                    "etag": file.listed.etag,
                    "bytes": file.listed.size,
                    "sha256": file.sha256,
                }
            )
    if added or missing:
        logger.warning(
            "The clinical tables of IDC %s differ from their dictionary: not described %s; described and not there %s.",
            source.release, _listed(added), _listed(missing), extra={"event": "step"},
        )  # fmt: skip
    rows = sum(table.values for table in facts)
    return Load(
        source="idc", dataset=DATASET, upstream_version=source.release, status="landed", channel=CHANNEL,
        url=public_url(source.base_url), fetched_at=datetime.now(UTC), objects=tuple(objects), rows=rows,
        bytes=sum(entry.bytes for entry in objects),
        proof={
            "verified_by": "listing",
            "collections": list(source.collections),
            "tables": tables,
            "table_rows": {table.name: table.rows for table in facts},
            "table_values": {table.name: table.values for table in facts},
            "columns_added": added,
            "columns_missing": missing,
            "columns_retyped": [],
        },
    )  # fmt: skip


def _file_of(release: Release, dataset: str, staged: Mapping[str, Path], landing: Landing, source: _Source) -> Path:
    load = release.load_of(dataset)
    entry = load.object_named(f"{dataset}.parquet") if load is not None else None
    if entry is None:
        carriers = " and ".join(load_contract("idc").whole_channels)
        raise UsageError(
            f"ICW_CLINICAL (--clinical) asks for the clinical tables of {', '.join(source.collections)}, and IDC "
            f"{release.version} from the channel {release.channel} has no {dataset}, which says what they are. "
            f"The channels {carriers} carry it where a release has it (ICW_IDC_CHANNELS): take one of these and "
            "another release, or leave ICW_CLINICAL out."
        )
    return staged.get(entry.sha256) or landing.object_path(entry.sha256)


def _parquet_objects(client: Client, source: _Source, table: str) -> list[ListedObject]:
    listed = list_objects(client, source.base_url, source.prefix(table))
    return [entry for entry in listed if entry.key.endswith(".parquet")]


def _landed_before(landing: Landing) -> dict[ListedObject, str]:
    """Return the digests of all objects of clinical tables that a landed release has."""
    loads = (release.load_of(DATASET) for release in landing.releases("idc"))
    return {listed: sha256 for load in loads if load is not None for listed, sha256 in _listed_in(load).items()}


def _listed_in(load: Load) -> dict[ListedObject, str]:
    """Return the objects of a load as the bucket listed them, with their digests."""
    return {
        ListedObject(_name_of(load, "key", entry), _name_of(load, "etag", entry), int(_name_of(load, "bytes", entry))):
        _name_of(load, "sha256", entry)
        for entry in _entries(load)
    }  # fmt: skip


def _entries(load: Load) -> list[JsonValue]:
    entries = load.proof.get("tables", [])
    return entries if isinstance(entries, list) else []


def _name_of(load: Load, name: str, entry: JsonValue) -> str:
    if not isinstance(entry, dict) or name not in entry:
        raise IntegrityError(
            f"The load of {load.dataset} of IDC {load.upstream_version} does not say which objects it was made of. "
            "Move its manifest away and run the refresh again: it lands the release anew."
        )
    return str(entry[name])


def _listed(names: Sequence[JsonValue]) -> str:
    return ", ".join(map(str, names)) or "nothing"
