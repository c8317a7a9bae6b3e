"""Scripts run in real engines, twice: what is there then is what the snapshot says, value for value.

There is no BigQuery, Snowflake or Athena to be had for a test.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from tests.support.environments import python_with
from tests.support.icw import ICW
from tests.support.s3_store import S3Store, environment
from warehouse.ddl.names import EngineName
from warehouse.ddl.script import load_script, write_script
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import TableEntry
from warehouse.sql_text import file_literal, quoted, read_parquet

PACKAGES: Mapping[EngineName, tuple[str, ...]] = {
    "clickhouse": ("chdb==4.4.0",),
    "spark": ("pysail==0.7.2", "pyspark-client==4.2.0"),
}
PROGRAMS: Mapping[EngineName, str] = {"clickhouse": "loaded_by_clickhouse.py", "spark": "loaded_by_sail.py"}
real_engines = pytest.mark.parametrize("name", PROGRAMS)

pytestmark = [pytest.mark.full, pytest.mark.network]


@pytest.fixture(params=["awkward", "star"])
def snapshot(request: pytest.FixtureRequest) -> Snapshot:
    return request.getfixturevalue(request.param)


def run(
    name: EngineName,
    snapshot: Snapshot,
    script: Path,
    folder: Path,
    schema: str,
    variables: Mapping[str, str] | None = None,
) -> str:
    """Run a script, let each table be written into the folder `loaded`, and return the rows of the check."""
    (folder / "loaded").mkdir(exist_ok=True)
    tables = [table.name for table in snapshot.manifest.tables]
    program = Path(__file__).with_name(PROGRAMS[name])
    places = [script, folder / "database", schema, folder / "loaded"]
    done = subprocess.run(
        [python_with(*PACKAGES[name]), program, *places, *tables],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=variables,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@real_engines
def test_every_value_is_loaded(snapshot: Snapshot, name: EngineName, tmp_path: Path) -> None:
    made = load_script(snapshot, name, Settings())
    doubled = tmp_path / "twice.sql"
    doubled.write_text(made.text * 2, encoding="utf-8")
    assert run(name, snapshot, doubled, tmp_path, made.load.schema) == ""
    assert differing_tables(snapshot, tmp_path / "loaded", name) == {}


def test_every_value_is_loaded_from_where_a_snapshot_was_pushed_to(awkward: Snapshot, tmp_path: Path) -> None:
    with S3Store() as store:
        bucket = store.new_bucket()
        home = awkward.folder.parents[1]
        variables = environment(store, tmp_path, ICW_HOME=str(home), ICW_PUBLISH_URL=f"s3://{bucket}/imaging")
        subprocess.run([ICW, "snapshots", "push"], env=variables, check=True, capture_output=True)
        made = load_script(awkward, "clickhouse", Settings(), f"{store.url}/{bucket}/imaging")
        told = run("clickhouse", awkward, write_script(made, tmp_path), tmp_path, made.load.schema, variables)
    assert told == ""
    assert differing_tables(awkward, tmp_path / "loaded", "clickhouse") == {}


def differing_tables(snapshot: Snapshot, loaded: Path, name: EngineName) -> dict[str, tuple[int, int]]:
    with duckdb.connect() as connection:
        found = {
            table.name: different_rows(connection, snapshot, table, loaded, name) for table in snapshot.manifest.tables
        }
    return {table.name: found[table.name] for table in snapshot.manifest.tables if found[table.name] != (0, table.rows)}


def different_rows(
    connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, table: TableEntry, loaded: Path, name: EngineName
) -> tuple[int, int]:
    """Return how many rows differ between a published table and the one that an engine wrote, and how many it wrote."""
    values = ", ".join(
        f"coalesce({quoted(column.name)}, []) as {quoted(column.name)}"
        # ClickHouse has no list that is null.
        if column.type.endswith("[]") and name == "clickhouse"
        else quoted(column.name)
        for column in table.columns
    )
    types = ", ".join(f"{quoted(column.name)}::{column.type} as {quoted(column.name)}" for column in table.columns)
    published = f"(select {values} from {read_parquet(snapshot.files_of(table))})"
    found = f"(select {types} from read_parquet({file_literal(loaded / f'{table.name}.parquet')}))"
    [(differing,)] = connection.execute(
        f"select (select count(*) from ({published} except all {found}))"
        f" + (select count(*) from ({found} except all {published}))"
    ).fetchall()
    [(rows,)] = connection.execute(f"select count(*) from {found}").fetchall()
    return differing, rows


@real_engines
def test_a_file_that_is_not_whole_is_told(awkward: Snapshot, name: EngineName, tmp_path: Path) -> None:
    """The manifest says a hundred rows; the file in its place has fewer, as if a copy had been of another night."""
    copy = tmp_path / "snapshots" / awkward.id / "tables"
    for table in awkward.manifest.tables:
        for path, file in zip(awkward.files_of(table), table.files, strict=True):
            (copy / file.path).parent.mkdir(parents=True, exist_ok=True)
            with duckdb.connect() as connection:
                fewer = "limit 7" if file.path == "fct_value/idc.parquet" else ""
                connection.execute(
                    f"copy (from {read_parquet([path])} {fewer}) to {file_literal(copy / file.path)} (format parquet)"
                )
    made = load_script(awkward, name, Settings(), str(tmp_path / "snapshots"))
    script = write_script(made, tmp_path)
    assert run(name, awkward, script, tmp_path, made.load.schema) == "fct_value\t100\t41\n"
