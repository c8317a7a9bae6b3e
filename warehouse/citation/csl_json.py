"""The citation as CSL-JSON, which reference managers and pandoc read: the snapshot, its sources, their works."""

from __future__ import annotations

import json
from datetime import date

from pydantic import JsonValue

from warehouse.citation.model import AUTHOR, TITLE, Citation, CitedSource, Work


def render(citation: Citation) -> str:
    """Return a list of items; the first is the snapshot. Names and values are those of CSL 1.0.2."""
    items = [_snapshot(citation), *(_source(citation, source) for source in citation.sources)]
    items += map(_work, citation.works)
    return json.dumps(items, indent=2, ensure_ascii=False) + "\n"


def _snapshot(citation: Citation) -> dict[str, JsonValue]:
    return {
        "id": f"icw-{citation.snapshot_id}",
        "type": "dataset",
        "title": citation.title,
        "author": [{"literal": AUTHOR}],
        "publisher": TITLE,
        "issued": _date(citation.published_on),
        "version": citation.snapshot_id,
        "abstract": citation.abstract,
        "note": citation.note,
    }


def _source(citation: Citation, source: CitedSource) -> dict[str, JsonValue]:
    item: dict[str, JsonValue] = {
        "id": f"icw-{citation.snapshot_id}-{source.id}",
        "type": "dataset",
        "title": f"{source.title}, version {source.version}",
        "author": [{"literal": source.name}],
        "accessed": _date(source.accessed),
        "version": source.version,
        "note": f"sha256:{source.digest}",
    }
    return item | ({"URL": source.address} if source.address else {})


def _work(work: Work) -> dict[str, JsonValue]:
    return {
        "id": work.key,
        "type": "article-journal",
        "title": work.title,
        "author": [{"family": person.family, "given": person.given} for person in work.authors],
        "container-title": work.journal,
        "issued": {"date-parts": [[work.year]]},
        "DOI": work.doi,
    }


def _date(day: date) -> JsonValue:
    return {"date-parts": [[day.year, day.month, day.day]]}
