"""What a channel of the IDC index artifacts is: it finds a release and delivers its files, each verified.

What belongs here is what all channels share. The bucket and GitHub are in `idc_artifacts`, the wheel is in `idc_wheel`;
what the files must contain is the contract's business (`parquet_contract`), which channel is asked when that of `idc`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from warehouse.errors import SourceError
from warehouse.files import sha256_of, writing_to
from warehouse.landing import Landing
from warehouse.settings import IdcChannel
from warehouse.sources.http import Client
from warehouse.sources.idc.releases import RequestedRelease

# The dataset that every release has.
MAIN_DATASET = "idc_index"

# What upstream publishes beside `<name>.parquet`: the columns with their descriptions, and the query that made the
# table.
COMPANIONS = ("_schema.json", ".sql")


class Unverifiable(SourceError):
    """The channel has the release, but nothing to verify it by."""


@dataclass(frozen=True)
class VerifiedFile:
    """One file of a dataset under its upstream name, where it lies, and its SHA-256 (hex)."""

    name: str
    path: Path
    sha256: str


@dataclass(frozen=True)
class FetchedDataset:
    """One dataset as a channel delivers it: the Parquet file first, then its schema and its SQL where they exist.

    Without files the channel does not carry the dataset, and `proof` holds the reason.
    """

    dataset: str
    url: str
    files: tuple[VerifiedFile, ...] = ()
    proof: dict[str, JsonValue] = field(default_factory=dict)


class Channel(ABC):
    """One place that serves the artifacts. Use it as a context manager; `title` names it in messages."""

    name: IdcChannel
    title: str

    def __init__(self, client: Client) -> None:
        self._client = client

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.__exit__(None, None, None)

    @abstractmethod
    def find(self, requested: RequestedRelease) -> str:
        """Return the concrete version that this channel would serve, with small requests only.

        Raises:
            NotFound: the channel answered and has no such release.
            Unverifiable: it has one that cannot be verified.
            SourceUnreachable: it did not answer.
        """

    @abstractmethod
    def bytes_of(self, version: str, datasets: Iterable[str]) -> int | None:
        """Return how many bytes `fetch` would download into an empty staging, None where the channel does not say.

        The small files beside the datasets are left out. Raises as `find` does.
        """

    @abstractmethod
    def fetch(self, version: str, datasets: Iterable[str], staging: Path, landing: Landing) -> Iterator[FetchedDataset]:
        """Bring the datasets of one release to `staging`, one after the other, verified.

        Raises:
            NotFound, Unverifiable, SourceUnreachable: as `find`.
            IntegrityError: a file disagrees with its digest.
            StorageError: a file cannot be written.
        """

    @abstractmethod
    def discard(self, fetched: FetchedDataset, staging: Path) -> None:
        """Remove what was fetched for this dataset, so that the next run fetches it anew."""


def verified_copy(sha256: str, target: Path, landing: Landing) -> Path | None:
    """Return where a file with this digest lies, landed or staged at `target`, or None. The file is read to be sure."""
    landed = landing.object_path(sha256)
    if landed.is_file() and sha256_of(landed) == sha256:
        return landed
    return staged_copy(sha256, target)


def staged_copy(sha256: str, target: Path) -> Path | None:
    """Return `target` if an earlier run has left the file with this digest there; another file there is removed."""
    if not target.is_file():
        return None
    if sha256_of(target) == sha256:
        return target
    with writing_to(target):
        target.unlink()
    return None
