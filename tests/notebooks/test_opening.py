"""`warehouse.open`: from a home, a folder, a zip file, an address; what is not as it was published is refused."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import warehouse as icw
from tests.support.loopback import Loopback
from tests.support.s3_store import S3Store, environment
from warehouse.errors import (
    IntegrityError,
    SourceUnreachable,
    StoreError,
    SyntheticDataWarning,
    UsageError,
    WarehouseError,
)
from warehouse.object_store.address import store_address
from warehouse.object_store.bucket import Bucket
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.exporting import export
from warehouse.snapshots.pushing import push

SERIES = "select count(*) as n from fct_series"


def series(source: str | Path | None = None, home: Path | None = None) -> list[object]:
    with icw.open(source, home=home) as snapshot:
        return snapshot.sql(SERIES).arrow().column("n").to_pylist()


def test_importing_it_loads_nothing_heavy() -> None:
    script = "import sys, warehouse; print({'duckdb', 'pyarrow', 'pandas', 'polars', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_home_opens_what_is_in_service_or_has_the_id(
    real: Snapshot, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICW_HOME", str(home))
    with icw.open() as snapshot:
        assert snapshot.id == real.id
        assert not snapshot.is_synthetic
    assert series(real.id[:8]) == series("current") == [30]
    with pytest.raises(UsageError, match=f"There is no snapshot '2001'.*{real.id}"):
        icw.open("2001")


@pytest.mark.parametrize("name", [".", "snapshots", "current", "share", "share/{id}", "bag", "share.zip", "bag.zip"])
def test_a_path_is_what_a_snapshot_or_an_export_lies_at(real: Snapshot, home: Path, name: str) -> None:
    export(real, home / "share")
    export(real, home / "bag", bagit=True)
    export(real, home / "share.zip")
    export(real, home / "bag.zip", bagit=True)
    path = home / name.format(id=real.id)
    if name in (".", "snapshots"):
        with pytest.raises(UsageError, match=r"holds no snapshot: there is no manifest\.json in it"):
            icw.open(path)
        return
    assert series(path) == series(str(path)) == [30]


def test_an_export_without_its_duckdb_file_has_the_same_answers_and_leaves_nothing_beside_it(
    real: Snapshot, tmp_path: Path
) -> None:
    folder = export(real, tmp_path / "share").path
    (tmp_path / "share" / real.id / "warehouse.duckdb").unlink()
    before = sorted(tmp_path.rglob("*"))
    assert series(folder) == [30]
    assert sorted(tmp_path.rglob("*")) == before


def test_another_duckdb_file_in_the_place_of_the_published_one_is_refused(
    real: Snapshot, synthetic: Snapshot, tmp_path: Path
) -> None:
    export(real, tmp_path / "share")
    database = tmp_path / "share" / real.id / "warehouse.duckdb"
    database.unlink()
    database.write_bytes(synthetic.database.read_bytes())
    with pytest.raises(IntegrityError, match=f"not the file that was published with snapshot {real.id}"):
        icw.open(tmp_path / "share")


def test_an_address_is_that_of_an_exported_folder(
    real: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICW_RETRIES", "0")
    export(real, tmp_path)
    with Loopback() as server:
        serve(server, tmp_path)
        for path in ("", "/", "/latest.json", f"/{real.id}"):
            assert series(f"{server.url}{path}") == [30], path
        with pytest.raises(UsageError, match=r"There is no snapshot at .*: it has no manifest\.json"):
            icw.open(f"{server.url}/elsewhere")
    with pytest.raises(SourceUnreachable):
        icw.open(server.url)
    with pytest.raises(UsageError, match="begins with https://, http:// or s3://"):
        icw.open("ftp://example.org/share")


@pytest.mark.parametrize("damaged", ["warehouse.duckdb", "tables/fct_series.parquet", "manifest.json"])
def test_what_arrives_damaged_is_refused(real: Snapshot, tmp_path: Path, damaged: str) -> None:
    export(real, tmp_path)
    path = tmp_path / real.id / damaged
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(real.manifest.tables_digest.encode(), b"0" * 64)[:-1] + b" ")
    with Loopback() as server:
        serve(server, tmp_path)
        with pytest.raises(IntegrityError):
            icw.open(server.url)


def test_a_store_of_s3_is_read_with_the_keys_of_the_environment(
    real: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with S3Store() as store:
        for name, value in environment(store, tmp_path).items():
            monkeypatch.setenv(name, value)
        address = f"s3://{store.new_bucket()}/imaging"
        with pytest.raises(UsageError, match="There is no snapshot at s3://"):
            icw.open(address)
        push(real, Bucket(store_address(address)))
        assert series(address) == [30]
        with pytest.raises(StoreError):
            icw.open("s3://nowhere/imaging")


def test_made_up_data_is_said_to_be_made_up(synthetic: Snapshot, real: Snapshot) -> None:
    with pytest.warns(SyntheticDataWarning, match="made-up") as caught:
        opened = icw.open(synthetic.folder)
    with opened as snapshot:
        assert "SYNTHETIC" in repr(snapshot)
        answer = snapshot.sql(SERIES)
        assert "SYNTHETIC" in repr(answer)
        assert answer.arrow().schema.metadata[b"synthetic"] == b"true"
        assert answer.pandas().attrs["synthetic"] is True
        assert answer.cite().synthetic
    assert caught[0].filename == __file__
    with warnings.catch_warnings(), icw.open(real.folder) as snapshot:
        warnings.simplefilter("error")
        assert "SYNTHETIC" not in repr(snapshot) + repr(snapshot.sql(SERIES))


def test_a_closed_snapshot_answers_no_more(real: Snapshot) -> None:
    snapshot = icw.open(real.folder)
    answer, frame = snapshot.sql(SERIES), snapshot.sql(SERIES).polars()
    snapshot.close()
    for ask in (answer.arrow, answer.duckdb, answer.cite, snapshot.cite, lambda: snapshot.sql(SERIES)):
        with pytest.raises(WarehouseError, match="is closed"):
            ask()
    assert frame.item() == 30


def serve(server: Loopback, folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            server.serve(f"/{path.relative_to(folder).as_posix()}", path.read_bytes())
