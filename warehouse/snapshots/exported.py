"""What an export holds: the folder of one snapshot, found in a folder, a bag or a zip file, and its files, proven.

What is read is what an export writes. The manifest and the list of digests are held against each other, and a file is
copied only where its bytes have the digest that is listed.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from warehouse.errors import IntegrityError, UsageError
from warehouse.snapshots.catalog import DATABASE, MANIFEST, TABLES
from warehouse.snapshots.exporting import LATEST, PAYLOAD, copied
from warehouse.snapshots.manifest import FORMAT_VERSION, Manifest, digest_of_tables
from warehouse.snapshots.verification import SUMS, digests_in

_ID = re.compile(r"(synthetic-)?\d{8}T\d{6}Z-[0-9a-f]{12}")
_NAME = re.compile(r"(tables/([A-Za-z0-9_][A-Za-z0-9_-]*/)?|semantic/|site/)?[A-Za-z0-9_][A-Za-z0-9_.-]*")
_LARGEST_DOCUMENT = 200_000_000
_NOTHING = "Nothing was taken from it."

# What zipfile raises while it reads a damaged or encrypted member.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


@dataclass(frozen=True)
class Export:
    """A snapshot that was exported: its folder, on the disk or in a zip file, its manifest, and its digests by file."""

    root: Path | zipfile.Path
    manifest: Manifest
    sums: Mapping[str, str]

    def copy_to(self, folder: Path) -> None:
        """Copy the files that the snapshot lists into an empty folder, each proven by its digest.

        Raises:
            IntegrityError: a file is missing, or not as it was published.
        """
        (folder / TABLES).mkdir(parents=True)
        for name in (*sorted(self.sums), SUMS):
            (folder / name).parent.mkdir(exist_ok=True)
            _copy_file(self.root, name, folder / name, self.sums.get(name))


@contextmanager
def export_at(source: Path) -> Iterator[Export]:
    """Yield the snapshot that a folder, a bag or a zip file holds; nothing but its two lists has been read of it.

    Raises:
        UsageError: there is no snapshot in it, or one that a newer release of this project wrote.
        IntegrityError: it cannot be read, or what it says of itself does not agree.
    """
    if not source.exists():
        raise UsageError(f"There is no {source}. Name a folder or a zip file that `icw snapshots export` wrote.")
    if source.is_dir():
        yield _described(_snapshot_in(source, source), source)
        return
    try:
        with zipfile.ZipFile(source) as archive:
            yield _described(_snapshot_in(zipfile.Path(archive), source), source)
    except zipfile.BadZipFile as error:
        raise IntegrityError(f"{source} is no zip file that can be read: {error}. {_NOTHING}") from None


def _described(root: Path | zipfile.Path, source: Path) -> Export:
    """Return the snapshot in a folder, its manifest and its list of digests held against each other."""
    try:
        stated = json.loads(_text(root.joinpath(MANIFEST)))
        newer = isinstance(stated, dict) and int(stated.get("format_version", FORMAT_VERSION)) > FORMAT_VERSION
        if newer:
            raise UsageError(
                f"The snapshot in {source} has format {stated['format_version']}, which needs a newer release of this "
                f"project. {_NOTHING}"
            )
        manifest = Manifest.model_validate(stated)
        sums = digests_in(_text(root.joinpath(SUMS)))
    except (ValueError, TypeError, KeyError, OSError, ValidationError, *_DAMAGE) as error:
        raise IntegrityError(
            f"The {MANIFEST} or {SUMS} in {source} cannot be read ({type(error).__name__}). {_NOTHING}"
        ) from None
    faults = [
        *([] if _ID.fullmatch(manifest.snapshot_id) else ["its id has not the form of one"]),
        *([] if manifest.tables_digest == digest_of_tables(manifest.tables) else ["its tables_digest is another one"]),
        *([] if manifest.snapshot_id.endswith(manifest.tables_digest[:12]) else ["its id is not that of its tables"]),
        *([] if manifest.synthetic == manifest.snapshot_id.startswith("synthetic-") else ["its id hides its kind"]),
        *(f"it lists {name!r}" for name in sums or {} if not _NAME.fullmatch(name) or name == SUMS),
        *([] if sums is not None else [f"its {SUMS} cannot be read"]),
    ]
    if faults or sums is None:
        raise IntegrityError(
            f"The snapshot {manifest.snapshot_id[:60]!r} in {source} contradicts itself: {faults[0]}. {_NOTHING}"
        )
    return Export(root, manifest, sums)


def _copy_file(root: Path | zipfile.Path, name: str, target: Path, digest: str | None) -> None:
    source = root.joinpath(name)
    if not source.is_file():
        if name == DATABASE:
            # It was dropped before the export; the tables are all there.
            return
        raise IntegrityError(f"{source} is missing: the export is not whole. {_NOTHING}")
    try:
        with source.open("rb") as file, target.open("wb") as written:
            found = copied(file, written)  # type: ignore[arg-type]
    except _DAMAGE as error:
        raise IntegrityError(f"{source} is damaged ({error}). {_NOTHING}") from None
    if digest is not None and found != digest:
        raise IntegrityError(
            f"{source} is damaged: its SHA-256 is {found[:16]}, and {digest[:16]} was published. "
            f"{_NOTHING} Copy the export anew."
        )


def _snapshot_in(root: Path | zipfile.Path, source: Path) -> Path | zipfile.Path:
    candidates = [root, root.joinpath(PAYLOAD)]
    latest = root.joinpath(LATEST)
    if latest.is_file():
        try:
            stated = json.loads(_text(latest))
            snapshot_id = str(stated["snapshot_id"])
        except (ValueError, KeyError, TypeError, *_DAMAGE):
            raise IntegrityError(f"{latest} cannot be read. {_NOTHING}") from None
        if not _ID.fullmatch(snapshot_id):
            raise IntegrityError(f"{latest} names no snapshot. {_NOTHING}")
        candidates += [root.joinpath(snapshot_id), root.joinpath(snapshot_id, PAYLOAD)]
    for folder in candidates:
        if folder.joinpath(MANIFEST).is_file():
            return folder
    raise UsageError(
        f"{source} holds no snapshot: there is no {MANIFEST} in it. Name what `icw snapshots export` wrote, or the "
        "folder of one snapshot in it."
    )


def _text(path: Path | zipfile.Path) -> str:
    with path.open("rb") as file:
        content = file.read(_LARGEST_DOCUMENT)
    return content.decode("utf-8")  # type: ignore[union-attr]
