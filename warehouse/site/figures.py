"""The charts of the site: which query each shows, how it is drawn, and what it says in words."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import duckdb

from warehouse.quality.history import is_half_synthetic
from warehouse.site.answers import Answer, Unanswered, ask
from warehouse.site.drawing import Bar, Point, Share, bars, colour_of, line, shares
from warehouse.site.wording import cell, heading, number, platform, size
from warehouse.snapshots.catalog import Snapshot


@dataclass(frozen=True)
class Panel:
    """One drawing of a chart: its title, the system whose colour it has (None: another), its text, and its SVG."""

    title: str
    source: str | None
    text: str
    svg: str


@dataclass(frozen=True)
class Figure:
    """A chart as a page shows it. Where the snapshot does not answer its query, `lacking` says why, and all is empty.

    `table` is the answer, in words; `csv` an address with all of it inside.
    """

    id: str
    title: str
    caption: str
    sql: str
    panels: tuple[Panel, ...] = ()
    columns: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    numeric: tuple[bool, ...] = ()
    absent: tuple[str, ...] = ()
    csv: str = ""
    lacking: str | None = None


@dataclass(frozen=True)
class Chart:
    """One chart: the query it shows (a file in `queries/`), what its reader must know, and how it is drawn.

    Rows that it does not show in a snapshot stand nowhere in the figure.
    """

    id: str
    title: str
    caption: str
    query: str
    draw: Callable[[Chart, Answer], Iterator[Panel]]
    shows: Callable[[Snapshot, Mapping[str, Any]], bool] = lambda _, __: True

    def figure(self, connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> Figure:
        """Ask a snapshot and draw the answer."""
        answer = ask(connection, snapshot, self.query)
        if isinstance(answer, Unanswered):
            return Figure(self.id, self.title, self.caption, answer.sql, lacking=answer.reason)
        shown = (dict(zip(answer.columns, row, strict=True)) for row in answer.rows)
        kept = tuple(tuple(row.values()) for row in shown if self.shows(snapshot, row))
        answer = replace(answer, rows=kept)
        return Figure(
            id=self.id,
            title=self.title,
            caption=self.caption,
            sql=answer.sql,
            panels=tuple(self.draw(self, answer)),
            columns=tuple(heading(column) for column in answer.columns),
            table=tuple(tuple(map(cell, answer.columns, row)) for row in answer.rows),
            numeric=tuple(_is_numeric(answer, place) for place in range(len(answer.columns))),
            absent=answer.absent,
            csv=csv_address(answer),
        )


def queries_of(charts: Sequence[Chart]) -> tuple[str, ...]:
    """Return the names of the queries that charts show."""
    return tuple(chart.query for chart in charts)


def csv_address(answer: Answer) -> str:
    """Return an address that holds an answer as CSV."""
    return f"data:text/csv;charset=utf-8,{quote(answer.csv)}"


def _is_numeric(answer: Answer, place: int) -> bool:
    return any(isinstance(row[place], int | float) and not isinstance(row[place], bool) for row in answer.rows)


def _measures(chart: Chart, answer: Answer) -> Iterator[Panel]:
    """Draw one panel a measure, with a bar for each system; a system is told from another by its label."""
    for measure in ("series", "studies", "patients", "bytes"):
        rows = sorted(answer.records(), key=lambda row: -(row[measure] or 0))
        found = [_bar(platform(row["source_id"]), row[measure], measure, row["source_id"]) for row in rows]
        yield _barred(chart, measure, None, found)


def _by_source(label: str, measure: str = "series") -> Callable[[Chart, Answer], Iterator[Panel]]:
    """Return what draws one panel a system, with a bar for each label: lengths are comparable within a panel only."""

    def draw(chart: Chart, answer: Answer) -> Iterator[Panel]:
        for source, rows in itertools.groupby(answer.records(), lambda row: row["source_id"]):
            found = [_bar(str(row[label]), row[measure], measure, source) for row in rows]
            yield _barred(chart, f"{platform(source)}: {measure}", source, found)

    return draw


def _bar(label: str, value: int | None, measure: str, source: str) -> Bar:
    return Bar(label, value or 0, size(value) if measure == "bytes" else number(value), colour_of(source))


def _barred(chart: Chart, title: str, source: str | None, found: Sequence[Bar]) -> Panel:
    text = f"{title}. " + "; ".join(f"{bar.label}: {bar.text}" for bar in found)
    name = f"{chart.id}-{source or title}"
    return Panel(title, source, text, bars(name, found))


def _growth(chart: Chart, answer: Answer) -> Iterator[Panel]:
    rows = list(answer.records())
    for measure in ("series", "patients", "bytes"):
        found = [
            Point(
                f"v{row['idc_version']}",
                row[measure],
                size(row[measure]) if measure == "bytes" else number(row[measure]),
            )
            for row in rows
            if row[measure] is not None
        ]
        yield _lined(chart, f"IDC: {measure}", "idc", found)


def _trends(chart: Chart, answer: Answer) -> Iterator[Panel]:
    """Draw one panel a kind of record with more than one load; one load is no trend, and stands in the table."""
    grouped = itertools.groupby(answer.records(), lambda row: (row["source_id"], row["entity"]))
    for (source, entity), rows in grouped:
        found = [Point(_moment(row), row["records"], number(row["records"])) for row in rows]
        if len(found) > 1:
            yield _lined(chart, f"{platform(source)}: {entity.replace('_', ' ')}", source, found)


def _moment(row: dict[str, Any]) -> str:
    return str(row["as_of"] or row["release_version"])[:10]


def _lined(chart: Chart, title: str, source: str, found: Sequence[Point]) -> Panel:
    ends = [found[0], found[-1]] if found else []
    text = f"{title}. " + " to ".join(f"{point.label}: {point.text}" for point in ends)
    # Points of one day are apart on the line, and have the day of each for a label.
    labels = [point.label for point in found]
    apart = [
        Point(point.label if labels.count(point.label) == 1 else f"{point.label} #{place}", point.value, point.text)
        for place, point in enumerate(found, start=1)
    ]
    return Panel(title, source, text, line(f"{chart.id}-{title}".replace(" ", "-"), apart, colour_of(source)))


def _gaps(chart: Chart, answer: Answer) -> Iterator[Panel]:
    """Draw which share of the records without a counterpart is explained; comparisons without any are left out."""
    found: list[Share] = []
    for row in answer.records():
        explained, unexplained = row["explained"], row["unexplained"]
        if explained is None or unexplained is None or not explained + unexplained:
            continue
        counted = size if row["entity"] == "byte" else number
        text = f"{counted(unexplained)} of {counted(explained + unexplained)} not explained"
        found.append(Share(row["comparison_id"], explained, unexplained, text))
    if found:
        text = "; ".join(f"{share.label}: {share.text}" for share in found)
        yield Panel("Records without a counterpart", None, text, shares(chart.id, found))


def is_comparable(snapshot: Snapshot, row: Mapping[str, Any]) -> bool:
    """Return whether a comparison says something: not where one side is made up and the other real."""
    synthetic = {source.source for source in snapshot.manifest.sources if source.synthetic}
    return not is_half_synthetic(str(row["comparison_id"]), synthetic)


PLATFORMS = Chart(
    "platforms",
    "What each platform holds",
    "Platforms stand side by side and are never added up: the BDF Imaging Hub lists what others hold, IDC and MIDRC "
    "among them. Patients are those of dim_patient, in which two collections of IDC do not share one.",
    "platforms",
    _measures,
)
GROWTH = Chart(
    "growth",
    "Growth of IDC by data release",
    "Releases stand at equal distances; the table has their dates.",
    "growth",
    _growth,
)
MODALITIES = Chart(
    "modalities",
    "Modalities",
    "The twelve with the most series of each platform. Lengths compare within a platform.",
    "modalities",
    _by_source("modality"),
)
BODY_PARTS = Chart(
    "body-parts",
    "Anatomy",
    "The body part that a series states, the twelve most frequent of each platform. Many state none. "
    "Lengths compare within a platform.",
    "body_parts",
    _by_source("body_part"),
)
LICENCES = Chart(
    "licences",
    "Licences",
    "IDC states the licence of a series, the portals that of a dataset. The table says what each allows. "
    "Lengths compare within a platform.",
    "licences",
    _by_source("licence"),
)
REPOSITORIES = Chart(
    "repositories",
    "What the hub lists of each repository",
    "Series that the BDF Imaging Hub indexes, by the repository that holds them.",
    "repositories",
    _by_source("repository"),
)
GAPS = Chart(
    "gaps",
    "How much of each gap is explained",
    "Of the records that only one side of a comparison has, on both sides together: how many have a cause that "
    "explains them. Comparisons without such records have no bar.",
    "gaps",
    _gaps,
    is_comparable,
)
TRENDS = Chart(
    "trends",
    "Records at each load",
    "What each system held when it was loaded, as far back as the counts of this warehouse go. Loads stand at equal "
    "distances.",
    "count_history",
    _trends,
)

OVERVIEW = (PLATFORMS, GROWTH, MODALITIES, BODY_PARTS, LICENCES, REPOSITORIES)
RECONCILIATION = (GAPS, TRENDS)
