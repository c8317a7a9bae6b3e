"""What is blank is so for the models and for the rules that hold them to the landed data."""

from __future__ import annotations

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from warehouse.quality.conservation_rule import states

MACRO = "case when (x >= '!' and x < chr(127)) or trim(x) <> '' then x end"


@given(st.text(st.sampled_from(" \t\n!~a\x7f\x80\u00a0\u00e9"), max_size=4))
def test_the_short_way_says_the_same_as_trimming(text: str) -> None:
    with duckdb.connect() as connection:
        query = f"select {MACRO}, {states('x')}, trim(x) <> '' from (select $1 as x)"
        ((kept, stated, trimmed),) = connection.execute(query, [text]).fetchall()
    assert (kept is not None, stated) == (trimmed, trimmed)


def test_the_macro_is_that() -> None:
    from warehouse.build import DBT_PROJECT

    macro = (DBT_PROJECT / "macros" / "cleaning" / "not_blank.sql").read_text()
    assert MACRO.replace("x ", "{{ column }} ").replace("(x)", "({{ column }})") in macro
