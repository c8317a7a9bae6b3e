"""`icw cite`: the citation of a snapshot or an answer, to paste into a paper or to import into a reference manager."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from typer.core import TyperGroup

from dagster_project import display
from dagster_project.answer_commands import QuestionOption, cite_question, cited_before, verify
from dagster_project.options import SnapshotOption
from dagster_project.screen import Screen
from dagster_project.sql_arguments import AttachOption, ParameterOption
from warehouse.citation.formats import FormatName
from warehouse.errors import UsageError
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
        "The citation of a snapshot with its digest, its code and every source ([ID] is by default the one in service, "
        "--format is text, bibtex, csl, ris, cff or datacite), or with --sql that of an answer."
    ),
    subcommand_metavar="[ID] [--format FORMAT | --sql QUERY]",
)
cite_app.command()(verify)
cite_app.command("list")(cited_before)


@cite_app.command(DEFAULT_COMMAND, hidden=True)
def cite(
    name: Annotated[str | None, typer.Argument(metavar="[ID]", help="Snapshot; by default the one in service.")] = None,
    form: Annotated[
        FormatName | None,
        typer.Option("--format", "-f", help="text to paste, or what a reference manager or registry reads."),
    ] = None,
    sql: QuestionOption = None,
    param: ParameterOption = None,
    attach: AttachOption = None,
    snapshot: SnapshotOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the record of the answer as JSON.")] = False,
) -> None:
    """Print the citation of a snapshot: its id, digest and code, and each source with its version and access date.

    With --sql, that of the answer to a query, which is recorded in the home so that it can be verified.
    """
    if None not in (name, snapshot):
        raise UsageError("Name the snapshot once: icw cite ID, or --snapshot ID.")
    chosen = name if name is not None else snapshot
    if sql is not None:
        if form is not None:
            raise UsageError("--format is for the citation of a snapshot; an answer has its paragraph, or --json.")
        cite_question(sql, param or [], attach or [], chosen, as_json=as_json)
        return
    if param or attach or as_json:
        raise UsageError("--param, --attach and --json are about an answer: add --sql QUERY, or choose a --format.")
    from warehouse.citation import formats
    from warehouse.snapshots.described import cited

    found = catalog.snapshot(load_settings().home, chosen)
    text = formats.render(cited(found), form or "text")
    # Names of licences come from upstreams: none of them steers a terminal.
    sys.stdout.write(public_text(text) if sys.stdout.isatty() else text)
    display.synthetic_notice(Screen(stderr=True), found)
