"""What `icw status --storage` says a home takes is what the file system says."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.snapshots.nights import landed_nights
from tests.support.icw import ICW
from warehouse.snapshots.databases import database_of, drop_databases
from warehouse.snapshots.disk import files_below, freed_by_removing, space_of
from warehouse.snapshots.pins import pin
from warehouse.snapshots.prune import prune
from warehouse.snapshots.retention import Rules
from warehouse.snapshots.storage import storage_of


def test_the_kinds_add_up_and_a_shared_file_counts_once(home: Path) -> None:
    nights = landed_nights(home, range(3))
    drop_databases(home, 1)
    database_of(nights[0])
    pin(home, nights[0], "draft")

    found = storage_of(home, Rules(last=1))

    kinds = dict(found.kinds)
    assert sum(space.used for space in kinds.values()) == found.total.used
    assert sum(space.apparent for space in kinds.values()) == found.total.apparent
    assert found.total.apparent == sum(path.stat().st_size for path in files_below(home))
    # dim_collection is the same in all three.
    shared = (nights[0].tables_folder / "dim_collection.parquet").stat()
    assert shared.st_nlink == 3
    every = space_of(path for found in nights for path in files_below(found.tables_folder))
    assert kinds["tables of snapshots (Parquet)"] == every
    assert every.used <= sum(space_of(files_below(found.tables_folder)).used for found in nights) - 2 * (
        shared.st_blocks * 512
    )
    assert [entry.decision.reasons for entry in found.snapshots] == [
        ("pinned: draft",),
        (),
        ("in service", "last 1 of 1"),
    ]
    assert found.prune is not None
    assert found.prune.snapshot_bytes == found.snapshots[1].alone
    done = prune(home, Rules(last=1), landing=True)
    assert done.snapshot_bytes == found.prune.snapshot_bytes
    assert found.total.used - space_of(files_below(home)).used >= done.snapshot_bytes + found.prune.landing_bytes


def test_a_file_is_free_when_its_last_name_goes(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"x" * 10_000)
    os.link(one, two)
    used = one.stat().st_blocks * 512
    assert space_of([one, two]).apparent == 20_000
    assert space_of([one, two]).used == used
    assert freed_by_removing([one]) == 0
    assert freed_by_removing([one, two]) == used


def test_the_command_shows_it_and_programs_get_bytes(home: Path) -> None:
    nights = landed_nights(home, range(2))
    environment = os.environ | {"ICW_HOME": str(home)}

    def icw(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ICW, "status", *arguments], env=environment | more, capture_output=True, text=True, check=False
        )

    report = json.loads(icw("--storage", "--json", ICW_KEEP_LAST="1").stdout)
    assert [entry["snapshot_id"] for entry in report["snapshots"]] == [found.id for found in nights]
    assert report["snapshots"][1]["kept_because"] == ["in service", "last 1 of 1"]
    assert report["prune"]["snapshot_bytes"] == report["snapshots"][0]["used_bytes_alone"] > 0
    shown = icw("--storage", COLUMNS="200")
    assert shown.returncode == 0, shown.stderr
    assert "no rule is set" in shown.stdout
    assert "set ICW_KEEP_DAILY" in shown.stdout
    assert icw("--storage", "--check").returncode == 2
