"""Rules over whole landed releases: each finds a fault of its kind, lists what it counts, and passes clean data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import ModuleType

import duckdb
import pytest

from tests.quality.rule_faults import integrity as integrity_faults
from tests.quality.rule_faults import validity as validity_faults
from tests.quality.rule_faults.form import RuleFault
from tests.support.small_release import FILES, VERSION
from warehouse.contracts import load_contract
from warehouse.landing import Load, Release
from warehouse.quality.landed_rules import RuleProfile, checks_of, measure_rules
from warehouse.quality.rules import integrity, validity
from warehouse.quality.rules.landed_rule import LandedRule
from warehouse.quality.suite import LandedRelease
from warehouse.reading import SQL_TYPES
from warehouse.sql_text import quoted

# Two records of each type that name each other.
PORTALS: Mapping[str, Mapping[str, str]] = {
    "midrc": {
        "case": "select 'case-' || i as _case_id, 'P' || i as submitter_id, ['one'] as dataset_submitter_id,"
        " 40.0 as age_at_index, 1 as _imaging_studies_count, 1 as data_file_count, 0 as _radiology_report_count"
        " from range(2) as numbers(i)",
        "imaging_study": "select 'study-' || i as _imaging_study_id, 'S' || i as submitter_id, ['P' || i] as case_ids,"
        " '1.2.' || i as study_uid, '30745-4' as loinc_code, 2020 as study_year from range(2) as numbers(i)",
        "data_file": "select 'file-' || i as _data_file_id, ['P' || i] as case_ids, ['1.2.' || i] as study_uid,"
        " 'dg.MD1R/0cb9fa5e-9e4e-4c40-9a52-6b3a1b2c3d4e' as object_id, repeat('ab', 16) as md5sum, 'CT' as modality,"
        " 'SIEMENS' as manufacturer, 10 as file_size, 3 as number_of_instances from range(2) as numbers(i)",
        "measurement": "select 'test-' || i as _measurement_id, ['P' || i] as case_ids, 3 as test_days_from_index"
        " from range(2) as numbers(i)",
        "annotation": "select 'note-' || i as _annotation_id, ['P' || i] as case_ids, 3 as \"midrc_mRALE_score\""
        " from range(2) as numbers(i)",
    },
    "bih": {
        "dataset": "select 'one-' || i as collection_id, '2026-10-01' as metadata_source_date"
        " from range(2) as numbers(i)",
        "subject": "select 'subject-' || i as _subject_id, 'P' || i as submitter_id from range(2) as numbers(i)",
        "imaging_study": "select 'study-' || i as _imaging_study_id, '1.2.' || i as \"StudyInstanceUID\","
        " ['P' || i] as subject_id from range(2) as numbers(i)",
        "imaging_series": "select 'series-' || i as _imaging_series_id, '1.3.' || i as \"SeriesInstanceUID\","
        " ['1.2.' || i] as \"StudyInstanceUID\", 'MR' as \"Modality\" from range(2) as numbers(i)",
    },
}

CLEAN = {"idc": FILES, **PORTALS}


def lay_out(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Make tables with the columns of the contract from clean queries, in the place of the views over landed files."""
    connection.execute(f"create schema landed_{source}")
    for name, dataset in load_contract(source).datasets.items():
        query = CLEAN[source].get(name)
        found = [] if query is None else connection.execute(f"select * from ({query}) limit 0").description or []
        has = {column[0] for column in found}
        columns = []
        for column in dataset.columns:
            value = quoted(column.name) if column.name in has else "null"
            value = f"to_json({value})" if column.type in ("record", "record[]") and value != "null" else value
            columns.append(f"cast({value} as {SQL_TYPES[column.type]}) as {quoted(column.name)}")
        rows = f"({query})" if query is not None else "(select 1 where false)"
        connection.execute(f"create table landed_{source}.{quoted(name)} as select {', '.join(columns)} from {rows}")


def released(source: str, version: str = VERSION) -> LandedRelease:
    """Return a release that was fetched on 1 October 2026."""
    load = Load.model_validate(
        {
            "source": source,
            "dataset": "version",
            "upstream_version": version,
            "status": "absent",
            "channel": "bucket",
            "url": "https://upstream.example/",
            "fetched_at": datetime(2026, 10, 1, tzinfo=UTC),
        }
    )
    release = Release(source=source, version=version, channel="bucket", loads=(load,))
    return LandedRelease(release, load_contract(source), None, ())


