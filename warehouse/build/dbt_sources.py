"""Write the sources of the dbt project, dbt/models/staging/sources.yml, from the contracts: `make sources`.

A source's table is a view that `warehouse.build.layout` lays over a landed file: its columns and types are the
contract's. The file is committed, so that the dbt project is whole without this package; a test holds it current.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from warehouse.build.digests import DBT_PROJECT
from warehouse.contracts import Column, ColumnType, Dataset, load_contract
from warehouse.files import write_atomically
from warehouse.reading import raw_name
from warehouse.registry import SOURCE_NAMES

SOURCES_FILE = DBT_PROJECT / "models" / "staging" / "sources.yml"

_HEADER = """\
# Generated from warehouse/contracts by `make sources` (python -m warehouse.build.dbt_sources): change the contracts.
#
# The landed files, as views that warehouse/build/layout.py lays over them: one schema a source and one view a dataset
# of its contract, with the contract's columns and types, empty where the dataset is absent.
"""

_LOADS: Mapping[str, Any] = {
    "name": "landed",
    "schema": "landed",
    "description": "What the build reads, from the load manifests.",
    "tables": [
        {
            "name": "loads",
            "description": "The loads that this build reads, from their manifests. Grain is one load.",
        },
        {
            "name": "releases",
            "description": "The releases that these loads belong to. Grain is one release of one source.",
        },
        {
            "name": "earlier_loads",
            "description": "The loads that it reads as evidence: of earlier IDC releases, and counts of earlier loads. "
            "Grain is one load.",
        },
        {
            "name": "count_history",
            "description": "The counts of earlier loads. Grain is one metric of one value of one dimension of one "
            "release of a source.",
        },
    ],
}

# In the neutral words of the models' contracts (dbt/macros/adapters/types.sql).
_DATA_TYPES: Mapping[ColumnType, str] = {
    "string": "string",
    "integer": "bigint",
    "float": "double",
    "boolean": "boolean",
    "record": "json",
    "string[]": "string[]",
    "integer[]": "bigint[]",
    "float[]": "double[]",
    "record[]": "json",
}


def dbt_sources() -> str:
    """Return the text of sources.yml: every source with its tables, and each table with its columns."""
    sources = [_landed(), *(_source(name) for name in SOURCE_NAMES)]
    body = yaml.dump(
        {"version": 2, "sources": sources}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000
    )
    return _HEADER + body


def _landed() -> dict[str, Any]:
    """Return the source of what `warehouse.build.layout` says of the loads, and of the releases side by side."""
    columns = [entry for column in load_contract("idc").datasets["idc_index"].columns for entry in _columns(column)]
    history = {
        "name": "idc_history",
        "description": "Series of the release and of earlier ones; empty without these. Grain is one series of one "
        "release.",
        "columns": columns,
    }
    return {**_LOADS, "tables": [*_LOADS["tables"], history]}


def _source(name: str) -> dict[str, Any]:
    contract = load_contract(name)
    return {
        "name": name,
        "schema": f"landed_{name}",
        "description": contract.description,
        "tables": [_table(dataset, contract.datasets[dataset]) for dataset in contract.datasets],
    }


def _table(name: str, dataset: Dataset) -> dict[str, Any]:
    return {
        "name": name,
        "description": f"{dataset.description} Grain is {dataset.grain}.",
        "columns": [entry for column in dataset.columns for entry in _columns(column)],
    }


def _columns(column: Column) -> Iterator[Mapping[str, str]]:
    """Return the column, and the text that arrived where the contract keeps it."""
    yield _OnOneLine(name=column.name, data_type=_DATA_TYPES[column.type], description=column.description)
    if column.keeps_raw:
        description = f"{column.description.removesuffix('.')}, as upstream writes it."
        yield _OnOneLine(name=raw_name(column), data_type=_DATA_TYPES["string"], description=description)


class _OnOneLine(dict[str, str]):
    """A mapping that YAML writes on one line."""


class _Dumper(yaml.SafeDumper):
    """Writes lists below their key with two more spaces, as the other files of the project have them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


_Dumper.add_representer(
    _OnOneLine,
    lambda dumper, entry: dumper.represent_mapping("tag:yaml.org,2002:map", entry.items(), flow_style=True),
)


if __name__ == "__main__":
    write_atomically(SOURCES_FILE, dbt_sources())
