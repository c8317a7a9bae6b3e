"""What real IDC releases say of each other, in a build with other means than those of the published snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.star.release_history import HISTORY
from tests.support.published_releases import LANDED, NEWER, OLDER, published_releases, snapshot_of
from warehouse.build import Build, evidence_for, prepare, run_models
from warehouse.files import sha256_of
from warehouse.landing import Landing
from warehouse.settings import Settings
from warehouse.snapshots.star import star_tables
from warehouse.snapshots.tables import table_writer

pytestmark = [pytest.mark.network, pytest.mark.full]


THREADS, MEMORY = 4, "3GB"

# What is told of earlier releases, and what says which are there; all other tables are made of the newest alone.
TOLD_OF_EARLIER_RELEASES = {
    "dim_release",
    "fct_profile",
    "fct_series_change",
    "fct_series_version",
    "mart_growth",
    "mart_quality",
    "rpt_count_history",
    "rpt_growth",
}

BEFORE, BETWEEN = LANDED


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published_releases(tmp_path_factory)


@pytest.fixture(scope="module")
def build(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The newest release and the portals as they were published, built where three earlier releases are landed.

    With four times the threads and other bounds of memory.
    """
    landing = Landing(home)
    versions = {source.source: source.version for source in snapshot_of(home, NEWER).manifest.sources}
    releases = [
        release
        for source, version in versions.items()
        for release in landing.releases(source)
        if release.version == version
    ]
    settings = Settings(home=tmp_path_factory.mktemp("changes"), threads=THREADS, memory_limit=MEMORY)
    build = prepare(settings.home, landing, releases, settings, evidence_for(landing, releases))
    run_models(build, settings)
    return build


@pytest.fixture(scope="module")
def star(build: Build) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(build.database), read_only=True) as connection:
        connection.execute("use star")
        yield connection


def test_with_other_means_all_that_is_made_of_one_release_has_the_same_bytes(
    home: Path, build: Build, tmp_path: Path
) -> None:
    published = snapshot_of(home, NEWER)
    tables = star_tables(build.manifest)
    with table_writer(build.database, tmp_path / "tmp", threads=THREADS, memory_limit=MEMORY) as writer:
        entries, _ = writer.write(tables, tmp_path, tmp_path / "again.duckdb")
    found = {entry.name: [file.sha256 for file in entry.files] for entry in entries}
    before = {
        entry.name: [sha256_of(path) for path in published.files_of(entry)] for entry in published.manifest.tables
    }
    assert found.keys() == before.keys()
    assert {name for name in found if found[name] != before[name]} == TOLD_OF_EARLIER_RELEASES


def test_corrected_descriptions_are_told_from_revised_images(star: duckdb.DuckDBPyConnection) -> None:
    pairs = "select distinct from_upstream_version, to_upstream_version from fct_series_change order by all"
    assert star.execute(pairs).fetchall() == [(BEFORE, OLDER), (OLDER, BETWEEN), (BETWEEN, NEWER)]
    newest = f"from fct_series_change where to_upstream_version = '{NEWER}'"
    kinds = f"select change_kind, count(*) {newest} group by all order by all"
    assert star.execute(kinds).fetchall() == [
        ("added", 11407),
        ("metadata only", 1848),
        ("removed", 127),
        ("revised", 12043),
    ]
    columns = f"""
        select changed_column, count(*)
        from (select unnest(changed_columns) as changed_column {newest} and change_kind = 'metadata only')
        where changed_column in ('series_description', 'study_date', 'patient_id', 'body_part_examined')
        group by all
        order by all
    """
    assert star.execute(columns).fetchall() == [
        ("body_part_examined", 164),
        ("patient_id", 164),
        ("series_description", 1635),
        ("study_date", 1391),
    ]


def test_a_release_of_the_past_is_counted_as_it_was(star: duckdb.DuckDBPyConnection) -> None:
    """Upstream says of 61 series of mri_dir that they exist since version 2; no release before 25 holds them."""
    contradicted = """
        select collection_id, first_idc_version, counted_from_version, count(*)
        from fct_series_version
        where span_is_contradicted
        group by all
    """
    assert star.execute(contradicted).fetchall() == [("mri_dir", 2, 25, 61)]
    stated = """
        select count(*), count(distinct series_instance_uid)
        from fct_series_version
        where 23 between {} and last_idc_version
    """
    assert star.execute(stated.format("first_idc_version")).fetchall() == [(994_182, 994_134)]
    assert star.execute(stated.format("counted_from_version")).fetchall() == [(994_121, HISTORY[OLDER][0])]
    overlapping = "select distinct collection_id, count(*) over () from fct_series_version where overlaps_other_span"
    assert star.execute(overlapping).fetchall() == [("tcga_brca", 96)]
    growth = """
        select idc_version, sum(series_count)::bigint, round(sum(size_bytes) / 1e12, 3)
        from rpt_growth
        where idc_version >= 24
        group by all
        order by all
    """
    series = [(major, HISTORY[version][0]) for major, version in ((24, BETWEEN), (25, NEWER))]
    assert [row[:2] for row in star.execute(growth).fetchall()] == series
