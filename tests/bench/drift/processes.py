"""The processes of the benchmark. This module imports nothing, so that what it sets comes before anything else."""

from __future__ import annotations

import sys


def as_script() -> None:
    """Let this process be one that runs a file: DuckDB takes any other for a prompt, and prints its progress there."""
    sys.modules["__main__"].__dict__.setdefault("__file__", __file__)
