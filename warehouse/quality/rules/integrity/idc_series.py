"""Rules about the series of IDC's index: one owner, one licence, one address, facts of a patient that fit together.

Which severity: none of the releases 18.2.0 to 25.0.5 reaches the bound above which a rule is an error.
"""

from __future__ import annotations

from warehouse.quality.rules.landed_rule import LandedRule

_INDEX = "landed_idc.idc_index"

SHARED = {
    "series_groups": f"""
        select collection_id, "source_DOI", analysis_result_id, license_short_name, "Modality",
            split_part(series_aws_url, '/', 3) as bucket, count(*) as row_count
        from {_INDEX} group by all""",
    "study_facts": f"""
        select "StudyInstanceUID", count(*) as series_count,
            min(collection_id) as collection_id, max(collection_id) as other_collection_id,
            min("PatientID") as "PatientID", max("PatientID") as "other_PatientID",
            min(nullif("StudyDate", 'NaT')) as "StudyDate", max(nullif("StudyDate", 'NaT')) as "other_StudyDate",
            min("StudyDescription") as "StudyDescription", max("StudyDescription") as "other_StudyDescription",
            min(nullif("PatientAge", '')) as "PatientAge", max("PatientAge") as "other_PatientAge"
        from {_INDEX} group by "StudyInstanceUID\"""",
    "patient_facts": f"""
        select "PatientID", collection_id, count(*) as series_count,
            min("PatientSex") as "PatientSex", max("PatientSex") as "other_PatientSex",
            min(year(try_cast("StudyDate" as date)) - try_cast(left("PatientAge", 3) as integer))
                filter (where {{age}}) as first_birth_year,
            max(year(try_cast("StudyDate" as date)) - try_cast(left("PatientAge", 3) as integer))
                filter (where {{age}}) as last_birth_year
        from {_INDEX} group by "PatientID", collection_id""".replace(
        "{age}", """"PatientAge" > '000Y' and regexp_full_match("PatientAge", '[0-9]{3}Y')"""
    ),
}

_TERMS_NC = "license_short_name ilike '%-NC%'"


def _rule(
    column: str,
    sentence: str,
    relation: str,
    broken: str,
    keys: tuple[str, ...],
    expected: str,
    shown: tuple[str, ...] = (),
    place: str = "collection_id",
    of_rows: tuple[str, ...] = (),
    error_percent: float | None = None,
    needs: tuple[str, ...] = (),
) -> LandedRule:
    return LandedRule(
        source="idc",
        dataset="idc_index",
        column=column,
        sentence=sentence,
        relation=relation,
        broken=broken,
        keys=keys,
        expected=expected,
        shown=shown,
        place=place,
        of_rows=of_rows,
        error_percent=error_percent,
        needs=needs,
    )


def _of_study(column: str, sentence: str, expected: str, error_percent: float | None) -> LandedRule:
    return _rule(
        column,
        sentence,
        "study_facts",
        f'"{column}" <> "other_{column}"',
        ('"StudyInstanceUID"',),
        expected,
        tuple(dict.fromkeys(("collection_id", f'"{column}"', f'"other_{column}"', "series_count"))),
        error_percent=error_percent,
    )


def _of_groups(
    column: str,
    sentence: str,
    groups: str,
    broken: str,
    expected: str,
    of_rows: tuple[str, ...],
    shown: tuple[str, ...] = (),
    error_percent: float | None = None,
    needs: tuple[str, ...] = (),
) -> LandedRule:
    """Return a rule over groups of series, which lists the series of the groups that break it."""
    return _rule(
        column,
        sentence,
        f"({groups})",
        broken,
        ('"SeriesInstanceUID"',),
        expected,
        shown,
        of_rows=of_rows,
        error_percent=error_percent,
        needs=needs,
    )


