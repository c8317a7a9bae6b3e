"""The pattern classes of texts."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.profiles.patterns import day_of, pattern_class

CLASSES = {
    "uid": ["1.2.840.10008.5.1.4.1.1.2", "2.25.329800735698586629295641978511506172918"],
    "date": ["2020-02-29", "20200229", "2020-02-29T12:30:00Z", "2020-02-29 12:30:00"],
    "age": ["061Y", "003m", "010W", "001D"],
    "doi": [
        "10.7937/tcia.2020.1c3h-vp70",
        "https://doi.org/10.7937/K9",
        "http://dx.doi.org/10.5281/zenodo.1",
        "doi:10.1000/x",
    ],
    "url": ["https://creativecommons.org/licenses/by/4.0/", "s3://idc-open-data/ab/*", "GS://bucket/x"],
    "uuid": ["0d2ac3b5-7f44-4e0c-9a2b-f3d1c0a9e8b7", "0D2AC3B5-7F44-4E0C-9A2B-F3D1C0A9E8B7"],
    "number": ["0", "-12.5", "1e6", "20200230", "00000000", "0012", ".5"],
    "empty": ["", "   "],
    "other": ["CHEST", "1.02.3.4", "2020-02-30", "0000-00-00", "61Y", "10.7937/", "https://", "1.2.3.", "\t", "NaT"],
}


@pytest.mark.parametrize(("expected", "text"), [(name, text) for name, texts in CLASSES.items() for text in texts])
def test_a_text_is_of_its_class(expected: str, text: str) -> None:
    assert class_of(text) == expected


@given(st.lists(st.text(st.sampled_from("0123456789.-+eTYDWM/:ux \t\n"), max_size=24), min_size=1, max_size=50))
@settings(deadline=None, max_examples=20)
def test_every_text_is_of_one_class(texts: list[str]) -> None:
    with duckdb.connect() as connection:
        found = connection.execute(f"select {pattern_class('x')} from (select unnest($1) as x)", [texts]).fetchall()
    assert len(found) == len(texts)
    assert {name for (name,) in found} <= CLASSES.keys()


@given(st.lists(st.text(st.sampled_from("a1+.-:/ \t\n\v\f\r\x00\u00a0\u2028é"), max_size=12), min_size=1, max_size=50))
@settings(deadline=None, max_examples=50)
def test_a_url_is_a_scheme_and_an_authority_without_white_space(texts: list[str]) -> None:
    texts = ["x" + text for text in [*texts, *(f"a://{text}" for text in texts)]]
    of_urls = r"regexp_full_match(x, '[a-z][a-z0-9+.-]*://\S+', 'i')"
    query = f"select {pattern_class('x')} = 'url', {of_urls}, x from (select unnest($1) as x)"
    with duckdb.connect() as connection:
        found = connection.execute(query, [texts]).fetchall()
    assert [is_url for is_url, _, _ in found] == [expected for _, expected, _ in found]


@given(st.lists(st.dates(min_value=date(1000, 1, 1)), min_size=1, max_size=50))
@settings(deadline=None, max_examples=20)
def test_a_day_is_read_in_both_spellings(days: list[date]) -> None:
    with duckdb.connect() as connection:
        for texts in ([str(day) for day in days], [str(day).replace("-", "") for day in days]):
            found = connection.execute(f"select {day_of('x')} from (select unnest($1) as x)", [texts]).fetchall()
            assert [day for (day,) in found] == days


def class_of(text: str) -> str:
    with duckdb.connect() as connection:
        ((found,),) = connection.execute(f"select {pattern_class('x')} from (select $1 as x)", [text]).fetchall()
    return found
