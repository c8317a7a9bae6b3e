"""The citation as plain text, to paste into a paper: the snapshot first, then each source and its works."""

from __future__ import annotations

from warehouse.citation.model import AUTHOR, CODE_TITLE, SYNTHETIC_NOTE, TERMS, Citation, CitedSource, Work

_AUTHORS_NAMED = 3


def render(citation: Citation) -> str:
    """Return the citation as lines of text."""
    digests = "; ".join(f"{name}: {digest}" for name, digest in citation.digests)
    snapshot = (
        f"{AUTHOR} ({citation.published_on.year}). {citation.title} [Data set], made "
        f"{citation.published_on.isoformat()}. {digests}. Code: {_code(citation)}."
    )
    lines = [snapshot, "", "Made of:", *(f"- {_source(source)}" for source in citation.sources)]
    if citation.evidence:
        lines += ["", f"Earlier releases read as evidence of changes: {', '.join(citation.evidence)}."]
    if citation.works:
        lines += ["", "Cite as well:", *(f"- {_work(work)}" for work in citation.works)]
    lines += ["", TERMS]
    if citation.dataset_dois:
        lines.append(f"Its rows name {len(citation.dataset_dois):,} DOIs of datasets; datacite.json lists them.")
    return "\n".join([SYNTHETIC_NOTE, "", *lines] if citation.synthetic else lines) + "\n"


def _code(citation: Citation) -> str:
    code = citation.code
    named = f"{CODE_TITLE} {code.version}"
    if code.swhid is not None:
        return f"{named}, {code.swhid}"
    if code.commit is None:
        return named
    return f"{named}, commit {code.commit}{' with uncommitted changes' if code.altered else ''}"


def _source(source: CitedSource) -> str:
    address = f" {source.address}," if source.address else ""
    return f"{source.title}, version {source.version},{address} accessed {source.accessed.isoformat()}"


def _work(work: Work) -> str:
    named = ", ".join(f"{person.family}, {person.given}" for person in work.authors[:_AUTHORS_NAMED])
    others = " et al." if len(work.authors) > _AUTHORS_NAMED else ""
    return f"{named}{others} ({work.year}). {work.title}. {work.journal}. https://doi.org/{work.doi}"
