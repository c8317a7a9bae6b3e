"""The release artifacts of IDC over HTTPS, each Parquet file with a checksum sidecar: the bucket and GitHub.

Where things are (docs and release workflow of https://github.com/ImagingDataCommons/idc-index-data): artifacts lie in
the folder `<version>/release_artifacts/` of the bucket, which anybody may list, with a copy of the newest release in
`current/`, and are attached to the release of the same name on GitHub.
"""

from __future__ import annotations

import logging
import re
import xml.etree.ElementTree as ElementTree
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.errors import SourceUnreachable
from warehouse.files import sha256_of, writing_to
from warehouse.landing import Landing
from warehouse.public_text import public_url
from warehouse.sources.http import Client, ExpectedDigest, NotFound, refuse_web_page
from warehouse.sources.idc.channels import (
    COMPANIONS,
    MAIN_DATASET,
    Channel,
    FetchedDataset,
    Unverifiable,
    VerifiedFile,
    verified_copy,
)
from warehouse.sources.idc.parquet_contract import embedded_release
from warehouse.sources.idc.releases import RequestedRelease, described_version, is_stable
from warehouse.sources.idc.sidecar import decode_sidecar, parse_sidecar

logger = logging.getLogger("icw.sources.http")

# A release that is being published has a folder or a tag before its files: look a little further back, not through
# history.
_CANDIDATES = 3
_LISTING_PAGES = 50


@dataclass(frozen=True)
class _Absence:
    """Why a channel does not serve a dataset."""

    reason: str


class ArtifactChannel(Channel):
    """A place with one folder a release: Parquet files, each with its sidecar, its schema (JSON) and its SQL."""

    def __init__(self, client: Client, base_url: str) -> None:
        super().__init__(client)
        self._base_url = base_url.rstrip("/")

    @abstractmethod
    def _newest_version(self) -> str: ...

    @abstractmethod
    def _versions_of_major(self, major: int) -> Iterable[str]: ...

    @abstractmethod
    def _folder(self, version: str) -> str: ...

    def find(self, requested: RequestedRelease) -> str:
        """See `Channel.find`."""
        if requested.version is not None:
            candidates = [requested.version]
        elif requested.major is not None:
            candidates = requested.newest_first(self._versions_of_major(requested.major))[:_CANDIDATES]
        else:
            candidates = [self._newest_version()]
        obstacle: NotFound | Unverifiable = NotFound(f"{self.title} has no release of {requested.text}")
        for version in candidates:
            try:
                self._require_release(version)
                return version
            except (NotFound, Unverifiable) as error:
                obstacle = error
        raise obstacle

    def bytes_of(self, version: str, datasets: Iterable[str]) -> int | None:
        """See `Channel.bytes_of`: a request for each dataset."""
        total = 0
        for dataset in datasets:
            try:
                size = self._client.size_of(f"{self._folder(version)}/{dataset}.parquet")
            except NotFound:
                continue
            if size is None:
                return None
            total += size
        return total

    def fetch(self, version: str, datasets: Iterable[str], staging: Path, landing: Landing) -> Iterator[FetchedDataset]:
        """See `Channel.fetch`. All sidecars are read first: a missing one shows before anything is downloaded."""
        logger.info("Reading the checksums of IDC %s from %s", version, self.title, extra={"event": "step"})
        folder = self._folder(version)
        digests = {dataset: self._stated_digest(folder, dataset, version) for dataset in datasets}
        for dataset, digest in digests.items():
            url = f"{folder}/{dataset}.parquet"
            if isinstance(digest, _Absence):
                yield FetchedDataset(dataset, public_url(url), proof={"reason": digest.reason})
                continue
            target = staging / f"{dataset}.parquet"
            path = verified_copy(digest.sha256, target, landing)
            if path is None:
                self._client.download(url, target, digest)
                path = target
            companions = [self._companion(folder, f"{dataset}{suffix}", staging) for suffix in COMPANIONS]
            files = [VerifiedFile(target.name, path, digest.sha256), *(file for file in companions if file is not None)]
            yield FetchedDataset(
                dataset,
                public_url(url),
                tuple(files),
                {"verified_by": "sidecar", "sha256": digest.sha256},
            )

    def discard(self, fetched: FetchedDataset, staging: Path) -> None:
        """See `Channel.discard`."""
        with writing_to(staging):
            for file in fetched.files:
                if file.path.parent == staging:
                    file.path.unlink(missing_ok=True)

    def _require_release(self, version: str) -> None:
        try:
            refuse_web_page(self._client.get(f"{self._folder(version)}/{MAIN_DATASET}.parquet.sha256"))
        except NotFound:
            if self._client.exists(f"{self._folder(version)}/{MAIN_DATASET}.parquet"):
                raise self._unverifiable(version) from None
            raise self._unknown(version) from None

    def _unknown(self, version: str) -> NotFound:
        return NotFound(f"{self.title} has no release {version}")

    def _unverifiable(self, version: str) -> Unverifiable:
        return Unverifiable(
            f"{self.title} has the release {version} without {MAIN_DATASET}.parquet.sha256, so that it cannot be "
            "verified"
        )

    def _stated_digest(self, folder: str, dataset: str, version: str) -> ExpectedDigest | _Absence:
        name = f"{dataset}.parquet"
        try:
            response = self._client.get(f"{folder}/{name}.sha256")
        except NotFound:
            there = self._client.exists(f"{folder}/{name}")
            if dataset == MAIN_DATASET:
                raise (self._unverifiable(version) if there else self._unknown(version)) from None
            if there:
                reason = f"{self.title} has it without a sidecar, so that it cannot be verified"
                logger.warning("%s of IDC %s is left out: %s.", name, version, reason, extra={"event": "step"})
                return _Absence(reason)
            return _Absence(f"{self.title} does not carry it")
        refuse_web_page(response)
        sha256 = parse_sidecar(decode_sidecar(response.content), name, self.title)
        return ExpectedDigest(sha256, self.title, f"its sidecar {name}.sha256")

    def _companion(self, folder: str, name: str, staging: Path) -> VerifiedFile | None:
        try:
            response = self._client.get(f"{folder}/{name}")
        except NotFound:
            return None
        refuse_web_page(response)
        path = staging / name
        with writing_to(path):
            path.write_bytes(response.content)
        return VerifiedFile(name, path, sha256_of(path))


