from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

from tests.quality.small_release import land
from warehouse.build import DBT_PROJECT, _folder_digest, dbt_steps, input_digest, open_build, parse_project, prepare
from warehouse.dbt_manifest import read_star_description
from warehouse.errors import BuildFailed
from warehouse.settings import Settings


def test_processes_that_parse_at_once_all_get_the_manifest(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        paths = pool.map(parse_project, [tmp_path / "dbt"] * 3)
    assert len(set(paths)) == 1
    assert len(json.loads(paths[0].read_text())["nodes"]) > 100
    assert [path.name for path in (tmp_path / "dbt").iterdir()] == [paths[0].parent.name]


def test_the_digest_of_the_input_changes_with_the_release(tmp_path: Path) -> None:
    landing, release = land(tmp_path)
    assert input_digest([release]) == input_digest(landing.releases("idc"))
    assert input_digest([release]) != input_digest([release.model_copy(update={"version": "25.0.6"})])
    assert input_digest([release]) != input_digest([])


@pytest.mark.parametrize("parent", ["plain", "target", "logs"])
def test_the_digest_of_a_folder_changes_with_a_file_wherever_the_folder_lies(tmp_path: Path, parent: str) -> None:
    folder = tmp_path / parent / "dbt"
    folder.mkdir(parents=True)
    (folder / "model.sql").write_text("select 1")
    before = _folder_digest(folder)
    (folder / "model.sql").write_text("select 2")
    assert _folder_digest(folder) != before


def test_the_digest_of_a_folder_leaves_out_what_decides_no_table(tmp_path: Path) -> None:
    before = _folder_digest(tmp_path)
    for folder in ("target", "logs", "analyses"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "question.sql").write_text("select 1")
    assert _folder_digest(tmp_path) == before


FULL_DISK = """
import resource, sys
from pathlib import Path
from tests.quality.small_release import land
from warehouse.build import prepare
from warehouse.errors import StorageError
from warehouse.settings import Settings
home = Path(sys.argv[1])
landing, release = land(home)
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
try:
    prepare(home, landing, [release], Settings(home=home))
except StorageError as error:
    print(error)
"""


def test_a_full_disk_while_laying_out_is_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "Free some space" in done.stdout


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


def test_the_dbt_project_is_where_the_build_looks_for_it() -> None:
    assert (DBT_PROJECT / "dbt_project.yml").is_file()


def test_what_dbt_does_not_run_is_what_the_audit_judges(parsed_project: Path) -> None:
    nodes = json.loads(parsed_project.read_text(encoding="utf-8"))["nodes"]
    judged = read_star_description(parsed_project).references
    assert dbt_steps(parsed_project) == len(nodes) - len(judged)
    assert len(judged) > 100
