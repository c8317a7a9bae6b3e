"""`icw site`: the pages of a snapshot for a browser, as files or served on loopback."""

from __future__ import annotations

import contextlib
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from dagster_project import display
from dagster_project.options import SnapshotOption
from dagster_project.screen import Screen, screen
from warehouse.interrupts import Interrupts
from warehouse.settings import load_settings
from warehouse.snapshots import catalog

site_app = typer.Typer(help="The pages of a snapshot for a browser: charts, gaps, quality, changes, dictionary.")


@site_app.callback(invoke_without_command=True)
def site(
    context: typer.Context,
    snapshot: SnapshotOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Write the pages into this folder.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open the first page in a browser.")] = False,
) -> None:
    """Print the path of the first page. Of a snapshot that was published without pages, they are made in the home."""
    if context.invoked_subcommand is not None:
        return
    from warehouse.site.placing import site_of, write_site

    settings = load_settings()
    found = catalog.snapshot(settings.home, snapshot)
    page = site_of(found, settings) if output is None else write_site(found, output, settings)
    screen().print(str(page), highlight=False, soft_wrap=True, markup=False)
    display.synthetic_notice(Screen(stderr=True), found)
    if open_it and not webbrowser.open(page.absolute().as_uri()):
        Screen(stderr=True).print("No browser could be started: open the path above in one.")


@site_app.command()
def serve(
    context: typer.Context,
    snapshot: SnapshotOption = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0 takes a free one.")] = 8770,
) -> None:
    """Serve the pages on loopback until interrupted. Nothing else of the home is served."""
    from warehouse.site.placing import site_of
    from warehouse.site.serving import ADDRESS, server

    settings = load_settings()
    found = catalog.snapshot(settings.home, snapshot)
    page = site_of(found, settings)
    if isinstance(context.obj, Interrupts):
        context.obj.release()
    with server(page.parent, port) as serving, contextlib.suppress(KeyboardInterrupt):
        screen().print(f"http://{ADDRESS}:{serving.server_port}/", highlight=False, soft_wrap=True)
        display.synthetic_notice(Screen(stderr=True), found)
        serving.serve_forever()
