"""Nothing is written into, or removed from, a folder that is somebody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.errors import UsageError
from warehouse.home import MARKER, claim, require_outside
from warehouse.lock import refresh_lock


@pytest.mark.parametrize(
    "holds",
    [
        ("builds/mine.txt",),
        ("snapshots/holiday.jpg",),
        ("landing/page.html", "README.md"),
        ("notes.txt", "lock"),
        ("docs/index.html",),
    ],
    ids=lambda holds: holds[0],
)
def test_a_folder_of_another_project_is_refused_and_left_as_it_is(tmp_path: Path, holds: tuple[str, ...]) -> None:
    for name in holds:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="is no warehouse home and not empty"), refresh_lock(tmp_path):
        pass
    assert sorted(tmp_path.rglob("*")) == before
    assert all((tmp_path / name).read_text() == "mine" for name in holds)


@pytest.mark.parametrize(
    "holds",
    [
        (),
        ("acknowledgements.yml",),
        ("dagster/dagster.yaml", "dbt/lock", "sandbox/x"),
        ("landing/loads/idc/x.json", "builds/x", "my own notes.txt"),
        ("snapshots/20260101T000000Z-abc/manifest.json", "docs/index.html"),
        (MARKER, "anything"),
    ],
    ids=["empty", "acknowledged before", "before the first", "landed", "published", "marked"],
)
def test_a_new_folder_and_a_home_of_before_the_marker_become_a_home(tmp_path: Path, holds: tuple[str, ...]) -> None:
    home = tmp_path / "home"
    for name in holds:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("")
    with refresh_lock(home):
        assert (home / MARKER).is_file()
    claim(home)
    with pytest.raises(UsageError, match=f"lies in the warehouse home {home}"):
        require_outside(home / "snapshots" / "x" / "answer.csv", tmp_path / "another")
    require_outside(tmp_path / "answer.csv", home)


def test_an_answer_is_kept_out_of_the_home_that_is_read_though_it_bears_no_marker(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "snapshots").mkdir(parents=True)
    (tmp_path / "link").symlink_to(home / "snapshots")
    with pytest.raises(UsageError, match="lies in the warehouse home"):
        require_outside(tmp_path / "link" / "answer.csv", home)


def test_a_file_is_no_home(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="which is not a folder"):
        claim(tmp_path / "file")
