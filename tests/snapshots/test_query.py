"""Questions to a snapshot: what is answered, what is refused, and that nothing is ever written."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.sample_build import SERIES_COLUMNS, tree
from warehouse.errors import IntegrityError, UsageError
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.dictionary import data_dictionary
from warehouse.snapshots.query import ResultColumn, _unique, connect, run

WRITES = [
    "create table x (a integer)",
    "create or replace view x as select 1",
    "create schema x",
    "create sequence x",
    "create macro f(x) as x",
    "create type mood as enum ('good')",
    "create persistent secret s (type http, bearer_token 'x')",
    "insert into dim_collection values (1, 'x')",
    "with x as (select 1) insert into dim_collection select 1, 'x' from x",
    "update fct_series set size_bytes = 0",
    "delete from fct_series",
    "truncate fct_series",
    "merge into dim_collection using dim_collection as other on true when matched then delete",
    "drop table fct_series",
    "alter table fct_series add column x integer",
    "comment on table fct_series is 'x'",
    "copy fct_series to 'stolen.csv'",
    "copy (select 1) to '{folder}/stolen.parquet' (format parquet)",
    "copy (select 1) to '/dev/stdout'",
    "copy dim_collection from '/etc/hostname'",
    "explain analyze copy fct_series to 'stolen.csv'",
    "explain analyze insert into dim_collection values (1, 'x')",
    "prepare p as copy fct_series to 'stolen.csv'",
    "export database '{folder}/export'",
    "import database '{folder}/export'",
    "pragma import_database('{folder}/export')",
    "attach '{folder}/other.duckdb' as other",
    "attach ':memory:' as other",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "reset enable_external_access",
    "set temp_directory = '{folder}'",
    "pragma profiling_output = '{folder}/profile.json'",
    "call enable_logging(storage = 'file', storage_path = '{folder}/logs')",
    "select * from read_csv('/etc/hostname')",
    "select * from read_text('/etc/hostname')",
    "select * from glob('/*')",
    "from '/etc/hostname'",
]

# These change only the reader's own session, in memory; a single question has no use for them.
SESSION_ONLY = ["create temp table x as select 1", "begin", "set variable x = 1", "vacuum", "checkpoint", "use main"]


@pytest.fixture
def unchanged(published: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function that checks that no file has been made or changed, here or in the snapshot."""
    monkeypatch.chdir(tmp_path)

    def state() -> tuple[set[str], set[str], str]:
        digest = hashlib.sha256(published.database.read_bytes()).hexdigest()
        return tree(published.folder), tree(tmp_path), digest

    before = state()

    def check() -> None:
        assert state() == before

    return check


@pytest.mark.parametrize("statement", WRITES)
def test_no_statement_writes_through_the_bare_connection(
    published: Snapshot, tmp_path: Path, unchanged: Callable[[], None], statement: str
) -> None:
    with connect(published) as connection:
        with pytest.raises(duckdb.Error):
            connection.execute(statement.format(folder=tmp_path)).fetchall()
        assert connection.execute("select count(*) from fct_series").fetchall() == [(500,)]

    unchanged()


@pytest.mark.parametrize("statement", WRITES + SESSION_ONLY)
def test_a_statement_that_tries_to_write_is_a_usage_error(
    published: Snapshot, tmp_path: Path, unchanged: Callable[[], None], statement: str
) -> None:
    with pytest.raises(UsageError) as caught, run(published, statement.format(folder=tmp_path)) as result:
        result.page(10)

    message = str(caught.value)
    # A file name in the place of a table is a table that does not exist.
    assert message.startswith(
        "Snapshots are read-only"
        if not statement.startswith("from ")
        else "The query cannot be answered: Table with name"
    )
    assert "\n" not in message
    unchanged()


def test_the_sentence_says_what_was_refused_and_what_is_possible(published: Snapshot) -> None:
    with pytest.raises(UsageError) as caught:
        run(published, "create table x (a integer)")

    assert str(caught.value) == (
        "Snapshots are read-only, and closed to other files and to the network: CREATE statements are refused. Ask "
        "with SELECT, FROM, WITH, DESCRIBE, SUMMARIZE, SHOW or EXPLAIN; the result can be written to a file of your "
        "own."
    )


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select count(*) as n from fct_series", [(500,)]),
        ("from dim_collection select count(*)", [(7,)]),
        ("with c as (select 1 as a) select a from c;", [(1,)]),
        ("values (1, 'x')", [(1, "x")]),
        ("show tables", [("dim_collection",), ("fct_series",)]),
        ("-- a comment\nselect 1", [(1,)]),
        ("select column_name from (describe fct_series) limit 1", [("series_key",)]),
        ("select 'create table' as harmless", [("create table",)]),
    ],
)
def test_questions_are_answered(published: Snapshot, sql: str, expected: list[tuple[object, ...]]) -> None:
    with run(published, sql) as result:
        page = result.page(10)

    assert list(page.rows) == expected
    assert not page.more


