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


def calendar_events(cron: str, time_zone: str) -> tuple[str, ...]:
    """Return a checked cron expression as calendar events of systemd (systemd.time(7)): it runs at each of them.

    Where days of the month and of the week are both given, they are alternatives: then there are two events.
    """
    _, _, day_part, _, weekday_part = cron.split()
    minutes, hours, days, months, weekdays = (
        _numbers(part, of) for part, of in zip(cron.lower().split(), _FIELDS, strict=True)
    )
    date = f"*-{_listed(months, 12)}"
    time = f"{_listed(hours, 24)}:{_listed(minutes, 60)}:00 {time_zone}"
    names = [name.capitalize() for number, name in enumerate(_WEEKDAYS) if {number, number + 7} & weekdays]
    on_days, on_weekdays = f"{date}-{_listed(days, 31)} {time}", f"{','.join(names)} {date}-* {time}"
    if _means_any(weekday_part, day_part, len(names) == len(_WEEKDAYS)):
        return (on_days,)
    return (on_weekdays,) if _means_any(day_part, weekday_part, len(days) == 31) else (on_days, on_weekdays)


def _means_any(part: str, other: str, holds_all: bool) -> bool:
    """Return whether the scheduler takes days as not given: a plain `*`, or all of them beside a field with a star."""
    return "*" in part.split(",") or (holds_all and "*" in other)


def _listed(numbers: set[int], all_of_them: int) -> str:
    return "*" if len(numbers) == all_of_them else ",".join(f"{number:02}" for number in sorted(numbers))


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
        # The scheduler reads a range of one weekday as every day.
        is_upwards = low < high if last is not None else low <= high
        if not is_upwards or not 1 <= step <= of.highest or (matched["step"] and not is_range):
            raise ValueError(f"the {of.name} {item!r} means nothing: a range goes upwards, and only a range has steps")
        found |= set(range(low, high + 1, step))
    return found


def _number(word: str, of: _Field) -> int:
    number = of.names.get(word, int(word) if word.isdigit() else -1)
    if not of.lowest <= number <= of.highest:
        raise ValueError(f"the {of.name} {word!r} is not between {of.lowest} and {of.highest}")
    return number
