"""The profile of a landed release is measured once, and anew where it does not hold."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from duckdb import DuckDBPyConnection

from tests.support.portal_nights import files_of, land_night
from tests.support.small_release import FILES, land, with_load
from warehouse.contracts import load_contract
from warehouse.errors import IntegrityError, StorageError
from warehouse.files import sha256_of
from warehouse.landing import Landing, Release
from warehouse.profiles import store
from warehouse.profiles.figures import PROFILE_COLUMNS, Figure
from warehouse.profiles.measure import Relation
from warehouse.profiles.store import has_profile, measure_lacking, profile_of, profile_path, read_profile


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sources of what was measured together, one entry each time."""
    times: list[str] = []

    def measure(connection: DuckDBPyConnection, relations: Sequence[Relation]) -> list[Figure]:
        times.append(" ".join(dict.fromkeys(str(relation.source_id) for relation in relations)))
        return original(connection, relations)

    original = store.measure_relations
    monkeypatch.setattr(store, "measure_relations", measure)
    return times


@pytest.fixture
def landed(tmp_path: Path) -> tuple[Landing, Release]:
    return land(tmp_path)


def test_a_profile_holds_what_the_release_has(tmp_path: Path, landed: tuple[Landing, Release]) -> None:
    landing, release = landed
    path = profile_of(tmp_path, landing, release)
    assert path == tmp_path / "profiles" / "idc" / f"25.0.5-{release.digest[:12]}.parquet"
    assert pq.read_schema(path).names == list(PROFILE_COLUMNS)
    figures = read_profile(path)
    assert {figure.dataset for figure in figures} == set(FILES)
    rows = {figure.dataset: figure.number for figure in figures if figure.metric == "rows"}
    assert rows == {load.dataset: load.rows for load in release.loads if load.status == "landed"}
    modalities = {
        figure.scope_value: figure.number
        for figure in figures
        if (figure.dataset, figure.metric, figure.scope_column) == ("idc_index", "group rows", "Modality")
    }
    assert modalities == {"CT": 1200, "MR": 600, "SR": 600}
    nulls = {
        figure.scope_value: figure.number
        for figure in figures
        if (figure.dataset, figure.metric, figure.column_name) == ("idc_index", "null", "BodyPartExamined")
    }
    assert nulls == {None: 1200, "CT": 0, "MR": 600, "SR": 600}


def test_it_is_measured_once(tmp_path: Path, landed: tuple[Landing, Release], measured: list[str]) -> None:
    landing, release = landed
    assert not has_profile(tmp_path, release)
    first = profile_of(tmp_path, landing, release)
    before = first.stat().st_mtime_ns
    assert profile_of(tmp_path, landing, release) == first
    assert has_profile(tmp_path, release)
    assert len(measured) == 1
    assert first.stat().st_mtime_ns == before


def test_its_bytes_are_the_same_with_any_threads(tmp_path: Path, landed: tuple[Landing, Release]) -> None:
    landing, release = landed
    one = profile_of(tmp_path / "one", landing, release, threads=1)
    two = profile_of(tmp_path / "two", landing, release, threads=2, memory_limit="500MB")
    assert one.read_bytes() == two.read_bytes()


def test_several_are_measured_together_as_each_by_itself(
    tmp_path: Path, landed: tuple[Landing, Release], measured: list[str]
) -> None:
    landing, release = landed
    _, portal = land_night(tmp_path, 0, files_of(0))
    measure_lacking(tmp_path, landing, [release, portal])
    assert measured == ["idc midrc"]
    measure_lacking(tmp_path, landing, [release, portal])
    assert measured == ["idc midrc"]
    for one in (release, portal):
        assert has_profile(tmp_path, one)
        alone = profile_of(tmp_path / "alone", landing, one)
        assert profile_of(tmp_path, landing, one).read_bytes() == alone.read_bytes()


def test_a_release_that_cannot_be_measured_keeps_no_other_from_it(
    tmp_path: Path, landed: tuple[Landing, Release], measured: list[str]
) -> None:
    landing, release = landed
    _, portal = land_night(tmp_path, 0, files_of(0))
    spoil(landing, release)
    measure_lacking(tmp_path, landing, [release, portal])
    assert measured == ["midrc"]
    assert has_profile(tmp_path, portal)
    with pytest.raises(IntegrityError, match=r"idc 25\.0\.5 cannot be profiled"):
        profile_of(tmp_path, landing, release)


