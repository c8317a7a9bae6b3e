"""The site as a part of a snapshot: listed, verified, exported and imported; and a night without one is not lost."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.sample_build import PASSED, make_build
from warehouse import refresh
from warehouse.errors import OutputError, UsageError
from warehouse.freshness import freshness
from warehouse.run_record import last_run, now, recording
from warehouse.settings import Settings
from warehouse.site import render, render_or_say_why
from warehouse.site.placing import site_of, write_site
from warehouse.snapshots.catalog import SITE, Snapshot, current, snapshots
from warehouse.snapshots.exporting import export
from warehouse.snapshots.importing import import_snapshot
from warehouse.snapshots.publish import publish, publish_again
from warehouse.snapshots.verification import stated_digests, verify_snapshot

REASON = "The pages could not be made, because of a test."


def published(folder: Path, **more: object) -> Snapshot:
    publish(make_build(folder / "build"), [PASSED], folder / "home", {}, **more)  # type: ignore[arg-type]
    found = current(folder / "home")
    assert found is not None
    return found


def test_the_site_is_listed_and_verified(snapshot: Snapshot) -> None:
    listed = {name: digest for name, digest in stated_digests(snapshot).items() if name.startswith(f"{SITE}/")}
    assert len(listed) == 8
    for name, digest in listed.items():
        assert hashlib.sha256((snapshot.folder / name).read_bytes()).hexdigest() == digest
    assert not [check for check in verify_snapshot(snapshot) if check.is_fault]
    assert "`site/index.html`" in (snapshot.folder / "README.md").read_text(encoding="utf-8")
    assert snapshot.manifest.without_site is None


@pytest.mark.parametrize("target", ["folder", "snapshot.zip"])
def test_the_site_survives_export_and_import(snapshot: Snapshot, tmp_path: Path, target: str) -> None:
    export(snapshot, tmp_path / target)
    imported = import_snapshot(tmp_path / "home", tmp_path / target).snapshot
    assert imported.site.read_bytes() == snapshot.site.read_bytes()
    assert not [check for check in verify_snapshot(imported) if check.is_fault]


def test_a_snapshot_that_is_published_again_has_its_site(tmp_path: Path) -> None:
    first = published(tmp_path, write_pages=render_or_say_why)
    # As where another snapshot is in service and the DuckDB file of this one has been dropped.
    (tmp_path / "home" / "current").unlink()
    first.database.unlink()
    again = publish_again(tmp_path / "home", first, write_pages=render_or_say_why)
    assert again.site.is_file()
    assert again.id in again.site.read_text(encoding="utf-8")
    assert again.manifest.tables == first.manifest.tables


def test_a_night_without_pages_is_published_and_degraded(tmp_path: Path) -> None:
    home = tmp_path / "home"
    found = published(tmp_path, write_pages=lambda _: REASON)
    assert found.manifest.without_site == REASON
    assert not (found.folder / SITE).exists()
    assert not [check for check in verify_snapshot(found) if check.is_fault]
    with recording(home, "run"):
        refresh.finish(Settings(home=home), "published", found.id, ())
    run = last_run(home)
    assert run is not None
    assert (run.outcome, run.exit_code, run.without_site) == ("published", 8, REASON)
    assert f"{found.id} is in service without its site: {REASON}" in str(refresh.degradation(run))
    verdict = freshness(run, found.id, timedelta(days=1), now())
    assert (verdict.state, REASON in verdict.sentence) == ("degraded", True)


def test_what_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    found = published(tmp_path)
    found.database.chmod(0o644)
    found.database.write_bytes(b"this is no database")
    said = render_or_say_why(found)
    assert isinstance(said, str)
    assert "\n" not in said
    assert found.id in said


class PanicException(BaseException):
    """As Rust's: it is no Exception."""


def test_a_panic_of_the_drawing_loses_no_night(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    def panic(specification: object) -> str:
        raise PanicException("out of luck")

    monkeypatch.setattr("vl_convert.vegalite_to_svg", panic)
    said = render_or_say_why(snapshot)
    assert isinstance(said, str)
    assert "vl-convert could not draw platforms-series: out of luck" in said


def test_a_snapshot_of_before_gets_its_site_beside_it(tmp_path: Path) -> None:
    found = published(tmp_path)
    assert not found.site.exists()
    page = site_of(found)
    assert page == tmp_path / "home" / SITE / found.id / "index.html"
    assert {path.name: path.read_text(encoding="utf-8") for path in page.parent.iterdir()} == render(found)
    assert not [check for check in verify_snapshot(found) if check.is_fault]


def test_pages_are_written_where_one_asks_but_never_into_the_home(snapshot: Snapshot, tmp_path: Path) -> None:
    page = write_site(snapshot, tmp_path / "pages")
    assert page.read_bytes() == snapshot.site.read_bytes()
    assert len(list(page.parent.iterdir())) == 8
    with pytest.raises(UsageError):
        write_site(snapshot, snapshot.folder.parents[1] / "pages")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"The site cannot be written to .*file"):
        write_site(snapshot, tmp_path / "file")


def test_the_pages_are_those_of_the_snapshot_before_what_came_after(home: Path, snapshot: Snapshot) -> None:
    """Pages that are made later for an older snapshot do not know what was published after it."""
    older = next(found for found in snapshots(home) if found.id != snapshot.id)
    pages = render(older)
    assert snapshot.id not in "".join(pages.values())
    assert "first snapshot of its home" in pages["changes.html"]
    assert pages["index.html"] == older.site.read_text(encoding="utf-8")
