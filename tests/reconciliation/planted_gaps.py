"""All three sources, landed small, with one row planted for each cause of a gap and for each disagreement.

IDC and the hub are both marked synthetic here and the portal is not, so that what nothing explains comes out as
unexplained between IDC and the hub, and as a sample of the sandbox between the portal and the hub.
"""

from __future__ import annotations

from pathlib import Path

from tests.support import small_release
from tests.support.planted_sources import land_portals
from tests.support.planting import Records
from warehouse.landing import Landing, Release

# The sandbox's hub read MIDRC on 2023-10-01; both datasets have cases that it holds.
OLD_BATCH, NEW_BATCH = "RSNA_20230830", "RSNA_20231012"

_ROW = """
    select
        * replace (
            '{collection}' as collection_id,
            '{patient}' as "PatientID",
            '{study}' as "StudyInstanceUID",
            '{series}' as "SeriesInstanceUID",
            cast({version} as bigint) as series_init_idc_version,
            'planted-{series}' as crdc_series_uuid
        )
    from ({template}) where "SeriesInstanceUID" = '1.2.840.1.0'
"""


# Older than the hub's copy of IDC, as most series are.
_OLDER = f"select * replace (cast(20 as bigint) as series_init_idc_version) from ({small_release.IDC_INDEX})"


def _row(collection: str, patient: str, study: str, series: str, version: str) -> str:
    return _ROW.format(
        collection=collection,
        patient=patient,
        study=study,
        series=series,
        version=version,
        template=small_release.IDC_INDEX,
    )


IDC = {
    **small_release.FILES,
    "idc_index": " union all ".join(
        (
            _OLDER,
            _row("collection_0", "patient-new", "7.1", "7.1.1", "22"),
            _row("collection_0", "patient-of-unknown-age", "7.2", "7.2.1", "null"),
            _row("collection_0", "patient-0", "not a uid", "not a uid either", "20"),
        )
    ),
    "prior_versions_index": f"""
        {small_release.FILES["prior_versions_index"]}
        union all
        select 'collection_0', 'patient-gone', '8.1.1', '8.1', 'CT', 'b', 'old-gone', 0.5, 's3://b', 'b', 18, 22, 'b'
    """,
    # Described in the collections index and without series, and with more subjects than series tell.
    "collections_index": f"""
        {small_release.FILES["collections_index"]}
        union all
        select
            'Promised', 'promised', 'Lung', 'Chest', cast(7 as bigint), 'Human',
            [{{'source_doi': '10.7937/promised', 'license': {{'license_short_name': 'CC BY 4.0'}}}}],
            'Clinical', 'community', 'Ongoing', '2024-01-01', 'A collection.'
    """,
    "tcia_idc_subset": f"""
        select
            collection_id,
            "PatientID",
            "StudyInstanceUID",
            "SeriesInstanceUID",
            "series_size_MB",
            series_aws_url
        from ({small_release.IDC_INDEX}) where false
    """,
}

_OF_IDC = {"commons_name": "['IDC']", "project_id": "'Hub-IDC'", "collection_id": "['collection_0']"}

PORTAL: Records = {
    "case": (
        {"_case_id": "'planted-1'", "submitter_id": "'C-sample'", "dataset_submitter_id": f"['{OLD_BATCH}']"},
        {"_case_id": "'planted-2'", "submitter_id": "'C-sample'", "dataset_submitter_id": f"['{OLD_BATCH}']"},
        {"_case_id": "'planted-3'", "submitter_id": "'C-new'", "dataset_submitter_id": f"['{NEW_BATCH}']"},
        {"_case_id": "'planted-4'", "submitter_id": "null", "dataset_submitter_id": f"['{OLD_BATCH}']"},
        {"_case_id": "'planted-5'", "submitter_id": "'C-alone'", "dataset_submitter_id": "['planted-only']"},
        {
            "_case_id": "'planted-6'",
            "submitter_id": "'C-both'",
            "sex": "'Female'",
            "race": "'Asian'",
            "age_at_index": "40.0",
            "ethnicity": "'Not reported'",
            "dataset_submitter_id": f"['{OLD_BATCH}']",
        },
    ),
    "imaging_study": (
        {
            "_imaging_study_id": "'planted-1'",
            "study_uid": "'6.1'",
            "case_ids": "['C-sample']",
            "dataset_submitter_id": f"['{OLD_BATCH}']",
        },
        {
            "_imaging_study_id": "'planted-2'",
            "study_uid": "'6.2'",
            "case_ids": "['C-both']",
            "dataset_submitter_id": f"['{NEW_BATCH}']",
        },
    ),
    "data_file": (
        {
            "_data_file_id": "'planted-1'",
            "series_uid": "'6.1.1'",
            "study_uid": "['6.1']",
            "dataset_submitter_id": f"['{OLD_BATCH}']",
        },
    ),
}

