"""What is said when a build fails: a model, a killed process, too little memory, or an end before or between models."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.support.marks import later
from tests.support.small_release import land
from warehouse.build import Build, ModelResult, prepare, run_models, run_models_apart
from warehouse.build.failures import Failed, build_failure
from warehouse.build.statements import read_results
from warehouse.errors import AuditFailed, BuildFailed, StorageError
from warehouse.settings import Settings


@pytest.fixture
def build(tmp_path: Path) -> Build:
    landing, release = land(tmp_path)
    return prepare(tmp_path, landing, [release], Settings(home=tmp_path))


@pytest.mark.parametrize(
    ("results", "kind", "says"),
    [
        ([("fail", "unique_seed_source_source_id", "Got 2 results")], AuditFailed, "unique_seed_source_source_id"),
        ([("error", "fct_series", "Binder Error: no such column")], BuildFailed, "no such column"),
        ([("error", "fct_series", "IO Error: No space left on device")], StorageError, "Free some space"),
        ([("error", "fct_series", "Out of Memory Error: failed to pin")], StorageError, "raise ICW_MEMORY_LIMIT"),
        ([("fail", "a", "x"), ("error", "b", "y")], BuildFailed, "a, b"),
        ([("fail", name, "x") for name in "abcde"], AuditFailed, "2 more"),
    ],
)
def test_a_failure_has_the_class_of_its_cause(
    tmp_path: Path, results: list[tuple[str, str, str]], kind: type[Exception], says: str
) -> None:
    failed = [Failed(name, text, is_test=status == "fail") for status, name, text in results]
    error = build_failure(tmp_path, failed)
    assert type(error) is kind
    assert says in str(error)


def models_of(process: int) -> int:
    """The process that runs the models for another one, which waits for it."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    (found,) = (child for child in children if b"model_process" in Path(f"/proc/{child}/cmdline").read_bytes())
    return int(found)


@pytest.mark.full
def test_a_process_that_is_killed_says_so_and_what_can_be_done(build: Build, tmp_path: Path) -> None:
    nodes: Iterator[ModelResult] = run_models_apart(build, Settings(home=tmp_path))
    first = next(nodes)
    os.kill(models_of(os.getpid()), signal.SIGKILL)
    with pytest.raises(BuildFailed, match=r"SIGKILL.*lower ICW_MEMORY_LIMIT or ICW_THREADS"):
        list(nodes)
    assert first.status == "success"
    assert not build.results.exists()


CALLER = """
import sys
from pathlib import Path
from warehouse.build import open_build, run_models_apart
from warehouse.settings import Settings
home = Path(sys.argv[1])
for node in run_models_apart(open_build(home), Settings(home=home)):
    print(node.name, flush=True)
"""


