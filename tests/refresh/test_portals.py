"""`icw refresh` over all three sources, end to end: real processes, IDC from a loopback bucket, portal and hub from a
running sandbox. Everything that comes from it is synthetic, and must say so."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from tests.refresh.conftest import Icw
from tests.refresh.test_refresh_command import one_line, wait_until
from tests.support.icw import ICW
from tests.support.shared import SEED, population_of
from tests.support.small_bucket import Bucket, environment
from tests.support.small_release import IDC_INDEX
from warehouse.contracts import load_contract
from warehouse.documentation.analysts_page import PAGE, questions
from warehouse.landing import Landing
from warehouse.sandbox.guppy.changes import DataChange, SchemaChange
from warehouse.sandbox.server import Sandbox
from warehouse.sandbox.server.faults import Fault
from warehouse.snapshots import catalog, query

SCALE = 0.0005
PASSWORD = "correct-horse-battery"
ALL = json.dumps(["idc", "midrc", "bih"])


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return population_of(tmp_path_factory, SCALE)


@pytest.fixture(scope="class")
def sandbox(population: Path) -> Iterator[Sandbox]:
    with Sandbox(population, SCALE, SEED) as running:
        yield running


def reads(sandbox: Sandbox, **more: str) -> dict[str, str]:
    """The settings with which a refresh reads the sandbox as a sandbox."""
    return {
        "ICW_UPSTREAMS": ALL,
        "ICW_SANDBOX_URL": sandbox.root_url.replace("//", f"//user:{PASSWORD}@"),
        "ICW_RETRIES": "1",
        "ICW_RETRY_WAIT_S": "0.01",
        **more,
    }


def takes_for_live(sandbox: Sandbox) -> dict[str, str]:
    """The settings with which a refresh reads the sandbox as if it were the public services."""
    return reads(sandbox, ICW_MIDRC_URL=sandbox.portal_url, ICW_BIH_URL=sandbox.bih_url)


def loads(home: Path) -> dict[tuple[str, str], tuple[str, int, bool]]:
    """Status, rows and mark of each load, from the published table."""
    snapshot = catalog.snapshot(home, None)
    with duckdb.connect(str(snapshot.database), read_only=True) as connection:
        rows = connection.execute("select source_id, dataset, status, row_count, is_synthetic from dim_release")
        return {(source, dataset): tuple(rest) for source, dataset, *rest in rows.fetchall()}


@pytest.mark.full
class TestPortals:
    """One home, one night after the other."""

    @pytest.fixture(scope="class")
    def home(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("portals") / 'issue #12 [a]* 100% "{ü}; --'

    def test_a_night_after_one_that_was_killed_goes_on_from_there_and_publishes_and_marks_all_ten_types(
        self, icw: Icw, bucket: Bucket, sandbox: Sandbox, home: Path
    ) -> None:
        bucket.publish("24.2.2")
        settings = reads(sandbox, ICW_GUPPY_PAGE_SIZE="20")
        sandbox.faults.add(Fault(kind="hang", service="portal", place="download", at=12, seconds=600))
        first = subprocess.Popen(
            [ICW, "refresh", "--sources", "sandbox"],
            env=environment(bucket, home, **settings),
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: sandbox.faults.active() == [], first)
        first.send_signal(signal.SIGKILL)
        first.wait(timeout=30)
        sandbox.requests.clear()
        done = icw("refresh", "--sources", "sandbox", home=home, **settings)
        assert done.returncode == 0, done.stderr
        assert "SYNTHETIC" in done.stdout
        snapshot = catalog.snapshot(home, None)
        assert snapshot.id.startswith("synthetic-")
        assert snapshot.manifest.synthetic
        assert snapshot.manifest.failures == ()
        found = loads(home)
        for source, service in (("midrc", sandbox.portal), ("bih", sandbox.bih)):
            assert {dataset for of, dataset in found if of == source} == set(load_contract(source).datasets)
            for name, index in service.indices.items():
                assert found[source, name] == ("landed", index.documents, True)
        assert found["idc", "idc_index"] == ("landed", 2400, False)
        # What was stored before the kill is not asked for again.
        resumed = [
            entry.proof.get("parts_resumed")
            for of in snapshot.manifest.sources
            if of.source == "midrc"
            for entry in of.datasets
        ]
        assert any(resumed), resumed
        # The request that hangs is in flight for as long as the sandbox holds it.
        assert sandbox.requests.most_in_flight() <= 4 + 1
        assert sandbox.requests.harmful() == []

    def test_another_fresh_home_publishes_the_same_but_for_when_the_portals_were_fetched(
        self, icw: Icw, sandbox: Sandbox, home: Path, tmp_path: Path
    ) -> None:
        other_home = tmp_path / "another home"
        done = icw("refresh", "--sources", "sandbox", home=other_home, **reads(sandbox, ICW_THREADS="2"))
        assert done.returncode == 0, done.stderr
        one, other = catalog.snapshot(home, None), catalog.snapshot(other_home, None)
        digests = [{table.name: table.parquet_sha256 for table in of.manifest.tables} for of in (one, other)]
        differing = {name for name in digests[0] if digests[0][name] != digests[1][name]}
        assert digests[0].keys() == digests[1].keys()
        # warehouse/README.md, "What identifies a snapshot": the counts of a portal are dated, and that is profiled.
        assert differing == {"rpt_count_history", "fct_profile"}
        history, profile = (
            [f"select * exclude ({column}) from '{_parquet(of, table)}'" for of in (one, other)]
            for table, column in (("rpt_count_history", "as_of"), ("fct_profile", "profile_key"))
        )
        assert duckdb.execute(_only_in_one(*history)).fetchall() == []
        found = duckdb.execute(f"select distinct dataset, column_name from ({_only_in_one(*profile)})").fetchall()
        assert found == [("rpt_count_history", "as_of")]

    def test_the_password_in_an_address_is_written_nowhere(self, icw: Icw, sandbox: Sandbox, home: Path) -> None:
        found = [path for path in home.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]
        assert found == []
        for command in (("status",), ("status", "--json"), ("sources", "--sources", "sandbox", "--json")):
            done = icw(*command, home=home, **reads(sandbox))
            assert done.returncode == 0, done.stderr
            assert PASSWORD not in done.stdout + done.stderr

    def test_every_question_of_the_analysts_page_is_answered(self, home: Path) -> None:
        snapshot = catalog.snapshot(home, None)
        for question in questions(PAGE.read_text(encoding="utf-8")):
            with query.run(snapshot, question.sql) as result:
                assert [column.name for column in result.columns] == question.columns, question.file
                assert result.page(1).columns

    def test_every_table_and_column_is_described_in_the_file(self, home: Path) -> None:
        with duckdb.connect(str(catalog.snapshot(home, None).database), read_only=True) as connection:
            for kind in ("tables", "columns"):
                silent = "not internal and coalesce(comment, '') = ''"
                assert connection.execute(f"select * from duckdb_{kind}() where {silent}").fetchall() == []

    def test_each_type_is_an_asset_with_its_figures(self, sandbox: Sandbox, home: Path) -> None:
        with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
            for source, dataset in (("midrc", "case"), ("bih", "imaging_series")):
                event = instance.get_latest_materialization_event(dg.AssetKey([source, dataset]))
                assert event is not None
                assert event.asset_materialization is not None
                metadata = event.asset_materialization.metadata
                service = {"midrc": sandbox.portal, "bih": sandbox.bih}[source]
                assert metadata["dagster/row_count"].value == service.indices[dataset].documents
                assert metadata["version"].value == service.indices[dataset].name
                assert metadata["synthetic"].value is True

    def test_nothing_new_is_proven_in_under_twenty_requests(
        self, icw: Icw, bucket: Bucket, sandbox: Sandbox, home: Path
    ) -> None:
        before = catalog.current(home)
        bucket.forget_requests()
        sandbox.requests.clear()
        done = icw("refresh", "--sources", "sandbox", home=home, **reads(sandbox))
        assert done.returncode == 0, done.stderr
        assert "Nothing new upstream" in done.stdout
        assert len(sandbox.requests.entries()) + len(bucket.requests()) < 20
        assert catalog.current(home) == before

    def test_sources_shows_each_upstream(self, icw: Icw, sandbox: Sandbox, home: Path) -> None:
        done = icw("sources", "--sources", "sandbox", "--json", home=home, **reads(sandbox))
        assert done.returncode == 0, done.stderr
        found = {entry["source"]: entry for entry in json.loads(done.stdout)}
        assert found["idc"]["holds"] == "release 24.2.2 (bucket)"
        assert found["midrc"]["address"] == sandbox.portal_url
        assert found["midrc"]["synthetic"]
        assert found["bih"]["last_load"]["rows"]["subject"] == sandbox.bih.indices["subject"].documents
        shown = icw("sources", "--sources", "sandbox", home=home, **reads(sandbox)).stdout
        assert all(word in shown for word in ("idc", "midrc", "bih", "as landed", "SYNTHETIC"))

    def test_a_portal_that_is_down_keeps_its_load_and_the_run_is_degraded(
        self, icw: Icw, bucket: Bucket, sandbox: Sandbox, home: Path
    ) -> None:
        kept = Landing(home).releases("midrc")
        bucket.publish("25.0.5", {"idc_index": f"select * from ({IDC_INDEX}) where \"SeriesNumber\" <> '7'"})
        sandbox.faults.add(Fault(kind="server_error", service="portal", times=None))
        done = icw("refresh", "--sources", "sandbox", "--json", home=home, **reads(sandbox))
        sandbox.faults.clear()
        assert done.returncode == 8, done.stderr
        report = json.loads(done.stdout)
        assert report["outcome"] == "published"
        assert [failure["source"] for failure in report["failures"]] == ["midrc"]
        (failure,) = catalog.snapshot(home, None).manifest.failures
        assert (failure.source, failure.version) == ("midrc", kept[-1].version)
        assert "503" in failure.reason
        assert loads(home)["idc", "idc_index"] == ("landed", 2399, False)
        assert loads(home)["midrc", "case"] == ("landed", sandbox.portal.indices["case"].documents, True)
        assert Landing(home).releases("midrc") == kept

    def test_status_says_that_the_run_was_degraded(self, icw: Icw, home: Path) -> None:
        shown = icw("status", home=home)
        assert shown.returncode == 0
        assert "exit code 8" in shown.stdout
        assert re.search(r"midrc \(its load \S+ stays\)", shown.stdout)
        report = json.loads(icw("status", "--json", home=home).stdout)
        assert report["last_run"]["failures"][0]["source"] == "midrc"
        assert report["failures"][0]["source"] == "midrc"

    def test_the_next_night_is_green_again(self, icw: Icw, sandbox: Sandbox, home: Path) -> None:
        done = icw("refresh", "--sources", "sandbox", home=home, **reads(sandbox))
        assert done.returncode == 0, done.stderr
        assert "Nothing new upstream" in done.stdout
        assert json.loads(icw("status", "--json", home=home).stdout)["last_run"]["exit_code"] == 0

    def test_what_moved_is_fetched_the_rest_taken_over_and_drift_of_no_consequence_is_published_as_warnings(
        self, icw: Icw, sandbox: Sandbox, home: Path
    ) -> None:
        sandbox.portal.change_data(DataChange("measurement", removed=2, added=5, rebuilt=True))
        for change in (
            SchemaChange("annotation", "add", "novelty"),
            SchemaChange("annotation", "remove", "annotator_id"),
            SchemaChange("annotation", "retype", "midrc_mRALE_score", "keyword"),
        ):
            sandbox.portal.change_schema(change)
        # A field that models read.
        sandbox.bih.change_schema(SchemaChange("subject", "remove", "submitter_id"))
        sandbox.requests.clear()
        done = icw("refresh", "--sources", "sandbox", home=home, **reads(sandbox))
        assert done.returncode == 0, done.stderr
        assert loads(home)["midrc", "measurement"][1] == sandbox.portal.indices["measurement"].documents
        paged = {
            name for entry in sandbox.requests.entries() if "download" in entry.kinds for name in entry.record_types
        }
        assert paged == {"measurement", "annotation", "subject"}
        warnings = catalog.snapshot(home, None).manifest.warnings
        observed = " ".join(f"{found.expectation}: {found.observed}" for found in warnings)
        assert re.search(r"column that the contract does not know: [^:]*annotation\.novelty", observed)
        assert re.search(r"Every other column of the contract is there: [^:]*annotation\.annotator_id", observed)
        assert re.search(r"Every other column of the contract is there: [^:]*subject\.submitter_id", observed)
        assert re.search(r"has the type of the contract: [^:]*annotation\.midrc_mRALE_score", observed)

    def test_nothing_at_all_answers(self, icw: Icw, bucket: Bucket, sandbox: Sandbox, home: Path) -> None:
        before = catalog.current(home)
        sandbox.faults.add(Fault(kind="server_error", service="portal", times=None))
        sandbox.faults.add(Fault(kind="server_error", service="bih", times=None))
        nowhere = reads(sandbox, ICW_IDC_URL="http://127.0.0.1:9")
        done = icw("refresh", "--sources", "sandbox", home=home, **nowhere)
        sandbox.faults.clear()
        assert done.returncode == 3, done.stderr
        assert "No source could be refreshed" in one_line(done)
        assert catalog.current(home) == before

    def test_a_live_refresh_takes_no_made_up_data(self, icw: Icw, sandbox: Sandbox, home: Path) -> None:
        """Not even the load that the sandbox left in the same home; nothing of it is landed, and nothing asked for."""
        landed = Landing(home).releases("midrc")
        sandbox.requests.clear()
        done = icw("refresh", home=home, **takes_for_live(sandbox))
        assert Landing(home).releases("midrc") == landed
        assert not [entry for entry in sandbox.requests.entries() if "download" in entry.kinds]
        assert done.returncode == 8, done.stderr
        assert "synthetic data" in one_line(done)
        snapshot = catalog.snapshot(home, None)
        assert not snapshot.manifest.synthetic
        assert not snapshot.id.startswith("synthetic-")
        assert {failure.source for failure in snapshot.manifest.failures} == {"midrc", "bih"}
        assert {source for (source, _), (status, *_) in loads(home).items() if status == "no load"} == {"midrc", "bih"}

    def test_a_sandbox_does_not_replace_real_data(self, icw: Icw, sandbox: Sandbox, home: Path) -> None:
        before = catalog.current(home)
        done = icw("refresh", "--sources", "sandbox", home=home, **reads(sandbox))
        assert done.returncode == 2
        assert "ICW_HOME" in one_line(done)
        assert catalog.current(home) == before


@pytest.mark.full
def test_the_sandbox_runs_as_a_service_of_its_own(bucket: Bucket, icw: Icw, tmp_path: Path) -> None:
    bucket.publish("26.3.0")
    home = tmp_path / "sandbox-home"
    settings = environment(bucket, home, ICW_IDC_VERSION="26.3.0", ICW_SANDBOX_IDC_VERSION="26.3.0")
    command = [ICW, "sandbox", "serve", "--scale", str(SCALE), "--port", "0"]
    process = subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        lines = []
        while "ICW_SANDBOX_URL=" not in (line := process.stdout.readline()):
            assert line, "the sandbox ended before it said where it answers"
            lines.append(line)
        root = line.split("ICW_SANDBOX_URL=")[1].split()[0]
        assert "SYNTHETIC" in lines[0]
        done = icw("sources", "--json", ICW_UPSTREAMS=ALL, ICW_SOURCES="sandbox", ICW_SANDBOX_URL=root,
                   ICW_IDC_URL=f"{root}/idc", ICW_IDC_VERSION="26.3.0")  # fmt: skip
        found = {entry["source"]: entry for entry in json.loads(done.stdout)}
        assert all(entry["answers"] for entry in found.values()), found
        assert found["bih"]["synthetic"]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()


def _only_in_one(here: str, there: str) -> str:
    return f"(({here}) except all ({there})) union all (({there}) except all ({here}))"


def _parquet(snapshot: catalog.Snapshot, table: str) -> str:
    return str(snapshot.tables_folder / f"{table}.parquet").replace("'", "''")