HUB: Records = {
    "dataset": (
        {
            "_dataset_id": "'planted-1'",
            "collection_id": "'collection_0'",
            "commons_name": "'IDC'",
            "project_id": "'Hub-IDC'",
            "metadata_source_version": "'v20'",
        },
    ),
    "subject": (
        {"_subject_id": "'planted-1'", "submitter_id": "'patient-0'", **_OF_IDC},
        {"_subject_id": "'planted-2'", "submitter_id": "'patient-3'", **_OF_IDC},
        {"_subject_id": "'planted-3'", "submitter_id": "'patient-0'", **_OF_IDC},
        {"_subject_id": "'planted-4'", "submitter_id": "'patient-gone'", **_OF_IDC},
        {"_subject_id": "'planted-5'", "submitter_id": "'patient-odd'", **_OF_IDC},
        {"_subject_id": "'planted-6'", "submitter_id": "null", **_OF_IDC},
        {
            "_subject_id": "'planted-7'",
            "submitter_id": "'C-both'",
            "race": "'White'",
            "commons_name": "['MIDRC']",
            "project_id": "'Hub-MIDRC'",
        },
    ),
    "imaging_study": (
        {
            "_imaging_study_id": "'planted-1'",
            "StudyInstanceUID": "'1.2.840.2.0'",
            "subject_id": "['patient-0']",
            **_OF_IDC,
        },
        {"_imaging_study_id": "'planted-2'", "StudyInstanceUID": "'8.1'", "subject_id": "['patient-gone']", **_OF_IDC},
        {"_imaging_study_id": "'planted-3'", "StudyInstanceUID": "'5.05'", "subject_id": "['patient-0']", **_OF_IDC},
        {
            "_imaging_study_id": "'planted-4'",
            "StudyInstanceUID": "'6.9'",
            "subject_id": "['C-both']",
            "PatientSex": "'Male'",
            "PatientAge": "40.5",
            "EthnicGroup": "'Hispanic or Latino'",
            "commons_name": "['MIDRC']",
            "project_id": "'Hub-MIDRC'",
        },
    ),
    "imaging_series": (
        {
            "_imaging_series_id": "'planted-1'",
            "SeriesInstanceUID": "'1.2.840.1.0'",
            "StudyInstanceUID": "['1.2.840.2.0']",
            "subject_id": "['patient-0']",
            "Modality": "'CT'",
            "BodyPartExamined": "'Lung'",
            "license": "['CC BY 4.0']",
            **_OF_IDC,
        },
        {
            "_imaging_series_id": "'planted-2'",
            "SeriesInstanceUID": "'1.2.840.1.0'",
            "StudyInstanceUID": "['1.2.840.2.0']",
            "subject_id": "['patient-0']",
            "Modality": "'CT'",
            "BodyPartExamined": "'Lung'",
            "license": "['CC BY 4.0']",
            **_OF_IDC,
        },
        {
            "_imaging_series_id": "'planted-3'",
            "SeriesInstanceUID": "'8.1.1'",
            "StudyInstanceUID": "['8.1']",
            "subject_id": "['patient-gone']",
            **_OF_IDC,
        },
        {
            "_imaging_series_id": "'planted-4'",
            "SeriesInstanceUID": "'1.2.840.1.0'",
            "StudyInstanceUID": "['1.2.840.2.0']",
            "subject_id": "['patient-0']",
            "Modality": "'MR'",
            "BodyPartExamined": "null",
            "license": "['CC BY-NC 3.0']",
            "commons_name": "['TCIA']",
            "project_id": "'Hub-TCIA'",
            "collection_id": "['Collection-0']",
        },
    ),
}


def land_gaps(folder: Path) -> tuple[Landing, list[Release]]:
    """Land the three sources with what is planted in them."""
    landing, idc = small_release.land(folder, IDC)
    portal, hub = land_portals(folder, landing, PORTAL, HUB)
    return landing, [_marked(idc, True), _marked(portal, False), _marked(hub, True)]


def _marked(release: Release, synthetic: bool) -> Release:
    loads = tuple(load.model_copy(update={"synthetic": synthetic}) for load in release.loads)
    return release.model_copy(update={"loads": loads})
