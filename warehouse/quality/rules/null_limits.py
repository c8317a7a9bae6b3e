"""Limits of null rates: the highest rate measured so far of each column within each image modality.

`null_limits.csv` holds, for the IDC, the highest rate among the releases 18.2.0, 20.0.3, 22.1.5, 23.5.0, 24.2.2 and
25.0.5, for modalities that reach 1,000 series; blank text counts as null, as in the models. Rates are judged within a
modality because derived objects and whole modalities lack attributes by nature: over all series together, one new
collection of segmentations moves them by tens of points and hides a real loss in CT.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class NullLimit:
    """The highest null rate (per cent) of a column of fct_series within a modality of a source."""

    source: str
    modality: str
    column: str
    highest_null_percent: float


def load_null_limits() -> tuple[NullLimit, ...]:
    """Read the known limits from `null_limits.csv` beside this module."""
    text = resources.files("warehouse.quality.rules").joinpath("null_limits.csv").read_text(encoding="utf-8")
    return tuple(
        NullLimit(row["source"], row["modality"], row["column"], float(row["highest_null_percent"]))
        for row in csv.DictReader(text.splitlines())
    )
