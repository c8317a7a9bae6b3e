"""Collections as a citation names them: their own names, the DOIs of their sources, and their licences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import duckdb
from pydantic import BaseModel, ConfigDict

from warehouse.snapshots.catalog import Snapshot
from warehouse.sql_text import quoted


class LicenceCited(BaseModel):
    """One licence. `commercial_use_allowed` is None where the terms must be read, as in the warehouse."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str | None = None
    url: str | None = None
    commercial_use_allowed: bool | None = None


class CollectionCited(BaseModel):
    """One collection that contributed rows; `snapshot` is the name that its snapshot has in the query.

    The DOIs and licences are those of the rows where the rows state them, and else all of the collection.
    """

    model_config = ConfigDict(frozen=True)

    snapshot: str
    collection_key: int
    source_id: str | None = None
    collection_id: str | None = None
    name: str | None = None
    dois: tuple[str, ...] = ()
    licences: tuple[LicenceCited, ...] = ()

    @property
    def forbids_commercial_use(self) -> bool:
        """Whether a licence of its rows forbids commercial use."""
        return any(licence.commercial_use_allowed is False for licence in self.licences)


def described(
    connection: duckdb.DuckDBPyConnection,
    snapshot: Snapshot,
    name: str,
    found: Mapping[int, tuple[Iterable[str | None], Iterable[int | None]]],
) -> list[CollectionCited]:
    """Return collections with what their snapshot says of them, by source and id.

    Args:
        connection: the snapshot.
        snapshot: its manifest says which columns it has.
        name: the name of the snapshot in the query.
        found: the DOIs and licence keys of the contributing rows of each collection. None among them stands for rows
            that state none: then those of the whole collection are added.
    """
    if not found:
        return []
    reader = _Reader(connection, snapshot, quoted(name))
    names = reader.by_key("dim_collection", "collection_key", ("source_id", "collection_id", "collection_name"))
    all_dois, all_licences = reader.of_collections()
    licences = reader.licences()
    cited = []
    for key, (dois, keys) in found.items():
        source_id, collection_id, title = names.get(key, (None, None, None))
        doi_texts = {doi for doi in dois if doi} | (all_dois[key] if None in dois else set())
        licence_keys = {each for each in keys if each is not None} | (all_licences[key] if None in keys else set())
        cited.append(
            CollectionCited(
                snapshot=name,
                collection_key=key,
                source_id=source_id,
                collection_id=collection_id,
                name=title,
                dois=tuple(sorted(doi_texts)),
                licences=tuple(sorted((licences[each] for each in licence_keys if each in licences), key=_by_id)),
            )
        )
    return sorted(cited, key=lambda entry: (entry.source_id or "", entry.collection_id or "", entry.collection_key))


class _Reader:
    """Reads the tables that describe collections, as far as a snapshot has them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, database: str) -> None:
        self._connection = connection
        self._database = database
        self._columns = {table.name: {column.name for column in table.columns} for table in snapshot.manifest.tables}

    def by_key(self, table: str, key: str, columns: Sequence[str]) -> dict[int, tuple[str | None, ...]]:
        return {first: tuple(rest) for first, *rest in self._rows(table, (key, *columns))}

    def of_collections(self) -> tuple[dict[int, set[str]], dict[int, set[int]]]:
        """Return all DOIs and all licence keys of each collection."""
        dois: defaultdict[int, set[str]] = defaultdict(set)
        licences: defaultdict[int, set[int]] = defaultdict(set)
        for table, doi in (
            ("dim_collection", "collection_doi"),
            ("bridge_collection_source", "source_doi"),
            ("bridge_collection_license", ""),
        ):
            for key, text, licence in self._rows(table, ("collection_key", doi, "license_key")):
                dois[key] |= {text} if text else set()
                licences[key] |= {licence} if licence is not None else set()
        return dois, licences

    def licences(self) -> dict[int, LicenceCited]:
        columns = ("license_key", "license_id", "license_long_name", "license_url", "commercial_use_allowed")
        return {
            key: LicenceCited(id=str(licence_id), name=title, url=url, commercial_use_allowed=allowed)
            for key, licence_id, title, url, allowed in self._rows("dim_license", columns)
        }

    def _rows(self, table: str, columns: Sequence[str]) -> list[tuple]:
        """Return some columns of a table; null for those that the snapshot lacks, no rows if it has no table."""
        known = self._columns.get(table)
        if known is None or columns[0] not in known:
            return []
        shown = ", ".join(quoted(column) if column in known else "null" for column in columns)
        return self._connection.execute(f"select {shown} from {self._database}.{quoted(table)}").fetchall()


def _by_id(licence: LicenceCited) -> str:
    return licence.id
