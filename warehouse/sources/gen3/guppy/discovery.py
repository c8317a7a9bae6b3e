"""What a Guppy server holds: its types, fields, lists and indices, and how they differ from the contract.

Names come from `_mapping`, which every server has. Kinds and lists come from introspection; where it is switched off,
kinds come from the names of the aggregation types (`__typename` stays allowed) and lists from `_status`.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from warehouse.contracts import Column, Dataset
from warehouse.errors import SourceError
from warehouse.sources.gen3.guppy.client import Field, GuppyClient, Index, is_name
from warehouse.sources.gen3.transport import Refused

log = logging.getLogger("icw.sources.gen3")

Severity = Literal["info", "warning"]
_KINDS = {"String": "string", "ID": "string", "Boolean": "string", "JSON": "string", "Int": "integer", "Float": "float"}
_SCHEMA = (
    "__schema { queryType { fields { name } } types { name fields { name "
    "type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } }"
)


class Drift(BaseModel):
    """One difference between a type and its contract; `field` is dotted for the fields of nested records."""

    model_config = ConfigDict(frozen=True)

    field: str
    change: Literal["added", "removed", "retyped"]
    severity: Severity
    expected: str | None
    found: str | None


@dataclass(frozen=True)
class RecordType:
    """One type of a Guppy server, ready to be extracted.

    `id_fields` are the candidates for the unique id, the contract's first.
    """

    name: str
    fields: tuple[Field, ...]
    id_fields: tuple[str, ...]
    drift: tuple[Drift, ...]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over names, kinds and lists of the fields."""
        return hashlib.sha256(json.dumps([_plain(part) for part in self.fields]).encode()).hexdigest()

    def with_list(self, path: str) -> RecordType:
        """Return the type with the field at a dotted path as a list."""
        drift = Drift(field=path, change="retyped", severity="warning", expected="one value", found="list")
        fields = tuple(_changed(part, path.split("."), many=True) for part in self.fields)
        return replace(self, fields=fields, drift=(*self.drift, drift))

    def with_text(self, path: str) -> RecordType:
        """Return the type with the field at a dotted path as text, which keeps values that its kind cannot hold."""
        drift = Drift(field=path, change="retyped", severity="warning", expected="values of one kind", found="string")
        fields = tuple(_changed(part, path.split("."), kind="string") for part in self.fields)
        return replace(self, fields=fields, drift=(*self.drift, drift))

    def with_fractions(self, path: str) -> RecordType:
        """Return the type with the whole number at a dotted path as a fractional one."""
        drift = Drift(field=path, change="retyped", severity="warning", expected="integer", found="float")
        fields = tuple(_changed(part, path.split("."), kind="float") for part in self.fields)
        return replace(self, fields=fields, drift=(*self.drift, drift))


@dataclass(frozen=True)
class Discovery:
    """What a server holds: its types by name, why an expected type is not usable, and the types beyond the contract.

    `further_types` are in `types` too, if their records have a unique id.
    """

    types: Mapping[str, RecordType]
    absent: Mapping[str, str]
    further_types: tuple[str, ...]


def discover(
    client: GuppyClient, type_names: Sequence[str], contract: Mapping[str, Dataset], indices: Sequence[Index]
) -> Discovery:
    """Find out what the server holds, and allow the client to ask for those types.

    `type_names` are those that it is known to offer, and `indices` what `GuppyClient.indices` has just returned. One
    request, where introspection is on and nothing is new.

    Raises:
        SourceError: a type is not offered any more, or the server cannot be queried.
    """
    schema, mapping = _published(client, type_names)
    new = tuple(sorted(_offered(schema) - set(type_names)))
    if new:
        asked = f"{{ _mapping {{ {' '.join(new)} }} }}"
        mapping = {**mapping, **client.ask(asked, "the names of all fields of further types")["_mapping"]}
    everything = (*type_names, *new)
    further = tuple(name for name in everything if name not in contract)
    if further:
        log.warning("types beyond the contract", extra={"upstream": client.transport.base_url, "types": further})
    arrays = {name: index.array_fields for name in everything if (index := index_of(name, everything, indices))}
    types: dict[str, RecordType] = {}
    absent: dict[str, str] = {}
    for name in everything:
        names = sorted({leaf for leaf in mapping[name] or () if all(is_name(part) for part in leaf.split("."))})
        if schema:
            found = _from_introspection(name, names, schema)
        else:
            found = _from_aggregations(client, name, names, arrays.get(name)) if names else ()
        record_type = _against_contract(name, found, contract.get(name))
        lacking = _lacking_id(record_type, contract.get(name))
        if lacking is None:
            types[name] = record_type
        else:
            absent[name] = lacking
    client.types.update(types)
    return Discovery(types, absent, further)


