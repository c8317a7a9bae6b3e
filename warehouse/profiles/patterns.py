"""The pattern classes of a text: which code it looks like, whatever its column is called."""

from __future__ import annotations

from warehouse.sql_text import literal, stated

# DICOM PS3.5 9.1 (UID), with the three components that every assigned root has at least; PS3.5 6.2 (AS, DA); the syntax
# of DOIs that Crossref recommends for matching; RFC 3986 (a scheme and an authority); RFC 9562.
_UID = r"(0|[1-9][0-9]*)([.](0|[1-9][0-9]*)){2,}"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:.*)?"
_DICOM_DATE = r"[0-9]{8}"
_AGE = r"[0-9]{3}[DWMYdwmy]"
_DOI = r"(doi:\s*|https?://(dx[.])?doi[.]org/)?10[.][0-9]{4,9}/\S+"
# How a URL begins; all of it is without white space.
_URL = r"^[a-z][a-z0-9+.-]*://."
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NUMBER = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?"

# Tab, line feed, form feed, carriage return, space: `\s` of the expressions above.
_WHITE_SPACE = (9, 10, 12, 13, 32)


def pattern_class(text: str) -> str:
    """Return SQL for the class of a text: `uid`, `date`, `age`, `doi`, `url`, `uuid`, `number`, `empty` or `other`.

    A class is told by the whole text. Eight digits are a date only if there is such a day, else a number.
    """
    # What cannot be of a class by its length or its characters need not be looked at: most texts are told so.
    uuid = f" when length({text}) = 36 and {_is(text, _UUID, any_case=True)} then 'uuid'"
    doi = f" when contains({text}, '10.') and {_is(text, _DOI, any_case=True)} then 'doi'"
    # To look for five characters takes a quarter of the time of an expression over the whole text.
    unbroken = "".join(f" and not contains({text}, chr({character}))" for character in _WHITE_SPACE)
    url = f" when contains({text}, '://') and regexp_matches({text}, {literal(_URL)}, 'i'){unbroken} then 'url'"
    return (
        f"case when not {stated(text)} then 'empty'{uuid} when {text} >= '+' and {text} < ':' then"
        f" case when length({text}) <= 64 and {_is(text, _UID)} then 'uid'"
        f" when {day_of(text)} is not null then 'date' when {_is(text, _NUMBER)} then 'number'"
        f" when length({text}) = 4 and {_is(text, _AGE)} then 'age'{doi} else 'other' end"
        f"{doi}{url} else 'other' end"
    )


def day_of(text: str) -> str:
    """Return SQL for the day (DATE) that a text states as YYYY-MM-DD, with or without a time, or as YYYYMMDD."""
    return (
        f"case when length({text}) = 8 and {_is(text, _DICOM_DATE)} then try_strptime({text}, '%Y%m%d')::date"
        f" when {text}[5] = '-' and {_is(text, _DATE)} then try_cast({text}[:10] as date) end"
    )


def _is(text: str, pattern: str, *, any_case: bool = False) -> str:
    options = ", 'i'" if any_case else ""
    return f"regexp_full_match({text}, {literal(pattern)}{options})"
