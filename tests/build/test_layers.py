"""The layers of the dbt project: what each may read, and where the SQL of one engine may stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from warehouse.build.digests import DBT_PROJECT
from warehouse.build.project import Project, tables_read
from warehouse.contracts import load_contract
from warehouse.registry import SOURCE_NAMES

# Longer is more than a reader takes in at once.
_LINES = 120

# Functions and syntax that DuckDB has and the SQL standard has not.
_FUNCTIONS_OF_DUCKDB = re.compile(
    r"\b(any_value|arg_max|arg_min|array_\w+|date_(?:diff|part|trunc)|epoch\w*|generate_series|generate_subscripts|if|"
    r"json_\w+|len|list_\w+|map_\w+|md5|range|read_\w+|regexp_\w+|split_part|str[fp]time|string_agg|string_split\w*|"
    r"struct_\w+|to_json|try_cast|try_strptime|unnest)\s*\("
)
_SYNTAX_OF_DUCKDB = re.compile(
    r"::|->|\[\d*\]|\blambda\b|\bqualify\b|\bfilter\s*\(\s*where\b|\bstruct\s*\(|\bjson\b|\bexclude\s*\(|\bilike\b|"
    r"\bby name\b|\b(?:group|order) by all\b|\bdistinct on\b|\basof\b"
)
_TEXTS = re.compile(r"""'[^']*'|"[^"]*\"""")


def _models(project: Project, layer: str) -> Iterator[dict[str, Any]]:
    """The models below a folder of dbt/models."""
    return (node for node in project.models.values() if node["fqn"][1] == layer)


def _sql_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (DBT_PROJECT / folder).rglob("*.sql"))


def _sql(text: str) -> str:
    """A file's SQL without comments; of Jinja only the texts, which may be SQL, too."""
    without_comments = re.sub(r"{#.*?#}|--[^\n]*", "", text, flags=re.DOTALL)
    return re.sub(r"{[{%].*?[}%]}", lambda jinja: " ".join(_TEXTS.findall(jinja[0])), without_comments, flags=re.DOTALL)


def _only_in_duckdb(text: str) -> set[str]:
    sql = _sql(text)
    return set(_FUNCTIONS_OF_DUCKDB.findall(sql)) | set(_SYNTAX_OF_DUCKDB.findall(sql))


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select x::date", {"::"}),
        ("select try_cast(x as date)", {"try_cast"}),
        ("select {{ text_or_null(\"record ->> 'name'\") }}", {"->"}),
        ("select list_distinct(x), x[1]", {"list_distinct", "[1]"}),
        ("select cast(x as varchar[])", {"[]"}),
        ("select count(*) filter (where x)", {"filter (where"}),
        ("{{ pairs[1] }} {{ sole_value('pairs[1]') }}", {"[1]"}),
        ("{{ list_elements('records', keys=['id'], list='names', element='name') }}", set()),
        ("select cast(x as {{ dbt.type_bigint() }}), coalesce(min(x), 0) as length from t", set()),
    ],
)
def test_what_only_duckdb_has_is_known_in_sql(sql: str, found: set[str]) -> None:
    assert _only_in_duckdb(sql) == found


def test_above_staging_what_only_duckdb_can_say_stands_in_the_adapters() -> None:
    files = [
        path
        for path in _sql_files("models", "macros", "tests")
        if not {"staging", "adapters"} & set(path.relative_to(DBT_PROJECT).parts)
    ]
    assert len(files) > 100
    found = {str(path.relative_to(DBT_PROJECT)): _only_in_duckdb(path.read_text(encoding="utf-8")) for path in files}
    assert not {path: words for path, words in found.items() if words}


def test_whatever_an_engine_says_in_its_own_way_has_a_default() -> None:
    """Another engine needs macros of its own only where the default is not its own SQL."""
    macros = "".join(path.read_text(encoding="utf-8") for path in _sql_files("macros"))
    dispatched = set(re.findall(r"adapter\.dispatch\('(\w+)', 'imaging_commons'\)", macros))
    assert len(dispatched) > 10
    assert not {name for name in dispatched if f"macro default__{name}(" not in macros}


