"""What a snapshot was built from is found by its digests; IDC is fetched again, a load of a portal cannot be."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.idc_upstream import IdcUpstream, parquet_bytes, table_of
from tests.support.loopback import Loopback
from tests.support.portal_nights import files_of, land_night
from warehouse.build import evidence_for
from warehouse.errors import IntegrityError, SourceError
from warehouse.landing import Landing, Release
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import LostEntry, SourceEntry
from warehouse.snapshots.rebuild.inputs import inputs_of
from warehouse.sources import idc

VERSION, EARLIER = "25.0.5", "24.2.2"


@pytest.fixture
def upstream() -> Iterator[IdcUpstream]:
    with Loopback() as server:
        yield IdcUpstream(server)


@pytest.fixture
def settings(upstream: IdcUpstream, tmp_path: Path) -> Settings:
    return upstream.settings(tmp_path / "home", idc_channels=("bucket", "github"))


@pytest.fixture
def landing(settings: Settings) -> Landing:
    return Landing(settings.home)


@pytest.fixture
def release(upstream: IdcUpstream, landing: Landing, settings: Settings) -> Release:
    upstream.publish_in_bucket(VERSION)
    return idc.land_again("bucket", VERSION, frozenset(), landing, settings)


def described(published: Snapshot, *releases: Release, **more: object) -> Snapshot:
    """The published snapshot, as if it had been built from these releases."""
    sources = tuple(map(SourceEntry.of, releases))
    return dataclasses.replace(published, manifest=published.manifest.model_copy(update={"sources": sources, **more}))


def lose(landing: Landing, release: Release, dataset: str) -> Path:
    load = release.load_of(dataset)
    assert load is not None
    path = landing.object_path(load.objects[0].sha256)
    path.unlink()
    return path


def test_what_is_landed_is_found_and_nobody_is_asked(
    upstream: IdcUpstream, published: Snapshot, landing: Landing, release: Release, settings: Settings
) -> None:
    _, night = land_night(settings.home, 1, files_of(1))
    asked = len(upstream.server.requests)
    inputs = inputs_of(described(published, release, night), landing, settings)
    assert (inputs.releases, inputs.fetched) == ((release, night), ())
    assert len(upstream.server.requests) == asked


def test_evidence_is_found_as_the_build_read_it(
    upstream: IdcUpstream, published: Snapshot, landing: Landing, release: Release, settings: Settings
) -> None:
    upstream.publish_in_bucket(EARLIER)
    idc.land_again("bucket", EARLIER, frozenset(), landing, settings)
    evidence = evidence_for(landing, [release])
    assert [found.version for found in evidence.releases] == [EARLIER]
    earlier = tuple(map(SourceEntry.of, evidence.releases))
    lost = (LostEntry(version="18.2.0", reason="It is gone."),)
    inputs = inputs_of(described(published, release, earlier=earlier, lost=lost), landing, settings)
    assert inputs.evidence.releases == evidence.releases
    assert [(entry.version, entry.reason) for entry in inputs.evidence.lost] == [("18.2.0", "It is gone.")]
    # Its object is gone: the release is fetched again for it.
    path = lose(landing, evidence.releases[0], "idc_index")
    inputs = inputs_of(described(published, release, earlier=earlier), landing, settings)
    assert inputs.fetched == (f"idc {EARLIER} (bucket)",)
    assert inputs.evidence.releases == evidence.releases
    assert path.is_file()


@pytest.mark.parametrize("gone", ["object", "damaged object", "record", "landing"])
def test_an_idc_release_is_fetched_again_by_version_and_digest(
    published: Snapshot, landing: Landing, release: Release, settings: Settings, gone: str
) -> None:
    snapshot = described(published, release)
    if gone == "object":
        lose(landing, release, "idc_index")
    elif gone == "damaged object":
        path = lose(landing, release, "idc_index")
        path.write_bytes(b"other")
    elif gone == "record":
        shutil.rmtree(settings.home / "landing" / "loads")
    else:
        shutil.rmtree(settings.home / "landing")
    inputs = inputs_of(snapshot, landing, settings)
    assert [found.digest for found in inputs.releases] == [release.digest]
    assert landing.missing_objects(inputs.releases[0]) == []
    # What is landed still needs no record of the landing: the manifest of the snapshot says what it is.
    assert inputs.fetched == (() if gone == "record" else (f"idc {VERSION} (bucket)",))


def test_other_bytes_under_the_same_version_are_refused(
    upstream: IdcUpstream, published: Snapshot, landing: Landing, release: Release, settings: Settings
) -> None:
    lose(landing, release, "idc_index")
    footer = {"idc_index_data_version": f"{VERSION}-0-gf08b112"}
    upstream.put_in_bucket(VERSION, "idc_index.parquet", parquet_bytes(table_of("idc_index", 7), footer))
    with pytest.raises(IntegrityError, match="could not be fetched again with the digests that the manifest states"):
        inputs_of(described(published, release), landing, settings)
    # They are no release of this landing: the next refresh would take them for it.
    assert [found.digest for found in landing.releases("idc")] == [release.digest]


def test_another_channel_may_have_the_same_objects(
    upstream: IdcUpstream, published: Snapshot, landing: Landing, release: Release, settings: Settings
) -> None:
    lose(landing, release, "idc_index")
    upstream.publish_on_github(VERSION)
    nowhere = settings.model_copy(update={"idc_url": f"{upstream.server.url}/nowhere"})
    inputs = inputs_of(described(published, release), landing, nowhere)
    assert inputs.fetched == (f"idc {VERSION} (github)",)
    # The tables tell the channel: it is the one of then.
    assert [(found.digest, found.channel) for found in inputs.releases] == [(release.digest, "bucket")]


def test_no_channel_is_a_sentence(
    upstream: IdcUpstream, published: Snapshot, landing: Landing, release: Release, settings: Settings
) -> None:
    lose(landing, release, "idc_index")
    nowhere = settings.model_copy(
        update={"idc_url": f"{upstream.server.url}/nowhere", "idc_github_url": f"{upstream.server.url}/nowhere"}
    )
    with pytest.raises(SourceError, match=r"idc_index.parquet of idc 25.0.5 .* is gone. .*Restore the landed files"):
        inputs_of(described(published, release), landing, nowhere)


def test_a_load_of_a_portal_cannot_be_fetched_again(published: Snapshot, landing: Landing, settings: Settings) -> None:
    _, night = land_night(settings.home, 1, files_of(1))
    lose(landing, night, "measurement")
    made_up = described(published, night)
    with pytest.raises(IntegrityError, match=r"measurement.parquet of midrc night-1 .* is gone. It was made up"):
        inputs_of(made_up, landing, settings)
    real = night.model_copy(
        update={"loads": tuple(load.model_copy(update={"synthetic": False}) for load in night.loads)}
    )
    with pytest.raises(IntegrityError, match="A portal shows what it holds today and has no past") as refused:
        inputs_of(described(published, real), landing, settings)
    assert "cannot be fetched again" in str(refused.value)
    assert "Restore the file from a copy of the landing" in str(refused.value)


def test_a_manifest_that_contradicts_itself_is_not_built_from(
    published: Snapshot, landing: Landing, release: Release, settings: Settings
) -> None:
    snapshot = described(published, release)
    entry = snapshot.manifest.sources[0].model_copy(update={"digest": "0" * 64})
    altered = snapshot.manifest.model_copy(update={"sources": (entry,)})
    with pytest.raises(IntegrityError, match="does not say enough to find its objects"):
        inputs_of(dataclasses.replace(snapshot, manifest=altered), landing, settings)
