"""Renew the analysts' page: diagrams from the project, SQL from its files, output from the snapshot in service."""

from __future__ import annotations

from tests.analyses.page import FOLDER, PAGE, printed, read_model, renewed
from warehouse.build.project import parsed_project
from warehouse.settings import load_settings
from warehouse.snapshots import catalog

snapshot = catalog.snapshot(load_settings().home, None)
model = read_model(parsed_project(load_settings().project_cache).manifest)
page = renewed(PAGE.read_text(), model, lambda question: printed(snapshot, (FOLDER / question.file).read_text()))
PAGE.write_text(page)
print(f"{PAGE} is renewed from {snapshot.id}")
