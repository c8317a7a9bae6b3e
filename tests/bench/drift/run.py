"""Run the benchmark: every defect in every size, and the nights on which nothing is wrong."""

from __future__ import annotations

import hashlib
import multiprocessing
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench.drift.defect import WHOLE
from tests.bench.drift.defects import DEFECTS
from tests.bench.drift.idc_world import grown_world, idc_world
from tests.bench.drift.judging import Caught, answerable, failing, past_of_world, standing_still
from tests.bench.drift.portal_world import PORTALS, portal_world
from tests.bench.drift.processes import as_script
from tests.bench.drift.seeding import forget, seeded
from tests.bench.drift.world import World
from tests.bench.folder import BENCH
from warehouse.quality.past import Past
from warehouse.quality.suites import stable_figures, stable_records

HOME = BENCH / "drift"

PAST_NIGHTS, CLEAN_NIGHTS = 10, 30
FIRST_VERSION, GROWN_PAST = 8, 5
"""The releases of IDC that grow begin with this version, and so many of them are the past of the first that counts."""
USUAL = 0.01
_PROCESSES = 2


@dataclass(frozen=True)
class Case:
    """A defect, by name, in one size."""

    defect: str
    size: float


@dataclass(frozen=True)
class Outcome:
    """What the audit made of a case: the findings that the defect is answerable for, and the seconds (CPU) it took.

    `hits` are the rows of the affected dataset; `changed` is false where the defect left the data as it was.
    """

    defect: str
    family: str
    source: str
    size: float
    hits: int
    changed: bool
    seconds: float
    caught: tuple[Caught, ...]

    @property
    def is_error(self) -> bool:
        """Whether it would have stopped the publish."""
        return any(caught.severity == "error" for caught in self.caught)


@dataclass(frozen=True)
class CleanNight:
    """What the audit found on a night on which nothing is wrong and what it had not found the night before."""

    source: str
    version: str
    seconds: float
    found: tuple[Caught, ...]
    new: tuple[Caught, ...]


