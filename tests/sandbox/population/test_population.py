from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import requests

from tests.sandbox.conftest import SCALE, SEED, Guppy
from warehouse.sandbox.guppy.schema import read_record_types
from warehouse.sandbox.population import prepare_population, vocabulary
from warehouse.sandbox.population.manifest import Manifest
from warehouse.sandbox.server import Sandbox


@pytest.fixture
def tables(population: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        for path in population.glob("*.parquet"):
            name = path.stem.replace("midrc_portal.", "portal_").replace("bih.", "hub_")
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{path}')")
        yield connection


def one(tables: duckdb.DuckDBPyConnection, sql: str) -> int:
    return tables.execute(sql).fetchall()[0][0]


def test_the_same_seed_gives_the_same_bytes(population: Path, tmp_path: Path) -> None:
    first = Manifest.model_validate_json((population / "manifest.json").read_text(encoding="utf-8"))
    again = prepare_population(tmp_path / "again", SCALE, SEED)
    assert again == first
    for file in again.files.values():
        assert hashlib.sha256((tmp_path / "again" / file.name).read_bytes()).hexdigest() == file.sha256
    other = prepare_population(tmp_path / "other", SCALE, SEED + 1)
    assert other.files["midrc_portal.case"].sha256 != first.files["midrc_portal.case"].sha256


@pytest.mark.full
def test_a_population_is_made_once_and_anew_for_another_scale(tmp_path: Path) -> None:
    first = prepare_population(tmp_path, 0.001, SEED)
    made = (tmp_path / "midrc_portal.case.parquet").stat().st_mtime_ns
    assert prepare_population(tmp_path, 0.001, SEED) == first
    assert (tmp_path / "midrc_portal.case.parquet").stat().st_mtime_ns == made
    larger = prepare_population(tmp_path, 0.0015, SEED)
    assert larger.files["midrc_portal.case"].rows > first.files["midrc_portal.case"].rows


@pytest.mark.full
def test_a_population_without_a_manifest_is_made_anew(tmp_path: Path) -> None:
    first = prepare_population(tmp_path, 0.001, SEED)
    (tmp_path / "manifest.json").write_text('{"torn', encoding="utf-8")
    (tmp_path / "midrc_portal.case.parquet").write_bytes(b"torn")
    assert prepare_population(tmp_path, 0.001, SEED) == first


@pytest.mark.parametrize("scale", [0, -1, 1.5])
def test_scales_beyond_the_whole_are_refused(tmp_path: Path, scale: float) -> None:
    with pytest.raises(ValueError, match="scale"):
        prepare_population(tmp_path, scale, SEED)


def test_every_file_says_that_it_is_synthetic(population: Path, tables: duckdb.DuckDBPyConnection) -> None:
    manifest = Manifest.model_validate_json((population / "manifest.json").read_text(encoding="utf-8"))
    assert manifest.synthetic
    assert manifest.idc_identifiers == "invented"
    for file in manifest.files.values():
        sql = f"SELECT value FROM parquet_kv_metadata('{population / file.name}') WHERE key = 'synthetic'"
        assert tables.execute(sql).fetchall() == [(b"true",)]


def test_every_type_has_its_unique_id_in_order(population: Path, tables: duckdb.DuckDBPyConnection) -> None:
    for system, prefix in (("midrc_portal", "portal"), ("bih", "hub")):
        for record_type in read_record_types(system):
            name, unique = f"{prefix}_{record_type.name}", record_type.unique_id
            rows = tables.execute(f'SELECT _row, "{unique}" FROM {name} ORDER BY _row').fetchall()
            assert [row for row, _ in rows] == list(range(len(rows)))
            assert [key for _, key in rows] == sorted({key for _, key in rows})


def test_what_the_hub_has_of_midrc_is_a_part_of_the_portal(tables: duckdb.DuckDBPyConnection) -> None:
    for hub, key, portal in (
        ("hub_subject", "submitter_id", "SELECT submitter_id FROM portal_case"),
        ("hub_imaging_study", '"StudyInstanceUID"', "SELECT study_uid FROM portal_imaging_study"),
        ("hub_imaging_series", '"SeriesInstanceUID"', "SELECT series_uid FROM portal_data_file"),
    ):
        ours = f"SELECT {key} FROM {hub} WHERE commons_name = ['MIDRC']"
        assert one(tables, f"SELECT count(*) FROM ({ours})") > 0
        assert one(tables, f"SELECT count(*) FROM ({ours} EXCEPT {portal})") == 0
        assert one(tables, f"SELECT count(*) FROM ({portal} EXCEPT {ours})") > 0


def test_children_have_parents(tables: duckdb.DuckDBPyConnection) -> None:
    for child, parent in (
        (
            "SELECT unnest(subject_id), commons_name FROM hub_imaging_study",
            "SELECT submitter_id, commons_name FROM hub_subject",
        ),
        (
            'SELECT unnest("StudyInstanceUID") FROM hub_imaging_series',
            'SELECT "StudyInstanceUID" FROM hub_imaging_study',
        ),
        ("SELECT unnest(_case_id) FROM portal_data_file", "SELECT _case_id FROM portal_case"),
        (
            "SELECT unnest(_imaging_study_id) FROM portal_data_file",
            "SELECT _imaging_study_id FROM portal_imaging_study",
        ),
        *(
            (f"SELECT unnest(case_ids) FROM portal_{child}", "SELECT submitter_id FROM portal_case")
            for child in ("measurement", "annotation", "imaging_study", "data_file")
        ),
        ("SELECT object_id FROM portal_radiology_report", "SELECT object_id FROM portal_data_file"),
    ):
        assert one(tables, f"SELECT count(*) FROM ({child} EXCEPT {parent})") == 0


def test_counts_of_children_are_those_of_the_children(tables: duckdb.DuckDBPyConnection) -> None:
    assert one(tables, "SELECT sum(_imaging_studies_count) FROM portal_case") == one(
        tables, "SELECT count(*) FROM portal_imaging_study"
    )
    assert one(tables, "SELECT sum(_ct_series_file_count) FROM portal_imaging_study") == one(
        tables, "SELECT count(*) FROM portal_data_file WHERE source_node = 'ct_series_file'"
    )


def test_days_to_covid_tests_are_those_of_the_measurements_of_the_case(tables: duckdb.DuckDBPyConnection) -> None:
    """The day of a test less the day of a study, both from the index event of the case."""
    for column, result in (("pos", "Positive"), ("neg", "Negative")):
        stated = f"""
            select submitter_id, unnest(days_from_study_to_{column}_covid_test) as days from portal_imaging_study
        """
        measured = f"""
            select distinct s.submitter_id, (m.test_days_from_index - s.days_to_study)::bigint as days
            from portal_imaging_study as s join portal_measurement as m on s.case_ids = m.case_ids
            where m.test_name = 'COVID-19' and m.test_result_text = '{result}' and days is not null
        """
        assert one(tables, f"select count(*) from ({stated})") > 20
        assert one(tables, f"select count(*) from ({stated} except all {measured})") == 0
        assert one(tables, f"select count(*) from ({measured} except all {stated})") == 0
        assert one(tables, f"select count(*) from ({stated}) where days < 0") > 0


def test_results_and_days_fit_the_case(tables: duckdb.DuckDBPyConnection) -> None:
    tested = "portal_case as c join portal_measurement as m on m.case_ids = [c.submitter_id]"
    positive = f"select distinct c._case_id from {tested} where m.test_result_text = 'Positive'"
    assert one(tables, f"select count(*) from ({positive})") > 20
    assert (
        one(tables, f"select count(*) from portal_case where covid19_positive = 'No' and _case_id in ({positive})") == 0
    )
    assert (
        one(
            tables, f"select count(*) from {tested} where c.covid19_positive = 'Yes' and c._case_id not in ({positive})"
        )
        == 0
    )
    for event, day, of in (
        ("COVID-19 Test", "test_days_from_index", "portal_measurement"),
        ("First Imaging Study", "days_to_study", "portal_imaging_study"),
    ):
        cases = f"portal_case as c join {of} as r on r.case_ids = [c.submitter_id] where c.index_event = '{event}'"
        assert one(tables, f"select count(distinct c._case_id) from {cases} and r.{day} = 0") == one(
            tables, f"select count(distinct c._case_id) from {cases}"
        )


def test_the_records_have_dirty_values(tables: duckdb.DuckDBPyConnection) -> None:
    found = {row[0] for row in tables.execute("SELECT DISTINCT study_description FROM portal_imaging_study").fetchall()}
    assert set(vocabulary.DIRTY_TEXTS) | {None} <= found
    assert one(tables, "SELECT count(*) FROM portal_case WHERE len(dataset_submitter_id) > 1") > 0
    assert one(tables, "SELECT count(*) FROM portal_data_file WHERE len(_case_id) > 1") > 0
    assert one(tables, "SELECT count(*) FROM portal_case WHERE age_at_index IS NULL") > 0
    assert one(tables, "SELECT count(*) FROM portal_case WHERE index_event = 'Unspecified event'") > 0
    assert one(tables, "SELECT count(*) FROM portal_annotation WHERE annotator_id = 'no data'") > 0


def test_dirty_text_arrives_unchanged(portal: Guppy) -> None:
    rows = portal.rows("imaging_study", "study_description")
    assert set(vocabulary.DIRTY_TEXTS) <= {row["study_description"] for row in rows}
    body = {"type": "imaging_study", "fields": ["study_description"]}
    downloaded = requests.post(f"{portal.url}/download", json=body, timeout=30).json()
    assert set(vocabulary.DIRTY_TEXTS) <= {row.get("study_description") for row in downloaded}


def test_indexd_counts_every_file_of_the_portal_and_some_more(
    sandbox: Sandbox, tables: duckdb.DuckDBPyConnection
) -> None:
    stats = requests.get(f"{sandbox.portal_url}/index/_stats", timeout=9).json()
    files, size = tables.execute("SELECT count(*), sum(file_size)::BIGINT FROM portal_data_file").fetchall()[0]
    assert stats["fileCount"] > files
    assert stats["totalFileSize"] > size
    assert stats["totalFileSize"] == one(tables, "SELECT sum(size)::BIGINT FROM indexd")


def test_metadata_is_paged(sandbox: Sandbox, tables: duckdb.DuckDBPyConnection) -> None:
    url = f"{sandbox.portal_url}/mds/metadata"
    assert len(requests.get(url, timeout=9).json()) == 10
    guids: list[str] = []
    while page := requests.get(url, params={"limit": 25, "offset": len(guids)}, timeout=9).json():
        guids += page
    assert len(guids) == len(set(guids)) == one(tables, "SELECT count(*) FROM metadata")
    records = requests.get(url, params={"limit": 5000, "data": "true"}, timeout=9).json()
    assert set(records) == set(guids)
    assert {record["_guid_type"] for record in records.values()} == {"discovery_metadata", "indexed_file_object"}
    assert requests.get(url, params={"limit": "x"}, timeout=9).status_code == 422


def test_the_hubs_idc_records_bear_the_identifiers_of_a_release(tmp_path: Path) -> None:
    release = tmp_path / "idc_index.parquet"
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            f"""COPY (SELECT 'collection_' || (s % 9) AS collection_id, 'PATIENT' || s AS PatientID,
              '1.2.' || s || '.' || (i % 2) AS StudyInstanceUID, '1.2.' || s || '.' || i AS SeriesInstanceUID,
              '061Y' AS PatientAge, 'F' AS PatientSex, 'study' AS StudyDescription, 'CHEST' AS BodyPartExamined,
              'CT' AS Modality, 'ACME' AS Manufacturer, 'series' AS SeriesDescription,
                'CC BY 4.0' AS license_short_name,
              uuid()::VARCHAR AS crdc_series_uuid FROM range(300) s(s), range(14) r(i))
              TO '{release}' (FORMAT parquet)"""
        )
        manifest = prepare_population(tmp_path / "population", 0.001, SEED, release)
        assert manifest.idc_identifiers == f"idc_index {hashlib.sha256(release.read_bytes()).hexdigest()}"
        found = connection.execute(
            f"""SELECT count(*), count(DISTINCT "PatientID"[1]), min("PatientAge"[1]), min("PatientSex"[1])
            FROM read_parquet('{tmp_path}/population/bih.imaging_series.parquet') WHERE commons_name = ['IDC']
            AND "SeriesInstanceUID" IN (SELECT SeriesInstanceUID FROM read_parquet('{release}'))"""
        ).fetchall()
    assert found == [(69 * 14, 69, 61.0, "Female")]
