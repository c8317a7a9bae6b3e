"""The census of a type: all its unique ids, read from one histogram without its JSON ever being whole in memory.

The histogram of an id has as many buckets as the type has records (a million and more, in one response of 100 MB and
more), so it is read bucket by bucket from the stream.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa
import requests

from warehouse.sources.gen3.guppy.client import GuppyClient, data_of
from warehouse.sources.gen3.guppy.id_sets import NO_IDS
from warehouse.sources.gen3.transport import Call
from warehouse.sources.http.errors import TransientError

NO_DATA = "no data"
"""The key of the bucket under which Guppy counts the records that have no value."""

_START = re.compile(r'"histogram"\s*:\s*\[')
_SEPARATOR = re.compile(r"[\s,]*")
_CHUNK = 1 << 14

# The most characters before, after or in one bucket of a histogram: a valid one has some dozens.
_MOST_CHARACTERS_OUTSIDE = 1 << 22


class IdDigest:
    """A digest of a set of ids that does not depend on their order: the sum of their SHA-256 modulo 2^256."""

    def __init__(self) -> None:
        self._sum = 0

    def add(self, ids: Iterable[str]) -> None:
        """Add ids to the digest."""
        self._sum = (
            self._sum + sum(int.from_bytes(hashlib.sha256(text.encode()).digest(), "big") for text in ids)
        ) % 2**256

    def add_digest(self, digest: str) -> None:
        """Add the ids of another digest (hexadecimal) to this one."""
        self._sum = (self._sum + int(digest, 16)) % 2**256

    def hex(self) -> str:
        """Return the digest as 64 hexadecimal digits."""
        return f"{self._sum:064x}"


@dataclass(frozen=True)
class Census:
    """Counts from one histogram of an id: distinct ids, the total in the same response, and defects of the ids.

    `repeated` counts the ids that several records share, `missing` the records without one. A census is `usable` as a
    plan if neither occurs and there are as many ids as records.
    """

    field: str
    total: int
    distinct: int
    digest: str
    repeated: int = 0
    missing: int = 0

    @property
    def usable(self) -> bool:
        """Whether every record has an id of its own."""
        return not self.repeated and not self.missing and self.distinct == self.total

    def problem(self) -> str:
        """Return what is wrong with the ids, for a message."""
        return (
            f"{self.distinct} distinct values of {self.field} for {self.total} records, "
            f"{self.repeated} shared by several records, {self.missing} records without one"
        )


class IdCounter:
    """Counts the buckets of a census without keeping the ids: for a check of ids that are known already."""

    def __init__(self) -> None:
        self.digest = IdDigest()
        self.distinct = 0
        self.repeated = 0
        self.missing = 0
        self._keys: list[str] = []

    def take(self, buckets: Iterable[Any]) -> None:
        """Count buckets; one without a key or with the key `no data` counts records that have no id."""
        for bucket in buckets:
            key, count = bucket["key"], bucket["count"]
            if key is None or key == NO_DATA:
                self.missing += count
                continue
            if count != 1:
                self.repeated += 1
            self._keys.append(str(key))
        if len(self._keys) >= _CHUNK:
            self.flush()

    def flush(self) -> None:
        """Count the ids that are still buffered."""
        self.digest.add(self._keys)
        self.distinct += len(self._keys)
        self.keep(self._keys)
        self._keys = []

    def keep(self, keys: list[str]) -> None:
        """Forget the ids."""

    def ids(self) -> pa.ChunkedArray:
        """Return the ids that were kept: none."""
        return NO_IDS


class IdCollector(IdCounter):
    """Counts the buckets of a census and keeps the ids too, compactly."""

    def __init__(self) -> None:
        super().__init__()
        self._chunks: list[pa.Array] = []

    def keep(self, keys: list[str]) -> None:
        """Keep the ids."""
        self._chunks.append(pa.array(keys, pa.large_string()))

    def ids(self) -> pa.ChunkedArray:
        """Return the ids in the order in which they came."""
        return pa.chunked_array(self._chunks, pa.large_string())


def fetch_census(
    client: GuppyClient, type_name: str, id_field: str, collector: type[IdCounter]
) -> tuple[Census, pa.ChunkedArray]:
    """Ask for the histogram of an id and for the total of its type, in one query.

    Returns the counts, and the ids if the collector keeps them.

    Raises:
        SlowResponse: the histogram takes longer than the server allows.
        SourceError: no usable response after all tries.
    """
    where = f"type {type_name}, the histogram of {id_field}"
    query = f"{{ _aggregation {{ {type_name} {{ {_asked(id_field)} }} }} }}"
    return _take(client, query, {}, type_name, id_field, where, collector)


def fetch_census_in_pieces(
    client: GuppyClient,
    type_name: str,
    id_field: str,
    facet: str,
    keys: Sequence[str],
    collector: type[IdCounter],
) -> tuple[Census, pa.ChunkedArray]:
    """Take a census one value of another field at a time: its responses are smaller than one histogram of everything.

    `facet` is a text field with one value or none a record; `keys` are all its values, `no data` for none.

    Raises:
        SlowResponse, SourceError: as for `fetch_census`.
    """
    total, distinct, digest, repeated, missing = 0, 0, IdDigest(), 0, 0
    chunks: list[pa.Array] = []
    query = f"query ($filter: JSON) {{ _aggregation {{ {type_name}(filter: $filter) {{ {_asked(id_field)} }} }} }}"
    for key in keys:
        where = f"type {type_name}, the histogram of {id_field} where {facet} is {key!r}"
        variables = {"filter": {"=": {facet: key}}}
        piece, ids = _take(client, query, variables, type_name, id_field, where, collector)
        total += piece.total
        distinct += piece.distinct
        repeated += piece.repeated
        missing += piece.missing
        digest.add_digest(piece.digest)
        chunks += ids.chunks
    census = Census(id_field, total, distinct, digest.hex(), repeated, missing)
    return census, pa.chunked_array(chunks, pa.large_string())


def _asked(id_field: str) -> str:
    return f"_totalCount {id_field} {{ histogram {{ key count }} }}"


def _take(
    client: GuppyClient,
    query: str,
    variables: Mapping[str, Any],
    type_name: str,
    id_field: str,
    where: str,
    collector: type[IdCounter],
) -> tuple[Census, pa.ChunkedArray]:
    call = Call("guppy/graphql", where, {"query": query, "variables": variables}, slow_tries=2)

    def read(response: requests.Response) -> tuple[Census, pa.ChunkedArray]:
        counter = collector()  # a new one for every try: a broken response leaves nothing behind
        rest = read_histogram(client.transport.pieces(response), counter.take)
        counter.flush()
        counted = data_of(rest, where)["_aggregation"][type_name]
        if counted.get(id_field) is None:
            raise TransientError("partial_data", f"the response has no error and no histogram of {id_field}")
        total = counted["_totalCount"]
        return Census(
            id_field, total, counter.distinct, counter.digest.hex(), counter.repeated, counter.missing
        ), counter.ids()

    return client.transport.fetch(call, read)


def read_histogram(pieces: Iterable[bytes], take: Callable[[Sequence[Any]], None]) -> Any:
    """Pass the buckets of the first `histogram` of a JSON document to `take`; return the document with that list empty.

    The document is never held whole: memory is that of one piece, whose buckets are passed on together. A document
    without a histogram is returned as it is.

    Raises:
        TransientError: the document is a web page, is not whole, or has malformed buckets.
    """
    decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
    scan = json.JSONDecoder().raw_decode
    head, buffer, tail = "", "", ""
    state = "head"
    for piece in pieces:
        buffer += decode(piece)
        if state == "head" and (start := _START.search(buffer)):
            head, buffer, state = buffer[: start.end()], buffer[start.end() :], "buckets"
        if state == "buckets":
            buffer, ended = _take_all(_take_most(buffer, take), scan, take)
            state = "tail" if ended else state
        if len(buffer) > _MOST_CHARACTERS_OUTSIDE:
            raise TransientError("truncated", f"the response has {len(buffer):,} characters that belong to no bucket")
    tail = buffer + decode(b"", final=True)
    try:
        return json.loads(head + tail)
    except ValueError:
        message = f"the response is not whole JSON; it ends with {tail[-200:]!r}"
        raise TransientError("firewall_page" if tail.lstrip().startswith("<") else "truncated", message) from None


def _take_most(buffer: str, take: Callable[[Sequence[Any]], None]) -> str:
    """Take the buckets up to the last one that another follows, at once; return the rest of the buffer.

    They are taken only if the text up to there is a list of whole values: where it ends inside a string or beyond the
    end of the list, nothing is taken here.
    """
    start, end = _SEPARATOR.match(buffer), buffer.rfind("},") + 1
    if not end or start is None:
        return buffer
    try:
        buckets = msgspec.json.decode(f"[{buffer[start.end() : end]}]")
    except msgspec.DecodeError:
        return buffer
    _take_buckets(buckets, take)
    return buffer[end:]


def _take_all(
    buffer: str, scan: Callable[[str, int], tuple[Any, int]], take: Callable[[Sequence[Any]], None]
) -> tuple[str, bool]:
    """Take the whole buckets at the start of `buffer`, one by one; return its rest and whether the list has ended."""
    position = 0
    while True:
        separator = _SEPARATOR.match(buffer, position)
        position = separator.end() if separator else position
        if position < len(buffer) and buffer[position] == "]":
            return buffer[position:], True
        try:
            bucket, position = scan(buffer, position)
        except ValueError:
            return buffer[position:], False
        _take_buckets([bucket], take)


def _take_buckets(buckets: Sequence[Any], take: Callable[[Sequence[Any]], None]) -> None:
    try:
        take(buckets)
    except (KeyError, TypeError):
        raise TransientError("truncated", f"the histogram has malformed buckets: {str(buckets)[:100]}") from None
