"""Suites `stable records` and `stable figures`: each planted change is found, and good loads are left in peace."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tests.support.portal_nights import files_of, land_night
from tests.support.published_releases import NEWER, OLDER, published_releases
from tests.support.small_release import FILES, IDC_INDEX, land
from warehouse.contracts import load_contract
from warehouse.landed_views import lay_out_release
from warehouse.landing import Landing, Release
from warehouse.profiles.store import profile_of
from warehouse.quality.audit import audit_landed
from warehouse.quality.past import Past, PastProfile
from warehouse.quality.record_changes import RecordProfile
from warehouse.quality.rules.stability import differs, kind_of
from warehouse.quality.suite import LandedRelease
from warehouse.quality.suites import stable_figures, stable_records
from warehouse.quality.suites.stable_figures import FigureProfile

Row = RecordProfile | FigureProfile


@dataclass(frozen=True)
class Found:
    """What both suites measured of a release, over a connection that can still run their queries."""

    rows: tuple[Row, ...]
    connection: duckdb.DuckDBPyConnection

    def of(self, standing: str) -> list[Row]:
        return [row for row in self.rows if row.standing == standing]

    def about(self, dataset: str, scope: str) -> list[str]:
        """Return how the rows about a column or group of a dataset stand."""
        return [row.standing for row in self.rows if row.dataset == dataset and scope in row.scope]


def compare(landing: Landing, now: Release, previous: Release | None, profiles: Sequence[PastProfile] = ()) -> Found:
    landed = LandedRelease(now, load_contract(now.source), previous, tuple(profiles))
    connection = duckdb.connect()
    lay_out_release(connection, landing, now, landed.landed)
    if previous is not None:
        lay_out_release(connection, landing, previous, landed.earlier)
    rows = (
        *stable_records.measure_records(connection, landed),
        *stable_figures.measure_figures(connection, landed),
    )
    return Found(rows, connection)


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


@pytest.mark.parametrize(
    ("files", "dataset", "scope", "standing"), [case[1:] for case in SPOILED], ids=[case[0] for case in SPOILED]
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


class Nights:
    """Nights of the small portal in one home: each is landed, and compared with those before where that is asked."""

    def __init__(self, home: Path, releases: Sequence[Release] = (), profiles: Sequence[PastProfile] = ()) -> None:
        self.home = home
        self.releases = list(releases)
        self._profiles = list(profiles)

    def pass_by(self, files: Mapping[str, str] | None = None) -> Release:
        """Land the next night."""
        number = len(self.releases)
        _, now = land_night(self.home, number, {**files_of(number), **(files or {})})
        self.releases.append(now)
        return now

    def next(self, files: Mapping[str, str] | None = None) -> Found:
        """Land the next night and compare it with the one before and with the profiles of all before."""
        profiles, previous = self.profiles(), self.releases[-1] if self.releases else None
        return compare(Landing(self.home), self.pass_by(files), previous, profiles)

    def profiles(self) -> list[PastProfile]:
        """What is known of the nights so far."""
        for release in self.releases[len(self._profiles) :]:
            profile = profile_of(self.home, Landing(self.home), release)
            self._profiles.append(PastProfile(release.version, release.fetched_at, profile))
        return list(self._profiles)

    def first(self, count: int, home: Path) -> Nights:
        """Return the first of these nights again, in a home of their own."""
        shutil.copytree(self.home, home)
        return Nights(home, self.releases[:count], self._profiles[:count])


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Nights, list[Row]]:
    """Eleven nights that only grow, and what was found on each of them; whoever goes on from there takes a copy."""
    nights = Nights(tmp_path_factory.mktemp("grown") / "home")
    return nights, [row for _ in range(11) for row in nights.next().rows]


@pytest.fixture
def after(grown: tuple[Nights, list[Row]], tmp_path: Path) -> Callable[[int], Nights]:
    """Return a function that returns so many of these nights, to go on from there."""
    return lambda count: grown[0].first(count, tmp_path / "home")


def spoiled(night: int, dataset: str, select: str) -> Mapping[str, str]:
    return {dataset: f"{select} from ({files_of(night)[dataset]})"}


# The drift benchmark has thirty such nights of both portals (`python -m tests.bench drift`).
@pytest.mark.full
def test_nights_that_grow_raise_no_error_and_at_most_one_warning(grown: tuple[Nights, list[Row]]) -> None:
    _, found = grown
    assert [row.label for row in found if row.standing == "error"] == []
    assert len([row.label for row in found if row.standing == "warning"]) <= 1


@pytest.mark.full
@pytest.mark.parametrize(
    ("dataset", "select", "scope", "standing"),
    [
        ("measurement", "select * from (select *", "rows", "error"),
        ("data_file", "select * replace (file_size * 2 as file_size)", "file_size", "error"),
        ("data_file", "select * replace (md5('other' || md5sum) as md5sum)", "md5sum", "error"),
        ("data_file", "select * replace (['case-1'] as case_ids)", "case_ids", "error"),
        ("data_file", "select * replace ('other-' || _data_file_id as _data_file_id)", "records", "error"),
        ("data_file", "select * replace ('X' as modality)", "modality", "error"),
        ("measurement", "select * replace ('Negative' as test_result_text)", "test_result_text", "error"),
        ("indexd_stats", "select * replace (total_file_size // 1024 as total_file_size)", "total_file_size", "error"),
    ],
)
def test_a_planted_change_of_a_night_is_found(
    after: Callable[[int], Nights], dataset: str, select: str, scope: str, standing: str
) -> None:
    nights = after(1)
    files = dict(spoiled(1, dataset, select))
    if select.startswith("select * from"):
        files[dataset] += ") where _measurement_id like '%50'"
    found = nights.next(files)
    assert standing in found.about(dataset, scope), [row.label for row in found.rows]
    for row in found.rows:
        if row.detail.query:
            found.connection.execute(row.detail.query)


@pytest.mark.full
def test_a_dataset_that_arrives_whole_raises_nothing(after: Callable[[int], Nights]) -> None:
    nights = after(10)
    files = files_of(10)["data_file"]
    arrived = f"""
        select
            * replace (
                'new-' || "_data_file_id" as "_data_file_id",
                'Open-R1' as project_id,
                md5('new' || md5sum) as md5sum,
                '1.2.840.9.' || series_uid as series_uid,
                ['new-' || case_ids[1]] as case_ids,
                ['dataset_new'] as dataset_submitter_id,
                'CC BY-NC 4.0' as license
            )
        from ({files}) limit 150
    """
    found = nights.next({"data_file": f"{files} union all by name ({arrived})"})
    assert [row.label for row in found.rows if row.standing in ("warning", "error")] == []


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


@pytest.mark.full
def test_a_null_rate_that_creeps_up_over_ten_nights_is_found(after: Callable[[int], Nights]) -> None:
    nights = after(2)

    def with_nulls(night: int) -> Mapping[str, str]:
        # A fifth of a per cent more each night: beneath what one night may move.
        share = (night - 1) * 2
        columns = f"case when hash(_data_file_id) % 1000 < {share} then null else body_part_examined end"
        return spoiled(night, "data_file", f"select * replace ({columns} as body_part_examined)")

    def standings(found: Found) -> set[str]:
        return {row.standing for row in found.rows if isinstance(row, FigureProfile) and "body_part" in row.scope}

    nights.pass_by(with_nulls(2))
    assert standings(nights.next(with_nulls(3))) == set()
    for night in range(4, 14):
        nights.pass_by(with_nulls(night))
    assert "warning" in standings(nights.next(with_nulls(14)))


@pytest.mark.full
def test_a_dataset_that_stands_still_after_growing_is_found(after: Callable[[int], Nights]) -> None:
    nights = after(11)
    still = {"measurement": files_of(10)["measurement"]}
    found = [nights.next(still).of("warning") for _ in range(3)]
    assert [[row.dataset for row in rows] for rows in found] == [[], [], ["measurement"]]


def test_a_dataset_that_is_not_there_any_more_is_an_error(tmp_path: Path) -> None:
    _, previous = land_night(tmp_path, 0, files_of(0))
    landing, now = land_night(
        tmp_path, 1, {name: query for name, query in files_of(1).items() if name != "measurement"}
    )
    found = compare(landing, now, previous)
    (row,) = found.of("error")
    assert (row.asset, row.label) == (
        ("midrc", "measurement"),
        "measurement is not in this load; it had 2,000 rows before",
    )
    assert len(found.connection.execute(str(row.detail.query)).fetchall()) == 2000


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


@pytest.mark.full
def test_profiles_alone_are_enough_for_figures(after: Callable[[int], Nights]) -> None:
    nights = after(3)
    profiles = nights.profiles()
    now = nights.pass_by({"measurement": f"{files_of(3)['measurement']} limit 1000"})
    found = compare(Landing(nights.home), now, None, profiles)
    assert "error" in found.about("measurement", "rows")


def test_the_audit_judges_a_release_beside_the_one_before(tmp_path: Path) -> None:
    _, previous = land(tmp_path, FILES, "24.2.2")
    landing, now = land(tmp_path, {**FILES, **index("", "collection_id <> 'collection_1'")}, "25.0.5")
    verdicts = audit_landed([now], landing, Past(previous={"idc": previous}))
    failed = {(verdict.suite, verdict.severity) for verdict in verdicts if not verdict.passed}
    assert {("stable records", "error"), ("stable figures", "error")} <= failed


@pytest.mark.full
def test_a_real_release_beside_the_one_before_has_no_error(tmp_path_factory: pytest.TempPathFactory) -> None:
    landing = Landing(published_releases(tmp_path_factory))
    now, previous = (
        next(release for release in landing.releases("idc") if release.version == version) for version in (NEWER, OLDER)
    )
    found = compare(landing, now, previous)
    for row in (*found.of("error"), *found.of("warning")):
        print(row.standing, row.label)
    assert found.of("error") == []
    # Upstream picks one of several values of these series anew for each release.
    assert [row.detail.affected for row in found.rows if row.scope == "PatientID, cbis_ddsm (stored series)"] == [164]
