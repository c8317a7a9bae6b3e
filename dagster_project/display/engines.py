"""What a build on another engine has made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

_SYNTHETIC = "SYNTHETIC: these tables hold made-up data of the sandbox. Do not cite them."


def built_elsewhere(console: Console, output: str, rows: Mapping[str, int], *, synthetic: bool) -> None:
    """Print the rows of each table that was built, and where the tables are."""
    if synthetic:
        console.print(_SYNTHETIC, markup=False, soft_wrap=True)
    for name, count in sorted(rows.items()):
        console.print(f"{count:>14,}  {name}", highlight=False, markup=False)
    console.print(f"{len(rows)} tables in {output}, neither audited nor published.", markup=False, soft_wrap=True)


def handed_over(console: Console, output: Path, tables: int, *, synthetic: bool) -> None:
    """Print where the inputs are."""
    if synthetic:
        console.print(_SYNTHETIC, markup=False, soft_wrap=True)
    console.print(f"{tables} inputs in {output}: icw build --input {output} --output ...", markup=False, soft_wrap=True)
