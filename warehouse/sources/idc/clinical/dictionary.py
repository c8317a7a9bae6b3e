"""Which clinical tables a collection has, and their columns: the artifact `clinical_index` of a release."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from warehouse.errors import UsageError


@dataclass(frozen=True)
class Dictionary:
    """The tables of each collection, and the columns of each table, by the short name of the table."""

    release: str
    tables: Mapping[str, frozenset[str]]
    columns: Mapping[str, frozenset[str]]

    def tables_of(self, collections: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
        """Return the tables of these collections, by name, each once: several collections may share one.

        `known` are all collections of the release.

        Raises:
            UsageError: one of them is no collection of the release, or has no clinical tables.
        """
        wanted = list(collections)
        lacking = [name for name in wanted if name not in self.tables]
        if lacking:
            there = set(known)
            unknown = [name for name in lacking if name not in there]
            bare = [name for name in lacking if name in there]
            reasons = [f"no collection {', '.join(unknown)}"] if unknown else []
            reasons += [f"no clinical tables of {', '.join(bare)}"] if bare else []
            raise UsageError(
                f"ICW_CLINICAL (--clinical) asks for {', '.join(wanted)}, but IDC {self.release} has "
                f"{' and '.join(reasons)}. Collections with clinical tables are: {', '.join(sorted(self.tables))}."
            )
        return tuple(sorted(frozenset[str]().union(*(self.tables[name] for name in wanted))))


def read_dictionary(clinical_index: Path, release: str) -> Dictionary:
    """Read the dictionary of a release; a row without a collection, table or column describes nothing here.

    A table goes by the third part of its full name, which is the short one of upstream (`clinical_index.sql` of
    idc-index-data) and its folder in the bucket.
    """
    tables: defaultdict[str, set[str]] = defaultdict(set)
    columns: defaultdict[str, set[str]] = defaultdict(set)
    rows = pq.read_table(clinical_index, columns=["collection_id", "table_name", "column"]).to_pylist()
    for row in rows:
        table = "".join((row["table_name"] or "").split(".")[2:3]).strip()
        if table and row["collection_id"] and row["column"]:
            tables[row["collection_id"]].add(table)
            columns[table].add(row["column"])
    return Dictionary(
        release,
        {name: frozenset(of) for name, of in tables.items()},
        {name: frozenset(of) for name, of in columns.items()},
    )
