"""Texts without a mapping are shown with their counts; a vocabulary that is mostly unmapped stops the publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import pytest

from tests.quality.profiles import profile_of
from warehouse.quality.engine import judge
from warehouse.quality.rules.vocabularies import VOCABULARIES
from warehouse.quality.suites.mappings import SUITE, measure_mappings
from warehouse.quality.verdicts import Verdict

MOSTLY = "No vocabulary is mostly unmapped"
WARNINGS = {f"Every {vocabulary} that a record states is mapped" for vocabulary in VOCABULARIES}
ALL = {MOSTLY, *WARNINGS}

Judged = Callable[..., dict[str, Verdict]]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as opened:
        opened.execute("create schema star")
        yield opened


@pytest.fixture
def judged(connection: duckdb.DuckDBPyConnection) -> Judged:
    """Judge a vocabulary of IDC's series: how many records state something, and the texts without a mapping."""

    def verdicts(vocabulary: str, records: int, unmapped: dict[str, int]) -> dict[str, Verdict]:
        connection.execute(
            "create table star.rpt_mapping as select 'idc' as source_id, 'series' as record, $1 as vocabulary,"
            " 40::bigint as value_count, $2::bigint as unmapped_value_count, $3::bigint as record_count,"
            " $4::bigint as unmapped_record_count, cast(100.0 * $4 / $3 as decimal(12,3)) as unmapped_percent",
            [vocabulary, len(unmapped), records, sum(unmapped.values())],
        )
        connection.execute(
            "create table star.rpt_unmapped_value"
            " (source_id varchar, record varchar, vocabulary varchar, raw_value varchar, record_count bigint)"
        )
        for text, count in unmapped.items():
            connection.execute(
                "insert into star.rpt_unmapped_value values ('idc', 'series', $1, $2, $3)", [vocabulary, text, count]
            )
        return {verdict.expectation: verdict for verdict in judge([profile_of(SUITE, measure_mappings(connection))])}

    return verdicts


def failed(verdicts: dict[str, Verdict]) -> set[str]:
    return {sentence for sentence, verdict in verdicts.items() if not verdict.passed}


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_an_unmapped_text_is_a_warning_that_names_it_with_its_count(judged: Judged, vocabulary: str) -> None:
    verdicts = judged(vocabulary, 2000, {"aura": 7, "FUSION": 20})
    sentence = f"Every {vocabulary} that a record states is mapped"
    assert failed(verdicts) == {sentence}
    assert verdicts[sentence].severity == "warning"
    expected = f"idc series {vocabulary}: 27 of 2,000 (1.35 %) unmapped: 'FUSION' x 20, 'aura' x 7"
    assert verdicts[sentence].observed == expected


def test_only_the_most_frequent_texts_are_quoted(judged: Judged) -> None:
    verdicts = judged("race", 2000, {f"text {number}": number for number in range(1, 9)})
    observed = verdicts["Every race that a record states is mapped"].observed
    assert "'text 8' x 8, 'text 7' x 7" in observed
    assert observed.endswith("'text 4' x 4 and 3 more values")


def test_a_vocabulary_that_is_mostly_unmapped_is_an_error(judged: Judged) -> None:
    verdicts = judged("sex", 1000, {"1": 501})
    assert failed(verdicts) == {MOSTLY, "Every sex that a record states is mapped"}
    assert verdicts[MOSTLY].severity == "error"


@pytest.mark.parametrize(("records", "unmapped"), [(999, 999), (1000, 500)], ids=["few records", "half"])
def test_half_a_vocabulary_or_a_small_one_only_warns(judged: Judged, records: int, unmapped: int) -> None:
    assert failed(judged("sex", records, {"1": unmapped})) == {"Every sex that a record states is mapped"}


def test_mapped_texts_are_counted_too(judged: Judged) -> None:
    verdicts = judged("licence", 2000, {})
    assert failed(verdicts) == set()
    assert verdicts.keys() == ALL
    assert verdicts["Every licence that a record states is mapped"].observed == "idc series licence: all 2,000 mapped"
