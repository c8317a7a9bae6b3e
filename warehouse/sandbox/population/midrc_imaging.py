"""MIDRC's imaging: studies and series, with their modalities, body parts and descriptions.

What belongs here: the arrays of datasets, cases, studies and series, and drawing studies and series for given cases.
The hub's series are drawn first, collection by collection and modality by modality, then what only the portal has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warehouse.sandbox.population import vocabulary
from warehouse.sandbox.population.apportionment import (
    Counts,
    apportion,
    apportion_to_all,
    choose_up_to_sum,
    consolidated,
    shuffled_labels,
    spread,
    two_way_table,
)
from warehouse.sandbox.population.targets import Targets

XR = ("CR", "DX")
PRIMARY = ("DX", "CR", "CT", "MR")
Texts = NDArray[np.object_]


@dataclass(frozen=True)
class Datasets:
    """The portal's datasets (the batches in which cases were submitted); `project` is a position in `projects`.

    `is_new` marks those whose names end with a day after the one on which the hub read MIDRC.
    """

    names: list[str]
    project: Counts
    projects: list[str]
    license: list[str]
    is_new: NDArray[np.bool_]

    def newest(self, project: int) -> int:
        """Return the newest dataset of a project by its name, or -1 if none of them is new."""
        found = np.flatnonzero(self.is_new & (self.project == project))
        return int(max(found, key=lambda place: self.names[place][-8:], default=-1))


@dataclass(frozen=True)
class Cases:
    """The portal's cases; `second_dataset` is -1 for most. `hub_race` counts only where `in_hub`."""

    dataset: Counts
    second_dataset: Counts
    project: Counts
    sex: Texts
    race: Texts
    ethnicity: Texts
    covid19_positive: Texts
    in_hub: NDArray[np.bool_]
    hub_race: Texts


@dataclass(frozen=True)
class Studies:
    """The portal's imaging studies; `second_modality` and `description` may be None.

    `dataset` is -1 where a study came with its case, else the dataset that it came with later.
    """

    case: Counts
    dataset: Counts
    modality: Texts
    second_modality: Texts
    description: Texts
    in_hub: NDArray[np.bool_]


@dataclass(frozen=True)
class Series:
    """All DICOM series of the portal, SEG and SR included."""

    study: Counts
    modality: Texts
    body_part: Texts
    in_hub: NDArray[np.bool_]


def labelled(values: Sequence[Any], counts: Counts, random: np.random.Generator) -> Texts:
    """Return each value as often as it is counted, in random order."""
    return np.asarray(values, dtype=object)[shuffled_labels(counts, random)]


@dataclass
class _Growing:
    """Studies and series while they are drawn; the collection of a study is needed only until then."""

    case: list[Counts]
    collection: list[Counts]
    modality: list[str]
    series_study: list[Counts]
    series_modality: list[str]

    def add_studies(self, cases: Counts, collection: int, modality: Sequence[str]) -> Counts:
        """Add studies and return their positions."""
        first = len(self.modality)
        self.case.append(cases)
        self.collection.append(np.full(len(cases), collection))
        self.modality += modality
        return np.arange(first, len(self.modality))

    def add_series(self, studies: Counts, modality: Sequence[str]) -> None:
        self.series_study.append(studies)
        self.series_modality += modality


def draw_imaging(
    targets: Targets, datasets: Datasets, cases: Cases, random: np.random.Generator
) -> tuple[Studies, Series]:
    """Draw the studies of the cases and the series of the studies, the hub's part first."""
    growing = _Growing([], [], [], [], [])
    cells, modalities = _series_cells(targets)
    hub_primary = _primary(targets, targets.scaled(targets.hub["midrc"]["studies"]))
    seconds = _take_seconds(targets, cells, modalities)
    per_cell = _study_cells(cells, modalities, hub_primary)
    for collection in range(len(datasets.projects)):
        members = np.flatnonzero((cases.project == collection) & cases.in_hub)
        _add_collection(growing, collection, members, per_cell[collection], cells[collection], modalities, random)
    second_modality = _add_seconds(growing, seconds)
    hub_studies, hub_series = len(growing.modality), len(growing.series_modality)
    later = _add_new_studies(targets, growing, datasets, cases, hub_primary, random)

    modality = np.asarray(growing.modality, dtype=object)
    in_hub = np.arange(len(modality)) < hub_studies
    second = np.full(len(modality), None, dtype=object)
    second[list(second_modality)] = list(second_modality.values())
    series_modality = np.asarray(growing.series_modality, dtype=object)
    series = Series(
        study=np.concatenate(growing.series_study),
        modality=series_modality,
        body_part=_body_parts(targets, series_modality, hub_series, random),
        in_hub=np.arange(len(series_modality)) < hub_series,
    )
    description = _descriptions(targets, modality, in_hub, series, random)
    dataset = np.concatenate([np.full(hub_studies, -1), later])
    return Studies(np.concatenate(growing.case), dataset, modality, second, description, in_hub), series


