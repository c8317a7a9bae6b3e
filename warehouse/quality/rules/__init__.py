"""What is expected of counts and values, as data and SQL: one module a subject.

A new source adds a module and its rules to these tuples; the suites `conservation` and `values` take them as they are.
"""

from __future__ import annotations

from warehouse.quality.rules import conformed, idc, idc_artifacts, idc_clinical, midrc, releases

CONSERVATION = (
    *releases.CONSERVATION,
    *idc.CONSERVATION,
    *conformed.CONSERVATION,
    *midrc.CONSERVATION,
    *idc_artifacts.CONSERVATION,
    *idc_clinical.CONSERVATION,
)
"""Counts and sums that must be the same on both sides of dbt."""

VALUES = (*idc.VALUES, *conformed.VALUES, *releases.VALUES, *idc_clinical.VALUES)
"""What the values of the star may be."""
