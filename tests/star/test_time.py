"""The star through time: releases with their dates, growth, spans of versions, and what changed between releases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support import small_release
from tests.support.shared import made_once
from warehouse import refresh
from warehouse.build import Evidence, evidence_for, input_digest, open_build, prepare, run_models
from warehouse.landing import Landing
from warehouse.quality.audit import audit_star, failed_errors
from warehouse.settings import Settings
from warehouse.snapshots.manifest import Manifest
from warehouse.snapshots.publish import publish

# A slide that the newer release holds no more; of its spans one lies inside of the other, as of 48 slides of tcga_brca.
WITHDRAWN = "1.2.840.1.9000"

NEWER = {
    **small_release.FILES,
    "prior_versions_index": f"""
        {small_release.FILES["prior_versions_index"]}
        union all by name
        select
            'collection_0' as collection_id,
            'patient-0' as "PatientID",
            '{WITHDRAWN}' as "SeriesInstanceUID",
            '1.2.840.2.0' as "StudyInstanceUID",
            'CT' as "Modality",
            'slide' as crdc_series_uuid,
            first as min_idc_version,
            last as max_idc_version
        from (values (20, 24), (23, 23)) as spans(first, last)
    """,
}

# It lacks a column of the newer release and rounds sizes, holds the withdrawn slide, and lacks six series that the
# newer release says to have since version 23. Three series have another description, one has other files.
OLDER = {
    "idc_index": f"""
        with newer as ({small_release.IDC_INDEX}),
        held as (
            select
                * exclude ("PhotometricInterpretation") replace (
                    round("series_size_MB", 2) as "series_size_MB",
                    case when "SeriesNumber" in ('20', '21', '22') then 'sagittal' else "SeriesDescription" end
                        as "SeriesDescription",
                    case when "SeriesNumber" = '30' then 'replaced' else crdc_series_uuid end as crdc_series_uuid
                )
            from newer
            where cast("SeriesNumber" as integer) not between 10 and 15
        )
        select * from held
        union all by name
        select * replace ('{WITHDRAWN}' as "SeriesInstanceUID", 'slide' as crdc_series_uuid)
        from held
        where "SeriesNumber" = '0'
    """
}


@pytest.fixture(scope="module")
def star(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The star of the newer release where the older one is landed."""

    def make(home: Path) -> None:
        small_release.land(home, OLDER, "24.2.2")
        landing, newer = small_release.land(home, NEWER)
        settings = Settings(home=home)
        run_models(prepare(home, landing, [newer], settings, evidence_for(landing, [newer])), settings)

    build = open_build(made_once(tmp_path_factory, "two-releases", make))
    with duckdb.connect(str(build.database), read_only=True) as connection:
        connection.execute("use star")
        yield connection


