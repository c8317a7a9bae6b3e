"""The audits as asset checks, one a suite. A failed expectation of severity `error` blocks what lies downstream."""

import logging
import time
from collections.abc import Iterator, Sequence

import dagster as dg

from dagster_project.defs.sources import FIRST_ASSETS
from dagster_project.resources import Warehouse, at_stage
from warehouse import refresh
from warehouse.build import input_digest, open_build
from warehouse.process import loading
from warehouse.quality.record import SUITES, Stage, record_verdicts
from warehouse.quality.verdicts import Verdict, require_no_errors

log = logging.getLogger("icw.refresh")

LANDED_ASSET = FIRST_ASSETS[0]
STAR_ASSET = dg.AssetKey(["star", "fct_series"])


def _specs(stage: Stage, asset: dg.AssetKey, after: Sequence[dg.AssetKey] = ()) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            suite.replace(" ", "_"),
            asset=asset,
            additional_deps=after,
            blocking=True,
            description=f"Great Expectations suite `{suite}` over the {stage} data.",
        )
        for suite in SUITES[stage]
    ]


@dg.multi_asset_check(name="audit_landed", specs=_specs("landed", LANDED_ASSET, FIRST_ASSETS[1:]))
@at_stage("auditing the landed files")
def audit_landed(warehouse: Warehouse) -> Iterator[dg.AssetCheckResult]:
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
    yield from _results("landed", LANDED_ASSET, verdicts)
    require_no_errors(verdicts)


def star_audit() -> dg.AssetChecksDefinition:
    """Return the checks of the star."""
    return dg.multi_asset_check(name="audit_star", specs=_specs("star", STAR_ASSET))(_audit_star)


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
    yield from _results("star", STAR_ASSET, verdicts)
    require_no_errors(verdicts)


def _results(stage: Stage, asset: dg.AssetKey, verdicts: Sequence[Verdict]) -> Iterator[dg.AssetCheckResult]:
    for suite in SUITES[stage]:
        judged = [verdict for verdict in verdicts if verdict.suite == suite]
        failed = [verdict for verdict in judged if not verdict.passed]
        stops = any(verdict.severity == "error" for verdict in failed)
        yield dg.AssetCheckResult(
            asset_key=asset,
            check_name=suite.replace(" ", "_"),
            passed=not failed,
            severity=dg.AssetCheckSeverity.ERROR if stops else dg.AssetCheckSeverity.WARN,
            metadata={
                "expectations": len(judged),
                "failed": dg.MetadataValue.md(_as_list(failed) or "none"),
            },
        )


def _as_list(verdicts: Sequence[Verdict]) -> str:
    return "\n".join(
        f"- **{verdict.severity}** {verdict.expectation} ({verdict.subject}): {verdict.observed}"
        for verdict in verdicts
    )