class Worlds:
    """The good data of each source with its past, and what the audit finds in it; made where it is needed first."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._worlds: dict[str, tuple[World, Past, dict[str, Caught]]] = {}

    def of(self, source: str) -> tuple[World, Past, dict[str, Caught]]:
        """Return the world up to the night under test, its past, and what fails on the good night."""
        if source not in self._worlds:
            world = world_of(self.home, source)
            past = past_of_world(self.home, world)
            self._worlds[source] = world, past, failing(world.landing, world.night, past)
        return self._worlds[source]


def world_of(home: Path, source: str, later: int = 0) -> World:
    """Return the good nights of a source up to the one under test, or so many `later` ones of a portal besides."""
    if source in PORTALS:
        every = PAST_NIGHTS + 1 + CLEAN_NIGHTS
        return portal_world(home / source, source, every, landed=PAST_NIGHTS + 1 + later)
    return idc_world(home / source)


def judged(worlds: Worlds, case: Case) -> Outcome:
    """Seed a defect, audit the night, and forget it again."""
    started = time.process_time()
    defect = next(defect for defect in DEFECTS if defect.name == case.defect)
    world, past, clean = worlds.of(defect.source)
    name = f"seeded-{hashlib.sha256(f'{case.defect}|{case.size}'.encode()).hexdigest()[:12]}"
    release, hits = seeded(world, defect, case.size, name)
    made = [release]
    if defect.creeping:
        count = len(world.releases)
        nights = [
            seeded(world.until(place), defect, case.size * place / count, f"{name}-{place}")[0]
            for place in range(1, count)
        ]
        made += nights
        past = past_of_world(worlds.home, World(world.landing, (*nights, release)))
    found = standing_still(world) if defect.standing else failing(world.landing, release, past)
    for each in made:
        forget(world.landing, each, world.releases)
    return Outcome(
        defect=defect.name,
        family=defect.family,
        source=defect.source,
        size=case.size,
        hits=hits,
        changed=release.digest != world.night.digest or bool(defect.manifest),
        seconds=time.process_time() - started,
        caught=tuple(answerable(found, clean, hits)),
    )


def clean_nights(worlds: Worlds, source: str) -> list[CleanNight]:
    """Audit the good nights of a portal from the one under test on, or a release of IDC as it grew.

    What such a release says by itself is real: only what is found beside those before it can be a false alarm.
    """
    if source in PORTALS:
        return nights_of(world_of(worlds.home, source, CLEAN_NIGHTS), worlds.home, PAST_NIGHTS + 1)
    return [
        replace(night, found=_beside_the_past(night.found), new=_beside_the_past(night.new))
        for night in nights_of(grown_world(worlds.home / source, FIRST_VERSION), worlds.home, GROWN_PAST + 1)
    ]


def _beside_the_past(found: Sequence[Caught]) -> tuple[Caught, ...]:
    return tuple(caught for caught in found if caught.suite in (stable_records.SUITE.name, stable_figures.SUITE.name))


def nights_of(world: World, home: Path, first: int) -> list[CleanNight]:
    """Audit the nights of a world from the `first` on (from 1), one after the other, each beside all before it.

    What is found on the night before them is known already; a night that is the same as the one before is left out.
    """
    nights: list[CleanNight] = []
    known: dict[str, Caught] = {}
    for count in range(max(1, first - 1), len(world.releases) + 1):
        started = time.process_time()
        until = world.until(count)
        if until.earlier and until.night.digest == until.earlier[-1].digest:
            continue
        found = failing(world.landing, until.night, past_of_world(home, until))
        if count >= first:
            new = tuple(caught for id, caught in found.items() if id not in known)
            seconds = time.process_time() - started
            nights.append(CleanNight(world.night.source, until.night.version, seconds, tuple(found.values()), new))
        known = found
    return nights


_held: dict[str, Worlds] = {}


def _worlds(home: Path) -> Worlds:
    """Return the worlds of this process."""
    return _held.setdefault(str(home), Worlds(home))


def _judge(home: Path, case: Case) -> Outcome:
    return judged(_worlds(home), case)


def _clean(home: Path, source: str) -> list[CleanNight]:
    return clean_nights(_worlds(home), source)


def _make(home: Path, source: str) -> None:
    _worlds(home).of(source)


def cases_of(names: Sequence[str] = (), sizes: Sequence[float] = ()) -> list[Case]:
    """Return the cases whose defect, family or source is named (all by default), in the given sizes.

    Without sizes, each defect comes once: at a hundredth, or at the least of its sizes where that is none of them.
    """
    chosen = [defect for defect in DEFECTS if not names or {defect.name, defect.family, defect.source} & set(names)]
    if not sizes:
        return [Case(defect.name, USUAL if USUAL in defect.sizes else min(defect.sizes)) for defect in chosen]
    return [Case(defect.name, size) for defect in chosen for size in defect.sizes if size in sizes or size >= WHOLE[0]]


def larger(outcomes: Sequence[Outcome]) -> list[Case]:
    """Return the larger sizes of the cases that were missed."""
    return [
        Case(defect.name, size)
        for outcome in outcomes
        if outcome.changed and not outcome.caught
        for defect in DEFECTS
        if defect.name == outcome.defect
        for size in defect.sizes
        if size > outcome.size
    ]


def measure(
    home: Path,
    cases: Sequence[Case],
    sources: Sequence[str],
    tell: Callable[[Outcome, int], None] = lambda outcome, left: None,
    *,
    again: bool,
) -> tuple[list[Outcome], list[CleanNight]]:
    """Run the cases, and the clean nights of the sources, in two processes; `again`, missed ones in larger sizes.

    `tell` hears of each outcome, with how many are left to come.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_PROCESSES, mp_context=context, initializer=as_script) as pool:
        # What earlier code has made of the same upstream is made anew; what was fetched stays.
        for source in ("idc", *PORTALS):
            shutil.rmtree(home / source / "nights", ignore_errors=True)
        # Each world is made by one process and read by the other.
        list(pool.map(_make, [home] * 3, (*PORTALS, "idc")))
        outcomes: list[Outcome] = []
        waiting = [*cases]
        while waiting:
            found = []
            for outcome in pool.map(_judge, [home] * len(waiting), waiting, chunksize=4):
                found.append(outcome)
                tell(outcome, len(waiting) - len(found))
            outcomes += found
            waiting = larger(found) if again else []
            again = False
        nights = [night for found in pool.map(_clean, [home] * len(sources), sources) for night in found]
        return outcomes, nights
