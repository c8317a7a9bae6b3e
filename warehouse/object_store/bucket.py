"""The objects below one prefix of a bucket, through obstore: sent, listed, copied and read, refusals in a sentence.

The client retries what may pass with time (HTTP 429 and 5xx, broken connections) with growing waits, and signs the
SHA-256 of what it sends, so that a store refuses bytes that were changed on the way. What a store answers is never
quoted: it may repeat a key.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse.errors import StoreError
from warehouse.object_store.address import StoreAddress
from warehouse.object_store.profile import Access, access
from warehouse.public_text import public_url

if TYPE_CHECKING:
    from obstore.store import S3Store

PART_BYTES = 8_388_608
"""Larger files travel in parts of this size: S3 takes 5 MiB at the least, and 10,000 parts (84 GB) at the most."""

_PARTS_IN_FLIGHT = 4

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z0-9.]{1,60})</Code>")
# Where the client looks for the keys of the machine or container that it runs on, when it has found no others.
_KEYS_OF_A_MACHINE = re.compile(r"https?://169\.254\.|https?://\S+/latest/(?:api/token|meta-data)")

_WRONG_REGION = frozenset({"AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException"})


@dataclass(frozen=True)
class Patience:
    """How long a store is waited for: seconds for a connection, for one request, and for retries, and their number."""

    connect_s: float = 4.0
    request_s: float = 300.0
    retries: int = 4
    retry_wait_s: float = 0.5
    retry_wait_max_s: float = 20.0


@dataclass(frozen=True)
class StoredObject:
    """What a store says of an object: its size in bytes, and its entity tag, without quotes.

    The tag is made by the store of the bytes that it has received: their MD5, or, of an object that came in parts, that
    of the MD5s of these with their number behind it. With keys of the customer (SSE-KMS, SSE-C) it is something else.
    """

    size: int
    etag: str


class Bucket:
    """The objects below a prefix; names are relative to it."""

    def __init__(self, address: StoreAddress, patience: Patience | None = None) -> None:
        """Reach nothing yet.

        Raises:
            StoreError: the files of AWS cannot be used.
        """
        self.address = address
        self._access = access(os.environ)
        with self._refusals("opened"):
            self._store = _client(address, self._access, patience or Patience())

    def objects(self, folder: str) -> dict[str, StoredObject]:
        """Return the objects below a folder, by their names relative to it.

        Raises:
            StoreError: the store cannot be reached, or does not list them.
        """
        import obstore

        found: dict[str, StoredObject] = {}
        with self._refusals("listed"):
            for batch in obstore.list(self._store, f"{folder}/", chunk_size=1000):
                for entry in batch:
                    name = entry["path"].removeprefix(f"{folder}/")
                    found[name] = StoredObject(entry["size"], (entry["e_tag"] or "").strip('"'))
        return found

    def read(self, name: str) -> bytes | None:
        """Return a small object, or None where there is none of this name.

        Raises:
            StoreError: the store cannot be reached, or does not give it.
        """
        import obstore

        with self._refusals("read"), _nothing_there():
            return bytes(obstore.get(self._store, name).bytes())
        return None

    def sha256_of(self, name: str, size: int) -> str | None:
        """Return the SHA-256 (hex) of an object of `size` bytes, read in pieces; None where there is none.

        Raises:
            StoreError: the store cannot be reached, or does not give it.
        """
        import obstore

        digest = hashlib.sha256()
        with self._refusals("read"), _nothing_there():
            for start in range(0, size, PART_BYTES):
                end = min(start + PART_BYTES, size)
                digest.update(bytes(obstore.get_range(self._store, name, start=start, end=end)))
            return digest.hexdigest()
        return None

    def receive(self, name: str, target: Path) -> str | None:
        """Write an object to a path, in pieces, and return its SHA-256 (hex); None where there is none of this name.

        Raises:
            StoreError: the store cannot be reached, or does not give it.
            OSError: the file cannot be written.
        """
        import obstore

        digest = hashlib.sha256()
        with self._refusals("read"), _nothing_there():
            pieces = obstore.get(self._store, name).stream(min_chunk_size=PART_BYTES)
            with target.open("wb") as file:
                for piece in pieces:
                    digest.update(piece)
                    file.write(piece)
            return digest.hexdigest()
        return None

    def put(self, name: str, content: Path | bytes, attributes: dict[str, str]) -> None:
        """Send a file, or bytes, in the place of what has this name: a reader gets the old or the new, whole.

        `attributes` are headers that readers get, such as Content-Type.

        Raises:
            StoreError: the store cannot be reached, or does not take it.
            OSError: the file cannot be read.
        """
        import obstore

        given: Any = attributes
        if isinstance(content, Path):
            # obstore reports a file that is not there as an object that is not there.
            content.stat()
        with self._refusals("written"):
            obstore.put(
                self._store, name, content, attributes=given, chunk_size=PART_BYTES, max_concurrency=_PARTS_IN_FLIGHT
            )

    def copy(self, source: str, target: str) -> bool:
        """Let the store copy an object, and return whether it did: it may have no such object, or not offer it.

        Raises:
            StoreError: the store cannot be reached.
        """
        import obstore

        try:
            with self._refusals("written"):
                obstore.copy(self._store, source, target)
        except StoreError as error:
            if error.is_answer:
                return False
            raise
        return True

    def remove(self, name: str) -> None:
        """Remove an object, if it is there.

        Raises:
            StoreError: the store cannot be reached, or does not remove it.
        """
        import obstore

        with self._refusals("written"), _nothing_there():
            obstore.delete(self._store, name)

    @contextlib.contextmanager
    def _refusals(self, what: str) -> Iterator[None]:
        """Turn what the client raises into a sentence that holds nothing of what the store has answered."""
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, FileNotFoundError, PermissionError, ValueError) as error:
            sentence, is_answer = _reason(str(error), self._endpoint, self.address)
            raise StoreError(f"{self.address} cannot be {what}: {sentence}", is_answer=is_answer) from None

    @property
    def _endpoint(self) -> str:
        return "Amazon S3" if self._access.endpoint is None else public_url(self._access.endpoint)


def _client(address: StoreAddress, found: Access, patience: Patience) -> S3Store:
    from obstore.store import S3Store

    configuration: dict[str, Any] = dict(found.keys)
    if found.endpoint is not None:
        configuration["endpoint"] = found.endpoint
    if found.region is not None:
        configuration["region"] = found.region
    options: dict[str, Any] = {
        "connect_timeout": timedelta(seconds=patience.connect_s),
        "timeout": timedelta(seconds=patience.request_s),
    }
    if (found.endpoint or "").startswith("http://"):
        # Whoever names such an address has decided so, as with every other client of S3.
        options["allow_http"] = True
    return S3Store(
        address.bucket,
        prefix=address.prefix or None,
        client_options=options,  # type: ignore[arg-type]
        retry_config={
            "max_retries": patience.retries,
            "retry_timeout": timedelta(seconds=patience.request_s),
            "backoff": {
                "init_backoff": timedelta(seconds=patience.retry_wait_s),
                "max_backoff": timedelta(seconds=patience.retry_wait_max_s),
                "base": 2,
            },
        },
        **configuration,
    )


def _reason(said: str, endpoint: str, address: StoreAddress) -> tuple[str, bool]:
    """Return why a request failed and what to do, in our own words; and whether the store has answered at all."""
    status, code = _STATUS.search(said), _CODE.search(said)
    answer = " ".join(match[1] for match in (status, code) if match is not None)
    if _KEYS_OF_A_MACHINE.search(said):
        return (
            "no keys were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where the "
            "machine has a role.",
            False,
        )
    if code is not None and code[1] == "NoSuchBucket":
        return f"{endpoint} has no bucket {address.bucket}. Create it, or set ICW_PUBLISH_URL to another.", True
    # For a bucket of another region S3 answers with a redirect that leads nowhere; these are the words of the client.
    if (code is not None and code[1] in _WRONG_REGION) or "incorrectly configured region" in said:
        return f"the bucket is of another region. Set AWS_REGION to that of {address.bucket}.", True
    if status is not None and status[1] in ("401", "403"):
        return (
            f"{endpoint} refuses it (HTTP {answer}). See that the keys in use are those of the store, and that they "
            "may list, read and write below the prefix.",
            True,
        )
    if status is not None:
        return f"{endpoint} answered HTTP {answer}. Try again later, or ask who runs the store.", True
    if "error sending request" not in said and "HTTP error" not in said:
        return f"the answer of {endpoint} is none of a store of S3. See that AWS_ENDPOINT_URL is right.", True
    kind = "it took too long" if "timed out" in said or "Timeout" in said else "no connection"
    kind = "its name is not known" if "dns error" in said else kind
    return f"{endpoint} does not answer ({kind}). See that AWS_ENDPOINT_URL is right and the network is there.", False


@contextlib.contextmanager
def _nothing_there() -> Iterator[None]:
    """Pass over that there is no object of this name; that there is no bucket goes on."""
    try:
        yield
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            raise
