"""Renew the analysts' page: diagrams from the project, SQL from its files, output from the snapshot in service."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.analyses.page import FOLDER, PAGE, printed, read_model, renewed
from warehouse.build import parse_project
from warehouse.settings import load_settings
from warehouse.snapshots import catalog

snapshot = catalog.snapshot(load_settings().home, None)
with tempfile.TemporaryDirectory() as folder:
    model = read_model(parse_project(Path(folder)))
page = renewed(PAGE.read_text(), model, lambda question: printed(snapshot, (FOLDER / question.file).read_text()))
PAGE.write_text(page)
print(f"{PAGE} is renewed from {snapshot.id}")
