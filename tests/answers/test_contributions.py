"""The collections behind an answer: never fewer than the true ones, and exactly these where the record says so."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.answers.planted_collections import LICENCES, Planted, Series, plant
from warehouse.answers.contributions import Contributions, contributions
from warehouse.answers.opening import ASKED, opened_database
from warehouse.answers.question import question
from warehouse.settings import load_settings


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return plant(tmp_path_factory.mktemp("planted"))


def found(planted: Planted, sql: str) -> Contributions:
    snapshots = {ASKED: planted.snapshot}
    connection = opened_database(snapshots, load_settings())
    try:
        connection.execute(sql).fetchall()
        return contributions(question(sql), snapshots, connection)
    finally:
        connection.close()


def keys(contributed: Contributions) -> set[int]:
    return {entry.collection_key for entry in contributed.collections}


def collections_of(series: Iterable[Series]) -> set[int]:
    return {collection for one in series for collection in one.collections}


RANGES = st.tuples(st.integers(0, 100), st.integers(0, 100)).map(sorted)
FRAMES = [
    ("select count(*) from fct_series where size_bytes between {low} and {high}", True),
    ("select size_bytes from fct_series s where s.size_bytes between {low} and {high} order by 1", True),
    ("select patient_key, sum(size_bytes) from fct_series where size_bytes between {low} and {high} group by 1", True),
    (
        "select l.license_id from fct_series left join dim_license l using (license_key) "
        "where size_bytes between {low} and {high}",
        True,
    ),
    ("with few as (from fct_series where size_bytes between {low} and {high}) select count(*) from few", False),
    ("select count(*) from (from fct_series) t where size_bytes between {low} and {high}", False),
    ("select sum(size_bytes) from fct_series as s(a, b, size_bytes) where size_bytes between {low} and {high}", False),
    ("select size_bytes as z from fct_series where z between {low} and {high}", False),
    ("from fct_series where size_bytes between {low} and {high} order by series_key limit 3", False),
    (
        "select patient_key from fct_series where size_bytes between {low} and {high} group by 1 having count(*) > 1",
        False,
    ),
    (
        "select (select count(*) from fct_series s where s.patient_key = p.patient_key and s.size_bytes between {low} "
        "and {high}) from dim_patient p",
        False,
    ),
    (
        "select series_key from fct_series where size_bytes >= {low} intersect select series_key from fct_series where "
        "size_bytes <= {high}",
        False,
    ),
    (
        "select p.patient_key from dim_patient p semi join fct_series s on s.patient_key = p.patient_key and "
        "s.size_bytes between {low} and {high}",
        False,
    ),
]


@pytest.mark.parametrize(("frame", "exact"), FRAMES)
@settings(deadline=None, max_examples=6)
@given(bounds=RANGES)
def test_no_collection_of_the_rows_that_a_filter_keeps_is_missing(
    planted: Planted, frame: str, exact: bool, bounds: list[int]
) -> None:
    low, high = bounds
    kept = [one for one in planted.series if low <= one.size <= high]
    contributed = found(planted, frame.format(low=low, high=high))
    assert keys(contributed) >= collections_of(kept)
    if exact:
        assert contributed.is_exact
        assert keys(contributed) == collections_of(kept)
    for entry in contributed.collections:
        stated = [one for one in kept if one.collection == entry.collection_key]
        assert {one.doi for one in stated if one.doi} <= set(entry.dois)
        licences = {LICENCES[one.licence][0] for one in stated if one.licence is not None}
        assert licences <= {licence.id for licence in entry.licences}


def test_at_most_is_said_where_more_is_done_to_the_rows(planted: Planted) -> None:
    for frame, exact in FRAMES:
        if not exact and " z " not in frame:
            assert not found(planted, frame.format(low=0, high=50)).is_exact, frame


@settings(deadline=None, max_examples=10)
@given(patients=st.sets(st.integers(0, 11), max_size=4))
def test_rows_without_a_collection_belong_to_those_of_their_patients(planted: Planted, patients: set[int]) -> None:
    listed = ", ".join(map(str, sorted(patients))) or "null"
    contributed = found(planted, f"select count(*) from fct_measurement where patient_key in ({listed})")
    measured = patients & set(planted.measurements.values())
    assert keys(contributed) == {collection for key in measured for collection in planted.patients[key]}
    assert contributed.is_exact


def test_the_dois_are_those_of_the_rows_and_of_the_collection_where_rows_state_none(planted: Planted) -> None:
    stating = next(one for one in planted.series if one.doi is not None)
    one = found(planted, f"from fct_series where series_key = {stating.key} order by 1").collections
    assert [entry.collection_key for entry in one] == [stating.collection]
    assert one[0].dois == (stating.doi,)
    silent = next(each for each in planted.series if each.doi is None)
    for entry in found(planted, f"from fct_series where series_key = {silent.key}").collections:
        assert entry.dois == (f"10.1/collection-{entry.collection_key}",)


def test_a_licence_that_forbids_commercial_use_is_told(planted: Planted) -> None:
    forbidding = next(one for one in planted.series if one.licence == 2)
    (entry,) = found(planted, f"from fct_series where series_key = {forbidding.key}").collections
    assert entry.forbids_commercial_use


def test_terms_belong_to_no_collection(planted: Planted) -> None:
    assert found(planted, "from dim_license").collections == ()
    assert found(planted, "select 1 as one").collections == ()
