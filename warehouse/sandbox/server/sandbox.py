"""All stand-ins on one port of the loopback interface.

What belongs here: the HTTP server, which path belongs to which service, carrying out faults below HTTP,
the request log,
and the control endpoints. Base URLs of the services:

    <root>/portal                MIDRC portal: /guppy/{graphql,download,_status,_version}, /index/_stats, /mds/metadata
    <root>/bih                   BDF Imaging Hub: /guppy/...
    <root>/idc                   artifact bucket: /<version>/release_artifacts/<file>
    <root>/_sandbox/manifest     GET: what is served
    <root>/_sandbox/faults       GET, POST (one fault or a list, see `warehouse.sandbox.server.faults.Fault`), DELETE
    <root>/_sandbox/requests     GET (?since=N), DELETE: the request log
    <root>/_sandbox/changes      POST {"service": ..., "record_type": ..., ...}: see `warehouse.sandbox.guppy.changes`

A fault or a change that cannot be played is answered 400 with {"error": <a sentence>}.

Every answer carries `X-Synthetic: true`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from pydantic import ValidationError

from warehouse.sandbox.exchange import FileSlice, Reply, Request, discard, html
from warehouse.sandbox.gen3.indexd import IndexdService
from warehouse.sandbox.gen3.metadata_service import MetadataService
from warehouse.sandbox.guppy.changes import read_change
from warehouse.sandbox.guppy.service import MAX_BODY, GuppyService
from warehouse.sandbox.idc.artifacts import ArtifactBucket
from warehouse.sandbox.population import prepare_population
from warehouse.sandbox.population.manifest import Manifest
from warehouse.sandbox.population.schema_history import offered_by, schema_on
from warehouse.sandbox.scratch import scratch_folder
from warehouse.sandbox.server.faults import Fault, Faults, spoil
from warehouse.sandbox.server.request_log import RequestEntry, RequestLog

_LOG = logging.getLogger("icw.sandbox")
_CHUNK = 1 << 18
_GUPPY = "/guppy"


class Sandbox:
    """The stand-ins, running while the context lasts.

    `folder` holds the synthetic population of (`scale`, `seed`): it is synthesised if it is not there. `idc_release`
    is the path of a real `idc_index.parquet` from whose identifiers the hub's IDC records are made (None: invented
    ones). `idc_files` are the releases of the artifact bucket: version -> file name -> path. `schema` is a day
    (2023-08-29): the portal then offers the record types and fields of that day (None: today's).

    Raises:
        UsageError: the portal's history does not know that day.
    """

    def __init__(
        self,
        folder: Path,
        scale: float = 0.01,
        seed: int = 20260212,
        idc_release: Path | None = None,
        idc_files: Mapping[str, Mapping[str, Path]] | None = None,
        port: int = 0,
        schema: str | None = None,
    ) -> None:
        self.folder = folder
        self._scale = scale
        self._seed = seed
        self._idc_release = idc_release
        self._idc_files = idc_files or {}
        self._port = port
        self._schema = None if schema is None else schema_on(schema)
        self.faults = Faults()
        self.requests = RequestLog()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Sandbox:
        """Synthesise what is missing and start to answer."""
        self.manifest: Manifest = prepare_population(self.folder, self._scale, self._seed, self._idc_release)
        self._scratch = contextlib.ExitStack()
        generations = self._scratch.enter_context(scratch_folder(self.folder, "running"))
        portal = self.manifest.indices("midrc_portal", self.folder)
        if self._schema is not None:
            portal = offered_by(self._schema, portal, generations)
        self.portal = GuppyService("midrc", portal, False, generations)
        self.bih = GuppyService("bih", self.manifest.indices("bih", self.folder), True, generations)
        self._indexd = IndexdService(self.manifest.path("indexd", self.folder))
        self._metadata = MetadataService(self.manifest.path("metadata", self.folder))
        self._bucket = ArtifactBucket(self._idc_files)
        self._server = _Server(("127.0.0.1", self._port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop answering; requests that hang are released."""
        assert self._server is not None
        assert self._thread is not None
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.portal.close()
        self.bih.close()
        self._scratch.close()

    @property
    def root_url(self) -> str:
        """The address of the server."""
        assert self._server is not None, "The sandbox answers only inside its context."
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def portal_url(self) -> str:
        """The base address that stands for https://data.midrc.org."""
        return f"{self.root_url}/portal"

    @property
    def bih_url(self) -> str:
        """The base address that stands for https://imaging-hub.data-commons.org."""
        return f"{self.root_url}/bih"

    @property
    def idc_url(self) -> str:
        """The base address that stands for the IDC artifact bucket."""
        return f"{self.root_url}/idc"

    def answer(self, request: Request, entry: RequestEntry) -> tuple[Reply, Fault | None]:
        """Return the reply to a request, and the fault that strikes it if any; what was asked is noted in the log."""
        service, path = _split(request.path)
        request = Request(request.method, path, request.query, request.headers, request.body)
        guppy = self._guppy(service, path)
        places, record_types = self._classify(service, path, request, guppy)
        fault = self.faults.strike(service, places, record_types, lambda fault: fault.place != "last_page")
        reply = self._handle(service, path, request, guppy, fault)
        if "last_page" in reply.places:
            late = self.faults.strike(
                service, reply.places, reply.record_types, lambda candidate: candidate.place == "last_page"
            )
            if late is not None and fault is None:
                fault = late
                discard(reply)
                reply = self._handle(service, path, request, guppy, fault)
        entry.kinds = sorted(places | reply.places)
        entry.record_types = sorted(record_types | reply.record_types)
        entry.harmful = reply.harmful
        if fault is not None:
            entry.fault = fault.kind
            spoiled = spoil(reply, fault) if reply.harmful is None else reply
            if spoiled.body is not reply.body:
                discard(reply)
            reply = spoiled
        return reply, fault

    def _guppy(self, service: str, path: str) -> GuppyService | None:
        if not path.startswith(f"{_GUPPY}/"):
            return None
        return {"portal": self.portal, "bih": self.bih}.get(service)

    def _classify(
        self, service: str, path: str, request: Request, guppy: GuppyService | None
    ) -> tuple[frozenset[str], frozenset[str]]:
        if guppy is not None:
            return guppy.classify(_below(request, _GUPPY))
        if service == "idc":
            return frozenset({self._bucket.place_of(request)}), frozenset()
        if service == "portal" and path.startswith("/index/"):
            return frozenset({"indexd"}), frozenset()
        if service == "portal" and path.startswith("/mds/"):
            return frozenset({"metadata"}), frozenset()
        return frozenset({"unknown"}), frozenset()

    def _handle(
        self, service: str, path: str, request: Request, guppy: GuppyService | None, fault: Fault | None
    ) -> Reply:
        if guppy is not None:
            denied: frozenset[str] = frozenset()
            if fault is not None and fault.kind == "data_change" and fault.change is not None:
                guppy.change(fault.change)
            elif fault is not None and fault.kind == "authorisation_outage":
                denied = frozenset(guppy.indices) if fault.record_type is None else frozenset({fault.record_type})
            return guppy.handle(_below(request, _GUPPY), denied)
        if service == "idc":
            return self._bucket.handle(request)
        if service == "portal" and path.startswith("/index/"):
            return self._indexd.handle(_below(request, "/index"))
        if service == "portal" and path.startswith("/mds/"):
            return self._metadata.handle(_below(request, "/mds"))
        return html(404, "404 Not Found", "Not found")

    def control(self, request: Request) -> Reply:
        """Return the reply to a request below `/_sandbox/`."""
        name = request.path.removeprefix("/_sandbox/")
        match request.method, name:
            case "GET", "manifest":
                return _json(self.manifest.model_dump(mode="json"))
            case "GET", "faults":
                return _json([fault.model_dump(mode="json") for fault in self.faults.active()])
            case "POST", "faults":
                return self._controlled(self._add_faults, request.body, "added")
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
                return self._controlled(self._change, request.body, "changed")
        return html(404, "404 Not Found", "Not found")

    def _controlled(self, act: Callable[[Any], None], body: bytes, done: str) -> Reply:
        """Do what the body (JSON) asks for; what cannot be done is a 400 with a sentence."""
        try:
            act(json.loads(body))
        except ValidationError as error:
            return _json({"error": "; ".join([_problem(entry) for entry in error.errors()])}, status=400)
        except ValueError as error:
            return _json({"error": str(error)}, status=400)
        return _json({done: True})

    def _add_faults(self, given: Any) -> None:
        self.faults.add(*[Fault.model_validate(item) for item in (given if isinstance(given, list) else [given])])

    def _change(self, given: Any) -> None:
        services = {"portal": self.portal, "bih": self.bih}
        if not isinstance(given, dict) or given.get("service") not in services:
            raise ValueError('A change is a JSON object, and its "service" is portal or bih.')
        services[given["service"]].change(read_change({k: v for k, v in given.items() if k != "service"}))


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: Sandbox) -> None:
        super().__init__(address, _Handler)
        self.sandbox = sandbox
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that an idle one does not outlive the server."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Close the port and all connections, and wait for their threads."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what went wrong; a client that hangs up is no defect of the sandbox."""
        if isinstance(sys.exception(), OSError):
            _LOG.debug("A connection ended early.", exc_info=True)
        else:
            _LOG.error("A request could not be answered.", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_version = "ImagingCommonsSandbox"
    sys_version = ""

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:
        _LOG.debug(format, *args)

    def _serve(self) -> None:
        server = cast(_Server, self.server)
        sandbox = server.sandbox
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        if parts.path.startswith("/_sandbox/"):
            request = self._read(parts.path, parts.query, headers)
            self._send(sandbox.control(request))
            return
        agent = headers.get("user-agent", "")
        with sandbox.requests.recording(_split(parts.path)[0], self.command, self.path, agent) as entry:
            request = self._read(parts.path, parts.query, headers)
            entry.bytes_received = len(request.body)
            reply, fault = sandbox.answer(request, entry)
            kind = fault.kind if fault is not None else None
            if fault is not None and kind in ("hang", "request_timed_out"):
                server.stopping.wait(fault.seconds)
            if reply.harmful is not None or kind in ("hang", "connection_reset"):
                discard(reply)
                self._reset()
                return
            entry.status = reply.status
            cut = reply.length // 2 if kind == "truncated_body" else None
            entry.bytes_sent = 0 if self.command == "HEAD" else reply.length if cut is None else cut
            sandbox.requests.answered(entry)
            self._send(reply, cut)

    def _read(self, path: str, query: str, headers: dict[str, str]) -> Request:
        length = int(headers.get("content-length") or 0)
        body = self.rfile.read(min(length, MAX_BODY + 1))
        if length > MAX_BODY:
            self.close_connection = True
        return Request(self.command, path, dict(parse_qsl(query)), headers, body)

    def _send(self, reply: Reply, cut: int | None = None) -> None:
        """Write the reply, of the body only the first `cut` bytes if given."""
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(reply.length))
        self.send_header("X-Synthetic", "true")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        length = reply.length if cut is None else cut
        if isinstance(reply.body, bytes):
            self.wfile.write(reply.body[:length])
        else:
            self._send_file(reply.body, length)
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True

    def _send_file(self, body: FileSlice, length: int) -> None:
        with body.path.open("rb") as file:
            if body.temporary:
                # The open file stays readable; nothing is left whatever happens while it is sent.
                body.path.unlink()
            file.seek(body.start)
            while length > 0 and (chunk := file.read(min(_CHUNK, length))):
                self.wfile.write(chunk)
                length -= len(chunk)

    def _reset(self) -> None:
        """Close the connection with a reset instead of an orderly end."""
        self.close_connection = True
        # Without lingering, the last close sends a reset; it comes when the handler lets go of its files.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def _split(path: str) -> tuple[str, str]:
    """Return the service and the path below its base address."""
    service, _, rest = path.removeprefix("/").partition("/")
    return service, f"/{rest}"


def _below(request: Request, prefix: str) -> Request:
    return Request(request.method, request.path.removeprefix(prefix), request.query, request.headers, request.body)


def _problem(entry: Any) -> str:
    return f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}"


def _json(content: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(content, ensure_ascii=False).encode("utf-8"))
