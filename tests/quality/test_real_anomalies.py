"""Anomalies of two real releases: the rules count what an independent computation counts."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import polars as pl
import pytest

from tests.support.published_releases import LANDED, NEWER, published_releases
from warehouse.build.layout import lay_out_release
from warehouse.contracts import load_contract
from warehouse.landing import Landing, Release
from warehouse.quality.landed_rules import RuleProfile, measure_rules
from warehouse.quality.rules import integrity, validity
from warehouse.quality.suite import LandedRelease

pytestmark = pytest.mark.full

# (rule, column) -> rows that break it in 24.2.2 and in 25.0.5.
PINNED = {
    ("Every study is of one patient", "PatientID"): (1, 1),
    ("Every patient has one sex", "PatientSex"): (394, 459),
    ("Every PatientID is in one collection", "PatientID"): (80, 89),
    ("No series has the identifier of its study", "StudyInstanceUID"): (84, 84),
    (
        "Series with and without commercial use of their licence lie in different buckets",
        "license_short_name, aws_bucket",
    ): (4433, 4433),
    ("No two spans of one series share a release", "min_idc_version, max_idc_version"): (0, 48),
    ("Every prior revision has a size above 0", "series_size_MB"): (1828, 1828),
    ("Every prior revision has an address", "series_aws_url"): (6735, 0),
    ("No two collections have the same description", "description"): (2, 0),
    ("No age is zero", "PatientAge"): (10501, 10630),
    ("No text is blank", "PatientAge"): (360, 0),
    ("No text is blank", "supporting_data"): (50, 0),
    ("No text stands for a missing value", "PatientSex"): (85, 85),
    ("No text has a control character", "SeriesDescription"): (720, 720),
    ("No date is before X-rays were discovered", "StudyDate"): (40, 40),
    ("No analysis result was updated after its release", "updated"): (0, 1),
}


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Landing:
    return Landing(published_releases(tmp_path_factory))


def release_of(landing: Landing, version: str) -> Release:
    release = landing.release("idc", version)
    assert release is not None
    return release


def measured(landing: Landing, version: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[RuleProfile]]]:
    release = release_of(landing, version)
    with duckdb.connect(config={"memory_limit": "2GB", "threads": 2}) as connection:
        lay_out_release(connection, landing, release, "landed_idc")
        landed = LandedRelease(release, load_contract("idc"), None, ())
        profiles = [
            profile
            for module in (integrity, validity)
            for profile in measure_rules(connection, landed, module.RULES, module.SHARED)
        ]
        yield connection, profiles


@pytest.mark.parametrize(("version", "place"), [(LANDED[-1], 0), (NEWER, 1)])
def test_known_anomalies_are_counted_and_listed_and_no_real_release_is_refused(
    landing: Landing, version: str, place: int
) -> None:
    for connection, profiles in measured(landing, version):
        found = {(profile.rule, profile.column): profile for profile in profiles}
        assert {key: found[key].broken for key in PINNED} == {key: counts[place] for key, counts in PINNED.items()}
        assert [profile.rule for profile in profiles if profile.beyond] == []
        for key in PINNED:
            if found[key].broken:
                listed = connection.execute(f"select count(*) from ({found[key].query})").fetchall()
                assert listed == [(found[key].broken,)], key


@pytest.mark.parametrize(("version", "place"), [(LANDED[-1], 0), (NEWER, 1)])
def test_the_counts_are_those_of_an_independent_computation(landing: Landing, version: str, place: int) -> None:
    load = release_of(landing, version).load_of("idc_index")
    assert load is not None
    entry = load.object_named("idc_index.parquet")
    assert entry is not None
    index = pl.scan_parquet(landing.object_path(entry.sha256))

    def count(of: pl.LazyFrame) -> int:
        return of.select(pl.len()).collect().item()

    patients = index.group_by("collection_id", "PatientID").agg(pl.col("PatientSex").drop_nulls().n_unique())
    assert count(patients.filter(pl.col("PatientSex") > 1)) == PINNED["Every patient has one sex", "PatientSex"][place]

    same = index.filter(pl.col("SeriesInstanceUID") == pl.col("StudyInstanceUID"))
    assert count(same) == PINNED["No series has the identifier of its study", "StudyInstanceUID"][place]

    zero = index.filter(pl.col("PatientAge").is_in(["000Y", "000M", "000W"]))
    assert count(zero) == PINNED["No age is zero", "PatientAge"][place]

    studies = index.group_by("StudyInstanceUID").agg(pl.col("PatientID").n_unique())
    shared = studies.filter(pl.col("PatientID") > 1)
    assert count(shared) == PINNED["Every study is of one patient", "PatientID"][place]
