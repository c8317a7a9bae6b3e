"""The options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

from warehouse.settings import BuildEngine, Sources

IdcOption = Annotated[
    str | None,
    typer.Option("--idc", metavar="VERSION", help="IDC release: current, latest, 23.5.0 or v23 (its newest)."),
]
ClinicalOption = Annotated[
    str | None,
    typer.Option(
        "--clinical",
        metavar="COLLECTIONS",
        help="Collections of IDC whose clinical tables are landed, too: nlst,tcga_brca. By default none.",
    ),
]
SourcesOption = Annotated[
    Sources | None,
    typer.Option(
        "--sources",
        help="live: the public services. sandbox: simulated portal and hub with made-up data, for a look.",
    ),
]
EngineOption = Annotated[
    BuildEngine | None,
    typer.Option(
        "--engine", help="What runs the models: duckdb, spark (extra `spark`, Java 17) or sail (extra `sail`)."
    ),
]
SnapshotOption = Annotated[
    str | None, typer.Option("--snapshot", "-s", help="A snapshot's id or the beginning of it; by default the current.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def _version(wanted: bool) -> None:
    if wanted:
        from warehouse.snapshots.provenance import code_version

        print(f"icw {code_version()}")
        raise typer.Exit


VersionOption = Annotated[
    bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and the commit.")
]
