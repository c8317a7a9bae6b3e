"""The sandbox in a process of its own: `python -m tests.bench.portals.serve FOLDER SCALE`.

Prints its addresses as one line of JSON once it answers, and answers until its input ends.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from warehouse.sandbox.server import Sandbox

if __name__ == "__main__":
    with Sandbox(Path(sys.argv[1]), float(sys.argv[2])) as sandbox:
        print(json.dumps([sandbox.root_url, sandbox.portal_url, sandbox.bih_url]), flush=True)
        sys.stdin.read()
