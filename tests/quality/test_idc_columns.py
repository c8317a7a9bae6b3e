"""IDC's index with columns gone, nested or unreadable: it is built whatever arrives, and what is lost is said.

Where a column is gone for all series or broken for a few, the release is published with warnings; without the
identifiers that make its hierarchy, or with the same text everywhere, it is not.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.small_release import FILES, IDC_INDEX, land
from warehouse.build import Build, prepare, run_models
from warehouse.contracts import load_contract
from warehouse.quality.audit import audit_landed, audit_star, failed_errors
from warehouse.quality.suites import LANDED
from warehouse.quality.verdicts import Verdict
from warehouse.settings import Settings
from warehouse.sql_text import quoted

OVER_DATASETS = {suite.name for suite in LANDED}
KEYS = {name: set(dataset.key) for name, dataset in load_contract("idc").datasets.items()}

# What takes the place of every value of a column; None where the column is gone.
UNREADABLE = {"missing": None, "nested": "{'value': [{'text': 'unheard of'}]}", "several values": "['one', 'two']"}
READABLE = {"text": "'unheard of \U0001f9ec \x07'", "not finite": "'nan'::double", "boolean": "true"}

# Those of the index, and what they are in the star.
NUMBERS = {"instanceCount": "instance_count", "series_size_MB": "size_bytes"}

HIERARCHY = {
    f"At most 1 series in 100 has no {column}" for column in ("collection_id", "patient_id", "study_instance_uid")
}


def together_and_alone(kinds: Iterable[str]) -> list[Any]:
    """Return the kinds in turn over the columns of one release, and, for `python -m tests.bench cases`, each alone."""
    return [tuple(kinds), *(pytest.param((kind,), marks=pytest.mark.bench) for kind in kinds)]


def columns_of(query: str) -> dict[str, str]:
    with duckdb.connect() as connection:
        return {str(name): str(kind) for name, kind, *_ in connection.execute(f"describe {query}").fetchall()}


def with_all(dataset: str, values: Sequence[str | None]) -> str:
    """Return the query of a file of the small release with another value in every column that is no part of its key.

    The values take turns.
    """
    columns = columns_of(FILES[dataset])
    key = [quoted(name) for name in columns if name in KEYS[dataset]]
    others = zip((name for name in columns if name not in KEYS[dataset]), itertools.cycle(values), strict=False)
    replaced = [f"{value} as {quoted(name)}" for name, value in others if value is not None]
    return f"select {', '.join([*key, *replaced])} from ({FILES[dataset]})"


def with_one(value: str, names: Iterable[str], other: str = "{}") -> str:
    """Return the query of the index with another value in these columns of one series."""
    replaced = ", ".join(
        f"case when \"SeriesNumber\" = '6' then {value} else {other.format(quoted(name))} end as {quoted(name)}"
        for name in names
        if name != "SeriesInstanceUID"
    )
    return f"select * replace ({replaced}) from ({IDC_INDEX})"


def built(home: Path, files: Mapping[str, str]) -> tuple[Build, list[Verdict]]:
    """Land, build and audit the small release with other files; what arrives never stops dbt."""
    settings = Settings(home=home)
    landing, release = land(home, {**FILES, **files})
    verdicts = audit_landed([release], landing)
    assert [verdict for verdict in failed_errors(verdicts) if verdict.suite in OVER_DATASETS] == []
    build = prepare(home, landing, [release], settings)
    run_models(build, settings)
    return build, [verdict for verdict in (*verdicts, *audit_star(build)) if not verdict.passed]


def errors(failed: list[Verdict]) -> set[str]:
    return {verdict.expectation for verdict in failed if verdict.severity == "error"}


def said(failed: list[Verdict]) -> str:
    return " ".join(verdict.observed for verdict in failed)


@pytest.mark.full
@pytest.mark.parametrize("kinds", together_and_alone(UNREADABLE), ids=" and ".join)
def test_columns_that_cannot_be_read_are_null_and_only_the_hierarchy_is_indispensable(
    kinds: Sequence[str], tmp_path: Path
) -> None:
    values = [UNREADABLE[kind] for kind in kinds]
    build, failed = built(tmp_path, {dataset: with_all(dataset, values) for dataset in FILES})
    assert errors(failed) == HIERARCHY
    assert any(verdict.suite == "landed contract" for verdict in failed)
    with duckdb.connect(str(build.database), read_only=True) as connection:
        query = "select count(*), count(distinct series_instance_uid), count(modality_key) from star.fct_series"
        assert connection.execute(query).fetchall() == [(2400, 2400, 0)]


@pytest.mark.full
@pytest.mark.parametrize("kinds", together_and_alone(READABLE), ids=" and ".join)
def test_one_text_for_everything_is_built_and_not_published(kinds: Sequence[str], tmp_path: Path) -> None:
    values = [READABLE[kind] for kind in kinds]
    _, failed = built(tmp_path, {dataset: with_all(dataset, values) for dataset in FILES})
    assert "At most 1 study in 100 has a study_instance_uid without the form of a DICOM UID" in errors(failed)


@pytest.mark.full
@pytest.mark.parametrize("names", together_and_alone(NUMBERS), ids=" and ".join)
def test_a_number_that_no_series_has_is_null_and_named_and_stops_nothing(names: Sequence[str], tmp_path: Path) -> None:
    lacking = ", ".join(map(quoted, names))
    build, failed = built(tmp_path, {"idc_index": f"select * exclude ({lacking}) from ({IDC_INDEX})"})
    assert errors(failed) == set()
    for name in names:
        with duckdb.connect(str(build.database), read_only=True) as connection:
            counts = f"select count(*), count({NUMBERS[name]}) from star.fct_series"
            assert connection.execute(counts).fetchall() == [(2400, 0)]
        assert f"idc_index.{name}" in said(failed)
    assert "2400 rows" in said(failed)


@pytest.mark.full
@pytest.mark.parametrize("value", ["null", "' '"])
def test_a_series_of_which_nothing_is_known_is_published_and_named(value: str, tmp_path: Path) -> None:
    # Every column is text where some value of it is.
    other = "{}" if value == "null" else "cast({} as varchar)"
    build, failed = built(tmp_path, {"idc_index": with_one(value, columns_of(IDC_INDEX), other)})
    assert errors(failed) == set()
    with duckdb.connect(str(build.database), read_only=True) as connection:
        ((key, *values),) = connection.execute(
            "select series_key, collection_key, patient_key, study_key, modality_key, license_key, study_count"
            " from star.fct_series where series_instance_uid = '1.2.840.1.6'"
        ).fetchall()
        assert values == [None] * 5 + [0]
        counts = "select count(*) from star.dim_patient where patient_id is null or trim(patient_id) = ''"
        assert connection.execute(counts).fetchall() == [(0,)]
    for column in ("collection_id", "patient_id", "study_instance_uid", "modality", "license_id"):
        assert f"star.fct_series ({column}): 1 row, such as 'series_key {key}' x 1" in said(failed)


@pytest.mark.full
def test_values_that_nobody_has_heard_of_in_one_series_are_warnings(tmp_path: Path) -> None:
    texts = [name for name, kind in columns_of(IDC_INDEX).items() if kind == "VARCHAR"]
    _, failed = built(tmp_path, {"idc_index": with_one("'unheard of'", texts)})
    assert errors(failed) == set()
    assert "'unheard of' x 1" in said(failed)


@pytest.mark.full
def test_a_patient_of_whom_nobody_knows_is_none(tmp_path: Path) -> None:
    """One series of one study, and all of another one: they are in no count of patients."""
    spoiled = """case when "SeriesNumber" = '6' or i_study = '1.2.840.2.8' then null else "PatientID" end"""
    index = f"""
        select * exclude (i_study) replace ({spoiled} as "PatientID", 9223372036854775000 as "instanceCount")
        from (select *, "StudyInstanceUID" as i_study from ({IDC_INDEX}))
    """
    known = index.replace(', 9223372036854775000 as "instanceCount"', "")
    build, failed = built(tmp_path, {"idc_index": known})
    assert errors(failed) == set()
    with duckdb.connect(str(build.database), read_only=True) as connection:
        counts = """
            select patient_count, (select count(*) from star.dim_patient where source_id = 'idc')
            from star.rpt_scale where source_id = 'idc'
        """
        assert connection.execute(counts).fetchall() == [(119, 119)]
        unknown = "select patient_count from star.fct_study where study_instance_uid = '1.2.840.2.8'"
        assert connection.execute(unknown).fetchall() == [(0,)]
    absurd, failed = built(tmp_path / "absurd", {"idc_index": index})
    with duckdb.connect(str(absurd.database), read_only=True) as connection:
        assert connection.execute("select count(instance_count) from star.fct_series").fetchall() == [(0,)]
