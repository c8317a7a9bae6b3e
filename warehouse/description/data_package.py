"""datapackage.json: the tables as a Data Package (version 2), with types, keys, bytes and hashes.

A table in parts is a resource for each part, `<table>.<part>`. The standard also knows one resource with a list of
paths; frictionless 5 takes that for valid and reads the first of several Parquet files for the whole, without a word. A
foreign key names one resource, so that one into a table in parts is told in words.
"""

from __future__ import annotations

import json
import re

from pydantic import JsonValue

from warehouse.citation.model import AUTHOR, CitedLicense, CitedSource
from warehouse.description.model import (
    LICENSES_FILE,
    DescribedColumn,
    DescribedFile,
    DescribedTable,
    Description,
)

_PROFILES = "https://datapackage.org/profiles/2.0"
_LICENSE_NAME = re.compile(r"[-a-zA-Z0-9._]+")

_TYPES = {
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "datetime",
    "TIMESTAMP WITH TIME ZONE": "datetime",
    "VARCHAR": "string",
    "UUID": "string",
    "FLOAT": "number",
    "DOUBLE": "number",
}


def render(description: Description) -> str:
    """Return the file. Every file of a table is a resource; a reference to a key is a foreign key."""
    citation = description.citation
    whole = {table.name for table in description.tables if len(table.files) == 1 and table.files[0].part is None}
    content: dict[str, JsonValue] = {
        "$schema": f"{_PROFILES}/datapackage.json",
        "name": f"imaging-commons-warehouse-{citation.snapshot_id.lower()}",
        "id": f"sha256:{citation.tables_digest}",
        "title": citation.title,
        "description": description.text,
        "version": citation.snapshot_id,
        "created": f"{citation.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "contributors": [{"title": AUTHOR, "roles": ["creator"]}],
        "sources": [_source(source) for source in citation.sources],
        "licenses": [
            {"name": "by-row", "path": LICENSES_FILE, "title": "The licences and terms that the rows state, counted"},
            *map(_license, citation.licenses),
        ],
        "resources": [_resource(table, file, whole) for table in description.tables for file in table.files],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _source(source: CitedSource) -> JsonValue:
    named: dict[str, JsonValue] = {"title": source.title, "version": source.version}
    return named | ({"path": source.address} if source.address else {})


def _license(licence: CitedLicense) -> JsonValue:
    named: dict[str, JsonValue] = {"title": licence.name, "path": licence.url or LICENSES_FILE}
    return named | ({"name": licence.id} if _LICENSE_NAME.fullmatch(licence.id) else {})


def _resource(table: DescribedTable, file: DescribedFile, whole: set[str]) -> JsonValue:
    """Describe one file of a table; `whole` are the tables that are one resource."""
    schema: dict[str, JsonValue] = {
        "$schema": f"{_PROFILES}/tableschema.json",
        "fields": [_field(column, table, whole) for column in table.columns],
        "primaryKey": list(table.primary_key),
    }
    foreign_keys = [_foreign_key(column, whole) for column in table.columns]
    if any(foreign_keys):
        schema["foreignKeys"] = [key for key in foreign_keys if key is not None]
    part = "" if file.part is None else f"Part {file.part} of {len(table.files)} of the table {table.name}. "
    return {
        "$schema": f"{_PROFILES}/dataresource.json",
        "name": table.name if file.part is None else f"{table.name}.{file.part}",
        "type": "table",
        "path": file.path,
        "description": f"{part}{table.text}",
        "format": "parquet",
        "mediatype": file.media_type,
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
        "rows": file.rows,
        "table": table.name,
        "schema": schema,
    }


def _field(column: DescribedColumn, table: DescribedTable, whole: set[str]) -> JsonValue:
    target = column.references
    in_parts = target is not None and target.table not in whole
    field: dict[str, JsonValue] = {
        "name": column.name,
        "type": field_type(column.type),
        "description": f"{column.description} -> {target.table}.{target.column}"
        if target is not None and in_parts
        else column.description,
        "duckdbType": column.type,
    }
    required: dict[str, JsonValue] = {"constraints": {"required": True}}
    return field | (required if column.name in table.primary_key else {})


def _foreign_key(column: DescribedColumn, whole: set[str]) -> JsonValue:
    target = column.references
    if target is None or target.table not in whole:
        return None
    # Also one into the same table names it: version 2 lets the name be left out, version 1 wants an empty one.
    return {"fields": [column.name], "reference": {"resource": target.table, "fields": [target.column]}}


def field_type(duckdb_type: str) -> str:
    """Return the type of Table Schema for one of DuckDB's; `any` for one that it has no word for."""
    if duckdb_type.endswith("]"):
        return "array"
    if re.fullmatch(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?", duckdb_type):
        return "integer"
    if duckdb_type.startswith("DECIMAL("):
        return "number"
    return _TYPES.get(duckdb_type, "any")
