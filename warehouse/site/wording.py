"""Numbers, dates and names as the pages write them."""

from __future__ import annotations

from collections.abc import Mapping

from warehouse.site.answers import Cell

NOT_STATED = "not stated"

PLATFORMS: Mapping[str, str] = {"idc": "IDC", "midrc": "MIDRC", "bih": "BDF Imaging Hub"}
"""The short names of the systems; `dim_source` has the long ones."""

_UNITS = ((10**15, "PB"), (10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def platform(source: str) -> str:
    """Return the short name of a system, or its identifier where it has none."""
    return PLATFORMS.get(source, source)


def number(value: Cell) -> str:
    """Return a number with thousands separators; what is null was not stated, and is not zero."""
    if value is None:
        return NOT_STATED
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def size(value: int | None) -> str:
    """Return bytes in the unit that leaves one to three digits before the point (1 TB is 10^12 bytes)."""
    if value is None:
        return NOT_STATED
    for factor, unit in _UNITS:
        if value >= factor:
            return f"{value / factor:,.1f} {unit}"
    return f"{value} bytes"


def signed(value: int) -> str:
    """Return a difference with its sign; zero has none."""
    return f"{value:+,}" if value else "0"


def heading(column: str) -> str:
    """Return the header of a column of an answer."""
    names = {"source_id": "platform", "comparison_id": "comparison", "idc_version": "release"}
    return names.get(column, column.replace("_", " "))


def cell(column: str, value: Cell) -> str:
    """Return the text of a cell of an answer: versions as they are, all other numbers with separators."""
    if column == "source_id" and isinstance(value, str):
        return platform(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if column == "idc_version" else number(value)
