"""The processes of the service, started as their units start them: one server of the code, and a UI that only shows."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest

from schedules.units import Installation, service_units
from tests.support.units import command, environment
from warehouse.settings import load_settings

pytestmark = pytest.mark.full

Found = TypeVar("Found")

# Seconds: until a process that starts on a busy machine is there; for which none may start again.
PATIENCE_S = 180
AT_REST_S = 30
# `TimeoutStopSec` of the units.
STOPPING_S = 60

WORKSPACE = """
{ workspaceOrError { ... on Workspace { locationEntries { name locationOrLoadError {
  __typename
  ... on RepositoryLocation { repositories {
    name
    schedules { name scheduleState { status } }
    sensors { name sensorState { status } }
  } }
} } } } }
"""
RUNS = "{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }"
PERMISSIONS = "{ permissions { permission value } }"
LOCATION = 'repositoryLocationName: "imaging_commons_warehouse", repositoryName: "__repository__"'
MUTATIONS = {
    "launchRun": f'launchRun(executionParams: {{selector: {{{LOCATION}, jobName: "refresh"}}, runConfigData: {{}}}})',
    "deletePipelineRun": 'deletePipelineRun(runId: "RUN")',
    "startSchedule": f'startSchedule(scheduleSelector: {{{LOCATION}, scheduleName: "nightly_refresh"}})',
    "startSensor": f'startSensor(sensorSelector: {{{LOCATION}, sensorName: "first_refresh"}})',
    "reloadRepositoryLocation": 'reloadRepositoryLocation(repositoryLocationName: "imaging_commons_warehouse")',
    "wipeAssets": 'wipeAssets(assetPartitionRanges: [{assetKey: {path: ["snapshot"]}}])',
}


@dataclass(frozen=True)
class Service:
    """Its processes by unit, and the port of its UI."""

    processes: dict[str, subprocess.Popen[bytes]]
    port: int

    def post(self, path: str, body: object, host: str = "127.0.0.1") -> tuple[int, Any]:
        connection = HTTPConnection(host, self.port, timeout=60)
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def ask(self, query: str) -> dict[str, Any]:
        for name, process in self.processes.items():
            assert process.poll() is None, f"{name} has ended"
        return self.post("/graphql", {"query": query})[1]["data"]

    def repository(self) -> dict[str, Any]:
        (entry,) = self.ask(WORKSPACE)["workspaceOrError"]["locationEntries"]
        assert entry["name"] == "imaging_commons_warehouse"
        (repository,) = entry["locationOrLoadError"]["repositories"]
        return repository

    def runs(self) -> list[dict[str, Any]]:
        return self.ask(RUNS)["runsOrError"]["results"]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service of a home without a refresh, whose source does not answer."""
    home = tmp_path_factory.mktemp("home")
    installed = Installation(Path(sys.executable).with_name("icw"), home, home / "none.env", None)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    texts = service_units(load_settings(home=home), installed, port)
    units = {name: texts[f"icw-{name}.service"] for name in ("code", "daemon", "ui")}
    processes: dict[str, subprocess.Popen[bytes]] = {}
    # The path of a socket has 107 bytes at most.
    with TemporaryDirectory(prefix="icw") as runtime:
        (Path(runtime) / "icw").mkdir()
        ours = {"ICW_UPSTREAMS": '["bih"]', "ICW_BIH_URL": "http://127.0.0.1:9", "ICW_SOURCE_RETRIES": "0"}
        variables = {name: {**os.environ, **environment(text, runtime), **ours} for name, text in units.items()}
        subprocess.run(command(units["code"], "ExecStartPre"), cwd="/", env=variables["code"], check=True)
        assert (home / "dagster" / "dagster.yaml").exists()
        try:
            for name, text in units.items():
                processes[name] = subprocess.Popen(
                    command(text), cwd="/", env=variables[name], start_new_session=True, stdout=subprocess.DEVNULL
                )
                if name == "code":
                    waiting = command(text, "ExecStartPost")
                    subprocess.run(waiting, cwd="/", env=variables[name], check=True, timeout=PATIENCE_S)
            found = Service(processes, port)
            waited_for(lambda: answers(found))
            yield found
            # As systemd stops them: what has not ended in its time is killed.
            for name in reversed(processes):
                os.killpg(processes[name].pid, signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    processes[name].wait(STOPPING_S)
        finally:
            for process in processes.values():
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()


def test_its_timetable_and_sensors_come_from_the_server_of_the_code(service: Service) -> None:
    repository = service.repository()
    assert repository["schedules"] == [{"name": "nightly_refresh", "scheduleState": {"status": "RUNNING"}}]
    sensors = {sensor["name"]: sensor["sensorState"]["status"] for sensor in repository["sensors"]}
    assert sensors["first_refresh"] == sensors["bih_news"] == "RUNNING"


def test_it_refreshes_a_home_that_never_had_a_refresh(service: Service) -> None:
    (run,) = waited_for(lambda: [run for run in service.runs() if run["status"] == "FAILURE"])
    assert {"key": "dagster/sensor_name", "value": "first_refresh"} in run["tags"]


def test_the_ui_changes_nothing(service: Service) -> None:
    (run,) = waited_for(lambda: [run for run in service.runs() if run["status"] == "FAILURE"])
    for name, mutation in MUTATIONS.items():
        text = mutation.replace("RUN", run["runId"])
        answer = service.ask(f"mutation {{ {text} {{ __typename }} }}")
        assert answer == {name: {"__typename": "UnauthorizedError"}}
    end = f'mutation {{ terminateRun(runId: "{run["runId"]}") {{ ... on TerminateRunFailure {{ message }} }} }}'
    assert service.ask(end) == {"terminateRun": {"message": "You do not have permission to terminate this run"}}
    assert not [found["permission"] for found in service.ask(PERMISSIONS)["permissions"] if found["value"]]
    assert service.post("/report_asset_materialization/snapshot", {})[0] == 401
    assert service.runs() == [run]


def test_the_ui_is_reached_from_this_machine_alone(service: Service) -> None:
    with pytest.raises(ConnectionRefusedError):
        service.post("/graphql", {"query": PERMISSIONS}, host="127.0.0.2")


def test_no_process_is_started_again_and_none_loads_the_code_itself(service: Service) -> None:
    waited_for(lambda: [run for run in service.runs() if run["status"] == "FAILURE"])
    time.sleep(AT_REST_S)
    assert service.repository()
    assert {name: process.poll() for name, process in service.processes.items()} == dict.fromkeys(service.processes)
    servers = [pid for pid in descendants(service) if b"\0grpc\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert servers == []


def descendants(service: Service) -> list[int]:
    """Return the processes that those of the service have started, and theirs."""
    found = [process.pid for process in service.processes.values()]
    for pid in found:
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            found += map(int, children.read_text().split())
    return found[len(service.processes) :]


def answers(service: Service) -> bool:
    try:
        return bool(service.ask(PERMISSIONS))
    except ConnectionRefusedError:
        return False


def waited_for(look: Callable[[], Found | None]) -> Found:
    """Return what a look finds, once it finds something."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.5)
    return found
