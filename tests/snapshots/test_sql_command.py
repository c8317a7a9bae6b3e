"""`icw sql` and `icw tables` as they are called: arguments, parameters, formats, several snapshots, searches."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue
from typer.testing import CliRunner, Result

from dagster_project.cli import app
from dagster_project.sql_arguments import statements_last
from tests.support.sample_build import PASSED, make_build
from warehouse.contracts import load_contract
from warehouse.errors import OutputError, UsageError
from warehouse.snapshots import catalog
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.parameters import bound, stated
from warehouse.snapshots.publish import publish

ROOT = Path(__file__).resolve().parents[2]
COUNT = "select count(*) as n from fct_series"


def call(published: Snapshot, *arguments: str, stdin: str | None = None) -> Result:
    home = str(published.folder.parent.parent)
    done = CliRunner().invoke(app, list(arguments), env={"ICW_HOME": home}, catch_exceptions=False, input=stdin)
    assert done.exit_code == 0, done.output
    return done


def rows(published: Snapshot, *arguments: str, stdin: str | None = None) -> list[dict[str, object]]:
    return json.loads(call(published, "sql", "--json", *arguments, stdin=stdin).stdout)


@pytest.mark.parametrize("before", ["-- why\n", "--\n", "--json\n", "--format\n", "-- --output x\n", "--x y\n/* a */"])
def test_sql_that_begins_with_a_comment_is_no_option(published: Snapshot, before: str) -> None:
    assert rows(published, f"{before}{COUNT}") == [{"n": 500}]
    assert rows(published, "--", f"{before}{COUNT}") == [{"n": 500}]
    # Behind an option that takes a value, and before options.
    assert rows(published, "-p", "m=CT", f"{before}select $m as n", "--rows", "3") == [{"n": "CT"}]


def test_sql_that_begins_with_a_dash_is_wrong_as_sql_and_not_as_an_option(published: Snapshot) -> None:
    with pytest.raises(UsageError, match="The query cannot be answered: syntax error"):
        call(published, "sql", "-1 + 1 from fct_series")
    assert CliRunner().invoke(app, ["sql", "--josn", COUNT]).exit_code == 2


OPTIONS = frozenset({"--format", "-f", "--json", "--output", "-o", "--param", "-p"})
WITH_VALUE = OPTIONS - {"--json"}


@given(st.lists(st.tuples(st.sampled_from(sorted(WITH_VALUE)), st.text()), max_size=3), st.text(), st.booleans())
def test_options_keep_their_values_whatever_these_are(
    options: list[tuple[str, str]], comment: str, attached: bool
) -> None:
    given_options = [
        text
        for name, value in options
        for text in ([f"{name}={value}"] if attached and name.startswith("--") else [name, value])
    ]
    statement = f"-- {comment}\nfrom t"
    behind = statements_last([*given_options, "--json", statement], OPTIONS, WITH_VALUE)
    assert behind == [*given_options, "--json", "--", statement]
    assert statements_last([statement, *given_options], OPTIONS, WITH_VALUE) == [*given_options, "--", statement]


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_standard_input_is_read(published: Snapshot, arguments: list[str]) -> None:
    assert rows(published, *arguments, stdin=f"-- why\n{COUNT};\n") == [{"n": 500}]


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (["--json"], '[\n{"a":1,"b":"x y"}\n]\n'),
        (["-f", "ndjson"], '{"a":1,"b":"x y"}\n'),
        (["-f", "tsv"], "a\tb\n1\tx y\n"),
        (["-f", "tsv", "--no-header"], "1\tx y\n"),
        (["-f", "csv", "--no-header"], '1,"x y"\n'),
        (["--no-header"], "1 │ x y\n"),
    ],
)
def test_formats_are_printed(published: Snapshot, arguments: list[str], printed: str) -> None:
    assert call(published, "sql", "select 1 as a, 'x y' as b", *arguments).stdout == printed


@pytest.mark.parametrize(("ending", "first"), [("tsv", "a\n"), ("ndjson", '{"a":1}\n'), ("jsonl", '{"a":1}\n')])
def test_the_name_of_a_file_says_its_format(published: Snapshot, tmp_path: Path, ending: str, first: str) -> None:
    call(published, "sql", "select 1 as a", "-o", str(tmp_path / f"x.{ending}"))
    assert (tmp_path / f"x.{ending}").read_text().startswith(first)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--json", "-f", "csv"], "--json and --format csv disagree"),
        (["--json", "--no-header"], "json has no line of names to leave out"),
        (["-o", "x.txt"], r"The format of x\.txt is not clear .* csv, tsv, json, ndjson or parquet"),
        (["-f", "table", "-o", "x.txt"], "A table is for the screen"),
        (["-p", "x=1"], r"The query does not use \$x: it has no parameters"),
    ],
)
def test_options_that_do_not_go_together_are_one_sentence(
    published: Snapshot, arguments: list[str], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        call(published, "sql", "select 1", *arguments)


def test_a_path_that_cannot_be_written_has_an_exit_code_of_its_own(published: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"No such file or directory\. Name a file") as caught:
        call(published, "sql", "select 1", "-o", str(tmp_path / "missing" / "x.csv"))
    assert caught.value.exit_code == 13
    # The traceback that is still held keeps nothing of the file open: the next question is answered.
    assert rows(published, COUNT) == [{"n": 500}]


def test_parameters_are_bound_and_never_part_of_the_sql(published: Snapshot) -> None:
    query = "select $text as text, $number as number, $none as none, list_sum($list) as total, $TEXT = 'x' as same"
    given = ["-p", "text='; drop table x", "-p", "number:=1.5", "-p", "none:=null", "--param", "list:=[1, 2]"]
    assert rows(published, query, *given) == [
        {"text": "'; drop table x", "number": 1.5, "none": None, "total": 3, "same": False}
    ]
    # A text is read as what it is compared with.
    counted = "select count(*) as n from fct_series where instance_count > $least and study_date > $day"
    assert rows(published, counted, "-p", "least=10", "-p", "day=2001-01-01") == rows(
        published, "select count(*) as n from fct_series where instance_count > 10 and study_date > '2001-01-01'"
    )


@pytest.mark.parametrize(
    ("query", "values", "message"),
    [
        ("select $x + $y", ["x=1"], r"has \$y, and no value for it. Add -p y=VALUE"),
        ("select $x, $y", [], r"has \$x, \$y, and no value for them. Add -p x=VALUE -p y=VALUE"),
        ("select $x", ["x=1", "z=2"], r"does not use \$z: it has \$x"),
        ("select ?", [], r"1 parameters without a name"),
        ("select $x", ["x"], "'x' is not name=value"),
        ("select $x", ["x=1", "X=2"], "'X' is stated twice"),
        ("select $x", ["x:=CT"], "x:=CT is no number.* Write x=CT for a text"),
        ("select $x", ["x:=NaN"], "x:=NaN is no number"),
        ("select $x", ['x:={"a": 1}'], "is no number"),
        ("select $x::date", ["x=1"], "The query cannot be answered: invalid date"),
    ],
)
def test_wrong_parameters_are_one_sentence(published: Snapshot, query: str, values: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call(published, "sql", query, *(text for value in values for text in ("-p", value)))


@given(st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), st.text() | st.integers() | st.none()))
def test_values_come_through_as_they_are_stated(values: dict[str, JsonValue]) -> None:
    texts = [f"{name}={v}" if isinstance(v, str) else f"{name}:={json.dumps(v)}" for name, v in values.items()]
    assert stated(texts) == values
    assert bound(values, list(values)) == values


def test_other_snapshots_stand_beside_the_one_that_is_asked(tmp_path: Path) -> None:
    home = tmp_path / "home"
    publish(make_build(tmp_path / "a"), [PASSED], home, {})
    first = catalog.snapshot(home, None)
    publish(make_build(tmp_path / "b", synthetic=True), [PASSED], home, {})
    second = catalog.snapshot(home, None)
    assert first.id != second.id
    query = "select (select count(*) from fct_series) + (select count(*) from old.fct_series) as n"
    assert rows(second, query, "-s", second.id, "--attach", f"old={first.id}") == [{"n": 1000}]
    shown = call(first, "sql", query, "-s", first.id, "--attach", f"old={second.id}")
    assert f"SYNTHETIC: {second.id} holds" in " ".join(shown.stderr.split())
    for write in ("drop table old.fct_series", "copy old.fct_series to 'x.csv'", "detach old"):
        with pytest.raises(UsageError, match="Snapshots are read-only"):
            call(second, "sql", write, "-s", second.id, "--attach", f"old={first.id}")
    for query in ("select * from read_text('/etc/hostname')", "select * from glob('/*')"):
        with pytest.raises(UsageError, match="Snapshots are read-only"):
            call(second, "sql", query, "-s", second.id, "--attach", f"old={first.id}")
    for text, message in [
        (f"old={second.id}", "is the one that is asked"),
        ("old=nothing", "There is no snapshot 'nothing'"),
        (f"main={first.id}", "the name 'main' is taken"),
        (first.id, "is not NAME=ID"),
        (f"a-b={first.id}", "is not NAME=ID"),
    ]:
        with pytest.raises(UsageError, match=message):
            call(second, "sql", "select 1", "-s", second.id, "--attach", text)


@pytest.mark.parametrize("query", ["from index", "select * from IDC_Index", "with a as (from index) from a"])
def test_the_tables_of_idc_index_are_told_where_they_are(published: Snapshot, query: str) -> None:
    with pytest.raises(UsageError, match="are in fct_series: `icw tables fct_series` shows its columns"):
        call(published, "sql", query)
    with pytest.raises(UsageError, match="are in dim_collection"):
        call(published, "tables", "collections_index")


def test_each_table_of_idc_has_one_of_ours() -> None:
    tables = {dataset.table for dataset in load_contract("idc").datasets.values()}
    models = {path.stem for path in (ROOT / "dbt/models/star").glob("*.sql")}
    assert tables <= models


def test_tables_are_searched_by_words(published: Snapshot) -> None:
    found = json.loads(call(published, "tables", "--search", "KEY surrogate", "--json").stdout)
    assert [(match["table"], match["column"]) for match in found] == [
        ("dim_collection", "collection_key"),
        ("fct_series", "series_key"),
    ]
    lines = call(published, "tables", "--search", "study date").stdout.splitlines()
    assert [part.strip() for part in lines[-1].split("│")] == ["fct_series", "study_date", "Date of the study."]
    lines = call(published, "tables", "fct_series", "--search", "series").stdout.splitlines()
    assert {line.split("│")[0].strip() for line in lines[2:]} == {"fct_series"}
    assert "No table and no column has 'zebra'" in call(published, "tables", "--search", "zebra").stdout
    with pytest.raises(UsageError, match="Name what to search for"):
        call(published, "tables", "--search", " ")


def test_the_version_is_printed() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert done.exit_code == 0
    assert done.stdout.startswith("icw 0.")
