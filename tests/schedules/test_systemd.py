"""The units of systemd, and what systemd says of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from schedules.systemd import install
from schedules.units import Installation, service_units, timer_units
from tests.support.units import command
from tests.support.units import environment as variables
from warehouse.errors import UsageError
from warehouse.settings import load_settings

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here, which reads units"
)


@needs_systemd
def test_the_units_are_written_once_systemd_has_read_them(tmp_path: Path) -> None:
    home = tmp_path / 'a home of 100% "quality"'
    home.mkdir()
    environment = {**os.environ, "ICW_HOME": str(home), "ICW_SCHEDULE_CRON": "30 3 * * mon-fri"}
    program = [sys.executable, "-m", "schedules.systemd", "--folder", str(tmp_path / "units")]
    done = subprocess.run(program, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "enable --now icw-refresh.timer icw-check.timer" in done.stdout
    written = {path.name: path.read_text() for path in (tmp_path / "units").iterdir()}
    assert {Path(name).suffix for name in written} == {".service", ".timer"}
    assert "OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 03:30:00 UTC\nPersistent=yes" in written["icw-refresh.timer"]
    assert command(written["icw-refresh.service"])[1:] == ["refresh"]
    check = command(written["icw-check.service"])
    ended = subprocess.run(check, env={"ICW_HOME": str(home), "PATH": ""}, capture_output=True, text=True)
    assert str(ended.returncode) in re.findall(r"SuccessExitStatus=(.*)", written["icw-check.service"])[0].split()


@needs_systemd
def test_the_units_of_the_service_take_the_place_of_the_timer(tmp_path: Path) -> None:
    home = tmp_path / 'a home of 100% "quality"'
    home.mkdir()
    environment = {**os.environ, "ICW_HOME": str(home), "ICW_SCHEDULE_TIMEZONE": "Europe/Berlin"}
    program = [sys.executable, "-m", "schedules.systemd", "--folder", str(tmp_path / "units")]
    subprocess.run(program, env=environment, check=True, capture_output=True)
    done = subprocess.run([*program, "--daemon"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "disable --now icw-refresh.timer " in done.stdout
    assert "enable --now icw-code.service icw-daemon.service icw-ui.service icw-check.timer" in done.stdout
    written = {path.name: path.read_text() for path in (tmp_path / "units").iterdir()}
    set_by = {name: variables(written[f"icw-{name}.service"], "/run") for name in ("code", "daemon", "ui")}
    assert set_by["code"]["ICW_SCHEDULE_TIMEZONE"] == "Europe/Berlin"
    assert {found["DAGSTER_HOME"] for found in set_by.values()} == {str(home / "dagster")}
    assert {found["DAGSTER_GRPC_SOCKET"] for found in set_by.values()} == {"/run/icw/code.sock"}
    again = subprocess.run(program, env=environment, capture_output=True, text=True)
    assert "disable --now icw-code.service icw-daemon.service icw-ui.service " in again.stdout


@needs_systemd
def test_a_unit_that_systemd_refuses_is_not_written(tmp_path: Path) -> None:
    installed = Installation(Path("/nowhere/icw"), tmp_path, tmp_path / "none.env", None)
    with pytest.raises(UsageError, match="/nowhere/icw"):
        install(timer_units(load_settings(home=tmp_path), installed), tmp_path / "units")
    good = Installation(Path(sys.executable), tmp_path, tmp_path / "none.env", None)
    texts = timer_units(load_settings(home=tmp_path), good)
    with pytest.raises(UsageError, match="icw-refresh"):
        install({name: text.replace("OnCalendar=", "OnCalendar=never ") for name, text in texts.items()}, tmp_path)
    assert not (tmp_path / "units").exists()
    assert not list(tmp_path.glob("icw-*"))


def test_secrets_are_in_no_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICW_ALERTS", "json://user:s3cretword@example.org")
    installed = Installation(Path("/opt/icw"), tmp_path, tmp_path / "secrets.env", "icw")
    settings = load_settings(home=tmp_path)
    texts = {**timer_units(settings, installed), **service_units(settings, installed, 3000)}
    assert "s3cretword" not in "".join(texts.values())
    assert all("User=icw\n" in text for name, text in texts.items() if name.endswith(".service"))


def test_a_missing_home_is_refused_with_advice(tmp_path: Path) -> None:
    environment = {**os.environ, "ICW_HOME": str(tmp_path / "none")}
    done = subprocess.run([sys.executable, "-m", "schedules.systemd"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Run `icw refresh` once" in done.stderr
    assert "Traceback" not in done.stderr
