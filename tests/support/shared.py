"""Folders that are made once for a run of the tests and shared by all workers: populations, builds, homes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from warehouse.sandbox.population import prepare_population

SEED = 7


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return the folder of this name that all workers of the run share, filled by `make` the first time.

    Tests only read it: those of the other worker use the same folder.
    """
    with alone_in(factory, name) as folder:
        done = folder / ".made"
        if not done.exists():
            make(folder)
            done.touch()
    return folder


def population_of(factory: pytest.TempPathFactory, scale: float, seed: int = SEED) -> Path:
    """Return the folder with the sandbox's population of this size, without the identifiers of a real release."""
    return made_once(factory, f"population-{scale}-{seed}", lambda folder: prepare_population(folder, scale, seed))


@contextmanager
def alone_in(factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """Yield the folder of this name that all workers of the run share, to one of them at a time."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "shared" / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
