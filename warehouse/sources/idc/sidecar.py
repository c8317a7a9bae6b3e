"""Checksum sidecars: files that state the SHA-256 of a file beside them, in the formats of the common tools.

Read are the lines of `sha256sum` (text and binary, also with a folder before the name), those of BSD's `sha256` and
`openssl dgst`, and a digest alone. Blank lines and comments (# or ;) are ignored, and so are lines about other files.
"""

from __future__ import annotations

import re

from warehouse.errors import IntegrityError

_DIGEST = r"([0-9a-fA-F]{64})"
_GNU = re.compile(rf"{_DIGEST}[ \t]+\*?(.+)")
_BSD = re.compile(rf"SHA(?:2-)?256 ?\((.+)\) ?= ?{_DIGEST}", re.IGNORECASE)
_ALONE = re.compile(_DIGEST)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def decode_sidecar(content: bytes) -> str:
    """Return the text of a sidecar, with or without the byte order mark that editors and shells of Windows write."""
    return content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig", errors="replace")


def parse_sidecar(text: str, name: str, origin: str) -> str:
    """Return the SHA-256 (lower-case hex) that a sidecar states for the file `name`.

    Raises:
        IntegrityError: a line is in no known format, none is about the file, or two of them disagree.
    """
    lines = [line.strip() for line in re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff"))]
    lines = [line for line in lines if line and not line.startswith(("#", ";"))]
    stated = [_read(line, name if len(lines) == 1 else None) for line in lines]
    found = {digest for entry in stated if entry is not None for file, digest in [entry] if _names(file, name)}
    if None in stated or not lines or len(found) > 1:
        raise IntegrityError(
            f"The sidecar {name}.sha256 from {origin} is unreadable: expected a line `<64 hex digits>  {name}`, or "
            f"as BSD's sha256 writes it, or the digits alone; found {text[:100]!r}. Nothing was landed."
        )
    if not found:
        others = ", ".join(sorted({entry[0] for entry in stated if entry is not None}))
        raise IntegrityError(
            f"The sidecar {name}.sha256 from {origin} is about another file: expected {name}, found "
            f"{others[:100]!r}. Nothing was landed."
        )
    return found.pop()


def _read(line: str, only: str | None) -> tuple[str, str] | None:
    """Return the file that a line is about and its digest; a digest alone is about the file `only`, if there is one."""
    if match := _GNU.fullmatch(line):
        return match[2], match[1].lower()
    if match := _BSD.fullmatch(line):
        return match[1], match[2].lower()
    if only is not None and (match := _ALONE.fullmatch(line)):
        return only, match[1].lower()
    return None


def _names(file: str, name: str) -> bool:
    return re.split(r"[/\\]", file)[-1] == name
