"""The paragraph that cites an answer in a paper, ready to paste."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from warehouse.answers.collections_cited import CollectionCited
from warehouse.answers.record import ResultCited, SnapshotCited

_LISTED = 15
_TITLES = {"idc": "NCI Imaging Data Commons", "midrc": "MIDRC portal", "bih": "BDF Imaging Hub"}


def paragraph(
    citation_id: str,
    snapshots: Sequence[SnapshotCited],
    result: ResultCited,
    executed_at: datetime,
    engine: str,
    collections: Sequence[CollectionCited],
    absent: Sequence[str],
    *,
    are_exact: bool,
) -> str:
    """Return the sentences that cite an answer: the query, the result, the snapshots, and whose data it rests on.

    A synthetic snapshot is said to be one before all else. `absent` are the sentences on what is read and not there.
    """
    sentences = [_warning(snapshots)] if any(entry.synthetic for entry in snapshots) else []
    sentences.append(
        f"Query {citation_id} to the imaging commons warehouse, computed on {executed_at.day} {executed_at:%B %Y} with "
        f"{engine}: {_counted(result.rows, 'row')}, SHA-256 {result.sha256}."
    )
    sentences += [_snapshot(entry) for entry in snapshots]
    sentences += [f"Absent, not zero: {sentence}" for sentence in absent]
    if collections:
        sentences.append(_contributors(collections, are_exact))
        sentences += _terms(collections)
    return " ".join(sentences)


def _warning(snapshots: Sequence[SnapshotCited]) -> str:
    names = ", ".join(entry.id for entry in snapshots if entry.synthetic)
    return f"SYNTHETIC: {names} holds made-up data of the sandbox; do not cite this answer as a fact."


def _snapshot(entry: SnapshotCited) -> str:
    sources = "; ".join(
        f"{_TITLES.get(source.source, source.source)} {source.version}, accessed {source.fetched_at:%Y-%m-%d}"
        for source in entry.sources
    )
    made_of = f", made of {sources}" if sources else ""
    return f"Snapshot {entry.id} (tables digest {entry.tables_digest}){made_of}."


def _contributors(collections: Sequence[CollectionCited], are_exact: bool) -> str:
    dois = sorted({doi for entry in collections for doi in entry.dois})
    counted = f"{'' if are_exact else 'at most '}{_counted(len(collections), 'collection')}"
    if not dois:
        return f"The answer rests on rows of {counted}."
    return f"The answer rests on rows of {counted}, with the DOIs {_listed(dois)}."


def _terms(collections: Sequence[CollectionCited]) -> list[str]:
    ids = sorted({licence.id for entry in collections for licence in entry.licences})
    found = [f"Licences: {_listed(ids)}."] if ids else []
    forbidden = sorted(
        {entry.collection_id or str(entry.collection_key) for entry in collections if entry.forbids_commercial_use}
    )
    if forbidden:
        found.append(f"Commercial use is forbidden for {_listed(forbidden)}.")
    unclear = sorted(
        {licence.id for entry in collections for licence in entry.licences if licence.commercial_use_allowed is None}
    )
    if unclear:
        found.append(f"Read the terms of {_listed(unclear)} before any commercial use.")
    return found


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more, which the record lists" if more > 0 else "")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
