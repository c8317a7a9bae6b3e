"""The HTTP interface of one Guppy: `graphql`, `download`, `_status` and `_version`.

What belongs here: methods, content types, status codes and error shapes as observed on Guppy 2026.07, and the requests
that must never be sent to a real one. A request that would end the real process is answered by closing the connection
and is marked `harmful` in the request log: a download of an unknown or missing type, with a body that is not JSON, or
of more text than the process can hold.

Differs from the real one: `_status` and `_version` carry `synthetic: true`; a change of the schema is visible at once,
not after a restart.
"""

from __future__ import annotations

import json
import tempfile
import threading
from pathlib import Path
from typing import Any

from warehouse.sandbox.exchange import FileSlice, Reply, Request, html
from warehouse.sandbox.guppy.aggregation import NOTHING
from warehouse.sandbox.guppy.changes import (
    Change,
    DataChange,
    FieldMutation,
    SchemaChange,
    TypeChange,
    change_data,
    change_schema,
    renamed_copy,
)
from warehouse.sandbox.guppy.engine import GraphqlEngine
from warehouse.sandbox.guppy.filter import GuppyError, compile_filter
from warehouse.sandbox.guppy.store import Index, Store, time_alias

MAX_BODY = 50 * 1024 * 1024
# The longest text that the JavaScript engine can hold, in characters: beyond it the answer is 500 `{}`.
MAX_TEXT = 536_870_888
# Where the default heap is exhausted: 1.7 GB of data files ended the process, 0.5 GB did not.
MAX_HEAP_TEXT = 1_000_000_000
VERSION = "2026.07"
_COMMIT = "0000000000000000000000000000000000000000"