_ONE_OWNER = (
    _of_study("collection_id", "Every study is in one collection", "one collection a study", 0.1),
    _of_study("PatientID", "Every study is of one patient", "one patient a study", 0.1),
    _of_study("StudyDate", "All series of a study have the same study date", "one study date a study", None),
    _of_study(
        "StudyDescription", "All series of a study have the same study description", "one description a study", None
    ),
    _of_study("PatientAge", "All series of a study have the same patient age", "one age a study", None),
    _rule(
        "PatientID",
        "Every PatientID is in one collection",
        '(select "PatientID", count(*) as collections, min(collection_id) as collection_id,'
        ' max(collection_id) as other_collection_id from patient_facts group by "PatientID")',
        "collections > 1",
        ('"PatientID"',),
        "one collection a PatientID",
        ("collection_id", "other_collection_id", "collections"),
        place="collection_id || ' and ' || other_collection_id",
        error_percent=None,
    ),
    _rule(
        "PatientSex",
        "Every patient has one sex",
        "patient_facts",
        '"PatientSex" <> "other_PatientSex"',
        ("collection_id", '"PatientID"'),
        "one sex a patient of a collection",
        ('"PatientSex"', '"other_PatientSex"', "series_count"),
        error_percent=None,
    ),
    _rule(
        "PatientAge, StudyDate",
        "The ages and study dates of a patient give the same year of birth, within two years",
        "patient_facts",
        "last_birth_year - first_birth_year > 2",
        ("collection_id", '"PatientID"'),
        "years of birth at most 2 apart",
        ("first_birth_year", "last_birth_year", "series_count"),
        error_percent=None,
    ),
    _rule(
        "BodyPartExamined, PatientSex",
        "The body part that was examined exists in the patient's sex",
        f"""(select collection_id, "PatientSex", "BodyPartExamined", count(*) as row_count from {_INDEX}
            where "PatientSex" in ('F', 'M') and "BodyPartExamined" is not null group by all)""",
        """("PatientSex" = 'M' and "BodyPartExamined" in ('CERVIX', 'OVARY', 'UTERUS', 'VAGINA'))
            or ("PatientSex" = 'F' and "BodyPartExamined" in ('PROSTATE', 'SCROTUM', 'TESTIS', 'PENIS'))""",
        ('"SeriesInstanceUID"',),
        "no such organ in a patient of the other sex",
        of_rows=("collection_id", "PatientSex", "BodyPartExamined"),
        error_percent=None,
    ),
)

_ADDRESSES = (
    _rule(
        "crdc_series_uuid",
        "No two series have the same crdc_series_uuid",
        f"(select min(collection_id) as collection_id, crdc_series_uuid, count(*) as series_count from {_INDEX}"
        " where crdc_series_uuid is not null group by crdc_series_uuid)",
        "series_count > 1",
        ("crdc_series_uuid",),
        "one series a crdc_series_uuid",
        ("series_count",),
        error_percent=0.1,
        needs=("idc_index.crdc_series_uuid",),
    ),
    _rule(
        "series_aws_url",
        "The address of a series is made of its bucket and its crdc_series_uuid",
        _INDEX,
        "series_aws_url <> concat('s3://', aws_bucket, '/', crdc_series_uuid, '/*')",
        ('"SeriesInstanceUID"',),
        "s3://aws_bucket/crdc_series_uuid/*",
        ("collection_id", "series_aws_url", "aws_bucket", "crdc_series_uuid"),
        error_percent=0.1,
        needs=("idc_index.crdc_series_uuid", "idc_index.aws_bucket"),
    ),
    _rule(
        "StudyInstanceUID",
        "No series has the identifier of its study",
        _INDEX,
        '"SeriesInstanceUID" = "StudyInstanceUID"',
        ('"SeriesInstanceUID"',),
        "two different identifiers",
        ("collection_id", '"PatientID"', '"Modality"'),
        error_percent=0.1,
    ),
    _rule(
        "SeriesDate",
        "No series is dated more than a year before its study",
        _INDEX,
        '"SeriesDate" < "StudyDate" and try_cast("SeriesDate" as date) < try_cast("StudyDate" as date) - 366',
        ('"SeriesInstanceUID"',),
        "a series date that is not a year before the study date",
        ("collection_id", '"Modality"', '"StudyDate"', '"SeriesDate"'),
        error_percent=None,
    ),
)

