"""The engine: Great Expectations evaluates the checks of profiles.

Great Expectations never sees the data itself, only a frame with a row for each thing that was measured (a column, a
key, a rule). Its SQL data source cannot read DuckDB, and a million rows in pandas take a gigabyte; a profile has some
hundred rows at most. The column `label` is the readable text of a row, which the verdict quotes, and `asset` is what
the row describes.

Severities are Great Expectations' own: `error` is its `critical`, `warning` its `warning`.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.metadata_types import FailureSeverity

from warehouse.quality.checks import Check, Rows
from warehouse.quality.suite import Detail, Profile
from warehouse.quality.verdicts import Asset, Finding, Severity, Verdict, finding_id

log = logging.getLogger("icw.quality")

_GX_SEVERITY = {"error": FailureSeverity.CRITICAL, "warning": FailureSeverity.WARNING}
_LABELS_SHOWN = 20
_LABEL_LENGTH = 240


def judge(profiles: Iterable[Profile]) -> list[Verdict]:
    """Judge every profile; one verdict a check, in the order of the profiles and their checks.

    Raises:
        RuntimeError: an expectation could not be evaluated (a defect of a suite, never of the data).
    """
    whole = _whole_frame()
    verdicts: list[Verdict] = []
    for profile in profiles:
        judged = _judge(whole, profile)
        failed = [verdict for verdict in judged if not verdict.passed]
        log.info(
            "suite judged",
            extra={"suite": profile.suite, "subject": profile.subject, "checks": len(judged), "failed": len(failed)},
        )
        verdicts += judged
    return verdicts


@functools.cache
def _whole_frame() -> BatchDefinition:
    """Return one data source for all profiles of the process: each batch brings its own frame.

    Great Expectations writes its whole configuration anew for each source.
    """
    return (
        _context()
        .data_sources.add_pandas("profiles")
        .add_dataframe_asset("profile")
        .add_batch_definition_whole_dataframe("all")
    )


def _context() -> EphemeralDataContext:
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _judge(whole: BatchDefinition, profile: Profile) -> list[Verdict]:
    """Judge the checks of a profile; those that differ only in their rows are one expectation over all of these rows.

    An expectation costs Great Expectations some twenty milliseconds however few rows it judges, and it judges them one
    by one: the result for a row does not depend on the other rows.
    """
    frame = pd.DataFrame(profile.rows, columns=list(profile.columns))
    alike: dict[tuple[str, str], dict[int, Check]] = {}
    for position, check in enumerate(profile.checks):
        alike.setdefault((check.expectation, repr(sorted(check.arguments.items()))), {})[position] = check
    verdicts: dict[int, Verdict] = {}
    for checks in alike.values():
        rows = {position: _selected(frame, check.rows) for position, check in checks.items()}
        judged = frame[pd.concat(list(rows.values()), axis=1).any(axis=1)]
        broken = _broken_rows(whole, profile.suite, list(checks.values()), judged) if len(judged) else set()
        for position, check in checks.items():
            verdicts[position] = _verdict(profile, check, frame[rows[position]], broken)
    return [verdicts[position] for position in range(len(profile.checks))]


def _broken_rows(whole: BatchDefinition, suite: str, checks: Sequence[Check], frame: pd.DataFrame) -> set[int]:
    """Return the index of every row of a frame that breaks an expectation, which is that of all the checks."""
    first = checks[0]
    worst: Severity = "error" if any(check.severity == "error" for check in checks) else "warning"
    expectation = getattr(gxe, first.expectation)(
        **first.arguments, description=first.sentence, severity=_GX_SEVERITY[worst]
    )
    batch = whole.get_batch({"dataframe": frame.drop(columns="asset").assign(row=frame.index)})
    result = batch.validate(
        expectation, result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["row"]}
    )
    if result.exception_info and result.exception_info.get("raised_exception") is not False:
        raise RuntimeError(
            f"The suite '{suite}' could not judge '{first.sentence}': {result.exception_info}. "
            "The suite does not fit its profile; correct the suite."
        )
    judged, without_figure = result.result.get("element_count", 0), result.result.get("missing_count", 0)
    if judged - without_figure != len(frame):
        # Great Expectations passes over nulls, and an expectation of a whole table counts no rows.
        raise RuntimeError(
            f"The suite '{suite}' judged '{first.sentence}' on {judged} rows, "
            f"{without_figure} of them without a figure, instead of on {len(frame)}. "
            "The suite does not fit its profile; correct the suite."
        )
    broken = {int(entry["row"]) for entry in result.result.get("unexpected_index_list") or ()}
    if result.success != (not broken):
        raise RuntimeError(
            f"The suite '{suite}' judged '{first.sentence}': it {'holds' if result.success else 'fails'}, and "
            f"{len(broken)} rows break it. A check must name its rows; use an expectation that judges row by row."
        )
    return broken


def _verdict(profile: Profile, check: Check, judged: pd.DataFrame, broken: set[int]) -> Verdict:
    """Return the verdict on the judged rows, and its findings."""
    rows = [
        _Row(label, asset, row in broken, _detail(profile, check, row))
        for row, label, asset in judged[["label", "asset"]].itertuples()
    ]
    by_asset: dict[Asset, list[_Row]] = {}
    for row in rows:
        by_asset.setdefault(row.asset, []).append(row)
    return Verdict(
        suite=profile.suite,
        expectation=check.sentence,
        severity=check.severity,
        passed=_all_pass(rows),
        observed=_observed(rows),
        subject=profile.subject,
        findings=tuple(
            finding
            for asset, of_it in (by_asset or {profile.default: []}).items()
            for finding in _findings(profile, check, asset, of_it)
        ),
    )


@dataclass(frozen=True)
class _Row:
    label: str
    asset: Asset
    is_broken: bool
    detail: Detail


def _detail(profile: Profile, check: Check, row: int) -> Detail:
    """Return the detail of a row; where it does not say how many records are affected, the figure that is judged."""
    measured = profile.rows[row]
    found = measured.get("detail")
    detail = found if isinstance(found, Detail) else Detail()
    return detail if detail.affected is not None else replace(detail, affected=_judged_count(check, measured))


def _judged_count(check: Check, row: Mapping[str, object]) -> int:
    """Return the count that a check judges in a row, or by how much two counts differ; 1 where it judges no counts."""
    name = check.arguments.get("column", check.arguments.get("column_B"))
    other = check.arguments.get("column_A") if check.expectation == "ExpectColumnPairValuesToBeEqual" else None
    counts = [row.get(str(column)) for column in (name, other) if column is not None]
    if not counts or not all(isinstance(count, int) and not isinstance(count, bool) for count in counts):
        return 1
    whole = [count for count in counts if isinstance(count, int)]
    return max(1, abs(whole[0] - whole[1] if len(whole) > 1 else whole[0]))


def _findings(profile: Profile, check: Check, asset: Asset, rows: Sequence[_Row]) -> list[Finding]:
    """Return the findings of an asset: those that fail, one a scope, or one that passes."""
    by_scope: dict[str, list[_Row]] = {}
    for row in rows:
        if row.is_broken:
            by_scope.setdefault(row.detail.scope, []).append(row)
    if not by_scope:
        known_as = finding_id(profile.suite, check.sentence, asset, "")
        return [Finding(asset, True, _observed(rows), known_as, check.severity)]
    return [_failing(profile, check, asset, scope, failing) for scope, failing in by_scope.items()]


def _failing(profile: Profile, check: Check, asset: Asset, scope: str, rows: Sequence[_Row]) -> Finding:
    queries = list(dict.fromkeys(row.detail.query for row in rows if row.detail.query is not None))
    return Finding(
        asset=asset,
        passed=False,
        observed=_observed(rows),
        id=finding_id(profile.suite, check.sentence, asset, scope),
        severity=check.severity,
        scope=scope,
        expected="; ".join(dict.fromkeys(row.detail.expected for row in rows if row.detail.expected)),
        affected=sum(1 if row.detail.affected is None else row.detail.affected for row in rows),
        query=queries[0]
        if len(queries) == 1
        else " union all by name ".join(f"(from ({sql}))" for sql in queries) or None,
        examples=rows[0].detail.examples if len(queries) == 1 else (),
    )


def _all_pass(rows: Sequence[_Row]) -> bool:
    return not any(row.is_broken for row in rows)


def _observed(rows: Sequence[_Row]) -> str:
    """Return the text of the rows that fail, or of those that pass where none fails."""
    if not rows:
        return "nothing to judge"
    failing = [row.label for row in rows if row.is_broken]
    if failing or len(rows) <= _LABELS_SHOWN:
        return _quote(failing or [row.label for row in rows])
    return f"{len(rows)} hold"


def _selected(frame: pd.DataFrame, rows: Rows) -> pd.Series:
    selected = pd.Series(True, index=frame.index)
    for column, value in rows.items():
        selected &= frame[column] == value
    return selected


def _quote(labels: Sequence[str]) -> str:
    """Return the labels in one line: how many, the first of them, and how many are left out."""
    shown = [label if len(label) <= _LABEL_LENGTH else label[: _LABEL_LENGTH - 3] + "..." for label in labels]
    rest = len(labels) - _LABELS_SHOWN
    text = "; ".join(shown[:_LABELS_SHOWN]) + (f"; and {rest} more" if rest > 0 else "")
    return text if len(labels) == 1 else f"{len(labels)}: {text}"
