"""Faults that the rules of `validity` must find."""

from __future__ import annotations

from tests.quality.rule_faults.form import RuleFault, index, series, up_to


def _collection(sentence: str, assign: str, broken: int, column: str | None = None) -> RuleFault:
    statement = f"update landed_idc.collections_index set {assign} where collection_id = 'collection_1'"
    return RuleFault(sentence, statement, broken, column)


def _portal(sentence: str, dataset: str, assign: str, column: str) -> RuleFault:
    key = {"case": "_case_id"}.get(dataset, f"_{dataset}_id")
    statement = f'update landed_midrc."{dataset}" set "{column}" = {assign} where {key} like \'%-0\''
    return RuleFault(sentence, statement, 1, column, "midrc")


def _hub(sentence: str, dataset: str, assign: str) -> RuleFault:
    statement = f"update landed_bih.{dataset} set metadata_source_date = {assign} where {_HUB_KEYS[dataset]} like '%0'"
    return RuleFault(sentence, statement, 1, "metadata_source_date", "bih")


_HUB_KEYS = {"dataset": "collection_id", "subject": "_subject_id", "imaging_series": "_imaging_series_id"}

_UID = "1.2.840.01.2"

FAULTS = (
    index("Every series has a size above 0", '"series_size_MB" = 0', up_to(4), 4),
    index("The instances of a series have room for a DICOM file each", '"series_size_MB" = 0.0001', series(0), 1),
    index(
        "The images of a series have room for their pixels",
        '"series_size_MB" = 0.0035, "instanceCount" = 1',
        series(0),
        1,
    ),
    index("No series is larger than a terabyte", '"series_size_MB" = 1e7', series(0), 1),
    index("Every series has an instance, and no series a million", '"instanceCount" = 0', up_to(4), 4),
    index(
        "No series has ten times as many instances as any series of another collection",
        '"instanceCount" = 5000',
        series(0),
        1,
    ),
    index("Sizes are exact to the byte", '"series_size_MB" = 0.05', "true", 1),
    RuleFault(
        "Every prior revision has a size above 0",
        "update landed_idc.prior_versions_index set \"series_size_MB\" = 0 where crdc_series_uuid = 'old-2'",
        1,
    ),
    index("An age is a DICOM age string", "\"PatientAge\" = '042y'", up_to(3), 3),
    index("No age is zero", "\"PatientAge\" = '000Y'", up_to(3), 3),
    index("No age is more than 120 years", "\"PatientAge\" = '999Y'", up_to(3), 3),
    index("No patient is older than 100 years", "\"PatientAge\" = '101Y'", up_to(3), 3),
    index("A date is a day of the calendar", "\"StudyDate\" = '2019-02-30'", up_to(3), 3, "StudyDate"),
    index("A date is a day of the calendar", "\"SeriesDate\" = '20190501'", up_to(3), 3, "SeriesDate"),
    index("No date lies after the release was fetched", "\"StudyDate\" = '2031-01-01'", up_to(3), 3, "StudyDate"),
    index("No date is before X-rays were discovered", "\"StudyDate\" = '1880-09-09'", up_to(3), 3, "StudyDate"),
    index("No date is before computed tomography came", "\"SeriesDate\" = '1959-12-31'", up_to(3), 3, "SeriesDate"),
    index("No date is the zero of a computer's calendar", "\"StudyDate\" = '1970-01-01'", up_to(3), 3, "StudyDate"),
    index("A series number is a DICOM integer", "\"SeriesNumber\" = '3000000000'", series(0), 1),
    index("A modality is a term of DICOM", "\"Modality\" = 'FUSION'", up_to(3), 3),
    index("A sex is a term of DICOM", "\"PatientSex\" = '6657'", up_to(3), 3),
    index("A body part is written as a DICOM code string", "\"BodyPartExamined\" = 'Left Breast'", up_to(3), 3),
    index("No body part is a modality", "\"BodyPartExamined\" = 'SEG'", up_to(3), 3),
    index(
        "A photometric interpretation is a term of DICOM",
        "\"PhotometricInterpretation\" = 'RGB,MONOCHROME'",
        up_to(3),
        3,
    ),
    index("A pixel representation is 0 or 1", "\"PixelRepresentation\" = '2'", up_to(3), 3),
    index(
        "The modality of a series is one that its SOP class allows",
        "\"SOPClassUID\" = '1.2.840.10008.5.1.4.1.1.128'",
        up_to(3),
        3,
    ),
    index(
        "No image series is a secondary capture or raw data",
        "\"SOPClassUID\" = '1.2.840.10008.5.1.4.1.1.7'",
        up_to(3),
        3,
    ),
    index("A SOP class has one name", "sop_class_name = 'CT'", up_to(3), 3),
    index("A transfer syntax has one name", "transfer_syntax_name = 'Explicit'", up_to(3), 3),
    RuleFault(
        "The names of transfer syntaxes stand in the order of the identifiers",
        "update landed_idc.idc_index set \"TransferSyntaxUID\" = '1.2.840.10008.1.2',"
        f" transfer_syntax_name = 'Implicit VR Little Endian' where {series(1)};"
        "update landed_idc.idc_index set \"TransferSyntaxUID\" = '1.2.840.10008.1.2,1.2.840.10008.1.2.1',"
        f" transfer_syntax_name = 'Explicit VR Little Endian,Implicit VR Little Endian' where {series(0)};"
        "update landed_idc.idc_index set \"TransferSyntaxUID\" = '1.2.840.10008.1.2.1,1.2.840.10008.1.2',"
        f" transfer_syntax_name = 'Explicit VR Little Endian,Implicit VR Little Endian' where {series(2)}",
        1,
    ),
    index("A SOP class is a DICOM UID", "\"SOPClassUID\" = 'CT'", up_to(3), 3),
    index("A licence is one of IDC's", "license_short_name = 'CC-BY'", up_to(3), 3),
    index("A source DOI is there", "\"source_DOI\" = ''", up_to(3), 3),
    index("A source DOI is a DOI in lower case", "\"source_DOI\" = '10.7937/K9/TCIA'", up_to(3), 3),
    index("A series identifier is a DICOM UID", f"\"SeriesInstanceUID\" = '{_UID}'", series(0), 1),
    index("A study identifier is a DICOM UID", f"\"StudyInstanceUID\" = '{_UID}'", up_to(3), 3),
    index("A crdc_series_uuid is a UUID", "crdc_series_uuid = 'none'", series(0), 1),
    index("The address of a series is one of a public bucket", "series_aws_url = 'gs://x/y/*'", series(0), 1),
    index("A series lies in a bucket of IDC", "series_aws_url = 's3://other/y/*'", series(0), 1),
    index("No patient identifier is the name of a file", "\"PatientID\" = 'P_1_LEFT.dcm'", up_to(3), 3),
    index("No text stands for a missing value", "\"StudyDate\" = 'NaT'", up_to(3), 3, "StudyDate"),
    index("No text stands for a missing value", "\"PatientAge\" = 'N-A'", up_to(3), 3, "PatientAge"),
    index("No text stands for a missing value", "\"PatientSex\" = '0000'", up_to(3), 3, "PatientSex"),
    index(
        "No text stands for a missing value", "\"Manufacturer\" = 'Unknown manufacturer'", up_to(3), 3, "Manufacturer"
    ),
    index("No text is blank", "\"StudyDescription\" = '  '", up_to(3), 3, "StudyDescription"),
    index("No text has blanks at its ends", "\"Manufacturer\" = 'SIEMENS '", up_to(3), 3, "Manufacturer"),
    index("No text has a control character", "\"SeriesDescription\" = 'a' || chr(1)", up_to(3), 3, "SeriesDescription"),
    index(
        "No text has a character that was damaged by a conversion",
        "\"SeriesDescription\" = 'OBL' || chr(65533) || 'QUO'",
        up_to(3),
        3,
        "SeriesDescription",
    ),
    index("No text is longer than DICOM allows", "\"SeriesDescription\" = repeat('x', 65)", up_to(3), 3),
    index("A text is spelt in one way", "\"Manufacturer\" = 'Siemens'", up_to(3), 3, "Manufacturer"),
    index(
        "A text is spelt in one way",
        "\"ManufacturerModelName\" = 'Sensation_64'",
        up_to(3),
        3,
        "ManufacturerModelName",
    ),
    _collection("An element of lists is spelt in one way", "tumor_locations = 'chest'", 1, "tumor_locations"),
    _collection("Every description is filled in", "updated = null", 1, "updated"),
    _collection("No line breaks inside a text of one line", "cancer_types = 'Lung' || chr(10) || 'Cancer'", 1),
    _collection("No text has markup", "cancer_types = '<i>Lung</i> &amp; more'", 1, "cancer_types"),
    _collection("No text has a name of an internal field", "collection_name = 'A (bq_title: A)'", 1, "collection_name"),
    _collection("No text is blank", "supporting_data = ''", 1, "supporting_data"),
    index("No name has quotation marks or brackets", '"Manufacturer" = \'"GE"\'', up_to(3), 3, "Manufacturer"),
    index("No manufacturer is an address of software", "\"Manufacturer\" = 'https://a.b/c'", up_to(3), 3),
    _portal("A DICOM identifier is a UID", "imaging_study", "'1.02'", "study_uid"),
    _portal("An age is between 0 and 120 years", "case", "-1", "age_at_index"),
    _portal("A file has a size above 0", "data_file", "0", "file_size"),
    _portal("An MD5 sum has 32 hexadecimal digits", "data_file", "'abc'", "md5sum"),
    _portal("An object identifier is a GUID", "data_file", "'abc'", "object_id"),
    _portal("A LOINC code has a number and a check digit", "imaging_study", "'CHEST'", "loinc_code"),
    _portal(
        "A study took place between 1971 and the year in which it was fetched", "imaging_study", "2031", "study_year"
    ),
    _portal("An mRALE score is between 0 and 24", "annotation", "25", "midrc_mRALE_score"),
    _portal("A test took place within a century of the index event", "measurement", "99999", "test_days_from_index"),
    _portal("A series of files has an instance", "data_file", "0", "number_of_instances"),
    _portal("A modality is a term of DICOM", "data_file", "'FUSION'", "modality"),
    _hub("A date is a day, written as year, month and day", "dataset", "'02/31/2026'"),
    _hub("A date is a day, written as year, month and day", "subject", "['2026-02-28', 'February']"),
    _hub("A date is not after the day on which it was fetched", "dataset", "'2026-10-03'"),
    _hub("A date is not after the day on which it was fetched", "imaging_series", "['2026-10-01', '2062-01-31']"),
    _portal("No text stands for a missing value", "data_file", "'NaN'", "manufacturer"),
    _portal("No text has a control character", "data_file", "'a' || chr(0)", "manufacturer"),
)
"""Each rule of the suite `validity` has at least one."""
