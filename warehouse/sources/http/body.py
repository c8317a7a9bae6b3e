"""Receiving the body of a response, no further than a limit, and refusing one that is not what was asked for."""

from __future__ import annotations

from collections.abc import Iterator

import requests

from warehouse.errors import SourceUnreachable
from warehouse.public_text import public_url
from warehouse.sources.http.errors import ResponseTooLarge

_PIECE = 1 << 18


def pieces_of(response: requests.Response, limit: int) -> Iterator[bytes]:
    """Yield the body of a response, decompressed, piece by piece.

    Raises:
        ResponseTooLarge: it is longer than `limit` (bytes), as announced or as it comes.
        requests.RequestException: it breaks off.
    """
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise too_large(response.url, limit)
    size = 0
    for piece in response.iter_content(_PIECE):
        size += len(piece)
        if size > limit:
            raise too_large(response.url, limit)
        yield piece


def too_large(url: str, limit: int) -> ResponseTooLarge:
    """Return the error for a response beyond `limit` (bytes)."""
    return ResponseTooLarge(
        f"{public_url(url)} answers with more than {limit:,} bytes, more than any valid response there has; the rest "
        "was not received. Check the address, and tell upstream if it is right"
    )


def refuse_web_page(response: requests.Response) -> None:
    """Raise `SourceUnreachable` if the response to a request for a file is an HTML page: a firewall or a login."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        raise SourceUnreachable(
            f"{public_url(response.url)} answered with a web page instead of the file (a firewall?)"
        )
