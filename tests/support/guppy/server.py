"""A small Guppy on the loopback interface that does what a test scripts: real HTTP, real GraphQL, data in Python lists.

It follows the behaviour of the real server where this client depends on it: window limit, filters (with their traps),
histograms, `_status`, `_mapping`, download, error shapes. It keeps a log of requests, with how many were in flight.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import graphql

from tests.support.guppy.answers import (
    Type,
    aggregation_of,
    document_of,
    leaves_of,
    rows_of,
    schema_of,
    sdl_of,
    selected,
)
from tests.support.guppy.faults import Reply, as_json


@dataclass
class Seen:
    """One request as the server saw it."""

    place: str
    type: str | None
    body: dict[str, Any]
    path: str
    in_flight: int = 0
    harmful: str | None = None


@dataclass
class Rule:
    """What happens to some requests of one place: `act` turns the reply into another, None resets the connection.

    The place `records` covers both fetch methods: `download` and `page`.
    """

    place: str
    act: Callable[[Reply], Reply | None]
    times: int | None = 1
    skip: int = 0
    type: str | None = None

    def fits(self, seen: Seen) -> bool:
        return seen.place in places_of(self.place) and self.type in (None, seen.type)


def places_of(place: str) -> tuple[str, ...]:
    return ("download", "page") if place == "records" else (place,)


class GuppyServer:
    """The server; use it as a context manager."""

    def __init__(self, types: dict[str, Type], introspection: bool = True, synthetic: bool = False) -> None:
        self.types = types
        self.introspection = introspection
        self.synthetic = synthetic
        self.authorised = True
        self.mds: dict[str, Any] = {f"guid-{n:04d}": {"_guid_type": "discovery_metadata", "n": n} for n in range(7)}
        self.version: Any = {"version": "2026.07", "commit": "abc"}
        self.indexd: Any = {"fileCount": 12, "totalFileSize": 3456}
        self.seen: list[Seen] = []
        self.rules: list[Rule] = []
        self.before: Callable[[Seen], object] = lambda seen: None
        self._running = 0
        self._lock = threading.Lock()
        self._name_indices()

    def __enter__(self) -> GuppyServer:
        outer = self

        class Handler(_Handler):
            server_of = outer

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *about: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def begin_again(self, types: dict[str, Type]) -> None:
        """Be at the same address what a new portal with these types would be."""
        self.types, self.introspection = types, True
        self.seen.clear()
        self.rules.clear()
        self._name_indices()

    def _name_indices(self) -> None:
        for name, about in self.types.items():
            about.index = about.index or f"test_{name}_1"

    def on(
        self,
        place: str,
        act: Callable[[Reply], Reply | None],
        times: int | None = 1,
        skip: int = 0,
        type: str | None = None,
    ) -> None:
        """Script what happens to the next requests of a place."""
        self.rules.append(Rule(place, act, times, skip, type))

    def asked(self, place: str, type: str | None = None) -> list[Seen]:
        return [seen for seen in self.seen if seen.place in places_of(place) and type in (None, seen.type)]

    def answer(self, method: str, target: str, headers: dict[str, str], raw: bytes) -> Reply | None:
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query))
        try:
            body = json.loads(raw) if raw else {}
        except ValueError:
            return Reply(400, b"<html>SyntaxError</html>", "text/html")
        seen = self._classified(parts.path, body, query)
        with self._lock:
            self._running += 1
            seen.in_flight = self._running
            self.seen.append(seen)
        try:
            self.before(seen)
            reply = self._reply(parts.path, headers, body, query, seen)
            rule = self._rule(seen)
            return rule.act(reply) if rule else reply
        finally:
            with self._lock:
                self._running -= 1

    def _rule(self, seen: Seen) -> Rule | None:
        with self._lock:
            for rule in self.rules:
                if not rule.fits(seen):
                    continue
                if rule.skip:
                    rule.skip -= 1
                    return None
                if rule.times is None:
                    return rule
                if rule.times:
                    rule.times -= 1
                    return rule
        return None

    def _classified(self, path: str, body: Any, query: dict[str, str]) -> Seen:
        text = body.get("query", "") if isinstance(body, dict) else ""
        named = [name for name in self.types if re.search(rf"\b{name}\b\s*[({{]", text)]
        type_name = named[0] if len(named) == 1 else None
        if path.endswith("/graphql"):
            if "__schema" in text:
                place = "introspection"
            elif "_mapping" in text:
                place = "mapping"
            elif "__typename" in text:
                place = "probe"
            elif "_cardinalityCount" in text:
                place = "cardinality"
            elif "_aggregation" in text and "(filter" in text:
                place = "measure"
            elif "_aggregation" in text and re.search(r"_id \{ histogram", text) and text.count("histogram") == 1:
                place = "census"
            elif "_aggregation" in text and "histogram" not in text and type_name is None:
                place = "totals"
            elif "_aggregation" in text:
                place = "figures"
            else:
                place = "page"
        else:
            place = {"_status": "status", "_version": "version", "download": "download", "_stats": "indexd"}.get(
                path.rsplit("/", 1)[-1], "mds"
            )
            type_name = body.get("type") if isinstance(body, dict) else None
        seen = Seen(place, type_name, body, path)
        if place == "download" and type_name not in self.types:
            seen.harmful = f"download of the type {type_name!r}"
        if place == "page" and body["variables"].get("offset", 0) + body["variables"].get("first", 10) > 10_000:
            seen.harmful = "beyond the window"
        return seen

    def _reply(self, path: str, headers: dict[str, str], body: Any, query: dict[str, str], seen: Seen) -> Reply:
        match seen.place:
            case "status":
                indices: dict[str, Any] = {
                    about.index: {"aliases": {f"test_{name}": {}}, "arrayFields": sorted(about.arrays)}
                    for name, about in self.types.items()
                }
                indices["test_array-config_0"] = {"aliases": {"test_array-config": {}}}
                return as_json(200, {"statusCode": 200, "warnings": None, "indices": indices})
            case "version":
                return as_json(200, self.version)
            case "indexd":
                return as_json(200, self.indexd)
            case "mds":
                limit, offset = min(int(query.get("limit", 10)), 3), int(query.get("offset", 0))
                page = sorted(self.mds)[offset : offset + limit]
                return as_json(200, {guid: self.mds[guid] for guid in page} if query.get("data") == "true" else page)
            case "download":
                return self._download(body)
        if seen.place == "introspection" and not self.introspection:
            message = "GraphQL introspection is not allowed by Apollo Server"
            return as_json(400, {"errors": [{"message": message, "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]})
        return self._graphql(body)

    def _graphql(self, body: dict[str, Any]) -> Reply:
        sdl = sdl_of(self.types)
        schema = schema_of(sdl)
        document, problems = document_of(sdl, body["query"])
        if problems:
            errors = [{"message": p.message, "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}} for p in problems]
            return as_json(400, {"errors": errors})
        result = graphql.execute(schema, document, self._root(), variable_values=body.get("variables") or {})
        assert isinstance(result, graphql.ExecutionResult)
        answer: dict[str, Any] = {}
        if result.errors:
            answer["errors"] = [
                {
                    "message": e.message,
                    "path": e.path,
                    "extensions": {"code": getattr(e.original_error, "code", "INTERNAL_SERVER_ERROR")},
                }
                for e in result.errors
            ]
        return as_json(200, {**answer, "data": result.data})

    def _root(self) -> dict[str, Any]:
        root: dict[str, Any] = {"_aggregation": {}, "_mapping": {}}
        for name, about in self.types.items():
            root[name] = rows_of(self.authorised, about)
            root["_aggregation"][name] = aggregation_of(self.authorised, about)
            root["_mapping"][name] = [leaf for leaf in leaves_of(about.fields) if leaf not in about.hidden]
        return root

    def _download(self, body: dict[str, Any]) -> Reply:
        about = self.types[body["type"]]
        docs = selected(self.authorised, about, body.get("filter"))
        tops = {name.split(".")[0] for name in body["fields"]}
        if wrong := [name for name in body["fields"] if name not in leaves_of(about.fields)]:
            return Reply(400, f"Invalid fields: {wrong}".encode(), "text/html")
        return as_json(200, [{k: v for k, v in doc.items() if k in tops} for doc in reversed(docs)])


class _Handler(BaseHTTPRequestHandler):
    server_of: GuppyServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        reply = self.server_of.answer(self.command, self.path, dict(self.headers), raw)
        if reply is None:
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(reply.length if reply.length is not None else len(reply.body)))
        if self.server_of.synthetic:
            self.send_header("X-Synthetic", "true")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)
        if reply.length is not None:
            self.close_connection = True

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        pass
