"""The landing and the snapshot in service both have the history of counts: what one has lost comes from the other."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.support import small_release
from tests.support.sample_build import PASSED
from warehouse.build import evidence_for
from warehouse.build.layout import COUNT_COLUMNS
from warehouse.files import sha256_of
from warehouse.landing import Landing
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.counts import TABLE, land_counts
from warehouse.snapshots.manifest import SourceEntry
from warehouse.snapshots.publish import publish
from warehouse.snapshots.verification import checks

NEXT = "26.0.0"


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The snapshot of a small release, in service in a home without a landing; nobody changes it."""
    home = tmp_path_factory.mktemp("counted")
    manifest = publish(small_release.built_once(tmp_path_factory), [PASSED], home, {})
    return snapshot(home, manifest.snapshot_id)


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """The landing of a home of its own, with the release of the next night."""
    return small_release.land(tmp_path, version=NEXT)[0]


def history(landing: Landing) -> list[tuple[str, str, str]]:
    """What the build of the next night reads of earlier counts."""
    counts = evidence_for(landing, landing.releases("idc")).counts
    return [(entry.source, entry.version, entry.loads[0].status) for entry in counts]


LANDED = [("idc-counts", small_release.VERSION, "landed")]
LOST = [("idc-counts", small_release.VERSION, "absent")]


def damaged(counted: Snapshot, folder: Path) -> Snapshot:
    """The snapshot with a table of counts that is not as it was published."""
    tables = folder / "tables"
    tables.mkdir(parents=True)
    (tables / f"{TABLE}.parquet").write_bytes(b"damaged")
    return Snapshot(folder, counted.manifest)


def spoil_counts(landing: Landing) -> None:
    ((entry,),) = [release.loads[0].objects for release in landing.releases("idc-counts")]
    path = landing.object_path(entry.sha256)
    path.chmod(0o644)
    path.write_bytes(b"damaged")


def test_the_counts_of_a_load_are_landed_as_they_were_published_and_once(counted: Snapshot, landing: Landing) -> None:
    land_counts(landing, counted)
    land_counts(landing, counted)
    (release,) = landing.releases("idc-counts")
    (entry,) = release.loads[0].objects
    table = counted.tables_folder / f"{TABLE}.parquet"
    landed = pq.read_table(landing.object_path(entry.sha256))
    published = pq.read_table(table, columns=list(COUNT_COLUMNS))
    assert landed.to_pylist() == published.to_pylist()
    assert set(landed["entity"].to_pylist()) >= {"patient", "study", "series", "collection"}
    assert history(landing) == LANDED
    landing.sweep()
    assert history(landing) == LANDED


def test_two_homes_land_the_same_bytes(counted: Snapshot, landing: Landing, tmp_path: Path) -> None:
    other = Landing(tmp_path / "other")
    for home in (landing, other):
        land_counts(home, counted)
    (one,), (two,) = landing.releases("idc-counts"), other.releases("idc-counts")
    assert one.digest == two.digest


def test_counts_that_the_landing_lost_come_from_the_snapshot(counted: Snapshot, landing: Landing) -> None:
    land_counts(landing, counted)
    spoil_counts(landing)
    assert history(landing) == LOST
    land_counts(landing, counted)
    assert history(landing) == LANDED


def test_a_damaged_snapshot_costs_nothing_that_is_landed(counted: Snapshot, landing: Landing, tmp_path: Path) -> None:
    land_counts(landing, counted)
    land_counts(landing, damaged(counted, tmp_path / "damaged"))
    assert history(landing) == LANDED


def test_what_both_have_lost_is_kept_as_lost_until_the_file_is_restored(
    counted: Snapshot, landing: Landing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    land_counts(landing, damaged(counted, tmp_path / "damaged"))
    assert f"{TABLE}.parquet is not as it was published" in caplog.text
    assert history(landing) == LOST
    assert f"The history goes on without the counts of idc {small_release.VERSION}" in caplog.text
    land_counts(landing, counted)
    assert history(landing) == LANDED


def test_counts_that_are_damaged_in_both_places_are_named(
    counted: Snapshot, landing: Landing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    land_counts(landing, counted)
    spoil_counts(landing)
    land_counts(landing, damaged(counted, tmp_path / "damaged"))
    assert history(landing) == LOST
    assert "damaged or gone, and no snapshot has them" in caplog.text


def test_counts_of_made_up_data_are_none_of_real_data(counted: Snapshot, landing: Landing) -> None:
    made_up = Snapshot(counted.folder, counted.manifest.model_copy(update={"synthetic": True}))
    land_counts(landing, made_up)
    assert history(landing) == []
    land_counts(landing, counted)
    assert history(landing) == LANDED


def test_a_snapshot_from_before_counts_were_kept_has_none(counted: Snapshot, landing: Landing) -> None:
    tables = tuple(table for table in counted.manifest.tables if table.name != TABLE)
    land_counts(landing, Snapshot(counted.folder, counted.manifest.model_copy(update={"tables": tables})))
    assert landing.releases("idc-counts") == []


def test_landed_counts_are_verified_with_the_landing(counted: Snapshot, landing: Landing) -> None:
    land_counts(landing, counted)
    spoil_counts(landing)
    home = landing.root.parent
    assert [found.found for found in checks(home, None, landing=True, everything=False) if "counts" in found.part] == [
        "damaged"
    ]


def test_counts_that_a_later_release_has_dated_are_restored_as_they_were_landed(
    counted: Snapshot, landing: Landing, tmp_path: Path
) -> None:
    first, later = (with_dates(counted, tmp_path / name, name == "dated") for name in ("undated", "dated"))
    land_counts(landing, first)
    (landed,) = landing.releases("idc-counts")
    assert landed.loads[0].proof["undated"] is True
    manifest = later.manifest.model_copy(update={"sources": (), "counts": (SourceEntry.of(landed),)})
    spoil_counts(landing)
    assert landing.missing_objects(landed)
    land_counts(landing, Snapshot(later.folder, manifest))
    assert not landing.missing_objects(landed)
    assert {release.digest for release in landing.releases("idc-counts")} == {landed.digest}


def with_dates(counted: Snapshot, folder: Path, are_known: bool) -> Snapshot:
    """The snapshot with a table of counts that has a date in each row, or in none."""
    (folder / "tables").mkdir(parents=True)
    path = folder / "tables" / f"{TABLE}.parquet"
    date = "timestamp '2025-11-06'" if are_known else "null::timestamp"
    source = counted.tables_folder / f"{TABLE}.parquet"
    duckdb.execute(f"copy (select * replace ({date} as as_of) from '{source}') to '{path}' (format parquet)")
    changes = {"parquet_sha256": sha256_of(path)}
    tables = tuple(
        table.model_copy(update=changes) if table.name == TABLE else table for table in counted.manifest.tables
    )
    return Snapshot(folder, counted.manifest.model_copy(update={"tables": tables}))
