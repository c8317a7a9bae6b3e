"""The second way of running: Dagster's daemon, the server of the code that it runs, and a UI which changes nothing.

The code is loaded once, by a server of its own; without one, the daemon and the UI would each keep one. Its socket is
a file, which only the users that may enter its folder reach: whoever reaches a code server lets it run things.

Before that server starts, `python -m schedules.service prepare` makes the home ready for it; the others wait until
`python -m schedules.service await-code` has heard it answer.
"""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from warehouse.errors import WarehouseError
from warehouse.settings import load_settings

WORKSPACE = Path(__file__).with_name("workspace.yaml")

# What `workspace.yaml` and the code server read the path of the socket from.
SOCKET_VARIABLE = "DAGSTER_GRPC_SOCKET"

# Names of the units, in the order in which they start.
CODE, DAEMON, UI = "icw-code", "icw-daemon", "icw-ui"

_PAUSE_S = 0.5

# How long a code server that is stopped waits for the calls that it answers: less than its unit has for it. Dagster's
# own minute is as long as that, and the server was killed.
_GRACE_S = 15


def service_commands(programs: Path, ui_port: int) -> dict[str, tuple[str, ...]]:
    """Return the command of each process, by the name of its unit; `programs` is the folder of Dagster's programs."""
    workspace = ("-w", str(WORKSPACE))
    return {
        CODE: (str(programs / "dagster"), "api", "grpc", "-m", "schedules.definitions", "--empty-working-directory"),
        DAEMON: (str(programs / "dagster-daemon"), "run", *workspace),
        UI: (
            str(programs / "dagster-webserver"),
            "--read-only",
            "-h",
            "127.0.0.1",
            "-p",
            str(ui_port),
            *workspace,
        ),
    }


def service_environment(home: Path) -> dict[str, str]:
    """Return the variables of Dagster in each of the processes, beside the socket and the settings of the refresh."""
    return {
        "DAGSTER_HOME": str(home / "dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "DAGSTER_GRPC_SHUTDOWN_GRACE_PERIOD": str(_GRACE_S),
    }


app = typer.Typer(add_completion=False)


@app.command()
def prepare() -> None:
    """Write Dagster's configuration into the home, and bring its records up to date."""
    from dagster_project.job import ready_records

    ready_records(load_settings())


@app.command()
def await_code(socket: Annotated[Path, typer.Option(envvar=SOCKET_VARIABLE)]) -> None:
    """Wait until the server of the code answers. How long is for the unit to say."""
    from dagster._core.errors import DagsterUserCodeUnreachableError
    from dagster._grpc.client import DagsterGrpcClient

    client = DagsterGrpcClient(socket=str(socket))
    while True:
        with contextlib.suppress(DagsterUserCodeUnreachableError):
            client.ping("")
            return
        time.sleep(_PAUSE_S)


if __name__ == "__main__":
    try:
        app()
    except WarehouseError as error:
        sys.exit(str(error))