@pytest.mark.parametrize(
    "explain",
    [
        "explain analyze ",
        "EXPLAIN\n/* a */ ANALYZE -- b\n",
        "explain (analyze) ",
        "explain (format json, analyze true)",
    ],
)
def test_what_is_explained_is_refused_as_it_is_without(
    published: Snapshot, unchanged: Callable[[], None], explain: str
) -> None:
    """DuckDB takes the log of an open file for a file that may be written."""
    with pytest.raises(UsageError, match="COPY statements are refused"):
        run(published, f"{explain}copy (select 1) to '{published.database}.wal'")
    unchanged()


@pytest.mark.parametrize(
    "sql",
    [
        "explain (format json) select 1",
        "-- why\nexplain (select 1)",
        "explain(analyze) from fct_series",
        "describe fct_series",
        "summarize fct_series",
        "explain select * from fct_series",
        "explain analyze select * from fct_series",
        "pragma table_info('fct_series')",
        "pivot fct_series on modality using count(*)",
    ],
)
def test_statements_that_look_at_the_data_are_answered(published: Snapshot, sql: str) -> None:
    with run(published, sql) as result:
        assert len(result.page(100).rows) > 0


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("date 'infinity'", "infinity"),
        ("timestamp '-infinity'", "-infinity"),
        ("timestamptz 'infinity'", "infinity"),
        ("date '20000-01-01'", "20000-01-01"),
        ("date '0044-03-15 (BC)'", "0044-03-15 (BC)"),
        ("[date 'infinity', null]", "[infinity, NULL]"),
        ("time '24:00:00'", "24:00:00"),
        ("interval '300000 years'", "300000 years"),
        ("170141183460469231731687303715884105727::hugeint", 2**127 - 1),
        ("'a, b'", "a, b"),
        ("'nan'::double::varchar", "nan"),
        ("'\\xAA'::blob", "\\xAA"),
    ],
)
def test_a_value_that_python_cannot_hold_is_shown_all_the_same(published: Snapshot, value: str, shown: object) -> None:
    with run(published, f"select {value} as found, {value} as found") as result:
        assert result.page(1).rows == ((shown, shown),)


def test_a_page_has_numbers_and_text_types_and_says_whether_there_is_more(published: Snapshot) -> None:
    sql = "select series_key, modality, study_date, sum(size_bytes) over () as total from fct_series order by all"
    with run(published, sql) as result:
        page = result.page(3)

    assert page.columns == (
        ResultColumn("series_key", "BIGINT"),
        ResultColumn("modality", "VARCHAR"),
        ResultColumn("study_date", "DATE"),
        ResultColumn("total", "HUGEINT"),
    )
    assert len(page.rows) == 3
    assert page.more
    assert page.rows[0][2] == "2001-12-03"
    assert page.rows[0][3] == sum(525_000 * (1 + i % 300) for i in range(500))


@pytest.mark.parametrize(
    ("limit", "rows", "more"), [(0, 0, True), (499, 499, True), (500, 500, False), (501, 500, False)]
)
def test_more_is_exact(published: Snapshot, limit: int, rows: int, more: bool) -> None:
    with run(published, "from fct_series") as result:
        page = result.page(limit)

    assert (len(page.rows), page.more) == (rows, more)


def test_an_empty_answer_has_its_columns(published: Snapshot) -> None:
    with run(published, "from fct_series where false") as result:
        page = result.page(5)
    assert [column.name for column in page.columns] == list(SERIES_COLUMNS)
    assert page.rows == ()
    with run(published, "from fct_series where false") as result:
        assert result.reader().read_all().column_names == list(SERIES_COLUMNS)


def test_repeated_names_are_numbered(published: Snapshot) -> None:
    with run(published, "select 1 as a, 2 as a, 3 as a_1, 4 as a") as result:
        table = result.reader().read_all()

    assert table.to_pylist() == [{"a": 1, "a_2": 2, "a_1": 3, "a_3": 4}]


@given(st.lists(st.sampled_from(["a", "a_1", "a_2", "b", "a_1_1"])))
def test_numbered_names_differ_and_the_first_of_each_stays(names: list[str]) -> None:
    unique = _unique(names)

    assert len(set(unique)) == len(unique) == len(names)
    for index, name in enumerate(names):
        assert unique[index].startswith(name)
        if name not in names[:index]:
            assert unique[index] == name


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (
            "select * from fct_serie",
            'The query cannot be answered: Table with name fct_serie does not exist! Did you mean "fct_series"?',
        ),
        ("selec 1", 'The query cannot be answered: syntax error at or near "selec".'),
        (
            "select try_me(1)",
            "The query cannot be answered: Scalar Function with name try_me does not exist!",
        ),
        ("select modality::integer from fct_series", "The query cannot be answered: Could not convert string"),
        (
            "select * from read_xlsx('x')",
            'The query cannot be answered: Table Function with name "read_xlsx" is not in the catalog',
        ),
        ("", "One SQL statement at a time, please: no statement found."),
        ("-- nothing", "One SQL statement at a time, please: no statement found."),
        ("select 1; select 2", "One SQL statement at a time, please: 2 statements found."),
        ("select 1; drop table fct_series", "One SQL statement at a time, please: 2 statements found."),
    ],
)
def test_wrong_sql_is_one_sentence_in_duckdbs_own_words(published: Snapshot, sql: str, message: str) -> None:
    with pytest.raises(UsageError) as caught, run(published, sql) as result:
        result.page(1000)

    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert "LINE" not in str(caught.value)


