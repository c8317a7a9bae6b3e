"""What the audit measures: one row type for each kind of profile, each row with its readable label.

A profile has one row for each thing that is measured (a column, a load, a key, a rule), so that it stays small however
large the tables are. `measuring` fills the rows, `suites` says what is expected of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Literal, TypeVar

from warehouse.dbt_manifest import RuleKind

if TYPE_CHECKING:
    import pandas as pd

ColumnFinding = Literal["as expected", "missing", "retyped", "new"]
Movement = Literal["no earlier figure", "as before", "moved", "not made any more"]
LoadStatus = Literal["landed", "absent", "not recorded", "unknown"]


@dataclass(frozen=True)
class ColumnProfile:
    """One column of a landed dataset, expected or found.

    `is_key`: the rows cannot be told apart without it. `unread`: rows with a value that does not fit the type that is
    expected, of which `examples` are the most frequent.
    """

    dataset: str
    column: str
    is_key: bool
    finding: ColumnFinding
    expected_type: str
    found_type: str
    unread: int
    examples: str

    @property
    def label(self) -> str:
        """The column, with its types where they matter, and the values that do not fit."""
        name = f"{self.dataset}.{self.column}"
        if self.finding == "retyped":
            lost = f"; {self.unread:,} rows do not fit: {self.examples}" if self.unread else "; every value fits"
            return f"{name} (expected {self.expected_type}, found {self.found_type}{lost})"
        return f"{name} ({self.found_type})" if self.finding == "new" else name


@dataclass(frozen=True)
class LoadProfile:
    """One load of a release beside what its Parquet objects hold (0 rows when there are none).

    `is_record_type`: a type of a portal, each of its own version. `unknown` is one that the contract does not know.
    `reason` says why it is absent, where the upstream gave one to say.
    """

    dataset: str
    status: LoadStatus
    reason: str
    is_record_type: bool
    indispensable: bool
    version: str
    release_version: str
    manifest_rows: int
    object_rows: int
    object_count: int

    @property
    def label(self) -> str:
        """The dataset and its figures."""
        if self.status == "unknown":
            return f"{self.dataset} ({self.manifest_rows} rows)"
        if self.status != "landed":
            because = f": {self.reason}" if self.reason else ""
            return f"{self.dataset} ({self.status}{because}{', with a file' if self.object_count else ''})"
        return f"{self.dataset} ({self.version}, {self.object_rows} rows, manifest {self.manifest_rows})"


@dataclass(frozen=True)
class KeyProfile:
    """The key of one table: how many rows lack a part of it, and how many repeat a key that another row has."""

    table: str
    key: str
    trusted: bool
    declared: bool
    rows: int
    null_keys: int
    duplicate_keys: int

    @property
    def label(self) -> str:
        """The table, its key and its figures."""
        if not self.declared:
            return f"{self.table} (no primary key declared)"
        return f"{self.table} ({self.key}): {self.rows} rows, {self.null_keys} null, {self.duplicate_keys} repeated"


@dataclass(frozen=True)
class ReferenceProfile:
    """One foreign key: how many rows refer to nothing."""

    reference: str
    must_hold: bool
    orphans: int
    examples: str

    @property
    def label(self) -> str:
        """The reference, with its orphans where there are any."""
        return f"{self.reference}: {self.orphans} orphans, such as {self.examples}" if self.orphans else self.reference


@dataclass(frozen=True)
class ColumnRuleProfile:
    """What the project declares of a column, or of several together: how many rows break it."""

    rule: str
    kind: RuleKind
    must_hold: bool
    broken: int
    examples: str

    @property
    def label(self) -> str:
        """The columns, with what breaks the rule where something does."""
        rows = "row" if self.broken == 1 else "rows"
        return f"{self.rule}: {self.broken} {rows}, such as {self.examples}" if self.broken else self.rule


@dataclass(frozen=True)
class ConservationProfile:
    """One rule of conservation: the figure of the landed data and that of the star."""

    rule: str
    landed: int
    star: int

    @property
    def label(self) -> str:
        """Both figures."""
        return f"landed {self.landed}, star {self.star}"


@dataclass(frozen=True)
class ValueProfile:
    """One rule about values: how many rows break it, and the values that break it most often."""

    rule: str
    broken: int
    examples: str

    @property
    def label(self) -> str:
        """The count and the values with theirs."""
        return f"{self.broken} {'row' if self.broken == 1 else 'rows'}: {self.examples}" if self.broken else "0 rows"


@dataclass(frozen=True)
class NullRateProfile:
    """How much of one column is null within one image modality of one source (per cent).

    `highest` is the highest rate of the releases measured so far, `allowed` what is tolerated; where the modality has
    `no limit`, both are 100 and `column` is empty.
    """

    source: str
    modality: str
    column: str
    series: int
    finding: Literal["limited", "no limit"]
    null_percent: float
    highest: float
    allowed: float

    @property
    def label(self) -> str:
        """The modality and, where it has a limit, the column with its rates."""
        if self.finding == "no limit":
            return f"{self.source} {self.modality} ({self.series} series)"
        rates = f"{self.null_percent:.1f} % null of {self.series} series, {self.highest:.1f} % at most so far"
        return f"{self.source} {self.modality} {self.column}: {rates}"


@dataclass(frozen=True)
class MappingProfile:
    """What one kind of record of one source states for a vocabulary; `unmapped` records state a text without a term.

    `is_large`: there are so many records that a share says something; `allowed` per cent of them may be unmapped.
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
    def label(self) -> str:
        """Where the texts are, how many records state them, and those that are frequent among the unmapped."""
        stated = f"{self.source} {self.record} {self.vocabulary}"
        if not self.unmapped:
            return f"{stated}: all {self.records:,} mapped"
        share = f"{self.unmapped:,} of {self.records:,} ({self.unmapped_percent:.2f} %)"
        return f"{stated}: {share} unmapped: {self.examples}"


