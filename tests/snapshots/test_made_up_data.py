"""Made-up data that is shared says so, and never comes to lie beside real data."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.support.sample_build import PASSED, make_build
from warehouse.errors import UsageError
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.exporting import export
from warehouse.snapshots.importing import import_snapshot
from warehouse.snapshots.publish import publish


def test_a_synthetic_snapshot_says_so_and_stays_among_its_kind(home: Path, tmp_path: Path) -> None:
    publish(make_build(tmp_path / "build", synthetic=True), [PASSED], home, {})
    export(snapshot(home, None), tmp_path / "share", bagit=True)
    assert json.loads((tmp_path / "share" / "latest.json").read_text())["synthetic"] is True
    assert "SYNTHETIC" in next((tmp_path / "share").glob("*/bag-info.txt")).read_text()
    other = tmp_path / "other"
    publish(make_build(tmp_path / "real"), [PASSED], other, {})
    with pytest.raises(UsageError, match="do not belong in one home"):
        import_snapshot(other, tmp_path / "share")


@pytest.mark.parametrize("synthetic", [True, False])
def test_made_up_data_is_not_exported_beside_real_data(tmp_path: Path, *, synthetic: bool) -> None:
    of_kind: dict[bool, Snapshot] = {}
    for kind in (not synthetic, synthetic):
        home = tmp_path / f"home-{kind}"
        publish(make_build(tmp_path / f"build-{kind}", synthetic=kind), [PASSED], home, {})
        of_kind[kind] = snapshot(home, None)
    share = tmp_path / "share"
    export(of_kind[not synthetic], share)
    before = tree_with_digests(share)
    kind, other = ("made-up", "real") if synthetic else ("real", "made-up")
    with pytest.raises(UsageError, match=rf"holds {kind} data, .* {other} data .*: they do not belong in one folder"):
        export(of_kind[synthetic], share)
    assert tree_with_digests(share) == before
    (share / "latest.json").unlink()
    assert export(of_kind[synthetic], share).is_new


def tree_with_digests(folder: Path) -> dict[Path, str]:
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}
