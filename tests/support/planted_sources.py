"""All three sources, small, with records planted in the portal and the hub that break naive models.

The planted records are copies of landed ones in which only the named columns differ; the other values are those of the
service. Their identifiers begin with `planted`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support import small_release
from tests.support.planting import Records, planted
from tests.support.sample_build import PASSED
from tests.support.shared import made_once
from warehouse.build import Build, open_build, prepare, run_models
from warehouse.landing import Landing, Release
from warehouse.registry import source
from warehouse.sandbox.server import Sandbox
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.publish import publish
from warehouse.sources.gen3 import Gen3System, land_system

SCALE = 0.002

_TCIA = {"commons_name": "['TCIA']", "project_id": "'Hub-TCIA'"}
_IDC = {"commons_name": "['IDC']", "project_id": "'Hub-IDC'"}

# Two cases share a submitter id, two studies a UID, two files a series; a case has two datasets, a study two cases, one
# of which has no record; a series names a study without a record. Some values are ones that no mapping knows.
PORTAL: Records = {
    "case": (
        {
            "_case_id": "'planted-case-a'",
            "submitter_id": "'planted-P1'",
            "sex": "' FEMALE '",
            "race": "'Vulcan'",
            "ethnicity": "'Not Applicable'",
            "covid19_positive": "'Not Reported'",
            "age_at_index": "41.5",
            "dataset_submitter_id": "['planted-one', 'planted-two', 'planted-two ', '', null]",
            "license": "['MIDRC DUA', 'CC BY 4.0']",
        },
        {
            "_case_id": "'planted-case-b'",
            "submitter_id": "'planted-P1'",
            "sex": "''",
            "race": "null",
            "ethnicity": "'unknown'",
            "covid19_positive": "'Maybe'",
            "age_at_index": "null",
            "dataset_submitter_id": "['planted-one']",
            "license": "['CC BY 9.9']",
            "data_url_doi": "['10.5555/ABC']",
        },
        {
            "_case_id": "'planted-case-c'",
            "submitter_id": "null",
            "sex": "'Not reported'",
            "race": "'More than one race'",
            "ethnicity": "'Martian'",
            "dataset_submitter_id": "null",
        },
    ),
    "imaging_study": (
        {
            "_imaging_study_id": "'planted-study-a'",
            "study_uid": "'1.2.3'",
            "case_ids": "['planted-P1', 'planted-gone', 'planted-P1']",
            "study_modality": "['CT', 'PT']",
            "body_part_examined": "['CHEST', 'Port Chest', 'Aura']",
            "dataset_submitter_id": "['planted-one', 'planted-two']",
            "age_at_imaging": "-0.0",
            "days_from_study_to_pos_covid_test": "[3, -2, 3, null]",
            "days_from_study_to_neg_covid_test": "[0]",
        },
        {
            "_imaging_study_id": "'planted-study-b'",
            "study_uid": "'1.2.3'",
            "case_ids": "[]",
            "study_modality": "['QQ']",
            "body_part_examined": "[]",
            "dataset_submitter_id": "[]",
            "loinc_code": "null",
            "days_from_study_to_pos_covid_test": "null",
            "days_from_study_to_neg_covid_test": "[]",
        },
        {
            "_imaging_study_id": "'planted-study-c'",
            "study_uid": "null",
            "case_ids": "['planted-P1']",
            "study_modality": "null",
            "days_to_study": "3",
            "days_from_study_to_pos_covid_test": "null",
            "days_from_study_to_neg_covid_test": "null",
        },
    ),
    "measurement": (
        {
            "_measurement_id": "'planted-measurement-a'",
            "case_ids": "['planted-P1']",
            "test_days_from_index": "10",
            "test_name": "'COVID-19'",
            "test_result_text": "' Negative'",
        },
    ),
    "data_file": (
        {
            "_data_file_id": "'planted-file-a'",
            "series_uid": "'1.2.3.4'",
            "modality": "'CT'",
            "_imaging_study_id": "['planted-study-b']",
            "study_uid": "['1.2.3']",
            "_case_id": "['planted-case-b']",
            "case_ids": "['planted-P1']",
            "manufacturer": "' siemens '",
            "license": "['CC BY 9.9']",
            "file_size": "'123'",
            "number_of_instances": "7",
            "dataset_submitter_id": "['planted-one', 'planted-two']",
        },
        {
            "_data_file_id": "'planted-file-b'",
            "series_uid": "'1.2.3.4'",
            "modality": "null",
            "_imaging_study_id": "[]",
            "study_uid": "['7.7.7']",
            "_case_id": "[]",
            "case_ids": "['planted-gone-too']",
            "manufacturer": "'Acme'",
            "license": "['CC BY 4.0', 'MIDRC DUA']",
            "file_size": "'no data'",
            "number_of_instances": "null",
            "dataset_submitter_id": "null",
        },
        {
            "_data_file_id": "'planted-file-c'",
            "series_uid": "'1.02.x'",
            "modality": "'CT'",
            "number_of_instances": "1",
            "study_uid": "null",
            "_imaging_study_id": "null",
        },
        {"_data_file_id": "'planted-file-d'", "series_uid": "''", "modality": "'SR'"},
    ),
}

# TCIA has a copy of a collection of IDC: the same collection, subject, study and series again, and only its own
# describes what its own names. A repository joins the hub. One series is of two studies, datasets and repositories.
HUB: Records = {
    "dataset": (
        {
            "_dataset_id": "'planted-dataset-1'",
            "collection_id": "'planted-shared'",
            "commons_name": "'IDC'",
            "project_id": "'Hub-IDC'",
            "license": "'CC BY 3.0'",
            "disease_type": "'Cancer'",
            "metadata_source_version": "'v21'",
            "metadata_source_date": "'2026-02-01'",
            "data_url_doi": "'10.5555/XYZ'",
        },
        {
            "_dataset_id": "'planted-dataset-2'",
            "collection_id": "'planted-shared'",
            "commons_name": "'TCIA'",
            "project_id": "'Hub-TCIA'",
            "license": "'Custom terms'",
            "metadata_source_date": "'soon'",
        },
        {
            "_dataset_id": "'planted-dataset-3'",
            "collection_id": "'planted-new'",
            "commons_name": "'New Commons'",
            "project_id": "'Hub-New'",
            "disease_type": "'Phantom'",
        },
    ),
    "subject": (
        {
            "_subject_id": "'planted-subject-1'",
            "submitter_id": "'planted-S1'",
            "race": "'Asian'",
            "collection_id": "['planted-shared']",
            **_IDC,
        },
        {
            "_subject_id": "'planted-subject-2'",
            "submitter_id": "'planted-S1'",
            "race": "'Klingon'",
            "collection_id": "['planted-shared', 'planted-new', 'planted-shared']",
            **_TCIA,
        },
        {
            "_subject_id": "'planted-subject-3'",
            "submitter_id": "''",
            "race": "null",
            "collection_id": "['planted-nowhere']",
            "commons_name": "['New Commons']",
            "project_id": "'Hub-New'",
        },
    ),
    "imaging_study": (
        {
            "_imaging_study_id": "'planted-study-1'",
            "StudyInstanceUID": "'9.1'",
            "subject_id": "['planted-S1']",
            "collection_id": "['planted-shared']",
            "PatientSex": "'Male'",
            "PatientAge": "40.0",
            "EthnicGroup": "'Elvish'",
            "race": "['Asian', 'White']",
            **_IDC,
        },
        {
            "_imaging_study_id": "'planted-study-2'",
            "StudyInstanceUID": "'9.1'",
            "subject_id": "['planted-S1']",
            "collection_id": "['planted-shared']",
            "PatientSex": "'Male'",
            "PatientAge": "50.0",
            "EthnicGroup": "null",
            **_TCIA,
        },
        {
            "_imaging_study_id": "'planted-study-3'",
            "StudyInstanceUID": "'9.2'",
            "subject_id": "['planted-S1', 'planted-S9']",
            "collection_id": "['planted-shared', 'planted-new']",
            "PatientSex": "'Female'",
            "PatientAge": "60.0",
            "EthnicGroup": "null",
            "license": "['CC BY 4.0', 'CC BY 3.0']",
            **_TCIA,
        },
        {
            "_imaging_study_id": "'planted-study-4'",
            "StudyInstanceUID": "null",
            "subject_id": "['planted-S7', 'planted-S9']",
            "PatientSex": "'X'",
            "PatientAge": "null",
            "EthnicGroup": "'Unknown'",
            **_TCIA,
        },
    ),
    "imaging_series": (
        {
            "_imaging_series_id": "'planted-series-1'",
            "SeriesInstanceUID": "'9.1.1'",
            "StudyInstanceUID": "['9.1']",
            "subject_id": "['planted-S1']",
            "collection_id": "['planted-shared']",
            "Modality": "'CT'",
            "license": "['CC BY 3.0']",
            **_IDC,
        },
        {
            "_imaging_series_id": "'planted-series-2'",
            "SeriesInstanceUID": "'9.1.1'",
            "StudyInstanceUID": "['9.1']",
            "subject_id": "['planted-S1']",
            "collection_id": "['planted-shared']",
            "Modality": "'CT'",
            "BodyPartExamined": "'chest to toe'",
            "license": "['Custom terms']",
            **_TCIA,
        },
        {
            "_imaging_series_id": "'planted-series-3'",
            "SeriesInstanceUID": "'not a uid'",
            "StudyInstanceUID": "['9.1', '9.9']",
            "subject_id": "['planted-S1', 'planted-S8']",
            "collection_id": "['planted-shared', 'planted-new']",
            "commons_name": "['IDC', 'TCIA']",
            "project_id": "'Hub-TCIA'",
            "license": "['CC BY 4.0', 'CC BY 3.0']",
            "object_ids": "['dg/1', 'dg/2']",
        },
    ),
}


# Of one collection no one has reviewed where its tumours are, and its description speaks of a phantom that it lacks;
# of another one the title alone says that its subjects are computed.
IDC = {
    "collections_index": f"""
        select
            * replace (
                case collection_id when 'collection_1' then 'Left toe' else tumor_locations end as tumor_locations,
                case collection_id when 'collection_1' then 'See the phantom data.' else description end as description,
                [{{
                    'source_doi': sources[1].source_doi,
                    'license': sources[1].license,
                    'Citation': case collection_id when 'collection_2' then 'Doe (2020). An In-Silico Trial.' end
                }}] as sources
            )
        from ({small_release.FILES["collections_index"]})
    """
}


def land_planted(folder: Path) -> tuple[Landing, list[Release]]:
    """Land a small release of IDC and the sandbox's portal and hub with the planted records."""
    landing, idc = small_release.land(folder, {**small_release.FILES, **IDC})
    return landing, [idc, *land_portals(folder, landing, PORTAL, HUB)]


