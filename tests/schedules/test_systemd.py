"""The units of systemd, and what systemd says of them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from schedules.systemd import Installation, install, units
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
def test_a_unit_that_systemd_refuses_is_not_written(tmp_path: Path) -> None:
    installed = Installation(Path("/nowhere/icw"), tmp_path, tmp_path / "none.env", None)
    with pytest.raises(UsageError, match="/nowhere/icw"):
        install(units(load_settings(home=tmp_path), installed), tmp_path / "units")
    good = Installation(Path(sys.executable), tmp_path, tmp_path / "none.env", None)
    texts = units(load_settings(home=tmp_path), good)
    with pytest.raises(UsageError, match="icw-refresh"):
        install({name: text.replace("OnCalendar=", "OnCalendar=never ") for name, text in texts.items()}, tmp_path)
    assert not (tmp_path / "units").exists()
    assert not list(tmp_path.glob("icw-*"))


def test_secrets_are_in_no_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICW_ALERTS", "json://user:s3cretword@example.org")
    installed = Installation(Path("/opt/icw"), tmp_path, tmp_path / "secrets.env", "icw")
    texts = units(load_settings(home=tmp_path), installed)
    assert "s3cretword" not in "".join(texts.values())
    assert all("User=icw\n" in text for name, text in texts.items() if name.endswith(".service"))


def test_without_a_home_it_says_what_to_do(tmp_path: Path) -> None:
    environment = {**os.environ, "ICW_HOME": str(tmp_path / "none")}
    done = subprocess.run([sys.executable, "-m", "schedules.systemd"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Run `icw refresh` once" in done.stderr
    assert "Traceback" not in done.stderr


def command(unit: str) -> list[str]:
    (line,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    return [word.replace("%%", "%") for word in shlex.split(line)]
