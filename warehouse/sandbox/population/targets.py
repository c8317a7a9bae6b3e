"""The totals of the synthetic population: the numbers of `data/targets.yml`, scaled.

What belongs here: reading the targets. They are inputs of the synthesis only; no service reads them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import yaml

from warehouse.sandbox.population.apportionment import Counts, apportion


@dataclass(frozen=True)
class Targets:
    """The targets at one scale. At scale 1.0 every count is the one in the file."""

    scale: float
    content: dict[str, Any]

    @property
    def portal(self) -> dict[str, Any]:
        """The targets of the portal."""
        return self.content["portal"]

    @property
    def hub(self) -> dict[str, Any]:
        """The targets of the hub."""
        return self.content["hub"]

    def scaled(self, count: int) -> int:
        """Return a count at this scale, rounded to the nearest whole number."""
        return round(count * self.scale)

    def shares(self, counts: Iterable[int], total: int) -> Counts:
        """Return the counts in their proportions, summing to `total`."""
        return apportion(total, np.asarray(list(counts), dtype=np.int64))


def read_targets(scale: float) -> Targets:
    """Return the targets at a scale between 0 (exclusive) and 1."""
    if not 0 < scale <= 1:
        raise ValueError(f"The scale of the sandbox is {scale}; it must be above 0 and at most 1.")
    text = resources.files("warehouse.sandbox").joinpath("data/targets.yml").read_text(encoding="utf-8")
    return Targets(scale, yaml.safe_load(text))
