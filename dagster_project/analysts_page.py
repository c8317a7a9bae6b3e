"""Renew the analysts' page (`make analyses`): diagrams from the project, SQL from its files, output from a snapshot.

The page is `dbt/analyses/README.md`; the snapshot is the one in service.
"""

from __future__ import annotations

import io

from rich.console import Console

from dagster_project import display
from warehouse.build.project import parsed_project
from warehouse.documentation.analysts_page import PAGE, renewed
from warehouse.documentation.entity_diagrams import read_model
from warehouse.settings import load_settings
from warehouse.snapshots import catalog, query
from warehouse.snapshots.catalog import Snapshot

# The defaults of `icw sql`: the rows that it prints, and its width without a terminal.
_ROWS, _WIDTH = 40, 160


def printed(snapshot: Snapshot, sql: str) -> str:
    """Return the output of `icw sql` for a query on a snapshot, without blanks at the ends of lines."""
    screen = io.StringIO()
    with query.run(snapshot, sql) as result:
        display.page(Console(file=screen, width=_WIDTH), result.page(_ROWS))
    return "".join(f"{line.rstrip()}\n" for line in screen.getvalue().splitlines())


def renew_page() -> None:
    """Write the page anew from the snapshot in service, and print which one that is."""
    settings = load_settings()
    snapshot = catalog.snapshot(settings.home, None)
    model = read_model(parsed_project(settings.project_cache).manifest)
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(renewed(text, model, lambda sql: printed(snapshot, sql)), encoding="utf-8")
    print(f"{PAGE} is renewed from {snapshot.id}")


if __name__ == "__main__":
    renew_page()
