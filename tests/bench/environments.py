"""The folder of the benchmarks, and the environments into which they install other clients."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.measure import measured

BENCH = Path(".bench").absolute()


def python_with(package: str) -> Path:
    """Return the Python of a separate environment with the newest release of a package; it is created if missing."""
    folder = BENCH / package
    python, whole = folder / "bin" / "python", folder / ".installed"
    if not whole.exists():
        uv = Path(sys.executable).with_name("uv")
        measured([uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder])
        measured([uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, package])
        whole.touch()
    return python
