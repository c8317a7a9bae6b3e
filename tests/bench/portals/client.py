"""Our client in a process of its own: land both portals, `python -m tests.bench.portals.client`.

Prints, as one line of JSON, when each began (ISO 8601), the seconds that it took, the seconds of processor time of this
process, and the digest of the release; what was landed is in the landing of ICW_HOME.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

from warehouse.landing import Landing
from warehouse.registry import source
from warehouse.settings import load_settings
from warehouse.sources.gen3 import Gen3System, land_system

if __name__ == "__main__":
    settings = load_settings()
    landing = Landing(settings.home)
    found = {}
    for name in ("midrc", "bih"):
        system = Gen3System.from_spec(source(name), settings)
        began, clock, processor = datetime.now(UTC), time.perf_counter(), time.process_time()
        release = land_system(system, landing, settings)
        found[system.source] = {
            "began": began.isoformat(),
            "seconds": time.perf_counter() - clock,
            "processor_seconds": time.process_time() - processor,
            "digest": release.digest,
        }
    print(json.dumps(found))
