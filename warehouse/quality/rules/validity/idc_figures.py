"""Rules about the numbers and dates of IDC: sizes, counts, ages, days.

Sources: DICOM PS3.5 6.2 (age strings, dates, integer strings). Computed tomography came in 1971, so an earlier study
date is one that de-identification has moved. A DICOM file begins with a preamble of 128 bytes and four letters.
"""

from __future__ import annotations

from warehouse.quality.rules.landed_rule import LandedRule

_INDEX = "landed_idc.idc_index"
_PRIOR = "landed_idc.prior_versions_index"
_SIZE, _COUNT = '"series_size_MB"', '"instanceCount"'

_MOST_MEGABYTES = 1_000_000
_MOST_INSTANCES = 1_000_000


# Modalities whose instances are images as they were acquired. Those of the releases have 7,458 bytes at least.
_IMAGES = ("CR", "CT", "DX", "MG", "MR", "NM", "PT", "SM", "US", "XA")


def _series(
    column: str,
    sentence: str,
    broken: str,
    expected: str,
    error_percent: float | None = None,
    relation: str = _INDEX,
    place: str = "collection_id",
    needs: tuple[str, ...] = (),
) -> LandedRule:
    shown = [f'"{name}"' for name in column.split(", ")]
    return LandedRule(
        source="idc",
        dataset="idc_index",
        column=column,
        sentence=sentence,
        relation=relation,
        broken=broken,
        keys=('"SeriesInstanceUID"',),
        expected=expected,
        shown=tuple(dict.fromkeys(("collection_id", '"Modality"', *shown))),
        place=place,
        error_percent=error_percent,
        needs=needs,
    )


def _of_values(
    column: str, sentence: str, broken: str, expected: str, error_percent: float | None, name: str = "value"
) -> LandedRule:
    """Return a rule about the values of a text column, judged once for each value of a collection."""
    return LandedRule(
        source="idc",
        dataset="idc_index",
        column=column,
        sentence=sentence,
        relation=f'(select collection_id, "{column}", "{column}" as {name}, count(*) as row_count from {_INDEX}'
        f' where "{column}" is not null group by all)',
        broken=broken,
        keys=('"SeriesInstanceUID"',),
        expected=expected,
        place="collection_id",
        of_rows=("collection_id", column),
        error_percent=error_percent,
    )


def _dates(column: str) -> tuple[LandedRule, ...]:
    day = "try_cast(value as date)"
    is_text = "trim(value) <> '' and value <> 'NaT'"
    return (
        _of_values(
            column,
            "A date is a day of the calendar",
            f"{is_text} and ({day} is null or not regexp_full_match(value, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}'))",
            "a day, written YYYY-MM-DD",
            1,
        ),
        _of_values(
            column, "No date lies after the release was fetched", f"{day} > {{fetched}}", "a day that has been", None
        ),
        _of_values(
            column,
            "No date is before X-rays were discovered",
            f"{day} < date '1895-11-08'",
            "a day since 8 November 1895",
            None,
        ),
        _of_values(
            column,
            "No date is before computed tomography came",
            f"{day} between date '1895-11-08' and date '1971-09-30'",
            "a day since October 1971; de-identification has moved earlier ones",
            None,
        ),
        _of_values(
            column,
            "No date is the zero of a computer's calendar",
            f"{day} in (date '1970-01-01', date '1900-01-01', date '1899-12-30', date '1601-01-01', date '1858-11-17')",
            "a day that somebody wrote",
            None,
        ),
    )


