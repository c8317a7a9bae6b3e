"""Suite `null rates`: how much of a column is null within an image modality, and at most so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from warehouse.quality.checks import at_most, never
from warehouse.quality.rules.null_limits import NullLimit, load_null_limits
from warehouse.quality.suite import BuiltStar, Detail, ProfileRow, StarSuite, star_table
from warehouse.quality.verdicts import Asset
from warehouse.sql_text import literal, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SERIES = star_table("fct_series")

# The rate of few series is noisy: one new study moves it by points.
_FEWEST_SERIES = 1000
_TOLERATED_POINTS = 5.0


@dataclass(frozen=True)
class NullRateProfile(ProfileRow):
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
    def detail(self) -> Detail:
        """The series of the modality that lack a value of the column."""
        of_modality = f"source_id = {literal(self.source)} and modality = {literal(self.modality)}"
        if self.finding == "no limit":
            return Detail(scope=f"{self.source} {self.modality}", affected=self.series)
        return Detail(
            scope=f"{self.source} {self.modality} {self.column}",
            expected=f"at most {self.allowed:.1f} % null",
            affected=round(self.series * self.null_percent / 100),
            query=f"select source_id, series_instance_uid, collection_key, modality from star.fct_series"
            f" where {of_modality} and {quoted(self.column)} is null order by all",
        )

    @property
    def label(self) -> str:
        """The modality and, where it has a limit, the column with its rates."""
        if self.finding == "no limit":
            return f"{self.source} {self.modality} ({self.series} series)"
        rates = f"{self.null_percent:.1f} % null of {self.series} series, {self.highest:.1f} % at most so far"
        return f"{self.source} {self.modality} {self.column}: {rates}"

    @property
    def asset(self) -> Asset:
        """The table of the series."""
        return SERIES


def measure_null_rates(connection: DuckDBPyConnection, limits: Sequence[NullLimit]) -> list[NullRateProfile]:
    """Measure how much of each limited column of fct_series is null, within each image modality of each source.

    Derived objects are left out: by nature they lack the attributes of the images that they were made from, and a new
    collection of them would look like a loss. So are modalities of fewer than 1,000 series, and sources without any
    limit, of which no earlier release was measured. A modality without any limit yields one row.
    """
    highest = {(limit.source, limit.modality, limit.column): limit.highest_null_percent for limit in limits}
    columns = sorted({limit.column for limit in limits})
    counts = ", ".join(f"count(series.{quoted(column)})" for column in columns)
    sources = ", ".join(literal(source) for source in sorted({limit.source for limit in limits}))
    measured = connection.execute(
        f"select series.source_id, series.modality, count(*), {counts} from star.fct_series as series"
        " join star.dim_modality as terms using (modality_key)"
        f" where terms.modality_kind = 'image' and series.source_id in ({sources})"
        f" group by all having count(*) >= {_FEWEST_SERIES} order by all"
    ).fetchall()
    profiles = []
    for source, modality, series, *present in measured:
        rates = {column: 100.0 * (series - count) / series for column, count in zip(columns, present, strict=True)}
        known = {
            column: highest[source, modality, column] for column in columns if (source, modality, column) in highest
        }
        profiles += [
            NullRateProfile(
                source, modality, column, series, "limited", rates[column], limit, limit + _TOLERATED_POINTS
            )
            for column, limit in known.items()
        ]
        if not known:
            profiles.append(NullRateProfile(source, modality, "", series, "no limit", 0.0, 100.0, 100.0))
    return profiles


def _measure(connection: DuckDBPyConnection, star: BuiltStar) -> list[NullRateProfile]:
    return measure_null_rates(connection, load_null_limits())


SUITE = StarSuite(
    name="null rates",
    order=60,
    row=NullRateProfile,
    checks=(
        at_most("null_percent", "allowed", "No image modality lacks more values than before", "warning"),
        never("finding", "no limit", "The usual null rates of every large image modality are known", "warning"),
    ),
    measure=_measure,
    assets=lambda declared: [SERIES],
    default=SERIES,
)
