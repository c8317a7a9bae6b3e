"""The page of the scale benchmark: what was measured, and what follows from these figures."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.bench.scale.kept import NAMES, Run
from tests.bench.scale.running import ENGINES, MASTER, MEMORY, MOST_SECONDS

# Not in the room of the engines: pages there count in the digest of every build.
PAGE = Path(__file__).with_name("README.md")
DRAWING = PAGE.with_name("scale.svg")

MOST_GROWTH = 1.25
"""CPU seconds a series at a larger size beside those at the smallest, at most."""

MOST_MB = 4_000.0
"""What DuckDB may hold in memory at any size."""

# Less than this is what an engine keeps on the disk in any case.
_SPILLED_MB = 1.0

HEADINGS = (
    "times",
    "engine",
    "series",
    "seconds",
    "CPU s",
    "CPU s a million series",
    f"beside 1 time (at most {MOST_GROWTH})",
    "peak MB",
    "scratch MB",
    "landed MB",
    "tables MB",
)

LIMIT_HEADINGS = ("memory limit", "seconds", "CPU s", "beside the most memory", "peak MB", "spilled MB")

_NO_MATTER = 1.1
"""CPU seconds beside those with the most memory, up to which a limit does not matter."""


def rows_of(found: Sequence[Run]) -> list[tuple[str, ...]]:
    """Return the table of the runs with the memory of each engine as texts, in the order of HEADINGS."""
    return [
        (
            str(run.copies),
            NAMES[run.engine],
            f"{run.series:,}",
            f"{run.seconds:,.0f}" if run.failure is None else f"{run.seconds:,.0f}, not ended",
            f"{run.cpu_seconds:,.0f}",
            "" if run.failure is not None else f"{run.cpu_seconds_a_million:,.1f}",
            _beside_the_smallest(run, found),
            f"{run.peak_mb:,.0f}",
            f"{run.scratch_mb:,.0f}",
            f"{run.landed_mb:,.0f}",
            f"{run.table_mb:,.0f}",
        )
        for run in _usual(found)
    ]


def limit_rows_of(found: Sequence[Run]) -> list[tuple[str, ...]]:
    """Return the table of DuckDB at the largest size with one limit after another, in the order of LIMIT_HEADINGS."""
    limited = _limited(found)
    return [
        (
            run.memory,
            f"{run.seconds:,.0f}" if run.failure is None else f"{run.seconds:,.0f}, not ended",
            f"{run.cpu_seconds:,.0f}",
            "" if run.failure is not None else f"{_beside_the_most(run, limited):.2f} x",
            f"{run.peak_mb:,.0f}",
            f"{run.scratch_mb:,.0f}",
        )
        for run in limited
    ]


def findings(found: Sequence[Run]) -> list[str]:
    """Return what the runs say, a sentence each, the bounds with whether they hold."""
    limited, found = _limited(found), _usual(found)
    said: list[str] = []
    for engine in ENGINES:
        name, of_engine = NAMES[engine], [run for run in found if run.engine == engine]
        ended = [run for run in of_engine if run.failure is None]
        said += [
            f"{name} at {_times([run.copies])} did not end: {run.failure}. Its figures are those until then."
            for run in of_engine
            if run.failure is not None
        ]
        measured = {run.copies for run in of_engine}
        lacking = [copies for copies in dict.fromkeys(run.copies for run in found) if copies not in measured]
        if lacking:
            said.append(f"{name} was not measured at {_times(lacking)}.")
        larger = ended[1:]
        if larger and ended[0].copies == 1:
            worst = max(_growth(run, ended[0]) for run in larger)
            said.append(
                f"{name}: cost grows no faster than the data, up to {larger[-1].copies} times: "
                f"{_verdict(worst <= MOST_GROWTH)} (at most {worst:.2f} x the CPU seconds a series of 1 time)."
            )
    both = [
        copies
        for copies in dict.fromkeys(run.copies for run in found)
        if [run.failure for run in found if run.copies == copies] == [None] * len(ENGINES)
    ]
    if both:
        tables = len(next(run for run in found if run.copies == both[0]).rows)
        said.append(f"Both engines made the same number of rows in each of {tables} tables, at {_times(both)}.")
    of_duckdb = [run for run in found if run.engine == "duckdb"]
    peak = max(run.peak_mb for run in of_duckdb)
    has_ended = all(run.failure is None for run in of_duckdb)
    said.append(
        f"DuckDB with a memory limit of {MEMORY['duckdb']} stays under {MOST_MB:,.0f} MB at every size: "
        f"{_verdict(has_ended and peak < MOST_MB)} (at most {peak:,.0f} MB)."
    )
    spilled = [run for run in of_duckdb if run.scratch_mb >= _SPILLED_MB]
    said.append(
        f"It spills to the disk at {_times(run.copies for run in spilled)}, "
        f"{max(run.scratch_mb for run in spilled):,.0f} MB at most: what does not fit in memory takes room there."
        if spilled
        else "It did not spill at any of these sizes."
    )
    enough = next((run for run in limited if _matters_no_more(run, limited)), None)
    if enough is not None and len(limited) > 1:
        less = ", ".join(
            f"with {run.memory} it " + (f"did not end ({run.failure})" if run.failure else f"costs {ratio:.2f} x")
            for run in limited[: limited.index(enough)]
            for ratio in [_beside_the_most(run, limited)]
        )
        said.append(
            f"At {_times([enough.copies])}, from {enough.memory} on the limit of memory matters no more (CPU seconds "
            f"within {_NO_MATTER} x of those with {limited[-1].memory})" + (f"; {less}." if less else ".")
        )
    return said


def page(version: str, found: Sequence[Run]) -> str:
    """Return the text of the page."""
    limits = [run.memory for run in _limited(found)]
    days = sorted({f"{run.day:%-d %B %Y}": run.day for run in found}.items(), key=lambda entry: entry[1])
    others = max(run.others_cpu_seconds / run.seconds for run in found)
    machine = f"{os.cpu_count()} cores, {_memory_gb()} GB"
    beside = f"beside each run all else on the machine took at most {others:.2f} processors"
    subject = _paragraph(
        f"The models of the star on IDC {version} alone, at {_times(dict.fromkeys(run.copies for run in found))} its "
        "series. The copies are **synthetic**, marked so in every load: they have identifiers of their own in the same "
        "collections. Both engines read the same Parquet files. All tables but those of the profile are made; nothing "
        "is audited or published. DuckDB makes those that have something to read, Spark all."
    )
    conditions = _paragraph(
        f"{' to '.join(dict.fromkeys((days[0][0], days[-1][0])))}, {machine}; {beside}. "
        f"DuckDB has two threads and `ICW_MEMORY_LIMIT={MEMORY['duckdb']}`; "
        f"Spark `{MASTER}`, `spark.driver.memory={MEMORY['spark']}`, and its own defaults otherwise. "
        f"Each run is a process of its own, of at most {MOST_SECONDS['duckdb']:,.0f} s with DuckDB and "
        f"{MOST_SECONDS['spark']:,.0f} s with Spark; an engine that does not end in that time is not tried at a larger "
        "size."
    )
    said = "\n".join(f"- {sentence}" for sentence in findings(found))
    return f"""<!-- Written by `python -m tests.bench scale`. -->
