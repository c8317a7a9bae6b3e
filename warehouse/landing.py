"""The raw store: content-addressed objects and the manifests of the loads that they belong to.

Layout below `<home>/landing/`:

    objects/ab/ab12...       one immutable file a SHA-256, whatever it was called upstream
    loads/<source>/<release>-<digest>.json
                             the loads of one release, committed together by one atomic rename
    choices.json             which release of each source the next build reads, and why it is not a newer one
    staging/<source>/<release>/
                             downloads that are not committed yet; kept so that a broken run can resume

A commit first moves the staged files to their objects and then renames the manifest into place. A process
that is killed in between leaves objects that no manifest names: the next commit takes them over when it
needs them, and `sweep` removes the rest.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter, ValidationError

from warehouse.errors import IntegrityError
from warehouse.files import sha256_of, sync_folder, write_atomically, writing_to


class LandedObject(BaseModel):
    """One file of a load: its name upstream, its digest (SHA-256, hex) and its size in bytes."""

    model_config = ConfigDict(frozen=True)

    name: str
    sha256: str
    bytes: int


class Load(BaseModel):
    """One dataset of one upstream version, whole.

    `status` is `absent` when the channel does not carry the dataset: the load then has no objects and says so, instead
    of being missing. `proof` holds what shows that the load is complete and unaltered (digests, versions, counts).
    """

    model_config = ConfigDict(frozen=True)

    source: str
    dataset: str
    upstream_version: str
    status: Literal["landed", "absent"]
    channel: str
    url: str
    fetched_at: datetime
    objects: tuple[LandedObject, ...] = ()
    rows: int = 0
    bytes: int = 0
    proof: dict[str, JsonValue] = {}
    synthetic: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over what was landed (source, dataset, version, objects), not over when or from where."""
        content = [self.source, self.dataset, self.upstream_version, self.status, self.synthetic]
        objects = sorted([entry.name, entry.sha256] for entry in self.objects)
        return hashlib.sha256(json.dumps([content, objects]).encode()).hexdigest()

    def object_named(self, name: str) -> LandedObject | None:
        """Return the object with this upstream file name, or None."""
        return next((entry for entry in self.objects if entry.name == name), None)


class Release(BaseModel):
    """All loads of one upstream version, committed together: a release is in the landing whole or not at all."""

    model_config = ConfigDict(frozen=True)

    source: str
    version: str
    channel: str
    loads: tuple[Load, ...]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the digests of the loads."""
        return hashlib.sha256("".join(sorted(load.digest for load in self.loads)).encode()).hexdigest()

    @property
    def fetched_at(self) -> datetime:
        """When the last of the loads was fetched (UTC)."""
        return max(load.fetched_at for load in self.loads)

    @property
    def synthetic(self) -> bool:
        """Whether any load comes from a simulated service instead of the real upstream."""
        return any(load.synthetic for load in self.loads)

    def load_of(self, dataset: str) -> Load | None:
        """Return the load of `dataset`, or None if the release was landed before the contract knew it."""
        return next((load for load in self.loads if load.dataset == dataset), None)


class Choice(BaseModel):
    """Which release of a source the next build reads: `version` and `digest`, or None where there is none.

    `failure` says why the source could not be refreshed; the release is then the last good one.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    version: str | None = None
    digest: str | None = None
    failure: str | None = None


_CHOICES = TypeAdapter(list[Choice])


