"""Suites `stable records` and `stable figures` on releases: planted changes are found, good loads left in peace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from tests.quality.comparing import Found, compare
from tests.support.published_releases import LANDED, NEWER, published_releases
from tests.support.small_release import FILES, IDC_INDEX, land
from warehouse.contracts import load_contract
from warehouse.landing import Landing
from warehouse.quality.audit import audit_landed
from warehouse.quality.past import Past
from warehouse.quality.rules.stability import differs, kind_of
from warehouse.quality.suites.stable_figures import FigureProfile


def index(columns: str, where: str = "true") -> Mapping[str, str]:
    """Return the index of the small release with some columns replaced, and some rows only."""
    replaced = f" replace ({columns})" if columns else ""
    return {"idc_index": f"select *{replaced} from ({IDC_INDEX}) where {where}"}


def of_release(home: Path, files: Mapping[str, str]) -> Found:
    _, previous = land(home, FILES, "24.2.2")
    landing, now = land(home, {**FILES, **files}, "25.0.5")
    return compare(landing, now, previous)


OF_A_COLLECTION = "collection_id = 'collection_1'"


SPOILED = [
    ("series lost", index("", "SeriesNumber not like '%7'"), "idc_index", "records", "error"),
    (
        "a series unlisted",
        index("", "SeriesNumber <> '17'"),
        "idc_index",
        "not listed in prior_versions_index",
        "warning",
    ),
    (
        "series unlisted",
        index("", "SeriesNumber not like '%17'"),
        "idc_index",
        "not listed in prior_versions_index",
        "error",
    ),
    ("collection lost", index("", "collection_id <> 'collection_1'"), "idc_index", "collection_id", "error"),
    (
        "sizes doubled in a collection",
        index(f'case when {OF_A_COLLECTION} then 2 else 1 end * "series_size_MB" as "series_size_MB"'),
        "idc_index",
        "series_size_MB, collection_1",
        "error",
    ),
    (
        "megabytes for mebibytes",
        index('"series_size_MB" / 1.048576 as "series_size_MB"'),
        "idc_index",
        "series_size_MB",
        "error",
    ),
    (
        "one size changed",
        index('case when SeriesNumber = \'9\' then 7 else "series_size_MB" end as "series_size_MB"'),
        "idc_index",
        "series_size_MB",
        "warning",
    ),
    (
        "licences swapped",
        index(
            "case license_short_name when 'CC BY 4.0' then 'CC BY-NC 3.0' else 'CC BY 4.0' end as license_short_name"
        ),
        "idc_index",
        "license_short_name",
        "error",
    ),
    (
        "a licence changed in some series",
        index(
            f"case when {OF_A_COLLECTION} and SeriesNumber like '%1' then 'CC0' else license_short_name end"
            " as license_short_name"
        ),
        "idc_index",
        "license_short_name, collection_1",
        "warning",
    ),
    (
        "series moved between patients",
        index(
            f"case when {OF_A_COLLECTION} and SeriesNumber like '%3' then 'patient-2' else \"PatientID\" end"
            ' as "PatientID"'
        ),
        "idc_index",
        "PatientID, collection_1",
        "error",
    ),
    (
        "dates shifted by a year",
        index("'2020-05-01' as \"StudyDate\""),
        "idc_index",
        "StudyDate",
        "error",
    ),
    (
        "codes respelled",
        index('case "Modality" when \'CT\' then \'ct\' else "Modality" end as "Modality"'),
        "idc_index",
        "Modality",
        "error",
    ),
    (
        "identifiers that are none",
        index("replace(\"StudyInstanceUID\", '.', '_') as \"StudyInstanceUID\""),
        "idc_index",
        "StudyInstanceUID",
        "error",
    ),
    (
        "a column emptied",
        index('cast(null as varchar) as "PatientSex"'),
        "idc_index",
        "PatientSex",
        "error",
    ),
    (
        "values collapsed",
        index('1::bigint as "instanceCount"'),
        "idc_index",
        "instanceCount",
        "error",
    ),
    (
        "rows doubled under new identifiers",
        {
            "idc_index": f"({IDC_INDEX}) union all (select * replace (\"SeriesInstanceUID\" || '.1' as"
            f" \"SeriesInstanceUID\") from ({IDC_INDEX}) where SeriesNumber like '%5')"
        },
        "idc_index",
        "series_aws_url",
        "error",
    ),
]


# `make test` takes one of each standing besides the first, which loses rows.
SOON = ("series lost", "licences swapped", "one size changed")


@pytest.mark.parametrize(
    ("files", "dataset", "scope", "standing"),
    [pytest.param(*case, marks=() if name in SOON else pytest.mark.full, id=name) for name, *case in SPOILED],
)
def test_a_planted_change_of_a_release_is_found(
    tmp_path: Path, files: Mapping[str, str], dataset: str, scope: str, standing: str
) -> None:
    found = of_release(tmp_path, files)
    assert standing in found.about(dataset, scope), [row.label for row in found.rows]
    for row in found.rows:
        if row.detail.query:
            found.connection.execute(row.detail.query)


def test_a_release_that_says_the_same_is_stable(tmp_path: Path) -> None:
    found = of_release(tmp_path, {})
    assert {row.standing for row in found.rows} == {"stable"}
    assert any(row.aspect == "history" for row in found.rows)


def test_a_first_release_has_no_history_and_nothing_against_it(tmp_path: Path) -> None:
    landing, now = land(tmp_path)
    found = compare(landing, now, None)
    assert {row.standing for row in found.rows} == {"no history"}
    assert all("no history" in row.label for row in found.rows)


def test_the_query_of_a_changed_record_lists_all_of_them(tmp_path: Path) -> None:
    changed = index('case when "SeriesNumber" in (\'4\', \'7\') then 99 else "instanceCount" end as "instanceCount"')
    found = of_release(tmp_path, changed)
    (row,) = (row for row in found.of("warning") if row.scope.startswith("instanceCount"))
    listed = found.connection.execute(str(row.detail.query)).fetchall()
    assert [(before, now) for *_, before, now in listed] == [(5, 99), (1, 99)]
    assert row.detail.affected == 2


def test_spellings_that_mean_the_same_are_no_change(tmp_path: Path) -> None:
    same = index(
        "replace(upper(analysis_result_id), '_', '-') as analysis_result_id, upper(\"source_DOI\") as \"source_DOI\","
        ' "StudyDescription" || \' \' as "StudyDescription", coalesce("BodyPartExamined", \'\') as "BodyPartExamined"'
    )
    assert {row.standing for row in of_release(tmp_path, same).rows} == {"stable"}


def test_sizes_stated_to_two_places_are_those_stated_to_six(tmp_path: Path) -> None:
    rounded = index('round("series_size_MB" * 1000, 2) as "series_size_MB"')
    exact = index('"series_size_MB" * 1000 + 0.000001 as "series_size_MB"')
    _, previous = land(tmp_path, {**FILES, **rounded}, "24.2.2")
    landing, now = land(tmp_path, {**FILES, **exact}, "25.0.5")
    assert {row.standing for row in compare(landing, now, previous).rows} == {"stable"}


def test_a_column_that_is_new_is_no_change(tmp_path: Path) -> None:
    older = {"idc_index": f'select * exclude (aws_bucket, "PhotometricInterpretation") from ({IDC_INDEX})'}
    _, previous = land(tmp_path, {**FILES, **older}, "24.2.2")
    landing, now = land(tmp_path, FILES, "25.0.5")
    assert {row.standing for row in compare(landing, now, previous).rows} == {"stable"}
    assert {row.standing for row in compare(landing, previous, now).rows} == {"stable"}


def test_identifiers_that_repeat_cost_no_more_than_others(tmp_path: Path) -> None:
    found = of_release(tmp_path, index("'1.2.3' as \"SeriesInstanceUID\""))
    assert "error" in found.about("idc_index", "records (series)")


@pytest.mark.parametrize(
    ("before", "now", "changed"),
    [
        ("2026-02-01", "2026-02-02", False),
        ("2026-02-02", "2026-02-01", True),
        ("2026-02-02", None, True),
        (None, "2026-02-01", False),
    ],
)
def test_a_day_on_which_the_hub_has_read_a_record_does_not_go_back(
    before: str | None, now: str | None, changed: bool
) -> None:
    (column,) = [
        column for column in load_contract("bih").datasets["dataset"].columns if column.name == "metadata_source_date"
    ]
    kind = kind_of("bih", "dataset", column)
    assert kind == "advancing"
    condition = differs(column, kind, "before", "now")
    with duckdb.connect() as connection:
        query = f"select {condition} from (select cast($1 as varchar) as before, cast($2 as varchar) as now)"
        assert connection.execute(query, [before, now]).fetchall() == [(changed,)]


@pytest.mark.parametrize("before", ["24.2.2", "20.0.3"])
def test_rows_that_are_lost_are_an_error_over_several_releases_too(tmp_path: Path, before: str) -> None:
    _, previous = land(tmp_path, FILES, before)
    lost = index("", 'cast("SeriesNumber" as integer) % 10 > 0')
    landing, now = land(tmp_path, {**FILES, **lost}, "25.0.5")
    found = compare(landing, now, previous)
    assert "error" in [row.standing for row in found.rows if isinstance(row, FigureProfile) and row.scope == "rows"]


@pytest.mark.parametrize(("channel", "standing"), [("wheel", "error"), ("bucket", "error"), ("package", "warning")])
def test_another_channel_may_carry_less(tmp_path: Path, channel: str, standing: str) -> None:
    _, previous = land(tmp_path, FILES, "24.2.2")
    landing, now = land(tmp_path, {"idc_index": FILES["idc_index"]}, "25.0.5")
    previous = previous.model_copy(update={"channel": "wheel"})
    found = compare(landing, now.model_copy(update={"channel": channel}), previous)
    assert set(found.about("collections_index", "rows")) == {standing}


def test_the_audit_judges_a_release_beside_the_one_before(tmp_path: Path) -> None:
    _, previous = land(tmp_path, FILES, "24.2.2")
    landing, now = land(tmp_path, {**FILES, **index("", "collection_id <> 'collection_1'")}, "25.0.5")
    verdicts = audit_landed([now], landing, Past(previous={"idc": previous}))
    failed = {(verdict.suite, verdict.severity) for verdict in verdicts if not verdict.passed}
    assert {("stable records", "error"), ("stable figures", "error")} <= failed


@pytest.mark.full
def test_a_real_release_beside_the_one_before_has_no_error(tmp_path_factory: pytest.TempPathFactory) -> None:
    landing = Landing(published_releases(tmp_path_factory))
    now, previous = landing.release("idc", NEWER), landing.release("idc", LANDED[-1])
    assert now is not None
    assert previous is not None
    found = compare(landing, now, previous)
    for row in (*found.of("error"), *found.of("warning")):
        print(row.standing, row.label)
    assert found.of("error") == []
    # Upstream picks one of several values of these series anew for each release.
    assert [row.detail.affected for row in found.rows if row.scope == "PatientID, cbis_ddsm (stored series)"] == [164]
