"""The control endpoints of a sandbox, below `/_sandbox/`.

    manifest     GET: what is served
    faults       GET, POST (one fault or a list, see `warehouse.sandbox.server.faults.Fault`), DELETE
    requests     GET (?since=N), DELETE: the request log
    changes      POST {"service": ..., "record_type": ..., ...}: see `warehouse.sandbox.guppy.changes`

A fault or a change that cannot be applied is answered 400 with {"error": <a sentence>}.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import ValidationError

from warehouse.sandbox.exchange import Reply, Request, html
from warehouse.sandbox.guppy.changes import read_change
from warehouse.sandbox.guppy.service import GuppyService
from warehouse.sandbox.population.manifest import Manifest
from warehouse.sandbox.server.faults import Fault, Faults
from warehouse.sandbox.server.request_log import RequestLog

PREFIX = "/_sandbox/"


@dataclass(frozen=True)
class Control:
    """The control endpoints over the state of one sandbox; `guppies` are the services that take changes, by name."""

    manifest: Manifest
    faults: Faults
    requests: RequestLog
    guppies: dict[str, GuppyService]

    def handle(self, request: Request) -> Reply:
        """Return the reply to a request below `/_sandbox/`."""
        match request.method, request.path.removeprefix(PREFIX):
            case "GET", "manifest":
                return _json(self.manifest.model_dump(mode="json"))
            case "GET", "faults":
                return _json([fault.model_dump(mode="json") for fault in self.faults.active()])
            case "POST", "faults":
                return _controlled(self._add_faults, request.body, "added")
            case "DELETE", "faults":
                self.faults.clear()
                return _json({"cleared": True})
            case "GET", "requests":
                since = int(request.query.get("since", 0))
                return _json([asdict(entry) for entry in self.requests.entries(since=since)])
            case "DELETE", "requests":
                self.requests.clear()
                return _json({"cleared": True})
            case "POST", "changes":
                return _controlled(self._change, request.body, "changed")
        return html(404, "404 Not Found", "Not found")

    def _add_faults(self, given: Any) -> None:
        self.faults.add(*[Fault.model_validate(item) for item in (given if isinstance(given, list) else [given])])

    def _change(self, given: Any) -> None:
        if not isinstance(given, dict) or given.get("service") not in self.guppies:
            raise ValueError('A change is a JSON object, and its "service" is portal or bih.')
        change = read_change({name: value for name, value in given.items() if name != "service"})
        self.guppies[given["service"]].change(change)


def _controlled(act: Callable[[Any], None], body: bytes, done: str) -> Reply:
    """Do what the body (JSON) asks for; what cannot be done is a 400 with a sentence."""
    try:
        act(json.loads(body))
    except ValidationError as error:
        return _json({"error": "; ".join([_problem(entry) for entry in error.errors()])}, status=400)
    except ValueError as error:
        return _json({"error": str(error)}, status=400)
    return _json({done: True})


def _problem(entry: Any) -> str:
    return f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}"


def _json(content: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(content, ensure_ascii=False).encode("utf-8"))
