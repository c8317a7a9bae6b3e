"""A load script: what it loads and how to run it, the statements of one engine, and the check that ends it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from warehouse.ddl.contents import contents_of
from warehouse.ddl.engine import Engine
from warehouse.ddl.engines import ENGINES
from warehouse.ddl.locations import root_of
from warehouse.ddl.model import Load
from warehouse.ddl.names import EngineName
from warehouse.errors import OutputError, UsageError
from warehouse.files import write_atomically
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot

_SCHEMA = "imaging_commons"
_SYNTHETIC = "synthetic"
_SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class Script:
    """A script and what it was made of. `statements` are without their semicolons, the check is the last of them."""

    engine: EngineName
    load: Load
    statements: tuple[str, ...]
    text: str

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.load.contents.snapshot_id}.{self.engine}.sql"


def load_script(
    snapshot: Snapshot, name: EngineName, settings: Settings, location: str | None = None, schema: str | None = None
) -> Script:
    """Return the script that loads a snapshot into an engine. The same snapshot and options give the same text.

    Without a schema it is `imaging_commons`, of made-up data `imaging_commons_synthetic`. `settings` bound DuckDB.

    Raises:
        UsageError: the engine cannot read this location, or needs one; the schema is no name, or hides that the data
            are made up; a table or column of the snapshot has a name or type that published tables do not have; the
            memory limit of `settings` is too low.
        IntegrityError: a Parquet file of the snapshot is gone or cannot be read.
    """
    engine = ENGINES[name]
    chosen = _schema(snapshot, schema)
    root = root_of(snapshot, location, engine.schemes, engine.title)
    load = Load(contents_of(snapshot, settings), chosen, root)
    statements = (*engine.statements(load), engine.check(load))
    header = "".join(f"-- {line}".rstrip() + "\n" for line in _header(engine, load, f"{snapshot.id}.{name}.sql"))
    body = "".join(f"\n{statement};\n" for statement in statements[:-1])
    text = f"{header}{body}\n-- Each row is a table that is not whole. No row: all were loaded.\n{statements[-1]};\n"
    return Script(name, load, statements, text)


def write_script(script: Script, folder: Path) -> Path:
    """Write a script into a folder, which is made if need be, and return its path.

    Raises:
        OutputError: it cannot be written there.
    """
    path = folder / script.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, script.text)
    except OSError as error:
        raise OutputError(
            f"Cannot write {path}: {error.strerror or error}. Name a folder that you may write to with --output."
        ) from error
    return path


def _schema(snapshot: Snapshot, schema: str | None) -> str:
    if schema is None:
        return f"{_SCHEMA}_{_SYNTHETIC}" if snapshot.manifest.synthetic else _SCHEMA
    if _SCHEMA_NAME.fullmatch(schema) is None:
        raise UsageError(f"{schema!r} cannot name a schema everywhere: use up to 63 of a-z, 0-9 and _, no digit first.")
    if snapshot.manifest.synthetic and _SYNTHETIC not in schema:
        raise UsageError(
            f"Snapshot {snapshot.id} holds made-up data of the sandbox, and the schema {schema!r} would not say so. "
            f"Name one with {_SYNTHETIC!r} in it, such as {schema}_{_SYNTHETIC}."
        )
    return schema


def _header(engine: Engine, load: Load, name: str) -> Iterable[str]:
    contents = load.contents
    yield f"Loads snapshot {contents.snapshot_id} of the imaging commons warehouse into {engine.title}."
    if contents.synthetic:
        yield "SYNTHETIC: this snapshot holds made-up data of the sandbox. Do not cite it."
    yield ""
    yield f"Snapshot made:  {contents.created_at:%Y-%m-%dT%H:%M:%SZ}"
    yield f"Tables digest:  sha256:{contents.tables_digest}"
    yield f"Tables:         {len(contents.tables)}, {sum(table.rows for table in contents.tables):,} rows"
    yield f"Files:          {load.root}/"
    yield f"Schema:         {load.schema}"
    yield f"Run:            {engine.run.format(script=name)}"
    yield ""
    yield from engine.notes(load)
    yield ""
    yield "It can be run again: what the schema has of these tables is replaced, other tables are left alone."
