"""Lands an IDC release in a process of its own, so that a test can kill it or take its resources away.

Usage: python -m tests.sources.idc.landing_process <settings as JSON> <version> <channel>
[--kill-at-manifest] [--file-limit BYTES]
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys

from warehouse.errors import WarehouseError
from warehouse.landing import Landing
from warehouse.settings import Settings
from warehouse.sources.idc import ResolvedRelease, land


def _kill_at_manifest(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: the process dies at the very call that would make the manifest visible."""
    if event == "os.rename" and "/loads/" in str(arguments[1]):
        os.kill(os.getpid(), signal.SIGKILL)


def main(arguments: list[str]) -> int:
    settings = Settings(**json.loads(arguments[0]))
    version, channel = arguments[1], arguments[2]
    if "--kill-at-manifest" in arguments:
        sys.addaudithook(_kill_at_manifest)
    if "--file-limit" in arguments:
        limit = int(arguments[arguments.index("--file-limit") + 1])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        land(ResolvedRelease(version, channel, ()), Landing(settings.home), settings)  # type: ignore[arg-type]
    except WarehouseError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
