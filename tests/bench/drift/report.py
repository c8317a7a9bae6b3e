"""The tables of the benchmark: recall, what caught what, what was missed, and false alarms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from rich.console import Console
from rich.table import Table

from tests.bench.drift.run import CleanNight, Outcome

# Recall at a size of a hundredth and of a twentieth, errors and warnings of all clean nights of a source.
LEAST_RECALL = {0.01: 0.95, 0.05: 1.0}
MOST_ERRORS, MOST_WARNINGS = 0, 1

_CHECKS_SHOWN = 40


def show(console: Console, outcomes: Sequence[Outcome], nights: Sequence[CleanNight]) -> None:
    """Print all tables."""
    show_recall(console, outcomes)
    show_checks(console, outcomes)
    show_missed(console, outcomes)
    show_nights(console, nights)


def show_recall(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print the recall by family and size: of how many kinds how many are caught, and how many of these as errors."""
    counted = [outcome for outcome in outcomes if outcome.changed]
    sizes = sorted({outcome.size for outcome in counted if outcome.size < 1})
    table = Table("family", show_edge=False)
    table.add_column("kinds", justify="right")
    for size in sizes:
        table.add_column(f"{100 * size:g} %", justify="right")
    table.add_column("whole", justify="right")
    table.add_column("all", justify="right")
    table.add_column("as error", justify="right")
    families = list(dict.fromkeys(outcome.family for outcome in counted))
    for family in (*families, None):
        of_it = [outcome for outcome in counted if family is None or outcome.family == family]
        kinds = len({outcome.defect for outcome in of_it})
        cells = [_share([outcome for outcome in of_it if outcome.size == size], _is_caught) for size in sizes]
        whole = _share([outcome for outcome in of_it if outcome.size >= 1], _is_caught)
        if family is None:
            table.add_section()
        table.add_row(
            family or "all",
            f"{kinds}",
            *cells,
            whole,
            _share(of_it, _is_caught),
            _share(of_it, lambda outcome: outcome.is_error),
        )
    console.print(table)
    targets = ", ".join(f"{100 * least:g} % at {100 * size:g} %" for size, least in LEAST_RECALL.items())
    reached = ", ".join(f"{100 * recall(counted, size):.1f} % at {100 * size:g} %" for size in LEAST_RECALL)
    console.print(f"Caught of seeded. All kinds: {reached} or less; the target is {targets}.\n")


def show_checks(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print the checks by how many kinds each catches, and how many nothing else does."""
    catches: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    kinds: dict[str, set[str]] = {}
    for outcome in outcomes:
        checks = {f"{caught.check} ({caught.severity})" for caught in outcome.caught}
        catches.update(checks)
        for check in checks:
            kinds.setdefault(check, set()).add(outcome.defect)
        if len(checks) == 1:
            alone.update(checks)
    table = Table("check", show_edge=False)
    for heading in ("kinds", "cases", "alone"):
        table.add_column(heading, justify="right")
    for check, cases in catches.most_common(_CHECKS_SHOWN):
        table.add_row(check, f"{len(kinds[check])}", f"{cases}", f"{alone[check]}" if alone[check] else "")
    console.print(table)
    if len(catches) > _CHECKS_SHOWN:
        console.print(f"and {len(catches) - _CHECKS_SHOWN} checks that catch fewer cases")
    console.print()


def show_missed(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Print what was missed, a line a kind with its sizes."""
    missed = [outcome for outcome in outcomes if outcome.changed and not outcome.caught]
    table = Table("missed", "family", "source", "sizes", show_edge=False)
    for name in dict.fromkeys(outcome.defect for outcome in missed):
        of_it = sorted((outcome for outcome in missed if outcome.defect == name), key=lambda outcome: outcome.size)
        sizes = ", ".join(f"{100 * outcome.size:g} % ({outcome.hits:,})" for outcome in of_it)
        table.add_row(name, of_it[0].family, of_it[0].source, sizes)
    console.print(table if missed else "Nothing was missed.")
    console.print()


def show_nights(console: Console, nights: Sequence[CleanNight]) -> None:
    """Print the false alarms of the clean nights of each source: new findings, each named once."""
    table = Table("clean nights", show_edge=False)
    for heading in ("nights", "errors", "at most", "new warnings", "at most", "CPU s a night"):
        table.add_column(heading, justify="right")
    for source in dict.fromkeys(night.source for night in nights):
        of_it = [night for night in nights if night.source == source]
        errors = sum(caught.severity == "error" for night in of_it for caught in night.found)
        warnings = sum(caught.severity == "warning" for night in of_it for caught in night.new)
        seconds = sum(night.seconds for night in of_it) / len(of_it)
        table.add_row(
            source, f"{len(of_it)}", f"{errors}", f"{MOST_ERRORS}", f"{warnings}", f"{MOST_WARNINGS}", f"{seconds:.1f}"
        )
    console.print(table)
    for night in nights:
        for caught in night.new:
            console.print(
                f"  {night.source} {night.version}: {caught.severity}, {caught.check} ({caught.subject}):"
                f" {caught.observed[:200]}",
                markup=False,
                highlight=False,
            )
    console.print()


def recall(outcomes: Iterable[Outcome], size: float) -> float:
    """Return the share of the kinds that are caught at a size, or at a smaller one: these are not seeded again."""
    smaller = [outcome for outcome in outcomes if outcome.changed and outcome.size <= size]
    kinds = {outcome.defect for outcome in smaller}
    return len({outcome.defect for outcome in smaller if outcome.caught}) / len(kinds) if kinds else 1.0


def _is_caught(outcome: Outcome) -> bool:
    return bool(outcome.caught)


def _share(outcomes: Sequence[Outcome], holds: Callable[[Outcome], bool]) -> str:
    return f"{sum(map(holds, outcomes))} of {len(outcomes)}" if outcomes else ""
