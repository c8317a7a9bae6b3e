from __future__ import annotations

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from warehouse.sql_text import literal, quoted

# DuckDB takes neither NUL nor half a character.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(text=TEXT, name=TEXT.filter(bool))
def test_any_text_and_any_name_come_back_as_they_are(text: str, name: str) -> None:
    answer = duckdb.execute(f"select {literal(text)} as {quoted(name)}")
    assert answer.description is not None
    assert (answer.description[0][0], answer.fetchall()) == (name, [(text,)])
