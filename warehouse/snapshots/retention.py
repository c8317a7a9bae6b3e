"""Which snapshots of a home are kept, and why. Only decisions; `prune` carries them out.

The rules are those of `restic forget` (restic.readthedocs.io, "Removing backup snapshots"): each keeps the newest
snapshot of each of the last days, weeks or months that have one, a snapshot is kept when any of them says so, and where
there are fewer than a rule asks for, it keeps the oldest, too. Days, ISO weeks and months are those of UTC.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot, current, refreshed, require_current_readable, snapshots
from warehouse.snapshots.pins import cited, pins


@dataclass(frozen=True)
class Rules:
    """How many of the last snapshots are kept, and of how many days, weeks and months one each; 0 is none."""

    last: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        last: int | None = None,
        daily: int | None = None,
        weekly: int | None = None,
        monthly: int | None = None,
    ) -> Rules:
        """Return the rules that are stated; where none is, those of the settings."""
        stated = (last, daily, weekly, monthly)
        if all(number is None for number in stated):
            return cls(settings.keep_last, settings.keep_daily, settings.keep_weekly, settings.keep_monthly)
        return cls(*(number or 0 for number in stated))

    @property
    def are_none(self) -> bool:
        """Whether no rule keeps anything: then nothing may be removed."""
        return not (self.last or self.daily or self.weekly or self.monthly)


@dataclass(frozen=True)
class Decision:
    """One snapshot and why it is kept, in words; without a reason it goes."""

    snapshot: Snapshot
    reasons: tuple[str, ...]

    @property
    def is_kept(self) -> bool:
        """Whether anything keeps the snapshot."""
        return bool(self.reasons)


def kept_by_rules(made: Sequence[datetime], rules: Rules) -> list[tuple[str, ...]]:
    """Return which rules keep each of the snapshots that were made at these times (UTC), the newest first.

    Raises:
        ValueError: the times are not in order (a defect of the caller).
    """
    if any(later < earlier for later, earlier in itertools.pairwise(made)):
        raise ValueError("The newest snapshot comes first.")
    reasons: list[list[str]] = [[] for _ in made]
    spans: tuple[tuple[str, int, Callable[[int], str]], ...] = (
        ("last", rules.last, lambda number: f"{number + 1} of {rules.last}"),
        ("daily", rules.daily, lambda number: f"{made[number]:%Y-%m-%d}"),
        ("weekly", rules.weekly, lambda number: f"{made[number]:%G-W%V}"),
        ("monthly", rules.monthly, lambda number: f"{made[number]:%Y-%m}"),
    )
    for name, left, span_of in spans:
        before = ""
        for number in range(len(made)):
            if left == 0:
                break
            span = span_of(number)
            if span == before and number < len(made) - 1:
                continue
            is_spare = span == before
            reasons[number].append(f"{name}: the oldest there is" if is_spare else f"{name} {span}")
            before = span
            left -= 1
    return [tuple(found) for found in reasons]


def decisions(home: Path, rules: Rules) -> list[Decision]:
    """Return what becomes of every snapshot of a home, oldest first. Without a rule, all are kept.

    Rules count what refreshes have published. A snapshot of a past release takes no night's place, and stays.

    Raises:
        UsageError: what is in service cannot be read.
        IntegrityError: a record of the query store cannot be read.
    """
    require_current_readable(home)
    found, nights = snapshots(home), refreshed(home)
    if rules.are_none:
        by_rule: dict[str, tuple[str, ...]] = {snapshot.id: ("no rule is set",) for snapshot in found}
    else:
        nights.reverse()
        kept = kept_by_rules([snapshot.manifest.created_at for snapshot in nights], rules)
        by_rule = {snapshot.id: reasons for snapshot, reasons in zip(nights, kept, strict=True)}
    protected = protections(home, found)
    return [Decision(one, (*protected.get(one.id, ()), *by_rule.get(one.id, ()))) for one in found]


def protections(home: Path, found: Iterable[Snapshot]) -> dict[str, tuple[str, ...]]:
    """Return what protects each of these snapshots from every rule: service, pins, citations, and a past release.

    Raises:
        IntegrityError: a record of the query store cannot be read.
    """
    held = {snapshot.id: snapshot for snapshot in found}
    in_service, pinned, citations = current(home), pins(home), cited(home, list(held))
    reasons: dict[str, tuple[str, ...]] = {}
    for snapshot_id, snapshot in held.items():
        words: list[str] = []
        if snapshot.manifest.retrospective:
            words.append("of a past release")
        if in_service is not None and in_service.id == snapshot_id:
            words.append("in service")
        if (pin := pinned.get(snapshot_id)) is not None:
            words.append(f"pinned: {pin.reason}" if pin.reason else "pinned")
        if (files := citations.get(snapshot_id)) is not None:
            words.append(f"cited by {files[0]}" + (f" and {len(files) - 1} more" if len(files) > 1 else ""))
        if words:
            reasons[snapshot_id] = tuple(words)
    return reasons