@dataclass(frozen=True)
class HistogramProfile:
    """One histogram that a portal states of a type, and in how many of its buckets the landed records differ."""

    source: str
    entity: str
    field: str
    buckets: int
    differing: int
    examples: str

    @property
    def label(self) -> str:
        """The field, with the buckets that differ."""
        name = f"{self.source} {self.entity}.{self.field}"
        return f"{name}: {self.differing} of {self.buckets} differ: {self.examples}" if self.differing else name


@dataclass(frozen=True)
class GapProfile:
    """One comparison of two systems. `accepted` unexplained records are known: in service, or acknowledged by a person.

    Up to `tolerated` are published with a warning.
    `unaccounted` must be 0: by how much the gap differs from its causes on the left less those on the right, and its
    unexplained part from the causes that explain nothing.
    """

    comparison: str
    is_stated: bool
    gap: int
    gap_percent: str
    unaccounted: int
    unexplained: int
    accepted: int
    tolerated: int
    movement: Movement
    earlier_gap: int
    causes: str
    acknowledged: str

    @property
    def label(self) -> str:
        """The gap, its causes, what it was before, and who has accepted it."""
        if self.movement == "not made any more":
            return f"{self.comparison}: {self.earlier_gap:+,} before, not compared now"
        percent = f" ({self.gap_percent} %)" if self.gap_percent else ""
        parts = [f"{self.comparison} {self.gap:+,}{percent}", self.causes]
        if self.movement == "moved":
            parts.append(f"{self.earlier_gap:+,} before")
        return "; ".join(part for part in (*parts, self.acknowledged) if part)


ProfileRow = TypeVar(
    "ProfileRow",
    ColumnProfile,
    LoadProfile,
    KeyProfile,
    ReferenceProfile,
    ColumnRuleProfile,
    ConservationProfile,
    ValueProfile,
    NullRateProfile,
    MappingProfile,
    HistogramProfile,
    GapProfile,
)


def profile_frame(rows: Iterable[ProfileRow], row_type: type[ProfileRow]) -> pd.DataFrame:
    """Return profile rows as a frame: the fields of `row_type` and `label`, which are there even without rows."""
    import pandas as pd

    columns = [*(field.name for field in fields(row_type)), "label"]
    return pd.DataFrame([{**asdict(row), "label": row.label} for row in rows], columns=columns)
