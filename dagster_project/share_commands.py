"""`icw snapshots export`, `push` and `import`: a snapshot for others, and one from others."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from dagster_project import display
from dagster_project.options import JsonOption
from dagster_project.screen import Screen, screen
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


def push(
    name: Annotated[str | None, typer.Argument(metavar="[ID]", help="Snapshot; by default the one in service.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Publish a snapshot to the store that ICW_PUBLISH_URL names (s3://bucket/prefix), with latest.json.

    A refresh does so by itself where that is set. What is there already is held against its digest and not sent again;
    latest.json moves last, and never back to an older snapshot. Keys, region and endpoint come from the variables and
    files of AWS. Exits with 15 if the store cannot be reached, or refuses.
    """
    from dagster_project.progress import showing_progress
    from warehouse.snapshots import pushing

    settings = load_settings()
    found, bucket = catalog.snapshot(settings.home, name), pushing.publish_bucket(settings)
    with showing_progress(Screen(stderr=True, quiet=as_json)):
        done = pushing.push(found, bucket)
    if as_json:
        report = {"snapshot_id": found.id, "synthetic": found.manifest.synthetic}
        print(json.dumps(report | dataclasses.asdict(done)))
        return
    display.synthetic_notice(screen(), found)
    before = done.files - done.sent - done.copied
    print(
        f"{found.id} is in {done.address}, whole: {done.files} files, {done.bytes / 1e6:,.1f} MB "
        f"({done.sent} sent, {done.sent_bytes / 1e6:,.1f} MB; {done.copied} copied there; {before} there before). "
        f"latest.json names {'it' if done.is_latest else 'a newer snapshot'}."
    )


def import_(
    source: Annotated[Path, typer.Argument(metavar="PATH", help="Folder or zip file that an export wrote.")],
    as_json: JsonOption = False,
) -> None:
    """Take an exported snapshot into the home, after every file has been held against its digest.

    It comes into service only where nothing is in service yet; ask it with `icw sql --snapshot ID`.
    """
    from warehouse.lock import refresh_lock
    from warehouse.snapshots.group_access import let_group_read
    from warehouse.snapshots.importing import import_snapshot

    settings = load_settings()
    home = settings.home
    with refresh_lock(home):
        done = import_snapshot(home, source, group_readable=settings.group_readable)
        if settings.group_readable:
            let_group_read(home)
    if as_json:
        report = {"snapshot_id": done.snapshot.id, "synthetic": done.snapshot.manifest.synthetic}
        print(json.dumps(report | {"outcome": done.outcome, "current": done.is_in_service}))
        return
    what = "imported, each file as it was published" if done.outcome == "imported" else "there already, and whole"
    print(f"{done.snapshot.id} {what}{'; it is in service' if done.is_in_service else ''}.")
