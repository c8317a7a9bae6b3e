"""What is said when dbt fails without saying of what: killed, out of memory, stopped before or between its models."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.quality.small_release import land
from warehouse.build import Build, dbt_arguments, prepare
from warehouse.build_failures import dbt_failure
from warehouse.errors import AuditFailed, BuildFailed, StorageError
from warehouse.settings import Settings

DBT = str(Path(sys.executable).with_name("dbt"))


def started(build: Build, settings: Settings) -> subprocess.Popen[bytes]:
    command = [DBT, *dbt_arguments(build, settings), "--target-path", str(build.dbt_target)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def build(tmp_path: Path) -> Build:
    landing, release = land(tmp_path)
    return prepare(tmp_path, landing, [release], Settings(home=tmp_path))


@pytest.mark.parametrize(
    ("results", "kind", "says"),
    [
        ([("fail", "unique_fct_series_series_key", "Got 2 results")], AuditFailed, "unique_fct_series_series_key"),
        ([("error", "fct_series", "Binder Error: no such column")], BuildFailed, "no such column"),
        ([("error", "fct_series", "IO Error: No space left on device")], StorageError, "Free some space"),
        ([("error", "fct_series", "Out of Memory Error: failed to pin")], StorageError, "raise ICW_MEMORY_LIMIT"),
        ([("fail", "a", "x"), ("error", "b", "y")], BuildFailed, "a, b"),
        ([("fail", name, "x") for name in "abcde"], AuditFailed, "2 more"),
    ],
)
def test_a_dbt_failure_has_the_class_of_its_cause(
    build: Build, results: list[tuple[str, str, str]], kind: type[Exception], says: str
) -> None:
    build.dbt_target.mkdir()
    entries = [
        {"status": status, "unique_id": f"model.imaging_commons.{name}", "message": text}
        for status, name, text in results
    ]
    (build.dbt_target / "run_results.json").write_text(json.dumps({"results": entries, "elapsed_time": 1.0}))
    error = dbt_failure(build)
    assert type(error) is kind
    assert says in str(error)


def test_a_dbt_that_is_killed_says_so_and_what_can_be_done(build: Build, tmp_path: Path) -> None:
    process = started(build, Settings(home=tmp_path))
    log_file = build.folder / "logs" / "dbt.log"
    # It is in the middle of the models.
    while process.poll() is None and not (log_file.is_file() and "START sql" in log_file.read_text()):
        pass
    process.kill()
    error = dbt_failure(build, exit_status=process.wait())
    assert type(error) is BuildFailed
    assert "SIGKILL" in str(error)
    assert "lower ICW_MEMORY_LIMIT or ICW_THREADS" in str(error)
    assert str(log_file) in str(error)


def test_another_signal_is_not_blamed_on_memory(build: Build) -> None:
    error = dbt_failure(build, exit_status=-signal.SIGTERM)
    assert "SIGTERM" in str(error)
    assert "ICW_MEMORY_LIMIT" not in str(error)
    assert "Run the refresh again" in str(error)


def test_a_signal_that_has_no_name_is_a_number(build: Build) -> None:
    assert "signal 63" in str(dbt_failure(build, exit_status=-63))


def test_a_memory_limit_that_opens_no_database_is_named(build: Build, tmp_path: Path) -> None:
    process = started(build, Settings(home=tmp_path, memory_limit="1KB"))
    error = dbt_failure(build, exit_status=process.wait())
    assert type(error) is StorageError
    assert "Out of Memory Error" in str(error)
    assert "raise ICW_MEMORY_LIMIT" in str(error)
    assert "SET threads" not in str(error)


@pytest.mark.parametrize("content", [None, "", '{"results": [', '{"elapsed_time": 0.1, "results": []}'])
def test_a_dbt_that_names_no_model_leads_to_its_log(build: Build, content: str | None) -> None:
    build.dbt_target.mkdir()
    if content is not None:
        (build.dbt_target / "run_results.json").write_text(content)
    (build.folder / "logs").mkdir()
    (build.folder / "logs" / "dbt.log").write_text("Encountered an error")
    error = dbt_failure(build, ValueError("no such\nprofile"), exit_status=2)
    assert type(error) is BuildFailed
    assert "no such profile" in str(error)
    assert f"The end of its log says more: {build.folder / 'logs' / 'dbt.log'}" in str(error)
    assert "\n" not in str(error)


def test_a_dbt_that_left_no_log_leads_to_none(build: Build) -> None:
    error = dbt_failure(build, exit_status=2)
    assert "exit code 2" in str(error)
    assert "dbt.log" not in str(error)
