"""Macros that take a short way say the same as the long one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.build import DBT_PROJECT

ODD_TEXT = st.text(st.sampled_from(" \t\n!~a\x7f\x80\u00a0\u3000\u00e9\u0301\u200d"), max_size=4)


@pytest.fixture(scope="module")
def macros() -> Any:
    """The macros of cleaning, lists and the adapter, as dbt renders them for DuckDB."""
    files = [
        path for room in ("adapters", "cleaning", "lists") for path in (DBT_PROJECT / "macros" / room).glob("*.sql")
    ]
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    made: dict[str, Any] = {}

    def dispatch(name: str, _package: str) -> Any:
        return made[f"duckdb__{name}"]

    environment.globals.update(
        adapter=SimpleNamespace(dispatch=dispatch),
        dbt=SimpleNamespace(type_bigint=lambda: "bigint", type_string=lambda: "varchar"),
        **{"return": lambda value: value},
    )
    module = environment.from_string("\n".join(path.read_text(encoding="utf-8") for path in files)).module
    made.update({name: macro for name, macro in vars(module).items() if callable(macro)})
    return module


@pytest.fixture(scope="module")
def connection() -> Any:
    with duckdb.connect() as opened:
        yield opened


@given(text=st.none() | ODD_TEXT)
@settings(deadline=None)
def test_text_is_trimmed(macros: Any, connection: duckdb.DuckDBPyConnection, text: str | None) -> None:
    query = f"select {macros.text_or_null('x')}, nullif(trim(x), '') from (select cast($1 as varchar) as x)"
    ((found, trimmed),) = connection.execute(query, [text]).fetchall()
    assert found == trimmed


@given(values=st.none() | st.lists(st.none() | ODD_TEXT, max_size=3))
@settings(deadline=None)
def test_lists_of_one_value_are_told(
    macros: Any, connection: duckdb.DuckDBPyConnection, values: list[str | None] | None
) -> None:
    different = "list_distinct(list_transform(x, lambda value: nullif(trim(value), '')))"
    ((sole, count, known),) = connection.execute(
        f"select {macros.sole_value('x')}, {macros.value_count('x')}, {different} "
        "from (select cast($1 as varchar[]) as x)",
        [values],
    ).fetchall()
    assert count == len(known or ())
    assert sole == (known[0] if known and len(known) == 1 else None)