def _lacking_id(record_type: RecordType, dataset: Dataset | None) -> str | None:
    """Return why the records of a type have no usable unique id, or None."""
    if not record_type.fields:
        return "the server names no fields of it"
    if dataset is None:
        return None if record_type.id_fields else "it has no field that could be a unique id"
    unique_id = dataset.key[0]
    if unique_id in record_type.id_fields:
        return None
    part = next((part for part in record_type.fields if part.name == unique_id), None)
    return f"its unique id {unique_id} {'is gone' if part is None else f'is not text but {_written(part)}'}"


def index_of(type_name: str, type_names: Iterable[str], indices: Sequence[Index]) -> Index | None:
    """Return the index behind a type by its name or alias, or None where that is ambiguous.

    `_status` does not say which index serves which type. The convention is an alias or index name that holds the type's
    name (`midrc_imaging_study_12`); a longer type name that fits too wins over a shorter one (`case` in `case_file`).
    """
    longer = [name for name in type_names if type_name in name and name != type_name]
    fitting = [
        index
        for index in indices
        if any(_holds(label, type_name) for label in (index.name, *index.aliases))
        and not any(_holds(label, name) for name in longer for label in (index.name, *index.aliases))
    ]
    return fitting[0] if len(fitting) == 1 else None


def identity_of(type_name: str, type_names: Iterable[str], indices: Sequence[Index]) -> str:
    """Return what identifies the state of a type: its concrete index, or all of them where that is ambiguous."""
    index = index_of(type_name, type_names, indices)
    return index.name if index else ",".join(sorted(found.name for found in indices))


def _holds(label: str, type_name: str) -> bool:
    return f"_{type_name}_" in f"_{label.replace('-', '_').replace('.', '_')}_"


def _published(client: GuppyClient, type_names: Sequence[str]) -> tuple[dict[str, Any], Mapping[str, Sequence[str]]]:
    """Return the published types by name (none where introspection is off), and the names of all fields by type.

    Raises:
        SourceError: a type is not offered any more.
    """
    names_of_fields = f"_mapping {{ {' '.join(type_names)} }}"
    mapping: Mapping[str, Sequence[str]] = {}
    try:
        answer = client.ask(f"{{ {_SCHEMA} {names_of_fields} }}", "its schema and the names of all fields")
        schema, mapping = _by_name(answer["__schema"]), answer["_mapping"]
    except Refused:  # introspection is off or a type is gone: the schema alone shows which
        schema = _introspected(client)
    offered = _offered(schema)
    if schema and (missing := [name for name in type_names if name not in offered]):
        raise SourceError(
            f"{client.transport.base_url} does not offer the type {', '.join(missing)} any more (it offers "
            f"{', '.join(sorted(offered))}). Compare the upstream's announcements with the contract."
        )
    return schema, mapping or client.ask(f"{{ {names_of_fields} }}", "the names of all fields")["_mapping"]


def _introspected(client: GuppyClient) -> dict[str, Any]:
    """Return the published types by name, or nothing where introspection is switched off."""
    try:
        return _by_name(client.ask(f"{{ {_SCHEMA} }}", "its schema")["__schema"])
    except Refused:
        log.info("introspection is off", extra={"upstream": client.transport.base_url})
        return {}


