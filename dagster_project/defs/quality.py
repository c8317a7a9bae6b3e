"""The audits as asset checks: of the landed files one a source, of the star one a suite, on the table it mainly judges.

A failed error blocks what lies downstream. Each failure names the datasets or tables that it concerns. A check for each
of them would double the events of a run (55.9 s instead of 52.2 s for IDC 25.0.5, one run each in November 2026).
"""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

import dagster as dg

from dagster_project.defs.sources import first_asset
from dagster_project.resources import Warehouse, at_stage
from warehouse import refresh
from warehouse.build import input_digest, open_build
from warehouse.process import loading
from warehouse.quality.assets import by_asset
from warehouse.quality.record import record_verdicts
from warehouse.quality.suites import LANDED, RELEASE, STAR
from warehouse.quality.verdicts import Asset, Verdict, require_no_errors
from warehouse.registry import SOURCES
from warehouse.snapshots.past import past_of

log = logging.getLogger("icw.refresh")

_LANDED_CHECK = "audit_landed"


def audit_checks() -> list[dg.AssetChecksDefinition]:
    """Return the two stages of the audit as checks."""
    suites = ", ".join(suite.name for suite in (*LANDED, *RELEASE))
    landed = [
        dg.AssetCheckSpec(
            _LANDED_CHECK,
            asset=first_asset(spec),
            blocking=True,
            description=f"Great Expectations suites over the datasets of {spec.title}: {suites}.",
        )
        for spec in SOURCES
    ]
    star = [
        dg.AssetCheckSpec(
            _check_of(suite.name),
            asset=dg.AssetKey(list(suite.default)),
            blocking=True,
            description=f"Great Expectations suite `{suite.name}` over the star.",
        )
        for suite in STAR
    ]
    return [
        dg.multi_asset_check(name="audit_landed", specs=landed)(_audit_landed),
        dg.multi_asset_check(name="audit_star", specs=star)(_audit_star),
    ]


def _check_of(suite: str) -> str:
    return suite.replace(" ", "_")


@at_stage("auditing the landed files")
def _audit_landed(warehouse: Warehouse) -> Iterator[dg.AssetCheckResult]:
    """Judge the landed files before a model reads them."""
    with loading():
        from warehouse.quality import audit

    settings, landing = warehouse.settings, warehouse.landing
    log.info("Auditing the landed files", extra={"event": "step"})
    started = time.monotonic()
    refresh.require_real_home(settings)
    refresh.keep_counts(settings.home)
    refresh.require_a_source(choice for choice in landing.choices() if choice.source in settings.upstreams)
    releases = landing.selected()
    verdicts = audit.audit_landed(
        releases,
        landing,
        past_of(settings.home, landing, releases, threads=settings.threads, memory_limit=settings.memory_limit),
        threads=settings.threads,
        memory_limit=settings.memory_limit,
    )
    digest = input_digest(releases, refresh.evidence(settings.home, releases))
    record_verdicts(settings.home, "landed", digest, verdicts, time.monotonic() - started)
    judged = by_asset(verdicts)
    for spec in SOURCES:
        of_source = {asset: found for asset, found in judged.items() if asset[0] == spec.name}
        yield _result(first_asset(spec), _LANDED_CHECK, of_source)
    require_no_errors(verdicts)


@at_stage("auditing the star")
def _audit_star(warehouse: Warehouse) -> Iterator[dg.AssetCheckResult]:
    """Judge the built star before a reader can see it."""
    from warehouse.quality import audit

    settings = warehouse.settings
    log.info("Auditing the star", extra={"event": "step"})
    started = time.monotonic()
    build = open_build(settings.home)
    known = refresh.known_gaps(settings.home, build)
    verdicts = audit.audit_star(build, known, threads=settings.threads, memory_limit=settings.memory_limit)
    record_verdicts(settings.home, "star", build.input_digest, verdicts, time.monotonic() - started)
    for suite in STAR:
        judged = by_asset(verdict for verdict in verdicts if verdict.suite == suite.name)
        yield _result(dg.AssetKey(list(suite.default)), _check_of(suite.name), judged)
    require_no_errors(verdicts)


def _result(key: dg.AssetKey, check: str, judged: Mapping[Asset, Sequence[Verdict]]) -> dg.AssetCheckResult:
    """Return the result of a check over some assets; a source without a load has none, and passes."""
    failed = [(asset, verdict) for asset, verdicts in judged.items() for verdict in verdicts if not verdict.passed]
    stops = any(verdict.severity == "error" for _, verdict in failed)
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=check,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if stops else dg.AssetCheckSeverity.WARN,
        metadata={"judged": len(judged), "failed": dg.MetadataValue.md(_as_list(failed) or "none")},
    )


def _as_list(failed: Iterable[tuple[Asset, Verdict]]) -> str:
    return "\n".join(
        f"- **{verdict.severity}** {'.'.join(asset)}: {verdict.expectation} ({verdict.suite}): {verdict.observed}"
        for asset, verdict in failed
    )
