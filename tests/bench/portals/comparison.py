"""The comparison: all ten types through both clients, on the same sandbox.

The scale of the population is ICW_BENCH_SCALE (1.0 by default: as many records as the public services hold); it is kept
below .bench/ and used again.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from rich.console import Console

from tests.bench.folder import BENCH
from tests.bench.measure import measured
from tests.bench.portals import tables
from tests.bench.portals.results import Downloaded, Landed, Phase
from tests.bench.portals.sandbox import SYSTEMS, RunningSandbox, running_sandbox
from tests.support.environments import python_with
from warehouse.contracts import load_contract
from warehouse.landing import Landing

HOME = BENCH / "portals-home"
PEER = Path(__file__).with_name("peer.py")


def run(console: Console) -> None:
    """Measure and print."""
    scale = chosen_scale()
    console.print(
        f"Portals: scale {scale}, Python {platform.python_version()}, {os.cpu_count()} cores that both clients share "
        "with the sandbox. The data is synthetic."
    )
    shutil.rmtree(HOME, ignore_errors=True)
    peer_python = python_with("gen3")
    with running_sandbox(BENCH / f"sandbox-{scale}", scale) as sandbox:
        began, first = land(sandbox)
        _, again = land(sandbox)
        landed = list(read_landed(sandbox, began))
        downloaded = [download(sandbox, peer_python, entry) for entry in landed]
    tables.show_ours(console, first, again, landed)
    tables.show_types(console, landed, downloaded)
    tables.show_both(console, first, landed, downloaded)


def chosen_scale() -> float:
    """Read ICW_BENCH_SCALE.

    Raises:
        SystemExit: it is no scale.
    """
    text = os.environ.get("ICW_BENCH_SCALE", "1.0")
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 0 < scale <= 1:
        raise SystemExit(f"ICW_BENCH_SCALE is {text!r}: expected a number above 0 and at most 1, e.g. 0.02.")
    return scale


def land(sandbox: RunningSandbox) -> tuple[dict[str, datetime], Phase]:
    """Land both portals in a process of its own; return when each source began, and what it took."""
    sandbox.asked()
    environment = {"ICW_HOME": str(HOME), "ICW_MIDRC_URL": sandbox.portal, "ICW_BIH_URL": sandbox.bih}
    process = measured([sys.executable, "-m", "tests.bench.portals.client"], environment)
    found = json.loads(last_line(process.output))
    phase = Phase(
        process=process,
        asked=sandbox.asked(),
        seconds=sum(entry["seconds"] for entry in found.values()),
        processor_seconds=sum(entry["processor_seconds"] for entry in found.values()),
        digests=tuple(entry["digest"] for entry in found.values()),
    )
    return {source: datetime.fromisoformat(entry["began"]) for source, entry in found.items()}, phase


def read_landed(sandbox: RunningSandbox, began: dict[str, datetime]) -> Iterator[Landed]:
    """Compare the landed records with the index files of the sandbox."""
    landing = Landing(HOME)
    manifest = sandbox.manifest()
    for source, system in SYSTEMS.items():
        (release,) = landing.releases(source)
        loads = [load for load in release.loads if f"{system}.{load.dataset}" in manifest.files]
        before = began[source]
        for load in sorted(loads, key=lambda load: load.fetched_at):
            name = f"{system}.{load.dataset}"
            path = landing.object_path(load.objects[0].sha256)
            key = load_contract(source).datasets[load.dataset].key
            rows, distinct, missing, foreign = compared(path, manifest.path(name, sandbox.folder), key)
            retries = load.proof["retries"]
            assert isinstance(retries, dict)
            yield Landed(
                source=source,
                name=load.dataset,
                records=manifest.files[name].rows,
                rows=rows,
                distinct=distinct,
                missing=missing,
                foreign=foreign,
                seconds=(load.fetched_at - before).total_seconds(),
                requests=int(str(load.proof["requests"])),
                retries=sum(int(str(count)) for count in retries.values()),
            )
            before = load.fetched_at


def compared(landed: Path, held: Path, key: tuple[str, ...]) -> list[int]:
    """Return rows and distinct keys landed, and how many keys only the sandbox holds and only the landing."""
    counted = measured([sys.executable, "-m", "tests.bench.portals.completeness", landed, held, *key])
    return json.loads(last_line(counted.output))


def download(sandbox: RunningSandbox, python: Path, entry: Landed) -> Downloaded:
    """Download one type with `gen3` in a process of its own, which may fail."""
    endpoint = {"midrc": sandbox.portal, "bih": sandbox.bih}[entry.source]
    process = measured([python, PEER, endpoint, entry.name])
    found = json.loads(last_line(process.output))
    return Downloaded(**found, peak_mb=process.peak_mb, harmful=sandbox.asked().harmful)


def last_line(output: str) -> str:
    """Return the last line of what a process printed: others may be warnings."""
    return output.strip().splitlines()[-1]
