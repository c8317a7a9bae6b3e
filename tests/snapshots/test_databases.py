"""A DuckDB file that was dropped comes back with the same tables, types and comments, for any number of readers."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import duckdb
import pytest

from tests.snapshots.nights import night
from tests.support.sample_build import PASSED, make_build
from warehouse.errors import IntegrityError, StorageError, UsageError
from warehouse.refresh import serve_existing
from warehouse.settings import Settings
from warehouse.snapshots import query
from warehouse.snapshots.catalog import Snapshot, current, point_current_at, snapshot, snapshots, unreadable
from warehouse.snapshots.databases import database_of, drop_databases, made_again
from warehouse.snapshots.pins import pin
from warehouse.snapshots.prune import prune
from warehouse.snapshots.publish import publish
from warehouse.snapshots.retention import Rules
from warehouse.snapshots.verification import is_sound, verify_snapshot

REPOSITORY = Path(__file__).resolve().parents[2]

CONTENT = (
    "select table_name, comment from duckdb_tables() where not internal order by 1",
    "select table_name, column_name, data_type, is_nullable, comment from duckdb_columns() where not internal "
    "order by 1, column_index",
    "from dim_collection",
    "from fct_series",
)


def content(database: Path) -> list[list[tuple[object, ...]]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return [connection.execute(question).fetchall() for question in CONTENT]


def having(home: Path) -> list[bool]:
    return [found.has_database for found in snapshots(home)]


@pytest.fixture(scope="module")
def four_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the snapshots of four nights, which a test takes a copy of."""
    home = tmp_path_factory.mktemp("nights") / "home"
    for number in range(4):
        night(home, number)
    return home


@pytest.fixture
def nights(four_nights: Path, home: Path) -> list[Snapshot]:
    shutil.copytree(four_nights, home, symlinks=True)
    return snapshots(home)


def test_only_those_that_somebody_needs_are_kept(home: Path, nights: list[Snapshot]) -> None:
    pin(home, nights[0], None)
    assert drop_databases(home, 2) == [nights[1]]
    assert having(home) == [True, False, True, True]
    point_current_at(home, nights[2])
    assert drop_databases(home, 1) == []
    assert unreadable(home) == []


def test_nothing_is_dropped_where_nobody_can_say_what_is_pinned(
    home: Path, nights: list[Snapshot], caplog: pytest.LogCaptureFixture
) -> None:
    (home / "pins").write_text("a file")
    assert drop_databases(home, 1) == []
    assert having(home) == [True] * 4
    assert "pins cannot be read as a folder" in caplog.text


def test_the_content_is_the_same_and_the_snapshot_as_it_was(home: Path, nights: list[Snapshot]) -> None:
    before = content(nights[0].database)
    drop_databases(home, 1)

    path = database_of(nights[0])

    assert made_again(nights[0]) == [path]
    assert content(path) == before
    assert path.stat().st_mode & 0o222 == 0
    assert database_of(nights[0]) == path
    assert not nights[0].has_database
    assert [entry.name for entry in (home / "databases").iterdir()] == [nights[0].id]
    with query.run(nights[1], "select count(*) from fct_series", attached={"old": nights[0]}) as answer:
        assert answer.page(5).rows == ((50,),)
    assert database_of(nights[3]) == nights[3].database


def test_a_dropped_file_is_no_fault_and_a_damaged_one_that_was_made_again_is(
    home: Path, nights: list[Snapshot]
) -> None:
    drop_databases(home, 1)
    found = {check.path.name: check.found for check in verify_snapshot(nights[0]) if check.found != "sound"}
    assert found == {"warehouse.duckdb": "dropped"}
    assert is_sound(nights[0])

    path = database_of(nights[0])
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    (fault,) = [check for check in verify_snapshot(nights[0]) if check.is_fault]
    assert (fault.path, fault.found) == (path, "damaged")
    assert "made again on demand" in fault.detail


def test_the_file_of_the_snapshot_in_service_is_missing_and_not_dropped(home: Path, nights: list[Snapshot]) -> None:
    nights[3].database.unlink()
    assert current(home) is None
    assert "warehouse.duckdb is missing" in unreadable(home)[0].reason


def test_nothing_is_made_again_from_damaged_tables_nor_is_their_last_copy_dropped(
    home: Path, nights: list[Snapshot], caplog: pytest.LogCaptureFixture
) -> None:
    drop_databases(home, 2)
    for found in (nights[0], nights[2]):
        table = found.tables_folder / "fct_series.parquet"
        table.chmod(0o644)
        table.write_bytes(random.Random(7).randbytes(500))
    with pytest.raises(IntegrityError, match=r"fct_series.parquet is damaged .* cannot be made again"):
        database_of(nights[0])
    assert not list((home / "databases").iterdir())
    assert drop_databases(home, 1) == []
    assert nights[2].has_database
    assert "The DuckDB file of the snapshot is kept" in caplog.text


def test_a_snapshot_without_its_file_does_not_come_into_service(home: Path, tmp_path: Path) -> None:
    old = make_build(tmp_path / "old", version="24.2.2")
    first = publish(old, [PASSED], home, {})
    publish(make_build(tmp_path / "new", version="25.0.5"), [PASSED], home, {})
    drop_databases(home, 1)
    with pytest.raises(UsageError, match="has been dropped"):
        point_current_at(home, snapshot(home, first.snapshot_id))

    again = publish(old, [PASSED], home, {})

    assert again.snapshot_id != first.snapshot_id
    assert again.tables_digest == first.tables_digest
    in_service = current(home)
    assert in_service is not None
    assert in_service.id == again.snapshot_id
    assert is_sound(in_service)


