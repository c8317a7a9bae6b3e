"""`icw sql` where its output is not taken: a full disk is one sentence and exit code 6, a closed pipe is no news."""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path

import pytest

from tests.support.icw import ICW
from tests.support.marks import later
from warehouse.snapshots.catalog import Snapshot

SMALL = "select 1 as a"
LARGE = "select i, md5(i::varchar) as h from range(300000) t(i)"
ALL = [(form, sql) for form in ("csv", "json", "parquet", "table") for sql in (SMALL, LARGE)]


def environment(snapshot: Snapshot, *, buffered: bool) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return kept | {"ICW_HOME": str(snapshot.folder.parent.parent)} | ({} if buffered else {"PYTHONUNBUFFERED": "1"})


def sentence_of(finished: subprocess.CompletedProcess[str]) -> str:
    assert finished.returncode == 6, finished.stderr
    (line,) = finished.stderr.splitlines()
    assert line.startswith(("icw: The result cannot be written", "icw: The output cannot be written"))
    return line


@pytest.mark.parametrize("buffered", [True, later(False)])
@pytest.mark.parametrize("sql", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("form", ["csv", *map(later, ("json", "parquet", "table"))])
def test_a_full_disk_behind_standard_output_is_one_sentence(
    published: Snapshot, form: str, sql: str, buffered: bool
) -> None:
    with Path("/dev/full").open("w") as full:
        finished = subprocess.run(
            [ICW, "sql", "-f", form, sql],
            env=environment(published, buffered=buffered),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    assert "cannot be written: No space left on device. " in sentence_of(finished)


@pytest.mark.parametrize("form", ["parquet", *map(later, ("csv", "json"))])
def test_a_full_disk_under_a_file_is_one_sentence_and_leaves_no_file(
    published: Snapshot, tmp_path: Path, form: str
) -> None:
    finished = subprocess.run(
        [ICW, "sql", "-f", form, LARGE, "-o", str(tmp_path / "out")],
        env=environment(published, buffered=True),
        # A file that may not grow is refused as on a full disk.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert f"to {tmp_path / 'out'}: File too large" in sentence_of(finished)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["parquet", *map(later, ("csv", "json"))])
def test_a_full_device_is_one_sentence(published: Snapshot, form: str) -> None:
    finished = subprocess.run(
        [ICW, "sql", "-f", form, SMALL, "-o", "/dev/full"],
        env=environment(published, buffered=True),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "to /dev/full: No space left on device" in sentence_of(finished)


@pytest.mark.parametrize(
    ("form", "sql", "target"),
    [
        ("csv", LARGE, []),
        ("table", SMALL, []),
        ("parquet", LARGE, ["-o", "/dev/stdout"]),
        *(later(form, sql, []) for form, sql in ALL if (form, sql) not in (("csv", LARGE), ("table", SMALL))),
        *(later(form, LARGE, ["-o", "/dev/stdout"]) for form in ("csv", "json")),
    ],
)
def test_a_reader_that_leaves_ends_it_silently(published: Snapshot, form: str, sql: str, target: list[str]) -> None:
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [ICW, "sql", "-f", form, sql, *target],
        env=environment(published, buffered=True),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    if sql == LARGE:
        assert os.read(reading, 1) != b""
    os.close(reading)
    _, complaints = process.communicate(timeout=120)
    assert complaints == ""
    # What fits into the pipe as a whole may be through before the reader leaves.
    assert process.returncode in (0, 1)
