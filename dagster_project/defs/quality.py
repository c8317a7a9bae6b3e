"""The audits as asset checks, on each asset that they judge. A failed error blocks what lies downstream.

One check a stage and asset, which names the suites in it: a check for each suite of an asset would make a thousand
events a run.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence

import dagster as dg

from dagster_project.resources import Warehouse, at_stage
from warehouse import refresh
from warehouse.build import input_digest, open_build
from warehouse.dbt_manifest import STAR_SCHEMA
from warehouse.process import loading
from warehouse.quality.assets import by_asset, possible_checks
from warehouse.quality.record import record_verdicts
from warehouse.quality.suite import Declared, Stage
from warehouse.quality.verdicts import Asset, Verdict, require_no_errors

log = logging.getLogger("icw.refresh")


def audit_checks(declared: Declared) -> list[dg.AssetChecksDefinition]:
    """Return the two stages of the audit as checks on every asset that they can judge."""
    return [
        dg.multi_asset_check(name="audit_landed", specs=_specs("landed", declared), can_subset=True)(_audit_landed),
        dg.multi_asset_check(name="audit_star", specs=_specs("star", declared), can_subset=True)(_audit_star),
    ]


def _specs(stage: Stage, declared: Declared) -> list[dg.AssetCheckSpec]:
    suites: dict[Asset, list[str]] = defaultdict(list)
    for asset, suite in possible_checks(stage, declared):
        suites[asset].append(suite)
    return [
        dg.AssetCheckSpec(
            _name(stage),
            asset=dg.AssetKey(list(asset)),
            # The audit of the star comes after the star: it cannot keep it from what lies below.
            blocking=stage == "landed" or asset[0] == STAR_SCHEMA,
            description=f"Great Expectations suites: {', '.join(names)}.",
        )
        for asset, names in suites.items()
    ]


def _name(stage: Stage) -> str:
    return f"audit_{stage}"


@at_stage("auditing the landed files")
def _audit_landed(warehouse: Warehouse) -> Iterator[dg.AssetCheckResult]:
    """Judge the landed files before a model reads them."""
    with loading():
        from warehouse.quality import audit

    settings, landing = warehouse.settings, warehouse.landing
    log.info("Auditing the landed files", extra={"event": "step"})
    started = time.monotonic()
    refresh.require_real_home(settings)
    refresh.require_a_source(choice for choice in landing.choices() if choice.source in settings.upstreams)
    releases = landing.selected()
    verdicts = audit.audit_landed(releases, landing, threads=settings.threads, memory_limit=settings.memory_limit)
    record_verdicts(settings.home, "landed", input_digest(releases), verdicts, time.monotonic() - started)
    yield from _results("landed", verdicts)
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
    yield from _results("star", verdicts)
    require_no_errors(verdicts)


def _results(stage: Stage, verdicts: Sequence[Verdict]) -> Iterator[dg.AssetCheckResult]:
    """Return a result for each asset that was judged; one without a load was not."""
    for asset, judged in by_asset(verdicts).items():
        failed = [verdict for verdict in judged if not verdict.passed]
        stops = any(verdict.severity == "error" for verdict in failed)
        yield dg.AssetCheckResult(
            asset_key=dg.AssetKey(list(asset)),
            check_name=_name(stage),
            passed=not failed,
            severity=dg.AssetCheckSeverity.ERROR if stops else dg.AssetCheckSeverity.WARN,
            metadata={
                "expectations": len(judged),
                "failed": dg.MetadataValue.md(_as_list(failed) or "none"),
            },
        )


def _as_list(verdicts: Sequence[Verdict]) -> str:
    return "\n".join(
        f"- **{verdict.severity}** {verdict.expectation} ({verdict.suite}, {verdict.subject}): {verdict.observed}"
        for verdict in verdicts
    )
