"""Manifests of a real snapshot, read by the tools that they are for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.environments import IDC_CLIENT, python_with
from tests.support.published_releases import NEWER, published_releases, snapshot_of
from warehouse.downloads.choosing import Totals, chosen_by
from warehouse.downloads.forms import ManifestName
from warehouse.snapshots import query
from warehouse.snapshots.catalog import Snapshot

pytestmark = [pytest.mark.full, pytest.mark.network]

# A thousand series of all kinds: those with the smallest hashes of their UIDs.
THOUSAND = "select series_key from fct_series where source_id = 'idc' order by md5(series_instance_uid) limit 1000"

READ_BY_IDC = """
import json, sys
from idc_index import IDCClient
client = IDCClient()
size, endpoint, commands, *_ = client._validate_update_manifest_and_get_download_size(
    manifestFile=sys.argv[1], downloadDir=sys.argv[2], validate_manifest=True, use_s5cmd_sync=False, dirTemplate=None
)
uids = open(sys.argv[3]).read().strip().split(",")
known = client.index[client.index["SeriesInstanceUID"].isin(uids)]
print(json.dumps({
    "version": client.get_idc_version(), "endpoint": endpoint, "mb": float(size),
    "commands": sum(line.startswith("cp ") for line in open(commands)), "known": len(known), "asked": len(uids),
    "known_mb": float(known["series_size_MB"].sum()),
}))
"""

READ_BY_GEN3 = """
import json, sys
from gen3.tools.download.drs_download import Manifest
entries = Manifest.load_manifest(sys.argv[1])
files = Manifest.load(sys.argv[1])
print(json.dumps([[one.object_id, one.file_size, one.md5sum, file.hostname] for one, file in zip(entries, files)]))
"""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return snapshot_of(published_releases(tmp_path_factory), NEWER)


def written(snapshot: Snapshot, name: ManifestName, sql: str, path: Path) -> Totals:
    with chosen_by(snapshot, sql, name) as choice:
        totals = choice.totals()
        with choice.manifest() as result:
            query.write_result(result, choice.form.format, path, header=choice.form.header)
    return totals


def read_by(package: str, program: str, *arguments: Path) -> Any:
    command = [python_with(package), "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_idc_index_finds_a_thousand_series_and_the_same_bytes(snapshot: Snapshot, tmp_path: Path) -> None:
    commands, identifiers = tmp_path / "manifest.s5cmd", tmp_path / "identifiers.txt"
    totals = written(snapshot, "s5cmd", THOUSAND, commands)
    assert written(snapshot, "idc", THOUSAND, identifiers) == totals
    assert (totals.chosen, totals.records, totals.missing) == (1000, 1000, 0)
    found = read_by(IDC_CLIENT, READ_BY_IDC, commands, tmp_path, identifiers)
    assert (found["commands"], found["known"], found["asked"]) == (1000, 1000, 1000)
    assert found["endpoint"] == "https://s3.amazonaws.com"
    # Upstream states MB, rounded to a hundredth.
    assert found["mb"] == pytest.approx(totals.bytes / 1e6, abs=10)
    assert found["known_mb"] == pytest.approx(totals.bytes / 1e6, abs=10)


def test_gen3_reads_the_files_of_the_portal(snapshot: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    totals = written(snapshot, "gen3", "select file_key from fct_file", path)
    found = read_by("gen3==4.28.5", READ_BY_GEN3, path)
    assert len(found) == totals.records > 1000
    assert sum(size or 0 for _, size, _, _ in found) == totals.bytes
    assert {host for *_, host in found} == {"data.midrc.org"}
    with query.run(snapshot, "select object_id, md5 from fct_file where object_id is not null") as result:
        listed = result.reader().read_all().to_pylist()
    assert sorted((name, md5) for name, _, md5, _ in found) == sorted((row["object_id"], row["md5"]) for row in listed)
