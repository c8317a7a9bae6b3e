"""A multiplied release is marked synthetic, and has the shape of the one it is made from in every copy."""

from __future__ import annotations

import re

import duckdb
import pytest

from tests.bench.scale.multiplied import land_multiplied
from tests.support import small_release
from warehouse.contracts import load_contract
from warehouse.landed_views import lay_out_release
from warehouse.landing import Landing, Release

COPIES = 3

# Two UIDs of which one is the other with a component more, and one that leaves no room for any: IDC has such.
CLOSE = {
    "idc_index": f"""
        select * replace (
            case "SeriesNumber"
                when '0' then '1.2.840.1.1.1'
                when '1' then '1.2.840.1.1'
                when '2' then '1.2.840.' || repeat('9', 56)
                else "SeriesInstanceUID"
            end as "SeriesInstanceUID"
        )
        from ({small_release.IDC_INDEX})
    """
}


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Landing, Release, Release]:
    home = tmp_path_factory.mktemp("scale")
    files = {name: query for name, query in small_release.FILES.items() if name != "seg_index"} | CLOSE
    landing, release = small_release.land(home, files)
    return landing, release, land_multiplied(landing, release, COPIES, landing)


def test_every_load_is_marked_synthetic_and_told_from_the_real_one(landed: tuple[Landing, Release, Release]) -> None:
    _, real, multiplied = landed
    assert not real.synthetic
    assert all(load.synthetic for load in multiplied.loads)
    assert {load.digest for load in real.loads}.isdisjoint(load.digest for load in multiplied.loads)
    rows = {load.dataset: (load.rows, before.rows) for load, before in zip(multiplied.loads, real.loads, strict=True)}
    assert rows["idc_index"] == (COPIES * 2400, 2400)
    assert rows["prior_versions_index"] == (COPIES * 10, 10)
    assert rows["collections_index"] == (3, 3)


def test_keys_are_unique_and_the_forms_valid(landed: tuple[Landing, Release, Release]) -> None:
    with duckdb.connect() as connection:
        lay_out_release(connection, landed[0], landed[2], "many")
        for load in landed[2].loads:
            key = ", ".join(f'"{name}"' for name in load_contract("idc").datasets[load.dataset].key)
            assert connection.execute(
                f"select count(*) from (select {key} from many.{load.dataset} group by all having count(*) > 1)"
            ).fetchall() == [(0,)]
        series = connection.execute(
            'select "SeriesInstanceUID", "StudyInstanceUID", crdc_series_uuid, series_aws_url from many.idc_index'
        ).fetchall()
    assert any(len(uid) == 64 for uid, *_ in series)
    for *uids, uuid, url in series:
        assert all(len(uid) <= 64 and re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+", uid) for uid in uids)
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", uuid)
        assert url.endswith(f"/{uuid}/*")


def test_copies_share_collections_and_nothing_else(landed: tuple[Landing, Release, Release]) -> None:
    shape = """
        select
            count(*),
            count(distinct "PatientID"),
            count(distinct "StudyInstanceUID"),
            count(distinct collection_id),
            count(distinct ("PatientID", "StudyInstanceUID", collection_id)),
            cast(sum("instanceCount") as bigint)
        from {schema}.idc_index
    """
    revised = """
        select count(*)
        from {schema}.prior_versions_index
        semi join {schema}.idc_index using ("SeriesInstanceUID", "StudyInstanceUID")
    """
    with duckdb.connect() as connection:
        for schema, release in (("one", landed[1]), ("many", landed[2])):
            lay_out_release(connection, landed[0], release, schema)
        ((*one,),) = connection.execute(shape.format(schema="one")).fetchall()
        ((*many,),) = connection.execute(shape.format(schema="many")).fetchall()
        ((before,),) = connection.execute(revised.format(schema="one")).fetchall()
        ((after,),) = connection.execute(revised.format(schema="many")).fetchall()
    assert many == [COPIES * count if place != 3 else count for place, count in enumerate(one)]
    assert (before, after) == (before, COPIES * before)
