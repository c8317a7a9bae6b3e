"""The files of clinical tables: fetched from the bucket, and verified against what it lists of them."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from warehouse.errors import IntegrityError
from warehouse.files import sha256_of, writing_to
from warehouse.landing import Landing
from warehouse.public_text import public_url
from warehouse.sources.http import Client, NotFound, refuse_web_page
from warehouse.sources.idc.channels import verified_copy
from warehouse.sources.idc.clinical.listing import ListedObject

logger = logging.getLogger("icw.sources.http")

# The entity tag of an object that was uploaded in one piece and is not encrypted with a key of its owner is the MD5 of
# its bytes; of one uploaded in parts it ends in their number and says nothing that can be computed without their sizes
# (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html).
_MD5 = re.compile(r"[0-9a-f]{32}")
_ENCRYPTION = "x-amz-server-side-encryption"


@dataclass(frozen=True)
class TableFile:
    """One file of a clinical table, verified: what the bucket lists of it, where it lies, its SHA-256 (hex)."""

    listed: ListedObject
    path: Path
    sha256: str


def fetch_files(
    client: Client,
    base_url: str,
    listed: Iterable[ListedObject],
    staging: Path,
    landing: Landing,
    landed: Mapping[ListedObject, str],
) -> tuple[TableFile, ...]:
    """Bring objects to `staging`; one that an earlier load or an earlier run has brought is not fetched again.

    `landed` has the digests (SHA-256) of objects that the landing holds.

    Raises:
        IntegrityError: an object is not what the listing says, or has gone since.
        SourceUnreachable: the bucket does not answer.
        StorageError: a file cannot be written.
    """
    return tuple(_fetch_file(client, base_url, entry, staging, landing, landed.get(entry)) for entry in listed)


def _fetch_file(
    client: Client, base_url: str, listed: ListedObject, staging: Path, landing: Landing, sha256: str | None
) -> TableFile:
    target = staging / listed.key.replace("/", "+")
    if sha256 is not None and (path := verified_copy(sha256, target, landing)) is not None:
        return TableFile(listed, path, sha256)
    if target.is_file() and _MD5.fullmatch(listed.etag) and _md5(target.read_bytes()) == listed.etag:
        return TableFile(listed, target, sha256_of(target))
    url = f"{base_url.rstrip('/')}/{quote(listed.key)}"
    logger.info("Fetching %s", listed.key, extra={"event": "step"})
    try:
        response = client.get(url, {"Accept-Encoding": "identity"})
    except NotFound:
        raise _differs(url, "it is listed and does not exist") from None
    refuse_web_page(response)
    content, etag = response.content, response.headers.get("ETag", "").strip('"')
    if etag != listed.etag:
        raise _differs(url, f"listed with the entity tag {listed.etag}, served with {etag or 'none'}")
    if len(content) != listed.size:
        raise _differs(url, f"listed with {listed.size:,} bytes, served with {len(content):,}")
    own_key = response.headers.get(_ENCRYPTION, "").startswith("aws:kms")
    if _MD5.fullmatch(etag) and not own_key and _md5(content) != etag:
        raise _differs(url, f"its bytes have the MD5 {_md5(content)}, and its entity tag says {etag}")
    with writing_to(target):
        target.write_bytes(content)
    return TableFile(listed, target, sha256_of(target))


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _differs(url: str, how: str) -> IntegrityError:
    return IntegrityError(
        f"{public_url(url)} is not the object that its bucket lists: {how}. Nothing was landed; the bucket may be in "
        "the middle of a change, so run the command again, and tell upstream if it happens again."
    )
