"""The Python package index that pip is configured for, as a place to get the `idc-index-data` wheel from.

What belongs here: pip's settings and the pages of the simple repository API (HTML or JSON, over HTTP or in a local
folder). No index is named here but the public default, which is pip's own.
"""

from __future__ import annotations

import ast
import json
import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pypi_simple import (
    ACCEPT_ANY,
    PYPI_SIMPLE_ENDPOINT,
    ProjectPage,
    UnsupportedRepoVersionError,
)

from warehouse.errors import SourceUnreachable
from warehouse.public_text import public_url
from warehouse.settings import Settings
from warehouse.sources.http import Client, NotFound
from warehouse.sources.http.session import Trust

logger = logging.getLogger("icw.sources.http")

PROJECT = "idc-index-data"
DISTRIBUTION = "idc_index_data"

_WHEEL_NAME = re.compile(rf"{DISTRIBUTION}-([^-]+)-py3-none-any\.whl")
# `pip install` reads [global], then its own section, then the environment; the last one wins.
_SECTIONS = ("global", "install", ":env:")
_PIP_ANSWERS_WITHIN_S = 60


@dataclass(frozen=True)
class PipConfiguration:
    """The part of pip's configuration that says where packages come from."""

    index_urls: tuple[str, ...]
    trust: Trust


@dataclass(frozen=True)
class IndexedWheel:
    """A wheel as an index lists it. `sha256` (hex) is None when the index does not state it."""

    filename: str
    version: str
    url: str
    sha256: str | None
    yanked: bool

    @property
    def local_path(self) -> Path | None:
        """Where the wheel lies, if the index is a folder of this machine."""
        return _local_path(self.url)


def parse_pip_configuration(listing: str) -> PipConfiguration:
    """Read what `pip config list` prints: lines `section.key='value'`, where a list is separated by white space."""
    values: dict[str, str] = {}
    for section in _SECTIONS:
        for line in listing.splitlines():
            key, separator, quoted = line.strip().partition("=")
            if separator and key.startswith(f"{section}."):
                values[key.removeprefix(f"{section}.")] = _unquoted(quoted)
    index_urls: list[str] = []
    if values.get("no-index", "").lower() not in ("1", "true", "yes", "on"):
        index_urls = [values.get("index-url") or PYPI_SIMPLE_ENDPOINT, *values.get("extra-index-url", "").split()]
    trust = Trust(
        ca_bundle=values.get("cert"),
        client_certificate=values.get("client-cert"),
        proxy=values.get("proxy"),
        trusted_hosts=tuple(values.get("trusted-host", "").split()),
    )
    return PipConfiguration(tuple(dict.fromkeys(index_urls)), trust)


def read_pip_configuration() -> PipConfiguration:
    """Ask pip what it is configured for: this interpreter's pip, else the one on the path, else pip's defaults."""
    commands = [[sys.executable, "-m", "pip"]]
    if found := shutil.which("pip"):
        commands.append([found])
    for command in commands:
        try:
            answer = subprocess.run(
                [*command, "config", "list"], capture_output=True, text=True, check=True, timeout=_PIP_ANSWERS_WITHIN_S
            )
        except (OSError, subprocess.SubprocessError):
            continue
        return parse_pip_configuration(answer.stdout)
    return parse_pip_configuration("")


def wheels_on(page: ProjectPage) -> list[IndexedWheel]:
    """Return the wheels of idc-index-data that a project page lists, in the order of the page."""
    found = []
    for package in page.packages:
        if match := _WHEEL_NAME.fullmatch(package.filename):
            digest = package.digests.get("sha256")
            found.append(
                IndexedWheel(
                    package.filename, match[1], package.url, digest.lower() if digest else None, package.is_yanked
                )
            )
    return found


class PackageIndexes:
    """The indexes of one configuration, read together as pip does: the first that lists a version serves it."""

    def __init__(self, index_urls: Sequence[str], client: Client) -> None:
        self._index_urls = index_urls
        self._client = client
        self._wheels: list[IndexedWheel] | None = None

    def wheels(self) -> list[IndexedWheel]:
        """Return every wheel that the indexes list; the pages are asked for once.

        Raises:
            NotFound: every index answered, and none lists a wheel of the project.
            SourceUnreachable: none lists one, and some index could not be reached or there is none.
        """
        if self._wheels is None:
            self._wheels = self._read_indexes()
        return self._wheels

    def _read_indexes(self) -> list[IndexedWheel]:
        if not self._index_urls:
            raise SourceUnreachable("pip is configured to use no package index")
        wheels: list[IndexedWheel] = []
        faults: list[str] = []
        for index_url in self._index_urls:
            try:
                wheels += self._read_index(index_url)
            except NotFound:
                continue
            except SourceUnreachable as error:
                faults.append(str(error))
        if not wheels and faults:
            raise SourceUnreachable("; ".join(faults))
        if not wheels:
            raise NotFound(f"no package index lists {PROJECT} ({', '.join(map(public_url, self._index_urls))})")
        for fault in faults:
            logger.warning(
                "A package index was passed over: %s.", fault, extra={"event": "passed_over", "channel": "wheel"}
            )
        return wheels

    def _read_index(self, index_url: str) -> list[IndexedWheel]:
        folder = _local_path(index_url)
        page_url = f"{index_url.rstrip('/')}/{PROJECT}/"
        if folder is not None:
            return wheels_on(_local_page(folder / PROJECT / "index.html", page_url))
        response = self._client.get(page_url, {"Accept": ACCEPT_ANY})
        try:
            page = _page_of(response.content, response.url)
        except (UnsupportedRepoVersionError, ValueError) as error:
            raise SourceUnreachable(f"{public_url(page_url)} is not a page of a package index ({error})") from None
        if not page.packages:
            raise SourceUnreachable(f"{public_url(page_url)} is not a page of a package index: it lists no file")
        return wheels_on(page)


def configured_indexes(settings: Settings) -> PipConfiguration:
    """Return the indexes of the settings, or else those of pip, with whom to trust."""
    if settings.package_index_urls is not None:
        return PipConfiguration(settings.package_index_urls, Trust())
    return read_pip_configuration()


def _page_of(content: bytes, url: str) -> ProjectPage:
    """Read a page as what it is, JSON or HTML: servers of plain files call it anything."""
    if content.lstrip().startswith(b"{"):
        return ProjectPage.from_json_data(json.loads(content), url)
    return ProjectPage.from_html(PROJECT, content, url)


def _local_page(path: Path, page_url: str) -> ProjectPage:
    try:
        return ProjectPage.from_html(PROJECT, path.read_bytes(), page_url)
    except FileNotFoundError:
        raise NotFound(f"{path} does not exist") from None
    except OSError as error:
        raise SourceUnreachable(f"{path} cannot be read: {error.strerror}") from None


def _local_path(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


def _unquoted(text: str) -> str:
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text
    return value if isinstance(value, str) else text