class Bucket(ArtifactChannel):
    """The artifact bucket of Google Cloud Storage, read and listed through its XML interface over HTTPS."""

    name = "bucket"
    title = "the bucket"

    def _folder(self, version: str) -> str:
        return f"{self._base_url}/{version}/release_artifacts"

    def _newest_version(self) -> str:
        """Read which release `current` is from the footer of its smallest file (2.6 KB).

        Upstream removes and recopies `current/` when it publishes a release, so it may be missing for a moment.
        """
        url = f"{self._base_url}/current/release_artifacts/version_metadata_index.parquet"
        try:
            response = self._client.get(url)
        except NotFound:
            raise SourceUnreachable(f"{self.title} has no current release at this moment") from None
        refuse_web_page(response)
        try:
            text = embedded_release(pq.read_metadata(BytesIO(response.content)).metadata or {})
        except pa.ArrowException:
            raise SourceUnreachable(f"{public_url(url)} is not a Parquet file") from None
        version = described_version(text or "")
        if version is None:
            raise SourceUnreachable(f"{public_url(url)} does not say which release it belongs to (found {text!r})")
        return version

    def _versions_of_major(self, major: int) -> Iterable[str]:
        query = {"delimiter": "/", "prefix": f"{major}."}
        for _ in range(_LISTING_PAGES):
            response = self._client.get(f"{self._base_url}?{urlencode(query, safe='/')}")
            try:
                folders, next_marker = parse_bucket_listing(response.content)
            except ValueError as error:
                raise SourceUnreachable(f"{public_url(response.url)} is not a listing of a bucket ({error})") from None
            yield from (folder.rstrip("/") for folder in folders)
            if next_marker is None:
                return
            if next_marker == query.get("marker"):
                break
            query["marker"] = next_marker
        raise SourceUnreachable(f"{public_url(self._base_url)} gives a listing that does not end")


class GitHubReleases(ArtifactChannel):
    """The files attached to the releases of the upstream repository on GitHub.

    Upstream's release workflow attaches Parquet, JSON and SQL files; where it leaves the sidecars out, a release cannot
    be verified here and the channel is passed over.
    """

    name = "github"
    title = "GitHub"

    def _folder(self, version: str) -> str:
        return f"{self._base_url}/releases/download/{version}"

    def _newest_version(self) -> str:
        location = self._client.redirect_of(f"{self._base_url}/releases/latest") or ""
        version = location.rpartition("/releases/tag/")[2]
        if not is_stable(version):
            raise SourceUnreachable(f"{public_url(self._base_url)} does not redirect to its latest release")
        return version

    def _versions_of_major(self, major: int) -> Iterable[str]:
        """Read the tags as `git ls-remote` does: the page of releases shows only a few, and the API is another host."""
        response = self._client.get(f"{self._base_url}.git/info/refs?service=git-upload-pack")
        try:
            return parse_tags(response.content.decode(errors="replace"))
        except ValueError as error:
            raise SourceUnreachable(f"{public_url(response.url)} does not list the tags ({error})") from None


def parse_bucket_listing(document: bytes) -> tuple[list[str], str | None]:
    """Read a page of a bucket's XML listing: the common prefixes (folders), and the next page's marker or None.

    Raises:
        ValueError: the document is not such a listing.
    """
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        raise ValueError(f"not XML: {error}") from error
    if root.tag.rpartition("}")[2] != "ListBucketResult":
        raise ValueError(f"the document is a {root.tag.rpartition('}')[2]}")
    folders = [element.text or "" for element in root.findall("{*}CommonPrefixes/{*}Prefix")]
    truncated = root.findtext("{*}IsTruncated", "false").strip().lower() == "true"
    return folders, (root.findtext("{*}NextMarker") or None) if truncated else None


def parse_tags(advertisement: str) -> list[str]:
    """Return the tag names in a reference advertisement of git's smart HTTP protocol (gitprotocol-http).

    Raises:
        ValueError: the text is not such an advertisement.
    """
    if not advertisement.startswith("001e# service=git-upload-pack\n"):
        raise ValueError("not a reference advertisement of git")
    return re.findall(r"^[0-9a-f]{4,8}[0-9a-f]{40,64} refs/tags/([^\s^]+)$", advertisement, re.MULTILINE)
