"""The examples of the analysts' folder run as they stand: the notebook in a kernel, the script where there is R."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from warehouse.documentation.analysts_page import FOLDER
from warehouse.snapshots.catalog import Snapshot

R_PACKAGES = ("DBI", "arrow", "bit64", "duckdb", "jsonlite")


def executed(notebook: nbformat.NotebookNode, *, allow_errors: bool = False) -> Iterator[str]:
    """Run a notebook and yield what each of its code cells has written and shown, as text."""
    NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=allow_errors).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield "\n".join(
                output.get("text") or output.get("data", {}).get("text/plain") or "\n".join(output.get("traceback", ()))
                for output in cell.outputs
            )


@pytest.fixture
def home(star: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, which keeps what it cites."""
    shutil.copytree(star.folder.parents[1], tmp_path / "home", symlinks=True)
    monkeypatch.setenv("ICW_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_the_notebook_runs_and_is_kept_without_outputs(star: Snapshot, home: Path) -> None:
    notebook = nbformat.read(FOLDER / "notebook.ipynb", as_version=4)
    assert not [cell for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")]
    shown = list(executed(notebook))
    assert f"Snapshot {star.id}" in shown[0]
    assert "one row is one" in shown[1]
    assert "collection_0" in shown[2]
    assert "decimal128(38, 0)[pyarrow]" in shown[3]
    assert "1200" in shown[5]
    (record,) = (home / "citations").glob("*.json")
    assert record.stem in shown[7]
    assert star.id in shown[8]


def test_an_error_is_shown_as_its_sentence_alone(home: Path) -> None:
    cell = nbformat.v4.new_code_cell("import warehouse\nwarehouse.open().sql('select 1; select 2')")
    (shown,) = executed(nbformat.v4.new_notebook(cells=[cell]), allow_errors=True)
    assert shown == "UsageError: One SQL statement at a time, please: 2 statements found."


def test_the_script_runs_in_r(star: Snapshot) -> None:
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("There is no Rscript here: the example in R is not run.")
    wanted = ", ".join(f'"{package}"' for package in R_PACKAGES)
    probe = f"quit(status = !all(sapply(c({wanted}), requireNamespace, quietly = TRUE)))"
    if subprocess.run([rscript, "-e", probe], capture_output=True, check=False).returncode:
        pytest.skip(f"R here lacks one of {', '.join(R_PACKAGES)}: the example in R is not run.")
    done = subprocess.run(
        [rscript, FOLDER / "snapshot.R", star.folder], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"Snapshot {star.id}" in done.stdout
    assert "2400 series" in done.stdout
