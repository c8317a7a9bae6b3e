"""Rules about the values of the portals: forms of identifiers, ranges, DICOM terms, and what stands for nothing.

Sources: MIDRC's data dictionary (ages in years, scores, days), DICOM PS3.5 and PS3.3, LOINC (codes with a check digit),
RFC 1321 (MD5). Records may hold anything, so each is a warning; no UID in most records is an error. The terms of the
dictionary (`Not Reported`, `Unknown`) are values; whether a term has a mapping is judged by `mappings`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from warehouse.contracts import load_contract
from warehouse.quality.rules.landed_rule import LandedRule
from warehouse.quality.rules.validity.idc_codes import MODALITIES, uid_broken
from warehouse.quality.rules.validity.texts import NOT_A_NUMBER
from warehouse.sql_text import stated, trimmed

_MOST_PERCENT = 50
_GUID = r"(dg\.[A-Za-z0-9]+/)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

_UID, _AGE, _MODALITY, _DAY, _PAST = (
    "A DICOM identifier is a UID",
    "An age is between 0 and 120 years",
    "A modality is a term of DICOM",
    "A date is a day, written as year, month and day",
    "A date is not after the day on which it was fetched",
)

# Days are those of the place that states them: it may be tomorrow there.
_LATER = "coalesce(try_cast({value} as date) > {{fetched}} + 1, false)"
_NO_DAY = "coalesce(trim({value}) <> '' and try_cast({value} as date) is null, false)"


def _of_any(broken: str, is_list: bool) -> str:
    """Return the condition that a value, or any of a list, is broken."""
    if not is_list:
        return broken.format(value="value")
    return f"len(list_filter(value, lambda one: {broken.format(value='one')})) > 0"


# (source, dataset, column, sentence, condition of a broken value, what is expected)
_FORMS: tuple[tuple[str, str, str, str, str, str], ...] = (
    *(
        (source, dataset, column, _UID, f"{stated('value')} and ({uid_broken(trimmed('value'))})", "a DICOM UID")
        for source, dataset, column in (
            ("midrc", "imaging_study", "study_uid"),
            ("midrc", "data_file", "series_uid"),
            ("bih", "imaging_study", "StudyInstanceUID"),
            ("bih", "imaging_series", "SeriesInstanceUID"),
        )
    ),
    *(
        (source, dataset, column, _AGE, "value < 0 or value > 120", "0 to 120 years")
        for source, dataset, column in (
            ("midrc", "case", "age_at_index"),
            ("midrc", "imaging_study", "age_at_imaging"),
            ("bih", "imaging_study", "PatientAge"),
        )
    ),
    *(
        (
            source,
            dataset,
            column,
            _MODALITY,
            f"{stated('value')} and {trimmed('value')} not in ({', '.join(repr(term) for term in sorted(MODALITIES))})",
            "a DICOM term",
        )
        for source, dataset, column in (("midrc", "data_file", "modality"), ("bih", "imaging_series", "Modality"))
    ),
    *(
        ("bih", dataset, "metadata_source_date", sentence, _of_any(broken, dataset != "dataset"), expected)
        for dataset in ("dataset", "subject", "imaging_study", "imaging_series")
        for sentence, broken, expected in (
            (_DAY, _NO_DAY, "a date such as 2026-02-28"),
            (_PAST, _LATER, "the day on which it was fetched, or an earlier one"),
        )
    ),
    ("midrc", "data_file", "file_size", "A file has a size above 0", "value <= 0", "1 byte or more"),
    ("midrc", "radiology_report", "file_size", "A file has a size above 0", "value <= 0", "1 byte or more"),
    (
        "midrc",
        "data_file",
        "md5sum",
        "An MD5 sum has 32 hexadecimal digits",
        f"{stated('value')} and not regexp_full_match(value, '[0-9a-f]{{32}}')",
        "32 hexadecimal digits",
    ),
    *(
        (
            "midrc",
            dataset,
            "object_id",
            "An object identifier is a GUID",
            f"{stated('value')} and not regexp_full_match(value, '{_GUID}')",
            "a GUID, with or without a prefix",
        )
        for dataset in ("data_file", "radiology_report")
    ),
    (
        "midrc",
        "imaging_study",
        "loinc_code",
        "A LOINC code has a number and a check digit",
        "trim(value) <> '' and not regexp_full_match(trim(value), '[0-9]{1,7}-[0-9]')",
        "digits, a hyphen and a check digit",
    ),
    (
        "midrc",
        "imaging_study",
        "study_year",
        "A study took place between 1971 and the year in which it was fetched",
        "value < 1971 or value > year({fetched})",
        "a year since computed tomography came",
    ),
    (
        "midrc",
        "annotation",
        "midrc_mRALE_score",
        "An mRALE score is between 0 and 24",
        "value < 0 or value > 24",
        "0 to 24",
    ),
    (
        "midrc",
        "measurement",
        "test_days_from_index",
        "A test took place within a century of the index event",
        "abs(value) > 36525",
        "100 years at most",
    ),
    (
        "midrc",
        "data_file",
        "number_of_instances",
        "A series of files has an instance",
        "value < 1",
        "1 instance or more",
    ),
)


def _rule(
    source: str, dataset: str, column: str, sentence: str, broken: str, expected: str, bound: float | None = None
) -> LandedRule:
    """Return a rule about a column; `broken` calls its value `value`. All rules of a dataset read it in one pass."""
    key = load_contract(source).datasets[dataset].key[0]
    return LandedRule(
        source=source,
        dataset=dataset,
        column=column,
        sentence=sentence,
        relation=f'landed_{source}."{dataset}"',
        broken=re.sub(r"\bvalue\b", f'"{column}"', broken),
        keys=(f'"{key}"',),
        expected=expected,
        shown=(f'"{column}"',),
        place=f'"{column}"',
        error_percent=bound,
    )


# What identifies something is judged by its form above.
_IDENTIFIERS = ("_id", "_uid", "UID", "_url", "_path", "_guid", "md5sum", "file_name")


def _texts() -> Iterator[LandedRule]:
    """Return the rules about every text column of the records of both portals."""
    for source in ("midrc", "bih"):
        for name, dataset in load_contract(source).datasets.items():
            if len(dataset.key) != 1 or name in ("version", "mds_metadata"):
                continue
            for column in dataset.columns:
                if column.type == "string" and not column.name.endswith(_IDENTIFIERS):
                    yield _rule(
                        source,
                        name,
                        column.name,
                        "No text stands for a missing value",
                        f"length(value) < 12 and regexp_full_match(lower(trim(value)), '{NOT_A_NUMBER}')",
                        "null where a value is missing",
                    )
                    yield _rule(
                        source,
                        name,
                        column.name,
                        "No text has a control character",
                        r"regexp_matches(value, '[\x00-\x08\x0B-\x0C\x0E-\x1F\x7F]')",
                        "printable characters",
                    )


RULES = (
    *(_rule(*form, _MOST_PERCENT if form[3] == _UID else None) for form in _FORMS),
    *_texts(),
)
"""Forms, ranges and terms of the portals' records."""