def _primary(targets: Targets, total: int) -> Counts:
    """Return how many of `total` studies have each first modality, in the order of `PRIMARY`."""
    return targets.shares([targets.portal["primary_modality"][name] for name in PRIMARY], total)


def _series_cells(targets: Targets) -> tuple[Counts, list[str]]:
    """Return the hub's series by collection and modality, and the modalities."""
    midrc = targets.hub["midrc"]
    modalities = list(midrc["modality"])
    total = targets.scaled(sum(midrc["modality"].values()))
    by_modality = targets.shares(midrc["modality"].values(), total)
    by_collection = targets.shares([item["series"] for item in midrc["collections"]], total)
    weights = np.outer(by_collection, by_modality).astype(float)
    xr_share = np.asarray([item["xr_share"] for item in midrc["collections"]])
    for column, modality in enumerate(modalities):
        share = {"SEG": 0.85 * xr_share, "SR": np.ones(len(xr_share))}.get(modality, 1 - xr_share)
        weights[:, column] *= xr_share if modality in XR else share
    return two_way_table(by_collection, by_modality, weights), modalities


def _take_seconds(targets: Targets, cells: Counts, modalities: list[str]) -> list[str]:
    """Return the second modalities of studies that have two, their series taken out of the cells with most CT."""
    wanted = targets.portal["second_modality"]
    counts = targets.shares(wanted.values(), targets.scaled(sum(wanted.values())))
    seconds = [name for name, count in zip(wanted, counts, strict=True) for _ in range(count)]
    for modality in seconds:
        cells[_most_ct(cells, modalities), modalities.index(modality)] -= 1
    return seconds


def _most_ct(cells: Counts, modalities: list[str]) -> int:
    return int(np.argmax(cells[:, modalities.index("CT")]))


def _study_cells(cells: Counts, modalities: list[str], primary: Counts) -> Counts:
    """Return the hub's studies by collection and first modality; series of collections left without any are moved."""
    for modality, count in zip(PRIMARY, primary, strict=True):
        # Only at a small scale are there more collections with a modality than studies of it.
        column = modalities.index(modality)
        cells[:, column] = consolidated(cells[:, column], int(count))
    per_cell = np.stack(
        [apportion_to_all(int(n), cells[:, modalities.index(m)]) for m, n in zip(PRIMARY, primary, strict=True)],
        axis=1,
    )
    homeless = per_cell.sum(axis=1) == 0
    cells[_most_ct(cells, modalities)] += cells[homeless].sum(axis=0)
    cells[homeless] = 0
    return per_cell


def _add_collection(
    growing: _Growing,
    collection: int,
    members: Counts,
    studies: Counts,
    series: Counts,
    modalities: list[str],
    random: np.random.Generator,
) -> None:
    """Add the hub's studies and series of one collection, whose cases are `members`."""
    names = [modality for modality, count in zip(PRIMARY, studies, strict=True) for _ in range(count)]
    everything = growing.add_studies(_owners(members, len(names), random), collection, names)
    of_modality = dict(zip(PRIMARY, np.split(everything, np.cumsum(studies)[:-1]), strict=True))
    for modality, positions in of_modality.items():
        sizes = spread(int(series[modalities.index(modality)]), len(positions), random)
        growing.add_series(np.repeat(positions, sizes), [modality] * int(sizes.sum()))
    xr = np.concatenate([of_modality[modality] for modality in XR])
    rest = of_modality["CT"] if len(of_modality["CT"]) else everything
    for modality, count in zip(modalities, series, strict=True):
        if modality in PRIMARY or count == 0:
            continue
        in_xr = round(0.85 * count) if modality == "SEG" and len(xr) else 0
        if in_xr:
            growing.add_series(random.choice(xr, in_xr), [modality] * in_xr)
        growing.add_series(random.choice(rest, count - in_xr), [modality] * int(count - in_xr))


def _add_seconds(growing: _Growing, seconds: list[str]) -> dict[int, str]:
    """Give the first CT studies of the collection with most of them a series of a second modality; return which."""
    is_ct = np.asarray(growing.modality, dtype=object) == "CT"
    collection = np.concatenate(growing.collection)
    most = int(np.argmax(np.bincount(collection[is_ct])))
    chosen = np.flatnonzero(is_ct & (collection == most))[: len(seconds)]
    growing.add_series(chosen, seconds[: len(chosen)])
    return dict(zip(chosen.tolist(), seconds, strict=False))


