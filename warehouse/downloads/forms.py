"""The forms of a download manifest: which records each lists, by which keys of a query, and how a line of it reads.

Sources: s5cmd 2.3 (`s5cmd run`), `idc-index` 0.13.4 (`idc download`), and `gen3` 4.28.5 (`Manifest.load`). Addresses
and identifiers are columns of the star, which makes them once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from warehouse.registry import source

if TYPE_CHECKING:
    # Who asks for the names of the forms needs no Arrow.
    from warehouse.snapshots.formats import Format

Kind = Literal["series", "files"]

ManifestName = Literal["s5cmd", "idc", "gen3", "drs", "csv"]

_SERIES_KEYS = ("series_key", "crdc_series_uuid", "series_instance_uid")
_FILE_KEYS = ("file_key", "object_id", "file_id")

_SERIES_COLUMNS = (
    *("series_key", "crdc_series_uuid", "series_instance_uid", "source_id", "collection_id", "patient_id"),
    *("study_instance_uid", "modality", "license_id", "source_doi", "instance_count", "size_bytes"),
    *("series_aws_url", "series_gcs_url", "object_id", "drs_uri", "viewer_url"),
)
_FILE_COLUMNS = (
    *("file_key", "object_id", "drs_uri", "file_id", "series_key", "series_instance_uid", "source_id"),
    *("collection_id", "data_type", "modality", "instance_count", "size_bytes", "file_name", "md5"),
)


@dataclass(frozen=True)
class RecordTable:
    """A table whose rows manifests list: its key, its columns that are listed, and what is looked up beside them."""

    name: str
    key: str
    columns: tuple[str, ...]
    looked_up: Mapping[str, str]
    joins: str = ""


RECORD_TABLES: Mapping[Kind, RecordTable] = {
    "series": RecordTable("fct_series", "series_key", _SERIES_COLUMNS, {}),
    "files": RecordTable(
        "fct_file",
        "file_key",
        _FILE_COLUMNS,
        {"license_id": "license.license_id", "source_doi": "collection.collection_doi"},
        "left join dim_license as license on records.license_key = license.license_key"
        " left join dim_collection as collection on records.collection_key = collection.collection_key",
    ),
}
"""Where the records of each kind lie."""


@dataclass(frozen=True)
class ManifestForm:
    """One form: the key columns by which a query may choose, the finest first, and the records behind each of them.

    `listing` is a query of the lines over the relation `listed`, written as `format`; a form of bare lines has no
    `header`. `condition` is what a record must have for a line, and `lacks` says of those that have it not; `needs` is
    the column that tells.
    """

    keys: Mapping[str, Kind]
    condition: str
    lacks: str
    listing: str
    format: Format
    needs: str | None = None
    header: bool = True


def _keys(series: tuple[str, ...], files: tuple[str, ...]) -> dict[str, Kind]:
    of_files: dict[str, Kind] = dict.fromkeys(files, "files")
    of_series: dict[str, Kind] = dict.fromkeys(series, "series")
    return of_files | of_series


_IN_A_BUCKET = "series_aws_url is not null"
_PORTAL = urlsplit(str(source("midrc").address)).hostname

FORMS: Mapping[ManifestName, ManifestForm] = {
    "s5cmd": ManifestForm(
        keys=_keys(_SERIES_KEYS, ()),
        condition=_IN_A_BUCKET,
        lacks="are not in the public buckets of IDC",
        listing="select 'cp ' || series_aws_url || ' .' as line from listed order by series_key",
        format="tsv",
        needs="series_aws_url",
        header=False,
    ),
    "idc": ManifestForm(
        keys=_keys(_SERIES_KEYS, ()),
        condition=_IN_A_BUCKET,
        lacks="are not in the public buckets of IDC",
        listing="select string_agg(series_instance_uid, ',' order by series_key) as line from listed",
        format="tsv",
        needs="series_aws_url",
        header=False,
    ),
    "gen3": ManifestForm(
        keys=_keys((), (*_FILE_KEYS, "series_key", "series_instance_uid")),
        condition="object_id is not null",
        lacks="have no file that a portal lists with an object id",
        listing=(
            f"select object_id, file_name, size_bytes as file_size, md5 as md5sum, '{_PORTAL}' as commons_url"
            " from listed order by file_key"
        ),
        format="json",
        needs="object_id",
    ),
    "drs": ManifestForm(
        keys=_keys(_SERIES_KEYS, _FILE_KEYS),
        condition="drs_uri is not null",
        lacks="have no identifier with a registered prefix",
        listing="select distinct drs_uri as line from listed order by line",
        format="tsv",
        needs="drs_uri",
        header=False,
    ),
    "csv": ManifestForm(
        keys=_keys(_SERIES_KEYS, _FILE_KEYS),
        condition="true",
        lacks="are not in the snapshot",
        listing="select * from listed order by all",
        format="csv",
    ),
}
"""The forms, by the name of the tool or of the standard."""
