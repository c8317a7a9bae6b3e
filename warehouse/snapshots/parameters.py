"""Parameters of a query: the values that a command line states for `$name`, bound by DuckDB and never part of the SQL.

`name=value` is a text, which DuckDB reads as what it is compared with; `name:=value` is JSON: a number, true, false,
null, or a list of them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue

from warehouse.errors import UsageError

_STATED = re.compile(r"(?P<name>[A-Za-z_]\w*)(?P<sign>:?=)(?P<value>.*)", re.DOTALL)


def stated(texts: Iterable[str]) -> dict[str, JsonValue]:
    """Return the values of the parameters by their names.

    Raises:
        UsageError: a text is not of this form, holds no JSON after `:=`, or a name is stated twice.
    """
    values: dict[str, JsonValue] = {}
    for text in texts:
        found = _STATED.fullmatch(text)
        if found is None:
            raise UsageError(
                f"The parameter {text!r} is not name=value. Write -p modality=CT for a text, -p least:=100 for a "
                "number, and $modality, $least in the query."
            )
        name = found["name"]
        if name.lower() in map(str.lower, values):
            raise UsageError(f"The parameter {name!r} is stated twice.")
        values[name] = found["value"] if found["sign"] == "=" else _json(name, found["value"])
    return values


def _json(name: str, text: str) -> JsonValue:
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except ValueError:
        value = {}
    if isinstance(value, dict):
        raise UsageError(
            f"The parameter {name}:={text} is no number, true, false, null or list in JSON. "
            f"Write {name}={text} for a text."
        )
    return value


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(number)
    return value


def _refuse(constant: str) -> JsonValue:
    raise ValueError(constant)


def bound(values: Mapping[str, JsonValue], names: Sequence[str]) -> dict[str, JsonValue]:
    """Return the values under the names that a query has for them.

    Raises:
        UsageError: the query has parameters without a value or without a name, or a value has no parameter.
    """
    if numbered := [name for name in names if name.isdigit()]:
        raise UsageError(
            f"The query has {len(numbered)} parameters without a name (? or $1). Name them ($modality), and state each "
            "with -p modality=CT."
        )
    wanted = {name.lower(): name for name in sorted(names)}
    given = {name.lower(): value for name, value in values.items()}
    if missing := [name for lower, name in wanted.items() if lower not in given]:
        raise UsageError(
            f"The query has {_listed(missing)}, and no value for {'it' if len(missing) == 1 else 'them'}. "
            f"Add {' '.join(f'-p {name}=VALUE' for name in missing)}."
        )
    if unused := [name for name in values if name.lower() not in wanted]:
        has = f"it has {_listed(list(wanted.values()))}" if wanted else "it has no parameters"
        raise UsageError(f"The query does not use {_listed(unused)}: {has}.")
    return {name: given[lower] for lower, name in wanted.items()}


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"${name}" for name in names)
