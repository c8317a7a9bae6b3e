"""The citation as CITATION.cff (Citation File Format 1.2.0), which GitHub, Zenodo and Zotero read.

It has no field for the licence of a compilation of several licences, so none is stated: the abstract says where they
are. The DOIs of hundreds of datasets are in the DataCite file.
"""

from __future__ import annotations

import yaml
from pydantic import JsonValue

from warehouse.citation.model import AUTHOR, CODE_LICENSE, CODE_TITLE, TERMS, Citation, CitedCode, CitedSource, Work


def render(citation: Citation) -> str:
    """Return the file."""
    content: dict[str, JsonValue] = {
        "cff-version": "1.2.0",
        "message": "This snapshot holds SYNTHETIC data: do not cite it."
        if citation.synthetic
        else "If you use this snapshot, cite it, its sources and the collections that you use.",
        "type": "dataset",
        "title": citation.title,
        "authors": [{"name": AUTHOR}],
        "version": citation.snapshot_id,
        "date-released": citation.published_on.isoformat(),
        "abstract": f"{citation.abstract} {TERMS}",
        "identifiers": [
            {"type": "other", "value": citation.snapshot_id, "description": "id of the snapshot"},
            *({"type": "other", "value": digest, "description": name} for name, digest in citation.digests),
        ],
        "references": [
            _code(citation.code),
            *map(_source, citation.sources),
            *map(_work, citation.works),
        ],
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)


def _code(code: CitedCode) -> JsonValue:
    reference: dict[str, JsonValue] = {
        "type": "software",
        "title": CODE_TITLE,
        "authors": [{"name": AUTHOR}],
        "version": code.version,
        "license": CODE_LICENSE,
    }
    if code.swhid is None:
        return reference
    identifier: JsonValue = {"type": "swh", "value": code.swhid, "description": "the revision that made the snapshot"}
    return reference | {"commit": code.commit, "identifiers": [identifier]}


def _source(source: CitedSource) -> JsonValue:
    reference: dict[str, JsonValue] = {
        "type": "database",
        "title": source.title,
        "authors": [{"name": source.name}],
        "version": source.version,
        "date-accessed": source.accessed.isoformat(),
        "identifiers": [
            {"type": "other", "value": f"sha256:{source.digest}", "description": "digest of what was fetched"}
        ],
    }
    return reference | ({"url": source.address} if source.address else {})


def _work(work: Work) -> JsonValue:
    return {
        "type": "article",
        "title": work.title,
        "authors": [{"family-names": person.family, "given-names": person.given} for person in work.authors],
        "journal": work.journal,
        "year": work.year,
        "doi": work.doi,
    }
