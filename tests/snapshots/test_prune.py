"""Prune removes what nothing keeps and nothing else: snapshots, landed loads, at whatever instant it is killed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest

from tests.snapshots.nights import landed_nights, night
from tests.support.icw import ICW
from tests.support.portal_nights import files_of, land_night
from tests.support.sample_build import tree
from tests.support.small_release import land
from warehouse.build.history import evidence_for
from warehouse.errors import UsageError
from warehouse.home import claim
from warehouse.landing import Landing
from warehouse.lock import refresh_lock
from warehouse.snapshots.catalog import Snapshot, current, snapshots
from warehouse.snapshots.disk import files_below, space_of
from warehouse.snapshots.pins import pin
from warehouse.snapshots.prune import plan_prune, prune
from warehouse.snapshots.retention import Rules
from warehouse.snapshots.verification import is_sound, verify_landing

REPOSITORY = Path(__file__).resolve().parents[2]


def ids(found: list[Snapshot]) -> list[str]:
    return [entry.id for entry in found]


def used(home: Path) -> int:
    return space_of(files_below(home)).used


def icw(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ICW, "snapshots", *arguments], env={**os.environ, "ICW_HOME": str(home)}, capture_output=True, text=True
    )


def test_prune_frees_the_bytes_that_it_states_and_leaves_the_rest_sound(home: Path) -> None:
    nights = [night(home, number) for number in range(5)]
    pin(home, nights[1], "cited in a draft")
    before, whole = tree(home), used(home)

    plan = plan_prune(home, Rules(last=2), landing=False)
    assert tree(home) == before
    assert ids(list(plan.removed)) == [nights[0].id, nights[2].id]

    assert prune(home, Rules(last=2), landing=False) == plan
    assert ids(snapshots(home)) == [nights[1].id, nights[3].id, nights[4].id]
    assert all(map(is_sound, snapshots(home)))
    assert whole - used(home) == plan.snapshot_bytes > 0
    assert not list((home / "snapshots").glob(".*"))
    assert prune(home, Rules(last=2), landing=False).removed == ()


def test_prune_without_a_rule_is_refused(home: Path) -> None:
    night(home, 0)
    with pytest.raises(UsageError, match="No rule says which snapshots to keep, so nothing is removed"):
        prune(home, Rules(), landing=True)


@pytest.fixture(scope="module")
def landed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with four landed nights and their snapshots, which a test takes a copy of."""
    home = tmp_path_factory.mktemp("landed") / "home"
    landed_nights(home, range(4))
    return home


@pytest.fixture
def landed(landed_once: Path, home: Path) -> list[Snapshot]:
    shutil.copytree(landed_once, home, symlinks=True)
    return snapshots(home)


def named(found: Snapshot) -> set[str]:
    return {held.sha256 for entry in found.manifest.sources for dataset in entry.datasets for held in dataset.objects}


def objects(home: Path) -> set[str]:
    return {path.name for path in (home / "landing" / "objects").glob("*/*")}


def test_a_landed_object_stays_as_long_as_a_kept_snapshot_names_it(home: Path, landed: list[Snapshot]) -> None:
    pin(home, landed[1], None)
    # A load that no snapshot has yet, and one that an audit refused before the newest snapshot was made.
    land_night(home, 9, files_of(9))
    newer = Landing(home).release("midrc", "night-9")
    assert newer is not None
    whole, before = used(home), objects(home)

    assert plan_prune(home, Rules(last=1), landing=False).loads == ()
    plan = plan_prune(home, Rules(last=1), landing=True)
    done = prune(home, Rules(last=1), landing=True)

    assert [load.version for load in done.loads] == ["night-0", "night-2"]
    kept = named(landed[1]) | named(landed[3]) | {held.sha256 for load in newer.loads for held in load.objects}
    assert objects(home) == kept < before
    assert [check.found for check in verify_landing(Landing(home), ("midrc",))] == ["sound"] * len(kept)
    assert plan.loads == done.loads
    assert plan.snapshot_bytes > 0
    # Files of the landing are counted in blocks by the plan; their manifests are not counted.
    assert whole - used(home) >= plan.snapshot_bytes + plan.landing_bytes


def test_a_load_that_the_next_build_reads_stays(home: Path, landed: list[Snapshot]) -> None:
    landing = Landing(home)
    chosen = landing.release("midrc", "night-0")
    assert chosen is not None
    landing.select(chosen)
    assert [load.version for load in prune(home, Rules(last=1), landing=True).loads] == ["night-1", "night-2"]
    assert landing.missing_objects(chosen) == []


def test_what_a_build_reads_as_evidence_stays(home: Path) -> None:
    landed = {version: land(home, version=version)[1] for version in ("24.0.0", "24.2.2", "25.0.5", "26.0.1")}
    served = landed["25.0.5"]
    later = [load.model_copy(update={"fetched_at": load.fetched_at + timedelta(days=1)}) for load in served.loads]
    night(home, 0, release=served.model_copy(update={"loads": tuple(later)}))
    # Of a data release the newest version is read, and one above the one in service may be asked for.
    assert [release.version for release in prune(home, Rules(last=1), landing=True).loads] == ["24.0.0"]
    assert [release.version for release in evidence_for(Landing(home), [served]).releases] == ["24.2.2"]


