"""A run that is killed at any moment leaves nothing half done, and the next one goes on with what it has."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from tests.support.guppy.documents import portal_types
from tests.support.guppy.fixtures import SettingsMaker
from tests.support.guppy.landed import assert_exact, system_of
from tests.support.guppy.server import GuppyServer, Seen
from warehouse.errors import SourceError
from warehouse.landing import Landing
from warehouse.sources.gen3 import land_system

REPOSITORY = Path(__file__).parents[3]
RUN = """
import sys
from pathlib import Path
from warehouse.errors import SourceError
from warehouse.landing import Landing
from warehouse.registry import source
from warehouse.settings import Settings
from warehouse.sources.gen3 import Gen3System, land_system
home = Path(sys.argv[1])
settings = Settings(home=home, guppy_page_size=8, guppy_page_bytes=10_000, retry_wait_s=0.001)
system = Gen3System("midrc", sys.argv[2], ("case", "measurement"), source("midrc").contract, "ICW_MIDRC_URL")
land_system(system, Landing(home), settings)
"""


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many requests a run from scratch sends."""
    with GuppyServer(portal_types(160, 80)) as server:
        run(server, tmp_path_factory.mktemp("whole"))
        return len(server.seen)


def run(server: GuppyServer, home: Path) -> int:
    """Run an extraction in a process of its own; return its exit code."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    child = subprocess.Popen(
        [sys.executable, "-c", RUN, str(home), server.url], env=environment, stderr=subprocess.DEVNULL
    )
    server.child = child  # type: ignore[attr-defined]
    return child.wait(timeout=120)


SOON = range(2)


@pytest.mark.parametrize(
    "draw", [*SOON, *(pytest.param(draw, marks=pytest.mark.full) for draw in range(len(SOON), 20))]
)
def test_killed_at_a_random_moment_and_run_again(
    tmp_path: Path, quick: SettingsMaker, whole_run: int, draw: int
) -> None:
    moment = random.Random(draw).randint(4, whole_run - 1)
    home = tmp_path / "home"
    with GuppyServer(portal_types(160, 80)) as server:
        once = threading.Lock()

        def kill(seen: Seen) -> None:
            late = seen.place == "mds"  # how many requests a run takes depends on how its pages grow
            if (late or len(server.seen) >= moment) and once.acquire(blocking=False):
                os.kill(server.child.pid, signal.SIGKILL)  # type: ignore[attr-defined]

        server.before = kill
        assert run(server, home) == -signal.SIGKILL
        server.before = lambda seen: None
        landing = Landing(home)
        assert landing.releases("midrc") == []
        held = ids_on_disk(home)
        server.seen.clear()
        settings = quick(home=home, guppy_page_size=8, guppy_page_bytes=10_000)
        assert_exact(server, landing, land_system(system_of(server), landing, settings))
        again = [text for seen in server.asked("download") for text in asked_ids(seen)]
        everything = {doc[f"_{name}_id"] for name, about in server.types.items() for doc in about.docs}
        assert len(again) == len(set(again))
        assert set(again) == everything - held
        assert not list((home / "landing" / "staging").rglob("part-*"))


def ids_on_disk(home: Path) -> set[str]:
    """Return the ids in the parts that the killed run has finished: those with a sidecar."""
    found: set[str] = set()
    for sidecar in (home / "landing" / "staging").rglob("part-*.json"):
        with pa.ipc.open_file(sidecar.with_suffix(".arrow")) as reader:
            column = reader.read_all().column(f"_{sidecar.parent.name}_id")
        found.update(column.to_pylist())
    return found


def asked_ids(seen: Seen) -> list[str]:
    (ids,) = seen.body["filter"]["IN"].values()
    return ids


def test_a_rerun_fetches_only_what_is_missing(tmp_path: Path, quick: SettingsMaker) -> None:
    landing = Landing(tmp_path / "home")
    small = partial(quick, guppy_page_size=8, guppy_page_bytes=10_000)
    with GuppyServer(portal_types(160, 80)) as server:
        server.on("records", lambda reply: type(reply)(500, b"down"), times=None, type="case", skip=6)
        with pytest.raises(SourceError, match="down"):
            land_system(system_of(server), landing, small(retries=0, guppy_requests_in_flight=1))
        server.rules.clear()
        done = {text for seen in server.asked("download", "case")[:6] for text in asked_ids(seen)}
        server.seen.clear()
        release = land_system(system_of(server), landing, quick())
        assert_exact(server, landing, release)
        again = {text for seen in server.asked("download", "case") for text in asked_ids(seen)}
        assert not done & again
        load = release.load_of("case")
        assert load is not None
        assert load.proof["parts_resumed"] == 6


def test_parts_of_a_state_that_is_gone_are_not_used(tmp_path: Path, quick: SettingsMaker) -> None:
    landing = Landing(tmp_path / "home")
    small = partial(quick, guppy_page_size=8, guppy_page_bytes=10_000)
    with GuppyServer(portal_types(160, 80)) as server:
        server.on("records", lambda reply: type(reply)(500, b"down"), times=None, type="case", skip=6)
        with pytest.raises(SourceError, match="down"):
            land_system(system_of(server), landing, small(retries=0))
        server.rules.clear()
        about = server.types["case"]
        about.index = "test_case_2"
        about.docs = [{**doc, "submitter_id": "changed"} for doc in about.docs]
        assert_exact(server, landing, land_system(system_of(server), landing, quick()))