def _owners(members: Counts, studies: int, random: np.random.Generator) -> Counts:
    """Return the case of each study: nearly every case has one, the others fall anywhere."""
    if studies == 0:
        return np.zeros(0, dtype=np.int64)
    with_study = random.permutation(members)[: min(studies, len(members) - len(members) // 200)]
    others = members[(len(members) * random.random(studies - len(with_study)) ** 1.4).astype(np.int64)]
    return random.permutation(np.concatenate([with_study, others]))


def _add_new_studies(
    targets: Targets,
    growing: _Growing,
    datasets: Datasets,
    cases: Cases,
    hub_primary: Counts,
    random: np.random.Generator,
) -> Counts:
    """Add what the hub does not know: studies of all cases that it lacks, further ones of others, and their series.

    Returns the dataset with which each came: -1 for those of cases that the hub lacks, else the newest of the project.
    """
    counts = np.maximum(_primary(targets, targets.scaled(targets.portal["studies"])) - hub_primary, 0)
    total = int(counts.sum())
    unknown = np.flatnonzero(~cases.in_hub)[:total]
    newest = np.asarray([datasets.newest(project) for project in range(len(datasets.projects))])
    others = random.choice(np.flatnonzero(cases.in_hub & (newest[cases.project] >= 0)), total - len(unknown))
    owners = random.permutation(np.concatenate([unknown, others]))
    names = [modality for modality, count in zip(PRIMARY, counts, strict=True) for _ in range(count)]
    images = sum(1 for modality in growing.series_modality if modality not in ("SEG", "SR"))
    studies = growing.add_studies(owners, -1, names)
    sizes = spread(max(targets.scaled(targets.portal["files"][0]["count"]) - images, 0), total, random)
    growing.add_series(np.repeat(studies, sizes), list(np.repeat(np.asarray(names, dtype=object), sizes)))
    return np.where(cases.in_hub[owners], newest[cases.project[owners]], -1)


def _body_parts(targets: Targets, modality: Texts, hub_series: int, random: np.random.Generator) -> Texts:
    parts = targets.hub["midrc"]["body_parts"]
    published = targets.hub["midrc"]["modality"]
    body_part = np.full(len(modality), None, dtype=object)
    for group in ("XR", "CT", "MR"):
        members = XR if group == "XR" else (group,)
        names = [item["body_part"] for item in parts if item["of"] == group]
        counts = [item["count"] for item in parts if item["of"] == group]
        values = [*names, None]
        shares = [*counts, sum(published[member] for member in members) - sum(counts)]
        inside = np.isin(modality, members)
        for known in (True, False):
            chosen = np.flatnonzero(inside & ((np.arange(len(modality)) < hub_series) == known))
            body_part[chosen] = labelled(values, apportion(len(chosen), shares), random)
    return body_part


def _descriptions(
    targets: Targets, modality: Texts, in_hub: NDArray[np.bool_], series: Series, random: np.random.Generator
) -> Texts:
    sizes = np.bincount(series.study[series.in_hub], minlength=len(modality))
    description = np.full(len(modality), None, dtype=object)
    is_free = np.ones(len(modality), dtype=bool)
    for group, others in (
        ("XR", vocabulary.XR_DESCRIPTIONS),
        ("CT", vocabulary.CT_DESCRIPTIONS),
        ("MR", vocabulary.MR_DESCRIPTIONS),
    ):
        inside = np.isin(modality, XR if group == "XR" else (group,))
        for item in targets.hub["midrc"]["study_descriptions"]:
            if item["of"] != group:
                continue
            open_studies = random.permutation(np.flatnonzero(inside & in_hub & is_free & (sizes > 0)))
            chosen = choose_up_to_sum(sizes, targets.scaled(item["series"]), open_studies)
            description[chosen] = item["study_description"]
            is_free[chosen] = False
        left = np.flatnonzero(inside & is_free)
        # Mostly ordinary text, some missing, little that is hard to read: the published descriptions stay the top ones.
        pool = [*others * 40, *[None] * len(others), *vocabulary.DIRTY_TEXTS[: max(len(others) // 4, 2)]]
        picked = random.integers(len(pool), size=len(left))
        description[left] = np.asarray(pool, dtype=object)[picked]
    # Every kind of dirty text occurs at any scale.
    spare = np.flatnonzero(is_free)[: len(vocabulary.DIRTY_TEXTS)]
    description[spare] = vocabulary.DIRTY_TEXTS[: len(spare)]
    return description