def test_an_error_in_the_middle_of_a_stream_is_a_usage_error(published: Snapshot) -> None:
    sql = "select case when i = 99999 then 'x' else '1' end::integer from range(100000) t(i)"
    with run(published, sql) as result, pytest.raises(UsageError, match="Could not convert string 'x'"):
        result.reader().read_all()


def test_python_variables_are_out_of_reach(published: Snapshot) -> None:
    import pandas as pd

    secret = pd.DataFrame({"a": [1]})

    with connect(published) as connection:
        with pytest.raises(duckdb.CatalogException, match="Table with name secret does not exist"):
            connection.execute("select * from secret")
        with pytest.raises(duckdb.CatalogException, match="Table with name secret does not exist"):
            connection.sql("select * from secret")
    assert len(secret) == 1


def test_a_query_that_does_not_fit_in_memory_spills_outside_the_snapshot(
    published: Snapshot, unchanged: Callable[[], None]
) -> None:
    settings = Settings(memory_limit="60MB", threads=1)
    sql = "select i, md5(i::varchar) as h from range(2000000) t(i) order by h"

    with run(published, sql, settings) as result:
        reader = result.reader()
        first = next(iter(reader))
        spilled = connect(published, settings).execute("select count(*) from duckdb_temporary_files()").fetchall()
        # Now, while something is written, it is not beside the snapshot's file.
        unchanged()
        assert first.num_rows + sum(batch.num_rows for batch in reader) == 2_000_000

    assert spilled != [(0,)]
    unchanged()


def test_a_query_that_needs_too_much_memory_says_so(published: Snapshot) -> None:
    settings = Settings(memory_limit="30MB", threads=1)

    with (
        pytest.raises(UsageError, match="raise ICW_MEMORY_LIMIT"),
        run(published, "select list(md5(i::varchar)) from range(5000000) t(i)", settings) as result,
    ):
        result.page(1)


def test_a_memory_limit_that_opens_nothing_is_named_and_not_the_file(published: Snapshot) -> None:
    with pytest.raises(UsageError, match=r"ICW_MEMORY_LIMIT=1KB is too little to open snapshot .*e\.g\. 2GB") as caught:
        connect(published, Settings(memory_limit="1KB"))
    assert "SHA256SUMS" not in str(caught.value)
    with connect(published) as connection:
        assert connection.execute("select 1").fetchall() == [(1,)]


def test_a_damaged_or_missing_file_is_an_integrity_error(published: Snapshot, tmp_path: Path) -> None:
    snapshot = Snapshot(folder=tmp_path, manifest=published.manifest)
    with pytest.raises(IntegrityError, match=r"is damaged or gone .* cannot be made again"):
        run(snapshot, "select 1")
    snapshot.database.write_bytes(published.database.read_bytes()[:1000])
    with pytest.raises(IntegrityError, match="SHA256SUMS"):
        run(snapshot, "select 1")


def test_the_data_dictionary_describes_every_column(published: Snapshot) -> None:
    collections, series = data_dictionary(published)

    assert (collections.name, series.name) == ("dim_collection", "fct_series")
    assert {column.name: column.description for column in series.columns} == SERIES_COLUMNS


def test_asking_needs_neither_dbt_nor_dagster_nor_great_expectations() -> None:
    program = (
        "import sys, warehouse.snapshots.query, warehouse.snapshots.catalog;"
        "print({name.split('.')[0] for name in sys.modules} & {'dbt', 'dagster', 'great_expectations', 'pandas'})"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert finished.stdout == "set()\n"


def test_one_process_may_hold_several_connections(published: Snapshot) -> None:
    with connect(published) as first, connect(published) as second:
        question = "select count(*) from fct_series"
        assert first.execute(question).fetchall() == second.execute(question).fetchall()
        with pytest.raises(duckdb.Error):
            second.execute("copy fct_series to 'stolen.csv'")


def test_connections_of_one_process_need_the_same_settings(published: Snapshot) -> None:
    with connect(published), pytest.raises(UsageError, match="open in this process with other settings"):
        connect(published, Settings(threads=1))