def test_a_snapshot_that_comes_back_is_published_again_without_a_build(home: Path, nights: list[Snapshot]) -> None:
    before = content(nights[0].database)
    drop_databases(home, 1)

    served = serve_existing(Settings(home=home), nights[0])

    again = served.snapshot
    assert (served.outcome, current(home)) == ("restored", again)
    assert again.id != nights[0].id
    assert again.manifest.tables_digest == nights[0].manifest.tables_digest
    assert again.manifest.sources == nights[0].manifest.sources
    for table in again.tables_folder.iterdir():
        assert table.samefile(nights[0].tables_folder / table.name)
    assert content(again.database) == before
    assert is_sound(again)
    assert having(home) == [False] * 4 + [True]
    assert serve_existing(Settings(home=home), again).outcome == "unchanged"


def test_the_next_publish_removes_what_was_made_again_and_what_the_dead_left(
    home: Path, nights: list[Snapshot]
) -> None:
    drop_databases(home, 1)
    database_of(nights[0])
    database_of(nights[1])
    (home / "databases" / f".{nights[2].id}.1-1.tmp").mkdir()
    prune(home, Rules(last=3), landing=False)
    assert made_again(nights[0]) == []
    assert made_again(nights[1]) is not None
    drop_databases(home, 1)
    assert list((home / "databases").iterdir()) == []


READER = """
    import sys
    from pathlib import Path
    from warehouse.snapshots.catalog import snapshot
    from warehouse.snapshots.query import run
    question = "select count(*), sum(size_bytes)::bigint from fct_series"
    with run(snapshot(Path(sys.argv[1]), sys.argv[2]), question) as found:
        print(found.page(1).rows)
"""


def reader(home: Path, found: Snapshot, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(READER), str(home), found.id],
        cwd=REPOSITORY,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_readers_that_come_at_once_all_get_the_same_answer(home: Path, nights: list[Snapshot]) -> None:
    drop_databases(home, 1)
    readers = [reader(home, nights[0]) for _ in range(4)]
    answers = {one.communicate(timeout=60) for one in readers}
    assert len(answers) == 1, answers
    assert next(iter(answers))[0].startswith("((50, ")
    assert [entry.name for entry in (home / "databases").iterdir()] == [nights[0].id]


@pytest.mark.parametrize("beside", [False, True])
def test_a_file_that_is_dropped_in_the_instant_in_which_it_is_opened_is_made_again(
    home: Path, nights: list[Snapshot], beside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Path] = []

    def found_and_dropped(snapshot: Snapshot, settings: Settings | None = None) -> Path:
        found.append(database_of(snapshot, settings))
        # A refresh in another process comes just now.
        if len(found) == 1:
            drop_databases(home, 1)
        return found[-1]

    monkeypatch.setattr(query, "database_of", found_and_dropped)
    with query.run(
        nights[0], "select count(*) from fct_series", attached={"old": nights[1]} if beside else {}
    ) as answer:
        assert answer.page(5).rows == ((50,),)
    assert found[0] == nights[0].database
    assert made_again(nights[0]) == [found[-2 if beside else -1]]


def test_a_reader_that_is_killed_while_it_makes_the_file_leaves_nothing_that_is_taken_for_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = publish(make_build(tmp_path / "old", series=400_000, version="24.2.2"), [PASSED], home, {})
    publish(make_build(tmp_path / "new", series=50), [PASSED], home, {})
    drop_databases(home, 1)
    found = snapshot(home, first.snapshot_id)
    one = reader(home, found)
    while one.poll() is None and not list(home.glob("databases/.*.tmp/warehouse.duckdb*")):
        time.sleep(0.001)
    one.send_signal(signal.SIGKILL)
    one.communicate()

    assert one.returncode == -signal.SIGKILL
    assert list((home / "databases").glob(".*.tmp"))
    assert made_again(found) == []
    assert content(database_of(found))[3][0] is not None
    drop_databases(home, 1)
    assert list((home / "databases").iterdir()) == []


def test_a_full_disk_leaves_no_file_and_says_so(home: Path, nights: list[Snapshot]) -> None:
    drop_databases(home, 1)
    program = """
        import resource, sys
        from pathlib import Path
        from warehouse.errors import StorageError
        from warehouse.snapshots.catalog import snapshot
        from warehouse.snapshots.databases import database_of
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            database_of(snapshot(Path(sys.argv[1]), sys.argv[2]))
        except StorageError as error:
            print(error)
            sys.exit(error.exit_code)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(home), nights[0].id],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, len(done.stdout.splitlines())) == (StorageError.exit_code, 1), done.stderr
    assert list((home / "databases").iterdir()) == []


def test_where_the_home_cannot_be_written_the_file_is_made_in_a_folder_of_the_user(
    home: Path, nights: list[Snapshot], tmp_path: Path
) -> None:
    drop_databases(home, 1)
    shutil.rmtree(home / "databases", ignore_errors=True)
    # For root every folder can be written; a file in its place cannot be made a folder by anybody.
    (home / "databases").write_text("")
    (tmp_path / "temporary").mkdir()
    one = reader(home, nights[0], TMPDIR=str(tmp_path / "temporary"))
    output, errors = one.communicate(timeout=60)
    assert one.returncode == 0, errors
    assert "50, " in output
    (made,) = (tmp_path / "temporary").glob("icw-databases-*/*/warehouse.duckdb")
    assert made.parents[1].stat().st_mode & 0o077 == 0
