"""Dagster's records: brought up to date when they are opened, and done without where they cannot be had."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from alembic.script import ScriptDirectory
from dagster._core.storage.sql import get_alembic_config, run_alembic_downgrade
from dagster_postgres.utils import DagsterPostgresException
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from dagster_project.failures import as_warehouse_error
from dagster_project.job import dagster_home
from dagster_project.records import opened, opened_or_without
from tests.support.icw import ICW
from tests.support.postgres import PASSWORD, Postgres, running_postgres
from warehouse.errors import StorageError, UsageError
from warehouse.settings import Settings, load_settings

UNREACHABLE = "postgresql://icw:hunter2@127.0.0.1:1/icw"


@dg.job
def refresh() -> None:
    @dg.op
    def nothing() -> None:
        pass

    nothing()


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as found:
        yield found


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def in_postgres(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"dagster_postgres_url": SecretStr(url)})


def runs_in(settings: Settings) -> set[str]:
    with opened(dagster_home(settings), settings) as instance:
        return {run.run_id for run in instance.get_runs()}


def run_in(settings: Settings) -> str:
    with opened_or_without(dagster_home(settings), settings) as instance:
        return refresh.execute_in_process(instance=instance).run_id


def sqlite_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.db"))


def revision(path: Path) -> str:
    with create_engine(f"sqlite:///{path}").connect() as connection:
        return str(connection.execute(text("select version_num from alembic_version")).scalar_one())


def test_records_of_an_older_dagster_are_brought_up_to_date_with_their_runs(settings: Settings) -> None:
    before = run_in(settings)
    files = sqlite_files(dagster_home(settings))
    newest = {path: revision(path) for path in files}
    config = get_alembic_config(dg.__file__, "_core/storage/alembic/alembic.ini", "dagster:_core/storage/alembic")
    older = next(
        script.revision
        for script in ScriptDirectory.from_config(config).walk_revisions()
        if "add_run_tags_run_id" in script.path
    )
    runs = dagster_home(settings) / "history" / "runs.db"
    with create_engine(f"sqlite:///{runs}").connect() as connection:
        run_alembic_downgrade(config, connection, f"{older}-1")
        connection.commit()
    assert revision(runs) != newest[runs]
    after = run_in(settings)
    assert revision(runs) == newest[runs]
    assert {before, after} == runs_in(settings)


def test_records_of_a_newer_dagster_are_left_alone_and_said_so(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    run_in(settings)
    runs = dagster_home(settings) / "history" / "runs.db"
    with create_engine(f"sqlite:///{runs}").begin() as connection:
        connection.execute(text("update alembic_version set version_num = 'ffffffffffff'"))
    with caplog.at_level(logging.WARNING):
        run_in(settings)
    assert "are those of a newer Dagster" in caplog.text
    assert "shows in `icw status`" in caplog.text
    assert revision(runs) == "ffffffffffff"


def test_damaged_records_stop_no_refresh(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    run_in(settings)
    (dagster_home(settings) / "history" / "runs.db").write_bytes(b"no database " * 1000)
    with caplog.at_level(logging.WARNING):
        run_in(settings)
    assert "cannot be used (file is not a database). The refresh goes on" in caplog.text


def test_a_postgres_that_does_not_answer_stops_no_refresh(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        run_in(in_postgres(settings, UNREACHABLE))
    assert "127.0.0.1:1/icw cannot be used" in caplog.text
    assert "hunter2" not in caplog.text
    assert sqlite_files(settings.home) == []


def test_a_disk_that_takes_nothing_stops_a_refresh(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> dg.DagsterInstance:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dg.DagsterInstance, "from_config", full)
    with pytest.raises(StorageError, match="No space left on device"), opened_or_without(settings.home, settings):
        pass


def test_runs_are_kept_in_postgres_and_again_in_the_home_without_the_setting(
    settings: Settings, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_home = run_in(settings)
    monkeypatch.setenv("ICW_DAGSTER_POSTGRES_URL", postgres.url)
    there = load_settings(home=settings.home)
    kept = run_in(there)
    assert runs_in(there) == {kept}
    for path in settings.home.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes()
    monkeypatch.delenv("ICW_DAGSTER_POSTGRES_URL")
    assert runs_in(settings) == {in_home}


@pytest.mark.full
def test_records_lost_in_the_middle_of_a_run_are_a_sentence(
    settings: Settings, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICW_DAGSTER_POSTGRES_URL", postgres.url)
    there = load_settings(home=settings.home)
    folder = dagster_home(there)
    try:
        with opened(folder, there) as instance:
            postgres.stop()
            with pytest.raises(DagsterPostgresException) as lost:
                refresh.execute_in_process(instance=instance)
    finally:
        postgres.start()
    error = as_warehouse_error(lost.value, folder, None)
    assert isinstance(error, StorageError)
    assert "Dagster's records were lost in the middle of the run" in str(error)
    assert PASSWORD not in str(error)


def test_a_foreign_configuration_stays_and_says_that_the_setting_is_not_heeded(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    configuration = dagster_home(settings) / "dagster.yaml"
    foreign = "telemetry:\n  enabled: false\n"
    configuration.write_text(foreign)
    with caplog.at_level(logging.WARNING):
        dagster_home(in_postgres(settings, UNREACHABLE))
    assert configuration.read_text() == foreign
    assert "Dagster's records stay where they are" in caplog.text


def test_without_the_package_the_setting_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dagster_postgres", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="extra `postgres`"):
        dagster_home(in_postgres(settings, UNREACHABLE))


@pytest.mark.parametrize(
    "address",
    [
        "hunter2",
        "mysql://icw:hunter2@host/icw",
        "postgresql://icw:hunter2/x@host/icw",
        "postgresql://icw:1234/hunter2@host/icw",
        "postgresql://icw:hunter2@x@host/icw",
        "postgresql://icw:hunter2#x@host/icw",
        "postgresql://icw:hunter2@host",
    ],
)
def test_an_address_that_is_none_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("ICW_DAGSTER_POSTGRES_URL", address)
    with pytest.raises(UsageError, match="ICW_DAGSTER_POSTGRES_URL cannot be used: it takes postgresql://") as refused:
        load_settings()
    assert "hunter2" not in str(refused.value)


def test_the_ui_does_not_start_without_its_records(settings: Settings) -> None:
    environment = os.environ | {"ICW_HOME": str(settings.home), "ICW_DAGSTER_POSTGRES_URL": UNREACHABLE}
    done = subprocess.run([ICW, "dev"], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == StorageError.exit_code
    assert done.stderr.startswith("icw: Dagster's records in")
    assert "hunter2" not in done.stdout + done.stderr
