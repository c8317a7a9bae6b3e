"""A snapshot that is exported can be served and comes back whole, or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.snapshots.nights import night
from tests.support.icw import ICW
from tests.support.marks import later
from tests.support.sample_build import PASSED, make_build, tree
from warehouse.errors import IntegrityError, OutputError, UsageError
from warehouse.snapshots.catalog import Snapshot, current, snapshot, snapshots
from warehouse.snapshots.databases import drop_databases
from warehouse.snapshots.exporting import export
from warehouse.snapshots.importing import import_snapshot
from warehouse.snapshots.publish import publish
from warehouse.snapshots.verification import is_sound, verify_snapshot

REPOSITORY = Path(__file__).resolve().parents[2]
FORMS = [("share", False), ("share", True), ("share.zip", False), ("share.zip", True)]


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(("name", "bagit"), FORMS)
def test_what_is_exported_comes_back_byte_for_byte(
    published: Snapshot, tmp_path: Path, name: str, *, bagit: bool
) -> None:
    done = export(published, tmp_path / name, bagit=bagit)
    assert done.is_new
    home = tmp_path / "other"

    found = import_snapshot(home, tmp_path / name)

    assert (found.outcome, found.is_in_service) == ("imported", True)
    assert files(found.snapshot.folder) == files(published.folder)
    assert found.snapshot.manifest == published.manifest
    assert all(path.stat().st_mode & 0o222 == 0 for path in found.snapshot.folder.rglob("*") if path.is_file())
    assert list(verify_snapshot(snapshot(home, None)))
    assert is_sound(snapshot(home, None))
    assert import_snapshot(home, tmp_path / name).outcome == "unchanged"
    assert not list((home / "snapshots").glob(".*"))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("bagit", [False, True])
def test_a_folder_that_is_served_is_read_by_address(published: Snapshot, tmp_path: Path, *, bagit: bool) -> None:
    export(published, tmp_path / "share", bagit=bagit)
    with served(tmp_path / "share") as address:
        latest = pd.read_json(f"{address}/latest.json", typ="series")
        table = pd.read_parquet(f"{address}/{latest['tables']['fct_series'][0]}")
        manifest = pd.read_json(f"{address}/{latest['manifest']}", typ="series")
    assert len(table) == 500
    assert manifest["snapshot_id"] == latest["snapshot_id"] == published.id


def test_latest_is_the_newest_whatever_was_exported_last(home: Path, tmp_path: Path) -> None:
    nights = [night(home, number) for number in range(3)]
    for found in (nights[1], nights[2], nights[0]):
        export(found, tmp_path / "share")
    latest = json.loads((tmp_path / "share" / "latest.json").read_text())
    assert latest["snapshot_id"] == nights[2].id
    assert {path.name for path in (tmp_path / "share").iterdir()} == {"latest.json", *(one.id for one in nights)}
    assert not export(nights[0], tmp_path / "share").is_new


def test_a_bag_is_one_by_the_standard(published: Snapshot, tmp_path: Path) -> None:
    export(published, tmp_path, bagit=True)
    bag = tmp_path / published.id
    assert (bag / "bagit.txt").read_text() == "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    for name, below in (("manifest-sha256.txt", "data/"), ("tagmanifest-sha256.txt", "")):
        listed = dict(line.split("  ")[::-1] for line in (bag / name).read_text().splitlines())
        assert listed == {
            path: digest
            for path, digest in files(bag).items()
            if (path.startswith(below) if below else "/" not in path) and path != "tagmanifest-sha256.txt"
        }
    payload = [path for path in (bag / "data").rglob("*") if path.is_file()]
    octets = sum(path.stat().st_size for path in payload)
    assert f"Payload-Oxum: {octets}.{len(payload)}" in (bag / "bag-info.txt").read_text()


def test_a_zip_file_stores_parquet_and_is_the_same_each_time(published: Snapshot, tmp_path: Path) -> None:
    export(published, tmp_path / "one.zip")
    export(published, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        stored = {entry.filename for entry in archive.infolist() if entry.compress_type == zipfile.ZIP_STORED}
    assert {Path(name).suffix for name in stored} == {".parquet", ".duckdb"}


def test_a_dropped_duckdb_file_is_left_out_and_made_again_there(home: Path, tmp_path: Path) -> None:
    old, _ = (night(home, number) for number in range(2))
    drop_databases(home, 1)
    export(old, tmp_path / "share.zip")
    found = import_snapshot(tmp_path / "other", tmp_path / "share.zip")
    assert not found.is_in_service
    environment = os.environ | {"ICW_HOME": str(tmp_path / "other")}
    command = [ICW, "sql", "-s", old.id, "select count(*) as n from fct_series", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout) == [{"n": 50}], done.stderr


def test_an_imported_table_that_the_home_has_is_shared(home: Path, tmp_path: Path) -> None:
    nights = [night(home, number) for number in range(2)]
    export(nights[1], tmp_path / "share")
    other = tmp_path / "other"
    shutil.copytree(nights[0].folder, other / "snapshots" / nights[0].id)
    found = import_snapshot(other, tmp_path / "share").snapshot
    held = snapshot(other, nights[0].id).tables_folder / "dim_collection.parquet"
    assert held.samefile(found.tables_folder / "dim_collection.parquet")


@pytest.mark.parametrize("name", ["tables/fct_series.parquet", "warehouse.duckdb", "quality.json", "manifest.json"])
@pytest.mark.parametrize("zipped", [False, True])
def test_one_wrong_byte_and_nothing_comes_in(published: Snapshot, tmp_path: Path, name: str, *, zipped: bool) -> None:
    export(published, tmp_path / "share")
    path = tmp_path / "share" / published.id / name
    content = bytearray(path.read_bytes())
    place = len(content) // 2
    content[place] ^= 4
    path.write_bytes(content)
    source = tmp_path / "share"
    if zipped:
        source = Path(shutil.make_archive(str(tmp_path / "spoiled"), "zip", source))
    with pytest.raises(IntegrityError, match=r"Nothing was (imported|taken from it)"):
        import_snapshot(tmp_path / "other", source)
    assert snapshots(tmp_path / "other") == []
    assert not list((tmp_path / "other" / "snapshots").glob(".*"))


def forged(folder: Path, *, database: str | None = None, manifest: Callable[[str], str] | None = None) -> None:
    """Change an export and let its own lists agree with that: the id is still that of the Parquet files."""
    stated = folder / "manifest.json"
    text = stated.read_text()
    before = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("warehouse.duckdb",)}
    if database is not None:
        with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
            connection.execute(database)
        text = text.replace(
            before["warehouse.duckdb"], hashlib.sha256((folder / "warehouse.duckdb").read_bytes()).hexdigest()
        )
    stated.write_text(text if manifest is None else manifest(text))
    names = [line.split("  ", 1)[1] for line in (folder / "SHA256SUMS").read_text().splitlines()]
    sums = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (folder / "SHA256SUMS").write_text("".join(sums))


def swapped(text: str) -> str:
    """Exchange the names of two columns of the same type."""
    return (
        text.replace('"size_bytes"', '"icw"').replace('"series_key"', '"size_bytes"').replace('"icw"', '"series_key"')
    )


FORGERIES = {
    "rows": {"database": "delete from fct_series where modality = 'CT'"},
    "value": {"database": "update fct_series set size_bytes = 1 where instance_count = 3"},
    "names": {"manifest": swapped},
    "statement": {
        "manifest": lambda text: text.replace('"type": "DATE"', '"type": "DATE); create table owned (a int"')
    },
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_an_id_holds_for_all_that_comes_under_it(published: Snapshot, tmp_path: Path, forgery: str) -> None:
    export(published, tmp_path / "share")
    folder = tmp_path / "share" / published.id
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    forged(folder, **FORGERIES[forgery])
    with pytest.raises(IntegrityError, match="contradicts itself"):
        import_snapshot(tmp_path / "other", tmp_path / "share")
    assert snapshots(tmp_path / "other") == []


def test_what_is_there_already_is_what_is_imported(home: Path, tmp_path: Path) -> None:
    held = night(home, 0)
    export(held, tmp_path / "share")
    folder = tmp_path / "share" / held.id
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    forged(
        folder,
        manifest=lambda text: text.replace("described | here", "something else").replace('"rows": ', '"rows":  '),
    )
    with pytest.raises(IntegrityError, match="their lists of digests differ"):
        import_snapshot(home, tmp_path / "share")


@pytest.mark.parametrize("damage", ["deflated", "encrypted"])
def test_a_damaged_or_encrypted_zip_file_is_a_sentence(published: Snapshot, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "share.zip"
    export(published, path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(f"{published.id}/manifest.json")
    data = entry.header_offset + 30 + len(entry.filename)
    if damage == "deflated":
        content[data : data + 8] = b"\xff" * 8
    else:
        content[entry.header_offset + 6] |= 1
        content[content.rindex(entry.filename.encode()) - 46 + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"Nothing was (imported|taken from it)"):
        import_snapshot(tmp_path / "other", path)


def test_exported_again_without_its_duckdb_file_nothing_false_is_said(home: Path, tmp_path: Path) -> None:
    held = night(home, 0)
    export(held, tmp_path / "share")
    held.database.unlink()
    export(held, tmp_path / "share")
    assert json.loads((tmp_path / "share" / "latest.json").read_text())["database"] == f"{held.id}/warehouse.duckdb"
    exported = tmp_path / "share" / held.id / "warehouse.duckdb"
    exported.chmod(0o644)
    exported.write_bytes(exported.read_bytes() + b"x")
    with pytest.raises(IntegrityError, match=r"its warehouse\.duckdb is not that of snapshot"):
        export(held, tmp_path / "share")
    with pytest.raises(IntegrityError, match="is no bag"):
        export(held, tmp_path / "share", bagit=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "tables" / "dim_collection.parquet").unlink(), "is missing"),
        (lambda folder: (folder / "SHA256SUMS").unlink(), "SHA256SUMS in"),
        (lambda folder: (folder / "SHA256SUMS").write_text("0" * 64 + "  ../../escaped\n"), "it lists '../../escaped'"),
        (lambda folder: (folder / "SHA256SUMS").write_text("0" * 64 + "  /etc/escaped\n"), "it lists '/etc/escaped'"),
        (lambda folder: (folder / "manifest.json").unlink(), "holds no snapshot"),
        (
            lambda folder: (folder / "manifest.json").write_text(
                (folder / "manifest.json").read_text().replace(folder.name, "../../escaped")
            ),
            "its id has not the form of one",
        ),
    ],
    ids=["table gone", "list gone", "path above", "absolute path", "no manifest", "id above"],
)
def test_what_contradicts_itself_is_refused_in_a_sentence(
    published: Snapshot, tmp_path: Path, change: object, words: str
) -> None:
    export(published, tmp_path / "share")
    change(tmp_path / "share" / published.id)  # type: ignore[operator]
    with pytest.raises((IntegrityError, UsageError), match=r"Nothing was taken from it|Name what") as refused:
        import_snapshot(tmp_path / "other", tmp_path / "share")
    assert words in str(refused.value)
    assert not (tmp_path / "escaped").exists()
    assert snapshots(tmp_path / "other") == []


def test_a_damaged_snapshot_is_not_exported(home: Path, tmp_path: Path) -> None:
    found = night(home, 0)
    table = found.tables_folder / "fct_series.parquet"
    table.chmod(0o644)
    table.write_bytes(table.read_bytes()[:-1] + b"x")
    for target in (tmp_path / "share", tmp_path / "share.zip"):
        with pytest.raises(IntegrityError, match=r"fct_series.parquet is damaged"):
            export(found, target)
    assert list((tmp_path / "share").iterdir()) == []
    assert not (tmp_path / "share.zip").exists()


def test_a_folder_that_is_somebody_elses_is_left_alone(published: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "latest.json").write_text('{"news": 1}')
    with pytest.raises(OutputError, match=r"is not a latest\.json of this program"):
        export(published, tmp_path)
    (tmp_path / "latest.json").unlink()
    (tmp_path / published.id).mkdir()
    with pytest.raises(IntegrityError, match="is there already"):
        export(published, tmp_path)
    with pytest.raises(UsageError, match="lies in the warehouse home"):
        export(published, published.folder.parents[1] / "share")


@pytest.mark.parametrize("target", ["share", later("share.zip")])
@pytest.mark.parametrize("limit", [later(4096), 100_000])
def test_a_full_disk_leaves_nothing_of_an_export_or_an_import(tmp_path: Path, target: str, limit: int) -> None:
    home = tmp_path / "home"
    publish(make_build(tmp_path / "build", series=20_000), [PASSED], home, {})
    export(snapshot(home, None), tmp_path / "whole")
    (tmp_path / "other").mkdir()
    program = """
        import resource, sys
        from pathlib import Path
        from warehouse.errors import StorageError
        from warehouse.snapshots.catalog import snapshot
        from warehouse.snapshots.exporting import export
        from warehouse.snapshots.importing import import_snapshot
        folder, limit = Path(sys.argv[1]), int(sys.argv[3])
        # A file that may not grow is refused as on a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        refused = 0
        for act in (
            lambda: export(snapshot(folder / "home", None), folder / sys.argv[2]),
            lambda: import_snapshot(folder / "other", folder / "whole"),
        ):
            try:
                act()
            except StorageError as error:
                refused += 1
                print(error)
        sys.exit(StorageError.exit_code if refused == 2 else 1)
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path), target, str(limit)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 6, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 2
    left = tree(tmp_path)
    assert not [name for name in left if name.startswith(target) and name != target]
    assert (target in left) == (target == "share")
    assert {name for name in left if name.startswith("other/")} <= {"other/snapshots"}


@pytest.mark.full
@pytest.mark.parametrize("what", ["folder", "zip", "import"])
def test_killed_at_any_step_nothing_half_is_visible(tmp_path: Path, what: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.snapshots.killed_sharing", what, str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    seen = done.stdout.splitlines()
    assert seen.count("killed, nothing there") >= 2
    assert seen[-1] == "through, whole"


def test_the_commands_say_what_they_did(home: Path, tmp_path: Path) -> None:
    found = night(home, 0)

    def icw(*arguments: str, at: Path = home) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"ICW_HOME": str(at)}
        command = [ICW, "snapshots", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    done = icw("export", "current", str(tmp_path / "share.zip"), "--json")
    assert json.loads(done.stdout)["snapshot_id"] == found.id
    came = icw("import", str(tmp_path / "share.zip"), at=tmp_path / "other")
    assert came.stdout == f"{found.id} imported, each file as it was published; it is in service.\n"
    assert icw("import", str(tmp_path / "nothing"), at=tmp_path / "other").returncode == 2
    assert icw("export", "current", str(tmp_path / "no" / "share.zip")).returncode == 13
    in_service = current(tmp_path / "other")
    assert in_service is not None
    assert in_service.id == found.id
