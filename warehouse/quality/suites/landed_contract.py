"""Suite `landed contract`: columns and types of the landed files against the contract.

Drift is a warning; where rows lose their key it is an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from warehouse.quality.broken_rows import most_frequent
from warehouse.quality.checks import never, zero
from warehouse.quality.suite import Detail, LandedDataset, LandedSuite, ProfileRow
from warehouse.quality.verdicts import Asset

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ColumnFinding = Literal["as expected", "missing", "retyped", "new"]

_EXAMPLE_LENGTH = 60
_OF_KEY, _OTHER = {"is_key": True}, {"is_key": False}


@dataclass(frozen=True)
class ColumnProfile(ProfileRow):
    """One column of a landed dataset, expected or found.

    `is_key`: the rows cannot be told apart without it. `unread`: rows with a value that does not fit the type that is
    expected, of which `examples` are the most frequent.
    """

    source: str
    dataset: str
    column: str
    is_key: bool
    finding: ColumnFinding
    expected_type: str = ""
    found_type: str = ""
    unread: int = 0
    examples: str = ""

    @property
    def detail(self) -> Detail:
        """The column."""
        return Detail(scope=self.column, expected=self.expected_type)

    @property
    def label(self) -> str:
        """The column, with its types where they matter, and the values that do not fit."""
        name = f"{self.dataset}.{self.column}"
        if self.finding == "retyped":
            lost = f"; {self.unread:,} rows do not fit: {self.examples}" if self.unread else "; every value fits"
            return f"{name} (expected {self.expected_type}, found {self.found_type}{lost})"
        return f"{name} ({self.found_type})" if self.finding == "new" else name

    @property
    def asset(self) -> Asset:
        """The dataset."""
        return self.source, self.dataset


def measure_columns(connection: DuckDBPyConnection, landed: LandedDataset) -> list[ColumnProfile]:
    """Compare the columns of a landed file with those of its contract, as the build reads them.

    What arrived in another type is read row by row, to count the values that do not fit.

    Raises:
        duckdb.Error: the file cannot be read as Parquet.
    """
    # It imports DuckDB, without which the suites are listed.
    from warehouse.reading import missing_fields, raw_text_of, reading_of

    if landed.expected is None or landed.file is None:
        return []
    source, name, found = landed.source, landed.name, landed.columns
    profiles: list[ColumnProfile] = []
    recognised: set[str] = set()
    for column in landed.expected.columns:
        actual = column.found_in(found)
        is_key = column.name in landed.expected.key
        if actual is None:
            if not column.retired:
                profiles.append(ColumnProfile(source, name, column.name, is_key, "missing", column.type))
            continue
        recognised.add(actual)
        arrived = found[actual]
        unread = reading_of(column, arrived).unread
        text = f"left({raw_text_of(arrived)}, {_EXAMPLE_LENGTH})"
        count, examples = (0, "") if unread is None else most_frequent(connection, landed.relation, text, unread)
        finding: ColumnFinding = "as expected" if unread is None else "retyped"
        types = (column.type, str(arrived.type))
        profiles.append(ColumnProfile(source, name, column.name, is_key, finding, *types, count, examples))
        profiles += [
            ColumnProfile(source, name, f"{column.name}.{path}", False, "missing")
            for path in missing_fields(column, arrived.type)
        ]
    profiles += [
        ColumnProfile(source, name, column.name, False, "new", "", str(column.type))
        for column in found.values()
        if column.name not in recognised
    ]
    return profiles


SUITE = LandedSuite(
    name="landed contract",
    order=10,
    row=ColumnProfile,
    checks=(
        never("finding", "missing", "Every column of a key is there", "error", _OF_KEY),
        zero("unread", "Every value of a column of a key can be read", "error", _OF_KEY),
        never("finding", "missing", "Every other column of the contract is there", "warning", _OTHER),
        never("finding", "retyped", "Every column has the type of the contract", "warning"),
        zero("unread", "Every value of any other column can be read as the type of the contract", "warning", _OTHER),
        never("finding", "new", "The files have no column that the contract does not know", "warning"),
    ),
    measure=measure_columns,
)
