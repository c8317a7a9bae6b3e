"""`icw cite`: the citation of a snapshot, to paste into a paper or to import into a reference manager."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from typer.core import TyperGroup

from dagster_project import display
from dagster_project.screen import Screen
from warehouse.citation.formats import FormatName
from warehouse.public_text import public_text
from warehouse.settings import load_settings
from warehouse.snapshots import catalog

DEFAULT_COMMAND = "snapshot"


class CiteGroup(TyperGroup):
    """A group whose first word may be a snapshot's id: what names none of its commands is for `DEFAULT_COMMAND`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """See `click.Command.parse_args`."""
        return super().parse_args(ctx, with_command(args, {*self.commands, *ctx.help_option_names}))  # type: ignore[arg-type]


def with_command(arguments: list[str], known: set[str]) -> list[str]:
    """Return the arguments with `DEFAULT_COMMAND` before them, unless the first is one of the words that are known."""
    return arguments if arguments and arguments[0] in known else [DEFAULT_COMMAND, *arguments]


cite_app = typer.Typer(
    cls=CiteGroup,
    help=(
        "The citation of a snapshot with its digest, its code and every source; [ID] is by default the one in service. "
        "--format is text, bibtex, csl, ris, cff or datacite."
    ),
    subcommand_metavar="[ID] [--format FORMAT]",
)


@cite_app.command(DEFAULT_COMMAND, hidden=True)
def cite(
    name: Annotated[str | None, typer.Argument(metavar="[ID]", help="Snapshot; by default the one in service.")] = None,
    form: Annotated[
        FormatName, typer.Option("--format", "-f", help="text to paste, or what a reference manager or registry reads.")
    ] = "text",
) -> None:
    """Print the citation of a snapshot: its id, digest and code, and each source with its version and access date."""
    from warehouse.citation import formats
    from warehouse.snapshots.described import cited

    found = catalog.snapshot(load_settings().home, name)
    text = formats.render(cited(found), form)
    # Names of licences come from upstreams: none of them steers a terminal.
    sys.stdout.write(public_text(text) if sys.stdout.isatty() else text)
    display.synthetic_notice(Screen(stderr=True), found)
