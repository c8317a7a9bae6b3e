"""Suite `mappings`: raw terms without a mapping.

Each is shown with its number of records. A vocabulary of which most is unmapped has changed upstream, or its mapping is
broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.quality.broken_rows import VALUES_QUOTED, quoted_values
from warehouse.quality.checks import at_most, zero
from warehouse.quality.rules.vocabularies import VOCABULARIES
from warehouse.quality.suite import BuiltStar, Detail, ProfileRow, StarSuite, star_table
from warehouse.quality.verdicts import Asset
from warehouse.sql_text import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAPPINGS = star_table("rpt_mapping")

# A vocabulary of which most is unmapped is another one, or its mapping broke; of few records, a share proves little.
_MOST_UNMAPPED_PERCENT = 50.0
_FEWEST_RECORDS = 1000


@dataclass(frozen=True)
class MappingProfile(ProfileRow):
    """The terms of one vocabulary in one kind of record of one source; `unmapped` records have one without a mapping.

    `is_large`: there are enough records for a share to be meaningful; `allowed` per cent of them may be unmapped.
    """

    vocabulary: str
    source: str
    record: str
    records: int
    unmapped: int
    unmapped_percent: float
    allowed: float
    is_large: bool
    examples: str

    @property
    def detail(self) -> Detail:
        """The terms without a mapping, with their records."""
        return Detail(
            scope=f"{self.source} {self.record} {self.vocabulary}",
            expected="all of them mapped",
            affected=self.unmapped,
            query=f"from star.rpt_unmapped_value where source_id = {literal(self.source)}"
            f" and record = {literal(self.record)} and vocabulary = {literal(self.vocabulary)}"
            " order by record_count desc, raw_value",
        )

    @property
    def label(self) -> str:
        """Where the terms are, how many records have one, and the most frequent unmapped ones."""
        stated = f"{self.source} {self.record} {self.vocabulary}"
        if not self.unmapped:
            return f"{stated}: all {self.records:,} mapped"
        share = f"{self.unmapped:,} of {self.records:,} ({self.unmapped_percent:.2f} %)"
        return f"{stated}: {share} unmapped: {self.examples}"

    @property
    def asset(self) -> Asset:
        """The report on mappings: a mapping serves several tables."""
        return MAPPINGS


def measure_mappings(connection: DuckDBPyConnection) -> list[MappingProfile]:
    """Take the share of unmapped terms from the report on them, with the most frequent ones."""
    measured = connection.execute(
        "select mapping.vocabulary, mapping.source_id, mapping.record, mapping.record_count,"
        " mapping.unmapped_record_count, cast(coalesce(mapping.unmapped_percent, 0) as double),"
        " mapping.unmapped_value_count,"
        " coalesce(list([raw_value, cast(unmapped.record_count as varchar)]"
        " order by unmapped.record_count desc, raw_value) filter (where raw_value is not null), [])"
        " from star.rpt_mapping as mapping left join star.rpt_unmapped_value as unmapped"
        " using (source_id, record, vocabulary) group by all order by 1, 2, 3"
    ).fetchall()
    return [
        MappingProfile(
            vocabulary=vocabulary,
            source=source,
            record=record,
            records=records,
            unmapped=unmapped,
            unmapped_percent=percent,
            allowed=_MOST_UNMAPPED_PERCENT,
            is_large=records >= _FEWEST_RECORDS,
            examples=quoted_values([(term, count) for term, count in frequent[:VALUES_QUOTED]], terms),
        )
        for vocabulary, source, record, records, unmapped, percent, terms, frequent in measured
    ]


def _measure(connection: DuckDBPyConnection, star: BuiltStar) -> list[MappingProfile]:
    return measure_mappings(connection)


SUITE = StarSuite(
    name="mappings",
    order=70,
    row=MappingProfile,
    checks=(
        at_most("unmapped_percent", "allowed", "No vocabulary is mostly unmapped", "error", {"is_large": True}),
        *(
            zero("unmapped", f"Every {name} that a record states is mapped", "warning", {"vocabulary": name})
            for name in VOCABULARIES
        ),
    ),
    measure=_measure,
    assets=lambda declared: [MAPPINGS],
    default=MAPPINGS,
)
