"""A small build of what manifests and cohorts list: ten series of IDC, three of the hub, two of MIDRC; five files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from tests.support.sample_build import make_build, model, redescribe, relationships_test
from warehouse.build import Build

UUID = "'00000000-0000-4000-8000-' || lpad(i::varchar, 12, '0')"

SERIES = f"""
select i::bigint as series_key, {UUID} as crdc_series_uuid, '1.2.3.' || i as series_instance_uid, 'idc' as source_id,
    'lung''s' as collection_id, 'p' || i as patient_id, '1.2.' || i as study_instance_uid, 'CT' as modality,
    case when i < 8 then 'CC-BY-4.0' else 'CC-BY-NC-4.0' end as license_id, 10 as instance_count,
    1_000_000 * i as size_bytes, 's3://idc-open-data/' || {UUID} || '/*' as series_aws_url, null::varchar as object_id,
    'drs://dg.4DFC:' || {UUID} as drs_uri, 1::bigint as collection_key,
    case when i < 3 then '10.5281/results' else '10.7937/lung' end as source_doi,
    case when i < 8 then 1 else 2 end::bigint as license_key
from range(1, 11) as t(i)
union all
select 100 + i, null, '1.2.3.' || i, 'bih', 'lung', 'p' || i, '1.2.' || i, 'CT', null, null, null, null,
    case when i = 1 then 'dg.4DFC/' || {UUID} when i = 2 then 'no-prefix' end,
    case when i = 1 then 'drs://dg.4DFC:' || {UUID} end, 2, null, null
from range(1, 4) as t(i)
union all
select 200 + i, null, '9.9.' || i, 'midrc', 'Open-A1', 'c' || i, '9.' || i, 'CR', 'MIDRC-DUA', 1, 500, null, null,
    null, 3, '10.60701/open-a1', 7
from range(1, 3) as t(i)
"""

FILES = f"""
select 1000 + i as file_key, case when i < 5 then 'dg.MD1R/' || {UUID} end as object_id,
    case when i < 5 then 'drs://dg.MD1R:' || {UUID} end as drs_uri, 3::bigint as collection_key,
    'file-' || i as file_id,
    case when i <= 2 then 200 + i end as series_key, case when i <= 2 then '9.9.' || i end as series_instance_uid,
    'midrc' as source_id, 'Open-A1' as collection_id, 'CR' as data_type, 'CR' as modality, 7::bigint as license_key,
    1 as instance_count, case when i <> 3 then 500 + i end as size_bytes, 'a "file" ' || i || '.zip' as file_name,
    repeat('ab', 16) as md5
from range(1, 6) as t(i)
"""

LICENSES = """
select license_key::bigint as license_key, license_id, license_id as license_short_name, license_long_name,
    'https://example.org/' || license_id as license_url, true as attribution_required, commercial_use_allowed, note
from (values
    (7, 'MIDRC-DUA', 'MIDRC Data Use Agreement', false, 'Read the agreement'),
    (1, 'CC-BY-4.0', 'Creative Commons Attribution 4.0', true, null),
    (2, 'CC-BY-NC-4.0', 'Creative Commons Attribution-NonCommercial 4.0', false, null)
) as t(license_key, license_id, license_long_name, commercial_use_allowed, note)
"""

COLLECTIONS = """
select * from (values
    (1::bigint, 'idc', 'lung''s', '10.7937/lung'), (2, 'bih', 'lung', null), (3, 'midrc', 'Open-A1', '10.60701/open-a1')
) as t(collection_key, source_id, collection_id, collection_doi)
"""

TABLES = {"fct_series": SERIES, "fct_file": FILES, "dim_license": LICENSES, "dim_collection": COLLECTIONS}
KEYS = {
    "fct_series": "series_key",
    "fct_file": "file_key",
    "dim_license": "license_key",
    "dim_collection": "collection_key",
}


def build_of_images(
    folder: Path, *, version: str = "23.5.0", without: str | None = None, changes: Sequence[str] = ()
) -> Build:
    """A build with a few series of three sources, and files of one.

    All its tables lack the column `without`; `changes` are statements that alter the tables of the schema `star`.
    """
    build = make_build(folder, version=version)
    described = []
    with duckdb.connect(str(build.database)) as connection:
        for name, query in TABLES.items():
            left_out = f"exclude ({without})" if without and without in query else ""
            connection.execute(f"create or replace table star.{name} as select * {left_out} from ({query})")
            columns = dict.fromkeys(connection.sql(f"from star.{name}").columns, "A column.")
            described.append(model(name, columns, primary_key=[KEYS[name]], grain="one record"))
        for change in changes:
            connection.execute(change)
    references = [
        relationships_test(table, "collection_key", "dim_collection", "collection_key")
        for table in ("fct_series", "fct_file")
    ]
    return redescribe(build, *described, *references)