class GuppyService:
    """One Guppy with its indices. `libre` is its access tier: otherwise it is `private`, with open data only."""

    def __init__(self, commons: str, indices: dict[str, Index], libre: bool, generations: Path) -> None:
        self._commons = commons
        self._libre = libre
        self._generations = generations
        self._store = Store(generations / f"{commons}.duckdb")
        for index in indices.values():
            self._store.load(index)
        self._lock = threading.Lock()
        self._generation = 0
        self._indices = indices
        self._engine = GraphqlEngine(self._store, indices, libre)

    @property
    def indices(self) -> dict[str, Index]:
        """The current indices by record type."""
        return dict(self._indices)

    def close(self) -> None:
        """Release the store."""
        self._store.close()

    def change(self, change: Change) -> None:
        """Change one type from now on: its records, a field of it, or whether and under which name it is served.

        Raises:
            ValueError: the change cannot be made; the message says why.
        """
        if isinstance(change, DataChange):
            self.change_data(change)
        elif isinstance(change, TypeChange):
            self.change_type(change)
        else:
            self.change_schema(change)

    def change_data(self, change: DataChange) -> None:
        """Change the records of one type from now on; ValueError if that cannot be done."""
        with self._lock:
            index, path = self._index_of(change.record_type), self._next_path(change.record_type)
            self._replace(change_data(index, change, self._generation, path))

    def change_schema(self, change: SchemaChange | FieldMutation) -> None:
        """Change one field of one type from now on; ValueError if that cannot be done."""
        with self._lock:
            index, path = self._index_of(change.record_type), self._next_path(change.record_type)
            self._replace(change_schema(index, change, path))

    def change_type(self, change: TypeChange) -> None:
        """Remove a type, rename it or serve it under a second name from now on; ValueError if that cannot be done."""
        with self._lock:
            index = self._index_of(change.record_type)
            others = {name: other for name, other in self._indices.items() if name != change.record_type}
            if change.change == "remove":
                if not others:
                    raise ValueError(f"{change.record_type} is the last record type; a Guppy without any does not run.")
                self._serve(others)
                return
            if change.name is None or change.name in self._indices:
                raise ValueError(f"The other name of {change.record_type} must be a new one, not {change.name!r}.")
            other = renamed_copy(index, change.name, self._next_path(change.name))
            self._store.load(other)
            self._serve({**(others if change.change == "rename" else self._indices), change.name: other})

    def classify(self, request: Request) -> tuple[frozenset[str], frozenset[str]]:
        """Return the places and record types of a request as far as they show before it is answered."""
        if request.path == "/graphql":
            body = _json_object(request.body)
            return self._engine.classify(body) if body is not None else (frozenset(), frozenset())
        if request.path == "/download":
            body = _json_object(request.body) or {}
            return frozenset({"download"}), frozenset({str(body.get("type"))} & self._indices.keys())
        return frozenset({{"/_status": "status", "/_version": "version"}.get(request.path, "unknown")}), frozenset()

    def handle(self, request: Request, denied: frozenset[str] = frozenset()) -> Reply:
        """Return the reply to a request; the `denied` record types are answered as if they had no records."""
        if self._libre:
            denied = frozenset()
        route = (request.method, request.path)
        if route == ("POST", "/graphql"):
            return self._graphql(request, denied)
        if request.path == "/graphql":
            return _json_reply(400, {"errors": [{"message": "GraphQL operations must be sent by POST."}]})
        if route == ("POST", "/download"):
            return self._download(request, denied)
        if route == ("GET", "/_status"):
            return _json_reply(200, self._status(), {"status"})
        if route == ("GET", "/_version"):
            return _json_reply(200, {"version": VERSION, "commit": _COMMIT, "synthetic": True}, {"version"})
        return html(404, "Error", f"Cannot {request.method} {request.path}")

    def _next_path(self, record_type: str) -> Path:
        self._generation += 1
        return self._generations / f"{self._commons}_{record_type}-{self._generation}.parquet"

    def _index_of(self, record_type: str) -> Index:
        index = self._indices.get(record_type)
        if index is None:
            raise ValueError(f"There is no record type {record_type} here; there are {', '.join(self._indices)}.")
        return index

    def _replace(self, index: Index) -> None:
        self._store.load(index)
        self._serve({**self._indices, index.record_type.name: index})

    def _serve(self, indices: dict[str, Index]) -> None:
        self._indices = indices
        self._engine = GraphqlEngine(self._store, indices, self._libre)

    def _status(self) -> dict[str, Any]:
        """Return both kinds of entries: the aliases of each index, and under an alias the names of its list fields."""
        indices: dict[str, Any] = {}
        for index in self._indices.values():
            indices[index.name] = {"aliases": {index.alias: {}, index.time_alias: {}}}
        configuration = f"{self._commons}_array-config"
        indices[f"{configuration}_0"] = {"aliases": {configuration: {}, time_alias(0): {}}}
        for index in self._indices.values():
            lists = index.record_type.array_fields()
            if lists:
                indices[index.alias] = {"arrayFields": lists}
        return {"statusCode": 200, "warnings": None, "indices": indices, "synthetic": True}

    def _graphql(self, request: Request, denied: frozenset[str]) -> Reply:
        accept = request.headers.get("accept", "*/*")
        if "text/html" in accept and "json" not in accept and "*/*" not in accept:
            return html(406, "Error", "Not Acceptable")
        refused = _refuse_body(request)
        if refused is not None:
            return refused
        body = _json_object(request.body)
        if body is None:
            return _json_reply(400, {"errors": [{"message": "Operation batching disabled."}]})
        engine = self._engine
        answer = engine.answer(body, denied)
        return Reply(answer.status, answer.text.encode("utf-8"), places=answer.places, record_types=answer.record_types)

    def _download(self, request: Request, denied: frozenset[str]) -> Reply:
        places = frozenset({"download"})
        if "json" not in request.headers.get("content-type", ""):
            return Reply(500, b"", places=places, harmful="download with a body that is not JSON")
        refused = _refuse_body(request)
        if refused is not None:
            return refused
        body = _json_object(request.body) or {}
        index = self._indices.get(str(body.get("type")))
        if index is None:
            return Reply(500, b"", places=places, harmful=f"download of the unknown type {body.get('type')!r}")
        record_types = frozenset({index.record_type.name})
        fields = body.get("fields") or index.record_type.mapping()
        unknown = [name for name in fields if name not in set(index.record_type.mapping())]
        if unknown:
            names = '", "'.join(unknown)
            return Reply(
                400, f'Invalid fields: "{names}"'.encode(), "text/html; charset=utf-8", {}, places, record_types
            )
        try:
            condition = compile_filter(index.record_type, body.get("filter"))
        except GuppyError as error:
            return _json_reply(500, {"message": error.message}, places, record_types)
        shown = NOTHING if index.record_type.name in denied else condition
        return self._written(index, fields, shown, places, record_types)

    def _written(
        self, index: Index, fields: list[str], condition: Any, places: frozenset[str], record_types: frozenset[str]
    ) -> Reply:
        """Write the answer to a temporary file; the real process holds all of it in memory."""
        characters = 2
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="", delete=False, dir=self._generations, prefix="download-"
        ) as file:
            path = Path(file.name)
            file.write("[")
            for number, text in enumerate(self._store.documents(index, fields, condition)):
                characters += len(text) + 1
                if characters > MAX_HEAP_TEXT:
                    break
                file.write("," + text if number else text)
            file.write("]")
        if characters > MAX_TEXT:
            path.unlink()
            if characters > MAX_HEAP_TEXT:
                return Reply(500, b"", places=places, record_types=record_types, harmful="download beyond the heap")
            return Reply(500, b"{}", places=places, record_types=record_types)
        body = FileSlice(path, 0, path.stat().st_size, temporary=True)
        return Reply(200, body, places=places, record_types=record_types)


def _refuse_body(request: Request) -> Reply | None:
    if len(request.body) > MAX_BODY:
        return html(413, "Error", "PayloadTooLargeError: request entity too large")
    try:
        json.loads(request.body)
    except ValueError:
        return html(400, "Error", "SyntaxError: Unexpected token in JSON")
    return None


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _json_reply(
    status: int,
    content: Any,
    places: set[str] | frozenset[str] = frozenset(),
    record_types: frozenset[str] = frozenset(),
) -> Reply:
    text = json.dumps(content, ensure_ascii=False)
    return Reply(status, text.encode("utf-8"), places=frozenset(places), record_types=record_types)
