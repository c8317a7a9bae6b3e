"""`icw backfill`: land and profile past releases of IDC, without a star."""

from __future__ import annotations

import json
import uuid
from typing import Annotated

import typer

from dagster_project import display
from dagster_project.options import JsonOption
from dagster_project.screen import Screen, screen
from warehouse.settings import load_settings

RELEASES = "v18..v25, v23 (its newest version) or 23.5.0; several are separated by spaces."


def backfill(
    releases: Annotated[list[str], typer.Argument(metavar="RELEASE...", help=RELEASES)],
    as_json: JsonOption = False,
) -> None:
    """Land and profile past releases of IDC, for the history that new ones are judged by. Builds nothing.

    What is landed and profiled is skipped, so an interrupted backfill goes on where it was. Exits with 8 if some of the
    releases could not be had, and as the first one failed if none could.
    """
    from dagster_project.progress import showing_progress
    from warehouse import backfill as work
    from warehouse import refresh as decisions
    from warehouse.lock import refresh_lock
    from warehouse.sandbox.running import with_sandbox

    requested = work.requested_releases(releases)
    settings = load_settings()
    found: list[work.Backfilled] = []
    with refresh_lock(settings.home, str(uuid.uuid4())):
        decisions.require_real_home(settings)
        with showing_progress(Screen(stderr=True, quiet=as_json)), with_sandbox(settings) as reached:
            for release in work.backfill(reached, requested):
                found.append(release)
                if not as_json:
                    display.backfilled(screen(), release)
    if as_json:
        print(json.dumps([display.backfill_report(release) for release in found], indent=2))
    work.require_all(found)
