"""Rules about IDC's versions: revisions of series, spans of releases, and the dates of releases."""

from __future__ import annotations

from warehouse.quality.rules.landed_rule import LandedRule

_INDEX = "landed_idc.idc_index"
_PRIOR = "landed_idc.prior_versions_index"
_META = "landed_idc.version_metadata_index"

_LAST_REVISION = f"""(
    select "SeriesInstanceUID", current.collection_id, current."StudyInstanceUID", prior."prior_StudyInstanceUID",
        current."PatientID", prior."prior_PatientID", prior.prior_collection_id, current."Modality",
        prior."prior_Modality", current."series_size_MB", prior."prior_series_size_MB",
        current.series_init_idc_version, current.series_revised_idc_version, prior.first_version, prior.last_version
    from {_INDEX} as current join (
        select "SeriesInstanceUID", arg_max("StudyInstanceUID", place) as "prior_StudyInstanceUID",
            arg_max("PatientID", place) as "prior_PatientID",
            arg_max(collection_id, place) as prior_collection_id,
            arg_max("Modality", place) as "prior_Modality",
            arg_max("series_size_MB", place) as "prior_series_size_MB",
            min(min_idc_version) as first_version, max(max_idc_version) as last_version
        from (select *, row(max_idc_version, crdc_series_uuid) as place from {_PRIOR}) group by "SeriesInstanceUID"
    ) as prior using ("SeriesInstanceUID"))"""


_SMALLER = 'least("series_size_MB", "prior_series_size_MB")'
_LARGER = 'greatest("series_size_MB", "prior_series_size_MB")'


def _series(
    column: str,
    sentence: str,
    relation: str,
    broken: str,
    expected: str,
    shown: tuple[str, ...],
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
        keys=('"SeriesInstanceUID"',),
        expected=expected,
        shown=("collection_id", *shown),
        place="collection_id",
        error_percent=error_percent,
        needs=needs,
    )


def _prior(
    column: str,
    sentence: str,
    broken: str,
    expected: str,
    shown: tuple[str, ...] = (),
    relation: str = _PRIOR,
    error_percent: float | None = None,
    needs: tuple[str, ...] = (),
) -> LandedRule:
    return LandedRule(
        source="idc",
        dataset="prior_versions_index",
        column=column,
        sentence=sentence,
        relation=relation,
        broken=broken,
        keys=("crdc_series_uuid", "min_idc_version"),
        expected=expected,
        shown=("collection_id", '"SeriesInstanceUID"', "max_idc_version", *shown),
        place="collection_id",
        error_percent=error_percent,
        needs=needs,
    )


def _metadata(column: str, sentence: str, relation: str, broken: str, expected: str) -> LandedRule:
    return LandedRule(
        source="idc",
        dataset="version_metadata_index",
        column=column,
        sentence=sentence,
        relation=relation,
        broken=broken,
        keys=("idc_version",),
        expected=expected,
        needs=("version_metadata_index",),
    )


_VERSIONS = ("idc_index.series_init_idc_version",)

_OF_SERIES = (
    _series(
        "series_init_idc_version, series_revised_idc_version",
        "A series was first released, last revised and is released now in this order",
        _INDEX,
        "series_init_idc_version > series_revised_idc_version or series_revised_idc_version > {major}"
        " or series_init_idc_version < 1",
        "1 <= series_init_idc_version <= series_revised_idc_version <= this data release",
        ("series_init_idc_version", "series_revised_idc_version"),
        error_percent=0.1,
    ),
    _series(
        "series_init_idc_version",
        "The first release of a series is that of its oldest revision",
        _LAST_REVISION,
        "series_init_idc_version <> first_version",
        "the first release of the oldest prior revision",
        ("series_init_idc_version", "first_version"),
        error_percent=None,
        needs=_VERSIONS,
    ),
    _series(
        "series_revised_idc_version",
        "A series was revised in the release after its last prior revision",
        _LAST_REVISION,
        "series_revised_idc_version <> last_version + 1",
        "the release after the last one of the prior revisions",
        ("series_revised_idc_version", "last_version"),
        error_percent=None,
        needs=_VERSIONS,
    ),
    _series(
        "series_revised_idc_version",
        "A series that was revised has a prior revision",
        f"""(select "SeriesInstanceUID", collection_id, series_init_idc_version, series_revised_idc_version
            from {_INDEX} where series_init_idc_version <> series_revised_idc_version)""",
        f'"SeriesInstanceUID" not in (select "SeriesInstanceUID" from {_PRIOR} where "SeriesInstanceUID" is not null)',
        "a row of prior_versions_index",
        ("series_init_idc_version", "series_revised_idc_version"),
        error_percent=None,
        needs=("prior_versions_index",),
    ),
    *(
        _series(
            column,
            f"{what} of a series is the same in its last prior revision",
            _LAST_REVISION,
            f'"{column}" <> "prior_{column}"',
            "what the prior revision says",
            (f'"{column}"', f'"prior_{column}"'),
            error_percent=bound,
        )
        for column, what, bound in (
            ("StudyInstanceUID", "The study", 1),
            ("PatientID", "The patient", 1),
            ("collection_id", "The collection", None),
            ("Modality", "The modality", None),
        )
    ),
    _series(
        "series_size_MB",
        "No series is an exact multiple of the size of its last prior revision",
        _LAST_REVISION,
        # Twice a size that was rounded to 0.01 MB is exact within 0.02 MB.
        f"{_SMALLER} > 1 and {_LARGER} > 1.5 * {_SMALLER}"
        f" and abs({_LARGER} / {_SMALLER} - round({_LARGER} / {_SMALLER})) < 0.02 / {_SMALLER}",
        "a size that is not twice, three times ... the prior one: rows of a join count twice else",
        ('"series_size_MB"', '"prior_series_size_MB"'),
        error_percent=20,
    ),
)

