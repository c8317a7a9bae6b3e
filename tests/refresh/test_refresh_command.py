"""`icw refresh` from end to end: real processes, a real server on loopback, real files. Releases are small."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from tests.refresh.conftest import FirstNight, Icw
from tests.support.icw import ICW
from tests.support.marks import later
from tests.support.signals import heed_every_signal
from tests.support.small_bucket import Bucket, environment, parquet_bytes
from tests.support.small_release import IDC_INDEX
from warehouse.landing import Landing
from warehouse.snapshots import catalog


def one_line(completed: subprocess.CompletedProcess[str]) -> str:
    """The error as the person sees it: one line, without a traceback."""
    lines = [line for line in completed.stderr.splitlines() if line.startswith("icw: ")]
    assert len(lines) == 1, completed.stderr
    assert "Traceback" not in completed.stderr
    assert completed.stderr.rstrip().endswith(lines[0])
    return lines[0]


READER = """
import duckdb, sys, time
from pathlib import Path
connection = duckdb.connect(sys.argv[1], read_only=True)
answers = set()
print("open", flush=True)
while not Path(sys.argv[2]).exists():
    answers.add(connection.execute("select count(*), sum(instance_count) from fct_series").fetchall()[0])
    time.sleep(0.05)
print(sorted(answers), flush=True)
"""


@pytest.mark.full
class TestRefresh:
    """One home, one step after the other: publish, nothing new, a newer release, back to the older one."""

    @pytest.fixture(scope="class")
    def home(self, first_night: FirstNight, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return first_night.copied_to(tmp_path_factory.mktemp("refresh") / "home")

    def test_publishes_and_shows_what_is_in_it(self, first_night: FirstNight) -> None:
        assert "Published" in first_night.stdout
        assert "2,400" in first_night.stdout  # series
        assert str(first_night.home / "snapshots") in first_night.stdout
        assert "Building the star" in first_night.stderr

    def test_the_run_is_in_dagster_with_what_it_landed(self, home: Path) -> None:
        with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
            (run,) = instance.get_runs()
            assert (run.job_name, run.status) == ("refresh", dg.DagsterRunStatus.SUCCESS)
            event = instance.get_latest_materialization_event(dg.AssetKey(["idc", "idc_index"]))
            assert event is not None
            assert event.asset_materialization is not None
            metadata = event.asset_materialization.metadata
            assert metadata["version"].value == "24.2.2"
            assert metadata["dagster/row_count"].value == 2400
            assert metadata["channel"].value == "bucket"
            for key in (["star", "fct_series"], ["snapshot"]):
                assert instance.get_latest_materialization_event(dg.AssetKey(key)) is not None

    def test_what_is_absent_is_recorded(self, icw: Icw, home: Path) -> None:
        query = "select dataset from dim_release where status = 'absent'"
        absent = json.loads(icw("sql", query, "-f", "json", home=home).stdout)
        assert {"sm_index", "clinical_index"} < {row["dataset"] for row in absent}

    @pytest.mark.parametrize(
        ("statement", "says"),
        [
            ("drop table fct_series", "read-only"),
            ("copy dim_source to 'stolen.csv'", "read-only"),
            ("select * from x", "x does not exist"),
        ],
    )
    def test_sql_that_writes_or_is_wrong_is_one_sentence(self, icw: Icw, home: Path, statement: str, says: str) -> None:
        done = icw("sql", statement, home=home)
        assert done.returncode == 2
        assert says in one_line(done)

    def test_nothing_new_downloads_and_builds_nothing(self, icw: Icw, bucket: Bucket, home: Path) -> None:
        before = catalog.snapshots(home)
        bucket.forget_requests()
        done = icw("refresh", home=home)
        assert done.returncode == 0
        assert "Nothing new upstream" in done.stdout
        assert "dbt" not in done.stderr
        assert len(bucket.requests()) <= 2
        assert [entry.id for entry in catalog.snapshots(home)] == [entry.id for entry in before]

    def test_a_newer_release_is_published_while_a_reader_keeps_right_answers(
        self, icw: Icw, bucket: Bucket, home: Path, tmp_path: Path
    ) -> None:
        bucket.publish("25.0.5", {"idc_index": f"select * from ({IDC_INDEX}) where \"SeriesNumber\" <> '7'"})
        stop = tmp_path / "stop"
        reader = subprocess.Popen(
            [sys.executable, "-c", READER, str(home / "current" / "warehouse.duckdb"), str(stop)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "open\n"
            done = icw("refresh", "--json", home=home)
            assert done.returncode == 0, done.stderr
            stop.touch()
            output, _ = reader.communicate(timeout=60)
            assert output.startswith("[(2400, ")
            assert output.count("(") == 1
        finally:
            reader.kill()
        report = json.loads(done.stdout)
        assert report["outcome"] == "published"
        assert report["snapshot_id"] == catalog.snapshot(home, None).id
        counted = icw("sql", "select count(*) as series from fct_series", "-f", "csv", home=home).stdout
        assert counted.split() == ['"series"', "2399"]

    def test_the_older_release_goes_back_into_service_without_a_build(
        self, icw: Icw, bucket: Bucket, home: Path
    ) -> None:
        bucket.forget_requests()
        done = icw("refresh", "--idc", "24.2.2", home=home)
        assert done.returncode == 0, done.stderr
        assert "published before" in done.stdout
        assert catalog.snapshot(home, None).manifest.sources[0].version == "24.2.2"
        assert len(bucket.requests()) <= 2

    def test_leaves_no_litter(self, home: Path) -> None:
        assert not (home / "builds").exists()
        assert not (home / "landing" / "staging").exists()
        assert not list(home.glob("**/*.tmp"))

    def test_of_two_refreshes_one_says_who_holds_the_lock(self, bucket: Bucket, icw: Icw, tmp_path: Path) -> None:
        """That another home gets the same bytes is told in tests/refresh/test_rebuild.py."""
        other = tmp_path / "other"
        first = subprocess.Popen(
            [ICW, "refresh", "--idc", "24.2.2"],
            env=environment(bucket, other),
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=heed_every_signal,
        )
        try:
            wait_until(lambda: (other / "builds").exists(), first)
            second = icw("refresh", "--idc", "24.2.2", home=other)
            assert second.returncode == 5, second.stderr
            assert str(first.pid) in one_line(second)
        finally:
            first.terminate()
            _, errors = first.communicate(timeout=300)
        assert first.returncode == 128 + signal.SIGTERM, errors


# What else can be wrong with a file is told in tests/sources/idc/test_bad_bytes.py.
@pytest.mark.full
@pytest.mark.parametrize(
    ("version", "spoil", "says"),
    [("31.0.0", "checksum", "idc_index.parquet"), ("31.0.3", "missing_key", "SeriesInstanceUID")],
)
def test_bad_bytes_are_one_sentence_and_land_nothing(
    icw: Icw, bucket: Bucket, tmp_path: Path, version: str, spoil: str, says: str
) -> None:
    bucket.publish(version)
    upstream, name = bucket.upstream, "idc_index.parquet"
    if spoil == "checksum":
        upstream.server.serve(f"{upstream.bucket_path(version, name)}.sha256", f"{'0' * 64}  {name}\n")
    else:
        query = f'select * exclude ("SeriesInstanceUID") from ({IDC_INDEX})'
        upstream.put_in_bucket(version, name, parquet_bytes(query, version))
    done = icw("refresh", "--idc", version)
    assert done.returncode == 3, done.stderr
    assert says in one_line(done)
    home = tmp_path / "home"
    assert Landing(home).releases("idc") == []
    assert not list((home / "landing" / "objects").glob("*/*"))
    assert catalog.snapshots(home) == []


@pytest.mark.parametrize(
    ("arguments", "more", "code", "says"),
    [
        (("refresh", "--idc", "99.0.0"), {}, 2, "no IDC release 99.0.0"),
        later(("refresh", "--idc", "newest"), {}, 2, "'newest'"),
        (("refresh",), {"ICW_IDC_URL": "http://127.0.0.1:9"}, 3, "127.0.0.1"),
        (("refresh",), {"ICW_THREADS": "many"}, 2, "ICW_THREADS"),
        later(("refresh",), {"ICW_HOME": "/dev/null/home"}, 6, "/dev/null"),
        later(("status",), {}, 2, "icw refresh"),
        (("status", "--check", "--max-age", "soon"), {}, 2, "90m, 36h or 2d"),
        (("sql", "select 1"), {}, 2, "icw refresh"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    icw: Icw, arguments: tuple[str, ...], more: dict[str, str], code: int, says: str
) -> None:
    done = icw(*arguments, **more)
    assert done.returncode == code, done.stderr
    assert says in one_line(done)


def test_a_disk_without_room_is_said_before_anything_is_fetched(icw: Icw, bucket: Bucket, tmp_path: Path) -> None:
    bucket.publish("26.0.0")
    bucket.forget_requests()
    done = icw("refresh", "--idc", "26.0.0", ICW_MIN_FREE="900TB")
    assert done.returncode == 6, done.stderr
    assert "The build needs about 900,000.1 GB on the disk of" in one_line(done)
    assert [path for path in bucket.requests() if path.endswith(".parquet")] == []
    assert not (tmp_path / "home" / "dagster").exists()
    assert catalog.snapshots(tmp_path / "home") == []
    assert icw("status", "--check").returncode == 9


# A limit on the size of a file makes the kernel refuse the write, as a full disk does.
WITH_SMALL_FILES = """
import resource, runpy, sys
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
sys.argv = [sys.argv[1], "refresh", "--idc", "26.0.0"]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize(
    ("largest_file", "landed"),
    [pytest.param(20_000, 0, id="landing"), pytest.param(8_000_000, 1, id="publishing", marks=pytest.mark.full)],
)
def test_a_full_disk_is_one_sentence_and_publishes_nothing(
    bucket: Bucket, tmp_path: Path, largest_file: int, landed: int
) -> None:
    bucket.publish("26.0.0")
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, "-c", WITH_SMALL_FILES, ICW, str(largest_file)],
        env=environment(bucket, home),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 6, done.stderr
    assert "free some space" in one_line(done).lower()
    assert len(Landing(home).releases("idc")) == landed
    assert catalog.snapshots(home) == []


def wait_until(condition, process: subprocess.Popen) -> None:  # type: ignore[type-arg, no-untyped-def]
    """Wait for a state of the home, as long as the process that should bring it about lives."""
    while not condition():
        assert process.poll() is None, "the process ended before it came so far"
        time.sleep(0.02)
