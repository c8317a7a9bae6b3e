"""What `icw sql` and `icw tables` print for a person."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dagster_project.cli import app
from tests.support.sample_build import PASSED, make_build, release
from warehouse.build import Evidence
from warehouse.errors import UsageError
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.publish import publish


def run(published: Snapshot, *arguments: str) -> Result:
    home = str(published.folder.parent.parent)
    done = CliRunner().invoke(app, list(arguments), env={"ICW_HOME": home}, catch_exceptions=False)
    assert done.exit_code == 0
    return done


def shown(published: Snapshot, *arguments: str) -> list[str]:
    return [line.rstrip() for line in run(published, *arguments).stdout.splitlines()]


def test_numbers_have_their_thousands_marked_but_keys_and_years_do_not(published: Snapshot) -> None:
    query = "select 12345 as a, 12345::hugeint as b, 1234567.5 as c, 12345 as d_key, 2026 as e_year, true as f"
    assert shown(published, "sql", query)[-1].split(" │ ") == [
        "12,345",
        "12,345",
        "1,234,567.5",
        "12345",
        "  2026",
        "true",
    ]


def test_rows_stand_one_below_the_other_where_the_columns_do_not_fit_beside(published: Snapshot) -> None:
    columns = ", ".join(f"{number} as a_long_name_{number}" for number in range(12))
    lines = shown(published, "sql", f"select {columns} from range(2)")
    assert lines[0].split(" │ ") == ["a_long_name_0 ", "0"]
    assert lines[11].split(" │ ") == ["a_long_name_11", "11"]
    assert len(lines) == 12 + 1 + 12


def test_an_answer_without_rows_says_so(published: Snapshot) -> None:
    columns = ", ".join(f"{number} as a_long_name_{number}" for number in range(12))
    assert shown(published, "sql", f"select {columns} from range(0)") == ["No rows."]
    assert shown(published, "sql", "select 1 as a from range(0)") == ["a", "━", "No rows."]


@pytest.mark.parametrize("synthetic", [True, False])
def test_an_answer_from_made_up_data_says_so_beside_the_answer(tmp_path: Path, synthetic: bool) -> None:
    publish(make_build(tmp_path / "build", synthetic=synthetic), [PASSED], tmp_path / "home", {})
    done = run(snapshot(tmp_path / "home", None), "sql", "select 1 as a")
    assert done.stdout.split() == ["a", "━", "1"]
    assert ("SYNTHETIC" in done.stderr) is synthetic


def test_the_tables_are_listed_by_kind_with_one_sentence_each(published: Snapshot) -> None:
    lines = shown(published, "tables")
    assert [line.split("│")[0].strip() for line in lines if "│ The table" in line] == ["dim_collection", "fct_series"]
    assert [line for line in lines if "Dimensions:" in line or "Facts:" in line] == [
        line for line in lines if line.startswith(" ") and "│" in line
    ]
    assert not [line for line in lines if "empty" in line]


def test_a_table_is_shown_with_its_grain_its_key_and_its_columns(published: Snapshot) -> None:
    lines = shown(published, "tables", "FCT_series")
    assert lines[1] == "One row is one DICOM series; primary key series_key; 500 rows."
    (line,) = [line for line in lines if line.startswith("collection_key")]
    assert [part.strip() for part in line.split("│")] == [
        *("collection_key", "BIGINT", "Key of the collection. -> dim_collection.collection_key")
    ]
    (entry,) = json.loads("".join(shown(published, "tables", "fct_series", "--json")))
    assert (entry["primary_key"], entry["grain"], entry["rows"]) == (["series_key"], "one DICOM series", 500)
    assert entry["columns"][0] == {
        **{"name": "series_key", "type": "BIGINT", "references": None},
        "description": "Surrogate key (source and SeriesInstanceUID).",
    }


@pytest.mark.parametrize(
    ("name", "advice"),
    [("fct_serie", r"Did you mean fct_series\?"), ("nothing", "`icw tables` lists them.")],
)
def test_a_table_that_is_not_there_is_one_short_sentence(published: Snapshot, name: str, advice: str) -> None:
    with pytest.raises(UsageError, match=f"There is no table '{name}' in snapshot .*. {advice}"):
        shown(published, "tables", name)


def test_the_earlier_releases_that_a_build_read_are_shown_and_described(tmp_path: Path) -> None:
    build = make_build(tmp_path / "build")
    publish(replace(build, evidence=Evidence((release("21.0.0"), release("22.1.5")))), [PASSED], tmp_path / "home", {})
    found = snapshot(tmp_path / "home", None)
    assert "Read as evidence of what changed: idc 21.0.0, idc 22.1.5" in shown(found, "status")
    report = json.loads("".join(shown(found, "status", "--json")))
    assert report["earlier"] == [{"source": "idc", "version": version} for version in ("21.0.0", "22.1.5")]
    readme = (found.folder / "README.md").read_text()
    assert "| idc 22.1.5 | idc_index | 500 | https://storage.example.org/22.1.5/release_artifacts/" in readme
    publish(build, [PASSED], tmp_path / "alone", {})
    alone = snapshot(tmp_path / "alone", None)
    assert "evidence" not in "".join(shown(alone, "status")) + (alone.folder / "README.md").read_text()
