"""`icw snapshots export` and `import`: a snapshot for others, and one from others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.options import JsonOption
from warehouse.settings import load_settings
from warehouse.snapshots import catalog


def export(
    name: Annotated[str, typer.Argument(metavar="ID", help="Snapshot: its id, the beginning of one, or current.")],
    target: Annotated[Path, typer.Argument(metavar="DIR|FILE.zip", help="Folder, or zip file, outside of the home.")],
    bagit: Annotated[bool, typer.Option("--bagit", help="As a bag (BagIt 1.0), for an archive.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a snapshot into a folder that any web server can serve, with latest.json; or into a zip file."""
    from warehouse.snapshots import exporting

    found = catalog.snapshot(load_settings().home, name)
    done = exporting.export(found, target, bagit=bagit)
    if as_json:
        report = {"snapshot_id": found.id, "synthetic": found.manifest.synthetic, "path": str(done.path)}
        print(json.dumps(report | {"files": done.files, "bytes": done.bytes, "is_new": done.is_new}))
        return
    if found.manifest.synthetic:
        print("SYNTHETIC: this snapshot holds made-up data of the sandbox. Do not cite it.")
    what = "exported to" if done.is_new else "was exported already, and is whole in"
    print(f"{found.id} {what} {done.path} ({done.files} files, {done.bytes / 1e6:,.1f} MB).")


def import_(
    source: Annotated[Path, typer.Argument(metavar="PATH", help="Folder or zip file that an export wrote.")],
    as_json: JsonOption = False,
) -> None:
    """Take an exported snapshot into the home, after every file has been held against its digest.

    It comes into service only where nothing is in service yet; ask it with `icw sql --snapshot ID`.
    """
    from warehouse.lock import refresh_lock
    from warehouse.snapshots.importing import import_snapshot

    home = load_settings().home
    with refresh_lock(home):
        done = import_snapshot(home, source)
    if as_json:
        report = {"snapshot_id": done.snapshot.id, "synthetic": done.snapshot.manifest.synthetic}
        print(json.dumps(report | {"outcome": done.outcome, "current": done.is_in_service}))
        return
    what = "imported, each file as it was published" if done.outcome == "imported" else "there already, and whole"
    print(f"{done.snapshot.id} {what}{'; it is in service' if done.is_in_service else ''}.")
