"""Text that may be shown: without credentials, and without characters that steer a terminal or forge a line of a log.

Errors, logs and screens repeat what upstreams say and which addresses were asked. All of it goes through here.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

# C0 and C1 controls without tab and line feed, line and paragraph separators, the marks, embeddings, overrides and
# isolates of bidirectional text (Unicode Standard Annex 9), and halves of surrogate pairs, which no encoding takes.
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

# The part of an address before the @ that ends it, also where a password holds what no address may (/, ?, # or @):
# then what follows the colon is no port.
_CREDENTIALS = re.compile(r"//[^\s/?#'\"]*@|//[^\s/?#@:'\"]*:(?!\d{1,5}(?:[/?#\s'\",;)]|$))[^\s'\"]*@")


def public_text(text: str) -> str:
    """Return the text with control characters in Python's notation and every address in it without its credentials."""
    return _STEERING.sub(_escaped, _CREDENTIALS.sub("//", text))


def public_url(url: str) -> str:
    """Return the address without what must not be written down: credentials, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return public_text(url)
    if not parts.netloc:
        return public_text(url.rpartition("@")[2])
    return public_text(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")))


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
