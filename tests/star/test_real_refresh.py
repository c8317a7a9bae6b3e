"""`icw refresh` against the real package index and both portals at a hundredth of their size: the newest release, then
an older one."""

from __future__ import annotations

import duckdb
import pytest

from tests.star.people import assert_people_are_told
from tests.star.release_history import assert_every_row_is_kept, names_of_analysis_results
from tests.star.unmapped_texts import assert_regions_are_derived, assert_vocabularies_are_whole
from tests.support.published_releases import NEWER, OLDER, VERSIONS, published_releases, sandbox_of
from tests.support.stores import assert_the_same_as_the_store
from warehouse.landing import Landing
from warehouse.snapshots import catalog
from warehouse.snapshots.databases import database_of

pytestmark = [pytest.mark.network, pytest.mark.full]


def test_what_the_portals_hold_is_published_beside_newer_and_older_releases(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    home = published_releases(tmp_path_factory)
    landing = Landing(home)
    published = dict(zip(VERSIONS, catalog.snapshots(home), strict=True))
    for version, snapshot in published.items():
        sources = {source.source: source for source in snapshot.manifest.sources}
        assert (sources["idc"].version, sources["idc"].channel) == (version, "wheel")
        assert set(sources) == {"idc", "midrc", "bih"}
    with sandbox_of(home) as sandbox:
        fields = 0
        for source, service in (("midrc", sandbox.portal), ("bih", sandbox.bih)):
            (release,) = landing.releases(source)
            fields += assert_the_same_as_the_store(service, landing, release)
        files = sandbox.portal.indices["data_file"].path
        with duckdb.connect(str(database_of(published[NEWER])), read_only=True) as connection:
            in_the_star = """
                select
                    count(size_bytes), sum(size_bytes), any_value(typeof(size_bytes)),
                    count(slice_thickness_mm), sum(slice_thickness_mm::decimal(18, 6)),
                    any_value(typeof(slice_thickness_mm))
                from fct_file
            """
            told = f"""
                select
                    count(file_size), sum(file_size), 'BIGINT',
                    count(slice_thickness[1]), sum(slice_thickness[1]::decimal(18, 6)), 'DOUBLE'
                from read_parquet('{files}')
            """
            numbers = connection.execute(in_the_star).fetchall()
            assert numbers == connection.execute(told).fetchall()
            assert min(numbers[0][0], numbers[0][3]) > 1000
            assert_every_row_is_kept(connection, NEWER)
            assert_no_image_modality_is_mostly_derived(connection)
            assert_vocabularies_are_whole(connection, NEWER)
            assert_regions_are_derived(connection)
            assert_people_are_told(connection)
            names = names_of_analysis_results(connection)
    print(numbers)
    print(f"{fields:,} fields of both portals are landed as the documents have them")
    with duckdb.connect(str(database_of(published[OLDER])), read_only=True) as connection:
        assert_every_row_is_kept(connection, OLDER)
        # The identifiers were rewritten between v23 and v24; the star's are those of all releases.
        assert names_of_analysis_results(connection) < names


def assert_no_image_modality_is_mostly_derived(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select modality
        from fct_series
        join dim_modality using (modality, modality_key)
        where modality_kind = 'image' and source_id = 'idc'
        group by modality
        having 2 * count(*) filter (
            sop_class_name in ('Parametric Map Storage', 'Segmentation Storage') or sop_class_name like '%SR Storage'
        ) > count(*)
    """
    assert star.execute(query).fetchall() == []
    # The parametric maps are there; their modality is `OT`, which says nothing.
    maps = "select distinct modality from fct_series where sop_class_name = 'Parametric Map Storage'"
    assert star.execute(maps).fetchall() == [("OT",)]
