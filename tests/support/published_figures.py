"""The figures of the comparison report of 2026-02-12 for the portal, the hub and Indexd, one row a figure."""

from __future__ import annotations

from pathlib import Path

PUBLISHED = Path(__file__).with_name("published_figures.csv")
