"""`icw build`: the tables outside of a home, from inputs in a folder or in a store."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from tests.support import small_release
from tests.support.icw import ICW
from tests.support.s3_store import S3Store, environment
from warehouse.build import PROFILE_TABLE, open_build
from warehouse.engine_packages import Engine
from warehouse.sql_text import quoted


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a small release that is chosen, and its build on DuckDB."""
    build = small_release.built_once(tmp_path_factory)
    mine = tmp_path_factory.mktemp("home")
    shutil.copytree(build.folder.parents[1], mine, dirs_exist_ok=True)
    landing, release = small_release.land(mine)
    landing.select(release)
    return mine


@pytest.fixture(scope="module")
def inputs(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handed") / "inputs"
    kept = tmp_path_factory.mktemp("kept") / "build.duckdb"
    shutil.copyfile(open_build(home).database, kept)
    told = icw("build", "inputs", "--output", str(folder), "--json", ICW_HOME=str(home))
    assert json.loads(told)["synthetic"] is False
    shutil.copyfile(kept, folder.parent / "expected.duckdb")
    return folder


def icw(*arguments: str, **variables: str) -> str:
    return subprocess.run(
        [ICW, *arguments], env=os.environ | variables, check=True, capture_output=True, text=True
    ).stdout


def require_the_same(expected: Path, tables: Path) -> None:
    """Each folder of tables holds the rows of the build on DuckDB."""
    record = json.loads((tables / "build.json").read_text(encoding="utf-8"))
    with duckdb.connect(str(expected), read_only=True) as connection:
        kinds = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        star = {name for schema, name in kinds if schema == "star"}
        assert star - set(record["rows"]) == {PROFILE_TABLE, "mart_quality"}
        for name in star & set(record["rows"]):
            described = connection.execute(f"describe star.{quoted(name)}").fetchall()
            columns = ", ".join(
                f"cast({quoted(column)} as {kind}) as {quoted(column)}" for column, kind, *_ in described
            )
            ((rows,),) = connection.execute(f"select count(*) from star.{quoted(name)}").fetchall()
            assert record["rows"][name] == rows, name
            files = [*(tables / "star" / name).rglob("*.parquet")]
            if files:
                made = f"select {columns} from read_parquet({[str(file) for file in files]})"
                ours = f"select {columns} from star.{quoted(name)}"
                assert connection.execute(f"({ours}) except all ({made})").fetchall() == [], name
            else:
                assert rows == 0, name


def test_from_folder_to_folder(engine: Engine, inputs: Path, tmp_path: Path) -> None:
    asked = ("build", "--engine", engine, "--input", str(inputs), "--output", str(tmp_path / "star"))
    told = json.loads(icw(*asked, "--json"))
    assert told["rows"]["fct_series"] > 0
    require_the_same(inputs.parent / "expected.duckdb", tmp_path / "star")
    again = subprocess.run([ICW, *asked], capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "is not empty" in again.stderr


def test_from_store_to_store(engine: Engine, inputs: Path, tmp_path: Path) -> None:
    """Spark reads a store with a Java package that is not here."""
    if engine == "spark":
        pytest.skip("hadoop-aws is a package of Maven, which cannot be reached here")
    with S3Store() as store:
        bucket = store.new_bucket()
        # Sail, too, takes the variables of AWS; a store without TLS it asks only where that is allowed.
        variables = environment(store, tmp_path, AWS_ENDPOINT=store.url, AWS_ALLOW_HTTP="true")
        for file in sorted(inputs.rglob("*")):
            if file.is_file():
                name = f"inputs/{file.relative_to(inputs)}"
                store.client.put_object(Bucket=bucket, Key=name, Body=file.read_bytes())
        address = f"s3://{bucket}"
        icw("build", "--engine", engine, "--input", f"{address}/inputs", "--output", f"{address}/built", **variables)
        require_the_same(inputs.parent / "expected.duckdb", store.downloaded(bucket, tmp_path / "store") / "built")


def test_what_is_missing_is_told(engine: Engine, tmp_path: Path) -> None:
    for arguments, said in (
        (("--input", str(tmp_path), "--output", str(tmp_path / "star")), "There are no inputs"),
        (("--input", str(tmp_path)), "takes --input and --output"),
        (("--input", "a", "--output", "b", "--conf", "x"), "--conf takes NAME=VALUE"),
        (("--input", "hdfs://host/inputs", "--output", "b"), "neither a folder nor a prefix"),
    ):
        told = subprocess.run(
            [ICW, "build", "--engine", engine, *arguments], capture_output=True, text=True, check=False
        )
        assert (told.returncode, said in told.stderr, "Traceback" in told.stderr) == (2, True, False), told.stderr
