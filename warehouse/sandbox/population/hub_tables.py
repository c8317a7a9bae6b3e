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
create table hub_dataset (n bigint, commons_name varchar, collection_id varchar, license varchar);
create table hub_subject (n bigint, dataset_n bigint, submitter_id varchar, race varchar);
create table hub_study (n bigint, subject_n bigint, uid varchar, description varchar, age double, sex varchar,
  ethnicity varchar, loinc_code varchar, loinc_contrast varchar, loinc_long_common_name varchar, loinc_method varchar,
  loinc_system varchar);
create table hub_series (n bigint, study_n bigint, uid varchar, modality varchar, body_part varchar,
  manufacturer varchar, description varchar, object_ids varchar[]);
"""

_MIDRC = """
insert into hub_dataset select n, 'MIDRC', 'MIDRC-' || name, license from core.projects;
insert into hub_subject select p.n, c.project, p.submitter_id, c.hub_race
  from patient p join core.cases c on c.n = p.n where c.in_hub;
insert into hub_study select s.n, s.case_n, s.study_uid, s.study_description, s.age_at_imaging,
  case when p.sex in ('Female', 'Male') then p.sex end, p.ethnicity, s.loinc_code, s.loinc_contrast,
  s.loinc_long_common_name, s.loinc_method, s.loinc_system
  from study s join patient p on p.n = s.case_n where s.in_hub;
insert into hub_series select e.n, e.study_n, e.series_uid, e.modality, e.body_part, (device(e.n)).manufacturer,
  case when draw('hub series text', e.n, 9) > 0 then e.modality || ' series ' || draw('hub series text', e.n, 40) end,
  [f.object_id] from series e join file f on f.series_n = e.n where e.in_hub;
"""

# The hub is not quite up to date with the release: it lacks the smallest subjects and single series of studies that
# have more.
_IDC_LAG = """
create table idc_subject as
with counted as (
  select collection_id, PatientID, count(*) as series from idc_release group by all
), ranked as (
  select *, row_number() over (order by series, md5(collection_id || PatientID), collection_id, PatientID) as size_rank,
    count(*) over () as subjects from counted
)
select collection_id, PatientID,
  row_number() over (order by md5(collection_id || PatientID), collection_id, PatientID) - 1 as place
from ranked where size_rank > subjects - $subjects;

create table idc_known as
select r.* from idc_release r join idc_subject s on s.collection_id = r.collection_id and s.PatientID = r.PatientID;

create table idc_lost as
select series from (
  select arg_min(SeriesInstanceUID, md5(SeriesInstanceUID)) as series from idc_known
  group by StudyInstanceUID having count(*) > 1
) order by md5(series) limit (select greatest(count(*) - $series, 0) from idc_known);

create view idc_series as
select * from idc_known where SeriesInstanceUID not in (select series from idc_lost);
"""

_IDC_ROWS = """
create table idc_sample as select * from idc_subject where place < $sample;
create table idc_collection as
select collection_id, $first + row_number() over (order by collection_id) as n, min(license_short_name) as license
from idc_series group by collection_id;
insert into hub_dataset select n, 'IDC', collection_id, license from idc_collection;
insert into hub_subject select $first + s.place, c.n, s.PatientID, null
  from idc_sample s join idc_collection c using (collection_id);
create table idc_study as
select $first + row_number() over (order by StudyInstanceUID, place) as n, place, StudyInstanceUID,
  min(StudyDescription) as description, min(PatientAge) as age, min(PatientSex) as sex
from idc_series join idc_sample using (collection_id, PatientID) group by place, StudyInstanceUID;
insert into hub_study select n, $first + place, StudyInstanceUID, description,
  try_cast(left(age, 3) as double) / case right(age, 1) when 'Y' then 1 when 'M' then 12 end,
  case sex when 'F' then 'Female' when 'M' then 'Male' end, null, null, null, null, null, null from idc_study;
