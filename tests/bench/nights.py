"""What a night adds to a home: ten refreshes, each after 1 % of the records of one type of the portal came or went.

The first night is a whole one: the newest IDC release of the package index, with the portal and the hub of a sandbox.
At the end all but three snapshots are pruned, with one of the others pinned and one cited, and every file is verified.
`ICW_BENCH_NIGHTS` sets how many nights follow, `ICW_BENCH_SCALE` the size of the sandbox.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sys
import urllib.request
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.folder import BENCH
from tests.bench.measure import measured
from warehouse.sandbox.running import served
from warehouse.settings import load_settings
from warehouse.snapshots import catalog
from warehouse.snapshots.catalog import Snapshot

HOME = BENCH / "nights"

CHANGED_SHARE = 0.01
MOST_ADDED_SHARE = 0.15
"""Bytes that a night may add to the snapshots of a home, as a share of those of a whole snapshot."""

TYPES = ("data_file", "case", "imaging_study", "measurement", "annotation", "radiology_report")


def run(console: Console) -> None:
    """Measure and print.

    Raises:
        SystemExit: a night failed.
    """
    nights = int(os.environ.get("ICW_BENCH_NIGHTS", "10"))
    shutil.rmtree(HOME, ignore_errors=True)
    overrides: dict[str, object] = {"home": HOME, "sources": "sandbox"}
    if "ICW_BENCH_SCALE" in os.environ:
        overrides["sandbox_scale"] = float(os.environ["ICW_BENCH_SCALE"])
    settings = load_settings(**overrides)
    with served(settings, 0) as sandbox:
        environment = {"ICW_HOME": str(HOME), "ICW_SOURCES": "sandbox", "ICW_SANDBOX_URL": sandbox.root_url}
        first = _night(environment)
        full = sum(path.stat().st_size for path in _files(first.folder))
        console.print(
            f"Nights: the sandbox at {settings.sandbox_scale:.0%}; a whole snapshot has {full / 1e6:,.1f} MB "
            f"(Parquet {sum(table.parquet_bytes for table in first.manifest.tables) / 1e6:,.1f} MB)"
        )
        table = Table("night: type, records changed", show_edge=False)
        for heading in ("MB added to snapshots", "of a whole one", "MB landed", "files of tables that changed (MB)"):
            table.add_column(heading, justify="left" if heading.startswith("files") else "right")
        before, shares = first, []
        for number, record_type in zip(range(1, nights + 1), itertools.cycle(TYPES), strict=False):
            held, landed = _bytes_below(HOME / "snapshots"), _bytes_below(HOME / "landing")
            changed = _change(sandbox.root_url, record_type, before)
            now = _night(environment)
            added = _bytes_below(HOME / "snapshots") - held
            shares.append(added / full)
            table.add_row(
                f"{number}: {record_type}, {changed:,}",
                f"{added / 1e6:,.1f}",
                f"{added / full:.1%}",
                f"{(_bytes_below(HOME / 'landing') - landed) / 1e6:,.1f}",
                _files_changed(before, now),
            )
            before = now
        pruned = _pruned(environment)
    console.print(table)
    over = sum(share > MOST_ADDED_SHARE for share in shares)
    console.print(
        f"Added in a night: {sum(shares) / nights:.1%} of a whole snapshot in the mean, {max(shares):.1%} at most; "
        f"{over} of {nights} nights added more than {MOST_ADDED_SHARE:.0%}"
    )
    console.print(pruned)


def _pruned(environment: dict[str, str]) -> str:
    """Prune to three snapshots; the two oldest stay, one pinned and one cited. Say what is left and that it is sound.

    Raises:
        SystemExit: a command failed, a file is not as it was published, or other snapshots are left.
    """
    pinned, cited, *others = [found.id for found in catalog.snapshots(HOME)]
    kept = [pinned, cited, *others[-3:]]
    icw = Path(sys.executable).with_name("icw")
    question = "select source_id, count(*) as series from fct_series group by all order by source_id"
    held = _bytes_below(HOME / "snapshots")
    for command in (
        ["snapshots", "pin", pinned],
        ["sql", question, "--snapshot", cited, "--cite"],
        ["snapshots", "prune", "--keep-last", "3"],
        ["verify", "--all"],
        ["cite", "verify", *sorted((HOME / "citations").glob("*.json"))],
    ):
        measured([icw, *command], environment)
    left = [found.id for found in catalog.snapshots(HOME)]
    if left != kept:
        raise SystemExit(f"Prune left {', '.join(left)}, and not {', '.join(kept)}.")
    freed = held - _bytes_below(HOME / "snapshots")
    return (
        f"Pruned to three of {2 + len(others)}: {len(left)} snapshots are left, one of them pinned and one cited; "
        f"{freed / 1e6:,.1f} MB freed; every file is as it was published, and the cited answer is the same"
    )


def _night(environment: dict[str, str]) -> Snapshot:
    measured([Path(sys.executable).with_name("icw"), "refresh"], environment)
    return catalog.snapshot(HOME, None)


def _change(root_url: str, record_type: str, before: Snapshot) -> int:
    """Let 1 % of the records of a type of the portal go and as many new ones come, half each; return how many."""
    (portal,) = (source for source in before.manifest.sources if source.source == "midrc")
    (rows,) = (entry.rows for entry in portal.datasets if entry.dataset == record_type)
    changed = max(2, round(rows * CHANGED_SHARE))
    change = {"removed": changed // 2, "added": changed - changed // 2}
    body = json.dumps({"service": "portal", "record_type": record_type, **change}).encode()
    request = urllib.request.Request(f"{root_url}/_sandbox/changes", data=body, method="POST")
    with urllib.request.urlopen(request, timeout=60) as reply:
        reply.read()
    return changed


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


def _bytes_below(folder: Path) -> int:
    """Return the bytes of the files below a folder, each file once, however many names it has."""
    found = {(held.st_dev, held.st_ino): held.st_size for held in (path.stat() for path in _files(folder))}
    return sum(found.values())


def _files_changed(before: Snapshot, now: Snapshot) -> str:
    """Name the files of tables that the night before has not, the largest first."""
    known = {file.sha256 for table in before.manifest.tables for file in table.files}
    changed = [file for table in now.manifest.tables for file in table.files if file.sha256 not in known]
    largest = sorted(changed, key=lambda file: -file.bytes)
    named = ", ".join(f"{file.path.removesuffix('.parquet')} {file.bytes / 1e6:.1f}" for file in largest[:4])
    return named + (f" and {len(largest) - 4} more" if len(largest) > 4 else "")
