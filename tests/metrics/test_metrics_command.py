"""`icw metrics`: the list, the values of a metric, and what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dagster_project.cli import app
from tests.support import small_release
from tests.support.sample_build import PASSED, make_build
from warehouse.build import open_build
from warehouse.errors import AbsentData, UsageError
from warehouse.metrics.model import SemanticModel
from warehouse.snapshots import query
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.publish import publish

Icw = Callable[..., Result]


@pytest.fixture
def icw(published: Snapshot, monkeypatch: pytest.MonkeyPatch) -> Icw:
    monkeypatch.setenv("ICW_HOME", str(published.folder.parents[1]))
    monkeypatch.setenv("COLUMNS", "300")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["metrics", *arguments])

    return run


def test_the_list_has_every_metric(icw: Icw, model: SemanticModel) -> None:
    shown = icw().stdout
    assert all(metric.name in shown and metric.description.split()[0] in shown for metric in model.metrics)
    assert [entry["name"] for entry in json.loads(icw("--json").stdout)] == [metric.name for metric in model.metrics]


def test_a_person_sees_values_unit_and_what_is_null(icw: Icw) -> None:
    shown = icw("instances", "--where", "modality = 'CT'").stdout
    assert "Instances (instances): DICOM instances" in shown
    (hub,) = [line for line in shown.splitlines() if line.startswith("bih")]
    assert hub.endswith("null")
    assert "--by: repository, collection" in shown


def test_a_program_gets_rows_query_and_marks(icw: Icw, published: Snapshot) -> None:
    report = json.loads(icw("series", "--by", "modality, license", "--json").stdout)
    assert [*report["rows"][0]] == ["source", "modality", "license", "series"]
    assert (report["snapshot_id"], report["synthetic"]) == (published.id, published.manifest.synthetic)
    with query.run(published, report["sql"]) as result:
        assert len(result.page(10_000).rows) == len(report["rows"])
    assert report["sql"] == icw("series", "--by", "modality,license", "--sql").stdout.rstrip("\n")


def test_made_up_data_is_marked(icw: Icw) -> None:
    assert "SYNTHETIC" in icw("series").stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("seires",), "Did you mean series"),
        (("series", "--by", "modalty"), "Did you mean modality"),
        (("studies", "--by", "modality"), "count rows several times"),
        (("series", "--where", "true"), "names no dimension"),
        (("series", "--where", "modality = 1 group"), "not one SQL expression"),
        (("series", "--where", "modality = 'CT' and planet = 1"), "planet"),
        (("series", "--where", "modality in (select content from read_text('/etc/passwd'))"), "read-only"),
        (("--by", "modality"), "need a metric"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(icw: Icw, arguments: tuple[str, ...], sentence: str) -> None:
    refused = icw(*arguments)
    assert isinstance(refused.exception, UsageError)
    assert sentence in str(refused.exception)


def test_what_is_absent_is_not_zero(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the portals no file is known of, which is not none."""
    shutil.copytree(small_release.built_once(tmp_path_factory).folder.parents[1], tmp_path, dirs_exist_ok=True)
    publish(open_build(tmp_path), [PASSED], tmp_path, {"model": 1.0})
    monkeypatch.setenv("ICW_HOME", str(tmp_path))
    refused = CliRunner().invoke(app, ["metrics", "files"])
    assert isinstance(refused.exception, AbsentData)
    assert "files counts what is absent from this snapshot, which is not zero. fct_file is empty" in str(
        refused.exception
    )
    partly = CliRunner().invoke(app, ["metrics", "gap_size", "--json"])
    assert any("rec_gap" in sentence for sentence in json.loads(partly.stdout)["absent"])
    assert all(row["gap_size"] is None for row in json.loads(partly.stdout)["rows"] if "bih" in row["comparison"])


def test_an_older_snapshot_says_that_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(make_build(tmp_path / "build"), [PASSED], tmp_path / "home", {"model": 1.0})
    monkeypatch.setenv("ICW_HOME", str(tmp_path / "home"))
    refused = CliRunner().invoke(app, ["metrics", "files"])
    assert "no table fct_file, which the metric reads: it is older" in str(refused.exception)
