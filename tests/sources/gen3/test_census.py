from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.sources.gen3.guppy.census import IdDigest, read_histogram
from warehouse.sources.gen3.guppy.id_sets import ascending, distinct, sorted_ids, without
from warehouse.sources.http.errors import TransientError

texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)
buckets = st.lists(st.fixed_dictionaries({"key": texts, "count": st.integers(0, 10)}), max_size=20)


def document(found: list[dict[str, Any]], spaced: bool, late_error: bool) -> bytes:
    content: dict[str, Any] = {"data": {"_aggregation": {"case": {"_totalCount": 3, "_id": {"histogram": found}}}}}
    if late_error:
        content["errors"] = [{"message": "late"}]
    return json.dumps(content, ensure_ascii=not spaced, separators=(", ", ": ") if spaced else (",", ":")).encode()


def pieces(content: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(content) + 1) for cut in cuts), len(content)]
    return [content[a:b] for a, b in pairwise(places)]


@given(buckets, st.booleans(), st.booleans(), st.lists(st.integers(0, 10_000), max_size=30))
def test_buckets_come_whole_however_the_stream_is_cut(
    found: list[dict[str, Any]], spaced: bool, late_error: bool, cuts: list[int]
) -> None:
    taken: list[Any] = []
    content = document(found, spaced, late_error)
    rest = read_histogram(pieces(content, cuts), taken.extend)
    assert taken == found
    assert rest == json.loads(document([], spaced, late_error))


@given(buckets.filter(bool), st.integers(1, 10_000))
def test_a_truncated_histogram_is_never_taken_for_a_whole_one(found: list[dict[str, Any]], at: int) -> None:
    content = document(found, False, False)
    with pytest.raises(TransientError):
        read_histogram([content[: at % len(content)]], lambda buckets: None)


def test_a_web_page_in_place_of_a_histogram_is_named_as_one() -> None:
    with pytest.raises(TransientError) as caught:
        read_histogram([b"<html>Request Rejected</html>"], lambda buckets: None)
    assert caught.value.reason == "firewall_page"


@pytest.mark.parametrize("before", [b"", b'{"data": {"_aggregation": {"case": {"id": {"histogram": ['])
def test_what_belongs_to_no_bucket_is_not_gathered_for_ever(before: bytes) -> None:
    given = 0

    def blanks() -> Iterator[bytes]:
        nonlocal given
        yield before
        while True:
            given += 1
            yield b'"' + b"x" * (1 << 16)

    with pytest.raises(TransientError, match="belong to no bucket"):
        read_histogram(blanks(), lambda buckets: None)
    assert given < 100


@given(st.lists(texts), st.randoms())
def test_the_digest_of_ids_depends_on_the_set_and_not_on_the_order(ids: list[str], draw: Any) -> None:
    one, other, more = IdDigest(), IdDigest(), IdDigest()
    one.add(ids)
    shuffled = list(ids)
    draw.shuffle(shuffled)
    for text in shuffled:
        other.add([text])
    more.add([*ids, "another"])
    assert one.hex() == other.hex() != more.hex()


@given(st.lists(texts, unique=True), st.lists(texts, unique=True))
def test_id_sets_agree_with_sets(ids: list[str], others: list[str]) -> None:
    some, more = pa.chunked_array([ids[:3], ids[3:]], pa.large_string()), pa.chunked_array([others], pa.large_string())
    assert sorted_ids(some).to_pylist() == sorted(ids, key=str.encode)
    assert without(some, more).to_pylist() == [text for text in ids if text not in set(others)]
    assert distinct(some) == len(ids)


@given(st.lists(st.one_of(st.none(), texts), max_size=6), st.one_of(st.none(), texts))
def test_ascending_means_each_greater_than_the_one_before(ids: list[str | None], above: str | None) -> None:
    column = pa.chunked_array([pa.array(ids, pa.string())])
    whole = ids if above is None else [above, *ids]
    truly = None not in ids and all(
        a.encode() < b.encode() for a, b in pairwise([text for text in whole if text is not None])
    )
    assert ascending(column, above) == truly
