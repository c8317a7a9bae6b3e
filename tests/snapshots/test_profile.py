"""The profile of a snapshot, beside its documents."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.support import small_release
from tests.support.sample_build import PASSED
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.publish import publish
from warehouse.snapshots.verification import is_sound


def test_the_profile_lies_beside_the_documents(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    """The same file by the same name in every snapshot, so that a history is read from all of them at once."""
    manifest = publish(small_release.built_once(tmp_path_factory), [PASSED], tmp_path, {})
    folder = tmp_path / "snapshots" / manifest.snapshot_id
    assert (folder / "profile.parquet").read_bytes() == (folder / "tables" / "fct_profile.parquet").read_bytes()
    assert "| `profile.parquet` |" in (folder / "README.md").read_text()
    assert is_sound(Snapshot(folder, manifest))
    union = f"select filename, number from read_parquet('{tmp_path}/snapshots/*/profile.parquet', filename = true)"
    where = "dataset = 'idc_index' and metric = 'null' and column_name = 'BodyPartExamined' and scope_column is null"
    assert duckdb.execute(f"{union} where {where}").fetchall() == [(str(folder / "profile.parquet"), 1200.0)]
    (folder / "profile.parquet").chmod(0o644)
    (folder / "profile.parquet").write_bytes(b"")
    assert not is_sound(Snapshot(folder, manifest))