def test_a_release_that_duckdb_cannot_read_is_left_to_be_said(tmp_path: Path, landed: tuple[Landing, Release]) -> None:
    landing, release = landed
    _, unreadable = land_night(tmp_path, 0, files_of(0))
    load = next(load for load in unreadable.loads if load.objects)
    text = tmp_path / "text"
    text.write_text("no parquet")
    entry = load.objects[0].model_copy(update={"sha256": sha256_of(text), "bytes": text.stat().st_size})
    unreadable = with_load(unreadable, load.dataset, objects=(entry,))
    unreadable = landing.commit(unreadable, {entry.sha256: text})
    measure_lacking(tmp_path, landing, [release, unreadable])
    assert profile_of(tmp_path, landing, release).is_file()
    with pytest.raises(IntegrityError, match=r"midrc .* cannot be profiled, though its files are as they were landed"):
        profile_of(tmp_path, landing, unreadable)


def test_it_outlives_the_landed_files(tmp_path: Path, landed: tuple[Landing, Release], measured: list[str]) -> None:
    landing, release = landed
    path = profile_of(tmp_path, landing, release)
    spoil(landing, release)
    assert profile_of(tmp_path, landing, release) == path
    path.unlink()
    with pytest.raises(IntegrityError, match=r"idc 25\.0\.5 cannot be profiled.*idc_index\.parquet"):
        profile_of(tmp_path, landing, release)
    assert len(measured) == 1


@pytest.mark.parametrize(
    "damage", ["bit", *(pytest.param(kind, marks=pytest.mark.full) for kind in ("cut", "empty", "text"))]
)
def test_a_damaged_one_is_measured_anew(
    tmp_path: Path, landed: tuple[Landing, Release], measured: list[str], damage: str
) -> None:
    landing, release = landed
    path = profile_of(tmp_path, landing, release)
    whole = path.read_bytes()
    chance = random.Random(damage)
    for _ in range(10 if damage == "bit" else 1):
        place = chance.randrange(4, len(whole) - 8)
        spoilt = {
            "bit": whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1 :],
            "cut": whole[:place],
            "empty": b"",
            "text": b"no parquet",
        }[damage]
        path.write_bytes(spoilt)
        table = pq.read_table(profile_of(tmp_path, landing, release))
        assert table.equals(pq.read_table(profile_of(tmp_path / "again", landing, release)))
    assert len(measured) >= 3


def test_one_of_an_earlier_form_is_measured_anew(
    tmp_path: Path, landed: tuple[Landing, Release], measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    landing, release = landed
    profile_of(tmp_path, landing, release)
    monkeypatch.setattr(store, "form_of", lambda source: "another form")
    assert not has_profile(tmp_path, release)
    profile_of(tmp_path, landing, release)
    assert len(measured) == 2
    assert has_profile(tmp_path, release)


def test_the_form_tells_contracts_and_code_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = store.form_of("idc")
    assert before != store.form_of("midrc")
    contract = load_contract("idc")
    dataset = contract.datasets["idc_index"]
    changed = dataset.model_copy(update={"key": ("collection_id", "SeriesInstanceUID")})
    described = dataset.columns[0].model_copy(update={"description": "Another text."})
    for update, differs in (
        ({**contract.datasets, "idc_index": changed}, True),
        (
            {
                **contract.datasets,
                "idc_index": dataset.model_copy(update={"columns": (described, *dataset.columns[1:])}),
            },
            False,
        ),
    ):
        other = contract.model_copy(update={"datasets": update})
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(store, "load_contract", lambda source, other=other: other)
            store.form_of.cache_clear()
            assert (store.form_of("idc") != before) is differs
    store.form_of.cache_clear()
    assert store.form_of("idc") == before


def test_of_another_release_it_does_not_hold(tmp_path: Path, landed: tuple[Landing, Release]) -> None:
    landing, release = landed
    other = release.model_copy(update={"loads": release.loads[:-1]})
    path = profile_of(tmp_path, landing, release)
    target = profile_path(tmp_path, other)
    target.write_bytes(path.read_bytes())
    assert not has_profile(tmp_path, other)


def test_a_damaged_one_cannot_be_read(tmp_path: Path, landed: tuple[Landing, Release]) -> None:
    landing, release = landed
    path = profile_of(tmp_path, landing, release)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(IntegrityError, match=r"The profile .* cannot be read"):
        read_profile(path)


def test_a_home_that_is_a_file_is_said(tmp_path: Path, landed: tuple[Landing, Release]) -> None:
    landing, release = landed
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="Cannot write to"):
        profile_of(tmp_path / "file", landing, release)


def spoil(landing: Landing, release: Release) -> None:
    """Flip a byte in the index."""
    load = release.load_of("idc_index")
    assert load is not None
    path = landing.object_path(load.objects[0].sha256)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
