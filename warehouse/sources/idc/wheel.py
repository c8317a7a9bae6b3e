"""Python wheels: read the RECORD inside one and extract members, each verified against it.

A wheel is a zip archive whose RECORD lists the SHA-256 (urlsafe base64 without padding) and the size of every member:
https://packaging.python.org/en/latest/specifications/binary-distribution-format/.
"""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import IntegrityError
from warehouse.sources.http.partial_file import PartialFile

_PIECE = 1 << 20
# Bytes, unpacked: far more than any valid one has.
_LARGEST_RECORD = 16 << 20
_LARGEST_MEMBER = 16 << 30
# What zipfile raises on a member that cannot be unpacked: damaged, truncated, or compressed in an unknown way.
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class RecordEntry:
    """What RECORD states of one member: its SHA-256 (hex) and its size (bytes); None where it states nothing."""

    sha256: str | None
    size: int | None


def parse_record(text: str) -> dict[str, RecordEntry]:
    """Read a RECORD: member name -> what is stated of it.

    Raises:
        ValueError: the text is not a RECORD.
    """
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise ValueError(f"it is not a table of comma-separated values ({error})") from error
    entries: dict[str, RecordEntry] = {}
    for row in rows:
        if len(row) != 3 or not row[0] or row[0] in entries:
            raise ValueError(f"{','.join(row)[:100]!r} is not `name,hash,size` of a member that was not listed before")
        entries[row[0]] = RecordEntry(_hex_digest(row[1]), int(row[2]) if row[2] else None)
    return entries


def _hex_digest(stated: str) -> str | None:
    if not stated:
        return None
    algorithm, _, encoded = stated.partition("=")
    if algorithm != "sha256":
        return None
    try:
        digest = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(f"{stated!r} is not a hash in urlsafe base64") from error
    if len(digest) != hashlib.sha256().digest_size:
        raise ValueError(f"{stated!r} is not a SHA-256")
    return digest.hex()


def _read_record(archive: zipfile.ZipFile, record: str) -> bytes:
    with archive.open(record) as source:
        content = source.read(_LARGEST_RECORD + 1)
    if len(content) > _LARGEST_RECORD:
        raise ValueError(f"it unpacks to more than {_LARGEST_RECORD:,} bytes")
    return content


class Wheel:
    """An open wheel whose own digest was verified before. Use it as a context manager.

    Raises:
        IntegrityError: the file is not a wheel of `distribution` and `version` with a readable RECORD.
    """

    def __init__(self, path: Path, distribution: str, version: str) -> None:
        self._name = path.name
        record = f"{distribution}-{version}.dist-info/RECORD"
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise IntegrityError(
                f"The wheel {path.name} cannot be opened as a zip archive: {error}. Nothing was landed."
            ) from None
        try:
            self._record = parse_record(_read_record(self._archive, record).decode())
        except KeyError:
            self._archive.close()
            raise IntegrityError(
                f"The wheel {path.name} is not {distribution} {version}: it has no {record}. Nothing was landed."
            ) from None
        except (ValueError, *_DAMAGED) as error:
            self._archive.close()
            raise IntegrityError(f"The RECORD in {path.name} cannot be read: {error}. Nothing was landed.") from None

    def __enter__(self) -> Wheel:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def carries(self, member: str) -> bool:
        """Return whether the wheel has this member, by its content or by its RECORD."""
        return member in self._record or member in self._archive.namelist()

    def stated_sha256(self, member: str) -> str:
        """Return the SHA-256 (hex) that RECORD states for a member.

        Raises:
            IntegrityError: RECORD does not list the member, or without a SHA-256.
        """
        entry = self._record.get(member)
        if entry is None or entry.sha256 is None:
            raise IntegrityError(
                f"RECORD in {self._name} disagrees with the wheel: it states no SHA-256 for {member}, which the wheel "
                "contains. Nothing was landed."
            )
        return entry.sha256

    def extract(self, member: str, target: Path) -> str:
        """Write a member to `target` and return its SHA-256 (hex), which is the one that RECORD states.

        Raises:
            IntegrityError: the member is missing, damaged, or not the one that RECORD states; nothing is left at
                `target`. StorageError: the file cannot be written.
        """
        expected, stated_size = self.stated_sha256(member), self._record[member].size
        with PartialFile(target) as part:
            part.restart()
            try:
                with self._archive.open(member) as source:
                    # One byte more than stated shows that it is another member, whatever it would unpack to.
                    most = _LARGEST_MEMBER if stated_size is None else min(stated_size, _LARGEST_MEMBER)
                    while part.size <= most and (piece := source.read(min(_PIECE, most + 1 - part.size))):
                        part.append(piece)
            except KeyError:
                part.discard()
                raise IntegrityError(
                    f"RECORD in {self._name} disagrees with the wheel: it lists {member}, which the wheel does not "
                    "contain. Nothing was landed."
                ) from None
            except _DAMAGED as error:
                part.discard()
                raise IntegrityError(f"{member} in {self._name} is damaged: {error}. Nothing was landed.") from None
            if part.size > _LARGEST_MEMBER:
                part.discard()
                raise IntegrityError(
                    f"{member} in {self._name} unpacks to more than {_LARGEST_MEMBER:,} bytes. Nothing was landed."
                )
            if part.sha256 != expected or stated_size not in (None, part.size):
                part.discard()
                raise IntegrityError(
                    f"RECORD in {self._name} disagrees with {member}: expected SHA-256 {expected} over {stated_size} "
                    f"bytes, found {part.sha256} over {part.size} bytes. Nothing was landed."
                )
            part.complete()
        return expected
