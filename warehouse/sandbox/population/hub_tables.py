"""The hub's four record types: MIDRC's from the portal, IDC's from a real release, all others invented.

What belongs here: bringing all repositories to one structure (the tables `hub_dataset`, `hub_subject`, `hub_study` and
`hub_series`), and the relations of the record types over it.

MIDRC's subjects, studies and series are a part of the portal's, under the same identifiers. IDC's carry the identifiers
of the release that is given (one subject for each collection and patient), except for the few that the hub lacks.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np

from warehouse.sandbox.population import vocabulary
from warehouse.sandbox.population.apportionment import apportion, spread
from warehouse.sandbox.population.database import load
from warehouse.sandbox.population.targets import Targets
from warehouse.sql_text import literal

_MODALITIES = {
    "Stanford AIMI": ("DX", "CT", "CR"),
    "NIHCC": ("CT",),
    "TCIA": ("CT", "MR", "PT", "SEG", "RTSTRUCT", "MG", "SM"),
    "ACRdart": ("CT", "PT", "RTDOSE", "MR"),
}
_DATASETS = {"Stanford AIMI": 15, "OpenNeuro": 400, "NIHCC": 3, "TCIA": 60, "ACRdart": 12, "IDC": 149}
_FIRST_IDC, _FIRST_OTHER = 10_000_000, 20_000_000

_FORMS = """
CREATE TABLE hub_dataset (n BIGINT, commons_name VARCHAR, collection_id VARCHAR, license VARCHAR);
CREATE TABLE hub_subject (n BIGINT, dataset_n BIGINT, submitter_id VARCHAR, race VARCHAR);
CREATE TABLE hub_study (n BIGINT, subject_n BIGINT, uid VARCHAR, description VARCHAR, age DOUBLE, sex VARCHAR,
  ethnicity VARCHAR, loinc_code VARCHAR, loinc_contrast VARCHAR, loinc_long_common_name VARCHAR, loinc_method VARCHAR,
  loinc_system VARCHAR);
CREATE TABLE hub_series (n BIGINT, study_n BIGINT, uid VARCHAR, modality VARCHAR, body_part VARCHAR,
  manufacturer VARCHAR, description VARCHAR, object_ids VARCHAR[]);
"""

_MIDRC = """
INSERT INTO hub_dataset SELECT n, 'MIDRC', 'MIDRC-' || name, license FROM core.projects;
INSERT INTO hub_subject SELECT p.n, c.project, p.submitter_id, c.hub_race
  FROM patient p JOIN core.cases c ON c.n = p.n WHERE c.in_hub;
INSERT INTO hub_study SELECT s.n, s.case_n, s.study_uid, s.study_description, s.age_at_imaging,
  CASE WHEN p.sex IN ('Female', 'Male') THEN p.sex END, p.ethnicity, s.loinc_code, s.loinc_contrast,
  s.loinc_long_common_name, s.loinc_method, s.loinc_system
  FROM study s JOIN patient p ON p.n = s.case_n WHERE s.in_hub;
INSERT INTO hub_series SELECT e.n, e.study_n, e.series_uid, e.modality, e.body_part, (device(e.n)).manufacturer,
  CASE WHEN draw('hub series text', e.n, 9) > 0 THEN e.modality || ' series ' || draw('hub series text', e.n, 40) END,
  [f.object_id] FROM series e JOIN file f ON f.series_n = e.n WHERE e.in_hub;
"""

# The hub is not quite up to date with the release: it lacks the smallest subjects and single series of studies that
# have more.
_IDC_LAG = """
CREATE TABLE idc_subject AS
WITH counted AS (
  SELECT collection_id, PatientID, count(*) AS series FROM idc_release GROUP BY ALL
), ranked AS (
  SELECT *, row_number() OVER (ORDER BY series, md5(collection_id || PatientID), collection_id, PatientID) AS size_rank,
    count(*) OVER () AS subjects FROM counted
)
SELECT collection_id, PatientID,
  row_number() OVER (ORDER BY md5(collection_id || PatientID), collection_id, PatientID) - 1 AS place
FROM ranked WHERE size_rank > subjects - $subjects;

CREATE TABLE idc_known AS
SELECT r.* FROM idc_release r JOIN idc_subject s ON s.collection_id = r.collection_id AND s.PatientID = r.PatientID;

CREATE TABLE idc_lost AS
SELECT series FROM (
  SELECT arg_min(SeriesInstanceUID, md5(SeriesInstanceUID)) AS series FROM idc_known
  GROUP BY StudyInstanceUID HAVING count(*) > 1
) ORDER BY md5(series) LIMIT (SELECT greatest(count(*) - $series, 0) FROM idc_known);

