"""Snapshots to load: the whole star of a small release, and one of every type, in parts, with awkward words."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.support import small_release
from tests.support.sample_build import PASSED, make_build, model, redescribe, relationships_test
from warehouse.build import Build
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.publish import publish

_GROUP = {"order": "Surrogate key; a word that engines reserve.", "select": "A name."}
_VALUE = {
    "source_id": "Which source has it.",
    "value_key": "Surrogate key.",
    "order": "Key of the group.",
    "strayed": "Key of a group, which some rows do not find.",
    "above": "Key of the value above; of this table itself.",
    "whole": "A number of 32 bits.",
    "flag": "True, false or unknown.",
    "ratio": 'A number; "half" is 0.5 -- not 50 %, and 100% is 1; see C:\\new\\table `x`; {a: b}.',
    "amount": "A sum of money, it's exact.",
    "wide": "A sum with many digits: \u00e9\u4e16\U0001f680 \u2265 0.",
    "day": "A day, also one before 1900.",
    "moment": "A moment, in UTC.",
    "words": "Words, or null.",
    "numbers": "Numbers, some missing.",
    "keys": "Keys.",
}


@pytest.fixture(scope="package")
def star(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The star of a small release; nobody may change it."""
    return small_release.published_once(tmp_path_factory)


@pytest.fixture(scope="package")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A snapshot of made-up data with every type, a table in parts and an empty one; nobody may change it."""
    folder = tmp_path_factory.mktemp("awkward")
    publish(awkward_build(folder / "build"), [PASSED], folder / "home", {})
    return snapshot(folder / "home", None)


def awkward_build(folder: Path) -> Build:
    build = make_build(folder, synthetic=True)
    with duckdb.connect(str(build.database)) as connection:
        connection.execute("drop table star.fct_series; drop table star.dim_collection")
        connection.execute(
            'create table star.dim_group as select i::bigint as "order", \'group \' || i as "select" from range(9) t(i)'
        )
        connection.execute("create table star.dim_empty as from star.dim_group limit 0")
        connection.execute(
            """
            create table star.fct_value as
            select
                case i % 3 when 0 then 'midrc' else 'idc' end as source_id,
                i::bigint as value_key,
                (i % 9)::bigint as "order",
                (i % 11)::bigint as strayed,
                nullif(i // 2, 0)::bigint as above,
                (i - 50)::integer as whole,
                case i % 4 when 0 then null else i % 2 = 0 end as flag,
                case when i % 5 > 0 then i / 7 end as ratio,
                (i / 8)::decimal(12, 3) as amount,
                (i * 12345678901.5)::decimal(28, 6) as wide,
                date '1880-09-09' + (i * 700)::integer as day,
                timestamp '2026-11-30 10:07:18.762409' + interval (i) hour as moment,
                case i % 4 when 0 then null when 1 then [] else ['it''s', 'a\\b', null, i::varchar] end as words,
                [i / 3, null] as numbers,
                [i, i + 1]::bigint[] as keys
            from range(100) t(i)
            """
        )
    return redescribe(
        build,
        model("dim_empty", _GROUP, primary_key=["order"], grain="one group of none"),
        model("dim_group", _GROUP, primary_key=["order"], grain="one group"),
        model(
            "fct_value",
            _VALUE,
            primary_key=["value_key"],
            grain="one value",
            order_by=["source_id"],
            parts_by="source_id",
        ),
        relationships_test("fct_value", "order", "dim_group", "order"),
        relationships_test("fct_value", "strayed", "dim_group", "order"),
        relationships_test("fct_value", "above", "fct_value", "value_key"),
    )
