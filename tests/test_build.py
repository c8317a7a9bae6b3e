from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest

from tests.quality.small_release import land
from warehouse.build import DBT_PROJECT, dbt_failure, input_digest, open_build, parse_project, prepare
from warehouse.errors import AuditFailed, BuildFailed, StorageError
from warehouse.landing import Landing
from warehouse.settings import Settings


def test_processes_that_parse_at_once_all_get_the_manifest(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        paths = pool.map(parse_project, [tmp_path / "dbt"] * 3)
    assert len(set(paths)) == 1
    assert len(json.loads(paths[0].read_text())["nodes"]) > 100
    assert [path.name for path in (tmp_path / "dbt").iterdir()] == [paths[0].parent.name]


def test_the_digest_of_the_input_changes_with_the_release_only(tmp_path: Path) -> None:
    landing, release = land(tmp_path)
    assert input_digest([release]) == input_digest(landing.releases("idc"))
    assert input_digest([release]) != input_digest([release.model_copy(update={"version": "25.0.6"})])
    assert input_digest([release]) != input_digest([])


def test_a_build_is_found_again_by_another_process(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    landing, release = land(tmp_path)
    prepared = prepare(tmp_path, landing, [release], settings)
    assert open_build(tmp_path) == prepared


def test_a_home_without_a_build_says_so(tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match="icw refresh"):
        open_build(tmp_path)


def test_a_new_build_removes_the_earlier_one(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    landing, release = land(tmp_path)
    first = prepare(tmp_path, landing, [release], settings)
    second = prepare(tmp_path, landing, [], settings)
    assert not first.folder.exists()
    assert second.folder.exists()


@pytest.mark.parametrize(
    ("results", "kind", "says"),
    [
        ([("fail", "unique_fct_series_series_key", "Got 2 results")], AuditFailed, "unique_fct_series_series_key"),
        ([("error", "fct_series", "Binder Error: no such column")], BuildFailed, "no such column"),
        ([("error", "fct_series", "IO Error: No space left on device")], StorageError, "Free some space"),
        ([("fail", "a", "x"), ("error", "b", "y")], BuildFailed, "a, b"),
        ([("fail", name, "x") for name in "abcde"], AuditFailed, "2 more"),
    ],
)
def test_a_dbt_failure_has_the_class_of_its_cause(
    tmp_path: Path, results: list[tuple[str, str, str]], kind: type[Exception], says: str
) -> None:
    build = prepare(tmp_path, Landing(tmp_path), [], Settings(home=tmp_path))
    build.dbt_target.mkdir()
    entries = [
        {"status": status, "unique_id": f"model.imaging_commons.{name}", "message": text}
        for status, name, text in results
    ]
    (build.dbt_target / "run_results.json").write_text(json.dumps({"results": entries, "elapsed_time": 1.0}))
    error = dbt_failure(build)
    assert type(error) is kind
    assert says in str(error)


def test_the_dbt_project_is_where_the_build_looks_for_it() -> None:
    assert (DBT_PROJECT / "dbt_project.yml").is_file()
