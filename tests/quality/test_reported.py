"""Self-reported histograms are compared with the landed records, bucket by bucket, on real tables."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from warehouse.contracts import load_contract
from warehouse.quality.engine import judge
from warehouse.quality.suites.reported import SUITE, HistogramProfile, measure_reported
from warehouse.quality.verdicts import Verdict

SENTENCE = "Every histogram that a portal reports matches the landed records"
TOTAL = "Every self-reported total of a portal matches the landed records"
ALL = {SENTENCE, TOTAL}
CONTRACT = load_contract("midrc")

# A value that is literally `no data`, one that is blank, and one that is missing are three buckets.
CASES = [("Male", 3), ("no data", 2), ("", 1), (None, 4)]
# Lists: each different value counts once a record, an empty list is a missing value.
LISTS = [["CT", "CT", "MR"], ["CT"], [], [None], None]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as opened:
        for source in ("midrc", "bih"):
            opened.execute(f"create schema landed_{source}")
            opened.execute(
                f"create table landed_{source}.reported_counts"
                " (entity varchar, dimension varchar, key varchar, missing boolean, count bigint)"
            )
        opened.execute("create table landed_midrc.case (sex varchar)")
        for value, count in CASES:
            opened.executemany("insert into landed_midrc.case values (?)", [[value]] * count)
        opened.execute("create table landed_midrc.imaging_study (study_modality varchar[])")
        opened.executemany("insert into landed_midrc.imaging_study values (?)", [[value] for value in LISTS])
        yield opened


def stated(connection: duckdb.DuckDBPyConnection, entity: str, field: str, counts: dict[str | None, int]) -> None:
    """State a histogram as it is landed: the bucket of what is missing has the key `no data`, too."""
    for key, count in counts.items():
        row = [entity, field, "no data" if key is None else key, key is None, count]
        connection.execute("insert into landed_midrc.reported_counts values (?, ?, ?, ?, ?)", row)


def judged(connection: duckdb.DuckDBPyConnection, sentence: str = SENTENCE) -> Verdict:
    rows = measure_reported(connection, CONTRACT)
    verdicts = judge([SUITE.profile("midrc 1", rows, frozenset({("midrc", "case")}), ("midrc", "case"))])
    assert {verdict.expectation for verdict in verdicts} == ALL
    return next(verdict for verdict in verdicts if verdict.expectation == sentence)


def test_the_contract_has_the_fields_of_this_test() -> None:
    datasets = load_contract("midrc").datasets
    kinds = {(name, column.name): column.type for name in datasets for column in datasets[name].columns}
    assert (kinds["case", "sex"], kinds["imaging_study", "study_modality"]) == ("string", "string[]")


def test_a_histogram_that_is_that_of_the_records_passes(connection: duckdb.DuckDBPyConnection) -> None:
    stated(connection, "case", "sex", dict(CASES))
    stated(connection, "imaging_study", "study_modality", {"CT": 2, "MR": 1, None: 3})
    verdict = judged(connection)
    assert verdict.passed
    assert verdict.observed == "2: midrc case.sex; midrc imaging_study.study_modality"


def test_every_bucket_that_differs_is_counted_and_the_first_are_named(connection: duckdb.DuckDBPyConnection) -> None:
    stated(connection, "case", "sex", {"Male": 4, "Female": 1, "no data": 2, None: 4})
    verdict = judged(connection)
    assert not verdict.passed
    assert verdict.severity == "warning"
    assert verdict.observed == (
        "midrc case.sex: 3 of 5 differ: '' reported 0 times, landed 1, 'Female' reported 1 times, landed 0, "
        "'Male' reported 4 times, landed 3"
    )


def test_a_missing_value_is_not_the_text_no_data(connection: duckdb.DuckDBPyConnection) -> None:
    stated(connection, "case", "sex", {"Male": 3, "no data": 4, "": 1, None: 2})
    (profile,) = measure_reported(connection, CONTRACT)
    assert profile.differing == 2
    assert "no value reported 2 times, landed 4" in profile.examples


def test_a_total_that_is_not_that_of_the_records_is_an_error(connection: duckdb.DuckDBPyConnection) -> None:
    stated(connection, "case", "_totalCount", {"": 10})
    assert judged(connection, TOTAL).passed
    stated(connection, "imaging_study", "_totalCount", {"": 99})
    verdict = judged(connection, TOTAL)
    assert (verdict.passed, verdict.severity) == (False, "error")
    assert verdict.observed == "midrc imaging_study._totalCount: 1 of 1 differ: reported 99, landed 5"
    (query,) = [finding.query for finding in verdict.failing]
    assert connection.execute(str(query)).fetchall() == [(99, 5)]


def test_what_the_contract_does_not_know_is_not_compared(connection: duckdb.DuckDBPyConnection) -> None:
    stated(connection, "case", "shoe_size", {"44": 99})
    stated(connection, "unheard_of", "sex", {"Male": 99})
    stated(connection, "unheard_of", "_totalCount", {"": 99})
    assert measure_reported(connection, CONTRACT) == []
    assert judged(connection).observed == "nothing to judge"


def test_without_records_everything_stated_differs(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("delete from landed_midrc.case")
    stated(connection, "case", "sex", {"Male": 3})
    expected = HistogramProfile("midrc", "case", "sex", 1, 1, "'Male' reported 3 times, landed 0")
    assert measure_reported(connection, CONTRACT) == [expected]
