"""The conformed tables over all three sources, built from dirty records: keys, joins, and what the audit says."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.star.conformed_faults import BRIDGES, losing_a_row
from tests.star.conftest import number, rolled_back, rows
from tests.support.planted_sources import HUB, PORTAL
from tests.support.tables import star_rows
from warehouse.build import Build, prepare, run_models
from warehouse.contracts import load_contract
from warehouse.dbt_manifest import read_star_description
from warehouse.landing import Landing
from warehouse.quality.audit import audit_star, failed_errors
from warehouse.quality.rules.conformed import CONSERVATION, VALUES
from warehouse.quality.rules.rule import ConservationRule, ValueRule
from warehouse.registry import SOURCE_NAMES
from warehouse.settings import Settings
from warehouse.sql_text import literal

# Every table over several sources, and the columns that join it to the others.
FACTS = ("fct_series", "fct_study")
DIMENSIONS = (
    "dim_source",
    "dim_collection",
    "dim_patient",
    "dim_study",
    "dim_modality",
    "dim_body_part",
    "dim_manufacturer",
    "dim_license",
)
TABLES = (*FACTS, *BRIDGES, *DIMENSIONS)


@pytest.fixture(scope="module")
def spoilable(conformed: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the build's database that may be written."""
    copy: Path = tmp_path_factory.mktemp("spoilable") / "build.duckdb"
    shutil.copy(conformed.database, copy)
    with duckdb.connect(str(copy)) as connection:
        yield connection


@pytest.mark.parametrize("source", ["midrc", "bih"])
def test_the_planted_records_are_read(star: duckdb.DuckDBPyConnection, source: str) -> None:
    for dataset, records in {"midrc": PORTAL, "bih": HUB}[source].items():
        node = next(iter(records[0]))
        query = f"select count(*) from landed_{source}.\"{dataset}\" where {node} like 'planted-%'"
        assert number(star, query) == len(records)


@pytest.mark.parametrize("table", TABLES)
def test_the_declared_key_identifies_every_row(conformed: Build, star: duckdb.DuckDBPyConnection, table: str) -> None:
    (declared,) = [entry for entry in read_star_description(conformed.manifest).tables if entry.name == table]
    key = ", ".join(declared.primary_key)
    missing = " or ".join(f"{column} is null" for column in declared.primary_key)
    assert number(star, f"select count(*) from {table}") > 0
    assert rows(star, f"select {key} from {table} group by all having count(*) > 1") == []
    assert number(star, f"select count(*) from {table} where {missing}") == 0
    order = ", ".join(declared.order_by)
    assert rows(star, f"select {order} from {table} group by all having count(*) > 1") == []


def test_every_foreign_key_finds_its_row_and_joins_do_not_fan_out(
    conformed: Build, star: duckdb.DuckDBPyConnection
) -> None:
    references = [entry for entry in read_star_description(conformed.manifest).references if entry.table in TABLES]
    assert {entry.table for entry in references} >= {*FACTS, *BRIDGES}
    for entry in references:
        parent = f"{entry.parent} as parent on child.{entry.column} = parent.{entry.parent_column}"
        joined = number(star, f"select count(*) from {entry.table} as child join {parent}")
        assert joined == number(star, f"select count({entry.column}) from {entry.table}"), entry


