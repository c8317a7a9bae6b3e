"""A release of IDC in which every dataset holds odd values, repeated identifiers and nulls."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa

from warehouse.contracts import Column, load_contract

_TEXTS = [
    None,
    None,
    "",
    " ",
    "\u00a0x",
    "x\u3000",
    "\tx",
    "x\n",
    "Head-Neck",
    "CHEST",
    "chest",
    "\u00dcber",
    "it's",
    'a "b"',
    "a\\b",
    "a,b",
    "5",
    "5.0",
    "0.285",
    "nan",
    "2020",
    "2020-02-29",
    "2020-02-30",
    " 2021-03-04",
    "2021-03-04 05:06:07",
    "20210304",
    "061Y",
    "003M",
    "000Y",
    "999Y",
    "1.2.840.1.3",
    "25.0.5",
    "true",
    "CC BY 4.0",
    "CC BY-NC 4.0",
    "Human",
    "MR",
    "CT",
    "SEG",
    "M",
    "F",
]
_INTEGERS = [None, 0, 1, 2, 3, 25, 24, -1, 2**31, 2**53, 2**53 + 1]
_FLOATS = [None, 0.0, -0.0, 1.0, 0.5, 0.285, 1.0005, 61.0, 1e6, 1234567.8915, float("nan"), float("inf"), -2.5]
_TYPES = {"string": pa.string(), "integer": pa.int64(), "float": pa.float64(), "boolean": pa.bool_()}

# What joins datasets, from few values, so that some meet, some repeat and some are missing.
_IDENTIFIERS = {
    "collection_id": [f"collection_{number}" for number in range(4)],
    "PatientID": [f"patient {number}" for number in range(6)],
    "StudyInstanceUID": [f"1.2.840.2.{number}" for number in range(12)],
    "SeriesInstanceUID": [f"1.2.840.1.{number}" for number in range(30)],
    "SOPInstanceUID": [f"1.2.840.3.{number}" for number in range(30)],
    # Written by the landing itself.
    "row_number": list(range(20)),
    "column_number": list(range(5)),
    "analysis_result_id": ["result_1", "Result-2", None],
}


def odd_table(dataset: str, rows: int, seed: int) -> pa.Table:
    """Rows of a dataset of IDC's contract, made up; records are left out."""
    chance = random.Random(f"{dataset} {seed}")
    columns = [column for column in load_contract("idc").datasets[dataset].columns if "record" not in column.type]
    return pa.table({column.name: _values(column, rows, chance) for column in columns})


def _values(column: Column, rows: int, chance: random.Random) -> pa.Array:
    kind = column.type.removesuffix("[]")
    if column.type.endswith("[]"):
        lists = [
            None
            if chance.random() < 0.1
            else [_value(column, kind, chance) for _ in range(chance.choice([0, 1, 1, 2, 3]))]
            for _ in range(rows)
        ]
        return pa.array(lists, pa.list_(_TYPES[kind]))
    return pa.array([_value(column, kind, chance) for _ in range(rows)], _TYPES[kind])


def _value(column: Column, kind: str, chance: random.Random) -> Any:
    if column.name in _IDENTIFIERS:
        return chance.choice(_IDENTIFIERS[column.name])
    if kind == "boolean":
        return chance.choice([None, True, False])
    return chance.choice({"string": _TEXTS, "integer": _INTEGERS, "float": _FLOATS}[kind])


def write_odd_release(folder: Path, rows: int, seed: int) -> dict[str, str]:
    """Write a file for each dataset; returns queries that read them, by dataset."""
    import pyarrow.parquet as pq

    queries: dict[str, str] = {}
    for dataset in load_contract("idc").datasets:
        path = folder / f"{dataset}.parquet"
        pq.write_table(odd_table(dataset, rows, seed), path)
        queries[dataset] = f"select * from read_parquet('{path}')"
    return queries