class Landing:
    """The raw store of one warehouse home. Only the holder of the refresh lock may write to it."""

    def __init__(self, home: Path) -> None:
        self.root = home / "landing"
        self._objects = self.root / "objects"
        self._loads = self.root / "loads"
        self._staging = self.root / "staging"
        self._selection = self.root / "choices.json"

    def staging_for(self, source: str, version: str) -> Path:
        """Return the folder for the downloads of one release, made if need be.

        Raises:
            StorageError: the home cannot be written.
        """
        folder = self._staging / source / version
        with writing_to(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def object_path(self, sha256: str) -> Path:
        """Return where the object with this digest lies (or would lie)."""
        return self._objects / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        """Return whether the object is in the store."""
        return self.object_path(sha256).is_file()

    def sources(self) -> list[str]:
        """Return the names under which releases are kept, of sources and of what is kept beside their loads."""
        return sorted(folder.name for folder in self._loads.iterdir()) if self._loads.is_dir() else []

    def releases(self, source: str) -> list[Release]:
        """Return every committed release of `source`, the one fetched last at the end.

        Raises:
            IntegrityError: a manifest cannot be read.
        """
        found = [self._read(path) for path in sorted((self._loads / source).glob("*.json"))]
        return sorted(found, key=lambda release: (release.fetched_at, release.digest))

    def release(self, source: str, version: str) -> Release | None:
        """Return the release of `source` with this version that was fetched last, or None."""
        return next((found for found in reversed(self.releases(source)) if found.version == version), None)

    def select(self, release: Release) -> None:
        """Let the next build read this release of its source.

        Raises:
            StorageError: the home cannot be written.
        """
        self.choose(Choice(source=release.source, version=release.version, digest=release.digest))

    def choose(self, choice: Choice) -> None:
        """Keep a choice for the next build; it replaces the earlier one of its source.

        Raises:
            IntegrityError: the choices cannot be read.
            StorageError: the home cannot be written.
        """
        choices = {entry.source: entry for entry in self.choices()} | {choice.source: choice}
        text = _CHOICES.dump_json([choices[source] for source in sorted(choices)], indent=2).decode()
        with writing_to(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            write_atomically(self._selection, text + "\n")

    def choices(self) -> list[Choice]:
        """Return what was chosen for the next build, ordered by source.

        Raises:
            IntegrityError: the choices cannot be read.
        """
        if not self._selection.is_file():
            return []
        try:
            return _CHOICES.validate_json(self._selection.read_bytes())
        except ValidationError as error:
            raise IntegrityError(
                f"{self._selection} cannot be read ({str(error).splitlines()[0]}). It says which releases the next "
                "build reads. Remove it and run the refresh again: it chooses anew."
            ) from None

    def selected(self) -> list[Release]:
        """Return the releases that the next build reads, ordered by source.

        Raises:
            IntegrityError: the choices cannot be read, or a chosen release is not in the landing any more.
        """
        return [release for choice in self.choices() if (release := self.chosen(choice)) is not None]

    def chosen(self, choice: Choice) -> Release | None:
        """Return the release that a choice names, or None where it names none.

        Raises:
            IntegrityError: the release is not in the landing any more.
        """
        if choice.digest is None:
            return None
        release = next((entry for entry in self.releases(choice.source) if entry.digest == choice.digest), None)
        if release is None:
            raise IntegrityError(
                f"The landing has no release {choice.version} of {choice.source} with digest {choice.digest[:16]} "
                "any more, though it was selected for the build. Run the refresh again: it lands the release anew."
            )
        return release

    def missing_objects(self, release: Release) -> list[LandedObject]:
        """Return the objects that the release names and the store does not hold, or holds with other bytes.

        Every object is read and hashed: a flipped bit in a Parquet file mostly reads as other data, not as an error
        (134 of 200, measured in November 2026). It is as fast as the disk, some 79 MB for a release of IDC.
        """
        entries = [entry for load in release.loads for entry in load.objects]
        return [entry for entry in entries if not self._holds(entry)]

    def require_intact(self, releases: Iterable[Release]) -> None:
        """Stop before anything is made from bytes that are not those that were landed.

        Raises:
            IntegrityError: an object is gone or does not agree with its digest; the message names every such one.
        """
        reasons = [reason for release in releases for reason in self.damage(release)]
        if reasons:
            raise IntegrityError(
                " ".join(reasons) + " Nothing was published from them. Run the refresh again: it fetches them anew."
            )

    def damage(self, release: Release) -> list[str]:
        """Return a sentence for each object of a release that is gone or is not what was landed."""
        return [
            f"The landed {entry.name} of {release.source} {release.version} ({self.object_path(entry.sha256)}) "
            + ("is damaged: it does not agree with its SHA-256." if self.has(entry.sha256) else "is gone.")
            for entry in self.missing_objects(release)
        ]

    def commit(self, release: Release, staged: dict[str, Path]) -> Release:
        """Put a release into the landing, whole. Returns the release as it is known from now on.

        `staged` maps the digest of each object to the verified file that holds it; an object without one must be in the
        store already. The same content twice is one object and one manifest, and the first manifest stays.

        Raises:
            IntegrityError: an object is neither staged nor in the store; no manifest is written then.
            StorageError: the home cannot be written.
        """
        folder = self._loads / release.source
        path = self._manifest_of(release)
        with writing_to(self.root):
            folder.mkdir(parents=True, exist_ok=True)
            for entry in (entry for load in release.loads for entry in load.objects):
                self._store(entry, staged)
            if not path.exists():
                write_atomically(path, release.model_dump_json(indent=2) + "\n")
        return self._read(path)

    def remove(self, release: Release) -> None:
        """Remove the manifest of a release; `sweep` then removes the objects that no other one names.

        Raises:
            StorageError: the home cannot be written.
        """
        path = self._manifest_of(release)
        with writing_to(path):
            path.unlink(missing_ok=True)
            sync_folder(path.parent)

    def sweep(self, needed: Collection[str] = frozenset()) -> int:
        """Remove temporary files and objects that no manifest names. Returns the bytes that this frees.

        `needed` are the digests of objects that stay in any case. Staged files stay, and only empty folders go: they
        belong to a fetch that is not finished, and the next run goes on from them.

        Raises:
            IntegrityError: a manifest cannot be read (nothing is removed then).
            StorageError: the home cannot be written.
        """
        named = {
            entry.sha256
            for source in self.sources()
            for release in self.releases(source)
            for load in release.loads
            for entry in load.objects
        }
        litter = [path for path in self._objects.glob("*/*") if path.name not in named and path.name not in needed]
        litter += [*self._loads.glob("*/.*.tmp"), *self.root.glob(".*.tmp")]
        freed = 0
        with writing_to(self.root):
            for path in litter:
                freed += path.stat().st_size
                path.unlink()
        for folder in (*sorted(self._staging.rglob("*"), reverse=True), self._staging):
            with contextlib.suppress(OSError):
                folder.rmdir()
        return freed

    def discard_other_staging(self, source: str, version: str) -> None:
        """Remove what broken runs left in staging for other releases of `source`."""
        for folder in (self._staging / source).glob("*"):
            if folder.name != version:
                shutil.rmtree(folder, ignore_errors=True)

    def discard_staging(self, source: str) -> None:
        """Remove what is staged for `source`: its release is landed, and what is left served its purpose."""
        shutil.rmtree(self._staging / source, ignore_errors=True)

    def _manifest_of(self, release: Release) -> Path:
        return self._loads / release.source / f"{release.version}-{release.digest[:16]}.json"

    def _holds(self, entry: LandedObject) -> bool:
        path = self.object_path(entry.sha256)
        return path.is_file() and path.stat().st_size == entry.bytes and self._reads_as(path, entry.sha256)

    @staticmethod
    def _reads_as(path: Path, sha256: str) -> bool:
        """Return whether a file has this digest. A disk that cannot read its bytes back does not hold them."""
        try:
            return sha256_of(path) == sha256
        except OSError as error:
            if error.errno == errno.EIO:
                return False
            raise

    def _store(self, entry: LandedObject, staged: dict[str, Path]) -> None:
        target = self.object_path(entry.sha256)
        path = staged.get(entry.sha256)
        # Two files of a release may have the same content: then the first of them has taken the staged file away.
        if path is None or not path.exists():
            if not self._holds(entry):
                damaged = "damaged (its bytes are not those of the load)" if target.exists() else "missing"
                raise IntegrityError(
                    f"The landed file of {entry.name} is {damaged}, and no fetched one is there to take its place: "
                    f"{target}. Run the refresh again: it fetches the file anew."
                )
            return
        # A staged file is verified and what lies at the target may be damaged, so the staged one wins.
        target.parent.mkdir(parents=True, exist_ok=True)
        sync_folder(self._objects)
        with path.open("rb") as file:
            os.fsync(file.fileno())
        path.chmod(0o444)
        os.replace(path, target)
        sync_folder(target.parent)

    def _read(self, path: Path) -> Release:
        try:
            return Release.model_validate_json(path.read_text(encoding="utf-8"))
        except (ValidationError, UnicodeDecodeError) as error:
            raise IntegrityError(
                f"The load manifest {path} cannot be read ({str(error).splitlines()[0]}). "
                "Move it away and run the refresh again: it lands the release anew."
            ) from None