@pytest.mark.full
def test_a_process_whose_caller_is_killed_ends_too(build: Build, tmp_path: Path) -> None:
    caller = subprocess.Popen([sys.executable, "-c", CALLER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert caller.stdout is not None
    assert caller.stdout.readline()
    models = Path(f"/proc/{models_of(caller.pid)}/stat")
    caller.kill()
    caller.wait()
    # An ended process whose new parent has not asked for its end yet is a zombie.
    while models.exists() and models.read_text().rpartition(")")[2].split()[0] != "Z":
        pass


def test_another_signal_is_not_blamed_on_memory(tmp_path: Path) -> None:
    error = build_failure(tmp_path, exit_status=-signal.SIGTERM)
    assert "SIGTERM" in str(error)
    assert "ICW_MEMORY_LIMIT" not in str(error)
    assert "Run the refresh again" in str(error)


def test_a_signal_that_has_no_name_is_a_number(tmp_path: Path) -> None:
    assert "signal 63" in str(build_failure(tmp_path, exit_status=-63))


@pytest.mark.full
def test_a_memory_limit_that_opens_no_database_is_named(build: Build, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"Out of Memory Error.*raise ICW_MEMORY_LIMIT") as caught:
        list(run_models_apart(build, Settings(home=tmp_path, memory_limit="1KB")))
    assert "SET threads" not in str(caught.value)


@pytest.mark.parametrize("apart", [True, later(False)])
def test_a_model_that_fails_is_named_and_its_message_kept_whole(build: Build, tmp_path: Path, apart: bool) -> None:
    """The index is gone from under the models: the first that reads it is the last that runs."""
    for entry in (load.object_named("idc_index.parquet") for load in build.releases[0].loads):
        if entry is not None:
            next((tmp_path / "landing" / "objects").rglob(entry.sha256)).unlink()
    settings = Settings(home=tmp_path)
    with pytest.raises(BuildFailed, match=r"The build failed on .*IO Error") as caught:
        list(run_models_apart(build, settings)) if apart else run_models(build, settings)
    assert str(build.results) in str(caught.value)
    *_, last = read_results(build.results)
    assert "No files found" in last.message
    with duckdb.connect(str(build.database), read_only=True) as connection:
        made = connection.execute("select table_name from duckdb_tables() where schema_name = 'star'").fetchall()
    assert not {(last.name,), ("rpt_counts",)} & set(made)


@pytest.mark.parametrize("apart", [True, later(False)])
def test_a_database_that_cannot_be_opened_is_one_sentence(build: Build, tmp_path: Path, apart: bool) -> None:
    build.database.write_bytes(b"no database" * 1000)
    settings = Settings(home=tmp_path)
    with pytest.raises(BuildFailed, match=r"The build stopped outside of any model: .*not a valid DuckDB database"):
        list(run_models_apart(build, settings)) if apart else run_models(build, settings)


def test_a_process_that_says_nothing_is_reported_by_its_exit_code(tmp_path: Path) -> None:
    assert "exit code 2" in str(build_failure(tmp_path, exit_status=2))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["Traceback (most recent call last):", '  File "x.py", line 1', "ImportError: no module named dbt"],
            "no module",
        ),
        (
            ["Traceback (most recent call last):", "  File", "duckdb.IOException: bad file", "it has 3 bytes"],
            "bad file",
        ),
        (["a warning", "the profile is wrong", ""], "the profile is wrong"),
    ],
)
def test_the_last_words_of_a_process_that_gives_no_answer_are_the_reason(
    tmp_path: Path, words: list[str], says: str
) -> None:
    error = build_failure(tmp_path, exit_status=2, last_words=words)
    assert says in str(error)
    assert "exit code" not in str(error)


def test_a_crash_is_not_called_an_end_from_outside(tmp_path: Path) -> None:
    words = ["Fatal Python error: Aborted", "", "Thread 0x1 (most recent call first):", '  File "x.py"']
    error = build_failure(tmp_path, exit_status=-signal.SIGABRT, last_words=words)
    assert "crashed (SIGABRT) before it was done: Fatal Python error: Aborted" in str(error)


def test_a_full_disk_among_the_last_words_is_a_lack_of_room(tmp_path: Path) -> None:
    words = ["OSError: [Errno 28] No space left on device"]
    assert isinstance(build_failure(tmp_path, exit_status=1, last_words=words), StorageError)


def test_a_process_that_cannot_even_begin_leaves_its_reason(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect before the first model: a module that its process imports cannot be read."""
    broken = tmp_path / "broken"
    (broken / "duckdb").mkdir(parents=True)
    (broken / "duckdb" / "__init__.py").write_text("raise RuntimeError('the binding does not fit this system')\n")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    with pytest.raises(BuildFailed, match="RuntimeError: the binding does not fit this system"):
        list(run_models_apart(build, Settings(home=tmp_path)))


def test_what_stopped_a_build_is_said_in_one_line(tmp_path: Path) -> None:
    error = build_failure(tmp_path, error="no such\nprofile")
    assert type(error) is BuildFailed
    assert "The build stopped outside of any model: no such profile." in str(error)


def test_a_model_that_dbt_does_not_know_is_missed(build: Build, tmp_path: Path) -> None:
    more = replace(build, models=("dim_release", "fct_dreams"))
    with pytest.raises(BuildFailed, match="has no statement for fct_dreams"):
        run_models(more, Settings(home=tmp_path))
