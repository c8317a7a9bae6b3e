"""The core entities of the MIDRC records: cases, studies, series, annotations and files, and their relations.

What belongs here: drawing the relations so that every published total holds at once. The hub's part is drawn first,
because more figures are published about it (series by collection and modality); the portal has that part and the
records that the hub lacks. Attributes that no figure depends on are added in SQL (`portal_tables`, `hub_tables`).

Everything is arrays by position: `case` of a study is a position in `Cases`. All draws come from one seeded generator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from warehouse.sandbox.population.apportionment import Counts, apportion, shuffled_labels
from warehouse.sandbox.population.midrc_imaging import (
    XR,
    Cases,
    Datasets,
    Series,
    Studies,
    Texts,
    draw_imaging,
    labelled,
)
from warehouse.sandbox.population.targets import Targets


@dataclass(frozen=True)
class Files:
    """The portal's data files after the DICOM ones: positions are -1 where a file has no such parent."""

    data_type: Texts
    data_format: Texts
    study: Counts
    annotation: Counts
    report: Counts
    dataset: Counts


@dataclass(frozen=True)
class Annotations:
    """The portal's annotations, each of one study."""

    study: Counts
    method: Texts
    name: Texts


@dataclass(frozen=True)
class MidrcCore:
    """All core entities; `reports` holds the study of each radiology report, `measurements` the case of each."""

    datasets: Datasets
    cases: Cases
    studies: Studies
    series: Series
    annotations: Annotations
    reports: Counts
    measurements: Counts
    files: Files


def draw_midrc(targets: Targets, seed: int) -> MidrcCore:
    """Draw the core entities at the scale of the targets. The same scale and seed give the same entities."""
    random = np.random.Generator(np.random.PCG64(seed))
    datasets, dataset_counts = _datasets(targets)
    cases = _cases(targets, datasets, dataset_counts, random)
    studies, series = draw_imaging(targets, datasets, cases, random)
    annotations = _annotations(targets, studies, series, random)
    xr_or_ct = np.flatnonzero(np.isin(studies.modality, [*XR, "CT"]))
    n_reports = min(targets.scaled(targets.portal["files"][3]["count"]), len(xr_or_ct))
    reports = np.sort(random.permutation(xr_or_ct)[:n_reports])
    measured = targets.scaled(targets.portal["measurements"])
    measurements = (len(cases.dataset) * random.random(measured) ** 1.3).astype(np.int64)
    files = _files(targets, cases, studies, annotations, n_reports, random)
    return MidrcCore(datasets, cases, studies, series, annotations, reports, measurements, files)


def _datasets(targets: Targets) -> tuple[Datasets, Counts]:
    """Return the datasets and how many cases have each of them first."""
    projects = [collection["project"] for collection in targets.hub["midrc"]["collections"]]
    licenses = [collection["license"] for collection in targets.hub["midrc"]["collections"]]
    names = list(targets.portal["top_datasets"])
    counts = list(targets.portal["top_datasets"].values())
    project = [projects.index("Open-R1" if name.startswith("RSNA") else "Open-A1") for name in names]
    firsts = []
    for small in targets.portal["small_datasets"]:
        firsts.append(len(names))
        for number, cases in enumerate(apportion(small["cases"], np.arange(2, 2 + small["datasets"])), start=1):
            names.append(f"{small['prefix']}_{2021 + number % 4}{number % 12 + 1:02d}{number % 28 + 1:02d}")
            counts.append(int(cases))
            project.append(projects.index(small["project"]))
    shares = targets.shares(counts, targets.scaled(targets.portal["cases"]))
    for first in firsts:  # At a small scale, too, every project has a case.
        if shares[first] == 0:
            shares[first] += 1
            shares[int(np.argmax(shares))] -= 1
    read_on = str(targets.hub["midrc"]["metadata_source_date"]).replace("-", "")
    is_new = np.asarray([name[-8:] > read_on for name in names])
    return Datasets(names, np.asarray(project), projects, licenses, is_new), shares


