"""One odd record of a portal: every model is built, the audit warns of it, and nothing that it judges is broken."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.star.planted_portal import land_planted
from tests.support.planting import Records
from warehouse.build import prepare, run_models
from warehouse.quality.audit import audit_star, failed_errors
from warehouse.settings import Settings

pytestmark = pytest.mark.full

ODD: Records = {
    # A licence that no file and no dataset states.
    "imaging_study": (
        {
            "_imaging_study_id": "'odd-study'",
            "submitter_id": "'odd'",
            "study_uid": "'1.2.9'",
            "license": "['Corrected']",
        },
    ),
    # A body part that no study states; white space around a node id; counts and sizes that no sum holds, or are none.
    "data_file": (
        {
            "_data_file_id": "'odd-file'",
            "series_uid": "'1.2.9.9'",
            "body_part_examined": "['KNEECAP OF A HORSE']",
            "_case_id": "[' case-x ', 'case-x']",
            "_imaging_study_id": "[' odd-study', 'odd-study']",
            "file_size": "'9223372036854775000'",
            "number_of_instances": "9223372036854775000",
        },
        {
            "_data_file_id": "'odd-file-2'",
            "series_uid": "'1.2.9.8'",
            "file_size": "'1000000000000000'",
            "number_of_instances": "-1",
        },
    ),
}


def test_an_odd_record_stops_no_model_and_no_publish(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    landing, releases = land_planted(tmp_path, ODD)
    build = prepare(tmp_path, landing, releases, settings)
    run_models(build, settings)
    failed = failed_errors(audit_star(build))
    # What was planted is in no total that the portal states: that is for the gaps to say, and they do.
    assert [verdict for verdict in failed if verdict.suite != "gaps"] == []
    assert not any("byte" in verdict.observed for verdict in failed)
    with duckdb.connect(str(build.database), read_only=True) as connection:
        query = "select file_id, size_bytes, instance_count from star.fct_file where series_instance_uid like '1.2.9.%'"
        sizes = {(size, count) for _, size, count in connection.execute(query).fetchall()}
        assert sizes == {(None, None), (1_000_000_000_000_000, None)}
