"""The library: fetch, land, build, audit, publish and read the warehouse of medical-imaging metadata.

Nothing in here imports Dagster: orchestration lives in `dagster_project`, and every step can be
called and tested without it. `open` is for notebooks: `import warehouse as icw`, then `icw.open()`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warehouse.notebooks.opened_snapshot import OpenedSnapshot

__version__ = "0.1.0"


def open(snapshot: str | Path | None = None, *, home: str | Path | None = None) -> OpenedSnapshot:
    """Open a snapshot, read-only; close it, or use it as a context manager.

    Args:
        snapshot: an id or the beginning of one; without it (or with `current`) the one in service. A path (a `Path`, or
            a text with a slash or ending in `.zip`) is the folder of a snapshot, or what `icw snapshots export` wrote:
            a folder, a bag, a zip file. An address (`https://`, `http://`, `s3://`) is that of such a folder, of which
            the newest snapshot is fetched into a temporary folder: each file is proven by its digest.
        home: the warehouse home; by default that of the settings (`ICW_HOME`).

    Raises:
        UsageError: there is no such snapshot.
        IntegrityError: a file of it is not as it was published, or cannot be read.
        SourceError, StoreError: an address does not answer, or refuses.
        StorageError: there is no room for what must be copied or made again.
    """
    from warehouse.notebooks.opening import open_snapshot

    return open_snapshot(snapshot, home)
