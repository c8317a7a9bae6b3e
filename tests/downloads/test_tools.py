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

# Series of each modality, in studies with slides and without: up to twelve of each.
OF_ALL_KINDS = """
select
    series.series_instance_uid,
    series.modality,
    series.viewer_url,
    studies.viewer_url as study_viewer_url,
    series.series_gcs_url
from fct_series as series
join fct_study as studies using (study_key)
where series.source_id = 'idc'
qualify row_number() over (
    partition by series.modality, series.viewer_url like '%/slim/%' order by md5(series.series_instance_uid)
) <= 12
"""

SHOWN_BY_IDC = """
import json, sys
from idc_index import IDCClient
client = IDCClient()
asked = json.load(open(sys.argv[1]))
# A question to the whole index takes seconds: the studies of these series, whole, are what it looks at.
studies = client.index.loc[client.index["SeriesInstanceUID"].isin(asked), "StudyInstanceUID"]
client.index = client.index[client.index["StudyInstanceUID"].isin(studies)]
client.prior_versions_index = client.prior_versions_index[:0]
rows = client.index.set_index("SeriesInstanceUID").loc[asked].reset_index()
rows["url"] = "s3://" + rows["aws_bucket"] + "/" + rows["crdc_series_uuid"] + "/*"
client._replace_aws_with_gcp_buckets(rows, "url")
print(json.dumps([
    [
        client.get_viewer_URL(seriesInstanceUID=row.SeriesInstanceUID),
        client.get_viewer_URL(studyInstanceUID=row.StudyInstanceUID),
        row.url.replace("s3://", "gs://"),
    ]
    for row in rows.itertuples()
]))
"""

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


def test_viewers_and_buckets_are_those_of_idc_index(snapshot: Snapshot, tmp_path: Path) -> None:
    with query.run(snapshot, OF_ALL_KINDS) as result:
        rows = result.reader().read_all().to_pylist()
    assert len(rows) > 200
    assert {"ANN", "CT", "MG", "MR", "PT", "RTDOSE", "RTSTRUCT", "SEG", "SM", "SR"} <= {row["modality"] for row in rows}
    (tmp_path / "asked.json").write_text(json.dumps([row["series_instance_uid"] for row in rows]))
    shown = read_by(IDC_CLIENT, SHOWN_BY_IDC, tmp_path / "asked.json")
    assert [[row["viewer_url"], row["study_viewer_url"], row["series_gcs_url"]] for row in rows] == shown
    assert {gcs.split("/")[2] for *_, gcs in shown} == {"idc-open-data", "idc-open-idc1", "idc-open-cr"}
    assert any(row["modality"] != "SM" and "/slim/" in row["viewer_url"] for row in rows)


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
