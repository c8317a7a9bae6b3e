"""The fallback where the ids of a type cannot be listed: ranges of a number that no record lacks, found by counting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from warehouse.errors import SourceError
from warehouse.sources.gen3.guppy.client import WINDOW, Field, GuppyClient
from warehouse.sources.gen3.guppy.discovery import RecordType
from warehouse.sources.gen3.guppy.plan import CannotSplit, Measure, NumberRange, RangePart, bisect


@dataclass(frozen=True)
class RangePlan:
    """The number that a type is partitioned by, and the disjoint, complete ranges of it."""

    field: str
    parts: tuple[RangePart, ...]


def plan_ranges(
    client: GuppyClient, record_type: RecordType, total: int, limit: int, problems: Sequence[str]
) -> RangePlan:
    """Partition a type into ranges of at most `limit` records by the first number that allows it.

    Raises:
        SourceError: no number is in every record, or too many records share one value of each that is. The message
            has the counts.
        CountsDisagree: the data changed while it was counted.
    """
    numbers = [part for part in record_type.fields if part.kind in ("integer", "float") and not part.many]
    spreads = _spreads(client, record_type.name, numbers)
    reasons = list(problems)
    usable: list[tuple[Field, Measure]] = []
    for part in numbers:
        spread = spreads[part.name]
        if spread is None or spread.count != total:
            reasons.append(f"{part.name} is missing in {total - (spread.count if spread else 0)} of {total} records")
        else:
            usable.append((part, spread))
    for part, spread in sorted(usable, key=lambda entry: entry[1].low - entry[1].high):

        def measure(within: NumberRange, part: Field = part) -> Measure:
            return _measured(client, record_type.name, part.name, within)

        try:
            return RangePlan(part.name, tuple(bisect(spread, min(limit, WINDOW), part.kind == "integer", measure)))
        except CannotSplit as error:
            reasons.append(
                f"{error.count} records share {part.name} = {error.value:g}, more than the window of {WINDOW}"
            )
    raise SourceError(
        f"The type {record_type.name} of {client.transport.base_url} ({total} records) cannot be partitioned to "
        f"fit the window of {WINDOW}: {'; '.join(reasons) or 'it has neither an id nor a number'}. Nothing was landed; "
        "the type needs a field that is unique or a number that every record has."
    )


def _spreads(client: GuppyClient, type_name: str, numbers: Sequence[Field]) -> dict[str, Measure | None]:
    if not numbers:
        return {}
    asked = " ".join(f"{part.name} {{ histogram {{ min max count }} }}" for part in numbers)
    query = f"{{ _aggregation {{ {type_name} {{ {asked} }} }} }}"
    answer = client.ask(query, f"type {type_name}, the spread of its numbers")["_aggregation"][type_name]
    return {part.name: _spread(answer[part.name]) for part in numbers}


def _measured(client: GuppyClient, type_name: str, field_name: str, within: NumberRange) -> Measure:
    query = (
        f"query ($filter: JSON) {{ _aggregation {{ {type_name}(filter: $filter) "
        f"{{ _totalCount {field_name} {{ histogram {{ min max count }} }} }} }} }}"
    )
    where = f"type {type_name}, the number of records with {field_name} from {within.low!r} to {within.high!r}"
    answer = client.ask(query, where, {"filter": within.filter(field_name)})["_aggregation"][type_name]
    spread = _spread(answer[field_name])
    count = answer["_totalCount"]
    return Measure(count, spread.low, spread.high) if spread and count else Measure(count, within.low, within.high)


def _spread(answer: Any) -> Measure | None:
    buckets = answer.get("histogram") or ()
    if not buckets or buckets[0].get("min") is None:
        return None
    return Measure(buckets[0]["count"], buckets[0]["min"], buckets[0]["max"])
