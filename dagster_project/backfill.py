"""`icw backfill`: land and profile past releases of IDC, and publish snapshots of them."""

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
    snapshots: Annotated[
        bool, typer.Option("--snapshots", help="Publish a snapshot of each release, too; none goes into service.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Land and profile past releases of IDC, for the history that new ones are judged by.

    It first says what is to be fetched and how long that may take. What is done is skipped, so an interrupted backfill
    goes on where it was. Exits with 8 if some of the releases could not be had, and as the first one failed if none
    could.
    """
    from dagster_project.progress import showing_progress
    from warehouse import backfill as work
    from warehouse import refresh as decisions
    from warehouse.lock import refresh_lock
    from warehouse.process import loading
    from warehouse.sandbox.running import with_sandbox

    requested = work.requested_releases(releases)
    settings = load_settings()
    found: list[work.Backfilled] = []
    published: list[work.PastSnapshot] = []
    told = Screen(stderr=True, quiet=as_json)
    with refresh_lock(settings.home, str(uuid.uuid4())):
        decisions.require_real_home(settings)
        with showing_progress(told), with_sandbox(settings) as reached:
            plan = work.plan(reached, requested, with_snapshots=snapshots)
            display.backfill_plan(told, plan)
            for release in work.backfill(reached, plan):
                found.append(release)
                if not as_json:
                    display.backfilled(screen(), release)
            if snapshots:
                landed = [one.release for one in found if one.release is not None]
                for snapshot in work.publish_past(reached, landed):
                    published.append(snapshot)
                    if not as_json:
                        display.past_snapshot(screen(), snapshot)
        if (settings.home / "dagster").is_dir():
            with loading():
                from dagster_project.job import report_backfill

            report_backfill(settings, found)
    if as_json:
        print(json.dumps(display.backfill_report(found, published), indent=2))
    work.require_all(found, published)