_OF_SIZES = (
    _series(
        "series_size_MB",
        "Every series has a size above 0",
        f"{_SIZE} is null or not isfinite({_SIZE}) or {_SIZE} <= 0",
        "a number of megabytes above 0",
        1,
    ),
    _series(
        "series_size_MB, instanceCount",
        "The instances of a series have room for a DICOM file each",
        f"{_SIZE} > 0 and {_COUNT} > 0 and {_SIZE} * 1000000 < 132.0::double * {_COUNT}",
        "132 bytes an instance or more",
        0.1,
    ),
    _series(
        "series_size_MB, instanceCount",
        "The images of a series have room for their pixels",
        f'{_SIZE} > 0 and {_COUNT} > 0 and "Modality" in ({", ".join(map(repr, _IMAGES))})'
        f" and {_SIZE} * 1000000 < 4000.0::double * {_COUNT}",
        "4,000 bytes an image or more (the smallest of the releases has 7,458)",
        0.1,
    ),
    _series(
        "series_size_MB",
        "No series is larger than a terabyte",
        f"{_SIZE} > {_MOST_MEGABYTES}",
        "1,000,000 MB at most",
        0,
    ),
    _series(
        "instanceCount",
        "Every series has an instance, and no series a million",
        f"{_COUNT} is null or {_COUNT} < 1 or {_COUNT} > {_MOST_INSTANCES}",
        "1 to 1,000,000 instances",
        0.1,
    ),
    _series(
        "instanceCount",
        "No series has ten times as many instances as any series of another collection",
        f"{_COUNT} > 1000 and {_COUNT} > 10 * most_elsewhere",
        "at most ten times the most instances of one series elsewhere (of the same modality)",
        None,
        f"""(select each.*, (select max(most) from (select collection_id, "Modality", max({_COUNT}) as most
                from {_INDEX} group by all) as other where other.collection_id <> each.collection_id
                and other."Modality" = each."Modality") as most_elsewhere
            from {_INDEX} as each where {_COUNT} > 1000)""",
    ),
    LandedRule(
        source="idc",
        dataset="idc_index",
        column="series_size_MB",
        sentence="Sizes are exact to the byte",
        relation=f"(select 'all series' as judged, count(*) as row_count, count(case when {_SIZE} <> round({_SIZE}, 2)"
        f" then 1 end) as exact from {_INDEX})",
        # Of exact sizes, one in ten thousand ends in four zeros.
        broken="row_count >= 1000 and 2 * exact < row_count",
        keys=("judged",),
        expected="sizes in bytes; rounded to 0.01 MB, small series count as nothing",
        shown=("row_count", "exact"),
    ),
    LandedRule(
        source="idc",
        dataset="prior_versions_index",
        column="series_size_MB",
        sentence="Every prior revision has a size above 0",
        relation=_PRIOR,
        broken=f"{_SIZE} is null or not isfinite({_SIZE}) or {_SIZE} <= 0",
        keys=("crdc_series_uuid", "min_idc_version"),
        expected="a number of megabytes above 0",
        shown=("collection_id", '"Modality"', "max_idc_version", _SIZE),
        place="collection_id",
        error_percent=20,
    ),
)

_OF_AGES = (
    _of_values(
        "PatientAge",
        "An age is a DICOM age string",
        "trim(value) <> '' and value not in ('N-A') and not regexp_full_match(value, '[0-9]{3}[DWMY]')",
        "three digits and D, W, M or Y",
        None,
    ),
    _of_values(
        "PatientAge",
        "No age is zero",
        "regexp_full_match(value, '0+[WMY]')",
        "an age; a newborn's in days, an unknown one null",
        None,
    ),
    _of_values(
        "PatientAge",
        "No age is more than 120 years",
        "case right(upper(value), 1) when 'Y' then 1 when 'M' then 1.0 / 12 when 'W' then 7 / 365.25"
        " when 'D' then 1 / 365.25 else 1 end * try_cast(regexp_extract(value, '^[0-9]+') as double) > 120",
        "120 years at most",
        None,
    ),
    _of_values(
        "PatientAge",
        "No patient is older than 100 years",
        "case right(upper(value), 1) when 'Y' then 1 when 'M' then 1.0 / 12 when 'W' then 7 / 365.25"
        " when 'D' then 1 / 365.25 else 1 end * try_cast(regexp_extract(value, '^[0-9]+') as double) > 100",
        "100 years at most: phantoms and de-identification give such ages",
        None,
    ),
)

RULES = (
    *_OF_SIZES,
    *_OF_AGES,
    *_dates("StudyDate"),
    *_dates("SeriesDate"),
    _of_values(
        "SeriesNumber",
        "A series number is a DICOM integer",
        "trim(value) <> '' and (try_cast(value as bigint) is null"
        " or try_cast(value as bigint) not between -2147483648 and 2147483647)",
        "a whole number of 32 bits",
        None,
    ),
)
"""Sizes, counts, ages, days."""
