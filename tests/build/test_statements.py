"""Running the statements that make the tables: one at a time, after what they read, and none after a failure."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.build.statements import ModelResult, Statement, Target, read_statements, run, write_statements


def statement(name: str, reads: tuple[str, ...], *, fails: bool = False) -> Statement:
    """Return the statement of a table with the number of rows that it reads, and one: it needs all tables it names."""
    counted = " + ".join(["1", *(f"(select count(*) from {table})" for table in reads)])
    wrong = ", 1 / error('it is broken')" if fails else ""
    sql = f"create table {name} as select 0 as n{wrong} limit 0; insert into {name} from range({counted})"
    return Statement(f"model.project.{name}", sql, reads)


def target(folder: Path, threads: int) -> Target:
    return Target(folder / "build.duckdb", folder / "tmp", threads, "500MB")


@st.composite
def graphs(draw: st.DrawFn) -> list[tuple[str, ...]]:
    """Of each table those before it that it reads."""
    count = draw(st.integers(1, 9))
    return [
        tuple(f"t{read}" for read in sorted(draw(st.sets(st.integers(0, place - 1), max_size=3)) if place else ()))
        for place in range(count)
    ]


def made(folder: Path) -> dict[str, int]:
    with duckdb.connect(str(folder / "build.duckdb")) as connection:
        names = connection.execute("select table_name from duckdb_tables()").fetchall()
        return {name: connection.execute(f"select count(*) from {name}").fetchall()[0][0] for (name,) in names}


@settings(deadline=None, max_examples=40)
@given(graphs(), st.integers(1, 3), st.randoms(use_true_random=False), st.data())
def test_each_table_is_made_after_those_it_reads_and_none_after_a_failure(
    graph: list[tuple[str, ...]], threads: int, chance: random.Random, data: st.DataObject
) -> None:
    broken = data.draw(st.none() | st.integers(0, len(graph) - 1))
    statements = [statement(f"t{place}", reads, fails=place == broken) for place, reads in enumerate(graph)]
    rows: dict[str, int] = {}
    for one in statements:
        rows[one.name] = 1 + sum(rows[read] for read in one.reads)
    chance.shuffle(statements)
    told: list[ModelResult] = []
    with TemporaryDirectory() as folder:
        results = run(statements, target(Path(folder), threads), told.append)
        found = made(Path(folder))
    assert list(results) == told
    succeeded = {result.name for result in results if result.status == "success"}
    assert found == {name: rows[name] for name in succeeded}
    assert {result.name: result.rows for result in results} == {
        result.name: rows[result.name] if result.status == "success" else 0 for result in results
    }
    failed = [place for place, result in enumerate(results) if result.status == "error"]
    if broken is None:
        assert succeeded == set(rows)
    else:
        assert [results[place].name for place in failed] == [f"t{broken}"]
        assert failed == [len(results) - 1]


def test_one_runs_at_a_time(tmp_path: Path) -> None:
    slow = "create table {0} as select sum(hash(i)) as n from range(30_000_000) as t(i) limit 0;"
    slow += " insert into {0} select sum(hash(i)) from range(30_000_000) as t(i)"
    statements = [Statement(f"model.project.{name}", slow.format(name), ()) for name in ("one", "two")]
    one, two = run(statements, target(tmp_path, 2))
    # Seconds are rounded; either takes far more than a hundredth of one.
    assert two.began > one.began + one.seconds - 0.01


def test_statements_are_kept_as_they_are(tmp_path: Path) -> None:
    statements = (statement("a", ()), statement("b", ("a",)))
    write_statements(statements, tmp_path / "statements.json")
    assert read_statements(tmp_path / "statements.json") == statements
