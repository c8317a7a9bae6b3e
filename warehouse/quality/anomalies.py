"""The table of anomalies of real releases: `python -m warehouse.quality.anomalies HOME VERSION ...`.

Judges landed IDC releases one after the other, each beside the one before it in the list, by the suites over whole
releases, and writes what they find as `anomalies.md` beside this module: the rule, what it is about, how many records
break it in which releases, and the query that lists them. It knows no anomaly by name.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from warehouse.landing import Landing, Release
from warehouse.quality.audit import audit_landed
from warehouse.quality.past import Past
from warehouse.quality.suites import RELEASE
from warehouse.quality.verdicts import Finding, Verdict

FILE = Path(__file__).with_name("anomalies.md")

_SUITES = frozenset(suite.name for suite in RELEASE)
_LONGEST = 170


@dataclass
class Anomaly:
    """What one rule finds of one subject: the records that break it, by release, and the newest finding."""

    suite: str
    rule: str
    subject: str
    newest: Finding
    counts: dict[str, int] = field(default_factory=dict)


def anomalies(landing: Landing, releases: Sequence[Release], *, memory_limit: str = "1GB") -> list[Anomaly]:
    """Judge releases, the oldest first, and return what is found, in the order of the suites and their rules."""
    found: dict[str, Anomaly] = {}
    previous: Release | None = None
    for release in releases:
        past = Past() if previous is None else Past(previous={release.source: previous})
        for verdict, finding in _failing(audit_landed([release], landing, past, memory_limit=memory_limit)):
            anomaly = found.setdefault(
                finding.id, Anomaly(verdict.suite, verdict.expectation, finding.subject, finding)
            )
            anomaly.newest = finding
            anomaly.counts[release.version] = finding.affected or 1
        previous = release
    order = {suite.name: suite.order for suite in RELEASE}
    rules = {(suite.name, check.sentence): place for suite in RELEASE for place, check in enumerate(suite.checks)}
    return sorted(
        found.values(), key=lambda each: (order[each.suite], rules.get((each.suite, each.rule), 0), each.subject)
    )


def _failing(verdicts: Iterable[Verdict]) -> Iterator[tuple[Verdict, Finding]]:
    for verdict in verdicts:
        if verdict.suite in _SUITES:
            for finding in verdict.failing:
                yield verdict, finding


def as_markdown(found: Sequence[Anomaly], versions: Sequence[str]) -> str:
    """Return the page: a table with a row for each anomaly, and the query of each below."""
    rows = [
        f"| [{number}](#anomaly-{number}) | {_cell(anomaly.rule)} | {_cell(anomaly.subject)} | {_where(anomaly)} |"
        f" {_standing(anomaly.counts, versions)} |"
        for number, anomaly in enumerate(found, start=1)
    ]
    queries = [
        f"### Anomaly {number}\n\n{anomaly.rule} ({anomaly.suite}; {_plain(anomaly.subject)}; as of"
        f" {list(anomaly.counts)[-1]}).\n\n```sql\n{_tidy(anomaly.newest.query)}\n```\n"
        for number, anomaly in enumerate(found, start=1)
        if anomaly.newest.query
    ]
    return _PAGE.format(
        count=len(found),
        versions=", ".join(versions),
        rows="\n".join(rows),
        queries="\n".join(queries),
    )


_PAGE = """# Anomalies of real IDC releases

What the suites over whole releases find in the releases {versions}: {count} anomalies, each found by a general
rule that knows neither the collection nor the release. This page is made by
`python -m warehouse.quality.anomalies HOME VERSION ...` from releases that are landed in a home
(`icw backfill` lands past ones); do not edit it.

A row is one rule about one column. The last column says how many records break the rule in which release: those that a
release is not named with do not have the anomaly, or lack the column. What stands here is accepted in
`acknowledged.yml` up to these counts: it stays visible, stops no publish, and comes back when it grows. The queries
read the views `landed_idc.<dataset>` of one release and `previous_idc.<dataset>` of the one before;
`icw quality explain ID` runs them.

| no. | rule that is broken | dataset, column | where most of them are (newest release) | records, by release |
|---|---|---|---|---|
{rows}

## Evidence

{queries}"""


def _standing(counts: dict[str, int], versions: Sequence[str]) -> str:
    """Return how many records in which releases, in runs of releases with the same number."""
    runs: list[tuple[int, str, str]] = []
    last = None
    for place, version in enumerate(versions):
        if version not in counts:
            continue
        if runs and last == place - 1 and runs[-1][0] == counts[version]:
            runs[-1] = (runs[-1][0], runs[-1][1], version)
        else:
            runs.append((counts[version], version, version))
        last = place
    return "; ".join(f"{count:,} ({first if first == end else f'{first} to {end}'})" for count, first, end in runs)


def _where(anomaly: Anomaly) -> str:
    text = _cell(anomaly.newest.observed)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3].rstrip("\\") + "..."


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|").replace("<", "&lt;")


def _plain(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _tidy(query: str | None) -> str:
    return "\n".join(line.strip() for line in (query or "").splitlines() if line.strip())


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page; a release that is not landed in the home ends it with a sentence."""
    parser = argparse.ArgumentParser(prog="python -m warehouse.quality.anomalies", description=__doc__)
    parser.add_argument("home", type=Path, help="the warehouse home in which the releases are landed")
    parser.add_argument("versions", nargs="+", help="versions of IDC, the oldest first")
    parser.add_argument("--memory-limit", default="1GB", help="memory limit of DuckDB")
    options = parser.parse_args(arguments)
    landing = Landing(options.home)
    landed = {release.version: release for release in landing.releases("idc")}
    missing = [version for version in options.versions if version not in landed]
    if missing:
        parser.error(
            f"{options.home} has no landed release {', '.join(missing)} of IDC: land it with `icw backfill` first."
        )
    found = anomalies(landing, [landed[version] for version in options.versions], memory_limit=options.memory_limit)
    FILE.write_text(as_markdown(found, options.versions), encoding="utf-8")
    print(f"{len(found)} anomalies: {FILE}")


if __name__ == "__main__":
    main()
