from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.sources.gen3.guppy.id_sets import NO_IDS
from warehouse.sources.gen3.guppy.parts import PartOrigin, PartStore, in_order, join, merged

SCHEMA = pa.schema([("id", pa.string()), ("n", pa.int64())])
HERE = PartOrigin(origin="https://portal.example", index="case_1", fields="f", cut="id")


def table(ids: list[str]) -> pa.Table:
    return pa.table({"id": sorted(ids), "n": [hash(text) % 7 for text in sorted(ids)]}, schema=SCHEMA)


def store_of(folder: Path, groups: list[list[str]]) -> PartStore:
    store = PartStore(folder / "case", HERE)
    store.begin("s1")
    for group in groups:
        store.write(table(group), "batch", min(group), max(group))
    return store


ids = st.lists(st.text("abcdé🫁", min_size=1, max_size=4), min_size=1, max_size=40, unique=True)


@settings(max_examples=40)
@given(ids, st.lists(st.integers(0, 7), min_size=40, max_size=40), st.sets(st.integers(0, 39)))
def test_the_same_records_give_the_same_bytes_however_they_were_cut(
    found: list[str], groups: list[int], gone: set[int]
) -> None:
    vanished = {found[n] for n in gone if n < len(found)}
    kept = [text for text in found if text not in vanished]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        by_group = [[t for t, g in zip(found, groups, strict=False) if g == n] for n in range(8)]
        scattered = store_of(folder / "a", [group for group in by_group if group])
        one = join(
            merged(scattered, "id", pa.chunked_array([sorted(vanished)], pa.large_string())),
            SCHEMA,
            "id",
            folder / "a.parquet",
        )
        whole = store_of(folder / "b", [kept] if kept else [])
        other = join(merged(whole, "id", NO_IDS), SCHEMA, "id", folder / "b.parquet")
        assert (one.rows, one.sha256, one.ids_digest) == (len(kept), other.sha256, other.ids_digest)
        assert one.ascending


def test_a_repeated_id_is_seen(tmp_path: Path) -> None:
    store = store_of(tmp_path, [["a", "b"], ["b", "c"]])
    assert not join(merged(store, "id", NO_IDS), SCHEMA, "id", tmp_path / "x.parquet").ascending


def test_parts_are_taken_over_only_by_the_same_state_of_the_same_index_with_the_same_fields(tmp_path: Path) -> None:
    store_of(tmp_path, [["a"], ["b"]])
    assert PartStore(tmp_path / "case", HERE).begin("s1") == 2
    for other in ({"index": "case_2"}, {"fields": "g"}, {"origin": "synthetic"}, {"cut": "n"}):
        store_of(tmp_path, [["a"], ["b"]])
        assert PartStore(tmp_path / "case", HERE.model_copy(update=other)).begin("s1") == 0
    store_of(tmp_path, [["a"], ["b"]])
    assert PartStore(tmp_path / "case", HERE).begin("s2") == 0


def test_a_repaired_state_keeps_the_parts_of_the_state_before(tmp_path: Path) -> None:
    store = store_of(tmp_path, [["a"]])
    store.add_state("s2")
    store.write(table(["b"]), "batch", "b", "b")
    assert PartStore(tmp_path / "case", HERE).begin("s2") == 2


@pytest.mark.parametrize("damage", ["cut", "flip", "no_sidecar", "no_file", "torn_sidecar", "foreign_state"])
def test_a_damaged_part_is_thrown_away_and_the_others_stay(tmp_path: Path, damage: str) -> None:
    store = store_of(tmp_path, [["a", "b"], ["c"]])
    part = store.parts()[0]
    file, sidecar = (store.folder / f"{part.name}.{suffix}" for suffix in ("arrow", "json"))
    match damage:
        case "cut":
            file.write_bytes(file.read_bytes()[:-5])
        case "flip":
            content = bytearray(file.read_bytes())
            content[len(content) // 2] ^= 1
            file.write_bytes(bytes(content))
        case "no_sidecar":
            sidecar.unlink()
        case "no_file":
            file.unlink()
        case "torn_sidecar":
            sidecar.write_text(sidecar.read_text()[:20])
        case "foreign_state":
            sidecar.write_text(part.model_copy(update={"state": "s9"}).model_dump_json())
    again = PartStore(store.folder, HERE)
    assert again.begin("s1") == 1
    assert [row for piece in in_order(again) for row in piece.column("id").to_pylist()] == ["c"]


def test_temporary_files_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    store = store_of(tmp_path, [["a"]])
    (store.folder / "part-x.tmp").write_bytes(b"half")
    (store.folder / ".part-x.json.1.tmp").write_bytes(b"{")
    PartStore(store.folder, HERE).begin("s1")
    assert sorted(path.suffix for path in store.folder.iterdir()) == [".arrow", ".json", ".json"]


def test_no_records_at_all_are_a_file_with_the_schema_and_no_rows(tmp_path: Path) -> None:
    joined = join(iter([]), SCHEMA, "id", tmp_path / "x.parquet")
    assert (joined.rows, joined.ascending) == (0, True)
