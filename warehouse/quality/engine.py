"""How profiles are judged: suites of Great Expectations checks over small frames.

Great Expectations never sees the data itself, only a frame with a row for each thing that was measured (a column, a
key, a rule). Its SQL data source cannot read DuckDB and a million rows in pandas cost a gigabyte; a profile has some
hundred rows at most. Each frame has a column `label`, the readable text of the row, which the verdict quotes.

Severities are Great Expectations' own: `error` is its `critical`, `warning` its `warning`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import great_expectations as gx
import pandas as pd
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.core.expect_column_pair_values_a_to_be_greater_than_b import (
    ExpectColumnPairValuesAToBeGreaterThanB,
)
from great_expectations.expectations.core.expect_column_pair_values_to_be_equal import ExpectColumnPairValuesToBeEqual
from great_expectations.expectations.core.expect_column_values_to_be_between import ExpectColumnValuesToBeBetween
from great_expectations.expectations.core.expect_column_values_to_not_be_in_set import ExpectColumnValuesToNotBeInSet
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity

from warehouse.quality.verdicts import Severity, Verdict

log = logging.getLogger("icw.quality")

# Column -> value: the rows of a profile that a check is about.
Rows = Mapping[str, bool | str]

_GX_SEVERITY = {"error": FailureSeverity.CRITICAL, "warning": FailureSeverity.WARNING}
_LABELS_SHOWN = 20
_LABEL_LENGTH = 240


@dataclass(frozen=True)
class Check:
    """One expectation about the rows of a profile.

    `sentence` says in the positive what is expected. `kind` and `arguments` are the Great Expectations class and its
    arguments; it must judge row by row (a "map" expectation), so that the failing rows can be named. `rows` restricts
    it to the rows whose columns have these values.
    """

    sentence: str
    severity: Severity
    kind: type[Expectation]
    arguments: Mapping[str, object]
    rows: Rows = field(default_factory=dict)


@dataclass(frozen=True)
class Suite:
    """A named set of checks over one profile. `profile` has a column `label` beside those that the checks judge."""

    name: str
    subject: str
    profile: pd.DataFrame
    checks: Sequence[Check]


def zero(column: str, sentence: str, severity: Severity, rows: Rows | None = None) -> Check:
    """Return a check that the counts in `column` are 0."""
    arguments = {"column": column, "min_value": 0, "max_value": 0}
    return Check(sentence, severity, ExpectColumnValuesToBeBetween, arguments, rows or {})


def at_least_one(column: str, sentence: str, severity: Severity, rows: Rows | None = None) -> Check:
    """Return a check that the counts in `column` are 1 or more."""
    return Check(sentence, severity, ExpectColumnValuesToBeBetween, {"column": column, "min_value": 1}, rows or {})


def never(column: str, value: str, sentence: str, severity: Severity, rows: Rows | None = None) -> Check:
    """Return a check that `column` does not hold `value`."""
    arguments = {"column": column, "value_set": [value]}
    return Check(sentence, severity, ExpectColumnValuesToNotBeInSet, arguments, rows or {})


def equal(column: str, other: str, sentence: str, severity: Severity, rows: Rows | None = None) -> Check:
    """Return a check that two columns agree."""
    arguments = {"column_A": column, "column_B": other}
    return Check(sentence, severity, ExpectColumnPairValuesToBeEqual, arguments, rows or {})


def at_most(column: str, limit: str, sentence: str, severity: Severity, rows: Rows | None = None) -> Check:
    """Return a check that `column` does not exceed the column `limit`."""
    arguments = {"column_A": limit, "column_B": column, "or_equal": True}
    return Check(sentence, severity, ExpectColumnPairValuesAToBeGreaterThanB, arguments, rows or {})


def judge(suites: Iterable[Suite]) -> list[Verdict]:
    """Judge every suite; one verdict a check, in the order of the suites and their checks.

    Raises:
        RuntimeError: an expectation could not be evaluated (a defect of a suite, never of the data).
    """
    context = _context()
    verdicts: list[Verdict] = []
    for number, suite in enumerate(suites):
        judged = _judge(context, f"suite_{number}", suite)
        failed = [verdict for verdict in judged if not verdict.passed]
        log.info(
            "suite judged",
            extra={"suite": suite.name, "subject": suite.subject, "checks": len(judged), "failed": len(failed)},
        )
        verdicts += judged
    return verdicts


def _context() -> EphemeralDataContext:
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _judge(context: EphemeralDataContext, name: str, suite: Suite) -> list[Verdict]:
    """Judge the checks of a suite; those that differ only in their rows are one expectation over all of these rows.

    An expectation costs Great Expectations some twenty milliseconds however few rows it judges, and it judges them one
    by one: what it says of a row is the same whatever other rows are there.
    """
    asset = context.data_sources.add_pandas(name).add_dataframe_asset("profile")
    whole = asset.add_batch_definition_whole_dataframe("all")
    alike: dict[tuple[type[Expectation], str], dict[int, Check]] = {}
    for position, check in enumerate(suite.checks):
        alike.setdefault((check.kind, repr(sorted(check.arguments.items()))), {})[position] = check
    verdicts: dict[int, Verdict] = {}
    for checks in alike.values():
        rows = {position: _selected(suite.profile, check.rows) for position, check in checks.items()}
        judged = suite.profile[pd.concat(list(rows.values()), axis=1).any(axis=1)]
        broken = _broken_rows(whole, suite.name, list(checks.values()), judged) if len(judged) else set()
        for position, check in checks.items():
            labels = suite.profile.loc[rows[position], "label"]
            verdicts[position] = _verdict(suite, check, labels, labels[labels.index.isin(broken)])
    return [verdicts[position] for position in range(len(suite.checks))]


def _broken_rows(whole: BatchDefinition, suite: str, checks: Sequence[Check], profile: pd.DataFrame) -> set[int]:
    """Return the index of every row of a profile that breaks an expectation, which is that of all the checks."""
    first = checks[0]
    worst: Severity = "error" if any(check.severity == "error" for check in checks) else "warning"
    expectation = first.kind(**first.arguments, description=first.sentence, severity=_GX_SEVERITY[worst])
    batch = whole.get_batch({"dataframe": profile.assign(row=profile.index)})
    result = batch.validate(
        expectation, result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["row"]}
    )
    if result.exception_info and result.exception_info.get("raised_exception") is not False:
        raise RuntimeError(
            f"The suite '{suite}' could not judge '{first.sentence}': {result.exception_info}. "
            "The suite does not fit its profile; correct the suite."
        )
    judged, without_figure = result.result.get("element_count", 0), result.result.get("missing_count", 0)
    if judged - without_figure != len(profile):
        # Great Expectations passes over nulls, and an expectation of a whole table counts no rows.
        raise RuntimeError(
            f"The suite '{suite}' judged '{first.sentence}' on {judged} rows, "
            f"{without_figure} of them without a figure, instead of on {len(profile)}. "
            "The suite does not fit its profile; correct the suite."
        )
    broken = {int(entry["row"]) for entry in result.result.get("unexpected_index_list") or ()}
    if result.success != (not broken):
        raise RuntimeError(
            f"The suite '{suite}' judged '{first.sentence}': it {'holds' if result.success else 'fails'}, and "
            f"{len(broken)} rows break it. A check must name its rows; use an expectation that judges row by row."
        )
    return broken


def _verdict(suite: Suite, check: Check, judged: pd.Series, broken: pd.Series) -> Verdict:
    passed = not len(broken)
    return Verdict(
        suite=suite.name,
        expectation=check.sentence,
        severity=check.severity,
        passed=passed,
        observed=_what_holds([str(label) for label in judged]) if passed else _quote([str(label) for label in broken]),
        subject=suite.subject,
    )


def _selected(profile: pd.DataFrame, rows: Rows) -> pd.Series:
    selected = pd.Series(True, index=profile.index)
    for column, value in rows.items():
        selected &= profile[column] == value
    return selected


def _what_holds(labels: Sequence[str]) -> str:
    if not labels:
        return "nothing to judge"
    return _quote(labels) if len(labels) <= _LABELS_SHOWN else f"{len(labels)} hold"


def _quote(labels: Sequence[str]) -> str:
    """Return the labels in one line: how many, the first of them, and how many are left out."""
    shown = [label if len(label) <= _LABEL_LENGTH else label[: _LABEL_LENGTH - 3] + "..." for label in labels]
    rest = len(labels) - _LABELS_SHOWN
    text = "; ".join(shown[:_LABELS_SHOWN]) + (f"; and {rest} more" if rest > 0 else "")
    return text if len(labels) == 1 else f"{len(labels)}: {text}"
