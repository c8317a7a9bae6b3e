"""The `idc-index-data` wheel as a channel: verified by the index's hash of the wheel and by the RECORD inside it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from warehouse.errors import IntegrityError, SourceUnreachable
from warehouse.files import sha256_of, writing_to
from warehouse.landing import Landing
from warehouse.public_text import public_url
from warehouse.sources.http import Client, ExpectedDigest, NotFound
from warehouse.sources.idc.channels import (
    COMPANIONS,
    Channel,
    FetchedDataset,
    Unverifiable,
    VerifiedFile,
    staged_copy,
    verified_copy,
)
from warehouse.sources.idc.package_index import DISTRIBUTION, IndexedWheel, PackageIndexes
from warehouse.sources.idc.releases import RequestedRelease
from warehouse.sources.idc.wheel import Wheel

logger = logging.getLogger("icw.sources.http")


class WheelChannel(Channel):
    """The `idc-index-data` wheel on the Python package index. It carries four or five of the datasets."""

    name = "wheel"
    title = "the package index"

    def __init__(self, client: Client, indexes: PackageIndexes) -> None:
        super().__init__(client)
        self._indexes = indexes

    def find(self, requested: RequestedRelease) -> str:
        """See `Channel.find`. A yanked release is served only to who asks for exactly that version."""
        wheels = self._indexes.wheels()
        if requested.version is not None:
            return self._wheel(requested.version).version
        for version in requested.newest_first(wheel.version for wheel in wheels if not wheel.yanked):
            return self._wheel(version).version
        raise NotFound(f"{self.title} has no wheel of {requested.text}")

    def bytes_of(self, version: str, datasets: Iterable[str]) -> int | None:
        """See `Channel.bytes_of`: the wheel comes whole. One that lies on this machine is read where it is."""
        listed = self._wheel(version)
        return 0 if listed.local_path is not None else self._client.size_of(listed.url)

    def fetch(self, version: str, datasets: Iterable[str], staging: Path, landing: Landing) -> Iterator[FetchedDataset]:
        """See `Channel.fetch`."""
        listed = self._wheel(version)
        path = self._obtain(listed, staging)
        logger.info("Unpacking %s", listed.filename, extra={"event": "step"})
        try:
            with Wheel(path, DISTRIBUTION, version) as wheel:
                for dataset in datasets:
                    yield self._unpack(wheel, listed, dataset, staging, landing)
        except IntegrityError:
            self._discard_all(staging)
            raise

    def discard(self, fetched: FetchedDataset, staging: Path) -> None:
        """See `Channel.discard`. The wheel goes too: what is wrong with a member is wrong with the wheel."""
        self._discard_all(staging)

    def _wheel(self, version: str) -> IndexedWheel:
        listed = [wheel for wheel in self._indexes.wheels() if wheel.version == version]
        if not listed:
            raise NotFound(f"{self.title} has no wheel {version}")
        chosen = next((wheel for wheel in listed if wheel.sha256), None)
        if chosen is None:
            raise Unverifiable(
                f"{self.title} lists {listed[0].filename} without a SHA-256, so that it cannot be verified"
            )
        if chosen.yanked:
            logger.warning("Upstream has withdrawn (yanked) %s.", chosen.filename, extra={"event": "step"})
        return chosen

    def _obtain(self, listed: IndexedWheel, staging: Path) -> Path:
        expected = ExpectedDigest(listed.sha256 or "", self.title, "the package index")
        if listed.local_path is not None:
            return _verified_in_place(listed.local_path, expected)
        target = staging / listed.filename
        if staged_copy(expected.sha256, target) is None:
            self._client.download(listed.url, target, expected)
        return target

    def _unpack(
        self, wheel: Wheel, listed: IndexedWheel, dataset: str, staging: Path, landing: Landing
    ) -> FetchedDataset:
        url = public_url(listed.url)
        if not wheel.carries(f"{DISTRIBUTION}/{dataset}.parquet"):
            return FetchedDataset(dataset, url, proof={"reason": "the wheel does not carry it"})
        files = []
        for name in (f"{dataset}.parquet", *(f"{dataset}{suffix}" for suffix in COMPANIONS)):
            member = f"{DISTRIBUTION}/{name}"
            if not wheel.carries(member):
                continue
            path = verified_copy(wheel.stated_sha256(member), staging / name, landing)
            if path is None:
                wheel.extract(member, staging / name)
                path = staging / name
            files.append(VerifiedFile(name, path, wheel.stated_sha256(member)))
        return FetchedDataset(
            dataset,
            url,
            tuple(files),
            {"verified_by": "RECORD", "sha256": files[0].sha256, "wheel_sha256": listed.sha256},
        )

    def _discard_all(self, staging: Path) -> None:
        with writing_to(staging):
            for path in staging.iterdir():
                path.unlink()


def _verified_in_place(path: Path, expected: ExpectedDigest) -> Path:
    try:
        found = sha256_of(path)
    except FileNotFoundError:
        raise NotFound(f"{path}, which the package index lists, does not exist") from None
    except OSError as error:
        raise SourceUnreachable(f"{path} cannot be read: {error.strerror}") from None
    if found != expected.sha256:
        raise IntegrityError(
            f"{path} is not the file that {expected.stated_by} describes: expected SHA-256 {expected.sha256}, found "
            f"{found}. Nothing was landed."
        )
    return path