def _by_name(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the published types by the name of the type, those of the query type as `""` too."""
    types = {entry["name"]: {part["name"]: part["type"] for part in entry["fields"] or ()} for entry in schema["types"]}
    return {"": {part["name"]: None for part in schema["queryType"]["fields"]}, **types}


def _offered(schema: Mapping[str, Any]) -> set[str]:
    return {name for name in schema.get("", ()) if not name.startswith("_")}


def _from_introspection(name: str, names: Sequence[str], schema: Mapping[str, Any]) -> tuple[Field, ...]:
    tree = _tree(names)
    record = schema.get("Query", {}).get(name)
    return _typed(tree, schema[_named(record)[0]] if record else {}, schema)


def _typed(tree: Mapping[str, Any], published: Mapping[str, Any], schema: Mapping[str, Any]) -> tuple[Field, ...]:
    found = []
    for name, below in tree.items():
        if name not in published:
            continue
        type_name, many = _named(published[name])
        if below:
            found.append(Field(name, "record", True, _typed(below, schema.get(type_name, {}), schema)))
        else:
            found.append(Field(name, _KINDS.get(type_name, "string"), many))
    return tuple(part for part in found if part.kind != "record" or part.fields)


def _named(published: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the name at the bottom of a GraphQL type and whether a list is wrapped around it."""
    many = False
    while published.get("ofType"):
        many = many or published["kind"] == "LIST"
        published = published["ofType"]
    return published["name"], many


def _from_aggregations(
    client: GuppyClient, name: str, names: Sequence[str], arrays: frozenset[str] | None
) -> tuple[Field, ...]:
    tree = _tree(names)
    selection = _probe(tree)
    data = client.ask(f"{{ _aggregation {{ {name} {{ {selection} }} }} }}", f"type {name}, the kinds of its fields")
    return _probed(tree, data["_aggregation"][name], arrays or frozenset())


def _probe(tree: Mapping[str, Any]) -> str:
    return " ".join(f"{name} {{ {_probe(below) if below else '__typename'} }}" for name, below in tree.items())


def _probed(tree: Mapping[str, Any], answer: Mapping[str, Any], arrays: frozenset[str]) -> tuple[Field, ...]:
    found = []
    for name, below in tree.items():
        if below:
            found.append(Field(name, "record", True, _probed(below, answer[name] or {}, arrays)))
        else:
            about = (answer.get(name) or {}).get("__typename", "")
            found.append(Field(name, "float" if about.endswith("ForNumber") else "string", name in arrays))
    return tuple(found)


def _tree(names: Sequence[str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name in names:
        below = tree
        for part in name.split("."):
            below = below.setdefault(part, {})
    return tree


def _against_contract(name: str, found: tuple[Field, ...], dataset: Dataset | None) -> RecordType:
    """Merge the published fields with the contract, in its order (unknown fields follow by name)."""
    columns = dataset.columns if dataset else ()
    fields, drift = _merged(found, columns, "", dataset is not None)
    scalars = {part.name for part in fields if part.kind == "string" and not part.many}
    wanted = (*(dataset.key if dataset else ()), f"_{name}_id", "submitter_id")
    id_fields = tuple(dict.fromkeys(entry for entry in wanted if entry in scalars))
    return RecordType(name, fields, id_fields, tuple(drift))


def _merged(
    found: tuple[Field, ...], columns: Sequence[Column], prefix: str, known: bool
) -> tuple[tuple[Field, ...], list[Drift]]:
    by_name = {part.name: part for part in found}
    fields: list[Field] = []
    drift: list[Drift] = []
    for column in columns:
        part = by_name.pop(column.name, None)
        path = prefix + column.name
        if part is None:
            drift.append(Drift(field=path, change="removed", severity="warning", expected=column.type, found=None))
            continue
        kind, many = _expected(column)
        if part.kind == "float" and kind == "integer":
            part = replace(part, kind="integer")
        elif part.kind == "integer" and kind == "float":
            part = replace(part, kind="float")
        if part.kind != kind or (part.many and not many):
            drift.append(
                Drift(field=path, change="retyped", severity="warning", expected=column.type, found=_written(part))
            )
        elif many:
            part = replace(part, many=True, wrapped=not part.many)
        if part.kind == "record":
            below, more = _merged(part.fields, column.fields, f"{path}.", bool(column.fields))
            part = replace(part, fields=below)
            drift += more
        fields.append(part)
    for part in sorted(by_name.values(), key=lambda entry: entry.name):
        fields.append(part)
        if known:
            found_as = _written(part)
            drift.append(
                Drift(field=prefix + part.name, change="added", severity="info", expected=None, found=found_as)
            )
    return tuple(fields), drift


def _expected(column: Column) -> tuple[str, bool]:
    kind = column.type.removesuffix("[]")
    return ("string" if kind == "boolean" else kind), column.type.endswith("[]")


def _written(part: Field) -> str:
    return part.kind + ("[]" if part.many else "")


def _plain(part: Field) -> list[Any]:
    return [part.name, part.kind, part.many, [_plain(below) for below in part.fields]]


def _changed(part: Field, parts: Sequence[str], **change: Any) -> Field:
    if part.name != parts[0]:
        return part
    if len(parts) == 1:
        return replace(part, **change)
    return replace(part, fields=tuple(_changed(below, parts[1:], **change) for below in part.fields))
