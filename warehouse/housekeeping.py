"""What is removed after a refresh that ended well, so that a home does not grow with its nights.

It is done last, under the lock, when the snapshot is in service and the end of the run is kept: what goes wrong here is
a warning in the record of the run, and stops nothing. It can be killed at any moment; the next run goes on.

Removed are snapshots that ICW_KEEP_* do not keep, where ICW_PRUNE_AFTER_REFRESH says so; the loads of portals that no
snapshot was built from, after ICW_LANDING_DAYS; and temporary files of processes that were killed. Loads of
sources with versions stay (somebody may have landed one by name), and so does what is evidence: profiles, counts,
verdicts, incidents, citations, pins.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from warehouse.files import writing_to
from warehouse.run_record import last_run, note_housekeeping
from warehouse.settings import Settings
from warehouse.snapshots.group_access import let_group_read
from warehouse.snapshots.prune import prune, remove_unused_portal_loads
from warehouse.snapshots.retention import Rules

log = logging.getLogger("icw.housekeeping")

# Nobody writes a file for a day: an older temporary one has no process any more.
_OVER_S = 86_400

# Folders of the home with files that are written under a temporary name, by whoever (a pin needs no lock).
_WRITTEN = ("", "citations/", "cohorts/", "pins/", "profiles/*/", "quality/", "verdicts/")

# What processes of this user spill to below the system's folder for temporary files.
_SPILLS = ("icw-audit-", "icw-profile-", "icw-diff-", "icw-cite-", "icw-cohort-")


@contextlib.contextmanager
def keeping_house(settings: Settings, run_id: str) -> Iterator[None]:
    """Keep house after the run that the block is, if it ended well, degraded or not. The caller holds the lock."""
    try:
        yield
    finally:
        if ended_well(settings.home, run_id):
            keep_house(settings, run_id, time.time())


def ended_well(home: Path, run_id: str) -> bool:
    """Return whether the last refresh of a home is this run, and did what it was to do."""
    run = last_run(home)
    return run is not None and run.run_id == run_id and run.is_good


def keep_house(settings: Settings, run_id: str, now: float) -> None:
    """Remove what is not needed any more at this time (seconds since 1970); what cannot be is a warning in the record.

    The caller holds the refresh lock.
    """
    home = settings.home
    for what, work in (
        ("old snapshots could not be removed", lambda: _prune(settings)),
        ("landed loads without use could not be removed", lambda: _remove_loads(settings, now)),
        ("temporary files could not be removed", lambda: _remove_temporary(home, now)),
        ("the snapshots could not be made readable for the group", lambda: _open(settings)),
    ):
        try:
            work()
        except Exception as error:
            note_undone(home, f"{what}: {error}")


def note_undone(home: Path, sentence: str) -> None:
    """Keep, in the record of the last run, what of the housekeeping after it could not be done, and log it."""
    log.warning("Housekeeping: %s", sentence, extra={"event": "housekeeping"})
    note_housekeeping(home, sentence)


def _prune(settings: Settings) -> None:
    if settings.prune_after_refresh:
        prune(settings.home, Rules.of(settings), landing=True)


def _remove_loads(settings: Settings, now: float) -> None:
    if settings.landing_days:
        remove_unused_portal_loads(
            settings.home, datetime.fromtimestamp(now, UTC) - timedelta(days=settings.landing_days)
        )


def _open(settings: Settings) -> None:
    if settings.group_readable:
        let_group_read(settings.home)


def _remove_temporary(home: Path, now: float) -> None:
    """Remove temporary files of the home, and folders that DuckDB spilled to, which are older than a day."""
    with writing_to(home):
        for path in (found for folder in _WRITTEN for found in home.glob(f"{folder}.*.tmp") if found.is_file()):
            if _is_over(path, now):
                path.unlink(missing_ok=True)
        shared = Path(tempfile.gettempdir())
        for folder in (found for prefix in _SPILLS for found in shared.glob(f"{prefix}*")):
            if _is_over(folder, now) and folder.is_dir():
                shutil.rmtree(folder, ignore_errors=True)


def _is_over(path: Path, now: float) -> bool:
    """Return whether a file or folder of this user was last changed more than a day ago."""
    try:
        held = path.lstat()
    except OSError:
        return False
    return held.st_uid == os.getuid() and now - held.st_mtime > _OVER_S
