"""The sandbox's portal and hub, landed, with records planted among those of the portal that break naive models.

The planted records are copies of landed ones in which only the named columns differ, so that everything else is as the
portal writes it.
"""

from __future__ import annotations

from pathlib import Path

from tests.support.planting import Records, planted
from warehouse.landing import Landing, Release
from warehouse.registry import source
from warehouse.sandbox.server import Sandbox
from warehouse.settings import Settings
from warehouse.sources.gen3 import Gen3System, land_system

SCALE = 0.002

# Two cases of two projects share the submitter id P-1; two studies share a UID, and one has none; two files are of one
# series; records name several cases and things that the portal does not list. Text has NUL, quotes, "no data", nothing.
PLANTED: Records = {
    "case": (
        {
            "_case_id": "'case-a'",
            "submitter_id": "'P-1'",
            "project_id": "'Open-A1'",
            "dataset_submitter_id": "['Set \"one\"', 'Set two', 'Set two', '', null]",
            "conditions": "[{'condition_code': 'X', 'condition_code_system': '', 'condition_name': 'NUL ' || chr(0)"
            " || ' \"quoted\"', 'days_to_condition_end': null, 'days_to_condition_start': -3},"
            " {'condition_code': 'no data', 'condition_code_system': null, 'condition_name': '  spaced ',"
            " 'days_to_condition_end': 5, 'days_to_condition_start': 4}]",
            "medications": "[]",
            "procedures": "[{'breathing_support_type': '', 'days_to_procedure_end': null,"
            " 'days_to_procedure_start': null, 'procedure_name': ''}]",
        },
        {"_case_id": "'case-b'", "submitter_id": "'P-2'", "conditions": "null", "procedures": "null"},
        {"_case_id": "'case-c'", "submitter_id": "'P-1'", "project_id": "'Open-R1'", "conditions": "[]"},
    ),
    "imaging_study": (
        {
            "_imaging_study_id": "'study-a'",
            "submitter_id": "'S-1'",
            "study_uid": "'1.2.3'",
            "case_ids": "['P-1', 'P-2', 'P-2', 'P-gone', '']",
            "study_description": "''",
            "loinc_code": "' 24627-2 '",
            "loinc_long_common_name": "'CT CHEST, another spelling'",
        },
        {"_imaging_study_id": "'study-b'", "submitter_id": "'S-2'", "study_uid": "'1.2.3'", "case_ids": "[]"},
        {"_imaging_study_id": "'study-c'", "submitter_id": "'S-3'", "study_uid": "null", "case_ids": "null"},
    ),
    "data_file": (
        {
            "_data_file_id": "'file-a'",
            "_case_id": "['case-a', 'case-b', 'case-c', 'case-gone']",
            "case_ids": "['P-2', 'P-gone']",
            "_imaging_study_id": "['study-b', 'study-c']",
            "study_uid": "['1.2.3', '9.9.9']",
            "series_uid": "'1.2.3.4'",
            "dataset_submitter_id": "['Set \"one\"', 'Set two']",
            "license": "['CC BY 4.0', 'CC BY-NC 4.0']",
            "file_size": "'no data'",
            "file_name": "'a' || chr(0) || '\"b\"'",
            "slice_thickness": "['1.25', '5']",
            "series_description": "''",
            "_annotation_id": "['annotation-a', 'annotation-gone']",
        },
        {
            "_data_file_id": "'file-b'",
            "_case_id": "null",
            "case_ids": "[]",
            "_imaging_study_id": "[]",
            "study_uid": "null",
            "series_uid": "'1.2.3.4'",
            "dataset_submitter_id": "[]",
            "license": "null",
            "file_size": "'123456789012345'",
            "file_name": "''",
            "slice_thickness": "['thick']",
            "series_description": "'no data'",
            "_annotation_id": "[]",
        },
    ),
    "measurement": (
        {"_measurement_id": "'measurement-a'", "case_ids": "[]", "test_name": "''", "test_result_text": "'no data'"},
        {"_measurement_id": "'measurement-b'", "case_ids": "['P-1', 'P-2']"},
    ),
    "annotation": (
        {
            "_annotation_id": "'annotation-a'",
            "case_ids": "['P-1', 'P-2']",
            "annotator_id": "'no data'",
            "instance_uids": "['1.1', '1.1', '1.2', '']",
        },
        {"_annotation_id": "'annotation-b'", "case_ids": "['P-gone']", "instance_uids": "[]"},
        {"_annotation_id": "'annotation-c'", "case_ids": "['P-1']", "instance_uids": "null"},
    ),
    "radiology_report": (
        {
            "_radiology_report_id": "'report-a'",
            "case_submitter_id": "['P-1', 'P-2']",
            "imaging_study_submitter_id": "['S-1', 'S-2', 'S-gone']",
            "body_part_examined": "['CHEST', 'HEART']",
        },
    ),
}


def land_planted(folder: Path, records: Records = PLANTED) -> tuple[Landing, list[Release]]:
    """Land portal and hub of the sandbox, then plant the records. Returns the releases of both."""
    landing = Landing(folder)
    with Sandbox(folder / "sandbox", scale=SCALE) as sandbox:
        urls = {"midrc": sandbox.portal_url, "bih": sandbox.bih_url}
        settings = Settings(home=folder, source_urls=urls, guppy_page_size=200)
        systems = [Gen3System.from_spec(source(name), settings) for name in urls]
        portal, hub = (land_system(system, landing, settings) for system in systems)
    return landing, [planted(landing, portal, records), hub]
