"""Measurements of each client."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.measure import Measurement
from tests.bench.portals.sandbox import RequestSummary


@dataclass(frozen=True)
class Phase:
    """One run of our client over both portals: the process, the requests, seconds, and the digests of the releases."""

    process: Measurement
    asked: RequestSummary
    seconds: float
    processor_seconds: float
    digests: tuple[str, ...]


@dataclass(frozen=True)
class Landed:
    """One type as our client landed it. `records` is what the sandbox holds; the other counts are of what was landed.

    `missing` ids are in the sandbox only, `foreign` ones in the landing only. `seconds` run from the end of the type
    before, so the first of a portal includes discovery.
    """

    source: str
    name: str
    records: int
    rows: int
    distinct: int
    missing: int
    foreign: int
    seconds: float
    requests: int
    retries: int

    @property
    def complete(self) -> bool:
        """Whether exactly the records of the sandbox were landed, each once."""
        return self.rows == self.distinct == self.records and not self.missing and not self.foreign


@dataclass(frozen=True)
class Downloaded:
    """One type as `gen3` downloaded it: records that came, seconds of the download alone, memory of its process.

    `failure` is how it failed; `harmful` why the request would have ended the process of a real server.
    """

    version: str
    records: int
    seconds: float
    processor_seconds: float
    peak_mb: float
    failure: str | None
    harmful: tuple[str, ...]
