"""An audit that is not given enough memory or disk says so, and blames no file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.small_release import land
from warehouse.build import Build
from warehouse.errors import StorageError
from warehouse.files import sha256_of
from warehouse.quality.audit import audit_landed, audit_star

ADVICE = r"raise ICW_MEMORY_LIMIT \(now 200KB\), then run the command again"


def test_too_little_memory_for_the_landed_files_is_no_damaged_file(tmp_path: Path) -> None:
    landing, release = land(tmp_path)
    with pytest.raises(StorageError, match=ADVICE) as caught:
        audit_landed([release], landing, memory_limit="200KB")
    assert "emove" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert landing.missing_objects(release) == []


def test_too_little_memory_for_the_star_is_no_broken_build(sound_build: Build) -> None:
    digest = sha256_of(sound_build.database)
    with pytest.raises(StorageError, match=ADVICE) as caught:
        audit_star(sound_build, memory_limit="200KB")
    assert "emove" not in str(caught.value)
    assert sha256_of(sound_build.database) == digest


# A file that may not grow is refused as on a full disk.
FULL_DISK = """
import resource, sys
from pathlib import Path
from tests.support.small_release import FILES, IDC_INDEX, land
from warehouse.errors import StorageError
from warehouse.quality.audit import audit_landed
landing, release = land(Path(sys.argv[1]), {**FILES, "idc_index": IDC_INDEX.replace("range(2400)", "range(400_000)")})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    audit_landed([release], landing, memory_limit="10MB", threads=1)
except StorageError as error:
    print(error)
"""


@pytest.mark.full
def test_a_full_disk_under_the_landed_audit_names_the_folder_and_both_ways_out(tmp_path: Path) -> None:
    spill = tmp_path / "spill"
    spill.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "home")],
        env=os.environ | {"TMPDIR": str(spill)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # To what looks like a person at a prompt, DuckDB shows its progress first.
    sentence = done.stdout.splitlines()[-1]
    assert f"could not spill to {spill}" in sentence
    assert "Free some disk space there, or raise ICW_MEMORY_LIMIT (now 10MB)" in sentence
    assert "emove" not in sentence
    assert list(spill.iterdir()) == []