CREATE VIEW idc_series AS
SELECT * FROM idc_known WHERE SeriesInstanceUID NOT IN (SELECT series FROM idc_lost);
"""

_IDC_ROWS = """
CREATE TABLE idc_sample AS SELECT * FROM idc_subject WHERE place < $sample;
CREATE TABLE idc_collection AS
SELECT collection_id, $first + row_number() OVER (ORDER BY collection_id) AS n, min(license_short_name) AS license
FROM idc_series GROUP BY collection_id;
INSERT INTO hub_dataset SELECT n, 'IDC', collection_id, license FROM idc_collection;
INSERT INTO hub_subject SELECT $first + s.place, c.n, s.PatientID, NULL
  FROM idc_sample s JOIN idc_collection c USING (collection_id);
CREATE TABLE idc_study AS
SELECT $first + row_number() OVER (ORDER BY StudyInstanceUID, place) AS n, place, StudyInstanceUID,
  min(StudyDescription) AS description, min(PatientAge) AS age, min(PatientSex) AS sex
FROM idc_series JOIN idc_sample USING (collection_id, PatientID) GROUP BY place, StudyInstanceUID;
INSERT INTO hub_study SELECT n, $first + place, StudyInstanceUID, description,
  TRY_CAST(left(age, 3) AS DOUBLE) / CASE right(age, 1) WHEN 'Y' THEN 1 WHEN 'M' THEN 12 END,
  CASE sex WHEN 'F' THEN 'Female' WHEN 'M' THEN 'Male' END, NULL, NULL, NULL, NULL, NULL, NULL FROM idc_study;
INSERT INTO hub_series SELECT $first + row_number() OVER (ORDER BY SeriesInstanceUID), t.n, SeriesInstanceUID, Modality,
  BodyPartExamined, Manufacturer, SeriesDescription, ['dg.4DFC/' || crdc_series_uuid]
FROM idc_series JOIN idc_sample USING (collection_id, PatientID)
JOIN idc_study t ON t.place = idc_sample.place AND t.StudyInstanceUID = idc_series.StudyInstanceUID;
"""

_OTHERS = """
INSERT INTO hub_dataset SELECT $first + n, commons_name, collection_id, license FROM core.other_datasets;
INSERT INTO hub_subject SELECT $first + n, $first + dataset, 'sub-' || lpad(n::VARCHAR, 7, '0'),
  CASE WHEN draw('other race', n, 3) = 0 THEN 'White' END FROM core.other_subjects;
INSERT INTO hub_study SELECT $first + n, $first + subject, '2.25.' || md5_number_upper('other study' || n) ||
  md5_number_lower('other study' || n),
  CASE WHEN draw('other text', n, 3) > 0 THEN 'Study "' || draw('other text', n, 50) || '"' END,
  CASE WHEN draw('other age', n, 2) > 0 THEN draw('other age', n, 90)::DOUBLE END,
  CASE draw('other sex', n, 3) WHEN 0 THEN 'Female' WHEN 1 THEN 'Male' END, NULL, NULL, NULL, NULL, NULL, NULL
  FROM core.other_studies;
INSERT INTO hub_series SELECT $first + n, $first + study, '2.25.' || md5_number_upper('other series' || n) ||
  md5_number_lower('other series' || n), modality,
  CASE draw('other part', n, 4) WHEN 0 THEN 'CHEST' WHEN 1 THEN 'ABDOMEN' END, (device(n)).manufacturer, NULL,
  CASE WHEN draw('object', n, 3) = 0 THEN [] END FROM core.other_series;
"""

_VIEWS = """
CREATE TABLE hub_dataset_record AS
SELECT d.n, record_id('hub dataset', d.n) AS _dataset_id,
  '/programs/Hub/projects/' || d.commons_name AS auth_resource_path,
  'Hub-' || d.commons_name AS project_id, d.commons_name || '_' || d.collection_id AS submitter_id, d.collection_id,
  r.long_name AS commons_long_name, d.commons_name,
  CASE WHEN draw('hub doi', d.n, 4) > 0 THEN '10.9999/' || left(md5(d.collection_id), 8) END AS data_url_doi,
  r.disease AS disease_type, d.collection_id || ' of ' || r.long_name AS full_name, d.license,
  -- The hub read MIDRC earlier than the others. Its published figures of IDC lie near this release.
  CASE d.commons_name WHEN 'MIDRC' THEN '$midrc_date' ELSE '2026-01-31' END AS metadata_source_date,
  CASE d.commons_name WHEN 'IDC' THEN 'v20' END AS metadata_source_version,
  r.site AS primary_site,
  CASE WHEN draw('citation', d.n, 3) > 0 THEN 'Ünlü Ş, O''Neil K. "' || d.collection_id || '". 2024.' END
    AS publication_citation, r.host AS data_host, 'https://example.org/' || lower(r.host) AS metadata_source_api
