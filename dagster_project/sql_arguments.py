"""The arguments of `icw sql`: options that are told from SQL, and the format that they come to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, get_args

import typer
from typer.core import TyperCommand

from warehouse.errors import UsageError

Form = Literal["table", "csv", "tsv", "json", "ndjson", "parquet"]

StatementArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[QUERY]",
        help="One SQL query (DuckDB); - reads it from standard input. Without one, a prompt, or standard input.",
        show_default=False,
    ),
]
FormOption = Annotated[
    Form | None, typer.Option("--format", "-f", help="By default a table, or what the name of --output ends with.")
]
JsonFormOption = Annotated[bool, typer.Option("--json", help="The same as --format json.")]
HeaderOption = Annotated[bool, typer.Option("--no-header", help="Leave out the line of names (table, csv, tsv).")]
ParameterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        "-p",
        metavar="NAME=VALUE",
        help="The text for $NAME in the query; NAME:=VALUE is JSON: a number, true, null, a list. Repeatable.",
    ),
]
AttachOption = Annotated[
    list[str] | None,
    typer.Option("--attach", metavar="NAME=ID", help="Another snapshot; its tables are NAME.TABLE. Repeatable."),
]


class SqlCommand(TyperCommand):
    """A command whose argument may begin with a dash: SQL that begins with a comment is no option."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """See `click.Command.parse_args`."""
        options = {name: param for param in self.params for name in param.opts if name.startswith("-")}
        with_value = {name for name, param in options.items() if not getattr(param, "is_flag", False)}
        return super().parse_args(ctx, statements_last(args, frozenset(options), frozenset(with_value)))  # type: ignore[arg-type]


def statements_last(arguments: list[str], options: frozenset[str], with_value: frozenset[str]) -> list[str]:
    """Return the arguments with those that begin with a dash and are SQL behind `--`, where they are no options.

    An argument is SQL if there is white space in it and it does not begin with an option and its value (`--format=...`,
    `-o...`); no option has white space in its name.
    """
    kept: list[str] = []
    statements: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            return [*kept, "--", *statements, *rest]
        begins = argument[:2] if argument[:2] != "--" else argument.partition("=")[0]
        if argument.startswith("-") and re.search(r"\s", argument) and begins not in options:
            statements.append(argument)
            continue
        kept.append(argument)
        if argument in with_value:
            kept.extend([following] if (following := next(rest, None)) is not None else [])
    return [*kept, "--", *statements] if statements else kept


def form_of(form: Form | None, as_json: bool, output: Path | None) -> Form:
    """Return the format that the options come to.

    Raises:
        UsageError: they disagree, or the name of the file says nothing.
    """
    if as_json and form not in (None, "json"):
        raise UsageError(f"--json and --format {form} disagree. Leave one of them out.")
    if as_json:
        return "json"
    if form is not None or output is None:
        if form == "table" and output is not None:
            raise UsageError(f"A table is for the screen. Use --format {_choices()} to write a file.")
        return form or "table"
    # It needs pyarrow, which takes long to import.
    from warehouse.snapshots.formats import ENDINGS

    found = ENDINGS.get(output.suffix.lower())
    if found is None:
        raise UsageError(f"The format of {output} is not clear from its name. Add --format {_choices()}.")
    return found


def _choices() -> str:
    *first, last = (form for form in get_args(Form) if form != "table")
    return f"{', '.join(first)} or {last}"
