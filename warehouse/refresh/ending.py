"""How a refresh ends: what its record keeps, and the error of one that did less than it was to do."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from warehouse.errors import Degraded, WarehouseError
from warehouse.landing import Choice
from warehouse.run_record import GoodOutcome, RunRecord, at_stage, end_run, failures_of
from warehouse.settings import Settings
from warehouse.snapshots.catalog import current, snapshot
from warehouse.snapshots.manifest import SourceFailure
from warehouse.snapshots.pushing import is_pushed, publish_bucket, push

log = logging.getLogger("icw.refresh")


def finish(
    settings: Settings,
    outcome: GoodOutcome,
    snapshot_id: str,
    failures: Sequence[SourceFailure],
) -> None:
    """Publish what is in service to the store, if one is set, and keep how a run ended: `degradation` says what of it.

    Raises:
        StorageError: the home cannot be written.
    """
    not_pushed = None if settings.publish_url is None else _not_pushed(settings, snapshot_id)
    in_service = current(settings.home)
    without_site = None if in_service is None else in_service.manifest.without_site
    is_degraded = bool(failures) or not_pushed is not None or without_site is not None
    end_run(
        settings.home,
        outcome,
        Degraded.exit_code if is_degraded else 0,
        snapshot_id,
        failures,
        not_pushed=not_pushed,
        without_site=without_site,
    )


def degradation(run: RunRecord | None) -> Degraded | None:
    """Return the error with which a run ends that did all that it could and not all that it was to do, or None.

    A program that ends with an exit code raises it; in Dagster the run is green, for what it published is in service.
    """
    if run is None or run.exit_code != Degraded.exit_code:
        return None
    no_site = (
        None if run.without_site is None else f"{run.snapshot_id} is in service without its site: {run.without_site}"
    )
    return Degraded(" ".join([*map(_sentence, run.failures), *filter(None, [run.not_pushed, no_site])]))


def say_degraded(choice: Choice, level: int) -> None:
    """Log that a source could not be refreshed, and what the build reads of it instead."""
    (failure,) = failures_of([choice])
    log.log(level, "%s", _sentence(failure), extra={"event": "degraded", "source": choice.source})


def _not_pushed(settings: Settings, snapshot_id: str) -> str | None:
    """Publish a snapshot to the store unless it is there; return why that failed, or None. The next run tries again."""
    at_stage(settings.home, "publishing to the object store")
    try:
        found, bucket = snapshot(settings.home, snapshot_id), publish_bucket(settings)
        if not is_pushed(found, bucket):
            push(found, bucket)
    except WarehouseError as error:
        sentence = f"{snapshot_id} is in service, but did not get to the store: {error}"
        log.warning("%s", sentence, extra={"event": "degraded"})
        return sentence
    return None


def _sentence(failure: SourceFailure) -> str:
    stays = f"its load {failure.version} stays" if failure.version else "there is no earlier load, so it is left out"
    return f"{failure.source} could not be refreshed, {stays}: {failure.reason}"
