"""The definitions hold together, and what is written from them is current."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from warehouse.errors import UsageError
from warehouse.metrics import page
from warehouse.metrics.dbt_macros import MACROS_FILE, dbt_macros
from warehouse.metrics.expressions import counted, dimensions_in, placed
from warehouse.metrics.joins import Star, dimensions_of
from warehouse.metrics.model import Measure, SemanticModel, parse_semantic_model

ENTITY = "entities: [{name: thing, table: fct_thing, label: Thing}]"
DIMENSION = (
    "dimensions: [{name: source, label: Source, description: Who says it., table: dim_source, expression: source_id}]"
)


def definitions(**changes: Any) -> SemanticModel:
    metric: Mapping[str, Any] = {
        "name": "things",
        "label": "Things",
        "description": "Things.",
        "unit": "records",
        "entity": "thing",
        "aggregate": "count",
        "additive": "all",
        "per": ["source"],
        **changes,
    }
    return parse_semantic_model([ENTITY, DIMENSION, f"metrics: [{metric}]"])


def test_a_small_model_is_read() -> None:
    assert definitions().metric("things").per == ("source",)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"entity": "nothing"}, "nothing, which is no entity"),
        ({"per": ["planet"]}, "per planet, which is no dimension"),
        ({"additive": ["planet"]}, "adds up over planet, which is no dimension"),
        ({"aggregate": "sum"}, "every other aggregate has one"),
        ({"expression": "size_bytes"}, "a count has no expression"),
        ({"aggregate": "count_distinct", "expression": "key"}, "does not add up over every dimension"),
        ({"name": "source"}, "given twice: source"),
        ({"unit": "furlongs"}, "unit"),
        ({"colour": "red"}, "colour"),
        ({"description": "no sentence"}, "description"),
    ],
)
def test_a_definition_that_does_not_hold_together_is_refused(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        definitions(**changes)


def test_what_is_misspelt_gets_near_names(model: SemanticModel) -> None:
    with pytest.raises(UsageError, match=r"no metric 'seires'\. Did you mean series"):
        model.metric("seires")
    with pytest.raises(UsageError, match=r"no dimension 'modalty'\. Did you mean modality"):
        model.dimension("modalty")
    with pytest.raises(UsageError, match="`icw metrics` lists them"):
        model.metric("xyzzy")


def test_the_macros_are_current(model: SemanticModel) -> None:
    assert MACROS_FILE.read_text(encoding="utf-8") == dbt_macros(model), "run `make metrics` and commit metrics.sql"


def test_the_page_is_current(model: SemanticModel) -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.renewed(text, model) == text, "run `make metrics` and commit dbt/semantic/README.md"
    assert all(f"| `{metric.name}` |" in text for metric in model.metrics)


def test_each_metric_has_the_dimensions_that_it_names(model: SemanticModel, star: Star) -> None:
    for metric in model.metrics:
        names = {dimension.name for dimension in dimensions_of(metric, star, model)}
        assert {*metric.per} <= names, metric.name
        for measure in model.parts(metric):
            assert {*dimensions_in(measure.filter)} <= names, measure.name
            assert measure.additive == "all" or {*measure.additive} <= names, measure.name


def test_expressions_read_columns_that_are_there(model: SemanticModel, star: Star) -> None:
    for measure in (metric for metric in model.metrics if isinstance(metric, Measure)):
        columns = star.columns(model.entity(measure.entity).table)
        alone = placed(counted(measure), columns, lambda _: "", str)
        assert measure.expression is None or alone != counted(measure), measure.name


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("size_bytes", "t.size_bytes"),
        ("coalesce(size_bytes, 0)", "coalesce(t.size_bytes, 0)"),
        ("case when kind = 'a kind' then size_bytes end", "case when t.kind = 'a kind' then t.size_bytes end"),
        ("kind = 'it''s kind' and {kind} = kind", "t.kind = 'it''s kind' and <kind> = t.kind"),
        ("other.kind, kinds, kind(kind)", "other.kind, kinds, kind(t.kind)"),
    ],
)
def test_columns_are_told_from_texts_functions_and_other_names(expression: str, expected: str) -> None:
    columns = ("size_bytes", "kind")
    assert placed(expression, columns, lambda name: f"t.{name}", lambda name: f"<{name}>") == expected
