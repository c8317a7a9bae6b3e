"""The citation as BibTeX: an entry for the snapshot, one a source and one a work, in ASCII for every BibTeX."""

from __future__ import annotations

from collections.abc import Iterable

from warehouse.citation.model import AUTHOR, Citation, CitedSource, Work

_ESCAPED = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def render(citation: Citation) -> str:
    """Return the entries; the snapshot comes first and its key is `icw-` and the id."""
    entries = (
        _snapshot(citation),
        *(_source(citation, source) for source in citation.sources),
        *map(_work, citation.works),
    )
    return "\n\n".join(entries) + "\n"


def _snapshot(citation: Citation) -> str:
    return _entry(
        "misc",
        f"icw-{citation.snapshot_id}",
        (
            ("author", f"{{{_escaped(AUTHOR)}}}"),
            ("title", f"{{{_escaped(citation.title)}}}"),
            ("year", str(citation.published_on.year)),
            ("month", str(citation.published_on.month)),
            ("howpublished", "Data set"),
            ("version", _escaped(citation.snapshot_id)),
            ("note", _escaped(citation.note)),
        ),
    )


def _source(citation: Citation, source: CitedSource) -> str:
    address = (("howpublished", rf"\url{{{source.address}}}"),) if source.address else ()
    return _entry(
        "misc",
        f"icw-{citation.snapshot_id}-{source.id}",
        (
            ("author", f"{{{_escaped(source.name)}}}"),
            ("title", f"{{{_escaped(f'{source.title}, version {source.version}')}}}"),
            ("year", str(source.accessed.year)),
            *address,
            ("version", _escaped(source.version)),
            ("note", _escaped(f"Accessed {source.accessed.isoformat()}; sha256:{source.digest}")),
        ),
    )


def _work(work: Work) -> str:
    return _entry(
        "article",
        work.key,
        (
            ("author", " and ".join(_escaped(f"{person.family}, {person.given}") for person in work.authors)),
            ("title", f"{{{_escaped(work.title)}}}"),
            ("journal", _escaped(work.journal)),
            ("year", str(work.year)),
            ("doi", work.doi),
        ),
    )


def _entry(kind: str, key: str, fields: Iterable[tuple[str, str]]) -> str:
    body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields)
    return f"@{kind}{{{key},\n{body}\n}}"


def _escaped(text: str) -> str:
    """Return the text as BibTeX and LaTeX read it back; what ASCII lacks stands as the number of its character."""
    return "".join(_ESCAPED.get(letter, letter if letter.isascii() else rf"\char{ord(letter)}{{}}") for letter in text)
