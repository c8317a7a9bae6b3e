"""A publish that is killed, or cannot write: readers see the old snapshot or the new one, and litter goes away."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pytest

from tests.support.marks import later
from tests.support.sample_build import PASSED, make_build, tree
from warehouse.snapshots.catalog import current, snapshots
from warehouse.snapshots.publish import publish

REPOSITORY = Path(__file__).resolve().parents[2]


def run_program(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.full
@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.bench)])
def test_a_publish_killed_at_any_step_leaves_the_old_snapshot_or_the_new_one(tmp_path: Path, every: int) -> None:
    """Readers look after each kill, and after one of three, or each, the next publish goes on from there."""
    publish(make_build(tmp_path / "old", series=50, version="24.2.2"), [PASSED], tmp_path / "before", {})
    (tmp_path / "next.pickle").write_bytes(pickle.dumps(make_build(tmp_path / "new", series=50, version="25.0.5")))

    finished = subprocess.run(
        [sys.executable, "-m", "tests.snapshots.killed_at_every_step", str(tmp_path), str(every)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr
    seen = finished.stdout.splitlines()
    # First there is only the old one; then the new one is there, whole, but not in service; then it is in service.
    stages = ["killed 24.2.2 1", "killed 24.2.2 2", "killed 25.0.5 2", "through 25.0.5 2"]
    assert seen == sorted(seen, key=stages.index)
    assert seen.count(stages[0]) > 10
    assert {stages[0], stages[1], stages[3]} <= set(seen)


def test_a_publish_killed_in_the_middle_of_a_table_leaves_nothing_visible(tmp_path: Path) -> None:
    make_build(tmp_path / "build", series=300_000)
    program = """
        import sys
        from pathlib import Path
        from tests.support.sample_build import PASSED, reopen
        from warehouse.snapshots.publish import publish
        folder = Path(sys.argv[1])
        publish(reopen(folder / "build"), [PASSED], folder / "home", {}, threads=1)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program), str(tmp_path)], cwd=REPOSITORY)
    while process.poll() is None and not list(tmp_path.glob("home/snapshots/.*.tmp/tables/fct_series.parquet")):
        pass
    process.send_signal(signal.SIGKILL)

    assert process.wait() == -signal.SIGKILL
    assert list(tmp_path.glob("home/snapshots/.*.tmp"))
    assert snapshots(tmp_path / "home") == []
    assert current(tmp_path / "home") is None
    manifest = publish(make_build(tmp_path / "build"), [PASSED], tmp_path / "home", {})
    assert [path.name for path in (tmp_path / "home" / "snapshots").iterdir()] == [manifest.snapshot_id]


@pytest.mark.parametrize("limit", [later(4096), 200_000, later(1_500_000)])
def test_a_full_disk_stops_the_publish_and_leaves_nothing(tmp_path: Path, limit: int) -> None:
    publish(make_build(tmp_path / "old", version="24.2.2"), [PASSED], tmp_path / "home", {})
    before = tree(tmp_path / "home")
    build = make_build(tmp_path / "build", series=100_000)
    program = """
        import resource, sys
        from pathlib import Path
        from tests.support.sample_build import PASSED, reopen
        from warehouse.errors import StorageError
        from warehouse.snapshots.publish import publish
        folder = Path(sys.argv[1])
        # A file that may not grow is refused as on a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
        try:
            publish(reopen(folder / "build"), [PASSED], folder / "home", {})
        except StorageError as error:
            print(error)
            sys.exit(error.exit_code)
    """

    assert build.database.stat().st_size > limit
    finished = run_program(program, tmp_path, str(limit))

    assert finished.returncode == 6, finished.stdout + finished.stderr
    assert len(finished.stdout.splitlines()) == 1
    assert "free some space" in finished.stdout.lower()
    assert tree(tmp_path / "home") == before


READER = """
    import sys, duckdb
    connection = duckdb.connect(sys.argv[1], read_only=True)
    for line in sys.stdin:
        print(connection.execute(line).fetchall(), flush=True)
"""


class Reader:
    """A process of its own that keeps the current DuckDB file open and answers queries."""

    def __init__(self, home: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(READER), str(home / "current" / "warehouse.duckdb")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, sql: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(sql + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(timeout=30) == 0


def test_a_reader_keeps_its_snapshot_while_another_is_published(tmp_path: Path) -> None:
    home = tmp_path / "home"
    question = "select count(*), sum(size_bytes), min(series_instance_uid) from fct_series"
    publish(make_build(tmp_path / "old", series=40_000, version="24.2.2"), [PASSED], home, {})
    old = Reader(home)
    before = old.ask(question)

    publisher = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent("""
                import sys
                from pathlib import Path
                from tests.support.sample_build import PASSED, make_build
                from warehouse.snapshots.publish import publish
                folder = Path(sys.argv[1])
                publish(make_build(folder / "new", series=50_000, version="25.0.5"), [PASSED], folder / "home", {})
            """),
            str(tmp_path),
        ],
        cwd=REPOSITORY,
    )
    answers = [old.ask(question)]
    while publisher.poll() is None:
        answers.append(old.ask(question))
    answers.append(old.ask(question))
    new = Reader(home)

    assert publisher.returncode == 0
    assert set(answers) == {before}
    assert before.startswith("[(40000, ")
    assert new.ask(question).startswith("[(50000, ")
    assert old.ask("select count(distinct series_key) from fct_series") == "[(40000,)]"
    old.close()
    new.close()


def test_the_files_of_a_snapshot_cannot_be_changed_by_accident(tmp_path: Path) -> None:
    publish(make_build(tmp_path / "build"), [PASSED], tmp_path / "home", {})

    for path in (tmp_path / "home" / "current").rglob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o222 == 0, path


@pytest.fixture(scope="session")
def old_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with DuckDB 1.5 from the package index; skips only where there is no index to get it from."""
    folder = tmp_path_factory.mktemp("duckdb15") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    finished = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "duckdb==1.5.*"], capture_output=True, text=True
    )
    if finished.returncode != 0 and "from versions: none" in finished.stderr:
        pytest.skip(f"the package index cannot be reached: {finished.stderr.splitlines()[-1]}")
    assert finished.returncode == 0, finished.stderr
    return python


@pytest.mark.network
@pytest.mark.full
def test_duckdb_1_5_reads_what_duckdb_2_wrote(tmp_path: Path, old_duckdb: Path) -> None:
    publish(make_build(tmp_path / "build"), [PASSED], tmp_path / "home", {})
    program = textwrap.dedent("""
        import duckdb, sys
        assert duckdb.__version__.startswith("1.5."), duckdb.__version__
        connection = duckdb.connect(sys.argv[1], read_only=True)
        for sql in sys.argv[2:]:
            print(connection.execute(sql).fetchall())
    """)
    questions = [
        "select * from fct_series order by series_key",
        "select table_name, comment from duckdb_tables() order by 1",
        "select table_name, column_name, data_type, is_nullable, comment from duckdb_columns() where not internal "
        "order by 1, column_index",
    ]
    database = str(tmp_path / "home" / "current" / "warehouse.duckdb")

    finished = subprocess.run([old_duckdb, "-c", program, database, *questions], capture_output=True, text=True)

    assert finished.returncode == 0, finished.stderr
    with duckdb.connect(database, read_only=True) as connection:
        expected = [str(connection.execute(question).fetchall()) for question in questions]
    assert finished.stdout.splitlines() == expected