_OF_PRIOR = (
    _prior(
        "min_idc_version, max_idc_version",
        "The releases of a prior revision are a span of earlier releases",
        "min_idc_version > max_idc_version or max_idc_version >= {major} or min_idc_version < 1",
        "1 <= min_idc_version <= max_idc_version < this data release",
        error_percent=0.1,
    ),
    _prior(
        "crdc_series_uuid",
        "No prior revision is the revision of the release",
        f"crdc_series_uuid in (select crdc_series_uuid from {_INDEX} where crdc_series_uuid is not null)",
        "a crdc_series_uuid that idc_index does not have",
        error_percent=1,
    ),
    _prior(
        "min_idc_version, max_idc_version",
        "No two spans of one series share a release",
        "earlier_max >= min_idc_version",
        "spans of releases that do not overlap",
        ("earlier_max",),
        f"""(select *, max(max_idc_version) over (partition by "SeriesInstanceUID"
            order by min_idc_version, max_idc_version, crdc_series_uuid
            rows between unbounded preceding and 1 preceding) as earlier_max from {_PRIOR})""",
        error_percent=1,
    ),
    _prior(
        "crdc_series_uuid",
        "Spans of one revision that follow on each other are one span",
        "earlier_max + 1 = min_idc_version",
        "one row for an unbroken span of releases",
        ("earlier_max", "gcs_bucket", "aws_bucket", '"series_size_MB"'),
        f"""(select *, lag(max_idc_version) over (partition by crdc_series_uuid
            order by min_idc_version, max_idc_version) as earlier_max from {_PRIOR})""",
        error_percent=None,
    ),
    _prior(
        "series_size_MB",
        "All spans of one revision have the same size",
        "last_size > first_size + 0.0101",
        "one size a crdc_series_uuid",
        ("first_size", "last_size"),
        f"""(select *, min("series_size_MB") over (partition by crdc_series_uuid) as first_size,
            max("series_size_MB") over (partition by crdc_series_uuid) as last_size from {_PRIOR})""",
        error_percent=None,
    ),
    _prior(
        "SeriesInstanceUID",
        "Every crdc_series_uuid is of one series",
        "first_series <> last_series",
        "one SeriesInstanceUID a crdc_series_uuid",
        ("first_series", "last_series"),
        f"""(select *, min("SeriesInstanceUID") over (partition by crdc_series_uuid) as first_series,
            max("SeriesInstanceUID") over (partition by crdc_series_uuid) as last_series from {_PRIOR})""",
        error_percent=0.1,
    ),
    _prior(
        "series_aws_url",
        "Every prior revision has an address",
        "series_aws_url is null or trim(series_aws_url) = ''",
        "an address in a public AWS bucket",
        ("gcs_bucket", "aws_bucket"),
        error_percent=None,
        needs=("prior_versions_index.series_aws_url",),
    ),
    _prior(
        "series_aws_url",
        "The address of a prior revision is made of its bucket and its crdc_series_uuid",
        "not contains(series_aws_url, '/' || crdc_series_uuid || '/')"
        " or split_part(series_aws_url, '/', 3) <> aws_bucket",
        "s3://aws_bucket/crdc_series_uuid/*",
        ("aws_bucket", "series_aws_url"),
        error_percent=0.1,
    ),
    _prior(
        "gcs_bucket_1",
        "The two columns of the Google bucket agree",
        "gcs_bucket_1 <> gcs_bucket",
        "the same bucket twice",
        ("gcs_bucket", "gcs_bucket_1"),
        error_percent=None,
    ),
    _prior(
        "collection_id",
        "A collection of prior revisions whose patients the release holds is a collection of the release",
        f"collection_id not in (select collection_id from {_INDEX} where collection_id is not null)"
        f' and "PatientID" in (select "PatientID" from {_INDEX} where "PatientID" is not null)',
        "a collection_id of idc_index, but for what was withdrawn",
        error_percent=None,
    ),
)

_OF_RELEASES = (
    _metadata(
        "idc_version",
        "Every data release up to this one is listed",
        f"""(select cast(listed as bigint) as idc_version from range(1, greatest({{major}},
            (select max(idc_version) from {_META})) + 1) as expected(listed))""",
        "idc_version > {major} or idc_version not in"
        f" (select idc_version from {_META} where idc_version is not null)",
        "one row for each number from 1 to this data release, none beyond",
    ),
    _metadata(
        "version_timestamp",
        "No data release is dated before the one before it",
        f"(select *, lag(version_timestamp) over (order by idc_version) as earlier from {_META})",
        "version_timestamp < earlier",
        "dates in the order of the releases",
    ),
    _metadata(
        "version_timestamp",
        "No two data releases have the same date",
        f"(select *, count(*) over (partition by version_timestamp) as so_dated from {_META})",
        "so_dated > 1",
        "a date of its own for each data release",
    ),
)

RULES = (*_OF_SERIES, *_OF_PRIOR, *_OF_RELEASES)
"""Revisions, spans and dates of releases."""