def test_all_facts_join_to_all_dimensions_at_once_without_a_row_more_or_less(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select count(*) from fct_series
        join dim_source as sources on fct_series.source_key = sources.source_key
        join dim_release as releases on fct_series.release_key = releases.release_key
        left join dim_source as repositories on fct_series.repository_key = repositories.source_key
        left join dim_collection as collections on fct_series.collection_key = collections.collection_key
        left join dim_patient as patients on fct_series.patient_key = patients.patient_key
        left join dim_study as studies on fct_series.study_key = studies.study_key
        left join dim_modality as modalities on fct_series.modality_key = modalities.modality_key
        left join dim_body_part as parts on fct_series.body_part_key = parts.body_part_key
        left join dim_manufacturer as makers on fct_series.manufacturer_key = makers.manufacturer_key
        left join dim_license as licenses on fct_series.license_key = licenses.license_key
    """
    assert number(star, query) == number(star, "select count(*) from fct_series")


@pytest.mark.parametrize("rule", CONSERVATION, ids=lambda rule: rule.sentence)
def test_a_conservation_rule_holds_and_counts_something(
    star: duckdb.DuckDBPyConnection, rule: ConservationRule
) -> None:
    landed = number(star, rule.landed)
    assert landed > 0
    assert number(star, rule.star) == landed


@pytest.mark.parametrize("rule", CONSERVATION, ids=lambda rule: rule.sentence)
def test_a_conservation_rule_finds_a_loss(spoilable: duckdb.DuckDBPyConnection, rule: ConservationRule) -> None:
    landed = number(spoilable, rule.landed)
    with rolled_back(spoilable):
        spoilable.execute(losing_a_row(rule))
        assert number(spoilable, rule.star) != landed
    assert number(spoilable, rule.star) == landed


@pytest.mark.parametrize("rule", VALUES, ids=lambda rule: rule.sentence)
def test_each_rule_about_values_finds_what_is_planted(star: duckdb.DuckDBPyConnection, rule: ValueRule) -> None:
    query = f"select count(*), count({rule.value}) from {rule.relation} where {rule.broken}"
    with star.cursor() as not_in_star:
        ((broken, quoted),) = rows(not_in_star, query)
    assert 0 < broken < 6
    assert quoted == broken or "count" in rule.value or "size" in rule.value


def test_the_audit_warns_of_what_is_planted(conformed: Build) -> None:
    verdicts = audit_star(conformed)
    assert {verdict.expectation for verdict in failed_errors(verdicts)} == set()
    warned = {verdict.expectation: verdict.observed for verdict in verdicts if not verdict.passed}
    assert {rule.sentence for rule in VALUES} <= warned.keys()
    for source, text in (("bih", "Klingon"), ("midrc", "Vulcan")):
        found = warned["Every race that a record states is mapped"]
        assert re.search(rf"{source} patient race: 1 of \d+ \(0\.\d\d %\) unmapped: '{text}' x 1", found)
    assert warned["Every repository that the Hub names is known"] == "1 row: 'New Commons' x 1"


@pytest.mark.parametrize(
    "present",
    [
        ("bih",),
        ("midrc",),
        ("midrc", "bih"),
    ],
    ids="+".join,
)
@pytest.mark.full
def test_a_landed_set_that_lacks_sources_builds_and_says_which_are_absent(
    conformed: Build,
    tmp_path: Path,
    present: tuple[str, ...],
) -> None:
    chosen = [release for release in conformed.releases if release.source in present]
    some = prepare(tmp_path, Landing(conformed.folder.parent.parent), chosen, Settings(home=tmp_path))
    run_models(some, Settings(home=tmp_path))
    assert star_rows(some).keys() == star_rows(conformed).keys()
    with duckdb.connect(str(some.database), read_only=True) as connection:
        connection.execute("use star")
        for table in ("dim_patient", "dim_study", "dim_collection", "fct_series", "fct_study"):
            found = rows(connection, f"select distinct source_id from {table} order by 1")
            assert found == sorted((source,) for source in present)
        for table in sorted(star_rows(some)):
            columns = {name for name, *_ in rows(connection, f"describe {table}")}
            if "release_key" in columns and table != "dim_release":
                query = f"select distinct source_id from {table} join dim_release using (release_key, source_id)"
                assert {source for (source,) in rows(connection, query)} <= set(present)
        query = "select source_id, status, count(*) from dim_release group by all order by all"
        statuses = {source: status for source, status, _ in rows(connection, query)}
        assert statuses == {source: "landed" if source in present else "no load" for source in SOURCE_NAMES}
        assert number(connection, "select count(*) from dim_release") == sum(
            len(load_contract(source).datasets) for source in SOURCE_NAMES
        )
        connection.execute(f"attach {literal(str(conformed.database))} as whole (read_only)")
        # What a source tells of a series does not depend on which others are there.
        same = "select * from fct_series except all select * from whole.star.fct_series"
        assert rows(connection, same) == []
