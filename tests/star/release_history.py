"""The measured history of IDC's index, and what the star over each release must keep of it.

Rows of the Parquet files in the wheels, counted without this project.
"""

from __future__ import annotations

import duckdb

# series, studies, PatientIDs, (collection, PatientID), collections, instances, TB, modalities, rows of
# prior_versions_index, of collections_index and of analysis_results_index
HISTORY: dict[str, tuple[int, int, int, int, int, int, float, int, int, int, int]] = {
    "18.2.0": (897106, 143564, 65698, 65778, 143, 45039221, 66.375, 25, 45004, 0, 0),
    "20.0.3": (947580, 147507, 69189, 69269, 149, 45610230, 85.548, 26, 52135, 0, 0),
    "22.1.5": (965407, 159593, 79214, 79294, 161, 46695167, 93.109, 26, 56408, 0, 0),
    "23.5.0": (994073, 160199, 79569, 79649, 161, 46885909, 95.333, 26, 60084, 161, 23),
    "24.2.2": (1032911, 166740, 85362, 85442, 176, 57409445, 99.267, 25, 61125, 176, 24),
    "25.0.5": (1044191, 168507, 86362, 86451, 179, 58784975, 99.945, 25, 82428, 179, 26),
}

SCALE = """
select
    (select count(*) from fct_series where source_id = 'idc'),
    (select count(*) from dim_study where source_id = 'idc'),
    (select count(distinct patient_id) from dim_patient where source_id = 'idc'),
    (select count(*) from dim_patient where source_id = 'idc'),
    (select count(*) from dim_collection where source_id = 'idc' and is_in_release),
    (select sum(instance_count)::bigint from fct_series where source_id = 'idc'),
    (select round(sum(size_bytes) / 1e12, 3) from fct_series where source_id = 'idc'),
    (select count(distinct modality) from fct_series where source_id = 'idc'),
    (select count(*) from fct_series_version where not is_in_release),
    (select count(*) from dim_collection where source_id = 'idc' and is_described),
    (select count(*) from dim_analysis_result where is_described)
"""


def assert_every_row_is_kept(star: duckdb.DuckDBPyConnection, version: str) -> None:
    """Hold the rows and sums of a star over this release, which came from the wheel, against its history."""
    (scale,) = star.execute(SCALE).fetchall()
    assert scale == HISTORY[version]
    ((major, absent),) = star.execute(
        "select max(upstream_major_version), count(*) filter (status = 'absent') from dim_release"
        " where source_id = 'idc'"
    ).fetchall()
    assert major == int(version.split(".")[0])
    assert absent >= 14


def names_of_analysis_results(star: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the identifiers of the analysis results of a release."""
    return {name for (name,) in star.execute("select analysis_result_id from dim_analysis_result").fetchall()}
