"""`icw snapshots prune`, `pin` and `unpin`, and `icw status --storage`: what of a home is kept, and what goes."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from dagster_project import display
from dagster_project.options import JsonOption
from dagster_project.screen import screen
from warehouse.settings import load_settings
from warehouse.snapshots import catalog

KeepLast = Annotated[int | None, typer.Option("--keep-last", min=0, metavar="N", help="Keep the newest N snapshots.")]
KeepDaily = Annotated[
    int | None, typer.Option("--keep-daily", min=0, metavar="N", help="Keep the newest of each of the last N days.")
]
KeepWeekly = Annotated[
    int | None, typer.Option("--keep-weekly", min=0, metavar="N", help="Keep the newest of each of the last N weeks.")
]
KeepMonthly = Annotated[
    int | None,
    typer.Option("--keep-monthly", min=0, metavar="N", help="Keep the newest of each of the last N months."),
]


def prune(
    last: KeepLast = None,
    daily: KeepDaily = None,
    weekly: KeepWeekly = None,
    monthly: KeepMonthly = None,
    landing: Annotated[
        bool, typer.Option("--landing", help="Also remove landed loads that no kept snapshot was built from.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove snapshots that no rule keeps; never the one in service, a pinned one or a cited one.

    A snapshot is kept when any rule keeps it. Days, ISO weeks and months are those of UTC, and only those count that
    have a snapshot. Where there are fewer than a rule asks for, the oldest is kept, too. Without options, the rules
    are those of ICW_KEEP_LAST, ICW_KEEP_DAILY, ICW_KEEP_WEEKLY and ICW_KEEP_MONTHLY.
    """
    from warehouse.lock import refresh_lock
    from warehouse.snapshots import prune as pruning
    from warehouse.snapshots.retention import Rules

    settings = load_settings()
    rules = Rules.of(settings, last=last, daily=daily, weekly=weekly, monthly=monthly)
    # The same refusals with and without the lock, which makes a home where there is none.
    plan = pruning.plan_prune(settings.home, rules, landing=landing)
    if not dry_run:
        with refresh_lock(settings.home):
            plan = pruning.prune(settings.home, rules, landing=landing)
    if as_json:
        print(json.dumps(display.prune_report(plan, done=not dry_run), indent=2))
    else:
        display.pruned(screen(), plan, done=not dry_run)


def pin(
    name: Annotated[str, typer.Argument(metavar="ID", help="Snapshot: its id, the beginning of one, or current.")],
    reason: Annotated[str | None, typer.Option("--reason", help="Why, for whoever reads the list later.")] = None,
) -> None:
    """Keep a snapshot, whatever the rules of prune say, until it is unpinned."""
    from warehouse.snapshots import pins

    home = load_settings().home
    found = catalog.snapshot(home, name)
    pins.pin(home, found, reason)
    print(f"{found.id} is pinned.")


def unpin(name: Annotated[str, typer.Argument(metavar="ID", help="A pinned snapshot.")]) -> None:
    """Leave a snapshot to the rules of prune again."""
    from warehouse.snapshots import pins

    print(f"{pins.unpin(load_settings().home, name).snapshot_id} is not pinned any more.")


def storage(as_json: bool) -> None:
    """Show what the home takes on the disk, why each snapshot is kept, and what a prune by the settings would free."""
    from warehouse.snapshots.retention import Rules
    from warehouse.snapshots.storage import storage_of

    settings = load_settings()
    found = storage_of(settings.home, Rules.of(settings))
    if as_json:
        print(json.dumps(display.storage_report(found), indent=2))
    else:
        display.storage(screen(), found)
