"""One stage of a refresh in a process of its own: `python -m tests.bench.stages STAGE`."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import duckdb

from warehouse.build import input_digest, open_build, prepare, run_models
from warehouse.build.project import project_with_empty_build
from warehouse.contracts import load_contract
from warehouse.files import sha256_of
from warehouse.landing import LandedObject, Landing, Load
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
    _audit_landed("suites_landed_first.json")


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


def land_next_night() -> None:
    """Land what the portals send a day later: every file is another, and one description in a thousand has changed."""
    settings = load_settings()
    landing = Landing(settings.home)
    for release in landing.selected():
        if load_contract(release.source).one_version:
            continue
        version = f"{release.version}.1"
        folder = landing.staging_for(release.source, version)
        staged: dict[str, Path] = {}
        loads: list[Load] = []
        for load in release.loads:
            objects: list[LandedObject] = []
            rows = 0
            for entry in load.objects:
                path, before = folder / f"{load.dataset}-{entry.name}", landing.object_path(entry.sha256)
                with duckdb.connect() as connection:
                    _later(connection, str(before), str(path))
                    rows += connection.execute(f"select count(*) from '{path}'").fetchall()[0][0]
                objects.append(LandedObject(name=entry.name, sha256=sha256_of(path), bytes=path.stat().st_size))
                staged[objects[-1].sha256] = path
            later = {
                "upstream_version": version,
                "fetched_at": load.fetched_at + timedelta(days=1),
                "objects": tuple(objects),
                "rows": rows,
                "bytes": sum(entry.bytes for entry in objects),
            }
            loads.append(load.model_copy(update=later))
        night = release.model_copy(update={"loads": tuple(loads), "version": version})
        landing.select(landing.commit(night, staged))


def _later(connection: duckdb.DuckDBPyConnection, before: str, path: str) -> None:
    found = connection.execute(f"describe from read_parquet('{before}')").fetchall()
    described = [(name, kind) for name, kind, *_ in found if "description" in name.lower() and "VARCHAR" in kind]
    changed = [
        f"case when hash(record) % 1000 = 0 then cast({'[' if kind.endswith('[]') else ''}'changed'"
        f'{"]" if kind.endswith("[]") else ""} as {kind}) else "{name}" end as "{name}"'
        for name, kind in described[:1]
    ]
    replaced = f"replace ({changed[0]})" if changed else ""
    connection.execute(
        f"copy (select * {replaced} from read_parquet('{before}') as record) to '{path}'"
        " (format parquet, row_group_size 100_000)"
    )


def next_night() -> None:
    """Profile and audit a night on which the portals have sent something else, and IDC has not; the star is the first.

    All in one process, as a refresh does it.
    """
    _audit_landed("suites_landed.json")
    audit_star()


def _audit_landed(suites: str) -> None:
    from warehouse.quality import audit
    from warehouse.quality.kept_verdicts import KeptVerdicts
    from warehouse.quality.record import record_verdicts
    from warehouse.snapshots.past import past_of

    settings = load_settings()
    landing = Landing(settings.home)
    releases = landing.selected()
    with suites_timed(settings.home / suites):
        past = past_of(settings.home, landing, releases)
        found = audit.audit_landed(releases, landing, past, kept=KeptVerdicts(settings.home, landing, past))
    record_verdicts(settings.home, "landed", input_digest(releases), found, 0.0)


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
    stages = (land, project, profile, model, profile_star, audit, audit_landed, audit_star, publish)
    stages += (land_next_night, next_night)
    {stage.__name__: stage for stage in stages}[sys.argv[1]]()
