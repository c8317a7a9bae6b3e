"""Real IDC releases compared: every total is held against one that is counted in another way."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest

from tests.support.published_releases import NEWER, OLDER, published_releases, snapshot_of
from warehouse.comparison.difference import SnapshotDifference, TableDifference, compare
from warehouse.snapshots.catalog import Snapshot
from warehouse.sql_text import read_parquet

pytestmark = [pytest.mark.network, pytest.mark.full]


def test_every_total_is_that_of_an_independent_count(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = published_releases(tmp_path_factory)
    found = compare(snapshot_of(home, OLDER), snapshot_of(home, NEWER))
    assert found.differs
    assert {table.name for table in found.tables if table.rows is None} == {"fct_series_version"}
    assert not [table.name for table in found.tables if table.rekeyed]
    assert found.effects.untold == ()
    check_tables(found)
    check_effects(found)


def check_tables(found: SnapshotDifference) -> None:
    """Hold rows and columns of every table against a join of their Parquet files in another engine."""
    for table in found.tables:
        if table.rows is None:
            continue
        assert not table.pair.has_another_schema
        key = list(table.pair.key)
        a, b = (_files(snapshot, table.name) for snapshot in (found.before, found.after))
        before, after = (pl.read_parquet(files, columns=key).with_row_index("row") for files in (a, b))
        both = before.join(after, on=key, validate="1:1")
        assert table.rows.before == before.height, table.name
        assert table.rows.after == after.height, table.name
        assert table.rows.added == after.height - both.height, table.name
        assert table.rows.removed == before.height - both.height, table.name
        assert table.rows.changed + table.rows.absence_only + table.rows.unchanged == both.height, table.name
        differs = {column.column: column.changed for column in table.columns}
        for column in table.pair.compared:
            was = pl.read_parquet(a, columns=[column]).to_series().gather(both["row"])
            is_now = pl.read_parquet(b, columns=[column]).to_series().gather(both["row_right"])
            assert was.ne_missing(is_now).sum() == differs.get(column, 0), (table.name, column)
        _check_pairs(table)


def _check_pairs(table: TableDifference) -> None:
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
                members = connection.execute(
                    f"select source_id, collection_id, count(*) from {_file(snapshot, links)} as links "
                    f"join {_file(snapshot, 'dim_collection')} as collections "
                    "on links.collection_key = collections.collection_key group by all"
                ).fetchall()
                counts.append({(source, collection): number for source, collection, number in members})
            effects = {
                (effect.source_id, effect.collection_id): effect
                for effect in found.effects.collections
                if effect.entity == entity
            }
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
            told = {entry.direction: entry.count for entry in found.effects.members if entry.entity == entity}
            assert told == {"came": rows.added, "went": rows.removed}
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
                f"from {_file(found.before, table)} one join {_file(found.after, table)} other "
                f"using (source_id, {natural}) where source_id = 'idc'"
            ).fetchall()
            assert same > 0
            assert moved == 0, table
        licences = connection.execute(
            f"select a.license_id, b.license_id, count(*) from {a} a, {b} b where a.series_key = b.series_key "
            "and a.license_id <> b.license_id group by all"
        ).fetchall()
        changes: dict[tuple[str | None, str | None], int] = {}
        for change in found.effects.licenses:
            changes[change.before, change.after] = changes.get((change.before, change.after), 0) + change.series
        assert changes == {(was, is_now): series for was, is_now, series in licences}


def _file(snapshot: Snapshot, table: str) -> str:
    return read_parquet(_files(snapshot, table))


def _files(snapshot: Snapshot, table: str) -> list[Path]:
    entry = snapshot.table(table)
    assert entry is not None
    return list(snapshot.files_of(entry))
