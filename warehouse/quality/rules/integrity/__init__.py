"""Rules about what the rows of a landed release say of each other, as data: one module a subject."""

from __future__ import annotations

from warehouse.quality.rules.integrity import idc_descriptions, idc_results, idc_series, idc_versions, portals

RULES = (*idc_series.RULES, *idc_versions.RULES, *idc_descriptions.RULES, *idc_results.RULES, *portals.RULES)
"""References, one-to-one rules, and what is stated against what is counted."""

SHARED = {**idc_series.SHARED, **idc_descriptions.SHARED}
"""Relations (SQL) that several rules read, those that others read first."""
