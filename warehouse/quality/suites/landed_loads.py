"""Suite `landed loads`: the loads of a release against each other and against their objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from warehouse.quality.checks import at_least_one, equal, never, zero
from warehouse.quality.suite import LandedDataset, LandedSuite, ProfileRow
from warehouse.quality.verdicts import Asset

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LoadStatus = Literal["landed", "absent", "not recorded", "unknown"]

# Without rows in these there is nothing to publish.
_INDISPENSABLE = frozenset({("idc", "idc_index")})


@dataclass(frozen=True)
class LoadProfile(ProfileRow):
    """One load of a release beside what its Parquet objects hold (0 rows when there are none).

    `is_record_type`: a type of a portal, each of its own version. `unknown` is one that the contract does not know.
    `reason` says why it is absent, where the upstream gave a reason.
    """

    source: str
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

    @property
    def asset(self) -> Asset:
        """The dataset."""
        return self.source, self.dataset


def measure_load(connection: DuckDBPyConnection, landed: LandedDataset) -> list[LoadProfile]:
    """Describe the load of a dataset of a release, or that there is none: one row.

    Raises:
        duckdb.Error: the file cannot be read as Parquet.
    """
    load, known = landed.load, landed.expected is not None
    version = load.upstream_version if load is not None else landed.release_version
    if landed.file is not None:
        ((rows,),) = connection.execute(f"select count(*) from {landed.relation}").fetchall()
        objects = 1
    else:
        # The rows of a type that the contract does not know are not read.
        rows, objects = (0, 0) if known or load is None else (load.rows, len(load.objects))
    return [
        LoadProfile(
            source=landed.source,
            dataset=landed.name,
            status="not recorded" if load is None else load.status if known else "unknown",
            reason=str(load.proof.get("absent_because", "")) if load is not None else "",
            is_record_type=known and not landed.one_version,
            indispensable=(landed.source, landed.name) in _INDISPENSABLE,
            version=version,
            release_version=landed.release_version if landed.one_version else version,
            manifest_rows=load.rows if load is not None else 0,
            object_rows=rows,
            object_count=objects,
        )
    ]


SUITE = LandedSuite(
    name="landed loads",
    order=30,
    row=LoadProfile,
    checks=(
        at_least_one("object_rows", "Every indispensable dataset has rows", "error", {"indispensable": True}),
        equal("object_rows", "manifest_rows", "Every load has as many rows as its manifest says", "error"),
        equal("version", "release_version", "All loads are of the version of the release", "error"),
        at_least_one("object_count", "Every landed dataset has a file", "error", {"status": "landed"}),
        zero("object_count", "No absent dataset has a file", "error", {"status": "absent"}),
        at_least_one("object_rows", "No landed dataset is empty", "warning", {"status": "landed"}),
        never("status", "absent", "Every record type of a portal is there", "warning", {"is_record_type": True}),
        never("status", "unknown", "A portal has no record type that the contract does not know", "warning"),
        never("status", "not recorded", "Every dataset of the contract is recorded, as landed or absent", "warning"),
    ),
    measure=measure_load,
)
