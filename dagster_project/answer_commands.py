"""Citing answers: `icw sql --cite`, `icw cite --sql`, `icw cite list`, and `icw cite verify`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import JsonValue

from dagster_project import display
from dagster_project.options import JsonOption
from dagster_project.screen import Screen, screen
from dagster_project.sql_arguments import Form
from warehouse.errors import IntegrityError, StorageError
from warehouse.settings import Settings, load_settings
from warehouse.snapshots import attaching, catalog, parameters
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.query import Result

if TYPE_CHECKING:
    from warehouse.answers.contributions import RecordsListed

CiteOption = Annotated[
    bool,
    typer.Option(
        "--cite",
        help="Prove that the answer is the only one, and record it so that it can be cited and verified: in the home, "
        "and beside the file of --output.",
    ),
]
QuestionOption = Annotated[
    str | None, typer.Option("--sql", metavar="QUERY", help="Cite the answer to this query (one SELECT).")
]


def cite_question(sql: str, param: list[str], attach: list[str], snapshot: str | None, *, as_json: bool) -> None:
    """Cite the answer to a query: its paragraph (or its record, as JSON) on standard output, kept in the home."""
    from warehouse.answers import store
    from warehouse.answers.citing import cited

    settings = load_settings()
    found = catalog.snapshot(settings.home, snapshot)
    attached = attaching.named(settings.home, attach, found)
    values = parameters.stated(param)
    display.absence_notice(Screen(stderr=True), {"warehouse": found, **attached}, sql, values, strict=False)
    with cited(found, sql, settings, parameters=values, attached=attached) as answer:
        kept = store.keep(settings.home, answer.citation)
    if as_json:
        print(kept.text(), end="")
    else:
        print(kept.paragraph)
    Screen(stderr=True).print(f"Record: {store.path_of(settings.home, kept)}", highlight=False, soft_wrap=True)


@contextmanager
def cited_answer(
    settings: Settings,
    snapshot: Snapshot,
    sql: str,
    values: Mapping[str, JsonValue],
    attached: Mapping[str, Snapshot],
    output: Path | None,
    form: Form,
    listed: RecordsListed | None = None,
) -> Iterator[Result]:
    """Yield the answer to a query, to be shown or written to `output`, and keep its citation.

    `listed` are the records that the answer is a list of, if it is one.

    Beside a file the record is kept, too: there also where the home cannot be written, which is said.
    """
    from warehouse.answers import store
    from warehouse.answers.citing import cited

    console = Screen(stderr=True)
    with cited(snapshot, sql, settings, parameters=values, attached=attached, listed=listed) as answer:
        citation = answer.citation
        path = store.path_of(settings.home, citation)
        try:
            citation = store.keep(settings.home, citation)
        except StorageError as error:
            if output is None:
                raise
            console.print(f"Not in the home's query store: {error}", style="yellow", markup=False, soft_wrap=True)
        yield answer.result
        if output is not None:
            path = store.write_beside(output, form, citation)
    display.citation(console, citation, path)


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The record: cite-....json, or ....citation.json.")],
    result: Annotated[
        Path | None,
        typer.Option("--result", help="A file with the result; by default the one that the record lies beside."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compute a cited answer again and say whether it is the same, or where it first differs.

    It needs a snapshot with the same tables, by whatever id. Exits with 0 if all is equal, and with 3 if not.
    """
    from warehouse.answers.verification import verify as verified

    settings = load_settings()
    found = verified(settings.home, file, settings, result=result)
    if as_json:
        print(json.dumps(display.citation_verification_report(found), indent=2))
    else:
        display.citation_verification(screen(), found)
    if not found.is_equal:
        raise typer.Exit(IntegrityError.exit_code)


def cited_before(as_json: JsonOption = False) -> None:
    """List what was cited in this home, oldest first."""
    from warehouse.answers import store

    found, broken = store.records(load_settings().home)
    if as_json:
        print(json.dumps(display.citation_list_report(found, broken), indent=2))
    else:
        display.citation_list(screen(), found, broken)
