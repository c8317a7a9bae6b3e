"""What is said when dbt fails: of its models, killed, out of memory, or stopped before or between its models."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.quality.small_release import land
from tests.support.marks import later
from warehouse.build import Build, prepare, run_dbt, run_dbt_apart
from warehouse.build.dbt_run import NodeResult, NodeStatus, read_nodes
from warehouse.build.failures import dbt_failure
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
def test_a_dbt_failure_has_the_class_of_its_cause(
    tmp_path: Path, results: list[tuple[NodeStatus, str, str]], kind: type[Exception], says: str
) -> None:
    nodes = [NodeResult(f"model.imaging_commons.{name}", status, 0.1, text, 0) for status, name, text in results]
    error = dbt_failure(tmp_path, nodes)
    assert type(error) is kind
    assert says in str(error)


def dbt_of(process: int) -> int:
    """The process that runs dbt for another one, which waits for it."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    (found,) = (child for child in children if b"dbt_process" in Path(f"/proc/{child}/cmdline").read_bytes())
    return int(found)


@pytest.mark.full
def test_a_dbt_that_is_killed_says_so_and_what_can_be_done(build: Build, tmp_path: Path) -> None:
    nodes: Iterator[NodeResult] = run_dbt_apart(build, Settings(home=tmp_path))
    first = next(nodes)
    os.kill(dbt_of(os.getpid()), signal.SIGKILL)
    with pytest.raises(BuildFailed, match=r"SIGKILL.*lower ICW_MEMORY_LIMIT or ICW_THREADS"):
        list(nodes)
    assert first.status == "success"
    assert not build.results.exists()


CALLER = """
import sys
from pathlib import Path
from warehouse.build import open_build, run_dbt_apart
from warehouse.settings import Settings
home = Path(sys.argv[1])
for node in run_dbt_apart(open_build(home), Settings(home=home)):
    print(node.name, flush=True)
"""


@pytest.mark.full
def test_a_dbt_whose_caller_is_killed_ends_too(build: Build, tmp_path: Path) -> None:
    caller = subprocess.Popen([sys.executable, "-c", CALLER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert caller.stdout is not None
    assert caller.stdout.readline()
    dbt = Path(f"/proc/{dbt_of(caller.pid)}/stat")
    caller.kill()
    caller.wait()
    # An ended process whose new parent has not asked for its end yet is a zombie.
    while dbt.exists() and dbt.read_text().rpartition(")")[2].split()[0] != "Z":
        pass


def test_another_signal_is_not_blamed_on_memory(tmp_path: Path) -> None:
    error = dbt_failure(tmp_path, exit_status=-signal.SIGTERM)
    assert "SIGTERM" in str(error)
    assert "ICW_MEMORY_LIMIT" not in str(error)
    assert "Run the refresh again" in str(error)


def test_a_signal_that_has_no_name_is_a_number(tmp_path: Path) -> None:
    assert "signal 63" in str(dbt_failure(tmp_path, exit_status=-63))


@pytest.mark.full
def test_a_memory_limit_that_opens_no_database_is_named(build: Build, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"Out of Memory Error.*raise ICW_MEMORY_LIMIT") as caught:
        list(run_dbt_apart(build, Settings(home=tmp_path, memory_limit="1KB")))
    assert "SET threads" not in str(caught.value)


@pytest.mark.parametrize("apart", [True, later(False)])
def test_a_model_that_fails_is_named_and_its_message_kept_whole(build: Build, tmp_path: Path, apart: bool) -> None:
    """The index is gone from under the models: those that read it fail, and those above them are skipped."""
    for entry in (load.object_named("idc_index.parquet") for load in build.releases[0].loads):
        if entry is not None:
            next((tmp_path / "landing" / "objects").rglob(entry.sha256)).unlink()
    settings = Settings(home=tmp_path)
    with pytest.raises(BuildFailed, match=r"dbt failed on .*IO Error") as caught:
        list(run_dbt_apart(build, settings)) if apart else run_dbt(build, settings)
    assert str(build.results) in str(caught.value)
    nodes = {node.name: node for node in read_nodes(build.results)}
    assert "No files found" in nodes["dim_collection"].message
    assert nodes["rpt_counts"].status == "skipped"


@pytest.mark.parametrize("content", [later(b""), b"not msgpack"])
def test_a_damaged_parse_is_one_sentence(build: Build, tmp_path: Path, content: bytes) -> None:
    damaged = replace(build, folder=tmp_path / "other")
    damaged.folder.mkdir()
    damaged.parsed.write_bytes(content)
    with pytest.raises(BuildFailed, match="dbt stopped outside of any model"):
        list(run_dbt_apart(damaged, Settings(home=tmp_path)))


def test_a_dbt_that_says_nothing_is_reported_by_its_exit_code(tmp_path: Path) -> None:
    assert "exit code 2" in str(dbt_failure(tmp_path, exit_status=2))


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
def test_the_last_words_of_a_dbt_that_gives_no_answer_are_the_reason(
    tmp_path: Path, words: list[str], says: str
) -> None:
    error = dbt_failure(tmp_path, exit_status=2, last_words=words)
    assert says in str(error)
    assert "exit code" not in str(error)


def test_a_crash_is_not_called_an_end_from_outside(tmp_path: Path) -> None:
    words = ["Fatal Python error: Aborted", "", "Thread 0x1 (most recent call first):", '  File "x.py"']
    error = dbt_failure(tmp_path, exit_status=-signal.SIGABRT, last_words=words)
    assert "crashed (SIGABRT) before it was done: Fatal Python error: Aborted" in str(error)


def test_a_full_disk_among_the_last_words_is_a_lack_of_room(tmp_path: Path) -> None:
    words = ["OSError: [Errno 28] No space left on device"]
    assert isinstance(dbt_failure(tmp_path, exit_status=1, last_words=words), StorageError)


def test_a_dbt_that_cannot_even_begin_leaves_its_reason(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect before dbt is there: a module that its process imports cannot be read."""
    broken = tmp_path / "broken"
    (broken / "duckdb").mkdir(parents=True)
    (broken / "duckdb" / "__init__.py").write_text("raise RuntimeError('the binding does not fit this system')\n")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    with pytest.raises(BuildFailed, match="RuntimeError: the binding does not fit this system"):
        list(run_dbt_apart(build, Settings(home=tmp_path)))


def test_what_stopped_dbt_is_said_in_one_line(tmp_path: Path) -> None:
    error = dbt_failure(tmp_path, error=ValueError("no such\nprofile"))
    assert type(error) is BuildFailed
    assert "dbt stopped outside of any model: no such profile." in str(error)


@pytest.mark.full
def test_a_model_that_dbt_does_not_know_is_missed(build: Build, tmp_path: Path) -> None:
    more = replace(build, models=("dim_release", "fct_dreams"))
    with pytest.raises(BuildFailed, match="did not make fct_dreams"):
        run_dbt(more, Settings(home=tmp_path))
