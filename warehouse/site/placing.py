"""Where the site of a snapshot is: in its folder, where it was published with one; else it is made beside it."""

from __future__ import annotations

from pathlib import Path

from warehouse.errors import OutputError, StorageError
from warehouse.files import write_atomically, writing_to
from warehouse.home import require_outside
from warehouse.settings import Settings
from warehouse.site.rendering import render
from warehouse.snapshots.catalog import SITE, Snapshot


def site_of(snapshot: Snapshot, settings: Settings | None = None) -> Path:
    """Return the first page of the site of a snapshot; of one without a site it is made in `site/` of the home.

    Raises:
        IntegrityError: the snapshot has none, and its files are not as they were published.
        StorageError: the home cannot be written.
    """
    if snapshot.site.is_file():
        return snapshot.site
    folder = snapshot.folder.parents[1] / SITE / snapshot.id
    pages = render(snapshot, settings)
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        write_atomically(folder / name, text)
    return folder / snapshot.site.name


def write_site(snapshot: Snapshot, folder: Path, settings: Settings | None = None) -> Path:
    """Write the site of a snapshot into a folder outside of the home, and return its first page.

    Raises:
        IntegrityError: the snapshot has none, and its files are not as they were published.
        OutputError: the folder cannot be written to.
        UsageError: the folder lies in the home.
    """
    require_outside(folder / snapshot.site.name, snapshot.folder.parents[1])
    first = site_of(snapshot, settings)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for page in sorted(first.parent.glob("*.html")):
            write_atomically(folder / page.name, page.read_text(encoding="utf-8"))
    except (OSError, StorageError) as error:
        raise OutputError(
            f"The site cannot be written to {folder}: {error}. Name a folder that you may write to."
        ) from error
    return folder / first.name
