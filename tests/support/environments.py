"""Environments of their own, into which other clients are installed: kept from one run to the next."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_FOLDER = Path(__file__).resolve().parents[2] / ".cache" / "environments"

IDC_CLIENT = "idc-index==0.13.4"
"""The client of IDC that the warehouse is held against: the last one that requires idc-index-data 25.0.5."""


def python_with(*requirements: str) -> Path:
    """Return the Python of an environment with packages (`gen3`, `idc-index==0.13.4`), made if it is missing.

    pip installs it, from the index that it is configured for. Modules are compiled when they are imported: most of what
    such a package requires never is.

    Raises:
        subprocess.CalledProcessError: pip cannot; what it says is on standard error.
    """
    folder = _FOLDER / "+".join(requirements)
    python, whole = folder / "bin" / "python", folder / ".installed"
    if not whole.exists():
        for command in (
            ["venv", "--without-pip", "--clear", folder],
            ["pip", "--python", python, "install", "--no-compile", "--quiet", "--quiet", *requirements],
        ):
            subprocess.run([sys.executable, "-m", *command], check=True)
        whole.touch()
    return python
