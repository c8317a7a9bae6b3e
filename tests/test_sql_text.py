from __future__ import annotations

from pathlib import Path

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from warehouse.sql_text import literal, quoted, read_parquet

# DuckDB takes neither NUL nor half a character.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(text=TEXT, name=TEXT.filter(bool))
def test_any_text_and_any_name_come_back_as_they_are(text: str, name: str) -> None:
    answer = duckdb.execute(f"select {literal(text)} as {quoted(name)}")
    assert answer.description is not None
    assert (answer.description[0][0], answer.fetchall()) == (name, [(text,)])


def test_files_are_read_in_their_order_and_none_that_their_names_would_match(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("b's.parquet", "[ab].parquet", "a*.parquet", "a.parquet")]
    with duckdb.connect() as connection:
        for number, path in enumerate(files):
            connection.execute(f"copy (select {number} as number) to {literal(str(path))} (format parquet)")
        assert connection.execute(f"from {read_parquet(files[:3])}").fetchall() == [(0,), (1,), (2,)]
        assert connection.execute(f"from {read_parquet(files[1:2])}").fetchall() == [(1,)]
