"""The history of the portal's schema, and the portal in a former state of it.

What belongs here: the history of record types and fields (`data/portal_schema_history.csv`: a field, its type in the
index, whether it is a list, the day on which it was added and the day on which it was removed), and the records of the
sandbox in the shape of a state. Source: thirteen revisions of the portal's ETL mapping between May 2022 and October
2024 (`uc-cdis/cdis-manifest`, `data.midrc.org/etlMapping.yaml`, 55fc81893 to d8a29059d), with types by the data
dictionary of June 2026, in which a field that it has dropped is `keyword`. The records inside a record
(`imaging_studies`) have the fields of today: the history does not list them.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from datetime import date
from importlib import resources
from pathlib import Path

from warehouse.errors import UsageError
from warehouse.sandbox.guppy.projection import write_records
from warehouse.sandbox.guppy.schema import ElasticType, Field, RecordType, read_record_types
from warehouse.sandbox.guppy.store import Index

_SYSTEM = "midrc_portal"
# The day of the comparison report, whose six types the field table describes.
_TODAY = date(2026, 2, 12)
# Former names of types of the same records.
_FORMER_NAMES = {"imaging_data_file": "data_file"}

# A dataset with what its files and cases state of it. The other fields are invented.
_DATASET = RecordType(
    "dataset",
    (
        *(Field(name, "keyword") for name in ("_dataset_id", "submitter_id", "project_id", "license")),
        *(Field(name, "keyword") for name in ("data_url_doi", "data_contributor")),
        *(Field(name, "float") for name in ("_cases_count", "_imaging_studies_count")),
        *(Field(f"_{modality}_series_file_count", "float") for modality in ("cr", "ct", "dx", "mr")),
        *(Field(name, "keyword", holds_lists=True) for name in ("data_category", "data_format", "data_type")),
        Field("object_id", "keyword", holds_lists=True),
    ),
)
_DATASETS = """
with named as (
  select distinct unnest(_dataset_id) as _dataset_id, unnest(dataset_submitter_id) as submitter_id
  from read_parquet('{data_file}')
), members as (
  select unnest(dataset_submitter_id) as name, len(dataset_submitter_id) = 1 as alone, * from read_parquet('{case}')
)
select row_number() over (order by name) as _row, _dataset_id, named.submitter_id, min(project_id) as project_id,
  min(license[1]) filter (alone) as license, min(data_url_doi[1]) filter (alone) as data_url_doi,
  min(data_contributor[1]) filter (alone) as data_contributor, count(*) as _cases_count,
  sum(_imaging_studies_count) as _imaging_studies_count, sum(_cr_series_file_count) as _cr_series_file_count,
  sum(_ct_series_file_count) as _ct_series_file_count, sum(_dx_series_file_count) as _dx_series_file_count,
  sum(_mr_series_file_count) as _mr_series_file_count,
  list_sort(list_distinct(flatten(list(data_category)))) as data_category,
  list_sort(list_distinct(flatten(list(data_format)))) as data_format,
  list_sort(list_distinct(flatten(list(data_type)))) as data_type,
  list_sort(flatten(list(object_id))) as object_id
from named join members on members.name = named.submitter_id
group by name, _dataset_id, named.submitter_id
"""


@dataclass(frozen=True)
class SchemaState:
    """One state: the day it began, its position among all (from 0), and its record types."""

    since: date
    place: int
    record_types: tuple[RecordType, ...]


def schema_on(day: str) -> SchemaState | None:
    """Return the state on a day (2023-08-29), or None for the current one, which needs no history.

    Raises:
        UsageError: the text is no date, or one before the history begins.
    """
    rows = _history()
    states = sorted({date.fromisoformat(row[name]) for row in rows for name in ("since", "until") if row[name]})
    known = ", ".join(f"{state}" for state in (*states, _TODAY))
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise UsageError(
            f"The sandbox cannot serve the schema of {day!r}: it takes a date like {states[0]}. The portal's schema "
            f"changed on {known}."
        ) from None
    if wanted >= _TODAY:
        return None
    begun = [state for state in states if state <= wanted]
    if not begun:
        raise UsageError(
            f"The sandbox cannot serve the schema of {wanted}: its history of the portal begins later. Take a date "
            f"from {states[0]} on; the schema changed on {known}."
        )
    since = begun[-1].isoformat()
    in_force = [row for row in rows if row["since"] <= since and (not row["until"] or since < row["until"])]
    return SchemaState(begun[-1], len(begun) - 1, _record_types(in_force))


def indices_of_state(state: SchemaState, indices: dict[str, Index], folder: Path) -> dict[str, Index]:
    """Write the portal's records in the shape of a state to `folder`, and return the indices by record type.

    `indices` are the current ones. The indices of a state have other numbers: other runs of the ETL built them.
    """
    found = {}
    for record_type in state.record_types:
        name = record_type.name
        if name == _DATASET.name:
            stored, relation = _DATASET, _DATASETS.format_map({other: index.path for other, index in indices.items()})
        else:
            today = indices[_FORMER_NAMES.get(name, name)]
            stored, relation = today.record_type, f"select * from read_parquet('{today.path}')"
        path = folder / f"{state.since}_{name}.parquet"
        rows = write_records(stored, relation, record_type, path)
        found[name] = Index(record_type, f"midrc_{name}", state.place + 1, path, rows)
    return found


def _history() -> list[dict[str, str]]:
    text = resources.files("warehouse.sandbox").joinpath("data/portal_schema_history.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _record_types(rows: list[dict[str, str]]) -> tuple[RecordType, ...]:
    today = {record_type.name: record_type for record_type in read_record_types(_SYSTEM)}
    types: dict[str, list[Field]] = {}
    for row in rows:
        elastic_type: ElasticType = row["es_type"]  # type: ignore[assignment]
        is_list = row["array"] == "yes"
        field = Field(row["field"], elastic_type, holds_lists=is_list, declared_list=is_list)
        if field.is_nested:
            field = replace(field, children=today[row["type"]].by_name[field.name].children)
        types.setdefault(row["type"], []).append(field)
    return tuple(RecordType(name, tuple(fields)) for name, fields in types.items())
