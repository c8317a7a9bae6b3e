"""The services of a sandbox, and which path belongs to which of them.

| path | service |
|---|---|
| `/portal/guppy/...`, `/bih/guppy/...` | Guppy of the MIDRC portal and of the BDF Imaging Hub |
| `/portal/index/_stats` | Indexd |
| `/portal/mds/metadata` | the metadata service |
| `/idc/...` | the IDC artifact bucket |
| `/clinical/...` | the bucket with IDC's clinical tables |
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from warehouse.sandbox.exchange import Reply, Request, html
from warehouse.sandbox.gen3.indexd import IndexdService
from warehouse.sandbox.gen3.metadata_service import MetadataService
from warehouse.sandbox.guppy.service import GuppyService
from warehouse.sandbox.idc.artifacts import ArtifactBucket
from warehouse.sandbox.idc.clinical import ClinicalBucket

_GUPPY, _INDEXD, _METADATA = "/guppy", "/index", "/mds"


@dataclass(frozen=True)
class Services:
    """The services that answer requests. `service` in its methods is the first part of a path, e.g. portal."""

    portal: GuppyService
    bih: GuppyService
    indexd: IndexdService
    metadata: MetadataService
    bucket: ArtifactBucket
    clinical: ClinicalBucket

    def guppy(self, service: str, path: str) -> GuppyService | None:
        """Return the Guppy that a path belongs to, or None if it belongs to another service."""
        if not path.startswith(f"{_GUPPY}/"):
            return None
        return {"portal": self.portal, "bih": self.bih}.get(service)

    def classify(self, service: str, request: Request) -> tuple[frozenset[str], frozenset[str]]:
        """Return the places and record types of a request, as far as they are known before it is answered."""
        guppy = self.guppy(service, request.path)
        if guppy is not None:
            return guppy.classify(_below(request, _GUPPY))
        return frozenset({self._place(service, request)}), frozenset()

    def handle(self, service: str, request: Request, denied: frozenset[str] = frozenset()) -> Reply:
        """Return the reply to a request. A Guppy has no authorisation for the `denied` record types."""
        guppy = self.guppy(service, request.path)
        if guppy is not None:
            return guppy.handle(_below(request, _GUPPY), denied)
        match self._place(service, request):
            case "indexd":
                return self.indexd.handle(_below(request, _INDEXD))
            case "metadata":
                return self.metadata.handle(_below(request, _METADATA))
            case "unknown":
                return html(404, "404 Not Found", "Not found")
        return (self.clinical if service == "clinical" else self.bucket).handle(request)

    def close(self) -> None:
        """Release the stores of both Guppy services."""
        self.portal.close()
        self.bih.close()

    def _place(self, service: str, request: Request) -> str:
        """Return the place (see `faults`) of a request that no Guppy answers."""
        if service == "idc":
            return self.bucket.place_of(request)
        if service == "clinical":
            return self.clinical.place_of(request)
        if service == "portal" and request.path.startswith(f"{_INDEXD}/"):
            return "indexd"
        if service == "portal" and request.path.startswith(f"{_METADATA}/"):
            return "metadata"
        return "unknown"


def service_and_path(path: str) -> tuple[str, str]:
    """Return the service and the path below its base address."""
    service, _, rest = path.removeprefix("/").partition("/")
    return service, f"/{rest}"


def _below(request: Request, prefix: str) -> Request:
    return replace(request, path=request.path.removeprefix(prefix))
