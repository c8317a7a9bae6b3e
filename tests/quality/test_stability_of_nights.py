"""Suites `stable records` and `stable figures` on nights of a portal: changes are found, growth is no finding."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.quality.comparing import Found, Row, compare
from tests.support.portal_nights import files_of, land_night
from warehouse.landing import Landing, Release
from warehouse.profiles.store import profile_of
from warehouse.quality.past import PastProfile
from warehouse.quality.suites.stable_figures import FigureProfile


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


@pytest.mark.full
def test_profiles_alone_are_enough_for_figures(after: Callable[[int], Nights]) -> None:
    nights = after(3)
    profiles = nights.profiles()
    now = nights.pass_by({"measurement": f"{files_of(3)['measurement']} limit 1000"})
    found = compare(Landing(nights.home), now, None, profiles)
    assert "error" in found.about("measurement", "rows")
