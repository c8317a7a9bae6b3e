"""How far the figures of a dataset may move between two loads, as data: for releases of IDC and for nights of a portal.

Each aspect has two limits. The `written` one holds until there is a history; then the history tells, but never less
than the `floor`. Beside each stands the largest movement of the releases 18.2.0 to 25.0.5 of IDC (the twelve that
`warehouse.quality.rules.stability` names) that is no known error of upstream.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Literal

from warehouse.quality.bounds import Limit

Unit = Literal["release", "night"]
"""The time between two loads that are compared: IDC publishes releases months apart, a portal is read every night."""

Movement = Literal[
    "shrinking",
    "growing",
    "group shrinking",
    "group growing",
    "group mean",
    "group mean of the same rows",
    "null",
    "group null",
    "null unexplained",
    "left value",
    "distribution",
    "left pattern",
    "quantiles",
    "distinct shrinking",
    "stated",
]
"""What moves:

- `shrinking`, `growing`: rows and distinct keys of a dataset, in logarithms. `distinct shrinking`: the different values
  of a column.
- `group shrinking`, `group growing`: rows of one collection, dataset, repository, licence, modality.
- `group mean`: the mean size or count of a group's rows, in logarithms; `of the same rows`: of as many as before.
- `null`, `group null`: the share of rows without a value, in the dataset or one modality of it; `unexplained`: what of
  its move rows that joined or left cannot explain, in either.
- `left value`, `left pattern`: the share of the rows before that no longer have their value, or pattern.
- `distribution`: the population stability index of a column's values.
- `stated`: a number of a dataset of one row, in logarithms.
- `quantiles`: by how much the middle 90 % of a column's numbers have moved, in their own spread.
"""


@dataclass(frozen=True)
class MovementLimits:
    """The limits of one movement, without a history and with one."""

    written: Limit
    floor: Limit


_NEVER = Limit(inf, inf)


def _both(written: Limit, floor: Limit | None = None) -> MovementLimits:
    return MovementLimits(written, floor or written)


LIMITS: Mapping[Unit, Mapping[Movement, MovementLimits]] = {
    "release": {
        # Never: the index has only grown. Small tables too.
        "shrinking": _both(Limit(0.005, 0.05)),
        # 0.56 (17.0.2 to 18.2.0: segmentations and reports of one collection).
        "growing": _both(Limit(0.7, 1.5), Limit(0.35, 1.5)),
        # 18 % (rms_mutation_prediction, 21.0.0) of the collections; 100 % of those given new UIDs, which have new rows.
        "group shrinking": _both(Limit(0.25, 0.7)),
        "group growing": _both(_NEVER),
        "group mean": _both(_NEVER),
        # 4 % (presentation states, 25.0.5: one was revised).
        "group mean of the same rows": _both(Limit(0.1, 0.25)),
        # 10.6 points (body part of segmentations, 23.2.9).
        "null": _both(Limit(0.25, inf)),
        "group null": _both(_NEVER),
        "null unexplained": _both(Limit(0.01, 0.1)),
        "left value": _both(Limit(0.05, 0.5)),
        "distribution": _both(Limit(0.5, inf)),
        "left pattern": _both(Limit(0.005, 0.05)),
        "quantiles": _both(Limit(0.5, inf)),
        "distinct shrinking": _both(Limit(0.05, 0.3)),
        "stated": _both(_NEVER),
    },
    "night": {
        "shrinking": _both(Limit(0.005, 0.02)),
        "growing": _both(Limit(0.25, 0.7), Limit(0.1, 0.7)),
        "group shrinking": _both(Limit(0.05, 0.5)),
        "group growing": _both(Limit(0.7, 2.0)),
        "group mean": _both(Limit(0.25, 0.65)),
        "group mean of the same rows": _both(Limit(0.005, 0.25)),
        "null": _both(Limit(0.01, 0.2)),
        # Few patients have the rows of a small modality: their values come and go together.
        "group null": _both(Limit(0.08, 0.5)),
        "null unexplained": _both(Limit(0.005, 0.05)),
        "left value": _both(Limit(0.005, 0.05)),
        # What a value loses is `left value`: what is left moves because rows of another kind have joined.
        "distribution": _both(Limit(0.25, inf)),
        "left pattern": _both(Limit(0.005, 0.05)),
        "quantiles": _both(Limit(0.05, 0.5)),
        "distinct shrinking": _both(Limit(0.01, 0.2)),
        "stated": _both(Limit(0.25, 0.65)),
    },
}

FEWEST_ROWS = 20
"""Of fewer rows before, no share is judged."""

OF_ONE_OWNER = 5
"""So many records of one patient or dataset arrive together, and are alike: they tell as much as one."""

MOST_JOINED = 0.1
"""A group or dataset in which a larger share has joined may have another mean, and other shares of values."""

FEWEST_LOST = 10
"""So few rows of a group are corrections of single records, and a group that small may go."""

NIGHTS_BACK = 10
"""A share that creeps is held against that of so many loads before, too, where the unit is the night."""

STILL_FOR = 3
"""A dataset that has always grown and is the same for so many loads stands still."""

POINTS_READ = 30
"""So many loads before tell how figures usually move."""
