"""Each kind of fault in each place ends complete and exact, or in a clear error with the last good load in place.

The tests stand in classes because the tests of one class, and not those of one file, are kept on one worker.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.guppy_cells import CELLS, KINDS, PLACES, Cell, bring_about, strike
from tests.support.guppy.documents import cases, portal_types
from tests.support.guppy.fixtures import SettingsMaker
from tests.support.guppy.landed import assert_exact, system_of
from tests.support.guppy.server import GuppyServer
from warehouse.errors import SourceError
from warehouse.landing import Landing, Release
from warehouse.settings import Settings
from warehouse.sources.gen3 import land_system, proven_unchanged

ASKED_BEFORE_ANY_LOAD = {"status", "introspection", "mapping", "probe", "totals"}
ASKED_BY_THE_PROOF = {*ASKED_BEFORE_ANY_LOAD, "figures", "indexd", "version", "mds"}
PAGE = 40


def soon(cells: Iterable[Cell]) -> list[Any]:
    """Return cells as parameters; all but one in eleven, across kinds and places, take until `make test-full`.

    A shift by one from each question to the next lets every kind and every question come up.
    """
    questions = list(dict.fromkeys(cell.question for cell in CELLS))
    kinds = list(dict.fromkeys(cell.kind for cell in CELLS))
    return [
        pytest.param(
            cell,
            id=str(cell),
            marks=() if (kinds.index(cell.kind) + questions.index(cell.question)) % 11 == 0 else pytest.mark.full,
        )
        for cell in cells
    ]


def kept_bytes(landing: Landing) -> dict[Path, bytes]:
    """Return everything that is landed, staging left out."""
    return {
        path.relative_to(landing.root): path.read_bytes()
        for folder in ("loads", "objects")
        for path in (landing.root / folder).rglob("*")
        if path.is_file()
    }


@dataclass(frozen=True)
class Loaded:
    """A portal at which one question is asked, and a home in which it has been landed; a test takes a copy of that."""

    question: str
    portal: GuppyServer
    home: Path
    release: Release

    def copied_to(self, home: Path) -> Landing:
        """Return the landing in a copy of the home."""
        return Landing(shutil.copytree(self.home, home))


class PortalsLoadedOnce:
    """The portal of a question, landed once for all faults at that question, which come one after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = ExitStack()
        self._last: Loaded | None = None

    def of(self, cell: Cell) -> Loaded:
        """Return the portal of the question of a cell, as it was when it was landed, and without a fault."""
        if self._last is None or self._last.question != cell.question:
            self.close()
            portal = self._running.enter_context(GuppyServer(portal_types()))
            bring_about(portal, cell)
            home = self._folder / cell.question
            settings = Settings(home=home, guppy_page_size=PAGE, retry_wait_s=0.001)
            release = land_system(system_of(portal), Landing(home), settings)
            self._last = Loaded(cell.question, portal, home, release)
        portal = self._last.portal
        portal.begin_again(portal_types())
        bring_about(portal, cell)
        return self._last

    def close(self) -> None:
        """Stop the portal."""
        self._running.close()


@pytest.fixture(scope="class")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Cell], Loaded]]:
    """Return what gives the portal of a cell, loaded once for the cells of its question."""
    portals = PortalsLoadedOnce(tmp_path_factory.mktemp("loaded"))
    yield portals.of
    portals.close()


def test_the_matrix_has_every_kind_in_every_place_of_a_portal() -> None:
    assert {"discovery", "count", "histogram", "page", "last page", "download", "Indexd"} <= PLACES.keys()
    assert {(cell.kind, cell.place) for cell in CELLS} >= {(kind, place) for kind in KINDS for place in PLACES}
    assert len(set(map(str, CELLS))) == len(CELLS)


def test_every_kind_and_every_question_is_among_those_that_run_soon() -> None:
    chosen = [parameter.values[0] for parameter in soon(CELLS) if not parameter.marks]
    assert {cell.kind for cell in chosen} == {cell.kind for cell in CELLS}
    assert {cell.question for cell in chosen} == {cell.question for cell in CELLS}
    assert len(chosen) < len(CELLS) / 5


class TestAFaultThatPasses:
    @pytest.mark.parametrize("cell", soon(CELLS))
    def test_is_survived_and_the_load_is_exact(
        self, portal: GuppyServer, landing: Landing, quick: SettingsMaker, cell: Cell
    ) -> None:
        bring_about(portal, cell)
        reason = strike(portal, cell, times=2)
        release = land_system(system_of(portal), landing, quick(guppy_page_size=PAGE))
        assert_exact(portal, landing, release)
        if cell.question in ASKED_BEFORE_ANY_LOAD:
            assert len(portal.asked(cell.question)) >= 3
        else:
            counted = {load.dataset: load.proof["retries"] for load in release.loads if load.proof["retries"]}
            assert any(f"'{reason}'" in str(retries) for retries in counted.values())
            if cell.question in ("page", "download"):
                assert counted["case"] == {reason: 2}


class TestAFaultThatStays:
    @pytest.mark.parametrize("cell", soon(CELLS))
    def test_is_a_clear_error_or_worked_around_keeps_every_byte_and_the_next_run_is_exact(
        self, loaded: Callable[[Cell], Loaded], tmp_path: Path, quick: SettingsMaker, cell: Cell
    ) -> None:
        first = loaded(cell)
        portal, landing = first.portal, first.copied_to(tmp_path / "home")
        good = kept_bytes(landing)
        portal.types["case"].docs, portal.types["case"].index = cases(110, seed=3), "test_case_2"
        strike(portal, cell, times=None)
        impatient = quick(guppy_page_size=PAGE, retries=1, guppy_tries=1)
        if cell.worked_around:
            assert_exact(portal, landing, land_system(system_of(portal), landing, impatient))
            return
        with pytest.raises(SourceError, match=re.escape(portal.url)):
            land_system(system_of(portal), landing, impatient)
        assert landing.releases("midrc") == [first.release]
        assert kept_bytes(landing) == good
        portal.rules.clear()
        assert_exact(portal, landing, land_system(system_of(portal), landing, quick(guppy_page_size=PAGE)))


class TestTheProofThatNothingHasChanged:
    @pytest.mark.parametrize("cell", soon(cell for cell in CELLS if cell.question in ASKED_BY_THE_PROOF))
    def test_is_neither_given_nor_denied_by_a_fault(
        self, loaded: Callable[[Cell], Loaded], tmp_path: Path, quick: SettingsMaker, cell: Cell
    ) -> None:
        first = loaded(cell)
        portal, landing = first.portal, first.copied_to(tmp_path / "home")
        good = kept_bytes(landing)
        strike(portal, cell, times=2)
        assert proven_unchanged(system_of(portal), landing, quick()) == first.release
        strike(portal, cell, times=None)
        with pytest.raises(SourceError, match=re.escape(portal.url)):
            proven_unchanged(system_of(portal), landing, quick(retries=1))
        assert kept_bytes(landing) == good
