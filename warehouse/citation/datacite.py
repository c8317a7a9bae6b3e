"""The citation as DataCite metadata (JSON, valid against schema 4.5), ready for whoever registers a DOI for a snapshot.

Schema 4.7 has SWHID as a type of identifier and 4.5 refuses it, so the revision of the code stands in the technical
information and in the version of the related software.
"""

from __future__ import annotations

import json

from pydantic import JsonValue

from warehouse.citation.model import (
    AUTHOR,
    CODE_TITLE,
    SYNTHETIC_NOTE,
    TITLE,
    Citation,
    CitedLicense,
    CitedSource,
    Work,
)

_SPDX = "https://spdx.org/licenses/"


def render(citation: Citation) -> str:
    """Return the metadata. Each DOI of a dataset that the rows describe is a related identifier (IsDerivedFrom)."""
    content: dict[str, JsonValue] = {
        "schemaVersion": "http://datacite.org/schema/kernel-4",
        "types": {"resourceType": "Database snapshot", "resourceTypeGeneral": "Dataset"},
        "creators": [{"name": AUTHOR, "nameType": "Organizational"}],
        "titles": [{"title": citation.title}],
        "publisher": {"name": TITLE},
        "publicationYear": str(citation.published_on.year),
        "language": "en",
        "version": citation.snapshot_id,
        "dates": [
            {"date": citation.published_on.isoformat(), "dateType": "Created"},
            *(
                {
                    "date": source.accessed.isoformat(),
                    "dateType": "Collected",
                    "dateInformation": f"{source.title}, version {source.version}",
                }
                for source in citation.sources
            ),
        ],
        "alternateIdentifiers": [
            {"alternateIdentifier": citation.snapshot_id, "alternateIdentifierType": "snapshot id"},
            *({"alternateIdentifier": digest, "alternateIdentifierType": name} for name, digest in citation.digests),
        ],
        "relatedIdentifiers": [*map(_derived_from, citation.dataset_dois), *map(_cited, citation.works)],
        "relatedItems": [_code(citation), *map(_source, citation.sources)],
        "rightsList": [*map(_rights, citation.licenses)],
        "formats": ["application/vnd.apache.parquet", "application/vnd.duckdb"],
        "descriptions": [
            {"description": citation.abstract, "descriptionType": "Abstract"},
            {"description": citation.note, "descriptionType": "TechnicalInfo"},
            *([{"description": SYNTHETIC_NOTE, "descriptionType": "Other"}] if citation.synthetic else []),
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _derived_from(doi: str) -> JsonValue:
    return {
        "relatedIdentifier": doi,
        "relatedIdentifierType": "DOI",
        "relationType": "IsDerivedFrom",
        "resourceTypeGeneral": "Dataset",
    }


def _cited(work: Work) -> JsonValue:
    return {
        "relatedIdentifier": work.doi,
        "relatedIdentifierType": "DOI",
        "relationType": "Cites",
        "resourceTypeGeneral": "JournalArticle",
    }


def _code(citation: Citation) -> JsonValue:
    code = citation.code
    return {
        "relationType": "IsCompiledBy",
        "relatedItemType": "Software",
        "titles": [{"title": f"{CODE_TITLE} {code.version}{f', {code.swhid}' if code.swhid else ''}"}],
        "creators": [{"name": AUTHOR, "nameType": "Organizational"}],
    }


def _source(source: CitedSource) -> JsonValue:
    item: dict[str, JsonValue] = {
        "relationType": "IsDerivedFrom",
        "relatedItemType": "Dataset",
        "titles": [{"title": f"{source.title}, version {source.version}"}],
        "creators": [{"name": source.name, "nameType": "Organizational"}],
    }
    if source.address is None:
        return item
    identifier: JsonValue = {"relatedItemIdentifier": source.address, "relatedItemIdentifierType": "URL"}
    return item | {"relatedItemIdentifier": identifier}


def _rights(licence: CitedLicense) -> JsonValue:
    rights: dict[str, JsonValue] = {"rights": f"{licence.name} (commercial use: {licence.commercial_use})"}
    if licence.url is not None:
        rights["rightsUri"] = licence.url
    if licence.spdx is not None:
        rights |= {"rightsIdentifier": licence.spdx, "rightsIdentifierScheme": "SPDX", "schemeUri": _SPDX}
    return rights
