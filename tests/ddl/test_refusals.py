"""What no script is written for, and what the sentence says then: locations, schemas, names, types, damaged files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from warehouse.ddl.contents import contents_of
from warehouse.ddl.keys import foreign_keys
from warehouse.ddl.names import EngineName
from warehouse.ddl.script import load_script
from warehouse.errors import IntegrityError, UsageError
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import TableEntry


@pytest.mark.parametrize(
    ("engine", "location", "root"),
    [
        ("bigquery", "gs://bucket", "gs://bucket/{id}/tables"),
        ("bigquery", "gs://bucket/a/", "gs://bucket/a/{id}/tables"),
        ("bigquery", "gs://bucket/a/{id}", "gs://bucket/a/{id}/tables"),
        ("snowflake", "s3://bucket/it's here", "s3://bucket/it's here/{id}/tables"),
        ("snowflake", "@base.schema.stage/a-b/c", "@base.schema.stage/a-b/c/{id}/tables"),
        ("athena", "s3://bucket", "s3://bucket/{id}/tables"),
        ("clickhouse", "https://minio.example:9000/bucket", "https://minio.example:9000/bucket/{id}/tables"),
        ("clickhouse", "/srv/snapshots/", "/srv/snapshots/{id}/tables"),
        ("clickhouse", None, "{home}/{id}/tables"),
        ("spark", "abfss://c@account.dfs.example/a", "abfss://c@account.dfs.example/a/{id}/tables"),
        ("spark", None, "{home}/{id}/tables"),
    ],
)
def test_a_location_is_where_snapshots_lie(awkward: Snapshot, engine: EngineName, location: str, root: str) -> None:
    place = None if location is None else location.format(id=awkward.id)
    found = load_script(awkward, engine, Settings(), place).load.root
    assert found == root.format(id=awkward.id, home=awkward.folder.parent.resolve())


@pytest.mark.parametrize("engine", ["bigquery", "snowflake", "athena"])
def test_a_location_is_never_made_up(awkward: Snapshot, engine: EngineName) -> None:
    with pytest.raises(UsageError, match=r"does not read files of this machine: say where the snapshot is"):
        load_script(awkward, engine, Settings())


@pytest.mark.parametrize(
    ("engine", "location"),
    [
        ("bigquery", "s3://bucket/a"),
        ("bigquery", "gs://"),
        ("bigquery", "gs:///a"),
        ("bigquery", "/srv/a"),
        ("bigquery", "gs://bucket/*"),
        ("bigquery", "gs://bucket/a\ndrop schema b"),
        ("snowflake", "gs://bucket/a"),
        ("snowflake", "@stage; drop schema b"),
        ("snowflake", "@stage/a b"),
        ("athena", "s3://bucket/a?versionId=1"),
        ("athena", "@stage"),
        ("clickhouse", "s3://bucket/{a,b}"),
        ("clickhouse", "srv/a"),
        ("spark", "/srv/[a]"),
        ("spark", "file:///srv/a"),
        ("spark", ""),
    ],
)
def test_a_location_that_the_engine_does_not_read_is_refused(
    awkward: Snapshot, engine: EngineName, location: str
) -> None:
    with pytest.raises(UsageError, match="cannot be told to read"):
        load_script(awkward, engine, Settings(), location)


def test_who_has_another_store_is_told_of_stages(awkward: Snapshot) -> None:
    with pytest.raises(UsageError, match="make a stage with a storage integration"):
        load_script(awkward, "snowflake", Settings(), "gs://bucket")


@pytest.mark.parametrize("schema", ["", "Imaging", "a b", "1a", "a;b", "a" * 64, "synthetic\n"])
def test_a_schema_is_a_plain_name(awkward: Snapshot, schema: str) -> None:
    with pytest.raises(UsageError, match="cannot name a schema everywhere"):
        load_script(awkward, "spark", Settings(), None, schema)


def test_made_up_data_is_loaded_where_the_name_says_so(awkward: Snapshot) -> None:
    with pytest.raises(UsageError, match=r"made-up data .* such as imaging_synthetic\."):
        load_script(awkward, "spark", Settings(), None, "imaging")
    assert load_script(awkward, "spark", Settings(), None, "imaging_synthetic").load.schema == "imaging_synthetic"
    assert load_script(awkward, "spark", Settings()).load.schema == "imaging_commons_synthetic"


def with_table(snapshot: Snapshot, changed: TableEntry) -> Snapshot:
    tables = tuple(changed if table.name == "dim_empty" else table for table in snapshot.manifest.tables)
    return Snapshot(snapshot.folder, snapshot.manifest.model_copy(update={"tables": tables}))


def test_a_name_that_could_end_an_identifier_is_refused(awkward: Snapshot) -> None:
    table = next(table for table in awkward.manifest.tables if table.name == "dim_empty")
    column = table.columns[1].model_copy(update={"name": "a` int); drop table b"})
    changed = with_table(awkward, table.model_copy(update={"columns": (table.columns[0], column)}))
    with pytest.raises(UsageError, match="which not every engine takes"):
        contents_of(changed, Settings())


def test_a_type_without_a_word_is_refused(awkward: Snapshot) -> None:
    table = next(table for table in awkward.manifest.tables if table.name == "dim_empty")
    column = table.columns[1].model_copy(update={"type": "UUID"})
    changed = with_table(awkward, table.model_copy(update={"columns": (table.columns[0], column)}))
    with pytest.raises(UsageError, match=r"dim_empty\.select .* has the type UUID"):
        contents_of(changed, Settings())


def test_a_snapshot_without_its_files_is_damaged(awkward: Snapshot, tmp_path: Path) -> None:
    shutil.copytree(awkward.folder, tmp_path / awkward.id)
    (tmp_path / awkward.id / "tables" / "dim_group.parquet").unlink()
    with pytest.raises(IntegrityError, match=r"cannot be read: .* `icw verify"):
        contents_of(Snapshot(tmp_path / awkward.id, awkward.manifest), Settings())


def test_control_characters_of_a_description_reach_no_terminal(awkward: Snapshot) -> None:
    table = next(table for table in awkward.manifest.tables if table.name == "dim_empty")
    changed = with_table(awkward, table.model_copy(update={"description": "Red: \x1b[31m"}))
    assert "\x1b" not in load_script(changed, "spark", Settings()).text


def test_too_little_memory_is_told(awkward: Snapshot) -> None:
    with pytest.raises(UsageError, match="ICW_MEMORY_LIMIT=1MB is too little"):
        contents_of(awkward, Settings(memory_limit="1MB"))


def test_a_reference_to_a_key_of_another_type_is_no_foreign_key(awkward: Snapshot) -> None:
    tables = tuple(
        table.model_copy(
            update={
                "columns": tuple(
                    column.model_copy(update={"type": "INTEGER"} if column.name == "order" else {})
                    for column in table.columns
                )
            }
        )
        if table.name == "dim_group"
        else table
        for table in awkward.manifest.tables
    )
    changed = Snapshot(awkward.folder, awkward.manifest.model_copy(update={"tables": tables}))
    assert [key.column for key in foreign_keys(awkward, Settings())["fct_value"]] == ["order", "above"]
    assert [key.column for key in foreign_keys(changed, Settings())["fct_value"]] == ["above"]
