"""The forms of a download manifest: which records each lists, by which keys of a query, and how a line of it reads.

Sources: s5cmd 2.3 (`s5cmd run`), `idc-index` 0.13.4 (`idc download`), `gen3` 4.28.5 (`Manifest.load`), and the Data
Repository Service 1.4 of GA4GH (compact identifiers, "drs://" and a prefix, a colon, an accession).
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

# The prefix under which the identifiers of IDC's series are registered.
_IDC_PREFIX = "dg.4DFC"

_SERIES = """
    select
        series.series_key,
        series.crdc_series_uuid,
        series.series_instance_uid,
        series.source_id,
        series.collection_id,
        series.patient_id,
        series.study_instance_uid,
        series.modality,
        series.license_id,
        series.instance_count,
        series.size_bytes,
        series.series_aws_url,
        case
            when series.source_id = 'idc' then {idc_prefix} || '/' || series.crdc_series_uuid
            else series.object_id
        end as object_id
    from fct_series as series
"""

_FILES = """
    select
        files.file_key,
        files.object_id,
        files.file_id,
        files.series_key,
        files.series_instance_uid,
        files.source_id,
        files.collection_id,
        files.data_type,
        files.modality,
        license.license_id,
        files.instance_count,
        files.size_bytes,
        files.file_name,
        files.md5
    from fct_file as files
    left join dim_license as license
        on files.license_key = license.license_key
"""


@dataclass(frozen=True)
class ManifestForm:
    """One form: the key columns by which a query may choose, the finest first, and the records behind each of them.

    `listing` is a query of the lines over the relation `listed`, written as `format`; a form of bare lines has no
    `header`. `condition` is what a record must have for a line, and `lacks` says of those that have it not.
    """

    keys: Mapping[str, Kind]
    condition: str
    lacks: str
    listing: str
    format: Format
    header: bool = True

    def records(self, key: str) -> str:
        """Return the query (SQL) of all records that a key of this form may choose."""
        if self.keys[key] == "files":
            return _FILES
        return _SERIES.replace("{idc_prefix}", f"'{_IDC_PREFIX}'")


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
        header=False,
    ),
    "idc": ManifestForm(
        keys=_keys(_SERIES_KEYS, ()),
        condition=_IN_A_BUCKET,
        lacks="are not in the public buckets of IDC",
        listing="select string_agg(series_instance_uid, ',' order by series_key) as line from listed",
        format="tsv",
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
    ),
    "drs": ManifestForm(
        keys=_keys(_SERIES_KEYS, _FILE_KEYS),
        condition="object_id like 'dg.%/%'",
        lacks="have no identifier with a registered prefix",
        listing=("select distinct 'drs://' || regexp_replace(object_id, '/', ':') as line from listed order by line"),
        format="tsv",
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
