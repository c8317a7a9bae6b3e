"""The results of the audit: one verdict for each expectation.

Imports nothing heavy, so that readers of reports start fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from warehouse.errors import AuditFailed

Severity = Literal["error", "warning"]

Asset = tuple[str, str]
"""What can be judged by itself: (source, dataset) for a landed dataset, (`star`, table) for a table of the star."""

_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """The part of a verdict that concerns one asset; `observed` describes the rows of that asset alone."""

    asset: Asset
    passed: bool
    observed: str


class Verdict(BaseModel):
    """The result of one expectation.

    `suite` and `expectation` identify it (a sentence without figures, the same in every run). `subject` is what was
    judged: `idc 25.0.5` for a landed release, `star` for the built tables. `observed` lists the rows that fail, with
    their figures, or the rows that pass. A failed `error` stops the publish; a failed `warning` is shown.

    `findings` split the verdict by asset, at least one. They exist in the process that has judged, for its
    orchestration, and are not written into records and reports.
    """

    model_config = ConfigDict(frozen=True)

    suite: str
    expectation: str
    severity: Severity
    passed: bool
    observed: str
    subject: str
    findings: tuple[Finding, ...] = Field(default=(), exclude=True, repr=False)

    def of(self, finding: Finding) -> Verdict:
        """Return this verdict restricted to one of its findings."""
        parts = {"passed": finding.passed, "observed": finding.observed, "findings": (finding,)}
        return self.model_copy(update=parts)


def failed_errors(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the verdicts that stop the publish: failed, of severity `error`."""
    return [verdict for verdict in verdicts if verdict.severity == "error" and not verdict.passed]


def require_no_errors(verdicts: Sequence[Verdict]) -> None:
    """Accept a build only if it has been judged and no error was found.

    Raises:
        AuditFailed: there is no verdict, or an expectation of severity `error` failed; the message names the first few.
    """
    if not verdicts:
        raise AuditFailed(
            "The build was not published: no expectation has judged it, so nothing is known about it. "
            "What was in service before stays in service."
        )
    failed = failed_errors(verdicts)
    if failed:
        raise AuditFailed(
            f"The build was not published: {len(failed)} of {len(verdicts)} expectations failed as errors: "
            f"{named(failed)}. What was in service before stays in service."
        )


def named(failed: Sequence[Verdict]) -> str:
    """Return the first few of some failed verdicts in one line, and how many are left out."""
    first = "; ".join(
        f"{verdict.expectation} ({verdict.suite}, {verdict.subject}), observed {verdict.observed}"
        for verdict in failed[:_NAMED]
    )
    return first + (f"; and {len(failed) - _NAMED} more" if len(failed) > _NAMED else "")
