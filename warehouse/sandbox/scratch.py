"""Temporary folders of one run.

What belongs here: making such a folder beside the files that it belongs to (they may be large), and removing those of
runs that ended without cleaning up.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch_folder(parent: Path, purpose: str) -> Iterator[Path]:
    """Yield a new folder `<purpose>-<process>-...` below `parent`, removed at the end of the context."""
    for left in parent.glob(f"{purpose}-*"):
        if not _is_running(int(left.name.split("-")[1])):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        prefix=f"{purpose}-{os.getpid()}-", dir=parent, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