insert into hub_series select $first + row_number() over (order by SeriesInstanceUID), t.n, SeriesInstanceUID, Modality,
  BodyPartExamined, Manufacturer, SeriesDescription, ['dg.4DFC/' || crdc_series_uuid]
from idc_series join idc_sample using (collection_id, PatientID)
join idc_study t on t.place = idc_sample.place and t.StudyInstanceUID = idc_series.StudyInstanceUID;
"""

_OTHERS = """
insert into hub_dataset select $first + n, commons_name, collection_id, license from core.other_datasets;
insert into hub_subject select $first + n, $first + dataset, 'sub-' || lpad(n::varchar, 7, '0'),
  case when draw('other race', n, 3) = 0 then 'White' end from core.other_subjects;
insert into hub_study select $first + n, $first + subject, '2.25.' || md5_number_upper('other study' || n) ||
  md5_number_lower('other study' || n),
  case when draw('other text', n, 3) > 0 then 'Study "' || draw('other text', n, 50) || '"' end,
  case when draw('other age', n, 2) > 0 then draw('other age', n, 90)::double end,
  case draw('other sex', n, 3) when 0 then 'Female' when 1 then 'Male' end, null, null, null, null, null, null
  from core.other_studies;
insert into hub_series select $first + n, $first + study, '2.25.' || md5_number_upper('other series' || n) ||
  md5_number_lower('other series' || n), modality,
  case draw('other part', n, 4) when 0 then 'CHEST' when 1 then 'ABDOMEN' end, (device(n)).manufacturer, null,
  case when draw('object', n, 3) = 0 then [] end from core.other_series;
"""

_VIEWS = """
create table hub_dataset_record as
select d.n, record_id('hub dataset', d.n) as _dataset_id,
  '/programs/Hub/projects/' || d.commons_name as auth_resource_path,
  'Hub-' || d.commons_name as project_id, d.commons_name || '_' || d.collection_id as submitter_id, d.collection_id,
  r.long_name as commons_long_name, d.commons_name,
  case when draw('hub doi', d.n, 4) > 0 then '10.9999/' || left(md5(d.collection_id), 8) end as data_url_doi,
  r.disease as disease_type, d.collection_id || ' of ' || r.long_name as full_name, d.license,
  -- The hub read MIDRC earlier than the others. Its published figures of IDC lie near this release.
  case d.commons_name when 'MIDRC' then '$midrc_date' else '2026-01-31' end as metadata_source_date,
  case d.commons_name when 'IDC' then 'v20' end as metadata_source_version,
  r.site as primary_site,
  case when draw('citation', d.n, 3) > 0 then 'Ünlü Ş, O''Neil K. "' || d.collection_id || '". 2024.' end
    as publication_citation, r.host as data_host, 'https://example.org/' || lower(r.host) as metadata_source_api
from hub_dataset d join core.repositories r on r.commons_name = d.commons_name;

-- What every child of a dataset copies from it; one in a hundred subjects has a second contributor.
create table hub_parent as
select n as dataset_n, auth_resource_path, project_id, [collection_id] as collection_id,
  [commons_long_name] as commons_long_name, [commons_name] as commons_name, [data_host] as data_contributor,
  [data_host] as data_host, parent(data_url_doi) as data_url_doi, one(disease_type) as disease_type,
  one(license) as license, [metadata_source_api] as metadata_source_api, [metadata_source_date] as metadata_source_date,
  parent(metadata_source_version) as metadata_source_version, parent(primary_site) as primary_site
