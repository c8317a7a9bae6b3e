"""Acknowledgements: what a person accepts of gaps between two systems, of a portal's losses, of any other finding.

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
    - finding: q-1a2b3c4d5e
      accepted: 31
      until: 2027-01-31
      by: A. Analyst
      reason: IDC corrects the licence of these series with its next release.
      reported_to: IDC, 2026-11-20

`finding` is the id that `icw quality` shows. In its place stand `suite` and `expectation`, in the words of the report,
with `source` or `asset` (idc.idc_index) and `scope` where they are to hold for these alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

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


class AcceptedFinding(BaseModel):
    """A finding of the audit that is accepted as long as it affects no more than `accepted` records.

    It is named by its id, or by the suite and the expectation; `source`, `asset` (source.dataset or star.table) and
    `scope` narrow the latter, and what is left out holds for all. It is in force until a day, in these `releases` of
    the source alone, or both. `evidence` is a query (SQL) that lists what is accepted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    finding: str | None = Field(default=None, pattern=r"^q-[0-9a-f]{10}$")
    suite: str | None = Field(default=None, min_length=1)
    expectation: str | None = Field(default=None, min_length=1)
    source: str | None = Field(default=None, min_length=1)
    asset: str | None = Field(default=None, pattern=r"^\w+\.\w+$")
    scope: str | None = None
    accepted: int = Field(ge=1)
    until: date | None = None
    releases: tuple[str, ...] = ()
    by: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    reported_to: str = Field(default="not reported yet", min_length=1)
    evidence: str | None = None

    @model_validator(mode="after")
    def _is_bounded(self) -> AcceptedFinding:
        if self.finding is None and (self.suite is None or self.expectation is None):
            raise ValueError("finding, or suite and expectation, are missing")
        if self.until is None and not self.releases:
            raise ValueError("until is missing")
        return self

    @property
    def name(self) -> str:
        """What it is about, in words: the id, or the expectation with what narrows it."""
        if self.finding is not None:
            return self.finding
        narrowed = ", ".join(filter(None, (self.suite, self.asset or self.source, self.scope)))
        return f"{self.expectation} ({narrowed})"

    def is_in_force(self, day: date, version: str | None) -> bool:
        """Return whether it holds in data fetched on a day; `version` is the release that was judged, if it was one."""
        return (self.until is None or self.until >= day) and (not self.releases or version in self.releases)


@dataclass(frozen=True)
class Accepted:
    """All acknowledgements of a warehouse home."""

    gaps: tuple[Acknowledgement, ...] = ()
    losses: tuple[AcceptedLoss, ...] = ()
    findings: tuple[AcceptedFinding, ...] = ()

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
            gaps=tuple(Acknowledgement.model_validate(entry) for entry in entries if _kind_of(entry) == "gap"),
            losses=tuple(AcceptedLoss.model_validate(entry) for entry in entries if _kind_of(entry) == "loss"),
            findings=tuple(AcceptedFinding.model_validate(entry) for entry in entries if _kind_of(entry) == "finding"),
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise _unusable(path, f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None


def _kind_of(entry: Mapping[str, object]) -> Literal["gap", "loss", "finding"]:
    if "finding" in entry or "suite" in entry or "expectation" in entry:
        return "finding"
    return "loss" if "dataset" in entry else "gap"


def in_force(acknowledgements: Sequence[Acknowledgement], day: date) -> Mapping[str, Acknowledgement]:
    """Return the gaps accepted in data fetched on a day, by comparison; of several the one that is valid longest."""
    valid = sorted((entry for entry in acknowledgements if entry.until >= day), key=lambda entry: entry.until)
    return {entry.comparison_id: entry for entry in valid}


def _unusable(path: Path, reason: str) -> UsageError:
    return UsageError(
        f"{path} is no list of acknowledgements ({' '.join(reason.split())}). Each entry needs comparison_id and "
        "unexplained (1 or more), or dataset (midrc.measurement) and lost (1 or more), or finding (q-..., or suite and "
        "expectation) and accepted (1 or more), and until (a date), by and reason; correct the file or remove it."
    )