_TWINS = _rule(
    "SeriesInstanceUID",
    "No two original series of a study are alike in number, description, date, instances and size",
    f"""(select min(collection_id) as collection_id, min("StudyInstanceUID") as "StudyInstanceUID",
            min("SeriesInstanceUID") as "SeriesInstanceUID", max("SeriesInstanceUID") as "other_SeriesInstanceUID",
            min("Modality") as "Modality", min("series_size_MB") as "series_size_MB",
            count(*) as series_count
        from {_INDEX} where analysis_result_id is null and "instanceCount" > 1 and "series_size_MB" > 1
        group by hash("StudyInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "SeriesDate",
            "instanceCount", "series_size_MB"))""",
    "series_count > 1",
    ('"SeriesInstanceUID"',),
    "one series, not the same one under two identifiers",
    ("collection_id", '"StudyInstanceUID"', '"other_SeriesInstanceUID"', '"Modality"', "series_count"),
    error_percent=None,
    # Sizes that are rounded are alike by chance.
    needs=("idc_index.analysis_result_id",),
)

_LICENCES = (
    _of_groups(
        "license_short_name",
        "All series of a source DOI have the same licence",
        """select "source_DOI", collection_id, license_short_name, sum(row_count) as row_count,
            count(*) over (partition by "source_DOI") as groups, min(license_short_name) over same as first_license,
            max(license_short_name) over same as last_license
        from series_groups where trim("source_DOI") <> '' group by "source_DOI", collection_id, license_short_name
        window same as (partition by "source_DOI")""",
        "first_license <> last_license",
        "one licence a source DOI",
        ("source_DOI", "collection_id", "license_short_name"),
        ("first_license", "last_license"),
        error_percent=2,
    ),
    _of_groups(
        "license_short_name, aws_bucket",
        "Series with and without commercial use of their licence lie in different buckets",
        f"""select bucket, license_short_name, collection_id, {_TERMS_NC} as restricted, sum(row_count) as row_count,
            sum(sum(row_count)) over (partition by bucket) as in_bucket,
            sum(sum(case when {_TERMS_NC} then row_count else 0 end)) over (partition by bucket) as restricted_in_bucket
        from series_groups group by bucket, license_short_name, collection_id""",
        # Which of the two a bucket is for, the majority of its series says.
        "restricted <> (2 * restricted_in_bucket > in_bucket)",
        "the kind of licence that most series of the bucket have",
        ("collection_id", "license_short_name"),
        ("bucket", "in_bucket", "restricted_in_bucket"),
        error_percent=None,
    ),
    _of_groups(
        "source_DOI, analysis_result_id",
        "Every source DOI is of one analysis result, or of original data",
        """select "source_DOI", collection_id, analysis_result_id, sum(row_count) as row_count,
            min(coalesce(analysis_result_id, '')) over same as first_result,
            max(coalesce(analysis_result_id, '')) over same as last_result
        from series_groups where trim("source_DOI") <> '' group by "source_DOI", collection_id, analysis_result_id
        window same as (partition by "source_DOI")""",
        "first_result <> last_result",
        "one analysis result, or none, a source DOI",
        ("source_DOI", "collection_id", "analysis_result_id"),
        ("first_result", "last_result"),
        error_percent=None,
        needs=("idc_index.analysis_result_id",),
    ),
    _of_groups(
        "source_DOI, analysis_result_id",
        "Every analysis result has one source DOI",
        """select analysis_result_id, "source_DOI", sum(row_count) as row_count,
            min("source_DOI") over same as first_doi, max("source_DOI") over same as last_doi,
            min(min(collection_id)) over same as collection_id
        from series_groups where analysis_result_id is not null group by analysis_result_id, "source_DOI"
        window same as (partition by analysis_result_id)""",
        "first_doi <> last_doi",
        "one source DOI an analysis result",
        ("analysis_result_id", "source_DOI"),
        ("first_doi", "last_doi"),
        error_percent=None,
        needs=("idc_index.analysis_result_id",),
    ),
    _of_groups(
        "source_DOI, collection_id",
        "Original data of one source DOI are in one collection",
        """select "source_DOI", collection_id, analysis_result_id, sum(row_count) as row_count,
            min(collection_id) over same as first_collection, max(collection_id) over same as last_collection
        from series_groups where trim("source_DOI") <> '' and analysis_result_id is null
        group by "source_DOI", collection_id, analysis_result_id window same as (partition by "source_DOI")""",
        "first_collection <> last_collection",
        "one collection a source DOI, but for analysis results",
        ("source_DOI", "collection_id", "analysis_result_id"),
        ("first_collection", "last_collection"),
        error_percent=None,
        needs=("idc_index.analysis_result_id",),
    ),
)

RULES = (*_ONE_OWNER, *_ADDRESSES, _TWINS, *_LICENCES)
"""One owner, one licence, one address."""
