"""Raw data as assets: one a dataset and source. The work is done by `warehouse.sources`, behind `warehouse.upstreams`.

A source that fails does not stop the run: its assets then are what was landed before, its check `refreshed` fails, and
the run ends as degraded.
"""

import time
from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from dagster_project.resources import Warehouse, at_stage
from warehouse import refresh
from warehouse.landing import Choice, Load
from warehouse.registry import SOURCES, SourceSpec
from warehouse.run_record import note_choices
from warehouse.sources.upstream import ResolvedRelease
from warehouse.upstreams import upstreams


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

    @dg.multi_asset(
        name=f"{spec.name}_release",
        description=f"Land all datasets of {spec.title}, all or none, and choose them for the next build.",
        specs=[
            dg.AssetSpec(
                dg.AssetKey([spec.name, name]),
                description=f"{spec.label}, {name}: {dataset.grain}.",
                group_name=spec.name,
                kinds={"parquet"},
            )
            for name, dataset in spec.contract.datasets.items()
        ],
        check_specs=[
            dg.AssetCheckSpec(
                "refreshed", asset=first_asset(spec), description="The source answered, and was landed whole."
            )
        ],
    )
    @at_stage(f"fetching {spec.title}")
    def release(config: SourceRequest, warehouse: Warehouse) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        yield from _results(spec, config, warehouse)

    return release


RELEASES = tuple(release_assets(spec) for spec in SOURCES)


def _results(
    spec: SourceSpec, config: SourceRequest, warehouse: Warehouse
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Choose a release of a source for the next build, and say of each dataset what it holds."""
    started, landing = time.monotonic(), warehouse.landing
    choice = _choice(spec, config, warehouse)
    landing.choose(choice)
    note_choices(warehouse.settings.home, [choice])
    release = landing.chosen(choice)
    seconds = time.monotonic() - started
    for name in spec.contract.datasets:
        load = release.load_of(name) if release is not None else None
        facts = {"status": dg.MetadataValue.text("no load")} if load is None else _metadata(load, seconds)
        yield dg.MaterializeResult(asset_key=dg.AssetKey([spec.name, name]), metadata=facts)
    yield dg.AssetCheckResult(
        check_name="refreshed",
        asset_key=first_asset(spec),
        passed=choice.failure is None,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={} if choice.failure is None else {"why": choice.failure, "last good load": choice.version or "none"},
    )


def _choice(spec: SourceSpec, config: SourceRequest, warehouse: Warehouse) -> Choice:
    """Return the release of a source to build from: planned already, landed now, or none if it is not to be read."""
    planned = config if warehouse.is_planned else SourceRequest()
    asked = upstreams(warehouse.settings, [spec], planned.resolved(spec.name))
    if not asked:
        return Choice(source=spec.name)
    return planned.choice(spec.name) or refresh.land(asked[0], warehouse.landing)


def _metadata(load: Load, seconds: float) -> dict[str, dg.MetadataValue]:
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
        "release_seconds": dg.MetadataValue.float(seconds),
    }
