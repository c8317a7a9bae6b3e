"""`icw cohort` as it is called: what is saved, what is told, and what changed between two snapshots."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner, Result

from dagster_project.cli import app
from warehouse.errors import IntegrityError, NotCitable, UsageError
from warehouse.snapshots import catalog

ALL = "select series_key from fct_series"


def call(home: Path, *words: str) -> Result:
    done = CliRunner().invoke(app, ["cohort", *words], env={"ICW_HOME": str(home)}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def told(home: Path, *words: str) -> dict[str, Any]:
    return json.loads(call(home, *words, "--json").stdout)


def first_of(home: Path) -> str:
    return catalog.snapshots(home)[0].id


def test_a_cohort_is_saved_shown_listed_and_removed(home: Path) -> None:
    saved = told(home, "save", "all-idc", "--sql", f"{ALL} where source_id = 'idc'", "--snapshot", first_of(home))
    assert saved["snapshot"]["id"] == first_of(home)
    assert (saved["totals"]["records"], saved["totals"]["bytes"]) == (10, 55_000_000)
    assert [entry["dois"] for entry in saved["totals"]["collections"]] == [["10.5281/results", "10.7937/lung"]]
    assert told(home, "show", "all-idc") == saved | {"kept_as": first_of(home)}
    shown = call(home, "show", "all-idc").stdout
    assert "series: 10, instances: 100, size: 55.0 MB" in shown
    assert "where source_id = 'idc'" in shown
    assert "all-idc" in call(home, "list").stdout
    assert [entry["name"] for entry in told(home, "list")["cohorts"]] == ["all-idc"]
    call(home, "remove", "all-idc")
    assert "No cohort has been saved yet" in call(home, "list").stdout
    with pytest.raises(UsageError, match="There is no cohort all-idc"):
        call(home, "show", "all-idc")


def test_what_changed_is_told_by_kind(home: Path, tmp_path: Path) -> None:
    call(home, "save", "all", "--sql", ALL, "--snapshot", first_of(home))
    found = told(home, "diff", "all", "--output", str(tmp_path / "changes.csv"))
    assert (found["before"]["records"], found["after"]["records"]) == (15, 15)
    assert (found["changed"], found["unchanged"]) == (4, 10)
    assert {change["kind"]: [example["key"] for example in change["examples"]] for change in found["changes"]} == {
        "added": [11],
        "removed": [1],
        "version": [2],
        "licence": [3],
        "size": [2, 201],
        "size_restated": [4],
    }
    added = next(change for change in found["changes"] if change["kind"] == "added")
    assert (added["records"], added["bytes_before"], added["bytes_after"]) == (1, 0, 11_000_000)
    rows = list(csv.DictReader((tmp_path / "changes.csv").read_text().splitlines()))
    assert [(row["record_key"], row["change"]) for row in rows] == [
        ("1", "removed"),
        ("2", "changed"),
        ("3", "changed"),
        ("4", "changed"),
        ("11", "added"),
        ("201", "changed"),
    ]
    assert (rows[1]["version_after"], rows[2]["license_id_before"]) == ("revised", "CC-BY-4.0")
    shown = call(home, "diff", "all", "--output", str(tmp_path / "changes.parquet")).stdout
    assert "same version, size stated otherwise" in shown
    with duckdb.connect() as connection:
        written = connection.execute(f"select record_key::varchar from '{tmp_path / 'changes.parquet'}'").fetchall()
    assert [key for (key,) in written] == [row["record_key"] for row in rows]


def test_the_other_way_round_it_is_the_other_way_round(home: Path) -> None:
    call(home, "save", "all", "--sql", ALL)
    second = catalog.snapshot(home, None).id
    found = told(home, "diff", "all", "--from", second, "--to", first_of(home))
    kinds = {change["kind"]: change["examples"][0]["key"] for change in found["changes"]}
    assert (kinds["added"], kinds["removed"]) == (1, 11)
    assert "all is the same in both: 15 series." in call(home, "diff", "all").stdout


def test_files_are_compared_by_their_md5(home: Path) -> None:
    call(home, "save", "files", "--sql", "select file_key from fct_file", "--snapshot", first_of(home))
    found = told(home, "diff", "files")
    assert [(change["kind"], change["records"]) for change in found["changes"]] == [("version", 1)]
    assert found["changes"][0]["examples"][0]["identifier"] == "file-1"


def test_a_filter_that_chooses_a_record_no_more_is_a_removal(home: Path) -> None:
    asked = f"{ALL} where license_id = 'CC-BY-4.0'"
    call(home, "save", "free", "--sql", asked, "--snapshot", first_of(home))
    removed = next(change for change in told(home, "diff", "free")["changes"] if change["kind"] == "removed")
    assert [example["key"] for example in removed["examples"]] == [1, 3]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (
            "select modality, count(*) as n from fct_series group by 1",
            "A cohort needs a query that returns one of the columns",
        ),
        (f"{ALL} where false", "chooses no series of"),
        ("select series_key from fct_serie", "fct_serie"),
        ("select 1 as series_key; select 2 as series_key", "One SQL statement at a time"),
    ],
)
def test_a_query_that_is_no_cohort_is_a_sentence(home: Path, sql: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        call(home, "save", "wrong", "--sql", sql)
    assert not (home / "cohorts").exists()


@pytest.mark.parametrize("sql", [f"{ALL} where random() < 0.5", f"{ALL} order by instance_count limit 3"])
def test_a_query_that_may_choose_others_is_refused(home: Path, sql: str) -> None:
    with pytest.raises(NotCitable, match="A cohort must be the same each time that it is asked for"):
        call(home, "save", "others", "--sql", sql)


def test_a_prune_keeps_cohorts_and_is_not_held_up_by_them(home: Path) -> None:
    call(home, "save", "all", "--sql", ALL, "--snapshot", first_of(home))
    gone = first_of(home)
    pruned = CliRunner().invoke(app, ["snapshots", "prune", "--keep-last", "1"], env={"ICW_HOME": str(home)})
    assert pruned.exit_code == 0, pruned.output
    assert [snapshot.id for snapshot in catalog.snapshots(home)] == [catalog.snapshot(home, None).id]
    shown = call(home, "show", "all").stdout
    assert f"The snapshot {gone} is gone from this home. It was made of idc 23.5.0." in shown
    assert "icw refresh --idc 23.5.0" in shown
    assert told(home, "show", "all")["kept_as"] is None
    assert "gone" in call(home, "list").stdout
    with pytest.raises(UsageError, match="Name another snapshot to compare with: --from ID"):
        call(home, "diff", "all")
    later = catalog.snapshot(home, None).id
    assert told(home, "diff", "all", "--from", later)["changes"] == []


def test_other_keys_in_the_same_tables_are_refused(home: Path) -> None:
    from warehouse.cohorts import record, store

    call(home, "save", "all", "--sql", ALL)
    path = store.folder(home) / "all.json"
    other = record.read(path).model_copy(update={"keys_sha256": "0" * 64}).sealed()
    path.write_text(other.text())
    with pytest.raises(IntegrityError, match="not the 15 that it chose in the same tables"):
        call(home, "diff", "all")
