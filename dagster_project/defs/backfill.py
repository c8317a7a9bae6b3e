"""Past releases of IDC as a partitioned asset, and the job that does for its partitions what `icw backfill` does."""

import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import dagster as dg
from pydantic import Field

from dagster_project.release_partitions import PROFILE, RELEASES, materialization, report_profiled
from warehouse import backfill
from warehouse.lock import refresh_lock
from warehouse.quality.assets import owner_tag
from warehouse.refresh import require_real_home
from warehouse.sandbox.running import with_sandbox
from warehouse.settings import Settings, load_settings


class LockedHome(dg.ConfigurableResource):
    """The warehouse home, locked for the length of a run that is no refresh: it leaves the record of the last one.

    Raises:
        LockHeld: another process refreshes the same home.
    """

    @property
    def settings(self) -> Settings:
        """The settings of the environment."""
        return load_settings()

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator["LockedHome", None, None]:
        """Hold the refresh lock while steps run."""
        with refresh_lock(self.settings.home, str(context.run_id)):
            require_real_home(self.settings)
            yield self


class BackfillRequest(dg.Config):
    """What a backfill does beside landing and profiling."""

    snapshots: bool = Field(
        default=False, description="Publish a snapshot of each release, too; none goes into service."
    )


def _land_and_profile(
    context: dg.AssetExecutionContext, config: BackfillRequest, locked_home: LockedHome
) -> Iterator[dg.Output[None]]:
    """Land and profile the releases of the partitions; those that are there already are materialized as they are."""
    asked = backfill.requested_releases(context.partition_keys)
    with with_sandbox(locked_home.settings) as settings:
        plan = backfill.plan(settings, asked, with_snapshots=config.snapshots)
        context.log.info(f"{plan.to_fetch} to fetch, {plan.fetched_bytes} bytes at most, {plan.expected_s:.0f} s.")
        found: list[backfill.Backfilled] = []
        for one in backfill.backfill(settings, plan):
            found.append(one)
            if one.release is not None:
                context.log_event(materialization(one, one.requested))
        report_profiled(context.instance, found)
        releases = [one.release for one in found if one.release is not None] if config.snapshots else []
        published = []
        for snapshot in backfill.publish_past(settings, releases):
            published.append(snapshot)
            context.log.info(f"IDC {snapshot.release.version}: {snapshot.outcome} {snapshot.snapshot_id or ''}")
    backfill.require_all(found, published)
    yield from ()


# One run for all partitions that are asked for: runs at the same time would meet at the lock of the home. Such a policy
# is in beta; the tests see to it that it does so.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.BetaWarning)
    idc_release_profile = dg.asset(
        key=PROFILE,
        partitions_def=RELEASES,
        backfill_policy=dg.BackfillPolicy.single_run(),
        output_required=False,
        description="A past IDC release, landed and profiled: history that new ones are judged by (`icw backfill`).",
        group_name="backfill",
        kinds={"parquet"},
        owners=[owner_tag(("snapshot", ""))],
        tags={"layer": "landed", "source": "idc"},
    )(_land_and_profile)

backfill_job = dg.define_asset_job(
    "backfill",
    selection=dg.AssetSelection.assets(PROFILE),
    executor_def=dg.in_process_executor,
    description="Land and profile past IDC releases: what `icw backfill` runs.",
)
