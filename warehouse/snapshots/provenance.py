"""Which code and which libraries are at work: what a reader needs to get the same bytes again."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
from pathlib import Path

from warehouse import __version__
from warehouse.engine_packages import PACKAGES
from warehouse.settings import BuildEngine
from warehouse.snapshots.manifest import CodeVersion

_LIBRARIES = ("duckdb", "dbt-core", "dbt-duckdb", "pyarrow", "great-expectations", "polars", "dagster")


def code_version() -> CodeVersion:
    """Return this package's version and, when it runs from its checkout, the commit and if that was altered."""
    checkout = Path(__file__).resolve().parents[2]
    commit = _git(checkout, "rev-parse", "HEAD") if (checkout / ".git").exists() else None
    changes = _git(checkout, "status", "--porcelain") if commit else None
    return CodeVersion(package=__version__, commit=commit or None, dirty=None if changes is None else bool(changes))


def dependency_versions(engine: BuildEngine = "duckdb") -> dict[str, str]:
    """Return the installed versions of Python and of the libraries that take part in a build with this engine."""
    versions = {"python": platform.python_version()}
    for library in (*_LIBRARIES, *(PACKAGES[engine] if engine != "duckdb" else ())):
        try:
            versions[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            # A build without Dagster is whole; the manifest then does not name it.
            continue
    return versions


def _git(checkout: Path, *arguments: str) -> str | None:
    try:
        finished = subprocess.run(
            # Asking for the status must not write to the checkout's index.
            ["git", "--no-optional-locks", "-C", str(checkout), *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return finished.stdout.strip()
