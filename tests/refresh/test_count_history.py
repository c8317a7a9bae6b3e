"""Three nights of one home: what each source held at each load, in one table of the snapshot in service."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support import small_release
from tests.support.sample_build import PASSED
from tests.support.shared import SEED, population_of
from warehouse.build import Evidence, evidence_for, input_digest, prepare, run_models
from warehouse.landing import Landing, Release
from warehouse.quality.audit import audit_star
from warehouse.quality.verdicts import Verdict
from warehouse.refresh import existing_snapshot, keep_counts
from warehouse.registry import source
from warehouse.sandbox.guppy.changes import DataChange
from warehouse.sandbox.server import Sandbox
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot, current, snapshot
from warehouse.snapshots.publish import publish
from warehouse.sources.gen3 import Gen3System, land_system

pytestmark = pytest.mark.full

SCALE = 0.0005


@dataclass
class Home:
    """A home, and the portal that it reads."""

    folder: Path
    sandbox: Sandbox

    @property
    def settings(self) -> Settings:
        return Settings(home=self.folder, source_urls={"midrc": self.sandbox.portal_url}, retries=1, retry_wait_s=0.01)

    @property
    def landing(self) -> Landing:
        return Landing(self.folder)

    def land(self) -> list[Release]:
        """IDC as it always was, and the portal as it is tonight."""
        _, idc = small_release.land(self.folder)
        return [idc, land_system(Gen3System.from_spec(source("midrc"), self.settings), self.landing, self.settings)]

    def night(self) -> tuple[Snapshot, list[Verdict]] | None:
        """What a refresh does after the upstreams were asked; None where nothing is built."""
        keep_counts(self.folder)
        releases = self.land()
        if existing_snapshot(self.folder, releases) is not None:
            return None
        build = prepare(self.folder, self.landing, releases, self.settings, evidence_for(self.landing, releases))
        run_models(build, self.settings)
        verdicts = audit_star(build)
        manifest = publish(build, [PASSED], self.folder, {})
        keep_counts(self.folder)
        return snapshot(self.folder, manifest.snapshot_id), verdicts


def rows(published: Snapshot, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(published.database), read_only=True) as connection:
        return connection.execute(query).fetchall()


POINTS = """
    select source_id, release_version, counted, is_release_of_snapshot
    from rpt_count_history
    where (entity, dimension, metric) = ('patient', 'total', 'patients')
    order by source_id, as_of
"""


def spoil(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"damaged")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(population_of(tmp_path_factory, SCALE), SCALE, SEED) as running:
        yield running


@pytest.fixture(scope="module")
def two_nights(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The portal has grown between two nights; nobody changes this home."""
    home = Home(tmp_path_factory.mktemp("nights"), sandbox)
    assert home.night() is not None
    sandbox.portal.change_data(DataChange("case", added=5))
    assert home.night() is not None
    return home


@pytest.fixture
def mine(two_nights: Home, tmp_path: Path) -> Home:
    """A copy of that home that may be spoiled."""
    shutil.copytree(two_nights.folder, tmp_path / "home", symlinks=True)
    return Home(tmp_path / "home", two_nights.sandbox)


def in_service(home: Home) -> Snapshot:
    found = current(home.folder)
    assert found is not None
    return found


def test_a_load_has_one_point_and_an_unchanged_source_no_second(two_nights: Home) -> None:
    published = in_service(two_nights)
    first, second = two_nights.landing.releases("midrc")
    idc, *portal = rows(published, POINTS)
    assert idc == ("idc", small_release.VERSION, idc[2], True)
    assert portal == [
        ("midrc", first.version, portal[0][2], False),
        ("midrc", second.version, portal[0][2] + 5, True),
    ]
    (evidence,) = published.manifest.counts
    assert (evidence.source, evidence.version) == ("midrc-counts", first.version)
    listed = "select source_id, dataset, upstream_version, status from dim_release where role = 'evidence'"
    assert rows(published, listed) == [("midrc", "counts", first.version, "landed")]


def test_only_a_first_snapshot_says_that_nothing_is_earlier(two_nights: Home) -> None:
    first, second = sorted(found.name for found in two_nights.folder.glob("snapshots/*"))
    assert [lacks_what_is_earlier(snapshot(two_nights.folder, name)) for name in (first, second)] == [True, False]


