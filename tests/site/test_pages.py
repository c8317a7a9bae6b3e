"""The pages of a snapshot: well formed, escaped, the same at every run, and with the numbers of their queries."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from tests.site.markup import Element, csv_rows, read
from tests.site.planted_home import BIDI, HOSTILE
from tests.support.sample_build import PASSED, WARNING, make_build
from warehouse.settings import Settings
from warehouse.site import figures, render
from warehouse.site.answers import QUERIES, query_text
from warehouse.site.wording import number, size
from warehouse.snapshots.catalog import Snapshot, current
from warehouse.snapshots.publish import publish

CHARTS = (*figures.OVERVIEW, *figures.RECONCILIATION)
LARGEST = 2_000_000


@pytest.fixture(scope="module")
def pages(snapshot: Snapshot) -> Mapping[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(snapshot.site.parent.iterdir())}


@pytest.fixture(scope="module")
def trees(pages: Mapping[str, str]) -> Mapping[str, Element]:
    return {name: read(text) for name, text in pages.items()}


@pytest.fixture(scope="module")
def synthetic_pages(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The pages of a snapshot of made-up data, which has two tables, as an old one might."""
    folder = tmp_path_factory.mktemp("synthetic")
    publish(make_build(folder / "build", synthetic=True), [PASSED, WARNING], folder / "home", {})
    found = current(folder / "home")
    assert found is not None
    return render(found)


def ask(snapshot: Snapshot, sql: str, values: list[str] | None = None) -> list[tuple[object, ...]]:
    with duckdb.connect(str(snapshot.database), read_only=True) as connection:
        return connection.execute(sql, values).fetchall()


def shown(value: object) -> str:
    return "" if value is None else str(value).replace("\u202e", "\\u202e")


def test_pages_are_well_formed_and_their_links_lead_somewhere(trees: Mapping[str, Element]) -> None:
    assert len(trees) == 8
    for tree in trees.values():
        (html,) = tree.all("html")
        assert html.attributes["lang"] == "en"
        assert [len(tree.all(name)) for name in ("title", "h1", "main", "header", "footer", "nav")] == [1] * 6
        ids = [element.attributes["id"] for element in tree.everything() if "id" in element.attributes]
        assert len(ids) == len(set(ids))
        for link in tree.all("a"):
            target, _, fragment = link.attributes["href"].partition("#")
            if not target.startswith("data:"):
                assert target in ("", *trees), target
                assert not fragment or fragment in ids, fragment
        labelled = [element.attributes.get("aria-labelledby") for element in tree.everything()]
        assert {name for name in labelled if name} <= set(ids)


def test_headings_do_not_skip_a_level(trees: Mapping[str, Element]) -> None:
    for name, tree in trees.items():
        levels = [int(element.name[1]) for element in tree.everything() if re.fullmatch(r"h[1-6]", element.name)]
        assert levels[0] == 1, name
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), name


def test_nothing_is_loaded_and_only_the_own_script_runs(pages: Mapping[str, str], trees: Mapping[str, Element]) -> None:
    for name, tree in trees.items():
        addresses = [
            value
            for element in tree.everything()
            for key, value in element.attributes.items()
            if key in ("src", "href")
        ]
        assert not [address for address in addresses if re.match(r"(https?:)?//", address)]
        policy = tree.all("meta")[1].attributes["content"]
        assert policy.startswith("default-src 'none';")
        running = [script for script in tree.all("script") if "type" not in script.attributes]
        assert len(running) == (name in ("explore.html", "dictionary.html"))
        for script in running:
            digest = base64.b64encode(hashlib.sha256("".join(script.texts).encode()).digest()).decode()
            assert f"script-src 'sha256-{digest}'" in policy


def test_what_is_planted_is_text_everywhere(pages: Mapping[str, str], trees: Mapping[str, Element]) -> None:
    for tree in trees.values():
        assert tree.all("img") == []
        assert not [name for element in tree.everything() for name in element.attributes if name.startswith("on")]
    for name in ("explore.html", "gaps.html", "changes.html"):
        assert HOSTILE not in pages[name]
    told = [element.text for element in trees["gaps.html"].all("td")]
    assert HOSTILE in told
    data = json.loads("".join(trees["explore.html"].with_id("data").texts))
    assert HOSTILE in {row[1] for row in data["holdings"]}
    assert HOSTILE in {row[1] for row in data["releases"]}
    assert all("\u202e" not in page for page in pages.values())
    assert BIDI.replace("\u202e", "\\u202e") in pages["index.html"]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.id)
