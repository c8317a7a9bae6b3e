from __future__ import annotations

from collections import Counter

from tests.sandbox.conftest import Guppy

NUMBER = "query($s: Int, $e: Int, $w: Int, $b: Int) { _aggregation { case { age_at_index { histogram(rangeStart: $s, "
NUMBER += "rangeEnd: $e, rangeStep: $w, binCount: $b) { key count min max avg sum } } } } }"


def ages(portal: Guppy) -> list[float]:
    found = [row["age_at_index"] for row in portal.rows("case", "age_at_index")]
    return [age for age in found if age is not None]


def numeric(portal: Guppy, **arguments: int) -> list[dict]:
    return portal.ask(NUMBER, **arguments)["_aggregation"]["case"]["age_at_index"]["histogram"]


def test_text_histograms_are_exact_and_put_missing_last(portal: Guppy) -> None:
    buckets = portal.histogram("case", "sex")
    counted = Counter(row["sex"] for row in portal.rows("case", "sex"))
    assert buckets[-1] == ("no data", counted.pop(None))
    assert dict(buckets[:-1]) == counted
    assert [key for key, _ in buckets[:-1]] == sorted(counted)


def test_the_histogram_of_the_unique_id_is_a_census(portal: Guppy) -> None:
    census = portal.histogram("data_file", "_data_file_id")
    rows = portal.rows("data_file", "_data_file_id")
    assert [key for key, _ in census] == [row["_data_file_id"] for row in rows]
    assert {size for _, size in census} == {1}


def test_a_list_counts_once_in_each_of_its_values(portal: Guppy) -> None:
    rows = portal.rows("imaging_study", "study_modality")
    counted = Counter(value for row in rows for value in set(row["study_modality"]))
    assert dict(portal.histogram("imaging_study", "study_modality")) == counted


def test_counts_of_types_fields_and_values(portal: Guppy) -> None:
    found = portal.ask(
        "{ _aggregation { case { _totalCount sex { _totalCount _cardinalityCount } "
        "dataset_submitter_id { _totalCount } } } }"
    )["_aggregation"]["case"]
    rows = portal.rows("case", "sex dataset_submitter_id")
    assert found["_totalCount"] == len(rows)
    assert found["sex"] == {
        "_totalCount": sum(1 for r in rows if r["sex"]),
        "_cardinalityCount": len({r["sex"] for r in rows} - {None}),
    }
    assert found["dataset_submitter_id"]["_totalCount"] == sum(len(r["dataset_submitter_id"]) for r in rows)


def test_filter_self_leaves_out_the_filter_on_the_field_itself(portal: Guppy) -> None:
    query = """query($f: JSON, $own: Boolean) { _aggregation { case(filter: $f, filterSelf: $own)
      { sex { histogram { key count } } race { histogram { key count } } } } }"""
    wanted = {"AND": [{"IN": {"sex": ["Female"]}}]}
    with_self = portal.ask(query, f=wanted, own=True)["_aggregation"]["case"]
    without = portal.ask(query, f=wanted, own=False)["_aggregation"]["case"]
    assert [bucket["key"] for bucket in with_self["sex"]["histogram"]] == ["Female"]
    assert [(bucket["key"], bucket["count"]) for bucket in without["sex"]["histogram"]] == portal.histogram(
        "case", "sex"
    )
    assert with_self["race"] == without["race"]


def test_statistics_of_a_number(portal: Guppy) -> None:
    [whole] = numeric(portal)
    known = ages(portal)
    assert whole["count"] == len(known)
    assert (whole["min"], whole["max"], whole["key"]) == (min(known), max(known), [min(known), max(known)])
    assert abs(whole["sum"] - sum(known)) < 1e-6 * sum(known)


def test_number_histograms_have_no_bucket_for_missing_values(portal: Guppy) -> None:
    known = ages(portal)
    buckets = numeric(portal, w=10)
    assert sum(bucket["count"] for bucket in buckets) == len(known)
    assert all(
        low == 10 * position
        for position, (low, _) in enumerate((b["key"] for b in buckets), start=int(min(known) // 10))
    )
    ranged = numeric(portal, s=20, e=60, w=20)
    assert [bucket["count"] for bucket in ranged] == [
        sum(1 for a in known if 20 <= a < 40),
        sum(1 for a in known if 40 <= a < 60),
    ]
    assert sum(bucket["count"] for bucket in numeric(portal, b=7)) == len(known)


def test_wrong_ranges_are_refused(portal: Guppy) -> None:
    for wrong in ({"w": 0}, {"b": -1}, {"s": 9, "e": 1, "w": 1}, {"w": 1, "b": 2}):
        assert portal.errors(NUMBER, **wrong)[0]["extensions"]["code"] == "BAD_USER_INPUT"
    # Arguments are 32-bit numbers.
    assert portal.post(NUMBER, s=2**40).json()["errors"]


def test_too_many_buckets_fail(portal: Guppy) -> None:
    from_variables = (
        "query { _aggregation { measurement { test_days_from_index { histogram(rangeStep: 1) { count } } } } }"
    )
    assert portal.ask(from_variables)
    query = "{ _aggregation { case { age_at_index { histogram(binCount: 2000000) { count } } } } }"
    [error] = portal.errors(query)
    assert "too_many_buckets" in error["message"]
    assert error["path"] == ["_aggregation", "case", "age_at_index", "histogram"]


def test_numbers_as_text(portal: Guppy) -> None:
    query = "{ _aggregation { case { _imaging_studies_count { asTextHistogram { key count } } } } }"
    buckets = portal.ask(query)["_aggregation"]["case"]["_imaging_studies_count"]["asTextHistogram"]
    counted = Counter(str(row["_imaging_studies_count"]) for row in portal.rows("case", "_imaging_studies_count"))
    assert {bucket["key"]: bucket["count"] for bucket in buckets} == counted


def test_a_list_of_numbers_has_a_histogram_of_numbers(portal: Guppy) -> None:
    query = """{ _aggregation { data_file { slice_thickness { __typename histogram(rangeStep: 1) { key count }
      asTextHistogram { key count } } } } }"""
    found = portal.ask(query)["_aggregation"]["data_file"]["slice_thickness"]
    values = [value for row in portal.rows("data_file", "slice_thickness") for value in row["slice_thickness"] or []]
    assert found["__typename"] == "HistogramForNumber"
    assert sum(bucket["count"] for bucket in found["histogram"]) == len(values)
    assert {float(bucket["key"]): bucket["count"] for bucket in found["asTextHistogram"]} == Counter(values)


def test_nested_histograms_count_the_records(portal: Guppy) -> None:
    query = "{ _aggregation { case { measurements { test_name { histogram { key count } } } } } }"
    buckets = portal.ask(query)["_aggregation"]["case"]["measurements"]["test_name"]["histogram"]
    records = [
        item["test_name"] for row in portal.rows("case", "measurements { test_name }") for item in row["measurements"]
    ]
    assert {bucket["key"]: bucket["count"] for bucket in buckets} == Counter(name or "no data" for name in records)


def test_accessibility_matters_under_libre_and_for_histograms_only(portal: Guppy, hub: Guppy) -> None:
    query = "{ _aggregation { %s(accessibility: unaccessible) { _totalCount race { histogram { count } } } } }"
    private = portal.ask(query % "case")["_aggregation"]["case"]
    libre = hub.ask(query % "subject")["_aggregation"]["subject"]
    assert private["race"]["histogram"]
    assert libre["race"]["histogram"] == []
    assert libre["_totalCount"] == hub.total("subject") > 0
