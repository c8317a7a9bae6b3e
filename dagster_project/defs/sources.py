"""Raw artifacts as assets: one a dataset and source. The work is done by `warehouse.sources`."""

import re
import time
from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from dagster_project.resources import Warehouse
from warehouse.contracts import load_contract
from warehouse.landing import Load
from warehouse.settings import Settings
from warehouse.sources import idc


class IdcRequest(dg.Config):
    """Which IDC release to load; empty for the setting ICW_IDC_VERSION.

    `channel` is the one that is known to serve this concrete version, and `passed_over` says why others were not taken;
    without a channel, the channels are asked.
    """

    version: str = ""
    channel: str = ""
    passed_over: list[str] = Field(default_factory=list)

    def resolve(self, settings: Settings) -> idc.ResolvedRelease:
        """Return the concrete release and its channel."""
        if self.channel in settings.idc_channels and re.fullmatch(r"\d+\.\d+\.\d+", self.version):
            return idc.ResolvedRelease(self.version, self.channel, tuple(self.passed_over))
        return idc.resolve(self.version or settings.idc_version, settings)


def _specs() -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            dg.AssetKey(["idc", name]),
            description=f"IDC index artifact {name}: {dataset.grain}.",
            group_name="idc",
            kinds={"parquet"},
        )
        for name, dataset in load_contract("idc").datasets.items()
    ]


@dg.multi_asset(name="idc_release", specs=_specs())
def idc_release(config: IdcRequest, warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    """Land the artifacts of one IDC release, all or none, and choose it for the next build."""
    settings, landing = warehouse.settings, warehouse.landing
    started = time.monotonic()
    release = idc.land(config.resolve(settings), landing, settings)
    landing.select(release)
    seconds = time.monotonic() - started
    for load in release.loads:
        yield dg.MaterializeResult(asset_key=dg.AssetKey(["idc", load.dataset]), metadata=_metadata(load, seconds))


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
        "release_seconds": dg.MetadataValue.float(seconds),
    }
