"""The defects, a module for each family or two."""

from __future__ import annotations

from tests.bench.drift.defect import Defect
from tests.bench.drift.defects import (
    codes,
    counts,
    dates,
    distributions,
    duplication,
    freshness,
    identifiers,
    licences,
    loss,
    nulls,
    ownership,
    references,
    reported,
    schema,
    sizes,
)

DEFECTS: tuple[Defect, ...] = (
    *loss.DEFECTS,
    *duplication.DEFECTS,
    *sizes.DEFECTS,
    *counts.DEFECTS,
    *identifiers.DEFECTS,
    *ownership.DEFECTS,
    *licences.DEFECTS,
    *dates.DEFECTS,
    *codes.DEFECTS,
    *nulls.DEFECTS,
    *distributions.DEFECTS,
    *references.DEFECTS,
    *freshness.DEFECTS,
    *reported.DEFECTS,
    *schema.DEFECTS,
)
"""Every kind of defect; the names differ."""
