"""A sandbox in a separate process: starting it, its manifest, its request log."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from warehouse.sandbox.population.manifest import Manifest

SYSTEMS = {"midrc": "midrc_portal", "bih": "bih"}
"""The name of the system of each source in the files of the sandbox."""


@dataclass(frozen=True)
class RequestSummary:
    """A summary of the request log of one phase.

    `most_in_flight` is the largest number of requests that one service had at the same time; `harmful` holds why a
    request would have ended the process of a real server.
    """

    requests: int
    most_in_flight: int
    bytes_sent: int
    harmful: tuple[str, ...]


@dataclass(frozen=True)
class RunningSandbox:
    """A running sandbox, and the folder of its population."""

    folder: Path
    root: str
    portal: str
    bih: str

    def manifest(self) -> Manifest:
        """Return the manifest of the population."""
        return Manifest.model_validate(self._control("GET", "manifest"))

    def asked(self) -> RequestSummary:
        """Return a summary of the requests since the last call, and clear the log."""
        entries = self._control("GET", "requests")
        self._control("DELETE", "requests")
        return RequestSummary(
            requests=len(entries),
            most_in_flight=max((entry["in_flight"] for entry in entries), default=0),
            bytes_sent=sum(entry["bytes_sent"] for entry in entries),
            harmful=tuple(entry["harmful"] for entry in entries if entry["harmful"]),
        )

    def _control(self, method: str, name: str) -> list | dict:
        response = requests.request(method, f"{self.root}/_sandbox/{name}", timeout=60)
        response.raise_for_status()
        return response.json()


@contextmanager
def running_sandbox(folder: Path, scale: float) -> Iterator[RunningSandbox]:
    """Serve the population of a scale from `folder` during the context; it is synthesised if it is missing.

    Raises:
        SystemExit: the sandbox did not start; the reason is on the console.
    """
    command = [sys.executable, "-m", "tests.bench.portals.serve", str(folder), str(scale)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        addresses = process.stdout.readline()
        if not addresses:
            raise SystemExit("The sandbox did not start.")
        # It ends with its input, which `Popen` closes.
        yield RunningSandbox(folder, *json.loads(addresses))