def test_a_staging_model_reads_one_landed_dataset_and_no_other_model(project: Project) -> None:
    reads = {node["name"]: node["depends_on"]["nodes"] for node in _models(project, "staging")}
    wrong = {name: nodes for name, nodes in reads.items() if len(nodes) != 1 or nodes[0] not in project.sources}
    assert not wrong


def test_each_landed_dataset_has_one_staging_model_of_its_name(project: Project) -> None:
    staged = sorted(
        (node["name"], project.sources[read])
        for node in _models(project, "staging")
        for read in node["depends_on"]["nodes"]
    )
    datasets = [(source, name) for source in SOURCE_NAMES for name in load_contract(source).datasets]
    expected = [(f"stg_{source}__{name}", (source, name)) for source, name in datasets]
    tables = ("loads", "releases", "earlier_loads", "count_history", "idc_history")
    landed = [(f"stg_landing__{name}", ("landed", name)) for name in tables]
    assert staged == sorted([*expected, *landed])


def test_a_dimension_reads_no_fact(project: Project) -> None:
    reads = {name: {read for _, read in of} for (_, name), of in tables_read(project).items()}
    assert not {
        name: facts
        for name, of in reads.items()
        if name[:4] == "dim_" and (facts := {r for r in of if r[:4] == "fct_"})
    }


def test_only_staging_reads_landed_datasets(project: Project) -> None:
    readers = {
        node["name"]
        for node in project.models.values()
        if node["fqn"][1] != "staging" and set(node["depends_on"]["nodes"]) & set(project.sources)
    }
    assert not readers


def test_a_staging_model_names_each_column_once() -> None:
    """One CTE reads the dataset, the next renames, types and cleans its columns."""
    form = re.compile(
        r"(--[^\n]*\n)+\nwith source as \(\n\n    select \* from {{ source\('\w+', '\w+'\) }}\n\n\),\n\n(--[^\n]*\n)*"
        r"renamed as \(\n\n    select\n.*\n    from source\n\n\)\n\nselect \* from renamed\n",
        re.DOTALL,
    )
    files = _sql_files("models/staging")
    assert files
    assert not [path.name for path in files if not form.fullmatch(path.read_text(encoding="utf-8"))]


def test_a_model_is_read_at_once() -> None:
    lengths = {path.stem: len(path.read_text(encoding="utf-8").splitlines()) for path in _sql_files("models")}
    assert not {name: lines for name, lines in lengths.items() if lines > _LINES}


@pytest.mark.parametrize(
    ("landed", "column", "dataset", "table"),
    [
        ("PixelRepresentation", "pixel_representation", "idc__idc_index", "fct_series"),
        ("index_event", "index_event", "midrc__case", "dim_patient"),
        ("detector_type", "detector_type", "midrc__data_file", "fct_file"),
        ("_ct_series_file_count", "ct_series_file_count", "midrc__imaging_study", "int_shared__portal_study"),
        ("test_result_text", "test_result", "midrc__measurement", "fct_measurement"),
        ("class_covid19_pneumonia", "class_covid19_pneumonia", "midrc__annotation", "fct_annotation"),
        ("report_generation_method", "report_generation_method", "midrc__radiology_report", "fct_radiology_report"),
    ],
)
def test_a_column_that_is_passed_on_stands_in_three_files(landed: str, column: str, dataset: str, table: str) -> None:
    """The contract, the staging model and the yml of the table; no other model between them names it."""
    source, _, name = dataset.partition("__")
    assert [entry.name for entry in load_contract(source).datasets[name].columns].count(landed) == 1
    between = {*DBT_PROJECT.glob(f"models/intermediate/{source}/*"), *DBT_PROJECT.glob(f"models/*/{table}.*")}
    between |= set(DBT_PROJECT.glob(f"models/*/*/*{dataset}.*")) | set(DBT_PROJECT.glob(f"models/*/*/{table}.*"))
    naming = {path.name for path in between if re.search(rf"\b{column}\b", path.read_text(encoding="utf-8"))}
    assert naming == {f"stg_{dataset}.sql", f"{table}.yml"}
