"""The folder in which the benchmarks work."""

from __future__ import annotations

from pathlib import Path

BENCH = Path(".bench").absolute()
