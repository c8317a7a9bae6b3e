"""Examples of what fails: the first records that the query of a finding lists, taken while the audit has the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from warehouse.quality.failing_suites import HitBy, reason
from warehouse.quality.verdicts import Finding, Verdict

MOST = 20
"""How many examples a finding has."""

_COLUMNS = 6
_LONGEST = 300


def with_examples(
    connection: duckdb.DuckDBPyConnection, verdicts: Sequence[Verdict], hit_by: HitBy, previous: str | None = None
) -> list[Verdict]:
    """Return verdicts whose failing findings have examples; `previous` is the release that they were compared with.

    Raises:
        StorageError: a query needs more memory, or more room on the disk, than there is.
    """
    return [
        verdict
        if verdict.passed
        else verdict.model_copy(
            update={
                "findings": tuple(
                    finding if finding.passed else _with_examples(connection, finding, hit_by, previous)
                    for finding in verdict.findings
                )
            }
        )
        for verdict in verdicts
    ]


def _with_examples(
    connection: duckdb.DuckDBPyConnection, finding: Finding, hit_by: HitBy, previous: str | None
) -> Finding:
    finding = replace(finding, previous=previous)
    if finding.query is None or finding.examples:
        return finding
    try:
        return replace(finding, examples=first_of(connection, finding.query))
    except duckdb.Error as error:
        if (lack := hit_by(error)) is not None:
            raise lack from error
        # The finding stands: that its records cannot be listed must not hide it.
        return replace(finding, remark=f"its records cannot be listed: {reason(error)}")


def first_of(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[str, ...]:
    """Return the first records that a query lists, in words.

    Raises:
        duckdb.Error: the query cannot be run.
    """
    cursor = connection.execute(f"from ({query}\n) limit {MOST}")
    names = [column[0] for column in cursor.description or ()]
    return tuple(_in_words(names, row) for row in cursor.fetchall())


def _in_words(names: Sequence[str], row: Sequence[object]) -> str:
    """Return the first columns of a record, its key first, each with its value; hashes only where nothing else is."""
    record = list(zip(names, row, strict=True))
    readable = [(name, value) for name, value in record if not name.endswith("_key")]
    stated = ", ".join(
        f"{name} {'null' if value is None else value}" for name, value in (readable or record)[:_COLUMNS]
    )
    return stated if len(stated) <= _LONGEST else stated[: _LONGEST - 3] + "..."
