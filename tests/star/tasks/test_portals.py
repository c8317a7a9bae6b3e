"""The tasks of the portals' users: small with dirty records, and as published at a hundredth of the portals' size."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest

from tests.star.conftest import rows
from tests.star.tasks.asking import answer, landed
from tests.star.tasks.portals import TASKS
from tests.support.published_releases import NEWER, published_releases, snapshot_of
from warehouse.build import Build
from warehouse.landing import Landing


@pytest.mark.parametrize("name", TASKS)
def test_the_star_answers_as_the_landed_records_do(
    conformed: Build, star: duckdb.DuckDBPyConnection, name: str
) -> None:
    task = TASKS[name]
    releases = {release.source: release for release in conformed.releases}
    landing = Landing(conformed.folder.parent.parent)
    expected = task.oracle(lambda source, dataset: landed(landing, releases[source], dataset))
    assert rows(star, task.sql) == expected
    assert expected


@pytest.mark.full
@pytest.mark.network
@pytest.mark.parametrize("name", TASKS)
def test_the_published_snapshot_answers_as_the_landed_records_do(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    home = published_releases(tmp_path_factory)
    landing = Landing(home)

    def records(source: str, dataset: str) -> pl.DataFrame:
        (release,) = landing.releases(source)
        return landed(landing, release, dataset)

    task = TASKS[name]
    found = answer(snapshot_of(home, NEWER), task.sql)
    assert found == task.oracle(records)
    numbers = (column for column in zip(*found, strict=True) if isinstance(column[0], int))
    assert (len(found), *map(sum, numbers)) == task.published
