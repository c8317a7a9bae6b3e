"""What a snapshot's citation names, from its manifest and its own tables."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import UTC

import duckdb

from warehouse.citation.model import Citation, CitedCode, CitedSource
from warehouse.citation.source_works import SOURCE_WORKS
from warehouse.description.licenses import licenses_in
from warehouse.registry import SOURCES
from warehouse.snapshots.manifest import Manifest, SourceEntry

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_RESOLVER = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)", re.IGNORECASE)

# Where tables name datasets and whose row it is: the columns that must be there, and the query.
_DOI_QUERIES: tuple[tuple[dict[str, set[str]], str], ...] = (
    ({"fct_series": {"source_id", "source_doi"}}, "select source_id, source_doi as doi from fct_series"),
    ({"dim_collection": {"source_id", "collection_doi"}}, "select source_id, collection_doi from dim_collection"),
    ({"dim_analysis_result": {"source_id", "source_doi"}}, "select source_id, source_doi from dim_analysis_result"),
    (
        {"bridge_collection_source": {"collection_key", "source_doi"}, "dim_collection": {"source_id"}},
        "select source_id, source_doi from bridge_collection_source inner join dim_collection using (collection_key)",
    ),
)


def citation_of(manifest: Manifest, connection: duckdb.DuckDBPyConnection) -> Citation:
    """Return what is cited of a snapshot; `connection` sees its tables by their names.

    The DOIs and licences are those of the tables. What a simulated service says of collections is not cited.
    """
    tables = {table.name: {column.name for column in table.columns} for table in manifest.tables}
    real = [source.source for source in manifest.sources if not source.synthetic]
    names = _source_names(connection, tables)
    return Citation(
        snapshot_id=manifest.snapshot_id,
        created_at=manifest.created_at.astimezone(UTC),
        tables_digest=manifest.tables_digest,
        # The one place for the logical digest of the manifest, once it has one.
        logical_digest=manifest.logical_digest,
        synthetic=manifest.synthetic,
        code=CitedCode(
            version=manifest.code_version.package,
            commit=manifest.code_version.commit,
            altered=manifest.code_version.dirty,
        ),
        sources=tuple(_source(source, names) for source in manifest.sources),
        evidence=tuple(f"{source.source} {source.version}" for source in manifest.earlier),
        dataset_dois=_dataset_dois(connection, tables, real),
        licenses=licenses_in(connection, tables),
    )


def dois_in(texts: Iterable[str | None]) -> tuple[str, ...]:
    """Return the DOIs that texts name, in lower case, each once, sorted.

    Lists are joined by backslashes, as in all columns; a resolver's address before a DOI is left out. What is no DOI as
    a whole is left out, too: part of one would name something else.
    """
    parts = (part.strip() for text in texts if text is not None for part in text.split("\\"))
    names = (_RESOLVER.sub("", part, count=1) if _RESOLVER.match(part) else part for part in parts)
    return tuple(sorted({name.lower() for name in names if _DOI.fullmatch(name)}))


def _source(source: SourceEntry, names: dict[str, tuple[str, str | None]]) -> CitedSource:
    name, address = names.get(source.source, (source.source, None))
    return CitedSource(
        id=source.source,
        name=name,
        address=address,
        version=source.version,
        accessed=source.fetched_at.astimezone(UTC).date(),
        digest=source.digest,
        synthetic=source.synthetic,
        works=SOURCE_WORKS.get(source.source, ()),
    )


def _source_names(
    connection: duckdb.DuckDBPyConnection, tables: dict[str, set[str]]
) -> dict[str, tuple[str, str | None]]:
    """Return name and home page of each source: those of `dim_source`, else the names of the registry."""
    names: dict[str, tuple[str, str | None]] = {spec.name: (spec.label, spec.address) for spec in SOURCES}
    if {"source_id", "source_name", "home_url"} <= tables.get("dim_source", set()):
        found = connection.execute("select source_id, source_name, home_url from dim_source").fetchall()
        names |= {source_id: (name, address) for source_id, name, address in found if name is not None}
    return names


def _dataset_dois(
    connection: duckdb.DuckDBPyConnection, tables: dict[str, set[str]], sources: Collection[str]
) -> tuple[str, ...]:
    selects = [
        select
        for needed, select in _DOI_QUERIES
        if all(columns <= tables.get(table, set()) for table, columns in needed.items())
    ]
    if not selects or not sources:
        return ()
    named = f"({' union all '.join(selects)}) as named(source_id, doi)"
    found = connection.execute(
        f"select distinct doi from {named} where list_contains(?, source_id)", [list(sources)]
    ).fetchall()
    return dois_in(doi for (doi,) in found)
