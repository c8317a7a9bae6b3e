"""Where benchmarks keep their files, and the environments that they install other people's clients into."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.measure import measured

BENCH = Path(".bench").absolute()


def python_with(package: str) -> Path:
    """Return the Python of an environment of its own with the newest release of a package, made if need be."""
    folder = BENCH / package
    python, whole = folder / "bin" / "python", folder / ".installed"
    if not whole.exists():
        uv = Path(sys.executable).with_name("uv")
        measured([uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder])
        measured([uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, package])
        whole.touch()
    return python
