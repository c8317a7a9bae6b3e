"""What a landing must look like after a run that went well, and after one that did not."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.support.idc_upstream import DATASETS, files_of
from warehouse.landing import Landing, Release
from warehouse.settings import IdcChannel
from warehouse.sources.idc import ResolvedRelease

VERSION = "25.0.5"


def of(channel: IdcChannel, version: str = VERSION) -> ResolvedRelease:
    return ResolvedRelease(version, channel, ())


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def assert_nothing_landed(home: Path) -> None:
    assert files_below(home / "landing" / "objects") == []
    assert files_below(home / "landing" / "loads") == []


def assert_whole(release: Release, landing: Landing, landed: tuple[str, ...]) -> None:
    """Every dataset has a load, and the objects are what upstream published, byte by byte."""
    assert [load.dataset for load in release.loads] == [*DATASETS, "clinical_value"]
    assert [load.dataset for load in release.loads if load.status == "landed"] == list(landed)
    for load in release.loads:
        published = files_of([load.dataset], release.version) if load.status == "landed" else {}
        assert {entry.name for entry in load.objects} == set(published)
        for entry in load.objects:
            content = landing.object_path(entry.sha256).read_bytes()
            assert content == published[entry.name]
            assert (entry.sha256, entry.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
        assert load.bytes == sum(entry.bytes for entry in load.objects)
    assert landing.release("idc", release.version) == release
    assert landing.missing_objects(release) == []
    assert files_below(landing.root / "staging") == []