def test_a_chart_has_the_numbers_of_its_query(
    chart: figures.Chart, snapshot: Snapshot, trees: Mapping[str, Element]
) -> None:
    name = "index.html" if chart in figures.OVERVIEW else "gaps.html"
    figure = trees[name].with_id(chart.id)
    sql = query_text(chart.query)
    assert "".join(figure.all("pre")[0].texts) == sql
    found = ask(snapshot, sql)
    if chart is figures.REPOSITORIES:
        assert found == []  # there is no hub in this snapshot
        return
    assert found
    (saved,) = (link.attributes["href"] for link in figure.all("a"))
    header, *rows = csv_rows(saved)
    as_text = [[_plain(value) for value in row] for row in found]
    assert rows == as_text
    lines = [line for line in figure.all("tr") if line.all("td")]
    assert len(lines) == len(found)
    drawn = {text.text for svg in figure.all("svg") for text in svg.all("text")}
    assert {*_numbers(chart, header, found)} <= drawn
    alternatives = [element.attributes.get("aria-label", "") for element in figure.all("div")]
    assert all(any(told in text for text in alternatives) for told in _numbers(chart, header, found))


def _plain(value: object) -> str:
    if hasattr(value, "hour"):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return str(float(value)) if type(value).__name__ == "Decimal" else shown(value)  # type: ignore[arg-type]


def _numbers(chart: figures.Chart, header: list[str], rows: list[tuple[object, ...]]) -> list[str]:
    """The numbers that stand beside what is drawn."""
    records = [dict(zip(header, row, strict=True)) for row in rows]
    if chart is figures.PLATFORMS:
        measures = ("series", "studies", "patients")
        return [number(row[name]) for row in records for name in measures] + [size(row["bytes"]) for row in records]  # type: ignore[arg-type]
    if chart is figures.GROWTH:
        last = records[-1]
        return [number(last["series"]), number(last["patients"]), size(last["bytes"])]  # type: ignore[arg-type]
    if chart is figures.GAPS:
        told = [row for row in records if row["explained"] or row["unexplained"]]
        return [f"{row['unexplained']} of {row['explained'] + row['unexplained']} not explained" for row in told]  # type: ignore[operator]
    if chart is figures.TRENDS:
        newest = {(row["source_id"], row["entity"]): row["records"] for row in records}
        return [number(counted) for counted in newest.values()]  # type: ignore[arg-type]
    return [number(row["series"]) for row in records]  # type: ignore[arg-type]


def test_a_measure_has_the_values_of_its_query(snapshot: Snapshot, trees: Mapping[str, Element]) -> None:
    page = trees["measures.html"]
    names = [section.attributes["id"] for section in page.all("section")]
    assert {"series", "patients", "patient_ids", "commercial_series_share"} <= set(names)
    for name in names:
        section = page.with_id(name)
        found = ask(snapshot, "".join(section.all("pre")[0].texts))
        (saved,) = (link.attributes["href"] for link in section.all("a"))
        assert csv_rows(saved)[1:] == [[_plain(value) for value in row] for row in found]
        lines = [line.all("td")[0].text for line in section.all("tr") if line.all("td")]
        assert len(lines) == len(found)
        if name in ("series", "patients", "gap"):
            assert lines == [number(row[-1]) for row in found]  # type: ignore[arg-type]


def test_a_measure_of_what_is_absent_is_no_zero(trees: Mapping[str, Element]) -> None:
    # The small release has segmentations, and there is no portal beside it.
    said = {name: trees["measures.html"].with_id(name).all("summary")[0].text for name in ("segmentations", "files")}
    assert said["segmentations"] == "Segmentations series per source: IDC 5"
    assert said["files"] == "Files files per source: absent, which is not zero"


def test_the_overview_has_the_values_of_the_measures(snapshot: Snapshot, trees: Mapping[str, Element]) -> None:
    header, *rows = csv_rows(
        next(link.attributes["href"] for link in trees["index.html"].with_id("platforms").all("a"))
    )
    for column, measure in (
        ("collections", "collections"),
        ("patients", "patients"),
        ("studies", "studies"),
        ("series", "series"),
        ("bytes", "series_bytes"),
    ):
        (saved,) = (link.attributes["href"] for link in trees["measures.html"].with_id(measure).all("a"))
        values = dict(csv_rows(saved)[1:])
        assert {row[0]: row[header.index(column)] for row in rows} == values, column


def test_a_choice_has_the_counts_of_that_choice_alone(snapshot: Snapshot, trees: Mapping[str, Element]) -> None:
    data = json.loads("".join(trees["explore.html"].with_id("data").texts))
    by_choice = {(row[0], row[1], row[2]): row[3:] for row in data["holdings"]}
    counts = (
        "select count(*), count(distinct s.study_key), count(distinct s.patient_key), sum(s.size_bytes)::bigint "
        "from fct_series as s join bridge_series_collection as b on s.series_key = b.series_key "
        "join dim_collection as c on b.collection_key = c.collection_key where true"
    )
    for collection in ("collection_0", HOSTILE):
        (whole,) = ask(snapshot, f"{counts} and c.collection_id = ?", [collection])
        assert by_choice["idc", collection, None] == list(whole)
        patients = []
        for modality in ("CT", "MR"):
            (row,) = ask(snapshot, f"{counts} and c.collection_id = ? and s.modality = ?", [collection, modality])
            assert by_choice["idc", collection, modality] == list(row)
            patients.append(row[2])
        # To add up the patients of its modalities would be wrong.
        assert sum(patients) > whole[2]  # type: ignore[operator]
    (everything,) = ask(snapshot, counts)
    assert by_choice["idc", None, None] == list(everything)


