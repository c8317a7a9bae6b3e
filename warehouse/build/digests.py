"""What decides the bytes of a published table, as digests: the landed releases, the project's own code, the engines."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Iterable, Sequence
from pathlib import Path

from warehouse.build.count_history import date_of_counts
from warehouse.build.history import NO_EVIDENCE, Evidence
from warehouse.engine_packages import engine_versions
from warehouse.landing import Release
from warehouse.settings import BuildEngine

DBT_PROJECT = Path(__file__).resolve().parents[2] / "dbt"

_LIBRARY = Path(__file__).resolve().parents[1]
_ENGINES = ("duckdb", "dbt-core", "dbt-adapters", "dbt-duckdb")

# What, besides the dbt project, decides its parsed state and the build of nothing; and what decides a snapshot.
_BUILDING = ("build", "contracts", "landed_views.py", "reading.py")
_MODULES = ("dbt_manifest.py", "logical_digest.py", "sql_text.py")
_DECIDING = (*_BUILDING, "profiles", "quality", "snapshots", *_MODULES)

# What no table comes from in the dbt project: what dbt writes, questions to the published tables, pages for readers.
_DECIDING_NOTHING = frozenset({"target", "logs", "analyses", "README.md"})
_SOURCE_FILES = (".py", ".sql", ".yml", ".csv", ".md")


def input_digest(releases: Sequence[Release], evidence: Evidence = NO_EVIDENCE, engine: BuildEngine = "duckdb") -> str:
    """Return the SHA-256 (hex) over everything that decides the tables: releases, code, dbt project and engines.

    Of what the build reads as evidence the channel decides nothing. An earlier release that is lost counts: a snapshot
    from before it was landed has the same tables, and does not say that anything is missing. When a load was fetched
    decides something only where its source has no versions: there it dates the counts. An engine besides DuckDB counts
    with the versions of its packages.

    Raises:
        UsageError: the engine cannot run here.
    """
    digest = _code_digest(_DECIDING)
    if engine != "duckdb":
        digest.update(f"{engine} {engine_versions(engine)}".encode())
    for release in sorted(releases, key=lambda entry: entry.source):
        digest.update(f"{release.source} {release.version} {release.channel} {release.digest}".encode())
        digest.update(str(date_of_counts(release)).encode())
    for release in sorted(evidence.inputs, key=lambda entry: (entry.source, entry.version)):
        digest.update(f"earlier {release.source} {release.version} {release.digest}".encode())
    for lost in evidence.lost:
        digest.update(f"lost {lost.version}".encode())
    return digest.hexdigest()


def project_digest() -> str:
    """Return the SHA-256 (hex) over what decides how dbt parses the project and what it makes of empty data.

    Analyses count here: dbt parses them too.
    """
    digest = _code_digest(_BUILDING)
    digest.update(folder_digest(DBT_PROJECT / "analyses").encode())
    return digest.hexdigest()


def folder_digest(folder: Path) -> str:
    """Return the SHA-256 (hex) over names and contents of the source files below a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.suffix in _SOURCE_FILES and not _DECIDING_NOTHING & set(inside.parts):
            digest.update(str(inside).encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def library_digest() -> str:
    """Return the SHA-256 (hex) over the engines, the dbt project and all source files of the library."""
    return _code_digest(["."]).hexdigest()


def _code_digest(places: Iterable[str]) -> hashlib._Hash:
    """Begin a digest with the engines, the dbt project and these folders and modules of the library."""
    digest = hashlib.sha256()
    for engine in _ENGINES:
        digest.update(f"{engine} {importlib.metadata.version(engine)}".encode())
    digest.update(folder_digest(DBT_PROJECT).encode())
    for place in (_LIBRARY / name for name in places):
        content = folder_digest(place) if place.is_dir() else hashlib.sha256(place.read_bytes()).hexdigest()
        digest.update(content.encode())
    return digest
