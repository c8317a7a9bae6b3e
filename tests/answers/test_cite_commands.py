"""Citing as it is called: `icw sql --cite`, `icw cite --sql`, `icw cite list`, `icw cite verify`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dagster_project.cli import app
from warehouse.answers import record
from warehouse.errors import NotCitable, StorageError, UsageError
from warehouse.snapshots import catalog

SQL = "select modality, count(*) as n from fct_series where modality is not null group by 1 order by n desc, 1"


def call(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"ICW_HOME": str(home)}, catch_exceptions=False)


def test_the_answer_is_shown_and_its_citation_is_said_on_standard_error(home: Path) -> None:
    done = call(home, "sql", SQL, "--json", "--cite")
    assert done.exit_code == 0, done.output
    assert [row["modality"] for row in json.loads(done.stdout)] == ["SEG", "CT", "MR"]
    (path,) = (home / "citations").glob("cite-*.json")
    assert str(path) in done.stderr
    assert record.read(path).paragraph in done.stderr


def test_the_record_lies_beside_the_result(home: Path, tmp_path: Path) -> None:
    result = tmp_path / "out.csv"
    assert call(home, "sql", SQL, "-o", str(result), "--cite").exit_code == 0
    assert result.read_text(encoding="utf-8").splitlines()[0] == '"modality","n"'
    beside = record.read(tmp_path / "out.csv.citation.json")
    assert beside.file is not None
    assert beside.file.name == "out.csv"
    (path,) = (home / "citations").glob("cite-*.json")
    assert record.read(path).record_sha256 != beside.record_sha256
    assert (record.read(path).id, record.read(path).result) == (beside.id, beside.result)


def test_a_home_that_takes_no_record_still_gives_the_one_beside_the_result(home: Path, tmp_path: Path) -> None:
    (home / "citations").write_text("in the way", encoding="utf-8")
    done = call(home, "sql", SQL, "-o", str(tmp_path / "out.csv"), "--cite")
    assert done.exit_code == 0
    assert "Not in the home's query store" in done.stderr
    assert record.read(tmp_path / "out.csv.citation.json").result.rows == 3
    with pytest.raises(StorageError, match="cannot be kept"):
        call(home, "sql", SQL, "--cite")


def test_cite_prints_the_paragraph_or_the_record(home: Path) -> None:
    printed = call(home, "cite", "--sql", SQL)
    (path,) = (home / "citations").glob("cite-*.json")
    assert printed.stdout.strip() == record.read(path).paragraph
    assert str(path) in printed.stderr
    as_json = call(home, "cite", "--sql", f"-- again\n{SQL};", "--json")
    assert json.loads(as_json.stdout)["id"] == path.stem
    assert as_json.stdout == path.read_text(encoding="utf-8")


def test_parameters_and_attached_snapshots_are_cited(home: Path) -> None:
    call(home, "cite", "--sql", "select count(*) as n from fct_series where modality = $m", "-p", "m=CT")
    (path,) = (home / "citations").glob("cite-*.json")
    assert record.read(path).parameters == {"m": "CT"}


def test_list_shows_what_was_cited_and_what_cannot_be_read(home: Path) -> None:
    assert "Nothing has been cited yet" in call(home, "cite", "list").stdout
    call(home, "cite", "--sql", SQL)
    (home / "citations" / "cite-broken.json").write_text("{", encoding="utf-8")
    listed = call(home, "cite", "list")
    (kept,) = [path for path in (home / "citations").glob("*.json") if path.stem != "cite-broken"]
    assert kept.stem in listed.stdout
    assert "damaged" in listed.stdout
    entries = json.loads(call(home, "cite", "list", "--json").stdout)
    assert [entry.get("id") for entry in entries] == [None, kept.stem]


def test_verify_exits_with_0_and_with_3(home: Path, tmp_path: Path) -> None:
    result = tmp_path / "out.tsv"
    call(home, "sql", SQL, "-o", str(result), "--cite")
    record_path = str(tmp_path / "out.tsv.citation.json")
    equal = call(home, "cite", "verify", record_path)
    assert (equal.exit_code, equal.stdout.startswith("equal: cite-")) == (0, True)
    result.write_text(result.read_text(encoding="utf-8").replace("CT\t", "XT\t"), encoding="utf-8")
    differs = call(home, "cite", "verify", record_path)
    assert differs.exit_code == 3
    assert "It first differs at row 1, column modality" in differs.stdout
    report = json.loads(call(home, "cite", "verify", record_path, "--json").stdout)
    assert (report["equal"], len(report["differences"])) == (False, 1)


def test_what_cannot_be_cited_is_a_sentence_and_writes_nothing(home: Path, tmp_path: Path) -> None:
    with pytest.raises(NotCitable, match="depends on time"):
        call(home, "sql", "select now()", "-o", str(tmp_path / "out.csv"), "--cite")
    assert not list(tmp_path.glob("out*"))
    assert not (home / "citations").exists()
    with pytest.raises(UsageError, match="add --sql QUERY"):
        call(home, "cite", "--json")
    with pytest.raises(UsageError, match="the snapshot once"):
        call(home, "cite", "2026", "--snapshot", "2026", "--sql", "select 1")
    with pytest.raises(UsageError, match="There is no file"):
        call(home, "cite", "verify", str(tmp_path / "gone.json"))


def test_what_is_no_text_or_no_number_is_a_sentence_and_writes_nothing(home: Path) -> None:
    with pytest.raises(UsageError, match="no UTF-8 text"):
        call(home, "cite", "--sql", "select '\udcff' as a")
    with pytest.raises(UsageError, match="no UTF-8 text"):
        call(home, "sql", "select '\udcff' as a")
    with pytest.raises(UsageError, match="is no number"):
        call(home, "cite", "--sql", "select $x as a", "-p", "x:=1e999")
    assert not (home / "citations").exists()


def test_without_cite_nothing_is_kept(home: Path) -> None:
    assert call(home, "sql", SQL).exit_code == 0
    assert not (home / "citations").exists()
    assert catalog.snapshot(home, None).id
