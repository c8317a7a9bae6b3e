"""Codes and texts that are spelled in another way or belong to something else."""

from __future__ import annotations

from typing import Any

from tests.bench.drift.defect import Defect, altered

FAMILY = "codes and spelling"


def _of(name: str, source: str, dataset: str, column: str, value: str, **more: Any) -> Defect:
    return Defect(name, FAMILY, source, dataset, {dataset: altered({column: value}, f'"{dataset}"')}, **more)


def _idc(name: str, column: str, value: str, within: str = "true") -> Defect:
    return _of(name, "idc", "idc_index", column, value, within=within)


DEFECTS = (
    _idc("modalities in lower case", "Modality", 'lower("Modality")'),
    _idc("modalities that DICOM does not define", "Modality", "'CTX'"),
    _idc("modalities that contradict the class of the objects", "Modality", "'US'", "\"Modality\" in ('CT', 'MR')"),
    _idc(
        "sexes as words",
        "PatientSex",
        "case \"PatientSex\" when 'F' then 'Female' else 'Male' end",
        "\"PatientSex\" in ('F', 'M')",
    ),
    _idc(
        "two sexes of a patient",
        "PatientSex",
        "case \"PatientSex\" when 'F' then 'M' else 'F' end",
        "\"PatientSex\" in ('F', 'M')",
    ),
    _idc(
        "names of classes that are not those of their UIDs",
        "sop_class_name",
        "'MR Image Storage'",
        "\"Modality\" = 'CT'",
    ),
    _idc("classes that are no UIDs", "SOPClassUID", "sop_class_name", "sop_class_name is not null"),
    _idc("transfer syntaxes cut", "TransferSyntaxUID", 'left("TransferSyntaxUID", 15)'),
    _idc(
        "manufacturers in upper case",
        "Manufacturer",
        'upper("Manufacturer")',
        'upper("Manufacturer") <> "Manufacturer"',
    ),
    _idc("manufacturers with blanks around", "Manufacturer", "' ' || \"Manufacturer\" || ' '"),
    _idc(
        "body parts in mixed case",
        "BodyPartExamined",
        'upper(left("BodyPartExamined", 1)) || lower(substr("BodyPartExamined", 2))',
        'length("BodyPartExamined") > 1',
    ),
    _idc(
        "wrongly decoded texts",
        "SeriesDescription",
        "\"SeriesDescription\" || ' MÃ¤Ã¼'",
        '"SeriesDescription" is not null',
    ),
    _idc(
        "control characters in texts",
        "StudyDescription",
        '"StudyDescription" || chr(7)',
        '"StudyDescription" is not null',
    ),
    _idc(
        "descriptions cut to 16 characters",
        "SeriesDescription",
        'left("SeriesDescription", 16)',
        'length("SeriesDescription") > 16',
    ),
    _idc(
        "photometric interpretations that DICOM does not define",
        "PhotometricInterpretation",
        "'GREY'",
        '"PhotometricInterpretation" is not null',
    ),
    _idc(
        "texts in quotes", "BodyPartExamined", "'\"' || \"BodyPartExamined\" || '\"'", '"BodyPartExamined" is not null'
    ),
    _of(
        "HTML in descriptions of collections",
        "idc",
        "collections_index",
        "description",
        "'&lt;p&gt;' || description || '&amp;nbsp;'",
        sizes=(0.05, 0.25),
    ),
    _of(
        "cancer types respelled",
        "idc",
        "collections_index",
        "cancer_types",
        "lower(cancer_types)",
        sizes=(0.05, 0.25),
        within="lower(cancer_types) <> cancer_types",
    ),
    _of(
        "LOINC codes without their check digit",
        "midrc",
        "imaging_study",
        "loinc_code",
        "split_part(loinc_code, '-', 1)",
        within="contains(loinc_code, '-')",
    ),
    _of(
        "COVID-19 status respelled",
        "midrc",
        "case",
        "covid19_positive",
        "case covid19_positive when 'Yes' then 'TRUE' else 'FALSE' end",
        within="covid19_positive in ('Yes', 'No')",
    ),
    _of(
        "test results respelled",
        "midrc",
        "measurement",
        "test_result_text",
        "upper(test_result_text)",
        within="test_result_text is not null",
    ),
    _of("sexes as letters", "midrc", "case", "sex", "left(sex, 1)", within="length(sex) > 1"),
    _of("races respelled", "midrc", "case", "race", "replace(lower(race), ' ', '_')", within="contains(race, ' ')"),
    _of(
        "modalities of studies respelled",
        "midrc",
        "imaging_study",
        "study_modality",
        "['XRAY']",
        within="len(study_modality) > 0",
    ),
    _of(
        "modalities of files that are not those of their types",
        "midrc",
        "data_file",
        "modality",
        "'MR'",
        within="modality in ('CR', 'DX', 'CT')",
    ),
    _of(
        "manufacturers of the hub respelled",
        "bih",
        "imaging_series",
        "Manufacturer",
        'lower("Manufacturer")',
        within='lower("Manufacturer") <> "Manufacturer"',
    ),
    _of(
        "disease types respelled",
        "bih",
        "dataset",
        "disease_type",
        "disease_type || ' (NOS)'",
        within="disease_type is not null",
    ),
    _of("names of repositories respelled", "bih", "imaging_series", "commons_name", "[lower(commons_name[1])]"),
)
