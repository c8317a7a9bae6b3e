"""The record of a cohort: its query, the snapshot that it was saved on, and what it chose there.

Reading ignores fields that it does not know; a format that is newer is refused, and so is a record that was altered.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from warehouse.answers.record import SnapshotCited
from warehouse.downloads.choosing import Totals
from warehouse.errors import IntegrityError, UsageError

FORMAT_VERSION = 1
"""The format of a record that this release writes, and the newest that it reads."""

# A name is a file's name on every file system, also on one for which capitals are small letters.
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Cohort(BaseModel):
    """One saved cohort. Its grain (series or files), key and sizes are those of `totals`.

    `keys_sha256` is over the primary keys that were chosen, in their order, a line each; they are the same in every
    snapshot. `record_sha256` is over all other fields.
    """

    model_config = ConfigDict(frozen=True)

    format_version: int = FORMAT_VERSION
    name: str
    sql: str
    saved_at: datetime
    snapshot: SnapshotCited
    totals: Totals
    keys_sha256: str
    record_sha256: str = ""

    def sealed(self) -> Cohort:
        """Return the record with its own digest."""
        bare = self.model_copy(update={"record_sha256": ""})
        return bare.model_copy(update={"record_sha256": hashlib.sha256(bare.model_dump_json().encode()).hexdigest()})

    def text(self) -> str:
        """Return the record as JSON, as it is written to files."""
        return self.model_dump_json(indent=2) + "\n"


def require_name(name: str) -> None:
    """Refuse what cannot name a cohort.

    Raises:
        UsageError: it is no such name.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name a cohort. Names are small letters (a-z), digits, - and _, begin with a letter or a "
            "digit, and have 64 characters at most, e.g. chest-ct."
        )


def read(path: Path) -> Cohort:
    """Read the record of the cohort that the file is named after.

    Raises:
        UsageError: it is of a newer format.
        IntegrityError: it is damaged, was altered, or is the record of another cohort.
    """
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _damaged(path, f"it cannot be read ({error.strerror or error})") from None
    except (ValueError, RecursionError):
        raise _damaged(path, "it is no JSON that can be read") from None
    version = stated.get("format_version") if isinstance(stated, dict) else None
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise UsageError(
            f"The cohort {path} has format {version}, and this release reads up to {FORMAT_VERSION}. Use the release "
            "that wrote it, or a newer one."
        )
    try:
        found = Cohort.model_validate(stated)
    except ValidationError as error:
        first = error.errors()[0]
        raise _damaged(path, f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}") from None
    if found.sealed().record_sha256 != found.record_sha256:
        raise _damaged(path, "it was altered after it was saved")
    if found.name != path.stem:
        raise _damaged(path, f"it is the record of {found.name}")
    return found


def _damaged(path: Path, why: str) -> IntegrityError:
    return IntegrityError(
        f"The cohort {path} cannot be used: {why}. Restore the file, or remove it (`icw cohort remove {path.stem}`) "
        "and save the cohort again."
    )