from hub_dataset_record;
"""

RELATIONS = {
    "dataset": "select * from hub_dataset_record",
    "subject": """select record_id('hub subject', s.n) as _subject_id, s.submitter_id, s.race, p.* replace (
        case when draw('contributor', s.n, 100) = 0 then [p.data_host[1], 'Another site'] else p.data_contributor end
        as data_contributor)
      from hub_subject s join hub_parent p on p.dataset_n = s.dataset_n""",
    "imaging_study": """select record_id('hub study', t.n) as _imaging_study_id, t.uid as submitter_id,
        t.description as "StudyDescription", t.uid as "StudyInstanceUID",
        'https://viewer.example.org/viewer/?StudyInstanceUIDs=' || t.uid as study_viewer_url, t.age as "PatientAge",
        t.sex as "PatientSex", s.submitter_id as "PatientID", t.ethnicity as "EthnicGroup", t.loinc_code,
        t.loinc_contrast, t.loinc_long_common_name, t.loinc_method, t.loinc_system, parent(s.race) as race,
        [s.submitter_id] as subject_id, p.*
      from hub_study t join hub_subject s on s.n = t.subject_n join hub_parent p on p.dataset_n = s.dataset_n""",
    "imaging_series": """select record_id('hub series', e.n) as _imaging_series_id, e.uid as submitter_id, e.object_ids,
        e.body_part as "BodyPartExamined", e.manufacturer as "Manufacturer", e.modality as "Modality",
        e.description as "SeriesDescription", e.uid as "SeriesInstanceUID",
        'https://viewer.example.org/viewer/?SeriesInstanceUID=' || e.uid as series_viewer_url,
        null as dicom_viewer_url, parent(t.description) as "StudyDescription", [t.uid] as "StudyInstanceUID",
        parent(t.age) as "PatientAge", parent(t.sex) as "PatientSex", [s.submitter_id] as "PatientID",
        parent(t.ethnicity) as "EthnicGroup", parent(s.race) as race, [s.submitter_id] as subject_id, p.*
      from hub_series e join hub_study t on t.n = e.study_n join hub_subject s on s.n = t.subject_n
      join hub_parent p on p.dataset_n = s.dataset_n""",
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
        f"""create view idc_release as select collection_id, PatientID, StudyInstanceUID, SeriesInstanceUID, PatientAge,
        PatientSex, StudyDescription, BodyPartExamined, Modality, Manufacturer, SeriesDescription, license_short_name,
        crdc_series_uuid from {source}"""
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
        f"""create table invented_idc as select 'invented_collection_' || draw('invented', subject, {_DATASETS["IDC"]})
          as collection_id, 'PAT-' || lpad(subject::varchar, 6, '0') as PatientID,
        '1.3.6.1.4.1.14519.5.2.1.' || study || '.' || draw('uid', study, 1000000000) as StudyInstanceUID,
        '1.3.6.1.4.1.14519.5.2.1.' || study || '.' || n || '.' || draw('uid', n, 1000000000) as SeriesInstanceUID,
        case when draw('age', subject, 3) > 0 then lpad(draw('age', subject, 90)::varchar, 3,
          '0') || 'Y' end as PatientAge,
        (['M', 'F', null])[1 + draw('sex', subject, 3)] as PatientSex, 'STUDY ' || draw('text', study, 40)
          as StudyDescription, (['CHEST', 'ABDOMEN', 'BREAST', null])[1 + draw('part', n, 4)] as BodyPartExamined,
        (['CT', 'MR', 'SEG', 'PT', 'SM', 'MG'])[1 + draw('modality', n, 6)] as Modality,
        (device(n)).manufacturer as Manufacturer, 'SERIES ' || draw('series', n, 90) as SeriesDescription,
        'CC BY 4.0' as license_short_name, record_id('invented', n) as crdc_series_uuid from core.invented_series"""
    )


def _add_others(connection: duckdb.DuckDBPyConnection, targets: Targets, seed: int) -> None:
    """Share out the studies that are left, and invent everything else, for the repositories without a source here."""
    random = np.random.Generator(np.random.PCG64([seed, 3]))
    others = targets.hub["others"]
    placed = connection.execute("select count(*) from hub_study").fetchall()[0][0]
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
