"""Checksum sidecars: the one line, in the format of `sha256sum`, that upstream publishes beside each Parquet file."""

from __future__ import annotations

import re

from warehouse.errors import IntegrityError

_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")


def parse_sidecar(text: str, name: str, origin: str) -> str:
    """Return the SHA-256 (lower-case hex) that a sidecar states for the file `name`.

    Raises:
        IntegrityError: the text is not one such line, or it is about another file.
    """
    match = _LINE.fullmatch(text.removesuffix("\n").removesuffix("\r"))
    if match is None:
        raise IntegrityError(
            f"The sidecar {name}.sha256 from {origin} cannot be read: expected one line `<64 hex digits>  {name}`, "
            f"found {text[:100]!r}. Nothing was landed."
        )
    if match[2] != name:
        raise IntegrityError(
            f"The sidecar {name}.sha256 from {origin} is about another file: expected {name}, found "
            f"{match[2][:100]!r}. Nothing was landed."
        )
    return match[1].lower()
