"""The address of a place in an object store: `s3://bucket/prefix`, and nothing that could be a secret."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Stores other than Amazon's, and its oldest buckets, have names with capitals and underscores.
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_SEGMENT = re.compile(r"[A-Za-z0-9._=-]+")


@dataclass(frozen=True)
class StoreAddress:
    """A bucket, and the prefix in it (without slashes around it; empty is the bucket itself)."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        """Return the address as it was given."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


def store_address(url: str) -> StoreAddress:
    """Return the address that a URL names.

    Raises:
        ValueError: it is none, or holds more than an address. The message does not repeat it: it may hold a secret.
    """
    if not url.startswith("s3://"):
        raise ValueError("it takes s3://bucket or s3://bucket/prefix")
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    if "@" in url or "?" in url or "#" in url or ":" in bucket:
        raise ValueError(
            "it takes a bucket and a prefix alone: keys come from the variables and files of AWS, and the address of "
            "another store than Amazon's from AWS_ENDPOINT_URL"
        )
    segments = prefix.rstrip("/").split("/") if prefix.rstrip("/") else []
    if not _BUCKET.fullmatch(bucket):
        raise ValueError("it takes s3://bucket/prefix, and this is no name of a bucket")
    if any(segment in (".", "..") or not _SEGMENT.fullmatch(segment) for segment in segments):
        raise ValueError("its prefix may hold letters, digits, full stops, hyphens, =, underscores, and single slashes")
    return StoreAddress(bucket, "/".join(segments))
