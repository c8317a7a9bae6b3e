"""The sources of the dbt project say what the contracts say, and what the views over the landed files are."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
import yaml
from pydantic import ValidationError

from warehouse.build.dbt_sources import SOURCES_FILE, dbt_sources
from warehouse.build.layout import lay_out_nothing
from warehouse.contracts import Column, load_contract
from warehouse.registry import SOURCE_NAMES


def test_the_committed_file_is_current() -> None:
    assert SOURCES_FILE.read_text(encoding="utf-8") == dbt_sources(), "run `make sources` and commit sources.yml"


def test_the_text_does_not_change_from_run_to_run() -> None:
    assert dbt_sources() == dbt_sources()


def test_every_landed_dataset_is_a_table_of_its_source() -> None:
    declared = {source["name"]: [table["name"] for table in source["tables"]] for source in written()}
    landed = ["loads", "releases", "earlier_loads", "count_history", "idc_history"]
    assert declared == {"landed": landed, **{name: list(load_contract(name).datasets) for name in SOURCE_NAMES}}


def test_the_columns_and_their_types_are_those_of_the_views() -> None:
    with duckdb.connect() as connection:
        lay_out_nothing(connection)
        for source in written():
            for table in source["tables"]:
                if source["name"] == "landed":
                    continue
                view = f'{source["schema"]}."{table["name"]}"'
                nulls = ", ".join(f'null::{column["data_type"]} as "{column["name"]}"' for column in table["columns"])
                assert described(connection, f"describe {view}") == described(connection, f"describe select {nulls}")


@pytest.mark.parametrize("description", ["", "no sentence", "Two\nlines."])
def test_a_column_needs_a_sentence_that_describes_it(description: str) -> None:
    with pytest.raises(ValidationError, match="description"):
        Column(name="a", type="string", description=description)


def described(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[str, str]]:
    return [(name, data_type) for name, data_type, *_ in connection.execute(query).fetchall()]


def written() -> list[dict[str, Any]]:
    return yaml.safe_load(SOURCES_FILE.read_text(encoding="utf-8"))["sources"]
