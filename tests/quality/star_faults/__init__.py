"""Faults of a built star, by subject: each spoils a copy of a sound build and names the verdict that it must yield.

Faults that do not touch each other's figures share a copy, so that a few audits judge all of them.
"""

from __future__ import annotations

from tests.quality.star_faults import conservation, declared, values
from tests.quality.star_faults.fault import Fault

__all__ = ["FAULTS", "Fault"]

FAULTS = (*declared.FAULTS, *conservation.FAULTS, *values.FAULTS)
