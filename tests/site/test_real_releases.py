"""The site of real releases beside the sandbox's portals: everything is answered, and nothing made up looks real."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from tests.site.markup import Element, csv_rows, read
from tests.support.published_releases import NEWER, OLDER, published_releases, snapshot_of
from warehouse.site import figures
from warehouse.site.wording import number
from warehouse.snapshots.catalog import Snapshot

pytestmark = [pytest.mark.full, pytest.mark.network]

LARGEST = 5_000_000


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published_releases(tmp_path_factory)


@pytest.fixture(scope="module")
def snapshot(releases: Path) -> Snapshot:
    return snapshot_of(releases, OLDER)


@pytest.fixture(scope="module")
def trees(snapshot: Snapshot) -> Mapping[str, Element]:
    return {path.name: read(path.read_text(encoding="utf-8")) for path in snapshot.site.parent.iterdir()}


def test_every_night_published_its_site(releases: Path) -> None:
    for version in (NEWER, OLDER):
        published = snapshot_of(releases, version)
        assert published.manifest.without_site is None
        assert sum(path.stat().st_size for path in published.site.parent.iterdir()) < LARGEST


def test_every_chart_is_answered(trees: Mapping[str, Element]) -> None:
    for chart in (*figures.OVERVIEW, *figures.RECONCILIATION):
        figure = trees["index.html" if chart in figures.OVERVIEW else "gaps.html"].with_id(chart.id)
        assert "Not in this snapshot." not in figure.text
        assert figure.all("td"), chart.id
    assert all(figures_of(trees, chart) for chart in figures.OVERVIEW)


def figures_of(trees: Mapping[str, Element], chart: figures.Chart) -> list[Element]:
    return trees["index.html"].with_id(chart.id).all("svg")


def test_series_of_each_platform_are_those_of_the_table(snapshot: Snapshot, trees: Mapping[str, Element]) -> None:
    with duckdb.connect(str(snapshot.database), read_only=True) as connection:
        counted = dict(connection.execute("select source_id, count(*) from fct_series group by source_id").fetchall())
    (saved,) = (link.attributes["href"] for link in trees["index.html"].with_id("platforms").all("a"))
    header, *rows = csv_rows(saved)
    place = header.index("series")
    assert {row[0]: int(row[place]) for row in rows} == counted
    drawn = {text.text for text in trees["index.html"].with_id("platforms").all("text")}
    assert {number(count) for count in counted.values()} <= drawn
    data = json.loads("".join(trees["explore.html"].with_id("data").texts))
    of_platforms = {row[0]: row[3] for row in data["holdings"] if row[1] is None and row[2] is None}
    assert of_platforms == counted


def test_what_is_half_made_up_has_no_figures(trees: Mapping[str, Element]) -> None:
    page = trees["gaps.html"]
    lines = [line for line in page.all("tr") if line.all("th") and line.all("th")[0].text == "idc-bih:series"]
    assert "not comparable: one side is synthetic" in lines[0].text
    assert not [element for element in page.everything() if element.attributes.get("id") == "gap-idc-bih-series"]
    assert "idc-bih:series" not in page.with_id("gaps").text
    for tree in trees.values():
        assert [aside.attributes["class"] for aside in tree.all("aside")] == ["banner"]
    marked = trees["index.html"].with_id("modalities").all("figcaption")
    assert [caption.text.endswith("synthetic") for caption in marked] == [True, False, True]


def test_changes_between_releases_are_told(trees: Mapping[str, Element]) -> None:
    assert NEWER in trees["changes.html"].text
    rows = trees["changes.html"].with_id("collections-title").parent.all("tr")  # type: ignore[union-attr]
    assert len(rows) > 10
