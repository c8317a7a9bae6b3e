"""Acknowledgements: unexplained gaps between two systems, and losses of a portal's records, that a person accepts.

The file `acknowledgements.yml` in the warehouse home is a list of entries of these fields:

    - comparison_id: midrc-bih:case
      unexplained: 12
      until: 2027-01-31
      by: A. Analyst
      reason: Reported to the hub on 2026-11-20, which reads the batch again in January.
    - dataset: midrc.measurement
      lost: 20337
      until: 2027-01-31
      by: A. Analyst
      reason: The portal has announced that it withdraws the measurements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from warehouse.errors import UsageError

FILE = "acknowledgements.yml"


class Acknowledgement(BaseModel):
    """One accepted gap: up to `unexplained` records of a comparison, in data fetched until a day, by whom and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    comparison_id: str = Field(min_length=1)
    unexplained: int = Field(ge=1)
    until: date
    by: str = Field(min_length=1)
    reason: str = Field(min_length=1)


class AcceptedLoss(BaseModel):
    """How many records a type of a portal may have lost since its last load: until a day, by whom and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str = Field(pattern=r"^\w+\.\w+$")
    lost: int = Field(ge=1)
    until: date
    by: str = Field(min_length=1)
    reason: str = Field(min_length=1)


@dataclass(frozen=True)
class Accepted:
    """All acknowledgements of a warehouse home."""

    gaps: tuple[Acknowledgement, ...] = ()
    losses: tuple[AcceptedLoss, ...] = ()

    def losses_of(self, source: str, day: date) -> Mapping[str, int]:
        """Return how many records each type of a source may have lost on a day."""
        found = [entry for entry in self.losses if entry.until >= day and entry.dataset.startswith(f"{source}.")]
        return {entry.dataset.partition(".")[2]: entry.lost for entry in sorted(found, key=lambda entry: entry.lost)}


def read_acknowledgements(home: Path) -> Accepted:
    """Read the acknowledgements of a warehouse home; none, where it has no such file.

    Raises:
        UsageError: the file cannot be read, or an entry is not valid.
    """
    path = home / FILE
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Accepted()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _unusable(path, str(error)) from None
    try:
        entries = TypeAdapter(list[dict[str, object]]).validate_python(content or [])
        return Accepted(
            gaps=tuple(Acknowledgement.model_validate(entry) for entry in entries if "dataset" not in entry),
            losses=tuple(AcceptedLoss.model_validate(entry) for entry in entries if "dataset" in entry),
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise _unusable(path, f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None


def in_force(acknowledgements: Sequence[Acknowledgement], day: date) -> Mapping[str, Acknowledgement]:
    """Return the gaps accepted in data fetched on a day, by comparison; of several the one that is valid longest."""
    valid = sorted((entry for entry in acknowledgements if entry.until >= day), key=lambda entry: entry.until)
    return {entry.comparison_id: entry for entry in valid}


def _unusable(path: Path, reason: str) -> UsageError:
    return UsageError(
        f"{path} is no list of acknowledgements ({' '.join(reason.split())}). Each entry needs comparison_id and "
        "unexplained (1 or more), or dataset (midrc.measurement) and lost (1 or more), and until (a date), by and "
        "reason; correct the file or remove it."
    )
