"""What a public S3 bucket holds below a prefix, from ListObjectsV2 over HTTPS.

The form of the answers: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from urllib.parse import urlencode

from warehouse.errors import SourceUnreachable
from warehouse.public_text import public_url
from warehouse.sources.http import Client, NotFound

# Pages of 1,000 objects: a table of IDC has a few.
_PAGES = 100


@dataclass(frozen=True)
class ListedObject:
    """One object of a bucket: its key, its entity tag (without quotes) and its size in bytes."""

    key: str
    etag: str
    size: int


def list_objects(client: Client, base_url: str, prefix: str) -> tuple[ListedObject, ...]:
    """Return every object below a prefix, by key, over as many pages as the bucket needs.

    Raises:
        SourceUnreachable: the bucket does not answer, or not with a listing that ends and agrees with itself.
    """
    query = {"list-type": "2", "prefix": prefix}
    found: dict[str, ListedObject] = {}
    for _ in range(_PAGES):
        try:
            response = client.get(f"{base_url.rstrip('/')}/?{urlencode(query, safe='/')}")
        except NotFound as error:
            raise SourceUnreachable(f"{error}: it should list the bucket (ICW_CLINICAL_URL)") from None
        where = public_url(response.url)
        try:
            objects, token = parse_listing(response.content)
        except ValueError as error:
            raise SourceUnreachable(f"{where} is not a listing of a bucket ({error})") from None
        for listed in objects:
            if not listed.key.startswith(prefix):
                raise SourceUnreachable(f"{where} lists {listed.key!r}, which is not below the prefix {prefix!r}")
            if found.setdefault(listed.key, listed) != listed:
                raise SourceUnreachable(f"{where} lists {listed.key!r} twice, as two objects: it changes at the moment")
        if token is None:
            return tuple(found[key] for key in sorted(found))
        if token == query.get("continuation-token"):
            break
        query["continuation-token"] = token
    raise SourceUnreachable(f"{public_url(base_url)} gives a listing of {prefix} that does not end")


def parse_listing(document: bytes) -> tuple[list[ListedObject], str | None]:
    """Read one page: its objects without the empty markers of folders, and the token of the next page or None.

    Raises:
        ValueError: the document is not such a page, or says that there are more without saying how to ask for them.
    """
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        raise ValueError(f"not XML: {error}") from error
    if root.tag.rpartition("}")[2] != "ListBucketResult":
        raise ValueError(f"the document is a {root.tag.rpartition('}')[2]}")
    objects = [
        ListedObject(
            key=_text(contents, "Key"), etag=_text(contents, "ETag").strip('"'), size=int(_text(contents, "Size"))
        )
        for contents in root.findall("{*}Contents")
    ]
    truncated = root.findtext("{*}IsTruncated", "false").strip().lower() == "true"
    token = root.findtext("{*}NextContinuationToken") or None
    if truncated and token is None:
        raise ValueError("it says that it goes on, and not where")
    return [listed for listed in objects if not listed.key.endswith("/")], token if truncated else None


def _text(contents: ElementTree.Element, name: str) -> str:
    text = contents.findtext(f"{{*}}{name}")
    if not text:
        raise ValueError(f"an object has no {name}")
    return text
