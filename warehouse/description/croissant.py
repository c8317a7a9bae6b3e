"""croissant.json: the tables as a Croissant 1.1 dataset (MLCommons), which machine-learning tools load from.

The context is that of the specification with `https://schema.org/` for schema.org; readers take `http://` for another
vocabulary (mlcommons/croissant#1018). What a key points to is told in words: mlcroissant 1.1 joins a record set with
every one that its fields reference, and takes a circle of references for an error. datapackage.json has the foreign
keys.
"""

from __future__ import annotations

import json

from pydantic import JsonValue

from warehouse.citation import bibtex
from warehouse.citation.model import AUTHOR
from warehouse.description.model import LICENSES_FILE, DescribedColumn, DescribedFile, DescribedTable, Description

_CONTEXT: dict[str, JsonValue] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}

# The media type by which readers of Croissant know Parquet.
_PARQUET = "application/x-parquet"

_TYPES = {
    "BOOLEAN": "sc:Boolean",
    "TINYINT": "cr:Int8",
    "SMALLINT": "cr:Int16",
    "INTEGER": "cr:Int32",
    "BIGINT": "cr:Int64",
    "HUGEINT": "sc:Integer",
    "UTINYINT": "cr:UInt8",
    "USMALLINT": "cr:UInt16",
    "UINTEGER": "cr:UInt32",
    "UBIGINT": "cr:UInt64",
    "FLOAT": "cr:Float32",
    "DOUBLE": "cr:Float64",
    "DATE": "sc:Date",
    "TIME": "sc:Time",
    "TIMESTAMP": "sc:DateTime",
    "TIMESTAMP WITH TIME ZONE": "sc:DateTime",
}


def render(description: Description) -> str:
    """Return the file: one record set a table, one file object a file, and one file set a table of several files."""
    citation = description.citation
    licenses = [licence.url for licence in citation.licenses if licence.url is not None]
    content: dict[str, JsonValue] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": citation.title,
        "description": description.text,
        "version": citation.snapshot_id,
        "datePublished": citation.published_on.isoformat(),
        "creator": {"@type": "Organization", "name": AUTHOR},
        "license": [LICENSES_FILE, *licenses],
        "url": "./",
        "citeAs": bibtex.render(citation),
        "isLiveDataset": False,
        "distribution": [entry for table in description.tables for entry in _distribution(table)],
        "recordSet": [_record_set(table) for table in description.tables],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _distribution(table: DescribedTable) -> list[JsonValue]:
    files = [_file(file) for file in table.files]
    if len(table.files) == 1:
        return files
    together: JsonValue = {
        "@type": "cr:FileSet",
        "@id": _files_id(table),
        "name": _files_id(table),
        "description": f"The files of the table {table.name}, which are read as one",
        "encodingFormat": _PARQUET,
        "includes": [file.path for file in table.files],
    }
    return [*files, together]


def _files_id(table: DescribedTable) -> str:
    return f"tables/{table.name}"


def _file(file: DescribedFile) -> JsonValue:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "description": file.description,
        "contentUrl": file.path,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": _PARQUET,
        "sha256": file.sha256,
    }


def _record_set(table: DescribedTable) -> JsonValue:
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.text,
        "key": [{"@id": f"{table.name}/{name}"} for name in table.primary_key],
        "field": [_field(column, table) for column in table.columns],
    }


def _field(column: DescribedColumn, table: DescribedTable) -> JsonValue:
    item_type, is_array = column.type.removesuffix("[]"), column.type.endswith("[]")
    field: dict[str, JsonValue] = {
        "@type": "cr:Field",
        "@id": f"{table.name}/{column.name}",
        "name": column.name,
        "description": _text(column),
        "dataType": data_type(item_type),
        "source": {**_read_from(table), "extract": {"column": column.name}},
    }
    if is_array:
        field |= {"isArray": True, "arrayShape": "-1"}
    return field


def _read_from(table: DescribedTable) -> dict[str, JsonValue]:
    if len(table.files) == 1:
        return {"fileObject": {"@id": table.files[0].path}}
    return {"fileSet": {"@id": _files_id(table)}}


def _text(column: DescribedColumn) -> str:
    target = column.references
    return column.description if target is None else f"{column.description} -> {target.table}.{target.column}"


def data_type(duckdb_type: str) -> str:
    """Return the data type of Croissant for one of DuckDB's that is no list; text for one that it has no word for."""
    if duckdb_type.startswith("DECIMAL("):
        return "sc:Float"
    return _TYPES.get(duckdb_type, "sc:Text")
