"""One stage of a refresh in a process of its own: `python -m tests.bench.stages STAGE`."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from warehouse.build import input_digest, open_build, prepare, run_models
from warehouse.build.project import project_with_empty_build
from warehouse.contracts import load_contract
from warehouse.landing import Landing, Release
from warehouse.settings import load_settings


def land() -> None:
    from warehouse.sources import idc

    settings = load_settings()
    landing = Landing(settings.home)
    landing.select(idc.land(idc.resolve(settings.idc_version, settings), landing, settings))


def project() -> None:
    """Parse the dbt project, once for each state of it."""
    project_with_empty_build(load_settings())


def model() -> None:
    settings = load_settings()
    landing = Landing(settings.home)
    run_models(prepare(settings.home, landing, landing.selected(), settings), settings)


def profile() -> None:
    """Profile the landed releases, which have no profile yet."""
    from warehouse.profiles.store import profile_of

    settings = load_settings()
    landing = Landing(settings.home)
    for release in landing.selected():
        profile_of(settings.home, landing, release, threads=settings.threads, memory_limit=settings.memory_limit)


def profile_star() -> None:
    """Profile the star of the build again, which `model` has done once."""
    from warehouse.build.profile import add_profile
    from warehouse.build.statements import Target

    settings = load_settings()
    build = open_build(settings.home)
    add_profile(Target.of(build.database, settings), build.manifest, build.releases, build.profiles)


def audit() -> None:
    audit_landed()
    audit_star()


def audit_landed() -> None:
    from warehouse.quality import audit
    from warehouse.quality.record import record_verdicts
    from warehouse.snapshots.past import past_of

    settings = load_settings()
    landing = Landing(settings.home)
    releases = landing.selected()
    found = audit.audit_landed(releases, landing, past_of(settings.home, landing, releases))
    record_verdicts(settings.home, "landed", input_digest(releases), found, 0.0)


def audit_star() -> None:
    from warehouse.quality import audit
    from warehouse.quality.record import record_verdicts

    settings = load_settings()
    with suites_timed(settings.home / "suites_star.json"):
        build = open_build(settings.home)
        record_verdicts(settings.home, "star", build.input_digest, audit.audit_star(build), 0.0)


def publish() -> None:
    from warehouse.refresh import publish_build

    settings = load_settings()
    publish_build(settings.home, open_build(settings.home), settings)


def next_night() -> None:
    """Profile and audit what is landed of a night on which the portals have sent the same under another version."""
    from warehouse.quality import audit
    from warehouse.snapshots.past import past_of

    settings = load_settings()
    landing = Landing(settings.home)
    releases = [
        release if load_contract(release.source).one_version else landing.commit(_a_day_later(release), {})
        for release in landing.selected()
    ]
    with suites_timed(settings.home / "suites_landed.json"):
        audit.audit_landed(releases, landing, past_of(settings.home, landing, releases))


def _a_day_later(release: Release) -> Release:
    loads = tuple(
        load.model_copy(
            update={"fetched_at": load.fetched_at + timedelta(days=1), "upstream_version": f"{load.upstream_version}.1"}
        )
        for load in release.loads
    )
    return release.model_copy(update={"loads": loads, "version": f"{release.version}.1"})


@contextmanager
def suites_timed(path: Path) -> Iterator[None]:
    """Write the seconds of each suite that an audit runs in the block as JSON, by suite."""
    seconds: dict[str, float] = {}

    class Timed(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if getattr(record, "event", "") == "suite_ran":
                suite = str(record.__dict__["suite"])
                seconds[suite] = seconds.get(suite, 0.0) + float(record.__dict__["seconds"])

    log, handler = logging.getLogger("icw.quality"), Timed()
    log.setLevel(logging.DEBUG)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
    path.write_text(json.dumps(seconds), encoding="utf-8")


if __name__ == "__main__":
    stages = (land, project, profile, model, profile_star, audit, audit_landed, audit_star, publish, next_night)
    {stage.__name__: stage for stage in stages}[sys.argv[1]]()
