"""What is kept of a run: from its start, as it goes on, and however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from warehouse.errors import AuditFailed, BuildFailed, SourceError, StorageError
from warehouse.landing import Choice
from warehouse.lock import refresh_lock
from warehouse.run_record import (
    RunRecord,
    at_stage,
    begin_run,
    end_run,
    fail_run,
    interrupted_run,
    last_run,
    note_choices,
    recorded_error,
    recording,
    stage,
)

ROOT = Path(__file__).resolve().parents[1]
IDC = Choice(source="idc", version="25.0.5", digest="d")
MIDRC = Choice(source="midrc", version="1", digest="e", failure="HTTP 503")


def found(home: Path) -> RunRecord:
    run = last_run(home)
    assert run is not None
    return run


def test_a_run_is_there_from_its_start_and_ends_with_what_it_did(tmp_path: Path) -> None:
    with recording(tmp_path, "one"):
        assert (found(tmp_path).outcome, found(tmp_path).run_id) == ("running", "one")
        at_stage(tmp_path, "publishing the snapshot")
        assert found(tmp_path).stage == "publishing the snapshot"
        end_run(tmp_path, "published", 0, "a-snapshot")
    run = found(tmp_path)
    assert (run.outcome, run.exit_code, run.snapshot_id, run.last_good_at) == (
        "published",
        0,
        "a-snapshot",
        run.finished_at,
    )


def test_a_failed_run_keeps_what_it_knew(tmp_path: Path) -> None:
    def night() -> None:
        with recording(tmp_path, "one"):
            note_choices(tmp_path, [MIDRC])
            note_choices(tmp_path, [IDC])
            with stage(tmp_path, "auditing the star"):
                raise AuditFailed("A key occurs twice.")

    with pytest.raises(AuditFailed):
        night()
    run = found(tmp_path)
    assert (run.outcome, run.exit_code, run.stage, run.error) == (
        "failed",
        4,
        "auditing the star",
        "A key occurs twice.",
    )
    assert run.choices == (IDC, MIDRC)
    assert [(failure.source, failure.reason) for failure in run.failures] == [("midrc", "HTTP 503")]


def test_the_first_error_is_the_one_that_is_kept(tmp_path: Path) -> None:
    """What fails while a failure is dealt with (Dagster's storage, a clean-up) does not take its place."""

    def night() -> None:
        with recording(tmp_path, "one"):
            try:
                with stage(tmp_path, "building the star"):
                    raise BuildFailed("The build failed on fct_series.")
            except BuildFailed:
                raise ZeroDivisionError from None

    with pytest.raises(ZeroDivisionError):
        night()
    error = recorded_error(tmp_path, "one")
    assert type(error) is BuildFailed
    assert str(error) == "The build failed on fct_series."
    assert recorded_error(tmp_path, "another") is None


def test_a_run_that_ends_without_a_word_is_a_failed_one(tmp_path: Path) -> None:
    with recording(tmp_path, "one"):
        pass
    assert found(tmp_path).outcome == "failed"
    assert "without saying how" in str(found(tmp_path).error)


def test_an_interrupt_keeps_the_stage_and_a_later_failure_does_not_hide_it(tmp_path: Path) -> None:
    begin_run(tmp_path, "one")
    at_stage(tmp_path, "fetching IDC")
    assert interrupted_run(tmp_path, 143) == "fetching IDC"
    fail_run(tmp_path, SourceError("a broken connection"))
    run = found(tmp_path)
    assert (run.outcome, run.exit_code, run.stage) == ("interrupted", 143, "fetching IDC")


RUNS = """
    import os, signal, sys
    from pathlib import Path
    from warehouse.lock import refresh_lock
    from warehouse.run_record import at_stage, recording
    home = Path(sys.argv[1])
    with refresh_lock(home, "one"), recording(home, "one"):
        at_stage(home, "building the star")
        print("at work", flush=True)
        sys.stdin.readline()
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_whose_process_is_gone_has_died(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(RUNS), str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    assert found(tmp_path).outcome == "running"
    process.communicate("go\n")
    assert process.returncode == -signal.SIGKILL
    run = found(tmp_path)
    assert (run.outcome, run.stage) == ("died", "building the star")
    assert "died without a word while building the star" in str(run.error)
    begin_run(tmp_path, "two")
    before = found(tmp_path).previous
    assert before is not None
    assert (before.run_id, before.outcome) == ("one", "died")


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"start": "another boot:1"}, "died"),
        ({"pid": 2**22 + 1}, "died"),
        ({"host": "elsewhere"}, "died"),
        ({}, "running"),
    ],
)
def test_a_process_with_the_same_number_is_no_alibi(tmp_path: Path, change: dict[str, object], outcome: str) -> None:
    begin_run(tmp_path, "one")
    written = json.loads((tmp_path / "last_run.json").read_text())
    written["process"] |= change
    (tmp_path / "last_run.json").write_text(json.dumps(written))
    assert found(tmp_path).outcome == outcome


def test_a_run_of_another_host_lives_as_long_as_its_lock(tmp_path: Path) -> None:
    begin_run(tmp_path, "one")
    written = json.loads((tmp_path / "last_run.json").read_text())
    written["process"]["host"] = "elsewhere"
    (tmp_path / "last_run.json").write_text(json.dumps(written))
    with refresh_lock(tmp_path, "one"):
        assert found(tmp_path).outcome == "running"
    assert found(tmp_path).outcome == "died"


@pytest.mark.parametrize("content", [b"", b"{", b'{"outcome": "well"}', b"\xff\xfe"])
def test_a_record_that_cannot_be_read_is_not_silence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "last_run.json").write_bytes(content)
    run = found(tmp_path)
    assert run.outcome == "failed"
    assert "cannot be read" in str(run.error)


def test_a_record_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    old = {"finished_at": "2026-11-27T03:31:00Z", "outcome": "published", "exit_code": 0, "snapshot_id": "s"}
    (tmp_path / "last_run.json").write_text(json.dumps(old))
    assert found(tmp_path).outcome == "published"
    begin_run(tmp_path, "two")
    assert found(tmp_path).last_good_at == RunRecord.model_validate(old).finished_at


def test_a_home_without_a_record_has_none(tmp_path: Path) -> None:
    assert last_run(tmp_path) is None
    fail_run(tmp_path, SourceError("nothing runs"))
    assert interrupted_run(tmp_path) is None
    assert last_run(tmp_path) is None


def test_where_no_other_file_can_be_made_the_record_is_written_over(tmp_path: Path) -> None:
    """As on a full disk: the old record has its block, another file would have none."""
    begin_run(tmp_path, "one")
    end_run(tmp_path, "published", 0, "a good night")
    (tmp_path / f".last_run.json.{os.getpid()}-{threading.get_native_id()}.tmp").mkdir()
    begin_run(tmp_path, "two")
    assert (found(tmp_path).run_id, found(tmp_path).outcome) == ("two", "running")
    interrupted_run(tmp_path)
    assert found(tmp_path).outcome == "interrupted"


def test_a_start_that_cannot_be_kept_anywhere_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        begin_run(tmp_path / "file" / "home", "one")