def lacks_what_is_earlier(published: Snapshot) -> bool:
    return any(part.dataset == "earlier snapshots" for part in published.manifest.absent)


def test_counts_are_small_and_of_the_three_dimensions(two_nights: Home) -> None:
    found = rows(in_service(two_nights), "select distinct dimension from rpt_count_history order by all")
    assert found == [("collection",), ("modality",), ("total",)]


def test_nothing_new_builds_nothing(two_nights: Home) -> None:
    before = in_service(two_nights)
    assert two_nights.night() is None
    assert in_service(two_nights) == before


def test_to_build_a_night_again_gives_the_same_bytes(mine: Home) -> None:
    published = in_service(mine)
    landing = mine.landing
    releases = [
        next(release for release in landing.releases(entry.source) if release.digest == entry.digest)
        for entry in published.manifest.sources
    ]
    counts = tuple(
        next(release for release in landing.releases(entry.source) if release.digest == entry.digest)
        for entry in published.manifest.counts
    )
    past = Evidence(counts=counts)
    assert input_digest(releases, past) == published.manifest.input_digest
    build = prepare(mine.folder, landing, releases, mine.settings, past)
    run_models(build, mine.settings)
    assert publish(build, [PASSED], mine.folder, {}).tables_digest == published.manifest.tables_digest


def test_what_the_landing_has_lost_comes_back_from_the_snapshot_in_service(mine: Home) -> None:
    shutil.rmtree(mine.folder / "landing" / "loads" / "midrc-counts")
    mine.landing.sweep()
    assert mine.night() is None
    for counts in mine.landing.releases("midrc-counts"):
        for entry in counts.loads[0].objects:
            spoil(mine.landing.object_path(entry.sha256))
    assert mine.night() is None
    assert mine.landing.damage(mine.landing.releases("midrc-counts")[0]) == []


def test_a_damaged_snapshot_costs_no_point_that_is_landed(mine: Home) -> None:
    published = in_service(mine)
    spoil(published.tables_folder / "rpt_count_history.parquet")
    assert mine.night() is None
    first, second = mine.landing.releases("midrc-counts")
    assert (first.loads[0].status, second.loads[0].status) == ("landed", "landed")


def test_what_both_have_lost_stays_in_the_history_as_lost(mine: Home, caplog: pytest.LogCaptureFixture) -> None:
    published = in_service(mine)
    spoil(published.tables_folder / "rpt_count_history.parquet")
    shutil.rmtree(mine.folder / "landing" / "loads" / "midrc-counts")
    mine.landing.sweep()
    mine.sandbox.portal.change_data(DataChange("case", added=1))
    night = mine.night()
    assert night is not None
    assert "is not as it was published" in caplog.text
    found, verdicts = night
    _, *portal = rows(found, POINTS)
    assert [is_own for *_, is_own in portal] == [True]
    versions = sorted(entry.version for entry in found.manifest.counts)
    assert versions == [release.version for release in mine.landing.releases("midrc")][:2]
    (warning,) = [verdict for verdict in verdicts if "lost from the history" in verdict.expectation]
    assert not warning.passed
    assert all(version in warning.observed for version in versions)
    lost = "select upstream_version from dim_release where dataset = 'counts' and status = 'absent' order by all"
    assert rows(found, lost) == [(version,) for version in versions]
    # It stays so: the next night neither forgets it nor builds for it.
    assert mine.night() is None


def test_a_third_night_has_a_third_point(mine: Home) -> None:
    mine.sandbox.portal.change_data(DataChange("case", added=2))
    night = mine.night()
    assert night is not None
    published, verdicts = night
    idc, *portal = rows(published, POINTS)
    assert idc[0] == "idc"
    assert len(portal) == 3
    by_collection = """
        select points, count(*) from (
            select dimension_value, count(*) as points from rpt_count_history
            where source_id = 'midrc' and (entity, dimension, metric) = ('patient', 'collection', 'patients')
            group by all
        ) group by all
    """
    assert [points for points, _ in rows(published, by_collection)] == [3]
    assert not [verdict for verdict in verdicts if "count_history" in verdict.expectation and not verdict.passed]
