"""What a person has accepted: unexplained gaps between two systems that are known and may be published.

They stand in `acknowledgements.yml` in the warehouse home, a list of entries of these fields:

    - comparison_id: midrc-bih:case
      unexplained: 12
      until: 2027-01-31
      by: A. Analyst
      reason: The hub was told on 2026-11-20 and reads the batch again in January.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from warehouse.errors import UsageError

FILE = "acknowledgements.yml"


class Acknowledgement(BaseModel):
    """One accepted gap: up to `unexplained` records of a comparison, for data fetched until a day, by whom and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    comparison_id: str = Field(min_length=1)
    unexplained: int = Field(ge=1)
    until: date
    by: str = Field(min_length=1)
    reason: str = Field(min_length=1)


def read_acknowledgements(home: Path) -> tuple[Acknowledgement, ...]:
    """Read what is accepted in a warehouse home; nothing, where it has no such file.

    Raises:
        UsageError: the file cannot be read, or an entry of it is none.
    """
    path = home / FILE
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _unusable(path, str(error)) from None
    try:
        return tuple(TypeAdapter(list[Acknowledgement]).validate_python(content or []))
    except ValidationError as error:
        first = error.errors()[0]
        raise _unusable(path, f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None


def in_force(acknowledgements: Sequence[Acknowledgement], day: date) -> Mapping[str, Acknowledgement]:
    """Return what is accepted for data fetched on a day, by comparison; of several the one that lasts longest."""
    lasting = sorted((entry for entry in acknowledgements if entry.until >= day), key=lambda entry: entry.until)
    return {entry.comparison_id: entry for entry in lasting}


def _unusable(path: Path, words: str) -> UsageError:
    return UsageError(
        f"{path} is no list of acknowledgements ({' '.join(words.split())}). Each entry needs comparison_id, "
        "unexplained (1 or more), until (a date), by and reason; correct the file or remove it."
    )
