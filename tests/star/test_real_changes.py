"""What two real IDC releases say of each other, from the wheels of the package index."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from tests.star.release_history import HISTORY
from tests.support.published_releases import NEWER, OLDER, published_releases
from warehouse.build import evidence_for, prepare, run_models
from warehouse.landing import Landing
from warehouse.settings import Settings

pytestmark = [pytest.mark.network, pytest.mark.full]


@pytest.fixture(scope="module")
def star(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The star of the newest release where the two before it are landed."""
    landing = Landing(published_releases(tmp_path_factory))
    newest = landing.release("idc", NEWER)
    assert newest is not None
    settings = Settings(home=tmp_path_factory.mktemp("changes"))
    build = prepare(settings.home, landing, [newest], settings, evidence_for(landing, [newest]))
    run_models(build, settings)
    with duckdb.connect(str(build.database), read_only=True) as connection:
        connection.execute("use star")
        yield connection


def test_corrected_descriptions_are_told_from_revised_images(star: duckdb.DuckDBPyConnection) -> None:
    pairs = "select distinct from_upstream_version, to_upstream_version from fct_series_change order by all"
    assert star.execute(pairs).fetchall() == [("23.5.0", OLDER), (OLDER, NEWER)]
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
    assert star.execute(stated.format("counted_from_version")).fetchall() == [(994_121, HISTORY["23.5.0"][0])]
    overlapping = "select distinct collection_id, count(*) over () from fct_series_version where overlaps_other_span"
    assert star.execute(overlapping).fetchall() == [("tcga_brca", 96)]
    growth = """
        select idc_version, sum(series_count)::bigint, round(sum(size_bytes) / 1e12, 3)
        from rpt_growth
        where idc_version >= 24
        group by all
        order by all
    """
    series = [(major, HISTORY[version][0]) for major, version in ((24, OLDER), (25, NEWER))]
    assert [row[:2] for row in star.execute(growth).fetchall()] == series
