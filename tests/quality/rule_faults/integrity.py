"""Faults that the rules of `integrity` must find: 2,400 series, 120 patients with a study each, three collections."""

from __future__ import annotations

from tests.quality.rule_faults.form import RuleFault, index, series, up_to


def _prior(sentence: str, assign: str, where: str, broken: int) -> RuleFault:
    return RuleFault(sentence, f"update landed_idc.prior_versions_index set {assign} where {where}", broken)


def _of(dataset: str, sentence: str, assign: str, broken: int, where: str = "true") -> RuleFault:
    return RuleFault(sentence, f"update landed_idc.{dataset} set {assign} where {where}", broken)


def _collection(
    sentence: str, assign: str, broken: int = 1, where: str = "collection_id = 'collection_1'"
) -> RuleFault:
    return _of("collections_index", sentence, assign, broken, where)


def _result(sentence: str, assign: str) -> RuleFault:
    return _of("analysis_results_index", sentence, assign, 1)


def _source(sentence: str, changes: str, broken: int = 1) -> RuleFault:
    """Return a fault of the first source of one collection, whose fields are replaced."""
    patched = f"json_merge_patch(json_extract(sources, '$[0]'), '{changes}')"
    return _collection(sentence, f"sources = json_array({patched}, json_extract(sources, '$[1]'))", broken)


_PRIOR_2 = "crdc_series_uuid = 'old-2'"
_LICENCE = '{"license": {"license_short_name": "CC BY 4.0", "license_long_name": "%s", "license_url": "%s"}}'
_LONG = "Creative Commons Attribution 4.0 International License"
_URL = "https://creativecommons.org/licenses/by/4.0/"