FROM hub_dataset d JOIN core.repositories r ON r.commons_name = d.commons_name;

-- What every child of a dataset copies from it; one in a hundred subjects has a second contributor.
CREATE TABLE hub_parent AS
SELECT n AS dataset_n, auth_resource_path, project_id, [collection_id] AS collection_id,
  [commons_long_name] AS commons_long_name, [commons_name] AS commons_name, [data_host] AS data_contributor,
  [data_host] AS data_host, parent(data_url_doi) AS data_url_doi, one(disease_type) AS disease_type,
  one(license) AS license, [metadata_source_api] AS metadata_source_api, [metadata_source_date] AS metadata_source_date,
  parent(metadata_source_version) AS metadata_source_version, parent(primary_site) AS primary_site
FROM hub_dataset_record;
"""

RELATIONS = {
    "dataset": "SELECT * FROM hub_dataset_record",
    "subject": """SELECT record_id('hub subject', s.n) AS _subject_id, s.submitter_id, s.race, p.* REPLACE (
        CASE WHEN draw('contributor', s.n, 100) = 0 THEN [p.data_host[1], 'Another site'] ELSE p.data_contributor END
        AS data_contributor)
      FROM hub_subject s JOIN hub_parent p ON p.dataset_n = s.dataset_n""",
    "imaging_study": """SELECT record_id('hub study', t.n) AS _imaging_study_id, t.uid AS submitter_id,
        t.description AS "StudyDescription", t.uid AS "StudyInstanceUID",
        'https://viewer.example.org/viewer/?StudyInstanceUIDs=' || t.uid AS study_viewer_url, t.age AS "PatientAge",
        t.sex AS "PatientSex", s.submitter_id AS "PatientID", t.ethnicity AS "EthnicGroup", t.loinc_code,
        t.loinc_contrast, t.loinc_long_common_name, t.loinc_method, t.loinc_system, parent(s.race) AS race,
        [s.submitter_id] AS subject_id, p.*
      FROM hub_study t JOIN hub_subject s ON s.n = t.subject_n JOIN hub_parent p ON p.dataset_n = s.dataset_n""",
    "imaging_series": """SELECT record_id('hub series', e.n) AS _imaging_series_id, e.uid AS submitter_id, e.object_ids,
        e.body_part AS "BodyPartExamined", e.manufacturer AS "Manufacturer", e.modality AS "Modality",
        e.description AS "SeriesDescription", e.uid AS "SeriesInstanceUID",
        'https://viewer.example.org/viewer/?SeriesInstanceUID=' || e.uid AS series_viewer_url,
        NULL AS dicom_viewer_url, parent(t.description) AS "StudyDescription", [t.uid] AS "StudyInstanceUID",
        parent(t.age) AS "PatientAge", parent(t.sex) AS "PatientSex", [s.submitter_id] AS "PatientID",
        parent(t.ethnicity) AS "EthnicGroup", parent(s.race) AS race, [s.submitter_id] AS subject_id, p.*
      FROM hub_series e JOIN hub_study t ON t.n = e.study_n JOIN hub_subject s ON s.n = t.subject_n
      JOIN hub_parent p ON p.dataset_n = s.dataset_n""",
}


def prepare_hub(connection: duckdb.DuckDBPyConnection, targets: Targets, seed: int, idc_release: Path | None) -> None:
    """Make the tables of the relations; the portal's tables must be there already."""
    load(
        connection,
        "repositories",
        {
            "commons_name": list(vocabulary.REPOSITORIES),
            **{
                name: [row[place] for row in vocabulary.REPOSITORIES.values()]
                for place, name in enumerate(("long_name", "host", "disease", "site"))
            },
        },
    )
    connection.execute(_FORMS)
    connection.execute(_MIDRC)
    _add_idc(connection, targets, seed, idc_release)
    _add_others(connection, targets, seed)
    connection.execute(_VIEWS.replace("$midrc_date", targets.hub["midrc"]["metadata_source_date"]))


def _add_idc(connection: duckdb.DuckDBPyConnection, targets: Targets, seed: int, idc_release: Path | None) -> None:
    idc = targets.hub["idc"]
    if idc_release is not None:
        source = f"read_parquet({literal(str(idc_release))})"
        numbers = {"subjects": idc["subjects"], "series": idc["series"]}
    else:
        _invent_idc(connection, targets, seed)
        source = "invented_idc"
        numbers = {"subjects": targets.scaled(idc["subjects"]), "series": targets.scaled(idc["series"])}
    connection.execute(
        f"""CREATE VIEW idc_release AS SELECT collection_id, PatientID, StudyInstanceUID, SeriesInstanceUID, PatientAge,
        PatientSex, StudyDescription, BodyPartExamined, Modality, Manufacturer, SeriesDescription, license_short_name,
        crdc_series_uuid FROM {source}"""
    )
    numbers |= {"sample": targets.scaled(idc["subjects"]), "first": _FIRST_IDC}
    for statements in (_IDC_LAG, _IDC_ROWS):
        _run(connection, statements, numbers)


