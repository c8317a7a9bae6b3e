"""The query for every published figure of the portal, the hub and Indexd, and how a figure is read from its answer.

The figures are in `tests/support/published_figures.csv`. The services reproduce all of them.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

import requests

from tests.support.published_figures import PUBLISHED

_MIDRC = '{AND: [{IN: {commons_name: ["MIDRC"]}}]}'

# (system, entity, dimension) -> GraphQL. Where the query asks for a histogram, the figure is the bucket of its key.
QUERIES: dict[tuple[str, str, str], str] = {
    ("midrc_portal", "case", "total"): "{ _aggregation { case { _totalCount } } }",
    ("midrc_portal", "imaging_study", "total"): "{ _aggregation { imaging_study { _totalCount } } }",
    ("midrc_portal", "data_file", "total"): "{ _aggregation { data_file { _totalCount } } }",
    ("midrc_portal", "measurement", "total"): "{ _aggregation { measurement { _totalCount } } }",
    ("midrc_portal", "annotation", "total"): "{ _aggregation { annotation { _totalCount } } }",
    ("midrc_portal", "radiology_report", "total"): "{ _aggregation { radiology_report { _totalCount } } }",
    ("midrc_portal", "data_type", "total"): '{ __type(name: "Mapping") { fields { name } } }',
    # The report calls the field `dataset`; the index holds it as `dataset_submitter_id`.
    (
        "midrc_portal",
        "case",
        "dataset",
    ): "{ _aggregation { case { dataset_submitter_id { histogram { key count } } } } }",
    ("midrc_portal", "case", "sex"): "{ _aggregation { case { sex { histogram { key count } } } } }",
    ("midrc_portal", "case", "race"): "{ _aggregation { case { race { histogram { key count } } } } }",
    ("midrc_portal", "case", "ethnicity"): "{ _aggregation { case { ethnicity { histogram { key count } } } } }",
    ("midrc_portal", "case", "covid19_positive"): (
        "{ _aggregation { case { covid19_positive { histogram { key count } } } } }"
    ),
    ("midrc_portal", "imaging_study", "study_modality"): (
        "{ _aggregation { imaging_study { study_modality { histogram { key count } } } } }"
    ),
    ("midrc_portal", "data_file", "data_format"): (
        "{ _aggregation { data_file { data_format { histogram { key count } } } } }"
    ),
    (
        "midrc_portal",
        "data_file",
        "data_type",
    ): "{ _aggregation { data_file { data_type { histogram { key count } } } } }",
    ("midrc_portal", "annotation", "annotation_method"): (
        "{ _aggregation { annotation { annotation_method { histogram { key count } } } } }"
    ),
    ("midrc_portal", "annotation", "annotation_name"): (
        "{ _aggregation { annotation { annotation_name { histogram { key count } } } } }"
    ),
    ("bih", "subject", "total"): "{ _aggregation { subject { _totalCount } } }",
    ("bih", "imaging_study", "total"): "{ _aggregation { imaging_study { _totalCount } } }",
    ("bih", "imaging_series", "total"): "{ _aggregation { imaging_series { _totalCount } } }",
    ("bih", "repository", "total"): "{ _aggregation { subject { commons_name { histogram { key count } } } } }",
    ("bih", "data_type", "total"): '{ __type(name: "Mapping") { fields { name } } }',
    ("bih", "subject", "commons_name"): "{ _aggregation { subject { commons_name { histogram { key count } } } } }",
    ("bih", "imaging_series", "commons_name"): (
        "{ _aggregation { imaging_series { commons_name { histogram { key count } } } } }"
    ),
    ("bih", "imaging_study", "commons_name"): (
        "{ _aggregation { imaging_study { commons_name { histogram { key count } } } } }"
    ),
    ("bih", "imaging_series", "modality"): (
        f"{{ _aggregation {{ imaging_series(filter: {_MIDRC}) {{ Modality {{ histogram {{ key count }} }} }} }} }}"
    ),
    ("bih", "imaging_series", "body_part"): (
        f"{{ _aggregation {{ imaging_series(filter: {_MIDRC}) "
        "{ BodyPartExamined { histogram { key count } } } } }"
    ),
    ("bih", "imaging_series", "collection"): (
        f"{{ _aggregation {{ imaging_series(filter: {_MIDRC}) {{ collection_id {{ histogram {{ key count }} }} }} }} }}"
    ),
    ("bih", "imaging_series", "license"): (
        f"{{ _aggregation {{ imaging_series(filter: {_MIDRC}) {{ license {{ histogram {{ key count }} }} }} }} }}"
    ),
    ("bih", "imaging_series", "study_description"): (
        f"{{ _aggregation {{ imaging_series(filter: {_MIDRC}) "
        "{ StudyDescription { histogram { key count } } } } }"
    ),
    ("bih", "subject", "race"): (
        f"{{ _aggregation {{ subject(filter: {_MIDRC}) {{ race {{ histogram {{ key count }} }} }} }} }}"
    ),
}

# What the report's table lists by name; "others" and "smaller" are what it does not.
_NAMED_MODALITIES = {"CT", "CR", "DX", "SEG", "MR", "SR"}
_NAMED_COLLECTIONS = 7
# The report cuts this percentage off (8,575 of 76,193 are 11.254 %) where it rounds all others.
_CUT_OFF = {"gap_portal_vs_bih_cases_percent"}


@dataclass(frozen=True)
class Figure:
    """One published figure."""

    figure_id: str
    system: str
    entity: str
    dimension: str
    key: str
    metric: str
    value: Decimal
    is_rounded: bool


def published_figures() -> list[Figure]:
    """Return all figures of the file."""
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        return [
            Figure(
                *(row[name] for name in ("figure_id", "system", "entity", "dimension", "key", "metric")),
                value=Decimal(row["value"]),
                is_rounded=row["precision"] == "rounded",
            )
            for row in csv.DictReader(file)
        ]


class Services:
    """Answers the queries of the figures from the running services, each query once."""

    def __init__(self, portal_url: str, bih_url: str) -> None:
        self._urls = {"midrc_portal": portal_url, "bih": bih_url}
        self._answers: dict[tuple[str, str], Any] = {}

    def ask(self, system: str, query: str) -> Any:
        """Return the innermost object or list of the answer to a query."""
        if (system, query) not in self._answers:
            response = requests.post(f"{self._urls[system]}/guppy/graphql", json={"query": query}, timeout=120)
            found = response.json()["data"]
            while isinstance(found, Mapping) and len(found) == 1:
                found = next(iter(found.values()))
            self._answers[system, query] = found
        return self._answers[system, query]

    def histogram(self, system: str, entity: str, dimension: str) -> dict[str, int]:
        """Return the buckets by key; a missing value is `no data`."""
        return {bucket["key"]: bucket["count"] for bucket in self.ask(system, QUERIES[system, entity, dimension])}

    def indexd(self) -> dict[str, int]:
        """Return what Indexd reports."""
        return requests.get(f"{self._urls['midrc_portal']}/index/_stats", timeout=30).json()

    def value_of(self, figure: Figure) -> Decimal:
        """Return the figure as the services have it now."""
        found = self._value_of(figure)
        return found if isinstance(found, Decimal) else Decimal(found)

    def _value_of(self, figure: Figure) -> int | Decimal:
        if figure.system == "indexd":
            stats = self.indexd()
            size = stats["totalFileSize"]
            return {"count": stats["fileCount"], "bytes": size, "size_tb": Decimal(size) / 10**12}[figure.metric]
        if figure.dimension == "portal_vs_bih":
            ours = self.ask("midrc_portal", QUERIES["midrc_portal", figure.entity, "total"])
            counterpart = "subject" if figure.entity == "case" else figure.entity
            theirs = self.histogram("bih", counterpart, "commons_name")["MIDRC"]
            return Decimal(100) * (ours - theirs) / theirs
        where = (figure.system, figure.entity, figure.dimension)
        if figure.dimension == "total":
            found = self.ask(figure.system, QUERIES[where])
            return found if isinstance(found, int) else len(found)
        buckets = self.histogram(*where)
        total = sum(buckets.values())
        if figure.metric in ("datasets", "modalities", "collections") or figure.key.startswith("smaller"):
            return self._about_others(figure, buckets)
        if figure.metric == "percent":
            chosen = {
                "chest (any)": [key for key in buckets if "CHEST" in key],
                "unlabeled": ["no data"],
            }.get(figure.key, [figure.key])
            return Decimal(100) * sum(buckets[key] for key in chosen) / total
        # The report writes the hub's missing values "No data".
        return buckets[{"No data": "no data"}.get(figure.key, figure.key)]

    def _about_others(self, figure: Figure, buckets: dict[str, int]) -> int:
        if figure.metric == "datasets":
            return len(buckets)
        if figure.metric == "modalities":
            return len(buckets.keys() - _NAMED_MODALITIES)
        smaller = sorted(buckets.values(), reverse=True)[_NAMED_COLLECTIONS:]
        return len(smaller) if figure.metric == "collections" else max(smaller)


def agrees(figure: Figure, value: Decimal) -> bool:
    """Return whether a value is the published one: equal, below a bound, or equal after rounding as published."""
    if figure.metric.endswith("_upper_bound"):
        return 0 < value < figure.value
    if not figure.is_rounded:
        return value == figure.value
    text = str(figure.value)
    unit = Decimal(1).scaleb(-len(text.partition(".")[2]))
    if "." not in text and not figure.metric.startswith("percent"):
        unit = Decimal(10) ** (len(text) - len(text.rstrip("0")))
    rounding = ROUND_DOWN if figure.figure_id in _CUT_OFF else ROUND_HALF_UP
    return (value / unit).quantize(Decimal(1), rounding=rounding) * unit == figure.value
