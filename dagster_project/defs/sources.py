"""Raw data as assets: one a dataset and source. The work is done by `warehouse.sources`, behind `warehouse.upstreams`.

A source that fails does not stop the run: its assets then are what was landed before, its check `refreshed` fails, and
the run ends as degraded.
"""

import re
import time
from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from dagster_project.resources import Warehouse, at_stage
from warehouse import refresh
from warehouse.contracts import SOURCES, load_contract
from warehouse.landing import Choice, Load
from warehouse.run_record import note_choices
from warehouse.settings import Settings
from warehouse.sources.idc import ResolvedRelease
from warehouse.upstreams import IdcUpstream, Upstream, upstreams

_WHAT = {"idc": "IDC index artifact", "midrc": "MIDRC portal", "bih": "BDF Imaging Hub"}


class Known(dg.Config):
    """What is known of a source before it is asked: the release that it still has, or why it cannot be asked."""

    version: str | None = None
    digest: str | None = None
    failure: str | None = None


class SourceRequest(dg.Config):
    """What a plan has found out already; empty where the source must be asked."""

    known: Known = Field(default_factory=Known)

    def choice(self, source: str) -> Choice | None:
        """Return the choice that the plan has made, or None."""
        if self.known.digest is None and self.known.failure is None:
            return None
        return Choice(source=source, **self.known.model_dump())


class IdcRequest(SourceRequest):
    """Which IDC release to load; without a version and a channel, the settings say which, and the channels are asked.

    `channel` is the one that is known to serve this concrete version, and `passed_over` says why others were not taken.
    """

    version: str = ""
    channel: str = ""
    passed_over: list[str] = Field(default_factory=list)

    def resolved(self, settings: Settings) -> ResolvedRelease | None:
        """Return the concrete release and its channel, if they are known."""
        if self.channel in settings.idc_channels and re.fullmatch(r"\d+\.\d+\.\d+", self.version):
            return ResolvedRelease(self.version, self.channel, tuple(self.passed_over))
        return None


def _specs(source: str) -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            dg.AssetKey([source, name]),
            description=f"{_WHAT[source]}, {name}: {dataset.grain}.",
            group_name=source,
            kinds={"parquet"},
        )
        for name, dataset in load_contract(source).datasets.items()
    ]


def _checks(source: str) -> list[dg.AssetCheckSpec]:
    first = next(iter(load_contract(source).datasets))
    return [
        dg.AssetCheckSpec(
            "refreshed", asset=dg.AssetKey([source, first]), description="The source answered, and was landed whole."
        )
    ]


@dg.multi_asset(name="idc_release", specs=_specs("idc"), check_specs=_checks("idc"))
@at_stage("fetching IDC")
def idc_release(config: IdcRequest, warehouse: Warehouse) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Land the artifacts of one IDC release, all or none, and choose it for the next build."""
    settings = warehouse.settings
    resolved = config.resolved(settings) if warehouse.is_planned else None
    upstream = IdcUpstream(settings, resolved) if "idc" in settings.upstreams else None
    yield from _results("idc", upstream, config, warehouse)


@dg.multi_asset(name="midrc_release", specs=_specs("midrc"), check_specs=_checks("midrc"))
@at_stage("fetching the MIDRC portal")
def midrc_release(config: SourceRequest, warehouse: Warehouse) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Land all types of the MIDRC portal, all or none, and choose them for the next build."""
    yield from _results("midrc", _upstream("midrc", warehouse.settings), config, warehouse)


@dg.multi_asset(name="bih_release", specs=_specs("bih"), check_specs=_checks("bih"))
@at_stage("fetching the BDF Imaging Hub")
def bih_release(config: SourceRequest, warehouse: Warehouse) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Land all types of the BDF Imaging Hub, all or none, and choose them for the next build."""
    yield from _results("bih", _upstream("bih", warehouse.settings), config, warehouse)


RELEASES = (idc_release, midrc_release, bih_release)
FIRST_ASSETS = tuple(dg.AssetKey([source, next(iter(load_contract(source).datasets))]) for source in SOURCES)
"""One asset of each source: what depends on these depends on all that is landed."""


def _upstream(source: str, settings: Settings) -> Upstream | None:
    return next((upstream for upstream in upstreams(settings) if upstream.source == source), None)


def _results(
    source: str, upstream: Upstream | None, config: SourceRequest, warehouse: Warehouse
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Choose a release of a source for the next build, and say of each dataset what it holds."""
    started, landing = time.monotonic(), warehouse.landing
    planned = config.choice(source) if warehouse.is_planned else None
    choice = Choice(source=source) if upstream is None else planned or refresh.land(upstream, landing)
    landing.choose(choice)
    note_choices(warehouse.settings.home, [choice])
    release = landing.chosen(choice)
    seconds = time.monotonic() - started
    for name in load_contract(source).datasets:
        load = release.load_of(name) if release is not None else None
        facts = {"status": dg.MetadataValue.text("no load")} if load is None else _metadata(load, seconds)
        yield dg.MaterializeResult(asset_key=dg.AssetKey([source, name]), metadata=facts)
    yield dg.AssetCheckResult(
        check_name="refreshed",
        asset_key=dg.AssetKey([source, next(iter(load_contract(source).datasets))]),
        passed=choice.failure is None,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={} if choice.failure is None else {"why": choice.failure, "last good load": choice.version or "none"},
    )


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
