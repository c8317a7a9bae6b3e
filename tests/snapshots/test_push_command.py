"""`icw snapshots push` as a process: what it says, its exit codes, and that no key is in anything that it says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.icw import ICW
from tests.support.s3_store import KEY_ID, SECRET, Place, StoreFault, environment
from warehouse.snapshots.catalog import Snapshot

Push = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def push(published: Snapshot, place: Place, tmp_path: Path) -> Push:
    """Run the command, and see that nothing it says holds a key or what was made with one."""

    def run(*arguments: str, before: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        program = f"import os, sys\n{before}\nos.execv({ICW!r}, ['icw', 'snapshots', 'push', *sys.argv[1:]])"
        settings = {"ICW_HOME": str(published.folder.parents[1]), "ICW_PUBLISH_URL": place.url, "ICW_RETRIES": "1"}
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env=environment(place.store, tmp_path, **settings | {"ICW_RETRY_WAIT_S": "0.01", **more}),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = done.stdout + done.stderr
        assert not [secret for secret in (KEY_ID, SECRET, "hunter2", "Credential=", "Traceback") if secret in said]
        return done

    return run


def test_the_files_sent_and_those_there_before_are_counted(published: Snapshot, place: Place, push: Push) -> None:
    first = push()
    assert first.returncode == 0, first.stderr
    files = len(place.objects()) - 1
    assert first.stdout.startswith(f"{published.id} is in {place.url}, whole: {files} files, ")
    assert first.stdout.endswith("latest.json names it.\n")
    assert f"Publishing {published.id} to {place.url}\n" in first.stderr
    again = json.loads(push(published.id, "--json").stdout)
    assert (again["snapshot_id"], again["synthetic"], again["address"]) == (published.id, False, place.url)
    assert (again["files"], again["sent"], again["copied"], again["is_latest"]) == (files, 0, 0, True)


def test_a_refusal_ends_with_one_sentence(place: Place, push: Push) -> None:
    place.store.faults = [StoreFault("GET", times=None, status=403, code="InvalidAccessKeyId")]
    done = push("--json")
    assert (done.returncode, done.stdout) == (15, "")
    assert (
        f"icw: {place.url} cannot be read: {place.store.url} refuses it (HTTP 403 InvalidAccessKeyId)." in done.stderr
    )


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, 15, "http://127.0.0.1:9 does not answer (no connection)"),
        ({"AWS_ENDPOINT_URL": "http://hunter2:hunter2@127.0.0.1:9"}, 15, "without keys in it"),
        ({"ICW_PUBLISH_URL": "s3://nobodys-bucket/x"}, 15, "has no bucket nobodys-bucket"),
        ({"ICW_PUBLISH_URL": "s3://AKID:hunter2@bucket/x"}, 2, "ICW_PUBLISH_URL cannot be used: it takes a bucket"),
        ({"ICW_PUBLISH_URL": "s3://bucket/x?X-Amz-Signature=hunter2"}, 2, "(got a value that is not shown)"),
        ({"ICW_PUBLISH_URL": ""}, 2, "Set ICW_PUBLISH_URL to s3://bucket/prefix"),
        ({"AWS_PROFILE": "nobody", "AWS_ACCESS_KEY_ID": ""}, 15, "names the profile 'nobody'"),
    ],
)
def test_what_cannot_be_used_is_a_sentence(push: Push, settings: dict[str, str], code: int, words: str) -> None:
    done = push(**settings)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert sum(line.startswith("icw: ") for line in done.stderr.splitlines()) == 1


def test_it_needs_no_room_on_the_disk(place: Place, push: Push) -> None:
    done = push(before="import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))")
    assert done.returncode == 0, done.stderr
    assert "latest.json" in place.objects()