def land_portals(folder: Path, landing: Landing, portal: Records, hub: Records) -> list[Release]:
    """Land the sandbox's portal and hub, each with records planted in it."""
    with Sandbox(folder / "sandbox", scale=SCALE) as sandbox:
        urls = {"midrc": sandbox.portal_url, "bih": sandbox.bih_url}
        settings = Settings(home=folder, source_urls=urls, guppy_page_size=200)
        systems = [Gen3System.from_spec(source(name), settings) for name in urls]
        held = [land_system(system, landing, settings) for system in systems]
    return [planted(landing, of, records) for of, records in zip(held, (portal, hub), strict=True)]


def built_once(factory: pytest.TempPathFactory) -> Build:
    """Return the build of them, made by dbt once for a run of the tests; whoever spoils it copies it."""

    def make(home: Path) -> None:
        landing, releases = land_planted(home)
        run_models(prepare(home, landing, releases, Settings(home=home)), Settings(home=home))

    return open_build(made_once(factory, "conformed", make))


def published_once(factory: pytest.TempPathFactory) -> Snapshot:
    """Return the snapshot of that build, unjudged, in a home of its own; nobody writes into it."""

    def make(home: Path) -> None:
        shutil.copytree(built_once(factory).folder.parents[1], home, dirs_exist_ok=True)
        publish(open_build(home), [PASSED], home, {"model": 1.0})

    return snapshot(made_once(factory, "conformed-published", make), "current")
