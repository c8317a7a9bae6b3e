"""When a schedule may run: a cron expression of five fields, and a time zone by its IANA name.

A stricter reading of crontab(5) than the scheduler's own: what is refused here would there be an error in the middle of
starting the service, or a schedule that silently runs at another time, or never.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

_ITEM = re.compile(r"(?:\*|(?P<first>[0-9a-z]+)(?:-(?P<last>[0-9a-z]+))?)(?:/(?P<step>[0-9]+))?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MOST_DAYS = dict(enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1))


@dataclass(frozen=True)
class _Field:
    """One field of a cron expression: what it is called, its lowest and highest number, and names for numbers."""

    name: str
    lowest: int
    highest: int
    names: Mapping[str, int] = field(default_factory=dict)


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
    _Field("day of the week", 0, 7, {name: number for number, name in enumerate(_WEEKDAYS)}),
)


def checked_cron(text: str) -> str:
    """Return a cron expression as it is: minute, hour, day of the month, month, day of the week.

    Each field is a list of `*`, numbers and ranges, the latter two also by English names of three letters; `*` and
    ranges take a step, as in `*/15`.

    Raises:
        ValueError: a field is missing, means nothing or is out of range, or the date never comes.
    """
    parts = text.lower().split()
    if len(parts) != len(_FIELDS):
        raise ValueError(
            f"a cron expression has five fields (minute, hour, day of the month, month, day of the week), as in "
            f"'30 3 * * *', and this has {len(parts)}"
        )
    numbers = [_numbers(part, of) for part, of in zip(parts, _FIELDS, strict=True)]
    _, _, days, months, _ = numbers
    if all(min(days) > _MOST_DAYS[month] for month in months):
        raise ValueError(f"no such month has a day {min(days)}, so that the schedule would never run")
    return text


def checked_time_zone(name: str) -> str:
    """Return the name of a time zone as it is.

    Raises:
        ValueError: the IANA database has no zone of this name.
    """
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("there is no time zone of this name; write it as in UTC or Europe/Berlin") from None
    return name


def _numbers(part: str, of: _Field) -> set[int]:
    """Return the numbers that one field of an expression stands for."""
    found: set[int] = set()
    for item in part.split(","):
        matched = _ITEM.fullmatch(item)
        if matched is None:
            raise ValueError(f"the {of.name} {item!r} means nothing")
        first, last, step = matched["first"], matched["last"], int(matched["step"] or 1)
        if first is None:
            low, high = of.lowest, of.highest
        else:
            low = _number(first, of)
            high = low if last is None else _number(last, of)
        is_range = first is None or last is not None
        if low > high or not 1 <= step <= of.highest or (matched["step"] and not is_range):
            raise ValueError(f"the {of.name} {item!r} means nothing: a range goes upwards, and only a range has steps")
        found |= set(range(low, high + 1, step))
    return found


def _number(word: str, of: _Field) -> int:
    number = of.names.get(word, int(word) if word.isdigit() else -1)
    if not of.lowest <= number <= of.highest:
        raise ValueError(f"the {of.name} {word!r} is not between {of.lowest} and {of.highest}")
    return number
