"""The audits as asset checks: one on each landed dataset and each table of the star, with what fails of it.

Each suite over the star is a check besides, on the table that it mainly judges. A failed error blocks what lies
downstream. The metadata of a check has the id, severity and owner of every finding. A check for each pair of suite and
asset would double the events of a run (55.9 s instead of 52.2 s for IDC 25.0.5, one run each in November 2026).
"""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

import dagster as dg

from dagster_project.resources import Warehouse, at_stage
from warehouse import refresh
from warehouse.acknowledgements import read_acknowledgements
from warehouse.alerts.findings import alert_of_findings
from warehouse.build import open_build
from warehouse.build.project import Project, tables_read
from warehouse.dbt_manifest import STAR_SCHEMA
from warehouse.landed_audit import audit_selected
from warehouse.quality.assets import by_asset, owner_of
from warehouse.quality.incidents import keep_incidents
from warehouse.quality.record import record_verdicts
from warehouse.quality.suites import LANDED, RELEASE, STAR
from warehouse.quality.verdicts import Asset, Verdict, failed_errors, require_no_errors
from warehouse.registry import SOURCES
from warehouse.run_record import now
from warehouse.settings import Settings

log = logging.getLogger("icw.refresh")

_LANDED_CHECK = "audit_landed"


_STAR_CHECK = "audit_star"


def audit_checks(project: Project) -> list[dg.AssetChecksDefinition]:
    """Return the two stages of the audit as checks of the landed datasets, and of the tables of the project."""
    suites = ", ".join(suite.name for suite in (*LANDED, *RELEASE))
    landed = [
        dg.AssetCheckSpec(
            _LANDED_CHECK,
            asset=dg.AssetKey([spec.name, dataset]),
            blocking=True,
            description=f"Great Expectations suites over the datasets of {spec.title}: {suites}.",
        )
        for spec in SOURCES
        for dataset in spec.contract.datasets
    ]
    tables = [
        dg.AssetCheckSpec(
            _STAR_CHECK,
            asset=dg.AssetKey([STAR_SCHEMA, table]),
            blocking=True,
            description="What all Great Expectations suites over the star find in this table.",
        )
        for schema, table in tables_read(project)
        if schema == STAR_SCHEMA
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
        dg.multi_asset_check(name="audit_star", specs=[*star, *tables])(_audit_star),
    ]


def _check_of(suite: str) -> str:
    return suite.replace(" ", "_")


@at_stage("auditing the landed files")
def _audit_landed(warehouse: Warehouse) -> Iterator[dg.AssetCheckResult]:
    """Judge the landed files before a model reads them."""
    settings, landing = warehouse.settings, warehouse.landing
    log.info("Auditing the landed files", extra={"event": "step"})
    refresh.require_real_home(settings)
    refresh.keep_counts(settings.home)
    refresh.require_a_source(choice for choice in landing.choices() if choice.source in settings.upstreams)
    audited = audit_selected(settings, landing)
    judged = by_asset(audited.found)
    refused = {choice.source for choice in audited.refused}
    for spec in SOURCES:
        for dataset in spec.contract.datasets:
            asset = (spec.name, dataset)
            of_it = {asset: judged.get(asset, [])}
            yield _result(dg.AssetKey(list(asset)), _LANDED_CHECK, of_it, is_refused=spec.name in refused)
    _require_no_errors(settings, audited.used)


@at_stage("auditing the star")
def _audit_star(context: dg.AssetCheckExecutionContext, warehouse: Warehouse) -> Iterator[dg.AssetCheckResult]:
    """Judge the built star before a reader can see it."""
    from warehouse.quality import audit

    settings = warehouse.settings
    log.info("Auditing the star", extra={"event": "step"})
    started = time.monotonic()
    build = open_build(settings.home)
    known = refresh.known_gaps(settings.home, build)
    found = audit.audit_star(
        build,
        known,
        accepted=read_acknowledgements(settings.home).findings,
        threads=settings.threads,
        memory_limit=settings.memory_limit,
    )
    synthetic = any(release.synthetic for release in build.releases)
    verdicts = keep_incidents(settings.home, found, now(), synthetic=synthetic)
    record_verdicts(settings.home, "star", build.input_digest, verdicts, time.monotonic() - started)
    for suite in STAR:
        judged = by_asset(verdict for verdict in verdicts if verdict.suite == suite.name)
        yield _result(dg.AssetKey(list(suite.default)), _check_of(suite.name), judged)
    of_all = by_asset(verdicts)
    for key in (check.asset_key for check in context.selected_asset_check_keys if check.name == _STAR_CHECK):
        asset = (key.path[0], key.path[1])
        yield _result(key, _STAR_CHECK, {asset: of_all.get(asset, [])})
    _require_no_errors(settings, verdicts)


def _require_no_errors(settings: Settings, verdicts: Sequence[Verdict]) -> None:
    """Stop the run where an error was found, and tell of it; what is published is told after the publish.

    Raises:
        AuditFailed: an error was found.
    """
    if failed_errors(verdicts):
        alert_of_findings(settings)
    require_no_errors(verdicts)


def _result(
    key: dg.AssetKey, check: str, judged: Mapping[Asset, Sequence[Verdict]], *, is_refused: bool = False
) -> dg.AssetCheckResult:
    """Return the result of a check over some assets; a source without a load has none, and passes.

    Errors in data that `is_refused` stop nothing: the build reads an earlier load in its place.
    """
    failed = [(asset, verdict) for asset, verdicts in judged.items() for verdict in verdicts if not verdict.passed]
    stops = not is_refused and any(verdict.blocks for _, verdict in failed)
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=check,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if stops else dg.AssetCheckSeverity.WARN,
        metadata={"judged": sum(map(len, judged.values())), "failed": dg.MetadataValue.md(_as_list(failed) or "none")},
    )


def _as_list(failed: Iterable[tuple[Asset, Verdict]]) -> str:
    """Return the failing findings as Markdown: severity, id, asset and scope, what was observed, who owns the data."""
    return "\n".join(
        f"- **{'acknowledged' if finding.acknowledged else verdict.severity}** `{finding.id}` "
        f"{verdict.sentence(finding)} ({verdict.suite}; owner: {owner_of(asset)})"
        + (f"; {finding.acknowledged}" if finding.acknowledged else "")
        for asset, verdict in failed
        for finding in verdict.failing
    )
