"""What a person wants kept: pinned snapshots, and those that a citation names.

Layout below the warehouse home:

    pins/<snapshot id>.json      one pin: why, and since when
    citations/*.json             the query store; each record names the snapshot that it was asked of

A pin holds by the name of its file, whatever is in it, and a citation holds every snapshot whose id stands anywhere in
it: it is better to keep one too many than to lose the bytes behind a published number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from warehouse.errors import IntegrityError, UsageError
from warehouse.files import files_below, write_atomically, writing_to
from warehouse.snapshots.catalog import Snapshot, snapshots_folder


class Pin(BaseModel):
    """One pinned snapshot; `reason` and `pinned_at` (UTC) are None where the file of the pin cannot be read."""

    model_config = ConfigDict(frozen=True)

    snapshot_id: str
    reason: str | None = None
    pinned_at: datetime | None = None


def pins(home: Path) -> dict[str, Pin]:
    """Return the pins of a home by the id of their snapshot.

    Raises:
        IntegrityError: the folder cannot be read, so that nobody can say what is pinned.
    """
    found = files_below(_folder(home), ".json")
    return {path.stem: _read(path) for path in found if not path.name.startswith(".")}


def pin(home: Path, snapshot: Snapshot, reason: str | None) -> Pin:
    """Let nothing remove a snapshot until it is unpinned. A second pin replaces the reason of the first.

    Raises:
        UsageError: the snapshot is being removed just now.
        StorageError: the home cannot be written.
    """
    made = Pin(snapshot_id=snapshot.id, reason=reason, pinned_at=datetime.now(UTC).replace(microsecond=0))
    path = _folder(home) / f"{snapshot.id}.json"
    with writing_to(path):
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, made.model_dump_json(indent=2) + "\n")
    # A prune hides a snapshot and then looks for pins: either it has seen this one, or the snapshot is hidden by now.
    if not snapshot.folder.is_dir():
        with writing_to(path):
            path.unlink(missing_ok=True)
        raise UsageError(
            f"Snapshot {snapshot.id} is being removed (`icw snapshots prune`), and has not been pinned. "
            "`icw snapshots` lists what is left."
        )
    return made


def unpin(home: Path, name: str) -> Pin:
    """Take back the pin of the snapshot with this id or beginning of one; it may be gone. Returns what the pin said.

    Raises:
        UsageError: no pin begins like this, or more than one.
        StorageError: the home cannot be written.
    """
    held = pins(home)
    matches = [held[name]] if name in held else [found for key, found in held.items() if name and key.startswith(name)]
    if len(matches) != 1:
        listed = ", ".join(held) or "none"
        fault = "No snapshot that is pinned" if not matches else "More than one pinned snapshot"
        raise UsageError(f"{fault} in {home} begins with {name!r}. Pinned: {listed}.")
    path = _folder(home) / f"{matches[0].snapshot_id}.json"
    with writing_to(path):
        path.unlink()
    return matches[0]


def cited(home: Path, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return, for each of these snapshots that a record of the query store names, the files of the records.

    Raises:
        IntegrityError: a record or the folder cannot be read, so that nobody can say what is cited.
    """
    wanted = tuple(ids)
    found: dict[str, list[str]] = {}
    for path in files_below(home / "citations", ".json"):
        try:
            text = path.read_text(encoding="utf-8")
            json.loads(text)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise IntegrityError(
                f"The citation {path} cannot be read ({type(error).__name__}), so that it cannot be told which "
                "snapshot it needs. Restore the file, or move it away, then run the command again."
            ) from None
        for snapshot_id in wanted:
            if snapshot_id in text:
                found.setdefault(snapshot_id, []).append(path.name)
    return {snapshot_id: tuple(names) for snapshot_id, names in found.items()}


def _folder(home: Path) -> Path:
    return snapshots_folder(home).with_name("pins")


def _read(path: Path) -> Pin:
    try:
        return Pin.model_validate_json(path.read_bytes()).model_copy(update={"snapshot_id": path.stem})
    except (OSError, ValidationError):
        return Pin(snapshot_id=path.stem)
