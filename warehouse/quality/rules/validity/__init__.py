"""Rules about what the values of a landed release may be, as data: one module a subject."""

from __future__ import annotations

from warehouse.quality.rules.validity import idc_codes, idc_figures, portals, texts

RULES = (*idc_figures.RULES, *idc_codes.RULES, *texts.RULES, *portals.RULES)
"""Value sets, formats, ranges, placeholders, control characters, and variants of spelling."""

SHARED = idc_codes.SHARED
"""Relations (SQL) that several rules read."""
