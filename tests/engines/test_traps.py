"""What is known to be read in another way by another engine: that it is so, and that the models do not say it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.macros import rendered_macros
from warehouse.build import DBT_PROJECT
from warehouse.build.engines.session import engine_type
from warehouse.engine_packages import Engine


def sql_of_models() -> dict[str, str]:
    """The SQL of the models and of the macros outside of the adapters, without comments and Jinja's own texts."""
    found: dict[str, str] = {}
    for folder in ("models", "macros"):
        for path in sorted((DBT_PROJECT / folder).rglob("*.sql")):
            if "adapters" not in path.parts and "materializations" not in path.parts:
                text = re.sub(r"{#.*?#}|--[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
                found[str(path.relative_to(DBT_PROJECT))] = text
    assert len(found) > 250
    return found


def saying(pattern: str) -> list[str]:
    """The files that say something, in SQL or in a text of Jinja's that is SQL."""
    return [name for name, text in sql_of_models().items() if re.search(pattern, text)]


def rows(session: Any, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in session.sql(sql).collect()]


def refuses(session: Any, sql: str) -> bool:
    try:
        session.sql(sql).collect()
    except Exception:
        return True
    return False


def test_a_name_in_double_quotes_is_a_text(session: Any) -> None:
    assert rows(session, 'select "StudyInstanceUID" as uid from (select 1 as StudyInstanceUID) as t') == [
        ("StudyInstanceUID",)
    ]
    outside_of_jinja = {
        name: re.sub(r"{[{%].*?[}%]}", "", text, flags=re.DOTALL) for name, text in sql_of_models().items()
    }
    assert [name for name, text in outside_of_jinja.items() if '"' in text] == []
    # A text of Jinja's in single quotes that has a name in double quotes.
    assert saying(r"""'"\w+"'""") == []


def test_a_text_without_a_length_has_another_name(session: Any) -> None:
    assert refuses(session, "create table texts (a varchar) using parquet")
    assert engine_type("string[]") == "array<string>"
    assert saying(r"\bvarchar\b") == []


def test_a_column_that_may_not_be_null_is_left_to_the_audit(engine: Engine, session: Any, tmp_path: Path) -> None:
    """Neither engine keeps a null out of a table that is made by a select, so no model relies on it."""
    session.sql(f"create table nulls using parquet location '{tmp_path / 'nulls'}' as select cast(null as int) as a")
    assert rows(session, "select a from nulls") == [(None,)]
    macro = (DBT_PROJECT / "macros/adapters/spark_tables.sql").read_text(encoding="utf-8")
    assert re.search(r"macro spark__persist_constraints\(relation, model\) -%}\s*{%- endmacro", macro)


def test_texts_that_are_joined_are_sorted_first(engine: Engine, session: Any) -> None:
    sorted_values = rendered_macros(engine).sorted_values("x")
    joined = f"select array_join({sorted_values}, ',') from values ('b'), ('a'), ('c'), (null), ('a') as t(x)"
    assert rows(session, joined) == [("a,b,c",)]
    assert saying(r"listagg|string_agg|group_concat") == []


def test_nulls_come_first_unless_they_are_told_to_come_last(session: Any) -> None:
    ranked = "select x, row_number() over (order by x{}) as place from values (2), (null), (1) as t(x) order by place"
    assert [x for x, _ in rows(session, ranked.format(""))] == [None, 1, 2]
    assert [x for x, _ in rows(session, ranked.format(" nulls last"))] == [1, 2, None]
    assert {name: keys for name, text in sql_of_models().items() if (keys := unplaced(text))} == {}


def unplaced(sql: str) -> list[str]:
    """The keys of every `order by` that do not say where nulls go. A case that is never null needs not say it."""
    found: list[str] = []
    for match in re.finditer(r"order by\b", sql):
        depth, key = 0, ""
        keys: list[str] = []
        for character in sql[match.end() :]:
            depth += (character == "(") - (character == ")")
            if depth < 0:
                break
            if character == "," and depth == 0:
                keys.append(key)
                key = ""
            else:
                key += character
        keys.append(re.sub(r"\brows between\b.*", "", key, flags=re.DOTALL))
        found += [
            " ".join(key.split())
            for key in keys
            if "nulls last" not in key and not re.search(r"\bend\b|endfor|portable_order", key)
        ]
    return found


@pytest.mark.parametrize(
    ("sql", "keys"),
    [
        ("row_number() over (order by a, b nulls last)", ["a"]),
        ("row_number() over (order by coalesce(a, b) nulls last, c desc nulls last)", []),
        ("sum(x) over (order by a nulls last rows between 1 preceding and current row)", []),
        ("row_number() over (order by case when a is null then 1 else 0 end, b)", ["b"]),
    ],
)
def test_a_key_without_a_place_for_nulls_is_found(sql: str, keys: list[str]) -> None:
    assert unplaced(sql) == keys


def test_lists_count_from_zero(engine: Engine, session: Any) -> None:
    macros = rendered_macros(engine)
    assert rows(session, "select array('a', 'b')[1]") == [("b",)]
    assert rows(session, f"select {macros.list_first('x')} from (select array('a', 'b') as x) as t") == [("a",)]
    empty = "(select cast(array() as array<string>) as x) as t"
    assert rows(session, f"select {macros.list_first('x')}, {macros.only_element('x')} from {empty}") == [(None, None)]
    with duckdb.connect() as connection:
        assert connection.execute("select ['a', 'b'][1]").fetchall() == [("a",)]


# Sail knows `group by all`; Spark has it since 3.4.
@pytest.mark.parametrize("sql", ["select list_distinct(array(1))", "select string_split('a', 'b')", "select 1::json"])
def test_what_only_duckdb_has_is_refused(session: Any, sql: str) -> None:
    assert refuses(session, sql)


def test_no_model_says_what_only_some_engines_know() -> None:
    assert (
        saying(r"\bgroup by all\b|\border by all\b|(?<!list_)\blen\s*\(|(?<![_.\w])unnest\s*\(|\blist_distinct\s*\(")
        == []
    )


def test_dbt_runs_statements_with_the_semantics_of_the_session(engine: Engine, session: Any) -> None:
    """dbt-spark turns them off before each statement; what DuckDB refuses would be published as null."""
    if engine != "spark":
        pytest.skip("dbt-sail leaves the session as it is")
    from dbt.adapters.spark.connections import SparkCredentials  # pyright: ignore[reportMissingImports]
    from dbt.adapters.spark.session import Connection  # pyright: ignore[reportMissingImports]

    given = SparkCredentials(method="session", host="local", schema="star").server_side_parameters
    cursor = Connection(server_side_parameters=given).cursor()
    cursor.execute("select size(cast(null as array<string>)) as length")
    assert [tuple(row) for row in cursor.fetchall()] == [(None,)]
    for wrong in ("cast('x' as int)", "cast(9223372036854775807 as bigint) + 1", "cast(300 as tinyint)"):
        assert refuses(session, f"select {wrong} as refused"), wrong


def test_spark_spills_beside_the_build(engine: Engine, session: Any) -> None:
    if engine != "spark":
        pytest.skip("Sail has no setting for it")
    spill = Path(session.sparkContext.getConf().get("spark.local.dir"))
    assert spill.name == "spill"
    session.range(10_000).repartition(3).count()
    assert [path for path in spill.rglob("*.data") if path.is_file()]
