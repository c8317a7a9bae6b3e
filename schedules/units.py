"""The texts of the units: those of a timer, those of the service, and the check that both have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schedules.service import CODE, DAEMON, SOCKET_VARIABLE, UI, service_commands, service_environment
from warehouse.settings import Settings
from warehouse.timetable import calendar_events

# Of `icw status --check`: what it finds it tells itself, so that a check which finds something has not failed.
_VERDICTS = "8 9 10 11 12"
_DEGRADED = "8"

# What the whole star at the size of the public services took at most, and half as much again.
_MEMORY_MAX = "4G"
# Of a process that builds nothing.
_MEMORY_MAX_IDLE = "1G"

# Where a unit may put a socket: `/run`, of a user the folder of the session.
_SOCKET = "%t/icw/code.sock"

_WANTED = "[Install]\nWantedBy=default.target\n"
_WANTED_BY_TIMERS = "[Install]\nWantedBy=timers.target\n"


@dataclass(frozen=True)
class Installation:
    """What the units name: the command, the home and, in units of the system, the user that they run as."""

    icw: Path
    home: Path
    environment_file: Path
    user: str | None


def timer_units(settings: Settings, installed: Installation) -> dict[str, str]:
    """Return the text of each unit of the first way, by its file name: a timer starts a refresh that ends."""
    events = "".join(
        f"OnCalendar={event}\n" for event in calendar_events(settings.schedule_cron, settings.schedule_timezone)
    )
    return {
        "icw-refresh.service": f"""\
[Unit]
Description=Refresh of the imaging commons warehouse
Wants=network-online.target
After=network-online.target
OnFailure=icw-check.service

[Service]
Type=oneshot
{_confined(installed, installed.home)}ExecStart={_quoted(str(installed.icw))} refresh
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

{_WANTED_BY_TIMERS}""",
        **_check_units(installed),
    }


def service_units(settings: Settings, installed: Installation, ui_port: int) -> dict[str, str]:
    """Return the text of each unit of the second way, by its file name: three processes that stay.

    Runs are children of the code server, so that it has the bounds of a refresh; the daemon and the UI may write into
    Dagster's folder alone. A code server that was away they find again. None stays ended.
    """
    commands = service_commands(installed.icw.parent, ui_port)
    records = installed.home / "dagster"
    schedule = _variables(
        {"ICW_SCHEDULE_CRON": settings.schedule_cron, "ICW_SCHEDULE_TIMEZONE": settings.schedule_timezone}
    )
    python = _quoted(str(installed.icw.with_name("python")))
    return {
        f"{CODE}.service": f"""\
{_heading("Code server of the imaging commons warehouse, in which its refreshes run", "network-online.target")}
{_staying(installed, installed.home)}{schedule}ExecStartPre={python} -m schedules.service prepare
ExecStart={_command(commands[CODE])}
ExecStartPost={python} -m schedules.service await-code
RuntimeDirectory=icw
RuntimeDirectoryMode=0750
MemoryMax={_MEMORY_MAX}
OOMPolicy=continue
Nice=5
TimeoutStartSec=10min

{_WANTED}""",
        f"{DAEMON}.service": f"""\
{_heading("Dagster's daemon of the imaging commons warehouse", f"{CODE}.service")}
{_staying(installed, records)}ExecStart={_command(commands[DAEMON])}
MemoryMax={_MEMORY_MAX_IDLE}

{_WANTED}""",
        f"{UI}.service": f"""\
{_heading("Dagster's UI of the imaging commons warehouse, read-only", f"{CODE}.service")}
{_staying(installed, records)}ExecStart={_command(commands[UI])}
MemoryMax={_MEMORY_MAX_IDLE}

{_WANTED}""",
        **_check_units(installed),
    }


def _check_units(installed: Installation) -> dict[str, str]:
    return {
        "icw-check.service": f"""\
[Unit]
Description=Look whether the imaging commons warehouse is fresh

[Service]
Type=oneshot
{_confined(installed, installed.home)}ExecStart={_quoted(str(installed.icw))} status --check --alert
SuccessExitStatus={_VERDICTS}
TimeoutStartSec=5min
""",
        "icw-check.timer": f"""\
[Unit]
Description=Look hourly whether the imaging commons warehouse is fresh

[Timer]
OnCalendar=hourly
Persistent=yes

{_WANTED_BY_TIMERS}""",
    }


def _heading(description: str, after: str) -> str:
    return f"""\
[Unit]
Description={description}
Wants={after}
After={after}
OnFailure=icw-check.service
StartLimitIntervalSec=0
"""


def _staying(installed: Installation, writable: Path) -> str:
    """Return what the processes of the service have in common."""
    return f"""\
[Service]
Type=exec
{_confined(installed, writable)}{_variables(service_environment(installed.home))}Environment={SOCKET_VARIABLE}={_SOCKET}
Restart=always
RestartSec=30
TimeoutStopSec=1min
"""


def _confined(installed: Installation, writable: Path) -> str:
    """Return as whom a process runs, its settings, and the one folder that it may write into."""
    user = "" if installed.user is None else f"User={installed.user}\n"
    return f"""\
{user}{_variables({"ICW_HOME": str(installed.home)})}EnvironmentFile=-{_escaped(str(installed.environment_file))}
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths={_quoted(str(writable))}
UMask=0027
"""


def _variables(values: Mapping[str, str]) -> str:
    return "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in values.items())


def _command(words: Sequence[str]) -> str:
    return " ".join(map(_quoted, words))


def _escaped(text: str) -> str:
    # systemd.unit(5): a percent sign begins a specifier.
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """Return a word of a unit that may hold blanks and quotes (systemd.syntax(7))."""
    return '"' + _escaped(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
