"""The requests of one Guppy server, typed and within its limits.

Belongs here: GraphQL queries, the window limit, and what Guppy's errors mean. Nothing here knows about Parquet or about
loads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import requests

from warehouse.errors import SourceError
from warehouse.sources.gen3.transport import Call, Refused, Transport, shortened
from warehouse.sources.http.errors import SlowResponse, TransientError

WINDOW = 10_000
"""Guppy answers no page that ends beyond this row of its type and filter."""

_REFUSALS = {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "FORBIDDEN"}
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*\Z")
_UNREPRESENTABLE = re.compile(r"\b(String|Int|Float|Boolean) cannot represent\b")

Filter = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Index:
    """One concrete index behind Guppy, with the aliases that point to it and the fields that hold lists."""

    name: str
    aliases: tuple[str, ...]
    array_fields: frozenset[str]


@dataclass(frozen=True)
class Field:
    """One field of a type as it is queried and stored.

    `many` marks lists, `wrapped` those among them that the server publishes as one value; a record is always a list of
    records and has `fields`.
    """

    name: str
    kind: str
    many: bool = False
    fields: tuple[Field, ...] = ()
    wrapped: bool = False

    def selection(self) -> str:
        """Return the GraphQL selection of this field."""
        return f"{self.name} {{ {' '.join(part.selection() for part in self.fields)} }}" if self.fields else self.name

    def leaves(self) -> tuple[str, ...]:
        """Return the dotted names of the leaves below this field (its own name, if it is one)."""
        if not self.fields:
            return (self.name,)
        return tuple(f"{self.name}.{leaf}" for part in self.fields for leaf in part.leaves())


@dataclass
class GuppyClient:
    """A Guppy server below `<base>/guppy`.

    `types` are those that discovery found; rows of no other type are ever requested.
    """

    transport: Transport
    types: set[str] = field(default_factory=set)
    _parser: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="guppy-parse"), repr=False
    )

    def close(self) -> None:
        """Close the connections and end the thread that parses."""
        self._parser.shutdown()
        self.transport.close()

    def ask(
        self,
        query: str,
        where: str,
        variables: Mapping[str, Any] | None = None,
        slow_tries: int | None = None,
    ) -> dict[str, Any]:
        """Run one GraphQL query and return its `data`, whole.

        Raises:
            Refused: the server rejects the query, or a value does not fit the schema that it publishes.
            SlowResponse: it timed out `slow_tries` times.
            SourceError: no usable response after all tries.
        """
        call = Call("guppy/graphql", where, _body(query, variables), slow_tries=slow_tries)
        return self.transport.fetch(call, lambda response: data_of(self.transport.read_json(response), where))

    def _parse_alone(self, content: bytearray, parse: Callable[[bytearray], T]) -> T:
        """Parse large responses one at a time: parsed, one takes up to ten times the memory of its text.

        Always in the same thread, because memory allocators keep what each thread has freed for itself.
        """
        return self._parser.submit(parse, content).result()

    def indices(self) -> tuple[Index, ...]:
        """Return the concrete indices from `_status`, sorted by name (the array configuration left out)."""
        answer = self.transport.fetch(Call("guppy/_status", "the status of its indices"), self._read_indices)
        return tuple(sorted(answer, key=lambda index: index.name))

    def offered_types(self) -> frozenset[str] | None:
        """Return the names of the record types that the server offers, or None where introspection is off."""
        try:
            schema = self.ask("{ __schema { queryType { fields { name } } } }", "the names of its types")["__schema"]
        except Refused:
            return None
        names = (str(part["name"]) for part in schema["queryType"]["fields"])
        return frozenset(name for name in names if not name.startswith("_"))

    def version(self) -> dict[str, str | None]:
        """Return `version` and `commit` of the server."""
        answer = self.transport.fetch_json(Call("guppy/_version", "its version"))
        if not isinstance(answer, dict):
            raise SourceError(
                f"{self.transport.base_url}/guppy/_version returns {shortened(str(answer))}: expected an object."
            )
        return {name: None if answer.get(name) is None else str(answer[name]) for name in ("version", "commit")}

    def count(self, type_name: str, filter_: Filter | None, where: str) -> int:
        """Return the exact number of records of a type that a filter selects."""
        query = f"query ($filter: JSON) {{ _aggregation {{ {type_name}(filter: $filter) {{ _totalCount }} }} }}"
        data = self.ask(query, where, {"filter": filter_ or {}})
        return data["_aggregation"][type_name]["_totalCount"]

    def rows(
        self,
        type_name: str,
        fields: Sequence[Field],
        filter_: Filter,
        sort: Sequence[Mapping[str, str]],
        first: int,
        where: str,
        take: Callable[[list[dict[str, Any]]], T],
        offset: int = 0,
    ) -> T:
        """Ask for one page of records and return what `take` makes of it, for one page at a time.

        A slow page is not retried: the caller asks for less (`SlowResponse`).

        Raises:
            ValueError: the page would end beyond the window (an error of the caller; nothing is sent).
        """
        self._known(type_name)
        if offset + first > WINDOW:
            raise ValueError(f"A page of {first} rows from row {offset} ends beyond Guppy's window of {WINDOW}.")
        query = (
            f"query ($filter: JSON, $sort: JSON, $first: Int, $offset: Int) {{ "
            f"{type_name}(filter: $filter, sort: $sort, first: $first, offset: $offset) "
            f"{{ {' '.join(part.selection() for part in fields)} }} }}"
        )
        variables = {"filter": filter_, "sort": list(sort), "first": first, "offset": offset}
        call = Call("guppy/graphql", where, _body(query, variables), slow_tries=1)
        return self.transport.fetch(
            call,
            lambda response: self._parse_alone(
                self.transport.read_body(response),
                lambda content: take(data_of(self.transport.parse(content), where)[type_name]),
            ),
        )

    def download(
        self, type_name: str, fields: Sequence[str], filter_: Filter, where: str, take: Callable[[bytearray], T]
    ) -> T:
        """Ask for the stored form of the records that a filter selects, lists as lists; return what `take` makes of it.

        `take` gets the text, which should be a JSON list (`stored_records`), one at a time. The server builds the whole
        response in memory and crashes on a type that it does not know: only types that discovery found are sent, and
        the filter must bound the response to one page.
        """
        self._known(type_name)
        body = {"type": type_name, "fields": list(fields), "filter": filter_}
        call = Call("guppy/download", where, body, slow_tries=1)
        return self.transport.fetch(call, lambda response: self._parse_alone(self.transport.read_body(response), take))

    def stored_records(self, content: bytes | bytearray) -> list[dict[str, Any]]:
        """Parse the text of a download.

        Raises:
            TransientError: it is not whole, or not a list.
        """
        records = self.transport.parse(content)
        if not isinstance(records, list):
            raise TransientError("partial_data", f"the download is not a list: {shortened(str(records))}")
        return records

    def _known(self, type_name: str) -> None:
        if type_name not in self.types:
            raise ValueError(f"The type {type_name!r} was not discovered; asking for it can end the server process.")

    def _read_indices(self, response: requests.Response) -> list[Index]:
        answer = self.transport.read_json(response)
        found = answer.get("indices") if isinstance(answer, dict) else None
        if not isinstance(found, dict) or not found:
            raise TransientError("no_indices", f"the status names no index: {shortened(str(answer))}")
        return _concrete(found)


def _concrete(found: Mapping[str, Any]) -> list[Index]:
    """Return the concrete indices of a status.

    Each alias has a second entry under its own name (seen on Guppy 0.20.1): the same index, with its lists.
    """
    entries = {name: about for name, about in found.items() if "array-config" not in name and isinstance(about, dict)}
    aliases = {name: tuple(sorted(about.get("aliases") or {})) for name, about in entries.items()}
    aliased = {alias for some in aliases.values() for alias in some}
    return [
        Index(name, aliases[name], frozenset(_lists(entries, (name, *aliases[name]))))
        for name in entries
        if name not in aliased
    ]


def _lists(entries: Mapping[str, Any], names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield from entries.get(name, {}).get("arrayFields") or ()


def data_of(answer: Any, where: str) -> dict[str, Any]:
    """Return the `data` of a GraphQL response if it is complete.

    Raises:
        Refused: see `GuppyClient.ask`.
        SlowResponse, TransientError: the response has errors, or parts of it are missing.
    """
    if not isinstance(answer, dict):
        raise TransientError("partial_data", f"the response is not a GraphQL document: {shortened(str(answer))}")
    errors = [error for error in answer.get("errors") or () if isinstance(error, dict)]
    if errors:
        messages = shortened("; ".join(str(error.get("message")) for error in errors))
        if all(_UNREPRESENTABLE.search(str(error.get("message"))) for error in errors):
            raise Refused(f"Guppy cannot represent values for {where}: {messages}")
        if "timed out" in messages.lower() or "timeout" in messages.lower():
            raise SlowResponse("upstream_timeout", messages)
        if any((error.get("extensions") or {}).get("code") in _REFUSALS for error in errors):
            raise Refused(f"Guppy refuses the query for {where}: {messages}")
        raise TransientError("graphql_error", messages)
    data = answer.get("data")
    gap = _gap(data) if isinstance(data, dict) else "data"
    if not isinstance(data, dict) or gap:
        raise TransientError("partial_data", f"the response has no error and no {gap}: {shortened(str(answer))}")
    return data


def any_of(values: Sequence[Any], field_name: str) -> Filter:
    """Return the filter that selects the records whose field is one of `values`."""
    return {"IN": {field_name: list(values)}}


def all_of(clauses: Sequence[Filter]) -> Filter:
    """Return the conjunction of clauses, each wrapped: Guppy merges or drops ranges on one level."""
    return {"AND": [{"AND": [clause]} for clause in clauses]}


def is_name(text: str) -> bool:
    """Return whether a text is a valid name of a GraphQL field."""
    return bool(_NAME.match(text))


def _body(query: str, variables: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"query": query, "variables": dict(variables or {})}


def _gap(data: Mapping[str, Any]) -> str | None:
    """Return the name of the first null at the top of a response, or below `_aggregation` and `_mapping`."""
    for name, value in _tops(data):
        if value is None:
            return name
    return None


def _tops(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in data.items():
        yield name, value
        if name in ("_aggregation", "_mapping") and isinstance(value, dict):
            yield from ((f"{name}.{inner}", found) for inner, found in value.items())