@pytest.fixture(scope="module")
def clean() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for source in CLEAN:
            lay_out(connection, source)
        yield connection


def measured(
    connection: duckdb.DuckDBPyConnection, source: str, module: ModuleType, rules: Sequence[LandedRule]
) -> list[RuleProfile]:
    return measure_rules(connection, released(source), rules, module.SHARED)


BOTH = [
    (module, fault)
    for module, faults in ((integrity, integrity_faults), (validity, validity_faults))
    for fault in faults.FAULTS
]


@pytest.mark.parametrize(
    ("module", "fault"), BOTH, ids=[f"{fault.source}: {fault.sentence[:60]} {fault.column or ''}" for _, fault in BOTH]
)
def test_a_fault_is_counted_and_listed(clean: duckdb.DuckDBPyConnection, module: ModuleType, fault: RuleFault) -> None:
    rules = [
        rule
        for rule in module.RULES
        if rule.sentence == fault.sentence and rule.source == fault.source and fault.column in (None, rule.column)
    ]
    assert rules, "no such rule"
    clean.execute("begin transaction")
    try:
        clean.execute(fault.spoil)
        found = [profile for profile in measured(clean, fault.source, module, rules) if profile.broken]
        assert [profile.broken for profile in found] == [fault.broken]
        (profile,) = found
        assert profile.detail.query is not None
        listed = clean.execute(profile.detail.query).fetchall()
        assert len(listed) == fault.broken
        assert len({row[: len(rules[0].keys)] for row in listed}) <= len(listed)
        assert f"{fault.broken:,} of" in profile.label
    finally:
        clean.execute("rollback")


@pytest.mark.parametrize("source", CLEAN)
@pytest.mark.parametrize("module", [integrity, validity], ids=["integrity", "validity"])
def test_clean_data_break_no_rule(clean: duckdb.DuckDBPyConnection, module: ModuleType, source: str) -> None:
    found = measured(clean, source, module, module.RULES)
    assert found
    assert [f"{profile.rule}: {profile.label}" for profile in found if profile.broken] == []


@pytest.mark.parametrize(
    ("module", "faults"),
    [(integrity, integrity_faults), (validity, validity_faults)],
    ids=["integrity", "validity"],
)
def test_every_rule_has_a_fault_that_breaks_it(module: ModuleType, faults: ModuleType) -> None:
    assert {rule.sentence for rule in module.RULES} == {fault.sentence for fault in faults.FAULTS}


@pytest.mark.parametrize("module", [integrity, validity], ids=["integrity", "validity"])
def test_sentence_asset_and_column_tell_the_findings_apart(module: ModuleType) -> None:
    places = [(rule.sentence, rule.source, rule.dataset, rule.column) for rule in module.RULES]
    assert len(set(places)) == len(places)


def test_more_than_a_release_ever_had_is_an_error_but_never_a_handful(clean: duckdb.DuckDBPyConnection) -> None:
    rule = next(rule for rule in validity.RULES if rule.sentence == "Every series has a size above 0")
    assert rule.error_percent == 1

    def beyond(rows: int) -> tuple[int, int]:
        clean.execute("begin transaction")
        try:
            clean.execute(
                f'update landed_idc.idc_index set "series_size_MB" = 0 where cast("SeriesNumber" as integer) < {rows}'
            )
            (profile,) = measured(clean, "idc", validity, [rule])
            return profile.broken, profile.beyond
        finally:
            clean.execute("rollback")

    assert beyond(19) == (19, 0)
    assert beyond(24) == (24, 0)
    assert beyond(25) == (25, 25)
    (warning, error) = checks_of([rule])
    assert (warning.severity, error.severity) == ("warning", "error")


def test_what_a_release_does_not_have_is_not_judged(clean: duckdb.DuckDBPyConnection) -> None:
    clean.execute("begin transaction")
    try:
        clean.execute("delete from landed_idc.collections_index; delete from landed_idc.analysis_results_index")
        found = measured(clean, "idc", integrity, integrity.RULES)
        assert {profile.dataset for profile in found} == {
            "idc_index",
            "prior_versions_index",
            "version_metadata_index",
        }
        assert [profile.label for profile in found if profile.broken] == []
    finally:
        clean.execute("rollback")
