"""Which counts of earlier loads are the history of a build: a rule over what is landed, without a build."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from warehouse.build.count_history import COUNTS, LOADED_AT, counts_folder, earlier_counts, without_counts
from warehouse.build.digests import input_digest
from warehouse.landing import LandedObject, Load, Release

START = datetime(2026, 11, 1, tzinfo=UTC)


def described(source: str, night: int, *, synthetic: bool = False) -> Release:
    """What a source holds in a night: of IDC a version of its own every third night, of a portal its day."""
    fetched_at = START + timedelta(days=night)
    version = f"{20 + night // 3}.0.{night % 3}" if source == "idc" else f"{fetched_at:%Y-%m-%d}-0"
    load = Load(
        source=source, dataset="data", upstream_version=version, status="landed", channel="any", url="",
        fetched_at=fetched_at, synthetic=synthetic,
    )  # fmt: skip
    return Release(source=source, version=version, channel="any", loads=(load,))


def counts_of(release: Release, *, counted: int = 0) -> Release:
    """The counts of a release, as the snapshot of `counted` nights later has them."""
    load = release.loads[0].model_copy(
        update={
            "dataset": COUNTS,
            "objects": (LandedObject(name="counts.parquet", sha256=f"{release.version} {counted}", bytes=1),),
            "fetched_at": release.fetched_at + timedelta(days=counted),
            "proof": {LOADED_AT: release.fetched_at.isoformat()},
        }
    )
    return Release(source=counts_folder(release.source), version=release.version, channel="snapshot", loads=(load,))


releases = st.builds(described, st.sampled_from(["idc", "midrc", "bih"]), st.integers(0, 11), synthetic=st.booleans())
landed = st.lists(st.builds(counts_of, releases, counted=st.integers(0, 3)), max_size=30)
builds = st.lists(releases, min_size=1, max_size=3, unique_by=lambda release: release.source)


@given(landed, builds)
def test_a_night_on_which_nothing_is_new_builds_nothing(counts: list[Release], build: list[Release]) -> None:
    """To land the counts of what a build describes does not change what it reads, however often it is counted."""
    synthetic = any(release.synthetic for release in build)
    own = [
        counts_of(release.model_copy(update={"loads": (marked(release, synthetic),)}), counted=night)
        for release in build
        for night in (0, 5)
    ]
    before = earlier_counts(counts, build)
    assert earlier_counts([*counts, *own], build) == before
    assert earlier_counts([*own, *counts], build) == before


def marked(release: Release, synthetic: bool) -> Load:
    return release.loads[0].model_copy(update={"synthetic": synthetic})


@given(landed, builds, st.randoms())
def test_each_load_has_one_point_in_an_order_that_is_none_of_chance(
    counts: list[Release], build: list[Release], chance: object
) -> None:
    chosen = earlier_counts(counts, build)
    points = [(entry.source, entry.version) for entry in chosen]
    assert len(points) == len(set(points))
    data_releases = [entry.version.split(".")[0] for entry in chosen if entry.source == "idc-counts"]
    assert len(data_releases) == len(set(data_releases))
    shuffled = list(counts)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert earlier_counts(shuffled, build) == chosen


@given(landed, builds)
def test_no_point_is_later_than_what_is_described_or_of_another_kind_of_data(
    counts: list[Release], build: list[Release]
) -> None:
    synthetic = any(release.synthetic for release in build)
    of_source = {release.source: release for release in build}
    for entry in earlier_counts(counts, build):
        load = entry.loads[0]
        assert load.synthetic == synthetic
        release = of_source.get(load.source)
        assert release is None or datetime.fromisoformat(str(load.proof[LOADED_AT])) < release.fetched_at


@given(landed, builds)
def test_no_load_before_is_left_out(counts: list[Release], build: list[Release]) -> None:
    synthetic = any(release.synthetic for release in build)
    of_source = {release.source: release for release in build}
    chosen = {(entry.source, entry.version) for entry in earlier_counts(counts, build)}
    for entry in counts:
        load = entry.loads[0]
        release = of_source.get(load.source)
        loaded_at = datetime.fromisoformat(str(load.proof[LOADED_AT]))
        is_before = release is None or loaded_at < release.fetched_at
        if load.synthetic == synthetic and load.source != "idc" and is_before:
            assert (entry.source, entry.version) in chosen


def test_the_newest_counts_of_a_load_hold_and_lost_ones_only_where_there_are_no_others() -> None:
    first, second = described("midrc", 0), described("midrc", 1)
    old, new = counts_of(first), counts_of(first, counted=2)
    assert earlier_counts([new, old], [second]) == (new,)
    lost = without_counts(counts_of(first, counted=3).loads[0], "lost")
    assert earlier_counts([old, lost], [second]) == (old,)
    assert earlier_counts([lost], [second]) == (lost,)
    assert (lost.loads[0].status, lost.loads[0].proof["absent_because"]) == ("absent", "lost")


def test_when_it_was_fetched_dates_the_counts_of_a_portal_and_decides_nothing_of_idc() -> None:
    def later(release: Release) -> Release:
        load = release.loads[0].model_copy(update={"fetched_at": release.fetched_at + timedelta(hours=1)})
        return release.model_copy(update={"loads": (load,)})

    idc, midrc = described("idc", 0), described("midrc", 0)
    assert input_digest([later(idc)]) == input_digest([idc])
    assert input_digest([later(midrc)]) != input_digest([midrc])
