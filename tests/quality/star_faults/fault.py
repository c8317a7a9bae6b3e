"""The form of a fault."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.quality.verdicts import Severity


@dataclass(frozen=True)
class Fault:
    """SQL that spoils a copy of the build (named by `copy`), and the verdict that it must yield."""

    copy: str
    suite: str
    expectation: str
    severity: Severity
    sql: str
    observed: str
