"""What processes of `icw` that tests start have in common."""

from __future__ import annotations

import sys
from pathlib import Path

ICW = str(Path(sys.executable).with_name("icw"))

# What dbt makes of the project: homes, workers and processes share it, from one run of the tests to the next.
DBT_CACHE = Path(__file__).resolve().parents[2] / ".cache" / "dbt"
