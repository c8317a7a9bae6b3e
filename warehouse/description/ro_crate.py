"""ro-crate-metadata.json: the folder of a snapshot as an RO-Crate 1.2, with every file, the code and the sources."""

from __future__ import annotations

import json

from pydantic import JsonValue

from warehouse.citation.model import AUTHOR, CODE_LICENSE, CODE_TITLE, Citation, CitedLicense, CitedSource, Work
from warehouse.description.model import LICENSES_FILE, RO_CRATE_FILE, DescribedFile, Description

_SPECIFICATION = "https://w3id.org/ro/crate/1.2"
_AUTHOR_ID = "#maintainers"
_CODE_ID = "#code"
_CODE_LICENSE_URL = "https://www.apache.org/licenses/LICENSE-2.0"


def render(description: Description) -> str:
    """Return the file. It lists every file of the snapshot but itself and SHA256SUMS, which lists it."""
    citation = description.citation
    files = (*(file for table in description.tables for file in table.files), *description.files)
    graph: list[JsonValue] = [
        {
            "@id": RO_CRATE_FILE,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": _SPECIFICATION},
        },
        _root(description, files),
        {"@id": _AUTHOR_ID, "@type": "Organization", "name": AUTHOR},
        *_identifiers(citation),
        _code(citation),
        {
            "@id": _CODE_LICENSE_URL,
            "@type": "CreativeWork",
            "name": CODE_LICENSE,
            "description": "Licence of the code, not of the data",
        },
        _made(citation),
        *map(_source, citation.sources),
        *map(_work, citation.works),
        *map(_license, citation.licenses),
        *map(_file, files),
    ]
    content: JsonValue = {"@context": f"{_SPECIFICATION}/context", "@graph": graph}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _root(description: Description, files: tuple[DescribedFile, ...]) -> JsonValue:
    citation = description.citation
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": citation.title,
        "description": description.text,
        "datePublished": citation.published_on.isoformat(),
        "version": citation.snapshot_id,
        "author": {"@id": _AUTHOR_ID},
        "publisher": {"@id": _AUTHOR_ID},
        "identifier": [{"@id": f"#identifier-{number}"} for number, _ in enumerate(_identified_by(citation))],
        "license": [{"@id": LICENSES_FILE}, *({"@id": _license_id(licence)} for licence in citation.licenses)],
        "isBasedOn": [{"@id": _source_id(source)} for source in citation.sources],
        "citation": [{"@id": _work_id(work)} for work in citation.works],
        "mentions": {"@id": "#made"},
        "hasPart": [{"@id": file.path} for file in files],
    }


def _identified_by(citation: Citation) -> tuple[tuple[str, str], ...]:
    return (("id of the snapshot", citation.snapshot_id), *citation.digests)


def _identifiers(citation: Citation) -> list[JsonValue]:
    return [
        {"@id": f"#identifier-{number}", "@type": "PropertyValue", "name": name, "value": value}
        for number, (name, value) in enumerate(_identified_by(citation))
    ]


def _code(citation: Citation) -> JsonValue:
    # 1.2 wants an address of each SoftwareApplication, and SoftwareSourceCode to be a file of the crate.
    code: dict[str, JsonValue] = {
        "@id": _CODE_ID,
        "@type": "CreativeWork",
        "additionalType": "https://schema.org/SoftwareSourceCode",
        "name": CODE_TITLE,
        "version": citation.code.version,
        "author": {"@id": _AUTHOR_ID},
        "license": {"@id": _CODE_LICENSE_URL},
    }
    return code | ({"identifier": citation.code.swhid} if citation.code.swhid else {})


def _made(citation: Citation) -> JsonValue:
    return {
        "@id": "#made",
        "@type": "CreateAction",
        "name": f"Made {citation.title}",
        "instrument": {"@id": _CODE_ID},
        "object": [{"@id": _source_id(source)} for source in citation.sources],
        "result": {"@id": "./"},
        "endTime": f"{citation.created_at:%Y-%m-%dT%H:%M:%S}+00:00",
    }


def _source(source: CitedSource) -> JsonValue:
    entity: dict[str, JsonValue] = {
        "@id": _source_id(source),
        "@type": "CreativeWork",
        "name": f"{source.title}, version {source.version}",
        "description": f"Fetched {source.accessed.isoformat()}; what was fetched has the digest sha256:{source.digest}",
        "version": source.version,
    }
    return entity | ({"url": source.address} if source.address else {})


def _work(work: Work) -> JsonValue:
    return {
        "@id": _work_id(work),
        "@type": "ScholarlyArticle",
        "name": work.title,
        "author": [f"{person.family}, {person.given}" for person in work.authors],
        "datePublished": str(work.year),
        "identifier": _work_id(work),
    }


def _license(licence: CitedLicense) -> JsonValue:
    note = f" {licence.note}." if licence.note else ""
    entity: dict[str, JsonValue] = {
        "@id": _license_id(licence),
        "@type": "CreativeWork",
        "name": licence.name,
        "description": f"Commercial use: {licence.commercial_use}.{note} {LICENSES_FILE} counts the rows under it.",
    }
    return entity | ({"url": licence.url} if licence.url else {})


def _file(file: DescribedFile) -> JsonValue:
    return {
        "@id": file.path,
        "@type": "File",
        "name": file.path,
        "description": file.description,
        "encodingFormat": file.media_type,
        "contentSize": str(file.bytes),
        "sha256": file.sha256,
    }


def _source_id(source: CitedSource) -> str:
    return f"#source-{source.id}"


def _work_id(work: Work) -> str:
    return f"https://doi.org/{work.doi}"


def _license_id(licence: CitedLicense) -> str:
    """Return the address of a licence that has one by itself; agreements share the home page of their portal."""
    if licence.spdx is not None and licence.url is not None:
        return licence.url
    return f"#license-{licence.id.encode('utf-8').hex()}"
