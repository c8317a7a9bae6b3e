"""Real IDC releases compared: every total is held against SQL that counts in another way."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from pathlib import Path

import duckdb
import pytest

from tests.support.icw import ICW
from tests.support.published_releases import snapshot_of
from tests.support.shared import made_once
from warehouse.comparison.difference import SnapshotDifference, TableDifference, compare
from warehouse.snapshots.catalog import Snapshot
from warehouse.sql_text import quoted, read_parquet

pytestmark = [pytest.mark.network, pytest.mark.full]

RELEASES = ("23.5.0", "24.2.2", "25.0.5")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a snapshot of each release, of IDC alone."""

    def make(folder: Path) -> None:
        settings = {"ICW_HOME": str(folder), "ICW_UPSTREAMS": '["idc"]', "ICW_IDC_CHANNELS": json.dumps(["wheel"])}
        for version in RELEASES:
            command = [ICW, "refresh", "--sources", "live", "--idc", version]
            done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr

    return made_once(tmp_path_factory, "compared-releases", make)


@pytest.mark.parametrize(("before", "after"), list(itertools.pairwise(RELEASES)))
def test_every_total_is_that_of_independent_sql(home: Path, before: str, after: str) -> None:
    a, b = snapshot_of(home, before), snapshot_of(home, after)
    found = compare(a, b)
    assert found.differs
    assert {table.name for table in found.tables if table.rows is None} == {"fct_series_version"}
    assert not [table.name for table in found.tables if table.rekeyed]
    assert found.effects.untold == ()
    check_tables(found)
    check_effects(found)


def check_tables(found: SnapshotDifference) -> None:
    """Hold rows and columns of every table against set operations and aggregates of plain SQL."""
    for table in found.tables:
        if table.rows is None:
            continue
        with duckdb.connect(config={"memory_limit": "1GB", "threads": 2}) as connection:
            a, b = (_file(snapshot, table.name) for snapshot in (found.before, found.after))
            key = ", ".join(map(quoted, table.pair.key))

            def count(query: str, connection: duckdb.DuckDBPyConnection = connection) -> int:
                [(number,)] = connection.execute(f"select count(*) from ({query})").fetchall()
                return int(number)

            assert table.rows.before == count(f"from {a}"), table.name
            assert table.rows.after == count(f"from {b}"), table.name
            assert table.rows.added == count(f"select {key} from {b} except select {key} from {a}"), table.name
            assert table.rows.removed == count(f"select {key} from {a} except select {key} from {b}"), table.name
            common = count(f"select {key} from {a} intersect select {key} from {b}")
            assert table.rows.changed + table.rows.absence_only + table.rows.unchanged == common, table.name
            assert not table.pair.has_another_schema
            # Whole rows that both have, two columns and the key at a time: a set operation over sixty columns at once
            # would need more memory than the comparison itself.
            differs = {column.column: column.changed for column in table.columns}
            for column in table.pair.compared:
                cells = f"{key}, {quoted(column)}"
                same = count(f"select {cells} from {a} intersect select {cells} from {b}")
                assert common - same == differs.get(column, 0), (table.name, column)
            _check_pairs(connection, table)


def _check_pairs(connection: duckdb.DuckDBPyConnection, table: TableDifference) -> None:
    for column in table.columns:
        listed = sum(change.rows for change in column.most_frequent)
        assert listed == column.changed if column.pairs <= 10 else listed < column.changed
        assert column.from_null + column.to_null <= column.changed


def check_effects(found: SnapshotDifference) -> None:
    """Hold members of collections and what came and went against counts of each snapshot by itself."""
    with duckdb.connect(config={"memory_limit": "1GB", "threads": 2}) as connection:
        for entity, table, links, key in (
            ("patient", "dim_patient", "bridge_patient_collection", "patient_key"),
            ("study", "fct_study", "bridge_study_collection", "study_key"),
            ("series", "fct_series", "bridge_series_collection", "series_key"),
        ):
            counts = []
            for snapshot in (found.before, found.after):
                counts.append(
                    dict(
                        connection.execute(
                            f"select collection_id, count(*) from {_file(snapshot, links)} "
                            f"join {_file(snapshot, 'dim_collection')} using (collection_key) group by all"
                        ).fetchall()
                    )
                )
            effects = {effect.collection_id: effect for effect in found.effects.collections if effect.entity == entity}
            for collection in counts[0].keys() | counts[1].keys():
                was, is_now = (side.get(collection, 0) for side in counts)
                effect = effects.get(collection)
                if effect is None:
                    assert was == is_now, (entity, collection)
                else:
                    assert (effect.before, effect.after) == (was, is_now), (entity, collection)
                    assert effect.before + effect.added - effect.removed == effect.after
            rows = next(entry.rows for entry in found.tables if entry.name == table)
            assert rows is not None
            members = {entry.direction: entry.count for entry in found.effects.members if entry.entity == entity}
            assert members == {"came": rows.added, "went": rows.removed}
            assert sum(effect.added - effect.moved_in for effect in effects.values()) == rows.added, key
        a, b = (_file(snapshot, "fct_series") for snapshot in (found.before, found.after))
        # The key of a series, a study and a patient is the same in both: a hash of what its source calls it.
        for table, key, natural in (
            ("fct_series", "series_key", "series_instance_uid"),
            ("fct_study", "study_key", "study_instance_uid"),
            ("dim_patient", "patient_key", "collection_id, patient_id"),
        ):
            [(same, moved)] = connection.execute(
                f"select count_if(one.{key} = other.{key}), count_if(one.{key} <> other.{key}) "
                f"from {_file(found.before, table)} one join {_file(found.after, table)} other using ({natural})"
            ).fetchall()
            assert same > 0
            assert moved == 0, table
        licences = connection.execute(
            f"select a.license_id, b.license_id, count(*) from {a} a, {b} b where a.series_key = b.series_key "
            "and a.license_id <> b.license_id group by all"
        ).fetchall()
        told: dict[tuple[str | None, str | None], int] = {}
        for change in found.effects.licenses:
            told[change.before, change.after] = told.get((change.before, change.after), 0) + change.series
        assert told == {(was, is_now): series for was, is_now, series in licences}


def _file(snapshot: Snapshot, table: str) -> str:
    entry = snapshot.table(table)
    assert entry is not None
    return read_parquet(snapshot.files_of(entry))
