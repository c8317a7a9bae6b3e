"""A question is the same in whatever layout it is written, and another one when a word of it is another."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.answers.question import question
from warehouse.answers.record import digest_of
from warehouse.errors import NotCitable, UsageError

# Keywords, of which the case does not matter, and all else, of which it does.
WORDS = [
    *("with", "few", "as", "(", "select", "modality", ",", "count", "(", "*", ")", "as", "n", "from", "fct_series"),
    *("where", "instance_count", ">", "{number}", "and", "modality", "<>", "'{text}'", "and", "$kind", "=", "modality"),
    *("group", "by", "all", ")", "select", "few", ".", "*", ",", "cast", "(", "n", "as", "double", ")", "from", "few"),
    *("order", "by", "n", "desc", "limit", "3"),
]
KEYWORDS = {"with", "as", "select", "from", "where", "and", "group", "by", "all", "order", "desc", "limit", "cast"}
GAPS = [" ", "\n", "\t", "  \n ", " /* a ' comment */ ", " -- another\n"]
# DuckDB takes any space of Unicode outside of quotes for a plain one, and a quote in a comment for one of these: behind
# it another text is asked for. What is asked for is what is cited, but it is another question.
TEXTS = st.text(
    st.characters(exclude_characters="'\0\ufeff\u200b", exclude_categories=["Cs", "Zs"], include_characters=" "),
    max_size=8,
)


def written(words: Sequence[str], number: int, text: str) -> list[str]:
    return [word.replace("{number}", str(number)).replace("{text}", text) for word in words]


@settings(deadline=None, max_examples=20)
@given(st.data(), st.integers(0, 10**9), TEXTS)
def test_layout_comments_and_case_of_keywords_do_not_matter(data: st.DataObject, number: int, text: str) -> None:
    words = written(WORDS, number, text)
    plain = " ".join(words)
    cased = [word.upper() if word in KEYWORDS and data.draw(st.booleans()) else word for word in words]
    other = "".join(word + data.draw(st.sampled_from(GAPS)) for word in cased) + data.draw(st.sampled_from(["", ";"]))
    one, two = question(plain, {"kind": "CT"}), question(other, {"kind": "CT"})
    assert one.normalised == two.normalised
    assert digest_of(one.normalised, one.parameters, []) == digest_of(two.normalised, two.parameters, [])


@settings(deadline=None, max_examples=20)
@given(st.tuples(st.integers(0, 10**9), TEXTS, TEXTS), st.tuples(st.integers(0, 10**9), TEXTS, TEXTS))
def test_another_literal_or_parameter_is_another_question(
    first: tuple[int, str, str], second: tuple[int, str, str]
) -> None:
    digests = []
    for number, text, kind in (first, second):
        asked = question(" ".join(written(WORDS, number, text)), {"kind": kind})
        digests.append(digest_of(asked.normalised, asked.parameters, []))
    assert (digests[0] == digests[1]) == (first == second)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("select cast(a as date) from t", "SELECT a::DATE FROM t"),
        ("from t", "select * from t"),
        ("select a from t fetch first 3 rows only", "select a from t limit 3"),
        ("select a from t order by a nulls last", "select a from t order by a NULLS LAST -- ok"),
    ],
)
def test_one_meaning_in_two_spellings_is_one_question(one: str, two: str) -> None:
    assert question(one).normalised == question(two).normalised


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("select a as b from t", "select a as c from t"),
        ("select 1.0", "select 1.00"),
        ("select 1", "select '1'"),
        ("select a from t", "select A from t"),
        ("select a from t order by a", "select a from t order by a desc"),
        ("select a from t limit 1", "select a from t limit 2"),
        ("select a from t union select b from u", "select a from t union all select b from u"),
    ],
)
def test_what_may_mean_something_else_is_another_question(one: str, two: str) -> None:
    assert question(one).normalised != question(two).normalised


@pytest.mark.parametrize(
    ("sql", "error", "words"),
    [
        ("", UsageError, "no statement"),
        ("select 1; select 2", UsageError, "2 statements"),
        ("selec 1", UsageError, "cannot be read"),
        ("select $a", UsageError, r"Add -p a=VALUE"),
        ("select ?", UsageError, "without a name"),
        ("drop table t", NotCitable, "Only a SELECT"),
        ("pivot t on a using count(*)", NotCitable, "Only a SELECT"),
    ],
)
def test_what_is_no_question_is_refused(sql: str, error: type[UsageError], words: str) -> None:
    with pytest.raises(error, match=words):
        question(sql)
