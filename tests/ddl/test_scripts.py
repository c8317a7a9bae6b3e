"""What a script says is what the snapshot says: every table, column, type, description, key, file and row count."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp, parse_one, transpile
from sqlglot.errors import ErrorLevel

from tests.ddl.parsing import ParsedColumn, foreign_keys, parsed, tables
from tests.support.marks import later
from tests.support.sample_build import PASSED, make_build
from warehouse.ddl.athena import Athena
from warehouse.ddl.bigquery import BigQuery
from warehouse.ddl.engine import literal
from warehouse.ddl.engines import ENGINES
from warehouse.ddl.model import ColumnType, LoadedColumn, column_type
from warehouse.ddl.names import EngineName
from warehouse.ddl.script import Script, load_script
from warehouse.settings import Settings
from warehouse.snapshots import catalog
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.publish import publish
from warehouse.sql_text import read_parquet

NAMES: tuple[EngineName, ...] = get_args(EngineName)
LOCATIONS: Mapping[EngineName, str] = {
    "bigquery": "gs://bucket/imaging",
    "snowflake": "s3://bucket/imaging",
    "athena": "s3://bucket/imaging",
    "clickhouse": "gs://bucket/imaging",
    "spark": "s3a://bucket/imaging",
}

DType = exp.DataType.Type
TYPES = {
    "BOOLEAN": {DType.BOOLEAN},
    "INTEGER": {DType.INT},
    "BIGINT": {DType.BIGINT},
    "DOUBLE": {DType.DOUBLE},
    "DECIMAL": {DType.DECIMAL},
    "VARCHAR": {DType.TEXT, DType.VARCHAR},
    "DATE": {DType.DATE, DType.DATE32},
    "TIMESTAMP": {DType.TIMESTAMP, DType.TIMESTAMPTZ, DType.TIMESTAMPNTZ, DType.DATETIME64},
}

every_engine = pytest.mark.parametrize("name", NAMES)


_made: dict[tuple[str, EngineName], Script] = {}


def script_of(snapshot: Snapshot, name: EngineName) -> Script:
    """The script of a snapshot, which nobody changes, made once."""
    if (snapshot.id, name) not in _made:
        _made[snapshot.id, name] = load_script(snapshot, name, Settings(), LOCATIONS[name])
    return _made[snapshot.id, name]


@pytest.fixture(params=["awkward", later("star")])
def snapshot(request: pytest.FixtureRequest) -> Snapshot:
    return request.getfixturevalue(request.param)


@every_engine
def test_every_table_and_column_has_its_type_and_key(snapshot: Snapshot, name: EngineName) -> None:
    found = tables(script_of(snapshot, name))
    assert set(found) == {table.name for table in snapshot.manifest.tables}
    for table in snapshot.manifest.tables:
        columns = found[table.name].columns
        assert [column.name for column in columns] == [column.name for column in table.columns]
        assert found[table.name].primary_key == table.primary_key
        for column, published in zip(columns, table.columns, strict=True):
            expected = column_type(published.type)
            assert expected is not None
            assert_type(column, expected, name)


def test_only_keys_and_lists_are_never_null_in_clickhouse(awkward: Snapshot) -> None:
    columns = tables(script_of(awkward, "clickhouse"))["fct_value"].columns
    never = [column.name for column in columns if not column.type.args.get("nullable")]
    assert never == ["value_key", "words", "numbers", "keys"]
    values = {column.name: column.type.expressions[0].args.get("nullable") for column in columns[-3:]}
    assert values == {"words": True, "numbers": True, "keys": True}


def assert_type(column: ParsedColumn, expected: ColumnType, name: EngineName) -> None:
    kind = column.type
    if expected.is_list:
        assert kind.this == DType.ARRAY, column
        if name == "snowflake":
            # Its arrays carry the types of their values themselves.
            assert not kind.expressions
            return
        kind = kind.expressions[0]
    # BigQuery has integers of 64 bits alone.
    widened = {DType.BIGINT} if name == "bigquery" and expected.base == "INTEGER" else set()
    assert kind.this in TYPES[expected.base] | widened, column
    if expected.base == "DECIMAL":
        assert [int(size.name) for size in kind.expressions] == [expected.precision, expected.scale]


@every_engine
def test_descriptions_are_those_of_the_duckdb_file(snapshot: Snapshot, name: EngineName) -> None:
    found = tables(script_of(snapshot, name))
    with duckdb.connect(str(snapshot.database), read_only=True) as connection:
        of_tables = connection.execute("select table_name, comment from duckdb_tables()").fetchall()
        of_columns = connection.execute(
            "select table_name, column_name, comment from duckdb_columns() where not internal"
        ).fetchall()
    made_up = " SYNTHETIC: made-up data of the sandbox, do not cite it." if snapshot.manifest.synthetic else ""
    for table, comment in of_tables:
        assert found[table].comment == f"{comment} Snapshot {snapshot.id}.{made_up}"
    whole = {
        (table.name, column.name): table.properties.get(f"comment.{column.name}", column.comment)
        for table in found.values()
        for column in table.columns
    }
    assert whole == {(table, column): comment for table, column, comment in of_columns}


@every_engine
def test_every_file_is_loaded_once(snapshot: Snapshot, name: EngineName) -> None:
    root = f"{LOCATIONS[name]}/{snapshot.id}/tables"
    literals = [
        text.name for statement in parsed(script_of(snapshot, name)) for text in statement.find_all(exp.Literal)
    ]
    files = [file.path for table in snapshot.manifest.tables for file in table.files]
    expected: list[str] = {
        "bigquery": [f"{root}/{file}" for file in files],
        "snowflake": files,
        "athena": [f"{root}/{table.name}/" for table in snapshot.manifest.tables],
        "clickhouse": [f"https://storage.googleapis.com/{f'{root}/{file}'.removeprefix('gs://')}" for file in files],
        "spark": [
            f"{root}/{table.name if table.parts else f'{table.name}.parquet'}" for table in snapshot.manifest.tables
        ],
    }[name]
    addresses = [text for text in literals if text.endswith(".parquet") or text.startswith(root)]
    stage = [f"{root}/"] if name == "snowflake" else []
    assert sorted(addresses) == sorted([*expected, *stage])


@pytest.mark.parametrize("name", ["bigquery", "snowflake"])
def test_references_that_hold_are_foreign_keys_of_tables_that_are_there(awkward: Snapshot, name: EngineName) -> None:
    script = script_of(awkward, name)
    # What some rows do not find is none, and BigQuery has none into the same table.
    own = {("fct_value", "above", "fct_value.value_key")} if name == "snowflake" else set()
    assert foreign_keys(script) == {("fct_value", "order", "dim_group.order"), *own}
    kinds = [statement.find(exp.ForeignKey) is not None for statement in parsed(script)[:-1]]
    assert kinds == sorted(kinds)


@pytest.mark.full
@pytest.mark.parametrize("name", ["bigquery", "snowflake"])
def test_the_foreign_keys_of_the_star_are_what_its_manifest_refers_to(star: Snapshot, name: EngineName) -> None:
    keys = {table.name: table.primary_key for table in star.manifest.tables}
    declared = {
        (table.name, column.name, column.references)
        for table in star.manifest.tables
        for column in table.columns
        if column.references is not None and " or " not in column.references
    }
    whole = {key for key in declared if keys[key[2].split(".")[0]] == (key[2].split(".")[1],)}
    found = foreign_keys(script_of(star, name))
    assert len(found) > 100
    assert found <= whole


@pytest.mark.parametrize("name", ["athena", "spark"])
def test_keys_are_properties_where_an_engine_has_none(awkward: Snapshot, name: EngineName) -> None:
    assert tables(script_of(awkward, name))["fct_value"].properties == {
        "primary_key": "value_key",
        "foreign_key.order": "dim_group.order",
        "foreign_key.above": "fct_value.value_key",
    }


@every_engine
def test_the_check_tells_a_table_that_is_not_whole(awkward: Snapshot, name: EngineName) -> None:
    script = script_of(awkward, name)
    [check] = transpile(script.statements[-1], read=name, write="duckdb", error_level=ErrorLevel.RAISE)
    with duckdb.connect() as connection:
        connection.execute(f"create schema {script.load.schema}")
        for table in awkward.manifest.tables:
            connection.execute(
                f"create table {script.load.schema}.{table.name} as from {read_parquet(awkward.files_of(table))}"
            )
        assert connection.execute(check).fetchall() == []
        connection.execute(f"delete from {script.load.schema}.fct_value where source_id = 'idc'")
        connection.execute(f"insert into {script.load.schema}.dim_empty values (1, 'one')")
        connection.execute(f"delete from {script.load.schema}.dim_group")
        assert connection.execute(check).fetchall() == [
            ("dim_empty", 0, 1),
            ("dim_group", 9, 0),
            ("fct_value", 100, 34),
        ]


@every_engine
def test_the_header_says_what_is_loaded(awkward: Snapshot, name: EngineName) -> None:
    header = script_of(awkward, name).text.partition("\ncreate ")[0]
    assert all(line.startswith("--") for line in header.splitlines() if line)
    assert f"Loads snapshot {awkward.id} of the imaging commons warehouse into {ENGINES[name].title}." in header
    assert "-- SYNTHETIC: this snapshot holds made-up data of the sandbox. Do not cite it." in header
    assert f"sha256:{awkward.manifest.tables_digest}" in header
    assert "3, 109 rows" in header


def test_real_data_is_not_called_made_up(tmp_path: Path) -> None:
    publish(make_build(tmp_path / "build", series=5), [PASSED], tmp_path / "home", {})
    script = script_of(catalog.snapshot(tmp_path / "home", None), "spark")
    assert "SYNTHETIC" not in script.text
    assert script.load.schema == "imaging_commons"


@every_engine
def test_the_same_snapshot_gives_the_same_script(awkward: Snapshot, name: EngineName) -> None:
    assert load_script(awkward, name, Settings(), LOCATIONS[name]).text == script_of(awkward, name).text


@every_engine
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\r\t")))
def test_any_text_is_read_as_it_was_written(name: EngineName, text: str) -> None:
    # Athena reads definitions, which hold texts, otherwise than queries.
    before, after = (
        ("create external table t (a int) comment ", " stored as parquet") if name == "athena" else ("select ", "")
    )
    read = parse_one(f"{before}{literal(text)}{after}", read=name, error_level=ErrorLevel.RAISE).find(exp.Literal)
    assert read is not None
    assert read.this == text


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=400))
def test_a_comment_of_athena_is_one_line_that_glue_keeps(text: str) -> None:
    comment = Athena().comment(LoadedColumn("a", ColumnType("BIGINT"), text, is_key=False))
    assert len(comment.encode()) <= 255
    assert "\n" not in comment
    line = " ".join(text.split())
    assert comment == line or (comment.endswith(" ...") and line.startswith(comment.removesuffix(" ...")))


@pytest.mark.parametrize(
    ("duckdb_type", "expected"),
    [
        ("DECIMAL(12,3)", "numeric(12, 3)"),
        ("DECIMAL(38,9)", "numeric(38, 9)"),
        ("DECIMAL(38,8)", "bignumeric(38, 8)"),
        ("DECIMAL(20,10)", "bignumeric(20, 10)"),
        ("DECIMAL(12,3)[]", "array<numeric(12, 3)>"),
    ],
)
def test_a_decimal_of_bigquery_is_as_wide_as_it_must_be(duckdb_type: str, expected: str) -> None:
    kind = column_type(duckdb_type)
    assert kind is not None
    assert BigQuery().column_type(LoadedColumn("a", kind, "", is_key=False)) == expected


@pytest.mark.parametrize(
    "duckdb_type", ["HUGEINT", "BLOB", "VARCHAR[][]", "DECIMAL", "BIGINT(3,2)", "STRUCT(a BIGINT)"]
)
def test_a_type_that_is_not_published_is_none(duckdb_type: str) -> None:
    assert column_type(duckdb_type) is None


def test_every_type_that_a_model_declares_can_be_loaded() -> None:
    models = Path(__file__).parents[2] / "dbt" / "models"
    files = [
        path for folder in ("star", "reconciliation", "reports", "marts") for path in (models / folder).glob("*.yml")
    ]
    texts = "\n".join(path.read_text(encoding="utf-8") for path in files)
    found = {kind.strip("\"' ") for kind in re.findall(r"^ *data_type: (.+)$", texts, re.MULTILINE)}
    assert len(found) > 10
    with duckdb.connect() as connection:
        types = [str(connection.sql(f"select null::{kind} as a").types[0]) for kind in sorted(found)]
    assert [kind for kind in types if column_type(kind) is None] == []
