"""The public bucket with IDC's clinical tables: `GET /?list-type=2&prefix=...` and `GET /<key>`.

What belongs here: synthetic tables as the release's `clinical_index` describes them, of the real patients of its
collections, and the bucket that serves them. The values are invented, and the footer of every file has the key
`synthetic` with the value `true`. A table has two files, and a page of the listing one object, so that who reads no
further than the first finds less than there is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

import duckdb

from warehouse.sandbox.exchange import FileSlice, Reply, Request
from warehouse.sql_text import literal, quoted

_SHARDS = 2
_OBJECTS_OF_A_PAGE = 1

# What a column of clinical_index holds, for a patient of a collection (`uid` is unique to both).
_VALUES = {
    "dicom_patient_id": "PatientID",
    "gender": "(['F', 'M'])[1 + draw(uid, 'sex', 2)]",
    "age_at_diagnosis": "case when draw(uid, 'known', 10) > 0 then 30 + draw(uid, 'age', 60) end",
    "vital_status": "(['Alive', 'Dead', ''])[1 + draw(uid, 'vital', 3)]",
    "body_mass_index": "18 + draw(uid, 'mass', 200) / 10.0",
    "ever_smoked": "draw(uid, 'smoked', 3) > 0",
    "diagnosed_on": "date '2010-01-01' + draw(uid, 'day', 3000)::integer",
}


def synthesise_clinical_tables(release: str, idc_index: Path, clinical_index: Path, folder: Path) -> dict[str, Path]:
    """Write the tables that `clinical_index` describes into `folder`; return the files to serve by their key.

    A column that it describes and that is unknown here is null. Files that are in `folder` already are kept.
    """
    major = release.partition(".")[0]
    files: dict[str, Path] = {}
    with duckdb.connect() as connection:
        connection.execute("create macro draw(uid, kind, k) as (md5_number_lower(kind || uid) % k)::bigint")
        connection.execute(
            "create table patient as select distinct collection_id, PatientID, collection_id || PatientID as uid"
            f" from read_parquet({literal(str(idc_index))})"
        )
        tables = connection.execute(
            'select collection_id, short_table_name, list(distinct "column" order by "column")'
            f" from read_parquet({literal(str(clinical_index))}) group by all order by all"
        ).fetchall()
        for collection, table, columns in tables:
            (folder / table).mkdir(parents=True, exist_ok=True)
            values = ", ".join(f"{_VALUES.get(name, 'null::varchar')} as {quoted(name)}" for name in columns)
            for shard in range(_SHARDS):
                path = folder / table / f"{shard:012d}.parquet"
                files[f"bigquery_export/idc_v{major}_clinical/{table}/{path.name}"] = path
                if path.exists():
                    continue
                temporary = path.with_suffix(".tmp")
                connection.execute(
                    f"copy (select {values} from patient where collection_id = {literal(collection)}"
                    f" and draw(uid, 'shard', {_SHARDS}) = {shard} order by PatientID) to {literal(str(temporary))}"
                    " (format parquet, kv_metadata {synthetic: 'true'})"
                )
                temporary.replace(path)
    return files


class ClinicalBucket:
    """Serves files by key as a public S3 bucket does; what a file holds when it is asked for is what counts."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    def place_of(self, request: Request) -> str:
        """Return `listing` or `clinical_table`."""
        return "listing" if request.path == "/" else "clinical_table"

    def handle(self, request: Request) -> Reply:
        """Return a page of the listing, an object, or the 404 of the object store."""
        places = frozenset({self.place_of(request)})
        if request.path == "/":
            return self._page(request.query.get("prefix", ""), request.query.get("continuation-token", ""), places)
        path = self._files.get(request.path[1:])
        if path is None:
            text = "<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code></Error>"
            return Reply(404, text.encode(), "application/xml", places=places)
        headers = {"ETag": f'"{_md5(path)}"', "Accept-Ranges": "bytes"}
        return Reply(200, FileSlice(path, 0, path.stat().st_size), "application/octet-stream", headers, places)

    def _page(self, prefix: str, token: str, places: frozenset[str]) -> Reply:
        keys = sorted(key for key in self._files if key.startswith(prefix) and key > token)
        page, more = keys[:_OBJECTS_OF_A_PAGE], len(keys) > _OBJECTS_OF_A_PAGE
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><ETag>&quot;{_md5(self._files[key])}&quot;</ETag>"
            f"<Size>{self._files[key].stat().st_size}</Size></Contents>"
            for key in page
        )
        following = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        text = (
            "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>"
            f"<Prefix>{escape(prefix)}</Prefix><KeyCount>{len(page)}</KeyCount>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{contents}{following}</ListBucketResult>"
        )
        return Reply(200, text.encode(), "application/xml", places=places)


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
