from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.support.small_release import FILES, land
from tests.support.tables import star_rows
from warehouse.build import Build, input_digest, open_build, prepare, run_models
from warehouse.build.digests import DBT_PROJECT, folder_digest
from warehouse.build.project import Project, project_with_empty_build, tables_read
from warehouse.build.statements import read_results
from warehouse.errors import BuildFailed
from warehouse.settings import Settings


def test_the_digest_of_the_input_changes_with_the_release(tmp_path: Path) -> None:
    landing, release = land(tmp_path)
    assert input_digest([release]) == input_digest(landing.releases("idc"))
    assert input_digest([release]) != input_digest([release.model_copy(update={"version": "25.0.6"})])
    assert input_digest([release]) != input_digest([])


@pytest.mark.parametrize("name", ["model.sql", "notes.md", "terms.csv"])
@pytest.mark.parametrize("parent", ["plain", "target", "logs"])
def test_the_digest_of_a_folder_changes_with_a_file_wherever_the_folder_lies(
    tmp_path: Path, parent: str, name: str
) -> None:
    folder = tmp_path / parent / "dbt"
    folder.mkdir(parents=True)
    (folder / name).write_text("select 1")
    before = folder_digest(folder)
    (folder / name).write_text("select 2")
    assert folder_digest(folder) != before


def test_the_digest_of_a_folder_leaves_out_what_decides_no_table(tmp_path: Path) -> None:
    before = folder_digest(tmp_path)
    for folder in ("target", "logs", "analyses"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "question.sql").write_text("select 1")
    assert folder_digest(tmp_path) == before


FULL_DISK = """
import resource, sys
from pathlib import Path
from tests.support.small_release import land
from warehouse.build import prepare
from warehouse.build.project import project_with_empty_build
from warehouse.errors import StorageError
from warehouse.settings import Settings
home = Path(sys.argv[1])
landing, release = land(home)
settings = Settings(home=home)
project_with_empty_build(settings)
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
try:
    prepare(home, landing, [release], settings)
except StorageError as error:
    print(error)
"""


def test_a_full_disk_while_laying_out_is_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "free some space" in done.stdout.lower()


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


@pytest.mark.full
class TestModelsThatRun:
    """A build is a copy of the build of nothing, and runs the tables that read what is there."""

    @pytest.fixture(scope="class")
    def build(self, tmp_path_factory: pytest.TempPathFactory) -> Build:
        home = tmp_path_factory.mktemp("some")
        files = {name: FILES[name] for name in ("idc_index", "collections_index")}
        landing, release = land(home, files)
        settings = Settings(home=home)
        build = prepare(home, landing, [release], settings)
        with duckdb.connect(str(build.database), read_only=True) as connection:
            there = connection.execute("select table_name from duckdb_tables() where schema_name = 'star'").fetchall()
        # A table that does not come about would be missing, not empty.
        assert not {name for (name,) in there} & set(build.models)
        run_models(build, settings)
        return build

    def test_what_reads_something_runs_and_what_does_not_is_there_all_the_same(self, build: Build) -> None:
        assert {"fct_series", "dim_collection", "dim_release", "rpt_counts"} <= set(build.models)
        assert not {"fct_condition", "fct_slide", "bridge_file_case"} & set(build.models)
        rows = star_rows(build)
        assert rows["fct_series"] == 2400
        made = {node.name: node.rows for node in read_results(build.results)}
        # The profile is filled once all of them have run.
        assert made.keys() == {*build.models, "fct_profile"}
        assert [name for name in rows.keys() & made.keys() if made[name] != rows[name]] == []
        assert {rows[name] for name in ("fct_condition", "fct_slide", "bridge_file_case")} == {0}

    @pytest.mark.full
    def test_to_run_all_of_them_makes_the_same_tables(self, build: Build, project: Project, tmp_path: Path) -> None:
        """No model that reads nothing makes other rows than it made of nothing."""
        settings = Settings(home=tmp_path)
        landing, release = land(tmp_path, {name: FILES[name] for name in ("idc_index", "collections_index")})
        prepared = prepare(tmp_path, landing, [release], settings)
        every = replace(prepared, models=tuple(name for _, name in tables_read(project)))
        with duckdb.connect(str(every.database)) as connection:
            for schema, name in tables_read(project):
                if name not in prepared.models:
                    connection.execute(f"drop table {schema}.{name}")
        run_models(every, settings)
        with duckdb.connect(str(every.database), read_only=True) as connection:
            connection.execute(f"attach '{build.database}' as fewer (read_only)")
            for name in star_rows(every):
                both = f"from star.{name} except all from fewer.star.{name}"
                assert connection.execute(f"select count(*) from ({both})").fetchall() == [(0,)], name
        assert star_rows(every) == star_rows(build)


STEERING = {
    "DBT_PROFILES_DIR": "/nowhere", "DBT_PROJECT_DIR": "/nowhere", "DBT_TARGET": "other", "DBT_PROFILE": "other",
    "DBT_FULL_REFRESH": "true", "DBT_EMPTY": "true", "DBT_DEFER": "true", "DBT_STATE": "/nowhere",
    "DBT_TARGET_PATH": "/nowhere", "DBT_LOG_PATH": "/nowhere", "DBT_WARN_ERROR": "true", "DBT_FAIL_FAST": "true",
}  # fmt: skip


@pytest.mark.full
def test_settings_of_the_callers_own_dbt_steer_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: Project
) -> None:
    for name, value in STEERING.items():
        monkeypatch.setenv(name, value)
    # A cache of its own: dbt parses the project, too.
    steered = project_with_empty_build(Settings(home=tmp_path, dbt_cache=tmp_path / "cache"))
    assert steered.statements == project.statements
    assert {name: os.environ[name] for name in STEERING} == STEERING


@pytest.mark.parametrize("name", ["issue #12", 'a b% 20;c "{ü}" -- x'])
def test_a_home_may_have_any_name(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    settings = Settings(home=home)
    landing, release = land(home)
    build = replace(prepare(home, landing, [release], settings), models=("dim_release",))
    run_models(build, settings)
    with duckdb.connect(str(build.database), read_only=True) as connection:
        assert connection.sql("select count(*) > 0 from star.dim_release").fetchall() == [(True,)]
