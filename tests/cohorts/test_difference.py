"""What differs between two states of a cohort is what a plain comparison of the records says."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.cohorts.difference import compared
from warehouse.cohorts.members import Members, members
from warehouse.settings import load_settings
from warehouse.snapshots import catalog

State = dict[int, tuple[str | None, str | None, int | None]]
"""The version, licence and size of each record by its key."""

RECORDS = st.dictionaries(
    st.integers(1, 6),
    st.tuples(
        st.sampled_from([None, "a", "b"]), st.sampled_from([None, "BY", "NC"]), st.sampled_from([None, 100, 200])
    ),
)


@pytest.fixture(scope="module")
def made(two_nights: Path, tmp_path_factory: pytest.TempPathFactory) -> Members:
    file = tmp_path_factory.mktemp("members") / "members.parquet"
    asked = "select series_key from fct_series"
    return members(catalog.snapshot(two_nights, None), asked, load_settings(), file)


def written(made: Members, records: State, path: Path) -> Members:
    with duckdb.connect() as connection:
        connection.execute(
            "create table listed (series_key bigint, series_instance_uid varchar, source_id varchar, "
            "collection_id varchar, crdc_series_uuid varchar, object_id varchar, license_id varchar, size_bytes bigint)"
        )
        for key, (version, licence, size) in records.items():
            connection.execute(
                "insert into listed values (?, ?, 'idc', 'lung', ?, null, ?, ?)",
                [key, f"1.2.{key}", version, licence, size],
            )
        connection.execute(f"copy listed to '{path}' (format parquet)")
    return replace(made, totals=made.totals.model_copy(update={"records": len(records)}), file=path)


def expected(before: State, after: State) -> dict[str, set[int]]:
    both = before.keys() & after.keys()

    def same_bytes(key: int) -> bool:
        return before[key][0] is not None and before[key][0] == after[key][0]

    found = {
        "added": after.keys() - before.keys(),
        "removed": before.keys() - after.keys(),
        "version": {
            key for key in both if None not in (before[key][0], after[key][0]) and before[key][0] != after[key][0]
        },
        "licence": {key for key in both if before[key][1] != after[key][1]},
        "size": {key for key in both if before[key][2] != after[key][2] and not same_bytes(key)},
        "size_restated": {key for key in both if before[key][2] != after[key][2] and same_bytes(key)},
    }
    return {kind: set(keys) for kind, keys in found.items() if keys}


@settings(deadline=None, max_examples=20)
@given(before=RECORDS, after=RECORDS)
def test_each_difference_is_found_and_no_other(made: Members, before: State, after: State) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sides = [
            written(made, records, Path(folder, name))
            for records, name in ((before, "b.parquet"), (after, "a.parquet"))
        ]
        with compared(sides[0], sides[1], load_settings(), Path(folder)) as comparison:
            found = comparison.difference
            lines = comparison.lines().page(100).rows
    wanted = expected(before, after)
    assert {change.kind: change.records for change in found.changes} == {
        kind: len(keys) for kind, keys in wanted.items()
    }
    assert {change.kind: {one.key for one in change.examples} for change in found.changes} == {
        kind: set(sorted(keys)[:5]) for kind, keys in wanted.items()
    }
    differing = set().union(*wanted.values())
    assert [row[1] for row in lines] == sorted(differing)
    assert found.unchanged == len(before.keys() & after.keys() - differing)
    assert found.changed == len(before.keys() & after.keys() & differing)
