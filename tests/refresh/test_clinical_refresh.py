"""`icw refresh --clinical` from end to end: real processes, a bucket on loopback, a small release."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.refresh.conftest import Icw
from tests.support.loopback import Loopback
from tests.support.small_bucket import Bucket, parquet_bytes
from warehouse.landing import Landing
from warehouse.snapshots import catalog

KEY = "bigquery_export/idc_v25_clinical/zero/000000000000.parquet"
LISTING = f"/clinical/?list-type=2&prefix={KEY.rpartition('/')[0]}/"
DICTIONARY = {
    "clinical_index": """
        select 'collection_0' as collection_id, 'p.d.zero' as table_name, 'zero' as short_table_name,
            name as "column", name as column_label, [{'option_code': 'A', 'option_description': 'Alive'}] as "values"
        from (values ('dicom_patient_id'), ('vital')) as columns(name)
    """
}
COUNT = "select count(*) as n, count(value_label) as labels, count(patient_key) as patients from fct_clinical_value"


def serve(server: Loopback) -> None:
    query = "select 'patient-' || (3 * n) as dicom_patient_id, 'A' as vital from range(40) as numbers(n)"
    content = parquet_bytes(query, "25.0.5")
    listed = f"<Key>{KEY}</Key><ETag>&quot;{hashlib.md5(content).hexdigest()}&quot;</ETag><Size>{len(content)}</Size>"
    page = f"<ListBucketResult><Contents>{listed}</Contents></ListBucketResult>"
    server.serve(LISTING, page, "application/xml")
    server.serve(f"/clinical/{KEY}", content)


@pytest.mark.full
def test_clinical_tables_come_and_go_with_the_request(icw: Icw, bucket: Bucket, tmp_path: Path) -> None:
    server, home = bucket.upstream.server, tmp_path / "home"
    address = {"ICW_CLINICAL_URL": f"{server.url}/clinical"}
    bucket.publish("25.0.5", DICTIONARY)
    serve(server)

    def counted() -> tuple[list[dict[str, int]], str]:
        done = icw("sql", COUNT, "-f", "json", home=home)
        return json.loads(done.stdout), done.stderr

    def fetched() -> list[str]:
        return [path for path in bucket.requests() if path.endswith(".parquet") and "/current/" not in path]

    unknown = icw("refresh", "--clinical", "collection_1,nowhere", home=home, **address)
    assert unknown.returncode == 2, unknown.stderr
    assert "no collection nowhere and no clinical tables of collection_1" in unknown.stderr
    assert "Collections with clinical tables are: collection_0." in unknown.stderr

    asked = icw("refresh", "--clinical", "collection_0", home=home, **address)
    assert asked.returncode == 0, asked.stderr
    assert counted() == ([{"n": 80, "labels": 40, "patients": 80}], "")
    first = catalog.snapshot(home, None).manifest.tables_digest

    # That a table which has changed is fetched anew is told in tests/sources/idc/test_clinical.py.
    bucket.forget_requests()
    again = icw("refresh", home=home, ICW_CLINICAL="collection_0", **address)
    assert "Nothing new upstream" in again.stdout
    assert fetched() == []

    bucket.forget_requests()
    without = icw("refresh", home=home, **address)
    assert without.returncode == 0, without.stderr
    found, told = counted()
    assert found == [{"n": 0, "labels": 0, "patients": 0}]
    assert "fct_clinical_value is empty: not requested when IDC 25.0.5 was landed: set ICW_CLINICAL" in told
    assert fetched() == []

    # What was landed once is not fetched again, and the tables that have it are put back, without a build.
    back = icw("refresh", "--clinical", "collection_0", home=home, **address)
    assert back.returncode == 0, back.stderr
    assert catalog.snapshot(home, None).manifest.tables_digest == first
    assert not Landing(home).damage(Landing(home).releases("idc")[0])

    server.resources.pop(LISTING)
    refused = icw("refresh", "--clinical", "collection_0", home=home, **address)
    assert refused.returncode == 3
    assert "ICW_CLINICAL_URL" in refused.stderr
    assert catalog.snapshot(home, None).manifest.tables_digest == first
