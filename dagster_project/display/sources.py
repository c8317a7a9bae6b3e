"""The upstreams, and the sandbox that takes their place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dagster_project.display.notices import time_since

if TYPE_CHECKING:
    from warehouse.landing import Release
    from warehouse.sources.upstream import UpstreamState


def sources(console: Console, found: Sequence[tuple[UpstreamState, Release | None]]) -> None:
    """Show each upstream beside its last load that may be published."""
    table = Table(show_edge=False, pad_edge=False, show_lines=True)
    for heading in ("source", "address", "answers with", "last load", "rows", "fetched"):
        table.add_column(heading, justify="right" if heading == "rows" else "left", overflow="fold")
    for state, release in found:
        made_up = " [bold yellow]SYNTHETIC[/]" if state.synthetic else ""
        answer = f"[red]no usable answer[/]: {escape(state.problem)}" if state.problem else escape(state.holds or "")
        table.add_row(
            state.source,
            escape(state.address),
            answer + made_up,
            "none" if release is None else release.version + (" SYNTHETIC" if release.synthetic else ""),
            "" if release is None else f"{sum(load.rows for load in release.loads):,}",
            "" if release is None else f"{time_since(release.fetched_at)} ago",
        )
    console.print(table)


def sources_report(found: Sequence[tuple[UpstreamState, Release | None]]) -> list[dict[str, Any]]:
    """Return what `sources` shows, for programs."""
    return [
        {
            "source": state.source,
            "address": state.address,
            "answers": state.problem is None,
            "holds": state.holds,
            "problem": state.problem,
            "synthetic": state.synthetic,
            "last_load": None
            if release is None
            else {
                "version": release.version,
                "channel": release.channel,
                "fetched_at": release.fetched_at.isoformat(),
                "synthetic": release.synthetic,
                "rows": {load.dataset: load.rows for load in release.loads if load.status == "landed"},
            },
        }
        for state, release in found
    ]


def sandbox(console: Console, root_url: str, scale: float, schema: str | None) -> None:
    """Say where the simulated services answer and how a refresh reads them."""
    console.print(f"The sandbox answers with SYNTHETIC data, {scale:g} of the published size:", highlight=False)
    if schema is not None:
        console.print(f"The portal's record types and fields are those of {schema}.", highlight=False)
    for what, path in (
        ("MIDRC portal", "portal"),
        ("BDF Imaging Hub", "bih"),
        ("IDC artifact bucket", "idc"),
        ("clinical tables", "clinical"),
    ):
        console.print(f"  {what:<20} {root_url}/{path}", highlight=False, soft_wrap=True)
    console.print(f"  {'faults, requests':<20} {root_url}/_sandbox/...", highlight=False, soft_wrap=True)
    console.print(
        f"\nRead it:  ICW_HOME=data-sandbox ICW_SANDBOX_URL={root_url} icw refresh --sources sandbox\n"
        "Interrupt (ctrl-C) to stop it.",
        highlight=False,
        soft_wrap=True,
    )
