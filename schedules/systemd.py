"""Units of systemd, written once systemd has checked them: `make install-service`.

By default a timer that starts the refresh, and one that looks whether it has come; nothing runs in between. A timer
makes up for a night that the machine slept through (`Persistent`), once. With `--daemon`, Dagster's service instead.
Secrets stand in a file that only the service reads, not in a unit.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from schedules.units import Installation, service_units, timer_units
from warehouse.errors import UsageError, WarehouseError
from warehouse.files import write_atomically, writing_to
from warehouse.settings import load_settings

SYSTEM_FOLDER = Path("/etc/systemd/system")
USER_FOLDER = Path("~/.config/systemd/user")


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
    daemon: Annotated[bool, typer.Option("--daemon", help="Dagster's service instead of a timer.")] = False,
    ui_port: Annotated[int, typer.Option(help="Port of the service's UI on loopback.")] = 3000,
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
    timer, service = timer_units(settings, installed), service_units(settings, installed, ui_port)
    wanted, other = (service, timer) if daemon else (timer, service)
    install(wanted, target)
    systemctl = "systemctl" if is_system else "systemctl --user"
    print(
        f"The units are in {target}. Settings and secrets (ICW_...=...) belong into {installed.environment_file},\n"
        f"readable by nobody else (chmod 600). Then start them:\n\n"
        f"  {systemctl} daemon-reload"
    )
    if superseded := [name for name in _enabled(other) if name not in wanted and (target / name).exists()]:
        print(f"  {systemctl} disable --now {' '.join(superseded)}   # of the other way of running")
    print(f"  {systemctl} enable --now {' '.join(_enabled(wanted))}")
    if not is_system:
        print("  loginctl enable-linger   # so that they run while you are not logged in")


def _enabled(texts: Mapping[str, str]) -> list[str]:
    """Return the units that are started by themselves; the others are started by these."""
    return [name for name, text in texts.items() if "[Install]" in text]


if __name__ == "__main__":
    try:
        typer.run(main)
    except WarehouseError as error:
        sys.exit(str(error))
