"""Units of systemd: a timer that starts the refresh, and one that looks whether it has come. Nothing runs in between.

A timer makes up for a night that the machine slept through (`Persistent`), once. `make install-service` writes the
units and lets systemd check them. Secrets stand in a file that only the service reads, not in a unit.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from warehouse.errors import UsageError, WarehouseError
from warehouse.files import write_atomically, writing_to
from warehouse.settings import Settings, load_settings
from warehouse.timetable import calendar_events

SYSTEM_FOLDER = Path("/etc/systemd/system")
USER_FOLDER = Path("~/.config/systemd/user")

# Of `icw status --check`: what it finds it tells itself, so that a check which finds something has not failed.
_VERDICTS = "8 9 10 11 12"
_DEGRADED = "8"

# What the whole star at the size of the public services took at most, and half as much again.
_MEMORY_MAX = "4G"


@dataclass(frozen=True)
class Installation:
    """What the units name: the command, the home and, in units of the system, the user that they run as."""

    icw: Path
    home: Path
    environment_file: Path
    user: str | None


def units(settings: Settings, installed: Installation) -> dict[str, str]:
    """Return the text of each unit, by its file name."""
    user = "" if installed.user is None else f"User={installed.user}\n"
    wanted_by = "[Install]\nWantedBy=timers.target\n"
    events = "".join(
        f"OnCalendar={event}\n" for event in calendar_events(settings.schedule_cron, settings.schedule_timezone)
    )
    service = f"""\
[Service]
Type=oneshot
{user}Environment={_quoted(f"ICW_HOME={installed.home}")}
EnvironmentFile=-{_escaped(str(installed.environment_file))}
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths={_quoted(str(installed.home))}
UMask=0027
"""
    return {
        "icw-refresh.service": f"""\
[Unit]
Description=Refresh of the imaging commons warehouse
Wants=network-online.target
After=network-online.target
OnFailure=icw-check.service

{service}ExecStart={_quoted(str(installed.icw))} refresh
SuccessExitStatus={_DEGRADED}
MemoryMax={_MEMORY_MAX}
Nice=5
KillMode=mixed
TimeoutStartSec=12h
TimeoutStopSec=1min
""",
        "icw-refresh.timer": f"""\
[Unit]
Description=Nightly refresh of the imaging commons warehouse

[Timer]
{events}Persistent=yes
RandomizedDelaySec=5min

{wanted_by}""",
        "icw-check.service": f"""\
[Unit]
Description=Look whether the imaging commons warehouse is fresh

{service}ExecStart={_quoted(str(installed.icw))} status --check --alert
SuccessExitStatus={_VERDICTS}
TimeoutStartSec=5min
""",
        "icw-check.timer": f"""\
[Unit]
Description=Look hourly whether the imaging commons warehouse is fresh

[Timer]
OnCalendar=hourly
Persistent=yes

{wanted_by}""",
    }


def install(texts: Mapping[str, str], folder: Path) -> None:
    """Write units into a folder, once systemd has found nothing wrong with them.

    Raises:
        UsageError: there is no systemd here, or it refuses a unit; nothing was written then.
        StorageError: the folder cannot be written.
    """
    checker = shutil.which("systemd-analyze")
    if checker is None:
        raise UsageError("There is no systemd-analyze here, which checks the units: run the refresh from cron instead.")
    with TemporaryDirectory(prefix="icw-units-") as draft:
        for name, text in texts.items():
            (Path(draft) / name).write_text(text, encoding="utf-8")
        found = subprocess.run(
            [checker, "verify", "--man=no", *(str(Path(draft) / name) for name in texts)],
            capture_output=True,
            text=True,
            env={**os.environ, "SYSTEMD_UNIT_PATH": f"{draft}:"},
        )
        # Of a unit that it does not know how to read it complains, and ends with 0.
        complaints = [line for line in found.stderr.splitlines() if "icw-" in line]
        if found.returncode or complaints:
            raise UsageError(f"systemd refuses the units: {' '.join(complaints) or found.stderr.strip()}")
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_atomically(folder / name, text)


def main(
    user: Annotated[
        str | None, typer.Option(help="Whom units of the system run as; the owner of the home by default.")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Where the units go instead.")] = None,
) -> None:
    """Write and check the units: for the whole system as root, else for the user alone."""
    settings = load_settings()
    is_system = os.geteuid() == 0
    home = settings.home.absolute()
    if not home.is_dir():
        raise UsageError(
            f"There is no warehouse home {home}. Run `icw refresh` once, as the user that the service is to run as and "
            "with the same ICW_HOME: a service may write into a folder that is there, and nowhere else."
        )
    file = Path("/etc") if is_system else Path("~/.config").expanduser()
    installed = Installation(
        icw=Path(sys.executable).with_name("icw").absolute(),
        home=home,
        environment_file=file / "imaging-commons-warehouse.env",
        user=(user or pwd.getpwuid(home.stat().st_uid).pw_name) if is_system else None,
    )
    target = folder or (SYSTEM_FOLDER if is_system else USER_FOLDER.expanduser())
    install(units(settings, installed), target)
    systemctl = "systemctl" if is_system else "systemctl --user"
    print(
        f"The units are in {target}. Settings and secrets (ICW_...=...) belong into {installed.environment_file},\n"
        f"readable by nobody else (chmod 600). Then start the timers:\n\n"
        f"  {systemctl} daemon-reload\n"
        f"  {systemctl} enable --now icw-refresh.timer icw-check.timer"
    )
    if not is_system:
        print("  loginctl enable-linger   # so that they run while you are not logged in")


def _escaped(text: str) -> str:
    # systemd.unit(5): a percent sign begins a specifier.
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """Return a word of a unit that may hold blanks and quotes (systemd.syntax(7))."""
    return '"' + _escaped(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


if __name__ == "__main__":
    try:
        typer.run(main)
    except WarehouseError as error:
        sys.exit(str(error))
