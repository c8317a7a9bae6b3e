"""Faults on request: what fails, where, and at which of the matching requests.

What belongs here: the description of a fault, selecting the fault of a request, and the reply with a fault. Faults
below HTTP (a reset, a hang, a body that ends early) are named here and carried out by the HTTP server.

Places: `status`, `version`, `mapping`, `introspection`, `count`, `histogram`, `page`, `last_page` (the page with
the greatest unique id of its type), `download`, `indexd`, `metadata`, `artifact`, `sidecar`,
`listing` (of the versions in the bucket, or of clinical tables), `clinical_table`.
One request may be in several places (a count and a histogram in one query).

`authorisation_outage` is the answer of a private Guppy while its authorisation service fails: status 200, a total of 0,
empty pages, histograms and downloads. With a `record_type` only that type is empty, for `times` requests about it,
while the other types of the same query are complete: a failure of a few seconds between two requests. `data_change`
applies its `change` (see `warehouse.sandbox.guppy.changes`: records, a field or a type) before the answer.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from warehouse.sandbox.exchange import FileSlice, Reply, html
from warehouse.sandbox.guppy.changes import Change

Kind = Literal[
    "too_many_requests",
    "server_error",
    "not_found",
    "connection_reset",
    "hang",
    "truncated_json",
    "truncated_body",
    "html_ok",
    "html_forbidden",
    "graphql_errors",
    "partial_data",
    "request_timed_out",
    "authorisation_outage",
    "data_change",
    "corrupt",
]
Place = Literal[
    "any",
    "status",
    "version",
    "mapping",
    "introspection",
    "count",
    "histogram",
    "page",
    "last_page",
    "download",
    "indexd",
    "metadata",
    "artifact",
    "sidecar",
    "listing",
    "clinical_table",
]

# Kinds that only Guppy's GraphQL answers with.
_GRAPHQL_KINDS = {"graphql_errors", "partial_data", "request_timed_out"}
_GRAPHQL_PLACES = {"mapping", "introspection", "count", "histogram", "page", "last_page"}


class Fault(BaseModel):
    """One fault.

    It affects `times` matching requests in a row, the first of them the `at`-th after the fault was added; `times`
    None means all from then on. `seconds` is how long a hang or a time-out takes, and the Retry-After of a 429.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    place: Place = "any"
    service: Literal["any", "portal", "bih", "idc", "clinical"] = "any"
    record_type: str | None = None
    at: int = Field(default=1, ge=1)
    times: int | None = Field(default=1, ge=1)
    status: int = Field(default=503, ge=500, le=599)
    seconds: float = Field(default=1.0, ge=0)
    change: Change | None = None

    def matches(self, service: str, places: frozenset[str], record_types: frozenset[str]) -> bool:
        """Return whether the fault is about a request to this service, in these places, about these record types."""
        if self.service not in ("any", service):
            return False
        if self.kind in _GRAPHQL_KINDS and not places & _GRAPHQL_PLACES:
            return False
        if self.record_type is not None and self.record_type not in record_types:
            return False
        return self.place == "any" or self.place in places


@dataclass
class _Armed:
    fault: Fault
    seen: int = 0


class Faults:
    """The active faults. Safe to use from many threads."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        """Activate faults; matching requests are counted from now on."""
        with self._lock:
            self._armed += [_Armed(fault) for fault in faults]

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._armed.clear()

    def active(self) -> list[Fault]:
        """Return the faults that may still affect a request."""
        with self._lock:
            return [
                armed.fault
                for armed in self._armed
                if armed.fault.times is None or armed.seen < armed.fault.at + armed.fault.times - 1
            ]

    def trigger(
        self,
        service: str,
        places: frozenset[str],
        record_types: frozenset[str],
        considered: Callable[[Fault], bool] = lambda fault: True,
    ) -> Fault | None:
        """Count the request for every fault that matches it, and return the first fault that affects it."""
        triggered = None
        with self._lock:
            for armed in self._armed:
                if not considered(armed.fault) or not armed.fault.matches(service, places, record_types):
                    continue
                armed.seen += 1
                past = armed.seen - armed.fault.at
                if past >= 0 and (armed.fault.times is None or past < armed.fault.times):
                    triggered = triggered or armed.fault
        return triggered


def with_fault(reply: Reply, fault: Fault) -> Reply:
    """Return a reply with the fault applied; kinds that the HTTP server carries out leave the reply unchanged."""
    match fault.kind:
        case "too_many_requests":
            refused = html(429, "429 Too Many Requests", "Too many requests")
            return replace(refused, headers={"Retry-After": f"{fault.seconds:g}"})
        case "server_error":
            return html(fault.status, f"{fault.status} Server Error", "The server cannot answer now")
        case "not_found":
            return html(404, "404 Not Found", "Not found")
        case "html_ok":
            return html(
                200, "Request Rejected", "The requested URL was rejected. Please consult with your administrator."
            )
        case "html_forbidden":
            return html(403, "403 Forbidden", "Request blocked by the web application firewall.")
        case "truncated_json":
            text = _bytes(reply)
            return replace(reply, body=text[: len(text) // 2])
        case "graphql_errors":
            return _graphql(reply, _failed(reply, "search_phase_execution_exception: all shards failed"))
        case "request_timed_out":
            return _graphql(reply, _failed(reply, "Request timed out"))
        case "partial_data":
            return _graphql(reply, _partial(json.loads(_bytes(reply))))
        case "corrupt":
            return replace(reply, body=_corrupted(_bytes(reply)))
        case _:
            return reply


def _bytes(reply: Reply) -> bytes:
    if isinstance(reply.body, FileSlice):
        with reply.body.path.open("rb") as file:
            file.seek(reply.body.start)
            content = file.read(reply.body.length)
        return content
    return reply.body


def _graphql(reply: Reply, content: Any) -> Reply:
    return replace(reply, status=200, body=json.dumps(content).encode())


def _failed(reply: Reply, message: str) -> dict[str, Any]:
    names = list(json.loads(_bytes(reply)).get("data") or {"data": None})
    errors = [{"message": message, "path": [name], "extensions": {"code": "INTERNAL_SERVER_ERROR"}} for name in names]
    return {"errors": errors, "data": dict.fromkeys(names)}


def _partial(content: dict[str, Any]) -> dict[str, Any]:
    """Return the answer without half of its innermost part: rows become null, or the last member of an object."""
    errors = []
    path: list[str | int] = []
    node: Any = content.get("data")
    while isinstance(node, dict) and node:
        name = list(node)[-1]
        path.append(name)
        if not isinstance(node[name], dict) or not node[name]:
            break
        node = node[name]
    if isinstance(node, dict) and node:
        found = node[path[-1]]
        if isinstance(found, list) and found:
            lost = range(len(found) // 2, len(found))
            node[path[-1]] = [None if position in lost else item for position, item in enumerate(found)]
            errors = [_missing_member([*path, position]) for position in lost]
        else:
            node[path[-1]] = None
            errors = [_missing_member(path)]
    return {"errors": [*content.get("errors", []), *errors], "data": content.get("data")}


def _missing_member(path: list[str | int]) -> dict[str, Any]:
    return {
        "message": "Cannot read properties of undefined",
        "path": path,
        "extensions": {"code": "INTERNAL_SERVER_ERROR"},
    }


def _corrupted(content: bytes) -> bytes:
    """Return the content with one byte in the middle changed; its length stays the same."""
    if not content:
        return content
    middle = len(content) // 2
    changed = ord("0") if content[middle] != ord("0") else ord("1")
    return content[:middle] + bytes([changed]) + content[middle + 1 :]