@pytest.mark.full
def test_evidence_stops_no_publish(star: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What reads dim_release as the loads that are described would repeat its rows for an earlier load."""
    build = open_build(made_once(tmp_path_factory, "two-releases", _never))
    assert not failed_errors(audit_star(build))


def _never(home: Path) -> None:
    raise AssertionError(f"{home} is made by the fixture")


@pytest.fixture(scope="module")
def star_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The star of a release before which none is landed."""
    build = small_release.built_once(tmp_path_factory)
    with duckdb.connect(str(build.database), read_only=True) as connection:
        connection.execute("use star")
        yield connection


def rows(star: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return star.execute(query).fetchall()


def test_what_changed_is_told_apart(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select change_kind, changed_columns, count(*), min(series_instance_uid), max(series_instance_uid)
        from fct_series_change
        where (from_upstream_version, to_upstream_version) = ('24.2.2', '25.0.5')
        group by all
        order by all
    """
    assert rows(star, query) == [
        ("added", None, 6, "1.2.840.1.10", "1.2.840.1.15"),
        ("metadata only", ["series_description"], 3, "1.2.840.1.20", "1.2.840.1.22"),
        ("removed", None, 1, WITHDRAWN, WITHDRAWN),
        ("revised", [], 1, "1.2.840.1.30", "1.2.840.1.30"),
    ]


def test_a_span_that_an_earlier_release_contradicts_is_counted_from_what_holds_it(
    star: duckdb.DuckDBPyConnection,
) -> None:
    query = """
        select
            span_is_contradicted, first_idc_version, last_idc_version, first_seen_version, counted_from_version,
            count(*)
        from fct_series_version
        group by all
        order by all
    """
    assert rows(star, query) == [
        (False, 20, 24, 24, 20, 1),
        (False, 23, 25, 24, 23, 2394),
        (True, 23, 25, 25, 25, 6),
        (None, 18, 22, None, 18, 10),
        (None, 23, 23, None, 23, 1),
    ]


def test_without_an_earlier_release_nothing_is_known_of_a_span(star_alone: duckdb.DuckDBPyConnection) -> None:
    known = "select count(span_is_contradicted), count(first_seen_version) from fct_series_version"
    assert rows(star_alone, known) == [(0, 0)]
    unchanged = "select count(*) from fct_series_version where counted_from_version is distinct from first_idc_version"
    assert rows(star_alone, unchanged) == [(0,)]
    assert rows(star_alone, "select count(*) from fct_series_change") == [(0,)]


def test_a_series_counts_once_in_a_release_though_its_spans_overlap(star: duckdb.DuckDBPyConnection) -> None:
    overlapping = (
        "select distinct series_instance_uid, count(*) over () from fct_series_version where overlaps_other_span"
    )
    assert rows(star, overlapping) == [(WITHDRAWN, 2)]
    growth = "select idc_version, sum(series_count)::bigint from rpt_growth group by all order by all"
    assert rows(star, growth) == [
        (18, 10), (19, 10), (20, 11), (21, 11), (22, 11), (23, 2395), (24, 2395), (25, 2400)
    ]  # fmt: skip
    counted = """
        select idc_version, count(distinct series_instance_uid)
        from fct_series_version
        join dim_idc_version on idc_version between counted_from_version and last_idc_version
        group by all
        order by all
    """
    assert rows(star, counted) == rows(star, growth)


def test_growth_of_the_release_is_what_it_holds(star: duckdb.DuckDBPyConnection) -> None:
    growth = """
        select collection_id, series_count, study_count, patient_count, size_bytes, released_on::varchar
        from rpt_growth
        where idc_version = 25
        order by all
    """
    held = """
        select
            collection_id, count(*), count(distinct study_instance_uid), count(distinct patient_id),
            sum(size_bytes)::bigint, '2026-09-26'
        from fct_series
        group by all
        order by all
    """
    assert rows(star, growth) == rows(star, held) != []


def test_releases_and_days_are_listed(star: duckdb.DuckDBPyConnection) -> None:
    versions = "select min(idc_version), max(idc_version), count(*), count(released_on) from dim_idc_version"
    assert rows(star, versions) == [(1, 25, 25, 25)]
    assert rows(star, "select idc_version, upstream_version from dim_idc_version where is_release_of_snapshot") == [
        (25, "25.0.5")
    ]
    days = """
        select calendar_year, count(*), min(date_day)::varchar, max(date_day)::varchar
        from dim_date
        group by all
        order by all
    """
    assert rows(star, days) == [
        (2019, 365, "2019-01-01", "2019-12-31"),
        (2024, 366, "2024-01-01", "2024-12-31"),
        (2026, 365, "2026-01-01", "2026-12-31"),
    ]
    assert rows(star, "select day_of_week from dim_date where date_day = '2026-11-28'") == [(6,)]


def test_what_is_evidence_is_listed_beside_what_is_described(star: duckdb.DuckDBPyConnection) -> None:
    query = "select dataset, upstream_version, row_count from dim_release where role = 'evidence'"
    assert rows(star, query) == [("idc_index", "24.2.2", 2395)]


def test_the_newest_release_of_each_earlier_data_release_is_evidence(tmp_path: Path) -> None:
    for version in ("24.2.2", "24.10.0", "9.0.1", "26.0.0", "25.0.4"):
        small_release.land(tmp_path, OLDER, version)
    landing, newer = small_release.land(tmp_path)
    chosen = evidence_for(landing, [newer])
    assert [release.version for release in chosen.releases] == ["9.0.1", "24.10.0"]
    assert [load.dataset for release in chosen.releases for load in release.loads] == ["idc_index", "idc_index"]
    fewer = Evidence(chosen.releases[1:])
    assert len({input_digest([newer]), input_digest([newer], chosen), input_digest([newer], fewer)}) == 3
    assert chosen.lost == ()
    assert evidence_for(landing, []) == Evidence()


def spoil_object(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"damaged")


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("spoil", [spoil_object, Path.unlink])
def test_a_damaged_earlier_release_is_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, spoil: Callable[[Path], None], is_known: bool
) -> None:
    _, older = small_release.land(tmp_path, OLDER, "24.2.2")
    landing, newer = small_release.land(tmp_path)
    (index,) = [entry for load in older.loads for entry in load.objects]
    spoil(Landing(tmp_path).object_path(index.sha256))
    found = evidence_for(landing, [newer], ["24.2.2"] if is_known else [])
    assert (found.releases, [lost.version for lost in found.lost]) == ((), ["24.2.2"])
    assert "icw refresh --idc 24.2.2" in found.lost[0].reason
    assert found.lost[0].reason in caplog.text
    # A snapshot from before the release was landed has the same tables, and no word of the damage.
    assert input_digest([newer], found) != input_digest([newer])


def test_an_earlier_release_that_is_not_landed_any_more_is_named(tmp_path: Path) -> None:
    small_release.land(tmp_path, OLDER, "24.10.0")
    landing, newer = small_release.land(tmp_path)
    # Of 24 there is another version; 26 is not earlier.
    found = evidence_for(landing, [newer], ["24.2.2", "9.0.1", "26.0.0"])
    assert [release.version for release in found.releases] == ["24.10.0"]
    assert [(lost.version, "does not have idc 9.0.1" in lost.reason) for lost in found.lost] == [("9.0.1", True)]


@pytest.mark.full
def test_lost_evidence_is_published_with_a_warning_until_it_is_back(tmp_path: Path) -> None:
    """The same bytes come back into service only with the same word about what they lack."""
    _, older = small_release.land(tmp_path, OLDER, "24.2.2")
    landing, newer = small_release.land(tmp_path)
    (index,) = [entry for load in older.loads for entry in load.objects]
    kept = landing.object_path(index.sha256).read_bytes()

    def published() -> Manifest:
        found = refresh.existing_snapshot(tmp_path, [newer])
        if found is not None:
            return found.manifest
        settings = Settings(home=tmp_path)
        build = prepare(tmp_path, landing, [newer], settings, refresh.evidence(tmp_path, [newer]))
        run_models(build, settings)
        return publish(build, [verdict for verdict in audit_star(build) if verdict.severity == "warning"], tmp_path, {})

    before = published()
    spoil_object(landing.object_path(index.sha256))
    damaged = published()
    landing.object_path(index.sha256).write_bytes(kept)
    after = published()
    assert [[source.version for source in manifest.earlier] for manifest in (before, damaged, after)] == [
        ["24.2.2"],
        [],
        ["24.2.2"],
    ]
    assert after.snapshot_id == before.snapshot_id
    (lost,) = damaged.lost
    (warning,) = [verdict for verdict in damaged.warnings if verdict.suite == "evidence"]
    assert "`icw refresh --idc 24.2.2` lands it anew" in warning.observed
    (absent,) = [part for part in damaged.absent if part.table == "fct_series_change"]
    assert lost.reason.rstrip(".") == absent.reason
