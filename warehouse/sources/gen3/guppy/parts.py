"""The parts of one type on disk: written as pages arrive, found again after a crash, joined into one Parquet file.

A part is a small Arrow IPC file and a sidecar beside it that says which index and which state of the type it belongs
to. The sidecar is written last, atomically: a part without one does not count. Parts of another index, of other
fields or of another state are discarded, never mixed.

Nothing here waits for the disk: the sidecar holds the digest of its part, so that a part that a loss of power leaves
half written is detected and fetched anew.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from warehouse.files import sha256_of, write_atomically, writing_to
from warehouse.sources.gen3.guppy.census import IdDigest
from warehouse.sources.gen3.guppy.id_sets import ascending, records_below, records_without

log = logging.getLogger("icw.sources.gen3")

_CELLS_A_GROUP = 1_000_000

# Parts are read once and removed: Arrow's own format costs a fraction of the time that Parquet takes to write.
_PART_SUFFIX = ".arrow"
_PART_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)


class PartOrigin(BaseModel):
    """What all parts of one extraction share: the origin, the concrete index, the fields, and the partitioning.

    `origin` is the base address, or `synthetic` for a sandbox, whose address changes with every start.
    """

    model_config = ConfigDict(frozen=True)

    origin: str
    index: str
    fields: str
    cut: str


class _Journal(BaseModel):
    origin: PartOrigin
    states: tuple[str, ...]


class Part(BaseModel):
    """The sidecar of one part: its place in the order of the type, its plan as text, its rows and its digest.

    `first` and `last` are its smallest and largest id, or the bounds of its range. `state` is the digest of the
    census and the reported counts that the part belongs to.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    index: str
    state: str
    plan: str
    first: str | float
    last: str | float
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Joined:
    """One Parquet file made of all parts, and what it holds, for the proof.

    `ascending` means that every record has an id, greater than the one before: then there are as many distinct ids as
    rows.
    """

    path: Path
    rows: int
    bytes: int
    sha256: str
    ids_digest: str
    ascending: bool


class PartStore:
    """The parts of one type in one folder. Writing parts is safe from several threads."""

    def __init__(self, folder: Path, origin: PartOrigin) -> None:
        self.folder = folder
        self._origin = origin
        self._journal = folder / "journal.json"
        self._parts: list[Part] = []
        self._lock = threading.Lock()
        self.state = ""

    def begin(self, state: str) -> int:
        """Resume with the parts that belong to this state, or discard all; return how many were resumed.

        Raises:
            StorageError: the folder cannot be written.
        """
        with writing_to(self.folder):
            known = self._read_journal()
            if known is None or known.origin != self._origin or state not in known.states:
                self.discard()
                self.folder.mkdir(parents=True, exist_ok=True)
                self._write_journal((state,))
            for leftover in (*self.folder.glob("*.tmp"), *self.folder.glob(".*.tmp")):
                leftover.unlink(missing_ok=True)
            self._parts = self._complete_parts()
        self.state = state
        if self._parts:
            log.info("parts resumed", extra={"folder": str(self.folder), "parts": len(self._parts)})
        return len(self._parts)

    def add_state(self, state: str) -> None:
        """Accept the parts for a later state of the type too: the run repairs the difference."""
        known = self._read_journal()
        with writing_to(self.folder):
            self._write_journal((*(known.states if known else ()), state))
        self.state = state

    def discard(self) -> None:
        """Discard all parts."""
        self._parts = []
        shutil.rmtree(self.folder, ignore_errors=True)

    def parts(self) -> list[Part]:
        """Return the parts in the order of the type."""
        with self._lock:
            return sorted(self._parts, key=lambda part: (part.first, part.last, part.name))

    def _complete_parts(self) -> list[Part]:
        """Return the complete parts of an earlier run; incomplete ones are removed."""
        known = self._read_journal()
        found = []
        for sidecar in sorted(self.folder.glob("part-*.json")):
            try:
                part = Part.model_validate_json(sidecar.read_text(encoding="utf-8"))
            except (ValidationError, UnicodeDecodeError):
                part = None
            path = sidecar.with_suffix(_PART_SUFFIX)
            whole = part is not None and path.is_file() and path.stat().st_size == part.bytes
            if part and whole and known and part.state in known.states and sha256_of(path) == part.sha256:
                found.append(part)
            else:
                sidecar.unlink(missing_ok=True)
                path.unlink(missing_ok=True)
        return found

    def write(self, table: pa.Table, plan: str, first: str | float, last: str | float) -> Part:
        """Store one part: the file first, then its sidecar.

        Raises:
            StorageError: the folder cannot be written.
        """
        name = f"part-{hashlib.sha256(f'{self.state}{plan}{first}{last}{table.num_rows}'.encode()).hexdigest()[:24]}"
        path = self._path(name)
        temporary = path.with_suffix(".tmp")
        with writing_to(path):
            with pa.ipc.new_file(temporary, table.schema, options=_PART_OPTIONS) as writer:
                writer.write_table(table)
            part = Part(
                name=name,
                index=self._origin.index,
                state=self.state,
                plan=plan,
                first=first,
                last=last,
                rows=table.num_rows,
                bytes=temporary.stat().st_size,
                sha256=sha256_of(temporary),
            )
            os.replace(temporary, path)
            temporary.write_text(part.model_dump_json(), encoding="utf-8")
            os.replace(temporary, path.with_suffix(".json"))
        with self._lock:
            self._parts.append(part)
        return part

    def read(self, part: Part) -> pa.Table:
        """Return the records of a part."""
        with pa.ipc.open_file(self._path(part.name), options=pa.ipc.IpcReadOptions(use_threads=False)) as reader:
            return reader.read_all()

    def held_ids(self, id_field: str) -> pa.ChunkedArray:
        """Return the ids of all parts, in no particular order."""
        columns = [self._ids(part, id_field) for part in self.parts()]
        return pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.large_string())

    def _ids(self, part: Part, id_field: str) -> pa.ChunkedArray:
        with pa.ipc.open_file(self._path(part.name)) as reader:
            position = reader.schema.get_field_index(id_field)
        options = pa.ipc.IpcReadOptions(included_fields=[position], use_threads=False)
        with pa.ipc.open_file(self._path(part.name), options=options) as reader:
            return reader.read_all().column(0).cast(pa.large_string())

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{_PART_SUFFIX}"

    def _read_journal(self) -> _Journal | None:
        try:
            return _Journal.model_validate_json(self._journal.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValidationError, UnicodeDecodeError):
            return None

    def _write_journal(self, states: Sequence[str]) -> None:
        write_atomically(
            self._journal, _Journal(origin=self._origin, states=tuple(dict.fromkeys(states))).model_dump_json()
        )


