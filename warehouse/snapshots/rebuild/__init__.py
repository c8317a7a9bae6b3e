"""Build a snapshot again from what it was built from, and say whether that gives the same tables.

`inputs` finds the landed objects by their digests, and fetches those of IDC that are gone; `comparison` holds the
tables against each other. The rebuild is scratch: what was published stays as it is, and nothing new is published.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from warehouse.build import prepare, run_models_apart
from warehouse.files import writing_to
from warehouse.landing import Landing
from warehouse.settings import Settings
from warehouse.snapshots.catalog import DATABASE, TABLES, Snapshot
from warehouse.snapshots.manifest import CodeVersion, Manifest
from warehouse.snapshots.provenance import code_version, dependency_versions
from warehouse.snapshots.rebuild.comparison import FirstDifference, RowDifferences, TableComparison, compared
from warehouse.snapshots.rebuild.inputs import inputs_of
from warehouse.snapshots.star import star_tables
from warehouse.snapshots.tables import table_writer

__all__ = ["FirstDifference", "Rebuild", "RowDifferences", "TableComparison", "code_differences", "rebuild"]

log = logging.getLogger("icw.snapshots")

SCRATCH = "rebuild"
"""The folder of a home in which a rebuild is made; it is removed with it."""


@dataclass(frozen=True)
class Rebuild:
    """What came of building a snapshot again.

    `code` says in sentences how this code and its engines differ from those that built the snapshot, and `same_input`
    whether the digest of the input (releases and code) is the same. `fetched` are the releases that were fetched again.
    """

    snapshot_id: str
    code: tuple[str, ...]
    same_input: bool
    fetched: tuple[str, ...]
    tables: tuple[TableComparison, ...]

    @property
    def outcome(self) -> Literal["bytes", "rows", "differs"]:
        """Whether all tables have the same bytes, at least the same rows, or not even these."""
        found = {table.found for table in self.tables}
        if found <= {"bytes"}:
            return "bytes"
        return "rows" if found <= {"bytes", "rows"} else "differs"


def rebuild(snapshot: Snapshot, settings: Settings) -> Rebuild:
    """Build a snapshot again from the objects that its manifest names, and compare the tables.

    It takes as long as a build. The caller holds the refresh lock. Other code than that of the snapshot is said, and
    does not stop it.

    Raises:
        IntegrityError: an object is gone and cannot be had again with the same digest.
        SourceError: an object of IDC is gone, and no channel answers.
        BuildFailed: the models cannot be built, or a table cannot be published.
        StorageError: the home cannot be written.
    """
    code = code_differences(snapshot.manifest, code_version(), dependency_versions())
    for sentence in code:
        log.info("%s", sentence, extra={"event": "code"})
    landing = Landing(settings.home)
    inputs = inputs_of(snapshot, landing, settings)
    with _scratch(settings.home) as scratch:
        build = prepare(scratch, landing, inputs.releases, settings, inputs.evidence)
        log.info("Building the star of %s again", snapshot.id, extra={"event": "step"})
        for done, _ in enumerate(run_models_apart(build, settings), start=1):
            # The profile of the tables is one more.
            progress = {"event": "progress", "label": "models", "done": done, "total": len(build.models) + 1}
            log.info("model %d of %d", done, progress["total"], extra=progress)
        log.info("Comparing the tables", extra={"event": "step"})
        tables = scratch / TABLES
        with writing_to(tables):
            tables.mkdir()
        limits = {"threads": settings.threads, "memory_limit": settings.memory_limit}
        with table_writer(build.database, scratch / "overflow", **limits) as writer:
            entries, _ = writer.write(star_tables(build.manifest), tables, scratch / DATABASE)
        return Rebuild(
            snapshot_id=snapshot.id,
            code=code,
            same_input=build.input_digest == snapshot.manifest.input_digest,
            fetched=inputs.fetched,
            tables=compared(snapshot, entries, tables, scratch / "overflow", **limits),
        )


def code_differences(manifest: Manifest, code: CodeVersion, dependencies: dict[str, str]) -> tuple[str, ...]:
    """Return in sentences how this code, and what it is built with, differ from those of a snapshot."""
    stated = manifest.code_version
    found: list[str] = []
    if (stated.package, stated.commit) != (code.package, code.commit):
        found.append(f"The snapshot was built by {stated}; this is {code}.")
    elif stated.dirty or code.dirty:
        altered = "both" if stated.dirty and code.dirty else "that of the snapshot" if stated.dirty else "this one"
        found.append(
            f"Both are {stated.package}, commit {stated.commit}, and {altered} had uncommitted changes: whether it is "
            "the same code cannot be told."
        )
    elif stated.commit is None:
        found.append(f"Both are {stated.package} without a commit: whether it is the same code cannot be told.")
    changed = [
        f"{name} {manifest.dependencies.get(name, 'absent')} then, {dependencies.get(name, 'absent')} now"
        for name in sorted({*manifest.dependencies, *dependencies})
        if manifest.dependencies.get(name) != dependencies.get(name)
    ]
    if changed:
        found.append(f"Other versions: {'; '.join(changed)}.")
    return tuple(found)


@contextmanager
def _scratch(home: Path) -> Iterator[Path]:
    """Make the folder of a rebuild, and remove it afterwards; one that a killed rebuild has left goes first."""
    folder = home / SCRATCH
    with writing_to(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
