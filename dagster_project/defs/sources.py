"""Raw data as assets: one a dataset and source. The work is done by `warehouse.sources`, behind `warehouse.upstreams`.

A source that fails does not stop the run: its assets then are what was landed before, its check `refreshed` fails, and
the run ends as degraded. One that does not answer now is asked again before that, by the step itself: a retry policy
of Dagster's would also repeat what no time mends.
"""

import logging
import warnings
from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from dagster_project.resources import Warehouse, stage_of_run
from warehouse import refresh
from warehouse.errors import SourceBusy, SourceUnreachable
from warehouse.freshness import MAX_AGE_OF_IDC_RELEASE
from warehouse.landing import Choice, Load
from warehouse.quality.assets import owner_tag
from warehouse.registry import SOURCES, SourceSpec
from warehouse.run_record import note_choices
from warehouse.sources.upstream import ResolvedRelease
from warehouse.upstreams import upstreams

log = logging.getLogger("icw.refresh")

_RELEASES_COME_BY = dg.FreshnessPolicy.time_window(fail_window=MAX_AGE_OF_IDC_RELEASE)


class Known(dg.Config):
    """What is known of a source before it is asked: the release that it still has, or why it cannot be asked."""

    version: str | None = None
    digest: str | None = None
    failure: str | None = None


class SourceRequest(dg.Config):
    """What a plan has found out of a source already; empty where the source must be asked.

    `channel` is the one that is known to serve the concrete `version`, and `passed_over` says why others were not
    taken.
    """

    known: Known = Field(default_factory=Known)
    version: str = ""
    channel: str = ""
    passed_over: list[str] = Field(default_factory=list)

    def choice(self, source: str) -> Choice | None:
        """Return the choice that the plan has made, or None."""
        if self.known.digest is None and self.known.failure is None:
            return None
        return Choice(source=source, **self.known.model_dump())

    def resolved(self, source: str) -> dict[str, ResolvedRelease]:
        """Return the concrete release and its channel by source, if they are known."""
        if self.version and self.channel:
            return {source: ResolvedRelease(self.version, self.channel, tuple(self.passed_over))}
        return {}


def first_asset(spec: SourceSpec) -> dg.AssetKey:
    """Return one asset of a source: what depends on it depends on all that is landed of the source."""
    return dg.AssetKey([spec.name, next(iter(spec.contract.datasets))])


def release_assets(spec: SourceSpec) -> dg.AssetsDefinition:
    """Return the datasets of one source as assets that are landed together."""
    # The step observes each dataset, and materializes those that are new. In beta; the tests see to it that it does so.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        as_assets = dg.multi_observable_source_asset(
            name=f"{spec.name}_release",
            description=f"Land all datasets of {spec.title}, all or none, and choose them for the next build.",
            specs=[
                dg.AssetSpec(
                    dg.AssetKey([spec.name, name]),
                    description=f"{spec.label}, {name}: {dataset.grain}.",
                    group_name=spec.name,
                    kinds={"parquet"},
                    owners=[owner_tag((spec.name, name))],
                    tags={"layer": "landed", "source": spec.name},
                    freshness_policy=_RELEASES_COME_BY if spec.name == "idc" else None,
                )
                for name, dataset in spec.contract.datasets.items()
            ],
            check_specs=[
                dg.AssetCheckSpec(
                    "refreshed", asset=first_asset(spec), description="The source answered, and was landed whole."
                )
            ],
        )

    def release(
        context: dg.OpExecutionContext, config: SourceRequest, warehouse: Warehouse
    ) -> Iterator[dg.AssetMaterialization | dg.ObserveResult | dg.AssetCheckResult]:
        settings, not_now = warehouse.settings, None
        with stage_of_run(warehouse, f"fetching {spec.title}"):
            try:
                choice = _choice(spec, config, warehouse, context.retry_number >= settings.source_retries)
            except (SourceUnreachable, SourceBusy) as error:
                not_now = error
            else:
                yield from _results(spec, choice, warehouse, context.instance)
        if not_now is not None:
            # Out of the stage: the run goes on, and its record with it. What was fetched is not fetched again.
            policy = dg.RetryPolicy(
                delay=settings.source_retry_wait_s, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
            )
            wait_s = policy.calculate_delay(context.retry_number + 1)
            log.warning("Asking %s again in %.0f s: %s", spec.title, wait_s, not_now, extra={"event": "retry"})
            raise dg.RetryRequested(settings.source_retries, wait_s) from not_now

    return as_assets(release)


RELEASES = tuple(release_assets(spec) for spec in SOURCES)


def _results(
    spec: SourceSpec, choice: Choice, warehouse: Warehouse, instance: dg.DagsterInstance
) -> Iterator[dg.AssetMaterialization | dg.ObserveResult | dg.AssetCheckResult]:
    """Choose a release of a source for the next build, and say of each dataset what it holds.

    A load that Dagster does not know yet materializes its dataset; each is observed, whatever became of it.
    """
    landing = warehouse.landing
    landing.choose(choice)
    note_choices(warehouse.settings.home, [choice])
    release = landing.chosen(choice)
    for name in spec.contract.datasets:
        load = release.load_of(name) if release is not None else None
        facts = {"status": dg.MetadataValue.text("no load")} if load is None else _metadata(load)
        key = dg.AssetKey([spec.name, name])
        if load is not None and choice.failure is None and _known_digest(instance, key) != load.digest:
            yield dg.AssetMaterialization(key, metadata=facts)
        yield dg.ObserveResult(asset_key=key, metadata=facts)
    yield dg.AssetCheckResult(
        check_name="refreshed",
        asset_key=first_asset(spec),
        passed=choice.failure is None,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={} if choice.failure is None else {"why": choice.failure, "last good load": choice.version or "none"},
    )


def _known_digest(instance: dg.DagsterInstance, key: dg.AssetKey) -> object:
    """Return the digest of the load that last materialized a dataset, None where none has."""
    event = instance.get_latest_materialization_event(key)
    found = None if event is None else event.asset_materialization
    return None if found is None or "digest" not in found.metadata else found.metadata["digest"].value


def _choice(spec: SourceSpec, config: SourceRequest, warehouse: Warehouse, is_last_try: bool) -> Choice:
    """Return the release of a source to build from: planned already, landed now, or none if it is not to be read."""
    planned = config if warehouse.is_planned else SourceRequest()
    asked = upstreams(warehouse.settings, [spec], planned.resolved(spec.name))
    if not asked:
        return Choice(source=spec.name)
    return planned.choice(spec.name) or refresh.land(asked[0], warehouse.landing, is_last_try=is_last_try)


def _metadata(load: Load) -> dict[str, dg.MetadataValue]:
    return {
        "version": dg.MetadataValue.text(load.upstream_version),
        "status": dg.MetadataValue.text(load.status),
        "channel": dg.MetadataValue.text(load.channel),
        "url": dg.MetadataValue.url(load.url),
        "dagster/row_count": dg.MetadataValue.int(load.rows),
        "bytes": dg.MetadataValue.int(load.bytes),
        "digest": dg.MetadataValue.text(load.digest),
        "fetched_at": dg.MetadataValue.text(load.fetched_at.isoformat()),
        "synthetic": dg.MetadataValue.bool(load.synthetic),
    }
