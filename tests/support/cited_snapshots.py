"""Published snapshots with licences and DOIs, small: one of real releases, one with a simulated portal beside IDC."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.sample_build import PASSED, make_build, model, redescribe, relationships_test, release
from warehouse.build import Build
from warehouse.landing import Release
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.publish import publish

REAL_DOIS = ("10.5281/zenodo.1", "10.5281/zenodo.2", "10.7937/abcd-1234")
PORTAL_DOI = "10.60701/portal"

SERIES = 30

_TABLES = """
create or replace table star.dim_source as
select * from (values
    (1::bigint, 'idc', 'NCI Imaging Data Commons', 'https://idc.example.org'),
    (2::bigint, 'midrc', 'MIDRC "portal" & more', 'https://midrc.example.org')
) as t(source_key, source_id, source_name, home_url);
create or replace table star.dim_license as
select * from (values
    (1::bigint, 'CC-BY-4.0', 'CC BY 4.0', 'Creative Commons Attribution 4.0 International',
     'https://creativecommons.org/licenses/by/4.0/', true, null),
    (2::bigint, 'CC-BY-NC-4.0', 'CC BY-NC 4.0', null, 'https://creativecommons.org/licenses/by-nc/4.0/', false, null),
    (3::bigint, 'MIDRC-DUA', 'MIDRC DUA', 'MIDRC Data Use Agreement', 'https://midrc.example.org', false, 'Read it'),
    (4::bigint, 'some words' || chr(9) || 'of a portal', null, null, null, null, null)
) as t(license_key, license_id, license_short_name, license_long_name, license_url, commercial_use_allowed, note);
create or replace table star.dim_collection as
select * from (values
    (1::bigint, 'idc', 'c1', null), (2::bigint, 'midrc', 'd1', '10.60701/PORTAL'), (3::bigint, 'midrc', 'd2', 'soon')
) as t(collection_key, source_id, collection_id, collection_doi);
create or replace table star.fct_series as
select
    i::bigint as series_key, case when i % 3 = 0 then 'midrc' else 'idc' end as source_id,
    (case when i % 3 = 0 then 2 else 1 end)::bigint as collection_key,
    (case when i = 6 then null when i % 3 = 0 then 3 when i = 1 then 4 when i % 2 = 0 then 2 else 1 end)::bigint
        as license_key,
    case when i % 3 = 0 then '10.60701/portal' when i % 2 = 0 then 'https://doi.org/10.7937/ABCD-1234'
        else '10.5281/zenodo.1\\10.5281/zenodo.2' end as source_doi,
    ['a', 'b'] as tags, i / 2 as weight, 1.5::decimal(12, 3) as size_gb, date '2026-01-01' as study_date,
    i % 2 = 0 as is_even, timestamp '2026-01-01 00:00:00' as seen_at
from range({series}) as t(i);
"""

_COLUMNS = {
    "dim_source": ("source_key", "source_id", "source_name", "home_url"),
    "dim_license": (
        "license_key",
        "license_id",
        "license_short_name",
        "license_long_name",
        "license_url",
        "commercial_use_allowed",
        "note",
    ),
    "dim_collection": ("collection_key", "source_id", "collection_id", "collection_doi"),
    "fct_series": (
        "series_key",
        "source_id",
        "collection_key",
        "license_key",
        "source_doi",
        "tags",
        "weight",
        "size_gb",
        "study_date",
        "is_even",
        "seen_at",
    ),
}


_IN_PARTS: dict[str, Any] = {"order_by": ["source_id"], "parts_by": "source_id"}


def cited_build(folder: Path, *, synthetic_portal: bool) -> Build:
    """Return a build with licences and DOIs of IDC and of a portal; with the simulated one, its series are in parts."""
    build = make_build(folder)
    with duckdb.connect(str(build.database)) as connection:
        connection.execute(_TABLES.format(series=SERIES))
    nodes = [
        model(
            table,
            {name: f'The column {name}; "quoted", 50 % & é.' for name in columns},
            primary_key=[columns[0]],
            grain=f"one row of {table}",
            **(_IN_PARTS if synthetic_portal and table == "fct_series" else {}),
        )
        for table, columns in _COLUMNS.items()
    ]
    references = [
        relationships_test("fct_series", "collection_key", "dim_collection", "collection_key"),
        relationships_test("fct_series", "license_key", "dim_license", "license_key"),
    ]
    releases = (release("25.0.5"), _portal(synthetic=synthetic_portal))
    return dataclasses.replace(redescribe(build, *nodes, *references), releases=releases)


def published(folder: Path, *, synthetic_portal: bool) -> Snapshot:
    """Publish such a build into the home `home` of a folder and return its snapshot."""
    publish(cited_build(folder / "build", synthetic_portal=synthetic_portal), [PASSED], folder / "home", {"model": 1.5})
    return snapshot(folder / "home", "current")


def _portal(*, synthetic: bool) -> Release:
    (landed, _) = release("2026-11-29-0a1b2c3d", synthetic=synthetic).loads
    load = landed.model_copy(update={"source": "midrc", "channel": "guppy", "dataset": "case"})
    return Release(source="midrc", version="2026-11-29-0a1b2c3d", channel="guppy", loads=(load,))


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A snapshot of real releases that tests read and never change."""
    return published(tmp_path_factory.mktemp("real"), synthetic_portal=False)


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A snapshot of a real release of IDC and a simulated portal, with its series in parts."""
    return published(tmp_path_factory.mktemp("synthetic"), synthetic_portal=True)


@pytest.fixture(params=["real", "synthetic"])
def either(request: pytest.FixtureRequest) -> Snapshot:
    """Each of the two."""
    return request.getfixturevalue(request.param)