def _cases(targets: Targets, datasets: Datasets, counts: Counts, random: np.random.Generator) -> Cases:
    total = targets.scaled(targets.portal["cases"])
    dataset = shuffled_labels(counts, random)
    project = datasets.project[dataset]
    second = np.full(total, -1)
    small = np.arange(len(targets.portal["top_datasets"]), len(datasets.names))
    chosen = random.permutation(total)[: targets.scaled(targets.portal["second_datasets"])]
    second[chosen] = small[random.integers(len(small), size=len(chosen))]
    second[second == dataset] = -1
    lacking = targets.scaled(targets.portal["second_datasets"]) - int((second >= 0).sum())
    spare = np.flatnonzero((second < 0) & (dataset < small[0]))[:lacking]
    second[spare] = small[0]

    races = _race_cells(targets)
    included = np.asarray([hub is not None for _, hub, _ in races])
    is_new = datasets.is_new[dataset] & ((second < 0) | datasets.is_new[second])
    cell = _cells_of_cases(targets.shares([count for _, _, count in races], total), included, is_new, random)
    for missing in set(range(len(datasets.projects))) - set(project[included[cell]]):
        # At a small scale a collection may be left without a case in the hub: exchange one with the largest project.
        mine = np.flatnonzero(project == missing)
        other = np.flatnonzero((project == 0) & included[cell])
        if len(mine) and len(other):
            cell[[mine[0], other[0]]] = cell[[other[0], mine[0]]]
    columns = {
        name: labelled(list(targets.portal[name]), targets.shares(targets.portal[name].values(), total), random)
        for name in ("sex", "ethnicity", "covid19_positive")
    }
    return Cases(
        dataset,
        second,
        project,
        race=np.asarray([race for race, _, _ in races], dtype=object)[cell],
        hub_race=np.asarray([hub[0] if hub else None for _, hub, _ in races], dtype=object)[cell],
        in_hub=included[cell],
        **columns,
    )


def _cells_of_cases(
    counts: Counts, included: NDArray[np.bool_], is_new: NDArray[np.bool_], random: np.random.Generator
) -> Counts:
    """Return a cell for each case, in random order; those that the hub lacks go to cases that are new to it first."""
    labels = shuffled_labels(counts, random)
    places = random.permutation(len(is_new))
    cells = np.empty_like(labels)
    cells[places[np.argsort(~is_new[places], kind="stable")]] = labels[np.argsort(included[labels], kind="stable")]
    return cells


def _race_cells(targets: Targets) -> list[tuple[str | None, tuple[str | None] | None, int]]:
    """Return (race in the portal, race in the hub, cases); no tuple in the middle for cases that the hub lacks."""
    portal, hub = targets.portal["race"], targets.hub["midrc"]["race"]
    cells: list[tuple[str | None, tuple[str | None] | None, int]] = []
    included = dict.fromkeys(portal, 0)
    agreed = dict(hub)
    for item in targets.hub["midrc"]["race_disagreements"]:
        cells.append((item["portal"], (item["hub"],), item["count"]))
        included[item["portal"]] += item["count"]
        agreed[item["hub"]] -= item["count"]
    for race, count in agreed.items():
        cells.append((race, (race,), count))
        included[race] += count
    cells += [(race, None, portal[race] - included[race]) for race in portal]
    return cells


def _annotations(targets: Targets, studies: Studies, series: Series, random: np.random.Generator) -> Annotations:
    cells = targets.portal["annotations"]
    counts = targets.shares([cell["count"] for cell in cells], targets.scaled(sum(cell["count"] for cell in cells)))
    labels = np.repeat(np.arange(len(cells)), counts)
    automatic = int(counts[0] + counts[1])
    segmented = series.study[series.modality == "SEG"]
    xr = np.flatnonzero(np.isin(studies.modality, XR))
    source = segmented if len(segmented) >= automatic else xr
    study = np.concatenate([source[:automatic], random.choice(xr, len(labels) - automatic)])
    method = np.asarray([cell["annotation_method"] for cell in cells], dtype=object)[labels]
    name = np.asarray([cell["annotation_name"] for cell in cells], dtype=object)[labels]
    return Annotations(study, method, name)


def _files(
    targets: Targets,
    cases: Cases,
    studies: Studies,
    annotations: Annotations,
    n_reports: int,
    random: np.random.Generator,
) -> Files:
    cells = targets.portal["files"][2:]
    counts = [targets.scaled(cell["count"]) for cell in cells]
    counts[1] = n_reports
    label = np.repeat(np.arange(len(cells)), counts)
    data_type = np.asarray([cell["data_type"] for cell in cells], dtype=object)[label]
    data_format = np.asarray([cell["data_format"] for cell in cells], dtype=object)[label]
    nothing = np.full(len(label), -1)
    annotation, report, study, dataset = nothing.copy(), nothing.copy(), nothing.copy(), nothing.copy()
    external = np.flatnonzero(data_type == "External Annotation")
    annotation[external] = np.arange(len(external)) % len(annotations.study)
    report[data_type == "Radiology Report"] = np.arange(n_reports)
    internal = np.flatnonzero(data_type == "Internal Annotation")
    study[internal] = random.choice(np.flatnonzero(studies.modality == "CT"), len(internal))
    clinical = np.flatnonzero(data_type == "Clinical Supplement")
    inhabited = np.unique(cases.dataset)
    dataset[clinical] = inhabited[np.arange(len(clinical)) % len(inhabited)]
    return Files(data_type, data_format, study, annotation, report, dataset)
