"""What a portal reports of itself, where that is not what it sends."""

from __future__ import annotations

from typing import Any

from tests.bench.drift.defect import WHOLE, Defect, altered

FAMILY = "self-reported histograms"


def _of(name: str, source: str, query: str, within: str = "true", **more: Any) -> Defect:
    return Defect(
        name,
        FAMILY,
        source,
        "reported_counts",
        {"reported_counts": query},
        within=within,
        unit="concat_ws('|', entity, dimension, key, missing)",
        **more,
    )


_ALTERED = altered({"count": "count + 1"}, "reported_counts")

DEFECTS = (
    _of("a histogram that lies by one", "midrc", _ALTERED, "dimension <> '_totalCount'"),
    _of(
        "a histogram that lies, of the hub",
        "bih",
        altered({"count": "count * 2"}, "reported_counts"),
        "dimension <> '_totalCount'",
    ),
    _of(
        "a histogram without some of its values",
        "midrc",
        "from night.reported_counts where not hit",
        "dimension <> '_totalCount' and not missing",
    ),
    _of(
        "a histogram collapsed to one value",
        "midrc",
        "select * replace (case when hit then 0 else count end as count) from night.reported_counts",
        "entity = 'case' and dimension = 'sex' and key <> 'Female'",
        sizes=WHOLE,
    ),
    _of(
        "a total that lies",
        "midrc",
        altered({"count": "count + 50"}, "reported_counts"),
        "dimension = '_totalCount' and entity = 'measurement'",
        sizes=WHOLE,
    ),
    _of(
        "no histogram of a record type",
        "bih",
        "from night.reported_counts where not hit",
        "entity = 'subject'",
        sizes=WHOLE,
    ),
    _of("no histogram at all", "midrc", "from night.reported_counts where false", sizes=WHOLE),
    _of("negative counts", "bih", altered({"count": "-count"}, "reported_counts"), "dimension <> '_totalCount'"),
)
