"""licences.json: each row of a table that states licences is counted once, under what it really states."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest

from tests.support.cited_snapshots import SERIES
from tests.support.sample_build import PASSED, make_build
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.publish import publish


@pytest.fixture
def licences(real: Snapshot) -> dict[str, Any]:
    return json.loads((real.folder / "licences.json").read_text(encoding="utf-8"))


def test_the_rows_are_counted_as_independent_sql_counts_them(real: Snapshot, licences: dict[str, Any]) -> None:
    with duckdb.connect(str(real.database), read_only=True) as connection:
        expected = connection.execute(
            "select source_id, (select license_id from dim_license as l where l.license_key = s.license_key), "
            "count(*) from fct_series as s group by all"
        ).fetchall()
    found = [(entry["source"], entry["license_id"], entry["rows"]) for entry in licences["rows"]]
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert sum(entry["rows"] for entry in licences["rows"]) == SERIES


def test_nothing_is_called_allowed_that_no_licence_allows(licences: dict[str, Any]) -> None:
    uses = {entry["license_id"]: entry["commercial_use"] for entry in licences["rows"]}
    assert uses == {
        "CC-BY-4.0": "allowed",
        "CC-BY-NC-4.0": "not allowed",
        "MIDRC-DUA": "not allowed",
        "some words\tof a portal": "terms must be read",
        None: "not stated",
    }
    totals = {entry["source"]: entry for entry in licences["totals"]}
    assert totals["midrc"]["commercial_use"] == {"not allowed": 9, "not stated": 1}
    assert sum(entry["rows"] for entry in totals.values()) == SERIES
    assert all(entry["rows"] == sum(entry["commercial_use"].values()) for entry in totals.values())


def test_the_queries_in_the_file_give_its_numbers(real: Snapshot, licences: dict[str, Any]) -> None:
    with duckdb.connect(str(real.database), read_only=True) as connection:
        counted = connection.execute(licences["queries"]["fct_series"]).fetchall()
    assert [row[-1] for row in counted] == [entry["rows"] for entry in licences["rows"]]


def test_it_gives_no_licence_and_leaves_the_terms_of_the_sources(licences: dict[str, Any]) -> None:
    said = " ".join(licences["statements"])
    assert "gives no licence" in said
    assert "MIDRC" in said
    assert [licence["spdx"] for licence in licences["licenses"]] == ["CC-BY-4.0", "CC-BY-NC-4.0", None, None]


def test_a_snapshot_without_licences_states_none(tmp_path: Any) -> None:
    publish(make_build(tmp_path / "build"), [PASSED], tmp_path / "home", {})
    found = snapshot(tmp_path / "home", None)
    content = json.loads((found.folder / "licences.json").read_text(encoding="utf-8"))
    assert (content["licenses"], content["rows"], content["totals"]) == ([], [], [])
