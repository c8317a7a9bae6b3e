"""What is blank, and what a text is without the white space around it: models and rules agree, in both forms."""

from __future__ import annotations

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.sql_text import stated, trimmed

MACRO = "case when (x >= '!' and x < chr(127)) or trim(x) <> '' then x end"
TEXTS = st.text(st.sampled_from(" \t\n!~a\x7f\x80\u00a0\u00e9\u0301\u2003\u3000"), max_size=5)


@given(TEXTS)
@settings(deadline=None)
def test_the_short_forms_say_the_same_as_trimming(text: str) -> None:
    with duckdb.connect() as connection:
        query = f"select {MACRO}, {stated('x')}, trim(x) <> '', {trimmed('x')}, trim(x) from (select $1 as x)"
        ((kept, is_stated, is_not_blank, short, whole),) = connection.execute(query, [text]).fetchall()
    assert (kept is not None, is_stated, short) == (is_not_blank, is_not_blank, whole)


def test_what_is_missing_stays_missing() -> None:
    with duckdb.connect() as connection:
        query = f"select {trimmed('x')}, coalesce({stated('x')}, false) from (select null::varchar as x)"
        assert connection.execute(query).fetchall() == [(None, False)]
