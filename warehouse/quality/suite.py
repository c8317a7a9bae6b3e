"""The form of a suite: what it measures, what it expects of the measurements, and which assets it judges.

Each module of `warehouse.quality.suites` defines one suite of this form and exposes it as `SUITE`. A suite measures its
subject with DuckDB into a *profile*: a few rows, one for each thing that is measured (a column, a key, a rule). Its
checks are about these rows.

Imports nothing heavy (no DuckDB, no Great Expectations): Dagster lists the suites before it runs any.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from warehouse.contracts import Contract, Dataset
from warehouse.dbt_manifest import STAR_SCHEMA, StarDescription
from warehouse.landing import Load, Release
from warehouse.quality.checks import Check
from warehouse.quality.history import KnownGaps
from warehouse.quality.past import PastProfile
from warehouse.quality.verdicts import Asset
from warehouse.sql_text import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from warehouse.build import Evidence
    from warehouse.reading import FoundColumn

Stage = Literal["landed", "star"]
"""When a suite runs: over the landed files before a build, or over the built star before its publish."""

LARGEST_FACT: Asset = (STAR_SCHEMA, "fct_series")


@dataclass(frozen=True)
class Detail:
    """What a person needs who follows up a row of a profile that fails.

    `scope` names what the row is about within its asset, in words that stay the same from night to night and hold no
    figures (a column, a collection): asset and scope tell the findings of one check apart. `expected` says what would
    hold, `affected` how many records do not, and `query` (SQL) lists all of these, their keys first: over
    `landed_<source>.<dataset>`, `previous_<source>.<dataset>` or `star.<table>`. The first of them are the `examples`,
    where the suite has listed them itself (`warehouse.quality.examples`).
    """

    scope: str = ""
    expected: str = ""
    affected: int | None = None
    query: str | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProfileRow(ABC):
    """One measured thing. The fields of a subclass are the columns that the checks of its suite refer to."""

    @property
    def detail(self) -> Detail:
        """What a person needs who follows up this row."""
        return Detail()

    @property
    @abstractmethod
    def label(self) -> str:
        """The readable text of the row, which a verdict quotes."""

    @property
    @abstractmethod
    def asset(self) -> Asset:
        """The asset that the row describes."""


@dataclass(frozen=True)
class Profile:
    """What a suite has measured of one subject; `rows` have the `columns`, among them `label` and `asset`.

    A row may have a `detail` beside these (`Detail`).
    """

    suite: str
    subject: str
    checks: Sequence[Check]
    columns: Sequence[str]
    rows: Sequence[Mapping[str, object]]
    default: Asset


@dataclass(frozen=True)
class LandedDataset:
    """One dataset of a landed release, beside what its contract expects.

    `expected` is None where the contract does not know the dataset, `load` where the release does not record it, `file`
    where it has no Parquet file. `columns` are those of the file, by name. `one_version`: all datasets of the source
    are of one upstream version, `release_version`.
    """

    source: str
    name: str
    release_version: str
    one_version: bool
    expected: Dataset | None
    load: Load | None
    file: Path | None
    columns: Mapping[str, FoundColumn]

    @property
    def relation(self) -> str:
        """The file as a relation (SQL)."""
        return f"read_parquet({literal(str(self.file))})"


@dataclass(frozen=True)
class LandedRelease:
    """A whole landed release, beside the one before it and the profiles of those before.

    The connection that measures it has a view for each dataset of the contract: in the schema `landed_<source>` for
    this release and, where there is a `previous` one, in `previous_<source>` for that. `profile` is the file of
    the release's own profile, where it has been measured already.
    """

    release: Release
    contract: Contract
    previous: Release | None
    profiles: tuple[PastProfile, ...]
    profile: Path | None = None

    @property
    def subject(self) -> str:
        """The release as verdicts name it."""
        return f"{self.release.source} {self.release.version}"

    @property
    def assets(self) -> frozenset[Asset]:
        """The datasets of the contract."""
        return frozenset((self.release.source, name) for name in self.contract.datasets)

    @property
    def first_asset(self) -> Asset:
        """The dataset that a verdict on no single one judges."""
        return self.release.source, next(iter(self.contract.datasets))

    @property
    def landed(self) -> str:
        """The schema of the views of this release."""
        return f"landed_{self.release.source}"

    @property
    def earlier(self) -> str:
        """The schema of the views of the previous release."""
        return f"previous_{self.release.source}"

    @property
    def releases_apart(self) -> int:
        """How many data releases lie between the previous one and this: 1 from one to the next, and of a portal."""
        # Its package imports DuckDB, and the suites are listed without.
        from warehouse.build.versions import major_version

        if self.previous is None or not self.contract.one_version:
            return 1
        return max(1, major_version(self.release.version) - major_version(self.previous.version))


@dataclass(frozen=True)
class Declared:
    """What is declared before any data exists: the contract of every source, and the star as dbt describes it."""

    contracts: tuple[Contract, ...]
    star: StarDescription

    @property
    def landed(self) -> frozenset[Asset]:
        """Every dataset of every contract."""
        return frozenset((contract.source, name) for contract in self.contracts for name in contract.datasets)


@dataclass(frozen=True)
class BuiltStar:
    """The star of a build: what is declared, the tables that the build has, and what is known from before.

    `latest` is the day on which its newest data was fetched, `evidence` the earlier IDC releases that it reads,
    `synthetic` the sources of which the data is made up.
    """

    declared: Declared
    tables: frozenset[str]
    latest: date
    known: KnownGaps
    evidence: Evidence
    synthetic: frozenset[str] = frozenset()


Subject = TypeVar("Subject", LandedDataset, LandedRelease, BuiltStar)


@dataclass(frozen=True)
class Suite(Generic[Subject]):
    """A named set of checks over one kind of profile row.

    `order` sorts the suites of a stage. `measure` returns the rows of a subject, over a connection that the caller
    opened.
    """

    name: str
    order: int
    row: type[ProfileRow]
    checks: tuple[Check, ...]
    measure: Callable[[DuckDBPyConnection, Subject], Sequence[ProfileRow]]

    def profile(self, subject: str, rows: Iterable[ProfileRow], assets: Collection[Asset], default: Asset) -> Profile:
        """Return measured rows as a profile; a row of none of the `assets` is placed on the `default`."""
        names = [field.name for field in fields(self.row)]
        return Profile(
            suite=self.name,
            subject=subject,
            checks=self.checks,
            columns=[*names, "label", "asset"],
            rows=[
                {name: getattr(row, name) for name in names}
                | {
                    "label": row.label,
                    "asset": row.asset if row.asset in assets else default,
                    "detail": row.detail,
                }
                for row in rows
            ],
            default=default,
        )


@dataclass(frozen=True)
class LandedSuite(Suite[LandedDataset]):
    """A suite over the datasets of a landed release: it can judge every dataset of a contract.

    What concerns no dataset of the contract is placed on the first one of the source.
    """


@dataclass(frozen=True)
class ReleaseSuite(Suite[LandedRelease]):
    """A suite over a landed release as a whole: what its datasets say of each other, and what the last release said.

    It runs before a build, after the suites over single datasets, and can judge every dataset of the contract.
    """


@dataclass(frozen=True)
class StarSuite(Suite[BuiltStar]):
    """A suite over the star. `assets` lists what it can judge; what concerns none of these is placed on `default`."""

    assets: Callable[[Declared], Iterable[Asset]]
    default: Asset


def star_table(name: str) -> Asset:
    """Return the asset of a table of the star."""
    return STAR_SCHEMA, name
