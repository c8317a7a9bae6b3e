"""The IDC artifact bucket: `GET /<version>/release_artifacts/<file>`.

What belongs here: serving files with byte ranges, digest sidecars beside the Parquet files, `current` as the name of
the newest version, and the listing of versions (`GET ?delimiter=/&prefix=...`, always in one page). The files are the
real ones of a wheel, given by path, and the synthetic ones of `warehouse.sandbox.idc.specialised`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from warehouse.files import sha256_of
from warehouse.sandbox.exchange import FileSlice, Reply, Request

_PATH = re.compile(r"^/([^/]+)/release_artifacts/([^/]+)$")
_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


class ArtifactBucket:
    """Serves the files of releases: version -> file name -> path. The greatest version is also `current`."""

    def __init__(self, releases: Mapping[str, Mapping[str, Path]]) -> None:
        self._releases = {version: dict(files) for version, files in releases.items()}
        self._digests: dict[Path, str] = {}
        if releases:
            newest = max(releases, key=lambda version: [int(part) for part in re.findall(r"\d+", version)])
            self._releases["current"] = self._releases[newest]

    def place_of(self, request: Request) -> str:
        """Return `listing`, `sidecar` or `artifact`."""
        if request.path == "/":
            return "listing"
        return "sidecar" if request.path.endswith(".sha256") else "artifact"

    def handle(self, request: Request) -> Reply:
        """Return the file, a part of it, its sidecar, or the 404 of the object store."""
        places = frozenset({self.place_of(request)})
        if (request.method, request.path) == ("GET", "/") and request.query.get("delimiter") == "/":
            return self._listing(request.query.get("prefix", ""), places)
        found = _PATH.match(request.path)
        if request.method not in ("GET", "HEAD") or found is None:
            return _no_such_key(request.path, places)
        files = self._releases.get(found[1], {})
        name = found[2]
        if name.endswith(".parquet.sha256") and name.removesuffix(".sha256") in files:
            target = name.removesuffix(".sha256")
            line = f"{self._digest(files[target])}  {target}\n"
            return Reply(200, line.encode(), "text/plain", places=places)
        if name not in files:
            return _no_such_key(request.path, places)
        return self._file(files[name], request, places)

    def _listing(self, prefix: str, places: frozenset[str]) -> Reply:
        folders = [f"{version}/" for version in sorted(self._releases) if version.startswith(prefix)]
        listed = "".join(f"<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>" for folder in folders)
        text = (
            "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'>"
            f"<Prefix>{prefix}</Prefix><Delimiter>/</Delimiter><IsTruncated>false</IsTruncated>{listed}"
            "</ListBucketResult>"
        )
        return Reply(200, text.encode(), "application/xml; charset=UTF-8", places=places)

    def _file(self, path: Path, request: Request, places: frozenset[str]) -> Reply:
        size = path.stat().st_size
        headers = {"Accept-Ranges": "bytes", "ETag": f'"{self._digest(path)[:32]}"'}
        kind = "application/octet-stream"
        wanted = _RANGE.match(request.headers.get("range", ""))
        if wanted is None or wanted.groups() == ("", ""):
            return Reply(200, FileSlice(path, 0, size), kind, headers, places)
        if wanted[1] == "":
            start, stop = max(size - int(wanted[2]), 0), size
        else:
            start, stop = int(wanted[1]), min(int(wanted[2]) + 1 if wanted[2] else size, size)
        if start >= stop:
            return Reply(416, b"", kind, {**headers, "Content-Range": f"bytes */{size}"}, places)
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        return Reply(206, FileSlice(path, start, stop - start), kind, headers, places)

    def _digest(self, path: Path) -> str:
        if path not in self._digests:
            self._digests[path] = sha256_of(path)
        return self._digests[path]


def _no_such_key(path: str, places: frozenset[str]) -> Reply:
    text = (
        "<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code>"
        f"<Message>The specified key does not exist.</Message><Details>No such object: {path[1:]}</Details></Error>"
    )
    return Reply(404, text.encode(), "application/xml; charset=UTF-8", places=places)
