"""The page of promises: each has a test, each test exists; and the promises that no room's own tests hold."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import zipfile
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from dagster_project.cli import app
from dagster_project.job import dagster_home
from schedules.units import Installation, service_units, timer_units
from tests.support.sample_build import PASSED, make_build
from warehouse.errors import IntegrityError, UsageError
from warehouse.settings import Settings, load_settings
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.exporting import export
from warehouse.snapshots.importing import import_snapshot
from warehouse.snapshots.publish import publish
from warehouse.snapshots.query import run

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "schedules" / "security.md").read_text(encoding="utf-8")
PROMISES = [
    (promise, re.findall(r"`([^`]+\.py::\w+)`", tests))
    for promise, tests in re.findall(r"^\| (?!promise|---)(.+?) \| (.+) \|$", PAGE, re.MULTILINE)
]


@pytest.fixture
def published(tmp_path: Path) -> Snapshot:
    publish(make_build(tmp_path / "build", series=5), [PASSED], tmp_path / "home", {})
    return snapshot(tmp_path / "home", None)


@pytest.mark.parametrize(("promise", "tests"), PROMISES, ids=[promise for promise, _ in PROMISES])
def test_each_promise_has_a_test_that_exists(promise: str, tests: list[str]) -> None:
    assert tests, promise
    for test in tests:
        file, _, name = test.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, test


def test_the_ui_is_asked_to_listen_on_loopback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICW_HOME", str(tmp_path / "home"))
    for name in ("DAGSTER_HOME", "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    asked: list[list[str]] = []
    monkeypatch.setattr(os, "execvp", lambda _, arguments: asked.append(arguments))
    assert CliRunner().invoke(app, ["dev"]).exit_code == 0
    ((*_, host_option, host, _, _),) = asked
    assert (host_option, host) == ("-h", "127.0.0.1")


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "tables/../../../evil", "tables\\..\\evil"])
def test_no_import_writes_outside_of_the_home(published: Snapshot, tmp_path: Path, name: str) -> None:
    """The list of a hostile export names a file elsewhere, which a zip file holds under that name."""
    folder = tmp_path / "work"
    export(published, tmp_path / "share.zip")
    with zipfile.ZipFile(tmp_path / "share.zip") as packed:
        packed.extractall(folder)
    (sums,) = folder.rglob("SHA256SUMS")
    sums.write_text(sums.read_text() + f"{hashlib.sha256(b'evil').hexdigest()}  {name}\n")
    with zipfile.ZipFile(tmp_path / "hostile.zip", "w") as hostile:
        for path in sums.parent.rglob("*"):
            hostile.write(path, path.relative_to(sums.parent))
        hostile.writestr(name, b"evil")
    before = set(tmp_path.rglob("*"))
    with pytest.raises(IntegrityError, match="contradicts itself: it lists"):
        import_snapshot(tmp_path / "other", tmp_path / "hostile.zip")
    assert not [path for path in set(tmp_path.rglob("*")) - before if "evil" in path.name]
    assert not Path("/tmp/evil").exists()


def test_what_an_export_does_not_list_does_not_come_in(published: Snapshot, tmp_path: Path) -> None:
    """A file more, and a link to what the user may read and others may not."""
    export(published, tmp_path / "share")
    (folder,) = (path for path in (tmp_path / "share").iterdir() if path.is_dir())
    folder.chmod(0o755)
    (folder / "more.txt").write_text("more")
    (folder / "secrets").symlink_to("/etc/shadow")
    found = import_snapshot(tmp_path / "other", tmp_path / "share").snapshot
    assert not (found.folder / "more.txt").exists()
    assert not os.path.lexists(found.folder / "secrets")
    readme = folder / "README.md"
    readme.unlink()
    readme.symlink_to("/etc/hostname")
    with pytest.raises(IntegrityError, match="is damaged"):
        import_snapshot(tmp_path / "third", tmp_path / "share")


@pytest.mark.parametrize(
    "query",
    [
        "select content from read_text('/etc/hostname')",
        "from read_csv('/etc/passwd')",
        "from 'http://127.0.0.1:1/x.parquet'",
        "from glob('/etc/*')",
        "attach '/etc/hostname' as other",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "select getenv('HOME')",
    ],
)
def test_sql_reaches_neither_files_nor_the_network(published: Snapshot, query: str) -> None:
    with pytest.raises(UsageError), run(published, query) as result:
        result.reader().read_all()


def test_published_files_are_read_only(published: Snapshot) -> None:
    files = [path for path in published.folder.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if path.stat().st_mode & 0o222]


def test_the_units_let_nobody_else_read(tmp_path: Path) -> None:
    settings, installed = (
        load_settings(home=tmp_path),
        Installation(Path("/opt/icw"), tmp_path, tmp_path / "env", "icw"),
    )
    texts = {**timer_units(settings, installed), **service_units(settings, installed, 3000)}
    services = [text for name, text in texts.items() if name.endswith(".service")]
    assert services
    assert all("UMask=0027\n" in text and "NoNewPrivileges=yes\n" in text for text in services)


def test_telemetry_is_off(tmp_path: Path) -> None:
    """Whatever the environment says of it: by what the project gives to Dagster, dbt and Great Expectations."""
    written = yaml.safe_load((dagster_home(Settings(home=tmp_path)) / "dagster.yaml").read_text(encoding="utf-8"))
    assert written["telemetry"]["enabled"] is False
    project = yaml.safe_load((ROOT / "dbt" / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["flags"]["send_anonymous_usage_stats"] is False
    given = ast.parse((ROOT / "warehouse" / "quality" / "engine.py").read_text(encoding="utf-8"))
    words = [node for node in ast.walk(given) if isinstance(node, ast.keyword)]
    analytics = [word.value for word in words if word.arg == "analytics_enabled"]
    assert [ast.literal_eval(value) for value in analytics] == [False]
