"""`icw export-ddl` as it is called: printed, written, reported, refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dagster_project.cli import app
from warehouse.errors import OutputError, UsageError
from warehouse.snapshots.catalog import Snapshot


def call(snapshot: Snapshot, *options: str) -> Result:
    home = str(snapshot.folder.parent.parent)
    done = CliRunner().invoke(app, ["export-ddl", *options], env={"ICW_HOME": home}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def test_a_script_is_printed(awkward: Snapshot) -> None:
    done = call(awkward, "--for", "bigquery", "--location", "gs://bucket/a", "--snapshot", awkward.id)
    assert done.stdout.startswith(f"-- Loads snapshot {awkward.id} ")
    assert "create schema if not exists `imaging_commons_synthetic`;" in done.stdout
    assert done.stdout.endswith("order by published_counts.table_name;\n")
    assert "SYNTHETIC" in done.stderr


def test_a_script_is_written_into_a_folder_and_reported(awkward: Snapshot, tmp_path: Path) -> None:
    printed = call(awkward, "--for", "spark").stdout
    report = json.loads(call(awkward, "--for", "spark", "-o", str(tmp_path / "new"), "--json").stdout)
    path = tmp_path / "new" / f"{awkward.id}.spark.sql"
    assert path.read_text(encoding="utf-8") == printed
    assert report == {
        "snapshot_id": awkward.id,
        "synthetic": True,
        "tables_digest": awkward.manifest.tables_digest,
        "engine": "spark",
        "schema": "imaging_commons_synthetic",
        "files": f"{awkward.tables_folder.resolve()}/",
        "path": str(path),
        "tables": 3,
        "rows": 109,
        "foreign_keys": 2,
        "statements": 8,
    }
    assert len(re.findall(r";$", printed, re.MULTILINE)) == 8
    assert call(awkward, "--for", "spark", "-o", str(tmp_path / "new")).stdout == f"{path}\n"


def test_nothing_is_written_into_a_home(awkward: Snapshot) -> None:
    with pytest.raises(UsageError, match="lies in the warehouse home"):
        call(awkward, "--for", "spark", "-o", str(awkward.folder))
    assert not list(awkward.folder.glob("*.sql"))


def test_a_report_needs_a_place_for_the_script(awkward: Snapshot) -> None:
    with pytest.raises(UsageError, match="name a folder for it with --output"):
        call(awkward, "--for", "spark", "--json")


def test_a_folder_that_cannot_be_made_is_told(awkward: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="Name a folder that you may write to"):
        call(awkward, "--for", "spark", "-o", str(tmp_path / "file"))