FAULTS = (
    index("Every study is in one collection", "collection_id = 'collection_1'", series(0), 1),
    index("Every study is of one patient", "\"PatientID\" = 'patient-3'", series(0), 1),
    index("All series of a study have the same study date", "\"StudyDate\" = '2019-05-02'", series(0), 1),
    index("All series of a study have the same study description", "\"StudyDescription\" = 'HEAD'", series(0), 1),
    index("All series of a study have the same patient age", "\"PatientAge\" = '041Y'", series(0), 1),
    index("Every PatientID is in one collection", "collection_id = 'collection_1'", series(0), 1),
    index("Every patient has one sex", "\"PatientSex\" = 'M'", series(0), 1),
    index(
        "The ages and study dates of a patient give the same year of birth, within two years",
        "\"StudyDate\" = '2014-05-01'",
        series(0),
        1,
    ),
    index(
        "The body part that was examined exists in the patient's sex", "\"BodyPartExamined\" = 'PROSTATE'", up_to(3), 3
    ),
    index(
        "No two series have the same crdc_series_uuid",
        "crdc_series_uuid = '00000000-0000-4000-8000-000000000001'",
        series(0),
        1,
    ),
    index(
        "The address of a series is made of its bucket and its crdc_series_uuid",
        "aws_bucket = 'idc-open-data-two'",
        series(1),
        1,
    ),
    index("No series has the identifier of its study", '"StudyInstanceUID" = "SeriesInstanceUID"', up_to(2), 2),
    index("No series is dated more than a year before its study", "\"SeriesDate\" = '2018-01-01'", up_to(2), 2),
    index(
        "No two original series of a study are alike in number, description, date, instances and size",
        '"SeriesNumber" = \'7\', "instanceCount" = 5, "series_size_MB" = 2.5',
        f"{series(0)} or {series(120)}",
        1,
    ),
    index("All series of a source DOI have the same licence", "license_short_name = 'CC BY 3.0'", series(1), 600),
    index(
        "Series with and without commercial use of their licence lie in different buckets",
        "license_short_name = 'CC BY-NC 4.0'",
        series(1),
        1,
    ),
    index(
        "Every source DOI is of one analysis result, or of original data",
        "analysis_result_id = 'measured_reports'",
        series(1),
        600,
    ),
    index("Every analysis result has one source DOI", "\"source_DOI\" = '10.5281/zenodo.2'", series(1800), 600),
    index(
        "Original data of one source DOI are in one collection",
        "\"source_DOI\" = '10.7937/collection-1'",
        series(0),
        601,
    ),
    index(
        "A series was first released, last revised and is released now in this order",
        "series_revised_idc_version = 26",
        up_to(5),
        5,
    ),
    index("The first release of a series is that of its oldest revision", "series_init_idc_version = 17", series(2), 1),
    index(
        "A series was revised in the release after its last prior revision",
        "series_revised_idc_version = 24",
        series(2),
        1,
    ),
    index("A series that was revised has a prior revision", "series_init_idc_version = 22", series(20), 1),
    index(
        "The study of a series is the same in its last prior revision", "\"StudyInstanceUID\" = '1.2.3'", series(2), 1
    ),
    index("The patient of a series is the same in its last prior revision", "\"PatientID\" = 'other'", series(2), 1),
    index("The collection of a series is the same in its last prior revision", "collection_id = 'other'", series(2), 1),
    index("The modality of a series is the same in its last prior revision", "\"Modality\" = 'MR'", series(2), 1),
    RuleFault(
        "No series is an exact multiple of the size of its last prior revision",
        f'update landed_idc.prior_versions_index set "series_size_MB" = 3.25 where {_PRIOR_2};'
        f'update landed_idc.idc_index set "series_size_MB" = 6.503 where {series(2)}',
        1,
    ),
    _prior("The releases of a prior revision are a span of earlier releases", "max_idc_version = 25", _PRIOR_2, 1),
    RuleFault(
        "No prior revision is the revision of the release",
        f"update landed_idc.idc_index set crdc_series_uuid = 'old-2' where {series(2)}",
        1,
    ),
    RuleFault(
        "No two spans of one series share a release",
        f"insert into landed_idc.prior_versions_index select * replace ('old-2b' as crdc_series_uuid,"
        f" cast(22 as bigint) as min_idc_version) from landed_idc.prior_versions_index where {_PRIOR_2}",
        1,
    ),
    RuleFault(
        "Spans of one revision that follow on each other are one span",
        f"insert into landed_idc.prior_versions_index select * replace (cast(23 as bigint) as min_idc_version,"
        f" cast(24 as bigint) as max_idc_version) from landed_idc.prior_versions_index where {_PRIOR_2}",
        1,
    ),
    RuleFault(
        "All spans of one revision have the same size",
        f'insert into landed_idc.prior_versions_index select * replace (1.0 as "series_size_MB",'
        f" cast(24 as bigint) as min_idc_version, cast(24 as bigint) as max_idc_version)"
        f" from landed_idc.prior_versions_index where {_PRIOR_2}",
        2,
    ),
    _prior("Every crdc_series_uuid is of one series", "crdc_series_uuid = 'old-3'", _PRIOR_2, 2),
    _prior("Every prior revision has an address", "series_aws_url = null", _PRIOR_2, 1),
    _prior(
        "The address of a prior revision is made of its bucket and its crdc_series_uuid",
        "aws_bucket = 'idc-open-data-two'",
        _PRIOR_2,
        1,
    ),
    _prior("The two columns of the Google bucket agree", "gcs_bucket_1 = 'idc-open-idc1'", _PRIOR_2, 1),
    _prior(
        "A collection of prior revisions whose patients the release holds is a collection of the release",
        "collection_id = 'renamed'",
        _PRIOR_2,
        1,
    ),
    RuleFault(
        "Every data release up to this one is listed",
        "delete from landed_idc.version_metadata_index where idc_version in (7, 25)",
        2,
    ),
    _of(
        "version_metadata_index",
        "No data release is dated before the one before it",
        "version_timestamp = '2020-01-01'",
        1,
        "idc_version = 9",
    ),
    _of(
        "version_metadata_index",
        "No two data releases have the same date",
        "version_timestamp = '2025-01-01'",
        2,
        "idc_version in (18, 19)",
    ),
    _collection("A collection has as many subjects as it states", "subjects = 41"),
    RuleFault(
        "Every collection that is described has series",
        "delete from landed_idc.idc_index where collection_id = 'collection_1'",
        1,
    ),
    RuleFault(
        "Every source of a collection has series",
        "delete from landed_idc.idc_index where \"source_DOI\" = '10.7937/collection-1'",
        1,
    ),
    _source("The licence of a source is that of its series", '{"license": {"license_short_name": "CC BY 3.0"}}'),
    _source("The modalities of a source are those of its series", '{"modalities": "MR, PT"}'),
    _source(
        "A source is an analysis result where its series are, and bears its identifier",
        '{"source_type": "analysis_result"}',
    ),
    _source("The address of a source is that of its DOI", '{"source_url": "https://doi.org/10.7937/collection-2"}'),
    _source("Every source has a citation", '{"citation": " "}'),
    _source("The citation of a source names its DOI", '{"citation": "Someone, 2023. doi.org/10.7937/collection-2"}'),
    _collection("No two collections have the same description", "description = 'Collection number\n2.'", 2),
    _collection(
        "The description of a collection cites no source of other collections",
        "description = 'See https://doi.org/10.7937/collection-2.'",
    ),
    _collection("A collection of phantoms has no species", "cancer_types = 'Phantom'"),
    _collection("No collection was updated after the release was fetched", "updated = '2026-12-01'"),
    _collection("No collection was updated before the first data release", "updated = '2014-09-04'"),
    _source(
        "The long name of a licence says what its short name says",
        _LICENCE % ("Creative Commons Attribution-NonCommercial 4.0 International License", _URL),
    ),
    _source(
        "The address of a licence is that of its short name",
        _LICENCE % (_LONG, "https://creativecommons.org/licenses/by-nc/4.0/"),
    ),
    RuleFault(
        "A licence has one long name",
        "update landed_idc.collections_index set sources = json_array("
        f"json_merge_patch(json_extract(sources, '$[0]'), '{_LICENCE % (_LONG, _URL)}'),"
        f" json_merge_patch(json_extract(sources, '$[1]'), '{_LICENCE % ('CC Attribution 4.0', _URL)}'))"
        " where collection_id = 'collection_1';"
        "update landed_idc.collections_index set sources = json_array("
        f"json_merge_patch(json_extract(sources, '$[0]'), '{_LICENCE % (_LONG, _URL)}'), json_extract(sources, '$[1]'))"
        " where collection_id = 'collection_2'",
        1,
    ),
    RuleFault(
        "Every collection of the index is described",
        "delete from landed_idc.collections_index where collection_id = 'collection_1'",
        800,
    ),
    _source(
        "Every source DOI of a series is a source of its collection", '{"source_doi": "10.7937/collection-9"}', 600
    ),
    _result("Every analysis result that is described has series", "analysis_result_id = 'Measured-Reports'"),
    _result("An analysis result has as many subjects as it states", "subjects = 121"),
    _result("The collections of an analysis result are those of its series", "collections = 'collection_0'"),
    _result("The modalities of an analysis result are those of its series", "modalities = 'SEG, SR'"),
    _result("The licence of an analysis result is that of its series", "license_short_name = 'CC BY 3.0'"),
    _result("The source DOI of an analysis result is that of its series", "\"source_DOI\" = '10.5281/zenodo.2'"),
    _result("The address of an analysis result is that of its DOI", "source_url = 'https://doi.org/10.5281/zenodo.2'"),
    _result("The citation of an analysis result names its DOI", "citation = 'Someone, 2024. 10.5281/zenodo.2'"),
    RuleFault(
        "An analysis result has the title that the sources of collections give it",
        "update landed_idc.collections_index set sources = json_array(json_extract(sources, '$[0]'),"
        " json_merge_patch(json_extract(sources, '$[1]'), '{\"source_title\": \"Reports (bq_title: x)\"}'))",
        1,
    ),
    _result("No analysis result was updated after its release", "updated = '2026-09-28'"),
    _of(
        "analysis_results_index",
        "Every analysis result of the index is described",
        "analysis_result_id = 'Measured-Reports'",
        600,
    ),
    RuleFault(
        "Every record that another record names is listed",
        "update landed_midrc.imaging_study set case_ids = ['nobody'] where _imaging_study_id = 'study-0'",
        1,
        "case_ids",
        "midrc",
    ),
    RuleFault(
        "Every record that another record names is listed",
        "update landed_bih.imaging_series set \"StudyInstanceUID\" = ['9.9'] where _imaging_series_id = 'series-0'",
        1,
        "StudyInstanceUID",
        "bih",
    ),
    RuleFault(
        "Every record belongs to one dataset",
        "update landed_midrc.\"case\" set dataset_submitter_id = ['a', 'b'] where _case_id = 'case-0'",
        1,
        "dataset_submitter_id",
        "midrc",
    ),
    RuleFault(
        "No two records of a type have the same DICOM identifier",
        "update landed_midrc.imaging_study set study_uid = '1.2.1' where _imaging_study_id = 'study-0'",
        1,
        "study_uid",
        "midrc",
    ),
    RuleFault(
        "No two records of a project have the same submitter identifier",
        "update landed_midrc.annotation set submitter_id = 'same'",
        1,
        "submitter_id",
        "midrc",
    ),
    RuleFault(
        "As many records of a case are listed as it states",
        "delete from landed_midrc.data_file where _data_file_id = 'file-0'",
        1,
        "data_file_count",
        "midrc",
    ),
    RuleFault(
        "As many records of a case are listed as it states",
        "update landed_midrc.\"case\" set _imaging_studies_count = 2 where _case_id = 'case-1'",
        1,
        "_imaging_studies_count",
        "midrc",
    ),
)
"""Each rule of the suite `integrity` has at least one."""
