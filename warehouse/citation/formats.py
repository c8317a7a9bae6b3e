"""The formats of a citation, by the name that `icw cite --format` takes, and their files in a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from warehouse.citation import bibtex, cff, csl_json, datacite, ris, text
from warehouse.citation.model import Citation

FormatName = Literal["text", "bibtex", "csl", "ris", "cff", "datacite"]


@dataclass(frozen=True)
class CitationFormat:
    """One format: what writes it, the name and media type of its file in a snapshot; `text` has none."""

    render: Callable[[Citation], str]
    file: str | None
    media_type: str


FORMATS: dict[FormatName, CitationFormat] = {
    "text": CitationFormat(text.render, None, "text/plain"),
    "bibtex": CitationFormat(bibtex.render, "citation.bib", "application/x-bibtex"),
    "csl": CitationFormat(csl_json.render, "citation.csl.json", "application/vnd.citationstyles.csl+json"),
    "ris": CitationFormat(ris.render, "citation.ris", "application/x-research-info-systems"),
    "cff": CitationFormat(cff.render, "CITATION.cff", "application/yaml"),
    "datacite": CitationFormat(datacite.render, "datacite.json", "application/vnd.datacite.datacite+json"),
}


def render(citation: Citation, name: FormatName) -> str:
    """Return the citation in a format."""
    return FORMATS[name].render(citation)


def files(citation: Citation) -> dict[str, str]:
    """Return the citation files of a snapshot: text by name."""
    return {form.file: form.render(citation) for form in FORMATS.values() if form.file is not None}
