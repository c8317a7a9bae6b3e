"""Records that belong to somebody else."""

from __future__ import annotations

from typing import Any

from tests.bench.drift.defect import Defect, altered, group

FAMILY = "ownership"


def _of(name: str, source: str, dataset: str, columns: dict[str, str], **more: Any) -> Defect:
    return Defect(name, FAMILY, source, dataset, {dataset: altered(columns, f'"{dataset}"')}, **more)


_NEXT = 'first_value("PatientID") over (partition by collection_id order by md5("PatientID"), "PatientID")'

DEFECTS = (
    _of("series moved to another patient of their collection", "idc", "idc_index", {"PatientID": _NEXT}),
    _of(
        "studies moved to another patient of their collection",
        "idc",
        "idc_index",
        {"PatientID": _NEXT},
        unit='"StudyInstanceUID"',
    ),
    _of(
        "patient ids of one collection moved on by one",
        "idc",
        "idc_index",
        {
            "PatientID": "lead(\"PatientID\", 1, 'X-1')"
            ' over (partition by hit order by "PatientID", "SeriesInstanceUID")'
        },
        within=group("collection_id", 2),
    ),
    _of(
        "series moved to another study",
        "idc",
        "idc_index",
        {
            "StudyInstanceUID": 'first_value("StudyInstanceUID") over (partition by collection_id'
            ' order by md5("StudyInstanceUID"), "StudyInstanceUID")'
        },
    ),
    _of(
        "studies moved to another collection",
        "idc",
        "idc_index",
        {"collection_id": "'cptac_pda'"},
        unit='"StudyInstanceUID"',
        within="collection_id <> 'cptac_pda'",
    ),
    _of(
        "series moved to another collection",
        "idc",
        "idc_index",
        {"collection_id": "'cptac_pda'"},
        within="collection_id <> 'cptac_pda'",
    ),
    _of(
        "original series attributed to an analysis result",
        "idc",
        "idc_index",
        {"analysis_result_id": "'rms_mutation_prediction_expert_annotations'"},
        within="analysis_result_id is null",
    ),
    _of(
        "source DOIs of another collection",
        "idc",
        "idc_index",
        {"source_DOI": "'10.7937/k9/tcia.2016.tnb1kqbu'"},
        within="collection_id <> 'pancreas_ct'",
    ),
    Defect(
        "two collections described by each other's texts",
        FAMILY,
        "idc",
        "collections_index",
        {
            "collections_index": altered(
                {"description": "lead(description, 1, 'Another collection.') over (order by collection_id)"},
                "collections_index",
            )
        },
        sizes=(0.05, 0.25),
    ),
    _of("prior revisions of another patient", "idc", "prior_versions_index", {"PatientID": "'TCGA-00-0000'"}),
    _of(
        "studies of other cases",
        "midrc",
        "imaging_study",
        {"case_ids": "lag(case_ids, 1, case_ids) over (partition by hit order by md5(_imaging_study_id))"},
    ),
    _of(
        "files of other studies",
        "midrc",
        "data_file",
        {
            "_imaging_study_id": "lag(_imaging_study_id, 1) over (partition by hit order by md5(_data_file_id))",
            "study_uid": "lag(study_uid, 1) over (partition by hit order by md5(_data_file_id))",
        },
    ),
    _of(
        "measurements of other cases",
        "midrc",
        "measurement",
        {"case_ids": "lag(case_ids, 1) over (partition by hit order by md5(_measurement_id))"},
    ),
    _of(
        "annotations of other cases",
        "midrc",
        "annotation",
        {"case_ids": "lag(case_ids, 1) over (partition by hit order by md5(_annotation_id))"},
    ),
    _of(
        "cases of another dataset",
        "midrc",
        "case",
        {"dataset_submitter_id": "['RSNA_20231012']"},
        within="dataset_submitter_id[1] <> 'RSNA_20231012'",
    ),
    _of(
        "subjects of the hub in another collection",
        "bih",
        "subject",
        {"collection_id": "['openneuro-0364']"},
        within="collection_id[1] <> 'openneuro-0364'",
    ),
    _of(
        "series of the hub of other subjects",
        "bih",
        "imaging_series",
        {"subject_id": "lag(subject_id, 1) over (partition by hit order by md5(_imaging_series_id))"},
    ),
    _of(
        "studies of the hub in another repository",
        "bih",
        "imaging_study",
        {"commons_name": "['OpenNeuro']"},
        within="commons_name[1] <> 'OpenNeuro'",
    ),
)
