"""Verdicts that a home keeps: what nothing has changed about is not judged again, and anything that counts is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.small_release import FILES, IDC_INDEX, land
from warehouse.acknowledgements import AcceptedFinding
from warehouse.errors import IntegrityError, StorageError
from warehouse.landing import Landing, Release
from warehouse.profiles.store import profile_of
from warehouse.quality import audit
from warehouse.quality.kept_verdicts import KeptVerdicts
from warehouse.quality.past import Past, PastProfile
from warehouse.quality.verdicts import COULD_RUN, Verdict

TOO_LITTLE = "200KB"
"""With so little memory nothing can be judged: an audit that succeeds has judged nothing."""

# One series is listed twice.
FAULTY = {**FILES, "idc_index": f"from ({IDC_INDEX}) union all (from ({IDC_INDEX}) order by 1 limit 1)"}


@dataclass(frozen=True)
class Night:
    """A landed release, and what it is held against."""

    landing: Landing
    release: Release
    past: Past

    def judged(self, home: Path, memory_limit: str = "1GB", **options: object) -> list[Verdict]:
        kept = KeptVerdicts(home, self.landing, self.past)
        return audit.audit_landed(
            [self.release],
            self.landing,
            self.past,
            kept=kept,
            memory_limit=memory_limit,
            **options,  # type: ignore
        )


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    home = tmp_path_factory.mktemp("landed")
    landing, earlier = land(home, version="24.2.2")
    _, release = land(home, FAULTY, version="25.0.5")
    profiled = PastProfile(earlier.version, earlier.fetched_at, profile_of(home, landing, earlier))
    own = {"idc": profile_of(home, landing, release)}
    return Night(landing, release, Past({"idc": earlier}, {"idc": (profiled,)}, own))


@pytest.fixture(scope="module")
def judged_home(night: Night, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Verdict]]:
    home = tmp_path_factory.mktemp("judged")
    return home, night.judged(home)


@pytest.fixture
def home(judged_home: tuple[Path, list[Verdict]], tmp_path: Path) -> Path:
    """A home in which the night has been judged."""
    return Path(shutil.copytree(judged_home[0], tmp_path / "home"))


@pytest.fixture
def first(judged_home: tuple[Path, list[Verdict]]) -> list[Verdict]:
    """What was found then."""
    return judged_home[1]


def test_a_release_is_judged_once(night: Night, home: Path, first: list[Verdict], tmp_path: Path) -> None:
    assert not all(verdict.passed for verdict in first)
    assert any(finding.passed for verdict in first for finding in verdict.findings)
    assert night.judged(home, TOO_LITTLE) == first
    with pytest.raises(StorageError):
        night.judged(tmp_path / "another", TOO_LITTLE)


def test_what_is_accepted_is_decided_anew(night: Night, home: Path, first: list[Verdict]) -> None:
    found = next(finding for verdict in first for finding in verdict.failing if finding.blocks)
    entry = AcceptedFinding(
        finding=found.id,
        accepted=10,
        until=None,
        releases=("25.0.5",),
        reason="known",
        by="a test",
        reported_to="nobody",
    )
    again = night.judged(home, TOO_LITTLE, accepted=[entry])
    assert [finding.id for verdict in again for finding in verdict.failing if finding.acknowledged] == [found.id]
    assert night.judged(home, TOO_LITTLE) == first


def another_previous(night: Night) -> Night:
    _, other = land(
        night.landing.root.parent, {**FILES, "idc_index": f"select * from ({IDC_INDEX}) limit 2000"}, version="24.0.0"
    )
    return replace(night, past=replace(night.past, previous={"idc": other}))


def no_previous(night: Night) -> Night:
    return replace(night, past=replace(night.past, previous={}))


def shorter_history(night: Night) -> Night:
    return replace(night, past=replace(night.past, profiles={"idc": ()}))


def fetched_later(night: Night) -> Night:
    loads = tuple(
        load.model_copy(update={"fetched_at": load.fetched_at + timedelta(days=1)}) for load in night.release.loads
    )
    return replace(night, release=night.release.model_copy(update={"loads": loads}))


def other_bytes(night: Night) -> Night:
    _, other = land(night.landing.root.parent, version="25.0.5")
    return replace(night, release=other)


@pytest.mark.parametrize("changed", [another_previous, no_previous, shorter_history, fetched_later, other_bytes])
def test_whatever_else_it_is_held_against_is_judged(
    night: Night, home: Path, changed: Callable[[Night], Night]
) -> None:
    with pytest.raises(StorageError):
        changed(night).judged(home, TOO_LITTLE)


@pytest.mark.parametrize("struck", [b"{", None])
def test_a_file_that_was_struck_is_written_anew(
    night: Night, home: Path, first: list[Verdict], struck: bytes | None
) -> None:
    path = home / "verdicts" / "idc.json"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"passed": false', b'"passed": true', 1) if struck is None else struck)
    assert night.judged(home) == first
    assert path.read_bytes() == whole


def test_a_suite_that_could_not_run_is_tried_again(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> list:
        raise RuntimeError("no such figure")

    first, *others = audit.LANDED
    with monkeypatch.context() as broken:
        broken.setattr(audit, "LANDED", (replace(first, measure=fail), *others))
        assert any(verdict.expectation == COULD_RUN for verdict in night.judged(tmp_path))
    assert not any(verdict.expectation == COULD_RUN for verdict in night.judged(tmp_path))


def test_what_was_judged_is_still_there(home: Path, tmp_path: Path) -> None:
    landing, release = land(tmp_path / "landed")
    night = Night(landing, release, Past())
    night.judged(home)
    load = release.load_of("idc_index")
    assert load is not None
    landing.object_path(load.objects[0].sha256).unlink()
    with pytest.raises(IntegrityError):
        night.judged(home)
