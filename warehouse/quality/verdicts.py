"""What the audit says: one verdict for each expectation.

Imports nothing heavy, so that readers of reports start fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from warehouse.errors import AuditFailed

Severity = Literal["error", "warning"]

_NAMED = 5


class Verdict(BaseModel):
    """One expectation, judged.

    `suite` and `expectation` name it (a sentence without figures, the same in every run), `subject` is what was
    judged (`idc 25.0.5` for a landed release, `star` for the built tables), `observed` says what was seen: the rows
    that fail with their figures, or what holds. A failed `error` stops the publish; a failed `warning` is shown.
    """

    model_config = ConfigDict(frozen=True)

    suite: str
    expectation: str
    severity: Severity
    passed: bool
    observed: str
    subject: str


def failed_errors(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the verdicts that stop the publish: failed, of severity `error`."""
    return [verdict for verdict in verdicts if verdict.severity == "error" and not verdict.passed]


def require_no_errors(verdicts: Sequence[Verdict]) -> None:
    """Let a build pass only if it has been judged and no error was found.

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
        named = "; ".join(
            f"{verdict.expectation} ({verdict.suite}, {verdict.subject}), observed {verdict.observed}"
            for verdict in failed[:_NAMED]
        )
        more = f"; and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
        raise AuditFailed(
            f"The build was not published: {len(failed)} of {len(verdicts)} expectations failed as errors: "
            f"{named}{more}. What was in service before stays in service."
        )
