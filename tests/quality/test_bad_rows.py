"""A few bad rows in a release: the build stands, and the audit names them without stopping the night."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.support.small_release import FILES, IDC_INDEX, land
from warehouse.build import prepare, run_models
from warehouse.quality.audit import audit_star
from warehouse.settings import Settings

# One series each; the sizes are in megabytes.
SIZES = {0: "'nan'::double", 1: "'inf'::double", 2: "-1", 3: "9.3e12", 4: "null", 5: "1e308"}


@pytest.mark.full
def test_sizes_that_are_none_and_a_series_without_instances_are_warnings_that_name_the_row(tmp_path: Path) -> None:
    sizes = " ".join(f"when '{number}' then {size}" for number, size in SIZES.items())
    spoiled = f"""
        select * replace (
            case "SeriesNumber" {sizes} else "series_size_MB"::double end as "series_size_MB",
            case "SeriesNumber" when '6' then 0 else "instanceCount" end as "instanceCount"
        ) from ({IDC_INDEX})
    """
    settings = Settings(home=tmp_path)
    landing, release = land(tmp_path, {**FILES, "idc_index": spoiled})
    build = prepare(tmp_path, landing, [release], settings)
    run_models(build, settings)
    with duckdb.connect(str(build.database), read_only=True) as connection:
        query = "select cast(series_number as integer) from star.fct_series where size_bytes is null order by all"
        assert [row[0] for row in connection.execute(query).fetchall()] == list(SIZES)
    failed = {verdict.expectation: verdict for verdict in audit_star(build) if not verdict.passed}
    assert [name for name, verdict in failed.items() if verdict.severity == "error"] == []
    unsized = failed["No series has a negative or unknown size"].observed
    assert unsized.startswith("6 rows: '1.2.840.1.")
    assert failed["Every series has at least one instance"].observed == "1 row: '1.2.840.1.6' x 1"