def test_an_object_that_only_a_snapshot_names_stays(home: Path, landed: list[Snapshot]) -> None:
    landing = Landing(home)
    kept = landing.release("midrc", "night-3")
    assert kept is not None
    landing.remove(kept)
    prune(home, Rules(last=1), landing=True)
    assert objects(home) == named(landed[3])


def test_a_snapshot_that_cannot_be_read_keeps_the_landing_whole(home: Path, landed: list[Snapshot]) -> None:
    manifest = landed[0].folder / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text("{")
    before = tree(home)
    with pytest.raises(UsageError, match=r"it cannot be told which landed files it needs. Nothing was removed"):
        prune(home, Rules(last=1), landing=True)
    assert tree(home) == before
    prune(home, Rules(last=1), landing=False)
    assert landed[0].folder.is_dir()


def test_what_is_pinned_while_a_prune_runs_stays(home: Path, landed: list[Snapshot]) -> None:
    first = landed[0]
    real_rename = os.rename

    def rename(source: Path, target: Path) -> None:
        real_rename(source, target)
        if first.id in str(source) and not (home / "pins").exists():
            # The moment between hiding and the last look: another process has written its pin.
            (home / "pins").mkdir()
            (home / "pins" / f"{first.id}.json").write_text("{}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warehouse.snapshots.prune.os.rename", rename)
        done = prune(home, Rules(last=1), landing=True)

    assert ids(snapshots(home)) == [first.id, landed[3].id]
    assert done.decisions[0].reasons == ("pinned",)
    assert named(first) <= objects(home)
    with pytest.raises(UsageError, match="is being removed"):
        pin(home, landed[1], None)
    assert not (home / "pins" / f"{landed[1].id}.json").exists()


@pytest.mark.full
def test_a_prune_killed_at_any_step_loses_nothing_that_is_kept(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "tests.snapshots.killed_prune", str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    seen = [int(line.split()[1]) for line in finished.stdout.splitlines()]
    assert finished.stdout.count("killed") > 20
    # Snapshots disappear one by one, and the last try gets through with the kept ones.
    assert seen == sorted(seen, reverse=True)
    assert (seen[0], seen[-1]) == (4, 2)


class TestCommands:
    """`icw snapshots prune`, `pin`, `unpin` as processes."""

    def test_a_full_disk_does_not_keep_prune_from_freeing_space(self, home: Path) -> None:
        nights = landed_nights(home, range(3))
        claim(home)
        program = f"""
            import os, resource, sys
            # A file that may not grow is refused as on a full disk.
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
            os.execv({ICW!r}, ["icw", "snapshots", "prune", "--keep-last", "1", "--landing"])
        """
        command = [sys.executable, "-c", textwrap.dedent(program)]
        done = subprocess.run(command, env={**os.environ, "ICW_HOME": str(home)}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert ids(snapshots(home)) == [nights[2].id]
        assert is_sound(nights[2])
        assert named(nights[2]) <= objects(home)
        assert not list((home / "snapshots").glob(".*"))

    def test_a_dry_run_removes_nothing_and_prune_does_what_it_said(self, home: Path) -> None:
        nights = [night(home, number) for number in range(3)]
        pinned = icw(home, "pin", nights[0].id, "--reason", "Table 2 [draft]")
        assert (pinned.returncode, pinned.stdout) == (0, f"{nights[0].id} is pinned.\n")
        before = tree(home)
        said = icw(home, "prune", "--keep-last", "1", "--dry-run", "--json")
        assert said.returncode == 0, said.stderr
        assert tree(home) == before
        report = json.loads(said.stdout)
        assert [entry["kept"] for entry in report["snapshots"]] == [True, False, True]
        assert report["snapshots"][0]["reasons"] == ["pinned: Table 2 [draft]"]
        assert "Nothing was removed" in icw(home, "prune", "--keep-last", "1", "--dry-run").stdout

        done = icw(home, "prune", "--keep-last", "1")
        assert done.returncode == 0, done.stderr
        assert "Removed: 1 snapshot" in done.stdout
        assert ids(snapshots(home)) == [nights[0].id, nights[2].id]
        assert icw(home, "unpin", nights[0].id).returncode == 0
        assert json.loads(icw(home, "prune", "--keep-last", "1", "--json").stdout)["done"]
        assert ids(snapshots(home)) == [nights[2].id]

    def test_refusals_are_sentences_with_exit_codes(self, home: Path) -> None:
        night(home, 0)
        for arguments, code, words in (
            (("prune",), 2, "No rule says"),
            (("prune", "--keep-last", "0"), 2, "No rule says"),
            (("pin", "nonsense"), 2, "There is no snapshot 'nonsense'"),
            (("unpin", "nonsense"), 2, "Pinned: none"),
        ):
            done = icw(home, *arguments)
            assert (done.returncode, "Traceback" in done.stderr) == (code, False)
            assert words in done.stderr
        with refresh_lock(home):
            done = icw(home, "prune", "--keep-last", "1")
        assert done.returncode == 5
        assert current(home) is not None
