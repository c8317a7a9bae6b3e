"""Macros that take a short way say the same as the long one."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.macros import rendered_macros

ODD_TEXT = st.text(st.sampled_from(" \t\n!~a\x7f\x80\u00a0\u3000\u00e9\u0301\u200d"), max_size=4)


@pytest.fixture(scope="module")
def macros() -> Any:
    """The macros of the rooms that read no model, as dbt renders them for DuckDB."""
    return rendered_macros("duckdb")


@pytest.fixture(scope="module")
def connection() -> Any:
    with duckdb.connect() as opened:
        yield opened


@given(text=st.none() | ODD_TEXT)
@settings(deadline=None)
def test_text_is_trimmed(macros: Any, connection: duckdb.DuckDBPyConnection, text: str | None) -> None:
    query = f"select {macros.text_or_null('x')}, nullif(trim(x), '') from (select cast($1 as varchar) as x)"
    ((found, trimmed),) = connection.execute(query, [text]).fetchall()
    assert found == trimmed


@given(values=st.none() | st.lists(st.none() | ODD_TEXT, max_size=3))
@settings(deadline=None)
def test_lists_of_one_value_are_told(
    macros: Any, connection: duckdb.DuckDBPyConnection, values: list[str | None] | None
) -> None:
    different = "list_distinct(list_transform(x, lambda value: nullif(trim(value), '')))"
    ((sole, count, known),) = connection.execute(
        f"select {macros.sole_value('x')}, {macros.value_count('x')}, {different} "
        "from (select cast($1 as varchar[]) as x)",
        [values],
    ).fetchall()
    assert count == len(known or ())
    assert sole == (known[0] if known and len(known) == 1 else None)


@given(
    text=st.none()
    | st.text(st.sampled_from("019 DWMYdwmyA-"), max_size=5)
    | st.from_regex("[0-9]{3}[DWMYdwmy]", fullmatch=True),
    of_children=st.booleans(),
)
@settings(deadline=None)
def test_an_age_is_that_of_a_person_or_a_placeholder(
    macros: Any, connection: duckdb.DuckDBPyConnection, text: str | None, of_children: bool
) -> None:
    years = macros.dicom_age_years("x")
    placeholder = macros.is_placeholder_age("x", f"({years})", "of_children")
    ((age, kind, is_placeholder),) = connection.execute(
        f"select {years}, typeof({years}), {placeholder} from (select cast($1 as varchar) as x, $2 as of_children)",
        [text, of_children],
    ).fetchall()
    assert kind == "DOUBLE"
    if text is None or not re.fullmatch("[0-9]{3}[DWMYdwmy]", text):
        assert (age, is_placeholder) == (None, False)
        return
    a_year = {"D": Decimal("365.25"), "W": Decimal("52.178571"), "M": Decimal(12), "Y": Decimal(1)}[text[3].upper()]
    assert age == pytest.approx(float(int(text[:3]) / a_year), abs=0.00051)
    assert is_placeholder == (age > 120 or (text.upper() == "000Y" and not of_children))


@pytest.mark.parametrize(
    ("sexes", "prevailing", "yielded"),
    [
        ([None], "missing", False),
        (["female", None], "female", False),
        (["male", "other"], "male", True),
        (["unknown", "female", "other"], "female", True),
        (["other", "unknown"], "other", True),
        (["not reported", "unknown"], "conflicting", False),
        (["female", "male"], "conflicting", False),
        (["female", "male", "other"], "conflicting", False),
        (["unmapped", "male"], "conflicting", False),
        (["unmapped", "other"], "conflicting", False),
        (["unmapped", None], "unmapped", False),
    ],
)
def test_other_and_unknown_yield_to_female_and_male(
    macros: Any, connection: duckdb.DuckDBPyConnection, sexes: list[str | None], prevailing: str, yielded: bool
) -> None:
    query = (
        f"select {macros.prevailing_sex()}, {macros.sex_values_yielded()} from unnest(cast($1 as varchar[])) as t(sex)"
    )
    assert connection.execute(query, [sexes]).fetchall() == [(prevailing, yielded)]


@pytest.mark.parametrize(
    ("words", "says", "told"),
    [
        (("Human", "Lung Cancer", "Lung"), None, ("human", True, False)),
        (("Human", "Phantom", "Lung Phantom"), None, ("phantom", False, True)),
        (("Phantom", "Head and Neck Squamous Cell Carcinoma", "Head-Neck, Phantom"), None, ("phantom", False, True)),
        (("Mouse", "Melanoma", "Abdomen"), None, ("mouse", False, False)),
        (("Rat, Mouse", None, None), None, ("rat, mouse", False, False)),
        (("Human, Mouse", "Melanoma", "Skin"), None, ("human, mouse", None, False)),
        (("Human", "Lung Cancer, Phantom", "Lung"), None, ("human", None, None)),
        ((None, "Phantom", None), None, ("phantom", False, True)),
        ((None, "Lung Cancer", None), None, (None, None, False)),
        ((None, None, None), None, (None, None, None)),
        (("Human", "Breast Cancer", "Breast"), "phantom", ("phantom", False, True)),
        ((None, None, None), "phantom", ("phantom", False, True)),
        (("Mouse", "Melanoma", "Abdomen"), "phantom", ("mouse", False, False)),
        (("Human", "Melanoma", "Skin"), "unclear", ("human", None, None)),
        (("Human", "Phantom", "Lung Phantom"), "unclear", ("phantom", False, True)),
        (("Mouse", "Melanoma", "Abdomen"), "unclear", ("mouse", False, False)),
        (("Human, Mouse", "Melanoma", "Skin"), "unclear", ("human, mouse", None, False)),
    ],
)
def test_the_words_of_a_collection_tell_what_its_subjects_are(
    macros: Any,
    connection: duckdb.DuckDBPyConnection,
    words: tuple[str | None, ...],
    says: str | None,
    told: tuple[str | None, bool | None, bool | None],
) -> None:
    names = ["a", "b", "c"]
    kinds = (macros.subject_species, macros.subject_is_human, macros.subject_is_phantom)
    stated = ", ".join(f"cast(${place} as varchar) as {name}" for place, name in enumerate([*names, "d"], start=1))
    query = f"select {', '.join(kind(names, 'd') for kind in kinds)} from (select {stated})"
    assert connection.execute(query, [*words, says]).fetchall() == [told]
