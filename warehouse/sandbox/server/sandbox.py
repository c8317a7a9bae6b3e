"""A sandbox: all simulated services on one port of the loopback interface.

What belongs here: starting and stopping the services and the server, and applying faults to replies. Base URLs:

    <root>/portal        MIDRC portal: /guppy/{graphql,download,_status,_version}, /index/_stats, /mds/metadata
    <root>/bih           BDF Imaging Hub: /guppy/...
    <root>/idc           artifact bucket: /<version>/release_artifacts/<file>
    <root>/clinical      bucket with IDC's clinical tables: ?list-type=2&prefix=..., /<key>
    <root>/_sandbox      manifest, faults, requests, changes: see `warehouse.sandbox.server.control`

Every answer carries `X-Synthetic: true`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from warehouse.sandbox.exchange import Reply, Request, discard
from warehouse.sandbox.gen3.indexd import IndexdService
from warehouse.sandbox.gen3.metadata_service import MetadataService
from warehouse.sandbox.guppy.service import GuppyService
from warehouse.sandbox.idc.artifacts import ArtifactBucket
from warehouse.sandbox.idc.clinical import ClinicalBucket
from warehouse.sandbox.population import prepare_population
from warehouse.sandbox.population.manifest import Manifest
from warehouse.sandbox.population.schema_history import indices_of_state, schema_on
from warehouse.sandbox.scratch import scratch_folder
from warehouse.sandbox.server.control import Control
from warehouse.sandbox.server.faults import Fault, Faults, with_fault
from warehouse.sandbox.server.http_server import SandboxServer
from warehouse.sandbox.server.request_log import RequestEntry, RequestLog
from warehouse.sandbox.server.services import Services, service_and_path


class Sandbox:
    """The simulated services, running during the context.

    `folder` holds the synthetic population of (`scale`, `seed`): it is synthesised if it is missing. `idc_release`
    is the path of a real `idc_index.parquet` from whose identifiers the hub's IDC records are made (None: invented
    ones). `idc_files` are the releases of the artifact bucket: version -> file name -> path, and
    `clinical_files` the objects of the bucket with clinical tables: key -> path. `schema` is a day
    (2023-08-29): the portal then has the record types and fields of that day (None: the current
    ones).

    Raises:
        UsageError: that day is not in the portal's history.
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
        clinical_files: Mapping[str, Path] | None = None,
    ) -> None:
        self.folder = folder
        self._scale = scale
        self._seed = seed
        self._idc_release = idc_release
        self._idc_files = idc_files or {}
        self._clinical_files = {} if clinical_files is None else clinical_files
        self._port = port
        self._schema = None if schema is None else schema_on(schema)
        self.faults = Faults()
        self.requests = RequestLog()
        self._server: SandboxServer | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Sandbox:
        """Synthesise the population if it is missing, and start to answer."""
        self.manifest: Manifest = prepare_population(self.folder, self._scale, self._seed, self._idc_release)
        self._scratch = contextlib.ExitStack()
        generations = self._scratch.enter_context(scratch_folder(self.folder, "running"))
        portal = self.manifest.indices("midrc_portal", self.folder)
        if self._schema is not None:
            portal = indices_of_state(self._schema, portal, generations)
        self.portal = GuppyService("midrc", portal, False, generations)
        self.bih = GuppyService("bih", self.manifest.indices("bih", self.folder), True, generations)
        self._services = Services(
            self.portal,
            self.bih,
            IndexdService(self.manifest.path("indexd", self.folder)),
            MetadataService(self.manifest.path("metadata", self.folder)),
            ArtifactBucket(self._idc_files),
            ClinicalBucket(self._clinical_files),
        )
        self._control = Control(self.manifest, self.faults, self.requests, {"portal": self.portal, "bih": self.bih})
        self._server = SandboxServer(("127.0.0.1", self._port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop answering; hanging requests are released."""
        assert self._server is not None
        assert self._thread is not None
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._services.close()
        self._scratch.close()

    @property
    def root_url(self) -> str:
        """The address of the server."""
        assert self._server is not None, "The sandbox answers only inside its context."
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def portal_url(self) -> str:
        """The base address in place of https://data.midrc.org."""
        return f"{self.root_url}/portal"

    @property
    def bih_url(self) -> str:
        """The base address in place of https://imaging-hub.data-commons.org."""
        return f"{self.root_url}/bih"

    @property
    def idc_url(self) -> str:
        """The base address in place of the IDC artifact bucket."""
        return f"{self.root_url}/idc"

    @property
    def clinical_url(self) -> str:
        """The base address in place of the bucket with IDC's clinical tables."""
        return f"{self.root_url}/clinical"

    def answer(self, request: Request, entry: RequestEntry) -> tuple[Reply, Fault | None]:
        """Return the reply of a service, and the fault that affects it if any; complete the log entry."""
        service, path = service_and_path(request.path)
        request = replace(request, path=path)
        places, record_types = self._services.classify(service, request)
        fault = self.faults.trigger(service, places, record_types, lambda fault: fault.place != "last_page")
        reply = self._handle(service, request, fault)
        if "last_page" in reply.places:
            late = self.faults.trigger(
                service, reply.places, reply.record_types, lambda candidate: candidate.place == "last_page"
            )
            if late is not None and fault is None:
                fault = late
                discard(reply)
                reply = self._handle(service, request, fault)
        entry.kinds = sorted(places | reply.places)
        entry.record_types = sorted(record_types | reply.record_types)
        entry.harmful = reply.harmful
        if fault is not None:
            entry.fault = fault.kind
            faulty = with_fault(reply, fault) if reply.harmful is None else reply
            if faulty.body is not reply.body:
                discard(reply)
            reply = faulty
        return reply, fault

    def control(self, request: Request) -> Reply:
        """Return the reply to a request below `/_sandbox/`."""
        return self._control.handle(request)

    def _handle(self, service: str, request: Request, fault: Fault | None) -> Reply:
        guppy = self._services.guppy(service, request.path)
        if guppy is None or fault is None:
            return self._services.handle(service, request)
        denied: frozenset[str] = frozenset()
        if fault.kind == "data_change" and fault.change is not None:
            guppy.change(fault.change)
        elif fault.kind == "authorisation_outage":
            denied = frozenset(guppy.indices) if fault.record_type is None else frozenset({fault.record_type})
        return self._services.handle(service, request, denied)