def test_gaps_have_their_causes_and_collections(trees: Mapping[str, Element]) -> None:
    section = trees["gaps.html"].with_id("gap-idc-bih-series")
    rows = [[cell.text for cell in (*line.all("th"), *line.all("td"))] for line in section.all("tr")]
    assert ["collection absent", "idc", "38", "yes", HOSTILE] in rows
    assert ["unexplained", "idc", "2", "no", "Nothing tells why."] in rows
    assert ["withdrawn", "bih", "6", "yes", "Earlier releases had them."] in rows
    assert [HOSTILE, "idc", "38", "0"] in rows


def test_changes_are_those_of_the_comparison(trees: Mapping[str, Element]) -> None:
    tables = trees["changes.html"]
    rows = [[cell.text for cell in (*line.all("th"), *line.all("td"))] for line in tables.all("tr")]
    series = next(row for row in rows if row[0] == "fct_series")
    assert series[:4] == ["fct_series", "2,400", "2,398", "0"]
    assert series[4] == "2"
    assert ["collection_0", "IDC", "800", "798", "-2"] in rows
    assert [HOSTILE, "IDC", "none", "800", "+800"] in rows


def test_quality_tells_what_was_found_and_since_when(trees: Mapping[str, Element]) -> None:
    page = trees["quality.html"]
    assert WARNING.expectation in page.text
    assert "1 of 2 expectations were met" in page.text
    nights = [[cell.text for cell in line.all("td")] for line in page.all("tr") if line.all("td")]
    assert nights == [["1", "0", "0", "0"], ["2", "0", "1", "0"]]


def test_the_dictionary_has_every_column_and_what_tables_are_made_of(
    snapshot: Snapshot, trees: Mapping[str, Element]
) -> None:
    page = trees["dictionary.html"]
    for table in snapshot.manifest.tables:
        section = page.with_id(table.name)
        assert len(section.all("tr")) == len(table.columns) + 1
        assert table.description in section.text
    assert snapshot.table("rec_gap_cause").made_of  # type: ignore[union-attr]
    made_of = [link.attributes["href"] for link in page.with_id("rpt_growth").all("a")]
    assert "#dim_collection" in made_of
    assert "idc.idc_index" in page.with_id("fct_series").text


def test_made_up_data_is_marked_on_every_page(
    synthetic_pages: Mapping[str, str], pages: Mapping[str, str], trees: Mapping[str, Element]
) -> None:
    for page in synthetic_pages.values():
        tree = read(page)
        (banner,) = [aside for aside in tree.all("aside") if aside.attributes["class"] == "banner"]
        assert "SYNTHETIC DATA" in banner.text
        assert tree.all("title")[0].text.startswith("SYNTHETIC: ")
        assert all(
            link.attributes["download"].startswith("SYNTHETIC-")
            for link in tree.all("a")
            if "download" in link.attributes
        )
    assert all("aside" not in {element.name for element in tree.everything()} for tree in trees.values())
    assert not any("SYNTHETIC" in page for page in pages.values())


def test_what_a_snapshot_does_not_hold_is_said_and_is_no_zero(synthetic_pages: Mapping[str, str]) -> None:
    tree = read(synthetic_pages["index.html"])
    for chart in figures.OVERVIEW:
        figure = tree.with_id(chart.id)
        assert "Not in this snapshot." in figure.text
        assert figure.all("table") == []
    assert "Not in this snapshot." in read(synthetic_pages["explore.html"]).text
    assert "No gap" not in synthetic_pages["gaps.html"]


def test_the_same_snapshot_gives_the_same_bytes(snapshot: Snapshot, pages: Mapping[str, str]) -> None:
    assert render(snapshot, Settings(home=snapshot.folder.parents[1], threads=1, memory_limit="500MB")) == pages


def test_pages_are_light(pages: Mapping[str, str]) -> None:
    assert sum(len(page.encode()) for page in pages.values()) < LARGEST


def test_every_query_is_asked_and_has_its_grain() -> None:
    used = {chart.query for chart in CHARTS}
    beside = {"holdings", "releases", "gap_causes", "gap_collections", "collections"}
    names = {path.stem for path in Path(QUERIES).glob("*.sql")}
    assert names == used | beside
    assert all(query_text(name).startswith("-- Grain: ") for name in names)