def merged(store: PartStore, id_field: str, vanished: pa.ChunkedArray) -> Iterator[pa.Table]:
    """Yield the records of all parts in ascending order of their id, without those whose id has vanished upstream.

    Parts may overlap (a repair adds ids between those of others): records wait until no later part can hold a smaller
    id.
    """
    parts = store.parts()
    waiting: pa.Table | None = None
    for position, part in enumerate(parts, start=1):
        table = records_without(store.read(part), id_field, vanished)
        if waiting is not None and waiting.num_rows:
            table = pa.concat_tables([waiting, table]).sort_by(id_field)
        if position < len(parts):
            table, waiting = records_below(table, id_field, str(parts[position].first))
        if table.num_rows:
            yield table


def in_order(store: PartStore) -> Iterator[pa.Table]:
    """Yield the records of parts that do not overlap, part by part."""
    for part in store.parts():
        yield store.read(part)


def join(tables: Iterable[pa.Table], schema: pa.Schema, id_field: str | None, path: Path) -> Joined:
    """Write tables that arrive in order as one Parquet file whose bytes depend on the records alone.

    Row groups are of one size whatever the sizes of the pages were; memory is that of one row group.

    Raises:
        StorageError: the file cannot be written.
    """
    group = max(1024, _CELLS_A_GROUP // max(1, _width(schema)))
    digest = IdDigest()
    rows, last, in_order_of_ids = 0, None, id_field is not None
    pa.default_memory_pool().release_unused()
    options: dict[str, Any] = {"compression": "zstd", "compression_level": 3, "write_page_checksum": True}
    with writing_to(path), pq.ParquetWriter(path, schema, **options) as writer:
        pending: list[pa.Table] = []
        for table in tables:
            if id_field is not None and table.num_rows:
                ids = table.column(id_field)
                in_order_of_ids = in_order_of_ids and ascending(ids, last)
                last = ids[-1].as_py()
                digest.add(text for text in ids.to_pylist() if text is not None)
            pending.append(table.cast(schema))
            rows += table.num_rows
            while (held := sum(entry.num_rows for entry in pending)) >= group:
                whole = pa.concat_tables(pending)
                writer.write_table(whole.slice(0, group).combine_chunks(), row_group_size=group)
                pending = [whole.slice(group, held - group)] if held > group else []
        if pending or not rows:
            rest = pa.concat_tables([schema.empty_table(), *pending]).combine_chunks()
            writer.write_table(rest, row_group_size=group)
    return Joined(path, rows, path.stat().st_size, sha256_of(path), digest.hex(), in_order_of_ids)


def _width(schema: pa.Schema) -> int:
    return sum(_leaves(column.type) for column in schema)


def _leaves(kind: pa.DataType) -> int:
    if pa.types.is_list(kind):
        return 2 * _leaves(kind.value_type)
    if pa.types.is_struct(kind):
        return sum(_leaves(kind.field(position).type) for position in range(kind.num_fields))
    return 1