# Multiples of the public size

{subject}

```sh
python -m tests.bench scale    # needs the extra `spark`, and Java 17
```

{conditions}

{_table(HEADINGS, rows_of(found))}

- CPU s: user and system, of all processes (Spark's JVM is one of three).
- peak MB: the most that all processes held at one moment.
- scratch MB: the most that lay on the disk beside the tables; what DuckDB spilled, and Spark's shuffles with what it
  spilled.
- tables MB: DuckDB's file, with all else that a build has in it; Spark's Parquet files.

![CPU seconds and peak memory of DuckDB and Spark over the number of series]({DRAWING.name})

DuckDB at the largest size, with memory limits of {_listed(limits)}:

{_table(LIMIT_HEADINGS, limit_rows_of(found))}

## What the figures say

{said}

Nothing beyond these sizes was measured, and no cluster: Spark's figures are those of one machine.

## What follows

| for | take |
|---|---|
| a laptop, or any one machine with room on its disk for what is spilled and for the tables | DuckDB, the default |
| a star that outgrows the disk or the night of one machine; a lake of Parquet or Iceberg | Spark on a cluster |

Profile, audit and publishing are DuckDB's on one machine either way.
"""


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    aligned = ["---" if heading in ("engine", "memory limit") else "--:" for heading in headings]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, aligned, *rows))


def _usual(found: Sequence[Run]) -> list[Run]:
    return [run for run in found if run.memory == MEMORY[run.engine]]


def _limited(found: Sequence[Run]) -> list[Run]:
    """Return the runs of DuckDB at the largest size, by memory limit."""
    of_duckdb = [run for run in found if run.engine == "duckdb"]
    largest = max(run.copies for run in of_duckdb)
    return sorted((run for run in of_duckdb if run.copies == largest), key=lambda run: float(run.memory.strip("GB")))


def _beside_the_most(run: Run, limited: Sequence[Run]) -> float:
    return run.cpu_seconds / limited[-1].cpu_seconds


def _matters_no_more(run: Run, limited: Sequence[Run]) -> bool:
    """Return whether neither this limit nor any larger one costs more than the largest."""
    return all(
        other.failure is None and _beside_the_most(other, limited) <= _NO_MATTER
        for other in limited[limited.index(run) :]
    )


def _beside_the_smallest(run: Run, found: Sequence[Run]) -> str:
    first = next(other for other in found if other.engine == run.engine)
    if run.failure is not None or first.failure is not None or first.copies != 1 or run is first:
        return ""
    growth = _growth(run, first)
    return f"{growth:.2f} x, {_verdict(growth <= MOST_GROWTH)}"


def _growth(run: Run, first: Run) -> float:
    return run.cpu_seconds_a_million / first.cpu_seconds_a_million


def _verdict(is_so: bool) -> str:
    return "holds" if is_so else "does not hold"


def _paragraph(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def _times(copies: Iterable[int]) -> str:
    words = list(map(str, copies))
    return _listed(words) + (" time" if words[-1] == "1" else " times")


def _listed(words: Sequence[str]) -> str:
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last


def _memory_gb() -> str:
    return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1e9:.0f}"
