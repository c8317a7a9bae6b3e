"""What real releases of IDC leave without a term, and the regions that are derived for their series."""

from __future__ import annotations

from typing import Any

import duckdb

# Series whose texts have no term, each left out on purpose.
UNMAPPED = {
    "23.5.0": {"body part": 35, "manufacturer": 5, "modality": 25},
    "25.0.5": {"body part": 35, "manufacturer": 5, "modality": 18},
}

_IMAGES = "('CT', 'MR', 'SM', 'MG', 'CR', 'PT', 'DX', 'US')"


def assert_vocabularies_are_whole(star: duckdb.DuckDBPyConnection, version: str) -> None:
    """Check that a release leaves no text without a term but those with a reason, and no location unread."""
    unmapped = """
        select vocabulary, sum(record_count)::bigint, count(*) - count(unmapped_reason)
        from rpt_unmapped_value where source_id = 'idc' and record = 'series'
        group by all
    """
    found = rows(star, unmapped)
    print(version, found)
    assert {vocabulary: series for vocabulary, series, _ in found} == UNMAPPED[version]
    assert {without_reason for *_, without_reason in found} == {0}
    locations = """
        select record_count > 100, unmapped_value_count
        from rpt_mapping where source_id = 'idc' and vocabulary = 'tumour location'
    """
    assert rows(star, locations) == [(True, 0)]


def assert_regions_are_derived(star: duckdb.DuckDBPyConnection) -> None:
    """Check the regions of the images of IDC 25.0.5: all, without a stated body part, and those with a derived one."""
    images = f"from fct_series where source_id = 'idc' and modality in {_IMAGES}"
    counts = f"select count(*), count(*) filter (body_part_id is null) {images}"
    assert rows(star, counts) == [(547_825, 155_075)]
    derived = f"{images} and derived_body_part_id is not null"
    query = f"select body_part_id, count(*) {derived} group by all order by 2"
    assert rows(star, query) == [("UNSPECIFIED", 21), (None, 106_939)]
    query = (
        f"select derived_body_part_id, count(*) {derived} and modality = 'MR' and collection_id = 'ispy2' group by all"
    )
    assert rows(star, query) == [("BREAST", 20_308)]


def rows(star: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return star.execute(query).fetchall()
