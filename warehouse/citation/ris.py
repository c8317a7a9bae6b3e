"""The citation as RIS, which reference managers import: a record for the snapshot, one a source and one a work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from warehouse.citation.model import AUTHOR, TITLE, Citation, CitedSource, Work


def render(citation: Citation) -> str:
    """Return the records; the snapshot comes first."""
    records = (_snapshot(citation), *map(_source, citation.sources), *map(_work, citation.works))
    return "\n".join(records)


def _snapshot(citation: Citation) -> str:
    return _record(
        "DATA",
        (
            ("TI", citation.title),
            ("AU", AUTHOR),
            ("PB", TITLE),
            ("PY", str(citation.published_on.year)),
            ("DA", _date(citation.published_on)),
            ("ET", citation.snapshot_id),
            ("AB", citation.abstract),
            ("N1", citation.note),
        ),
    )


def _source(source: CitedSource) -> str:
    address = (("UR", source.address),) if source.address else ()
    return _record(
        "DATA",
        (
            ("TI", f"{source.title}, version {source.version}"),
            ("AU", source.name),
            ("ET", source.version),
            ("Y2", _date(source.accessed)),
            *address,
            ("N1", f"sha256:{source.digest}"),
        ),
    )


def _work(work: Work) -> str:
    return _record(
        "JOUR",
        (
            ("TI", work.title),
            *(("AU", f"{person.family}, {person.given}") for person in work.authors),
            ("JO", work.journal),
            ("PY", str(work.year)),
            ("DO", work.doi),
        ),
    )


def _record(kind: str, fields: Iterable[tuple[str, str]]) -> str:
    """Return one record. A value is one line: a line break would begin a field of its own."""
    lines = (f"{tag}  - {' '.join(value.split())}" for tag, value in (("TY", kind), *fields))
    return "\n".join((*lines, "ER  - ", ""))


def _date(day: date) -> str:
    return f"{day:%Y/%m/%d}/"
