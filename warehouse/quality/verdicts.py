"""The results of the audit: one verdict for each expectation, and its findings, one for each thing that it is about.

Imports nothing heavy, so that readers of reports start fast.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from warehouse.errors import AuditFailed

Severity = Literal["error", "warning"]

Asset = tuple[str, str]
"""What can be judged by itself: (source, dataset) for a landed dataset, (`star`, table) for a table of the star."""

COULD_RUN = "The suite can measure and judge what it is about"
"""The expectation that fails where a suite itself fails: nothing is known then of what it would have judged."""

_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """The result of one expectation for one asset and scope (a column, a collection; empty for the asset as a whole).

    `id` is stable: it depends on the suite, the expectation, the asset and the scope alone. `observed` describes the
    rows of the profile that are about it, `expected` what would hold, `affected` how many records do not (of a suite
    that counts no records: how many rows of its profile). `examples` are the first records that `query` (SQL) lists;
    it lists all, over `landed_<source>.<dataset>`, `previous_<source>.<dataset>` and `star.<table>`. `previous` is the
    digest of the release that it was compared with.

    `since` is when the incident that it belongs to was opened (UTC). `acknowledged` says who accepts it and why, until
    a day: it is shown, and stops nothing. `remark` is what else a reader must know.
    """

    asset: Asset
    passed: bool
    observed: str
    id: str = ""
    severity: Severity = "warning"
    scope: str = ""
    expected: str = ""
    affected: int | None = None
    examples: tuple[str, ...] = ()
    query: str | None = None
    previous: str | None = None
    since: datetime | None = None
    acknowledged: str | None = None
    acknowledged_until: date | None = None
    remark: str | None = None

    @property
    def subject(self) -> str:
        """The asset and, where there is one, the scope in words: `idc.idc_index, license_short_name`."""
        asset = ".".join(self.asset)
        return f"{asset}, {self.scope}" if self.scope else asset

    @property
    def blocks(self) -> bool:
        """Whether nothing may be published because of it."""
        return self.severity == "error" and not self.passed and self.acknowledged is None


def finding_id(suite: str, expectation: str, asset: Asset, scope: str) -> str:
    """Return the id of a finding: `q-` and ten hexadecimal digits, the same in every run and every home."""
    content = "\x1f".join([suite, expectation, *asset, scope])
    return f"q-{hashlib.sha256(content.encode()).hexdigest()[:10]}"


class Verdict(BaseModel):
    """The result of one expectation.

    `suite` and `expectation` identify it (a sentence without figures, the same in every run). `subject` is what was
    judged: `idc 25.0.5` for a landed release, `star` for the built tables. `observed` lists the rows that fail, with
    their figures, or the rows that pass. A failed `error` stops the publish, unless every finding of it that fails is
    acknowledged; a failed `warning` is shown.

    `findings` split the verdict: of each asset those that fail, one a scope, or one that passes. Those that pass exist
    in the process that has judged, for its orchestration, and are not written into records and reports. A verdict that
    an earlier release of this project has written has none.
    """

    model_config = ConfigDict(frozen=True)

    suite: str
    expectation: str
    severity: Severity
    passed: bool
    observed: str
    subject: str
    findings: tuple[Finding, ...] = Field(default=(), repr=False)

    @model_serializer(mode="wrap")
    def _without_what_passes(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written = write(self)
        failing = [
            {name: value for name, value in finding.items() if value not in (None, "", (), [])}
            for finding in written.pop("findings")
            if not finding["passed"]
        ]
        return written | ({"findings": failing} if failing else {})

    @property
    def failing(self) -> tuple[Finding, ...]:
        """The findings that fail."""
        return tuple(finding for finding in self.findings if not finding.passed)

    @property
    def blocks(self) -> bool:
        """Whether nothing may be published because of it."""
        if self.severity != "error" or self.passed:
            return False
        return any(finding.blocks for finding in self.failing) or not self.failing

    def of(self, finding: Finding) -> Verdict:
        """Return this verdict restricted to one of its findings."""
        parts = {"passed": finding.passed, "observed": finding.observed, "findings": (finding,)}
        return self.model_copy(update=parts)

    def sentence(self, finding: Finding) -> str:
        """Return one of its findings in a plain sentence: what is expected of what, observed, and how much of it."""
        parts = [f"{self.expectation} ({finding.subject}): {finding.observed}"]
        parts += [f"expected: {finding.expected}"] if finding.expected else []
        parts += [f"{finding.affected:,} affected"] if finding.affected else []
        return "; ".join(parts)


def could_not_run(suite: str, subject: str, asset: Asset, reason: str) -> Verdict:
    """Return the error that says that a suite itself has failed, on what, and why."""
    observed = f"could not run: {reason}"
    found = Finding(asset, False, observed, finding_id(suite, COULD_RUN, asset, ""), "error", affected=1)
    return Verdict(
        suite=suite,
        expectation=COULD_RUN,
        severity="error",
        passed=False,
        observed=observed,
        subject=subject,
        findings=(found,),
    )


def failed_errors(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the verdicts that stop the publish: failed, of severity `error`, and not acknowledged as a whole."""
    return [verdict for verdict in verdicts if verdict.blocks]


def require_no_errors(verdicts: Sequence[Verdict]) -> None:
    """Accept a build only if it has been judged and no error was found that nobody has acknowledged.

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
            f"{verdict.expectation} ({verdict.suite}, {verdict.subject}), observed {_blocking(verdict)}"
            for verdict in failed[:_NAMED]
        )
        more = f"; and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
        raise AuditFailed(
            f"The build was not published: {len(failed)} of {len(verdicts)} expectations failed as errors: "
            f"{named}{more}. What was in service before stays in service; `icw quality` lists all that was found."
        )


def _blocking(verdict: Verdict) -> str:
    """Return what was observed, without the part that is acknowledged."""
    if not any(finding.acknowledged for finding in verdict.failing):
        return verdict.observed
    return "; ".join(finding.observed for finding in verdict.failing if finding.blocks)
