"""What a store must say of an object that has the bytes of a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from warehouse.object_store.bucket import PART_BYTES, StoredObject


@dataclass(frozen=True)
class Fingerprint:
    """What is known of a local file: its size in bytes, its SHA-256 (hex), and the tags that a store may give it.

    The entity tag of an object is the MD5 of its bytes; of one that came in parts, the MD5 of the MD5s of these (as
    bytes), a hyphen and their number. A copy has the first kind, whatever it was copied from.
    Source: Amazon S3 API Reference, "Object", ETag; Amazon S3 User Guide, "Checking object integrity".
    """

    size: int
    sha256: str
    etags: frozenset[str]

    def is_of(self, held: StoredObject) -> bool:
        """Return whether the store says that an object has these bytes. Where its tags are no MD5, it never does."""
        return held.size == self.size and held.etag in self.etags


def fingerprint(path: Path) -> Fingerprint:
    """Read a file once for all that is known of it.

    Raises:
        OSError: it cannot be read.
    """
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    parts: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        while part := file.read(PART_BYTES):
            sha256.update(part)
            md5.update(part)
            parts.append(hashlib.md5(part, usedforsecurity=False).digest())
            size += len(part)
    in_parts = f"{hashlib.md5(b''.join(parts), usedforsecurity=False).hexdigest()}-{len(parts)}"
    return Fingerprint(size, sha256.hexdigest(), frozenset({md5.hexdigest(), in_parts}))
