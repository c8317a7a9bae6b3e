"""One stage of a refresh in a process of its own: `python -m tests.bench.stages STAGE`."""

from __future__ import annotations

import sys

from warehouse.build import input_digest, open_build, prepare, run_models
from warehouse.build.project import project_with_empty_build
from warehouse.landing import Landing
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
    from warehouse.quality.audit import audit_landed, audit_star
    from warehouse.quality.record import record_verdicts

    settings = load_settings()
    landing = Landing(settings.home)
    releases = landing.selected()
    record_verdicts(settings.home, "landed", input_digest(releases), audit_landed(releases, landing), 0.0)
    build = open_build(settings.home)
    record_verdicts(settings.home, "star", build.input_digest, audit_star(build), 0.0)


def publish() -> None:
    from warehouse.refresh import publish_build

    settings = load_settings()
    publish_build(settings.home, open_build(settings.home), settings)


if __name__ == "__main__":
    stages = (land, project, profile, model, profile_star, audit, publish)
    {stage.__name__: stage for stage in stages}[sys.argv[1]]()