def _invent_idc(connection: duckdb.DuckDBPyConnection, targets: Targets, seed: int) -> None:
    random = np.random.Generator(np.random.PCG64([seed, 2]))
    subjects, series = (targets.scaled(targets.hub["idc"][name]) for name in ("subjects", "series"))
    study_subject = np.repeat(np.arange(subjects), spread(min(series, round(subjects * 2.1)), subjects, random))
    series_study = np.repeat(np.arange(len(study_subject)), spread(series, len(study_subject), random))
    load(connection, "invented_series", {"study": series_study, "subject": study_subject[series_study]})
    connection.execute(
        f"""CREATE TABLE invented_idc AS SELECT 'invented_collection_' || draw('invented', subject, {_DATASETS["IDC"]})
          AS collection_id, 'PAT-' || lpad(subject::VARCHAR, 6, '0') AS PatientID,
        '1.3.6.1.4.1.14519.5.2.1.' || study || '.' || draw('uid', study, 1000000000) AS StudyInstanceUID,
        '1.3.6.1.4.1.14519.5.2.1.' || study || '.' || n || '.' || draw('uid', n, 1000000000) AS SeriesInstanceUID,
        CASE WHEN draw('age', subject, 3) > 0 THEN lpad(draw('age', subject, 90)::VARCHAR, 3,
          '0') || 'Y' END AS PatientAge,
        (['M', 'F', NULL])[1 + draw('sex', subject, 3)] AS PatientSex, 'STUDY ' || draw('text', study, 40)
          AS StudyDescription, (['CHEST', 'ABDOMEN', 'BREAST', NULL])[1 + draw('part', n, 4)] AS BodyPartExamined,
        (['CT', 'MR', 'SEG', 'PT', 'SM', 'MG'])[1 + draw('modality', n, 6)] AS Modality,
        (device(n)).manufacturer AS Manufacturer, 'SERIES ' || draw('series', n, 90) AS SeriesDescription,
        'CC BY 4.0' AS license_short_name, record_id('invented', n) AS crdc_series_uuid FROM core.invented_series"""
    )


def _add_others(connection: duckdb.DuckDBPyConnection, targets: Targets, seed: int) -> None:
    """Share out the studies that are left, and invent everything else, for the repositories without a source here."""
    random = np.random.Generator(np.random.PCG64([seed, 3]))
    others = targets.hub["others"]
    placed = connection.execute("SELECT count(*) FROM hub_study").fetchall()[0][0]
    left = max(targets.scaled(targets.hub["studies"]) - placed, 0)
    studies = apportion(left, [other["studies"] for other in others])
    datasets: dict[str, list[str]] = {"commons_name": [], "collection_id": [], "license": []}
    subject_dataset, study_subject, series_study, modality = [], [], [], []
    n_subjects = n_studies = 0
    for other, study_count in zip(others, studies, strict=True):
        name = other["commons_name"]
        first = len(datasets["license"])
        for number in range(_DATASETS[name]):
            datasets["commons_name"].append(name)
            datasets["collection_id"].append(f"{name.lower().replace(' ', '-')}-{number:04d}")
            datasets["license"].append(("CC0", "CC BY 4.0", "Data Use Agreement")[number % 3])
        subjects, series = targets.scaled(other["subjects"]), targets.scaled(other["series"])
        subject_dataset.append(first + random.integers(_DATASETS[name], size=subjects))
        study_subject.append(n_subjects + np.repeat(np.arange(subjects), spread(int(study_count), subjects, random)))
        series_study.append(n_studies + np.repeat(np.arange(study_count), spread(series, int(study_count), random)))
        modality += [_MODALITIES[name][number % len(_MODALITIES[name])] for number in range(series)]
        n_subjects += subjects
        n_studies += int(study_count)
    load(connection, "other_datasets", datasets)
    load(connection, "other_subjects", {"dataset": np.concatenate(subject_dataset)})
    load(connection, "other_studies", {"subject": np.concatenate(study_subject)})
    load(connection, "other_series", {"study": np.concatenate(series_study), "modality": modality})
    _run(connection, _OTHERS, {"first": _FIRST_OTHER})


def _run(connection: duckdb.DuckDBPyConnection, statements: str, numbers: dict[str, int]) -> None:
    for name, number in numbers.items():
        statements = statements.replace(f"${name}", str(number))
    connection.execute(statements)
