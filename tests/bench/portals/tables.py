"""Output of the comparison."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.bench.portals.results import Downloaded, Landed, Phase


def show_ours(console: Console, first: Phase, again: Phase, landed: Sequence[Landed]) -> None:
    """Print the two runs of our client, and whether the landed records are those of the sandbox."""
    records = sum(entry.rows for entry in landed)
    held = sum(entry.records for entry in landed)
    table = _table(
        f"our client, {len(landed)} types",
        ("seconds", "records/s", "requests", "in flight", "harmful", "MB received", "peak MB"),
    )
    for name, phase in (("into an empty landing", first), ("again, nothing changed", again)):
        table.add_row(
            name,
            f"{phase.seconds:,.1f}",
            f"{records / phase.seconds:,.0f}" if phase is first else "",
            f"{phase.asked.requests:,}",
            f"{phase.asked.most_in_flight}",
            f"{len(phase.asked.harmful)}",
            f"{phase.asked.bytes_sent / 1e6:,.0f}",
            f"{phase.process.peak_mb:,.0f}",
        )
    console.print(table)
    incomplete = [f"{entry.source} {entry.name}" for entry in landed if not entry.complete]
    verdict = "each id of the sandbox, once" if not incomplete else f"NOT complete: {', '.join(incomplete)}"
    same = "the same releases" if first.digests == again.digests else "OTHER releases, though nothing changed"
    console.print(
        f"The sandbox holds {held:,} records; {records:,} were landed: {verdict}. "
        f"Retries: {sum(entry.retries for entry in landed)}. The second run returned {same}. "
        "In flight: the most that one portal had to answer at once. Harmful: requests that would end a real server.\n"
    )


def show_types(console: Console, landed: Sequence[Landed], downloaded: Sequence[Downloaded]) -> None:
    """Print each type through both clients, and why the peer could not finish one.

    The last column holds how many times as long as ours the peer took: below 1, it is the faster one.
    """
    table = _table(
        "type",
        ("records", "landed", "s", "requests", f"gen3 {downloaded[0].version}", "s", "peak MB", "gen3/ours"),
    )
    for ours, theirs in zip(landed, downloaded, strict=True):
        finished = theirs.failure is None
        table.add_row(
            f"{ours.source} {ours.name}",
            f"{ours.records:,}",
            f"{ours.rows:,}",
            f"{ours.seconds:,.1f}",
            f"{ours.requests:,}",
            f"{theirs.records:,}" if finished else "not finished",
            f"{theirs.seconds:,.1f}",
            f"{theirs.peak_mb:,.0f}",
            f"{theirs.seconds / ours.seconds:.2f} x" if finished else "",
        )
    console.print(table)
    for ours, theirs in zip(landed, downloaded, strict=True):
        if theirs.failure is not None:
            console.print(f"{ours.source} {ours.name}: gen3 ends with {theirs.failure}", markup=False, highlight=False)
        for reason in theirs.harmful:
            console.print(f"{ours.source} {ours.name}: its request would end a real server process: {reason}")
    console.print()


def show_both(console: Console, first: Phase, landed: Sequence[Landed], downloaded: Sequence[Downloaded]) -> None:
    """Print both clients over the types that the peer can finish, and what each could do in all."""
    pairs = list(zip(landed, downloaded, strict=True))
    finished = [(ours, theirs) for ours, theirs in pairs if theirs.failure is None]
    complete = sum(theirs.records == ours.records for ours, theirs in finished)
    if finished:
        records = sum(ours.records for ours, _ in finished)
        title = f"the {len(finished)} types that gen3 can finish, {records:,} records"
        table = _table(title, ("seconds", "ms a record", "records/s", "peak MB", "complete"))
        for name, seconds, peak, whole in (
            (
                "ours: proven complete, in Parquet",
                sum(ours.seconds for ours, _ in finished),
                first.process.peak_mb,
                sum(ours.complete for ours, _ in finished),
            ),
            (
                "gen3: a list in memory",
                sum(theirs.seconds for _, theirs in finished),
                max(theirs.peak_mb for _, theirs in finished),
                complete,
            ),
        ):
            table.add_row(
                name,
                f"{seconds:,.1f}",
                f"{seconds / records * 1000:.3f}",
                f"{records / seconds:,.0f}",
                f"{peak:,.0f}",
                f"{whole} of {len(finished)}",
            )
        console.print(table)
        processor = sum(theirs.processor_seconds for _, theirs in finished)
        everything = sum(ours.rows for ours in landed)
        console.print(
            f"Processor time of the client itself, ms a record: ours {first.processor_seconds / everything * 1000:.3f} "
            f"(all types), gen3 {processor / records * 1000:.3f}. The rest is the sandbox, and what else runs here."
        )
    console.print(
        f"Complete in all: ours {sum(ours.complete for ours in landed)} of {len(landed)} types, gen3 {complete}. "
        "Our memory is that of one process for all types, gen3's that of one process for each type."
    )


def _table(title: str, headings: Sequence[str]) -> Table:
    table = Table(show_edge=False)
    table.add_column(title, no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table
