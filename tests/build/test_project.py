"""What dbt makes of the project itself: once for each state of it, whole or not at all, for all processes that ask."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import time
from pathlib import Path

import duckdb
import pytest

from warehouse.build import dbt_run, digests
from warehouse.build.project import Project, live_tables, parsed_project, project_with_empty_build, tables_read
from warehouse.contracts import load_contract
from warehouse.dbt_manifest import read_star_description
from warehouse.errors import BuildFailed, StorageError
from warehouse.registry import SOURCE_NAMES
from warehouse.settings import Settings

SQL_FILES = [path for folder in ("models", "macros") for path in (digests.DBT_PROJECT / folder).rglob("*.sql")]

EVERY_DATASET = frozenset(
    {("landed", "idc_history")} | {(source, name) for source in SOURCE_NAMES for name in load_contract(source).datasets}
)


def ask(cache: Path) -> Project:
    """Ask for the project where a parse says who made it, and takes its time; dbt's own is behind every other test."""

    def parse(folder: Path, target: str) -> None:
        with (cache / "parses").open("a") as parses:
            parses.write("one\n")
        time.sleep(0.5)
        (folder / "manifest.json").write_text("{}")

    dbt_run.parse = parse  # type: ignore[assignment]
    return parsed_project(cache)


def test_processes_that_ask_at_once_all_get_the_same_parse(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        found = pool.map(ask, [tmp_path] * 3)
    assert len(set(found)) == 1
    assert (tmp_path / "parses").read_text() == "one\n"
    assert {path.name for path in tmp_path.iterdir()} == {found[0].folder.name, "lock", "parses"}


def test_the_parse_is_that_of_the_project(project: Project) -> None:
    assert len(json.loads(project.manifest.read_text())["nodes"]) > 100
    assert project.parsed.is_file()


def test_a_state_of_the_project_is_parsed_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.build.dbt_run.parse", None)
    assert parsed_project(project.folder.parent) == project


@pytest.mark.parametrize("engine", ["duckdb", "dbt-core", "dbt-adapters", "dbt-duckdb"])
def test_another_version_of_an_engine_is_another_state(monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    before = digests.project_digest()
    version = digests.importlib.metadata.version
    monkeypatch.setattr(
        digests.importlib.metadata, "version", lambda name: version(name) + ("+1" if name == engine else "")
    )
    assert digests.project_digest() != before


@pytest.mark.parametrize(
    "file", ["docs/overview.md", "docs/keys.md", "analyses/05_size_of_a_download.sql", "profiles.yml"]
)
def test_whatever_dbt_reads_makes_another_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    shutil.copytree(digests.DBT_PROJECT, tmp_path / "dbt", ignore=shutil.ignore_patterns("target", "logs"))
    monkeypatch.setattr(digests, "DBT_PROJECT", tmp_path / "dbt")
    before = digests.project_digest()
    with (tmp_path / "dbt" / file).open("a") as opened:
        opened.write("\n")
    assert digests.project_digest() != before


def test_a_project_that_cannot_be_parsed_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.build.dbt_run.parse", lambda folder, target: ValueError("model x is not found"))
    with pytest.raises(BuildFailed, match="cannot be parsed: model x is not found"):
        parsed_project(tmp_path / "dbt")
    assert [path.name for path in (tmp_path / "dbt").iterdir()] == ["lock"]


def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        parsed_project(tmp_path / "file" / "dbt")


@pytest.mark.parametrize("name", ["manifest.json", "empty/statements.json"])
@pytest.mark.parametrize("content", [None, b"", b'[{"unique_id"'])
def test_a_damaged_cache_is_one_sentence(project: Project, tmp_path: Path, name: str, content: bytes | None) -> None:
    damaged = Project(tmp_path)
    (tmp_path / "empty").mkdir()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BuildFailed, match=r"cache of the dbt project in .* cannot be read .* Remove that folder"):
        _ = damaged.models if name == "manifest.json" else damaged.statements


def test_states_that_nobody_used_lately_are_removed_all_but_a_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = 86_400
    states = [f"{number:016x}" for number in range(8)]
    # The cache may be a folder with other things in it: they stay, however old and whatever their names.
    for age, name in enumerate([*states, "models", "seeds", "f" * 16]):
        folder = tmp_path / name
        folder.mkdir()
        if name in states:
            (folder / "manifest.json").touch()
        os.utime(folder, (time.time() - age * day, time.time() - age * day))
    monkeypatch.setattr("warehouse.build.dbt_run.parse", lambda folder, target: None)
    made = parsed_project(tmp_path)
    kept = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert kept == {*states[:3], made.folder.name, "models", "seeds", "f" * 16}


def test_the_build_of_nothing_holds_every_model_seed_and_view(project: Project, tmp_path: Path) -> None:
    whole = project_with_empty_build(Settings(home=tmp_path))
    assert whole == project
    with duckdb.connect(str(whole.empty_build), read_only=True) as connection:
        relations = connection.execute("select table_schema || '.' || table_name from information_schema.tables")
        there = {str(name) for (name,) in relations.fetchall()}
        nodes = json.loads(whole.manifest.read_text())["nodes"].values()
        declared = {f"{node['schema']}.{node['alias']}" for node in nodes if node["resource_type"] in ("model", "seed")}
        assert declared <= there
        assert connection.execute("select count(*) from seeds.seed_modality").fetchall()[0][0] > 50
        for table in read_star_description(whole.manifest).tables:
            if table.name.startswith("bridge_"):
                assert connection.execute(f"select count(*) from star.{table.name}").fetchall() == [(0,)]


def test_the_relationships_in_the_snapshot_are_those_that_the_audit_checks(project: Project, tmp_path: Path) -> None:
    whole = project_with_empty_build(Settings(home=tmp_path))
    with duckdb.connect(str(whole.empty_build), read_only=True) as connection:
        published = connection.execute(
            "select from_table, from_column, 'star.' || to_table, to_column, rows_condition, is_enforced "
            "from star.meta_relationship"
        ).fetchall()
    declared = {
        (entry.table, entry.column, entry.parent, entry.parent_column, entry.condition, entry.must_hold)
        for entry in read_star_description(project.manifest).references
        if entry.parent.startswith("star.")
    }
    assert len(published) == len(declared) > 100
    assert set(published) == declared


def test_tables_in_parts_are_parted_by_a_column_that_is_never_null_and_begins_their_order(project: Project) -> None:
    star = read_star_description(project.manifest)
    parted = {table.name: table for table in star.tables if table.parts_by}
    assert {name: table.parts_by for name, table in parted.items()} == {
        "dim_study": "source_id",
        "fct_series": "source_id",
        "fct_study": "source_id",
        "rec_gap_row": "comparison_id",
        "xwalk_series": "in_idc",
        "xwalk_study": "in_idc",
    }
    for name, table in parted.items():
        assert table.order_by[0] == table.parts_by
        assert any(
            rule.relation == f"star.{name}" and rule.kind == "not_null" and rule.columns == (table.parts_by,)
            for rule in star.column_rules
        )


def test_with_everything_absent_only_what_reads_the_loads_runs(project: Project) -> None:
    live = live_tables(project, EVERY_DATASET)
    assert "dim_release" in live
    assert not {"fct_series", "fct_file", "dim_patient"} & set(live)


def test_one_dataset_brings_all_that_reads_it_to_life(project: Project) -> None:
    nothing = set(live_tables(project, EVERY_DATASET))
    live = set(live_tables(project, EVERY_DATASET - {("midrc", "measurement")}))
    assert {"fct_measurement", "bridge_measurement_case"} <= live - nothing
    assert "fct_slide" not in live


def test_with_everything_there_every_table_runs(project: Project) -> None:
    # The build itself fills the profile.
    of_the_project_alone = {"meta_relationship", "fct_profile"}
    every_table = {name for _, name in tables_read(project)}
    assert set(live_tables(project, frozenset())) == every_table - of_the_project_alone


def test_lineage_passes_through_views_and_leaves_out_seeds(project: Project) -> None:
    reads = tables_read(project)
    assert ("idc", "idc_index") in reads["star", "dim_modality"]
    assert reads["star", "fct_condition"] == {("midrc", "case")}
    assert {schema for of in reads.values() for schema, _ in of} == {"idc", "midrc", "bih", "landed", "star", "staging"}
    names = list(reads)
    assert all(names.index(read) < names.index(table) for table, of in reads.items() for read in of if read in reads)


def test_no_model_asks_the_database_while_it_is_compiled() -> None:
    """The views are compiled once for each state of the project, when nothing is landed; the graph is that state.

    So are the columns of a staging view, which `occurrence` asks for.
    """
    asking = re.compile(r"run_query|load_result|call statement|adapter\.(get_|execute)|graph\.|execute %}")
    found = {path.name for path in SQL_FILES if asking.search(path.read_text(encoding="utf-8"))}
    assert found <= {"fresh_table.sql", "declared_relationships.sql", "occurrence.sql"}
    assert len(SQL_FILES) > 150


def test_each_source_of_a_star_table_has_the_columns_that_the_yml_says(project: Project, tmp_path: Path) -> None:
    """A column that a source has and that the yml does not give to it would be null in the star."""
    whole = project_with_empty_build(Settings(home=tmp_path))
    nodes = {node["name"]: node for node in whole.models.values()}
    unions = {
        path.stem: re.findall(r"'(\w+)'", models)
        for path in SQL_FILES
        for models in re.findall(r"union_by_columns\(\[([^]]+)\]\)", path.read_text(encoding="utf-8"))
    }
    assert len(unions) > 5
    wrong = []
    with duckdb.connect(str(whole.empty_build), read_only=True) as connection:
        for union, models in unions.items():
            columns = nodes[union]["columns"]
            for model in models:
                made = [str(row[0]) for row in connection.execute(f"describe staging.{model}").fetchall()]
                source = model.removeprefix("int_").split("__")[0]
                said = {name for name, of in columns.items() if source in of["config"]["meta"].get("sources", [source])}
                wrong += [(union, model, name) for name in said ^ (set(made) & set(columns))]
    assert not wrong


def test_no_view_names_a_column_twice(project: Project, tmp_path: Path) -> None:
    """DuckDB renames the second of two columns of one name, and whoever reads the name gets the first."""
    with duckdb.connect() as connection:
        connection.execute("create view twice as select 1 as a, 2 as a")
        renamed = [str(row[0]) for row in connection.execute("describe twice").fetchall()]
    assert renamed == ["a", "a_1"]
    whole = project_with_empty_build(Settings(home=tmp_path))
    with duckdb.connect(str(whole.empty_build), read_only=True) as connection:
        relations = connection.execute(
            "select table_name, list(column_name) from information_schema.columns "
            "where table_schema in ('staging', 'star') group by table_name"
        ).fetchall()
    assert len(relations) > 100
    assert not [
        (name, column)
        for name, columns in relations
        for column in columns
        if re.sub(r"_\d+$", "", column) in set(columns) - {column}
    ]


def test_every_attribute_of_a_series_of_idc_is_compared_between_releases(project: Project, tmp_path: Path) -> None:
    """A column that fct_series_change does not compare could change unnoticed."""
    whole = project_with_empty_build(Settings(home=tmp_path))
    with duckdb.connect(str(whole.empty_build), read_only=True) as connection:
        index, history = (
            {str(row[0]) for row in connection.execute(f"describe staging.{view}").fetchall()}
            for view in ("stg_idc__idc_index", "stg_landing__idc_history")
        )
    # Computed from others, the place of the files, sizes (rounded up to release 23), and what a release says of itself.
    not_compared = {"source_id", "analysis_result_id_raw", "patient_age_stated_years", "aws_bucket", "series_aws_url"}
    not_compared |= {"size_bytes", "first_idc_version", "revised_idc_version"}
    assert index - history == not_compared
    change = next(path for path in SQL_FILES if path.name == "fct_series_change.sql").read_text(encoding="utf-8")
    compared = set(re.findall(r"'(\w+)': '\w+'", change))
    assert history - compared == {
        *("idc_version", "upstream_version", "absent_columns"),
        *("series_instance_uid", "crdc_series_uuid"),
    }
