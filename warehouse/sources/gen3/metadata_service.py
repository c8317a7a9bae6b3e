"""The metadata service of a Gen3 commons: free-form records under GUIDs, paged.

Address and parameters: `GET /mds/metadata?limit=N&offset=M` returns GUIDs, with `data=true` the records by GUID.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pyarrow as pa

from warehouse.errors import SourceError
from warehouse.sources.gen3.transport import Call, Transport, shortened

MDS_METADATA = pa.schema(
    [
        pa.field("guid", pa.string(), nullable=False),
        pa.field("guid_type", pa.string()),
        pa.field("record", pa.string(), nullable=False),
    ]
)
"""Grain: one record. `guid_type` is its `_guid_type` (discovery metadata, for example); `record` is its JSON, keys
sorted."""

PAGE = 2000
"""Records a request: the most that the service returns; it may return fewer, so only an empty page ends the list."""

_TRIES = 3

_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


def fetch_metadata(transport: Transport) -> pa.Table:
    """Return every record of the metadata service as rows of `MDS_METADATA`, sorted by GUID.

    The list of GUIDs alone is requested as well: the service does not promise an order of its pages, so records are
    complete when both lists agree.

    Raises:
        SourceError: the service cannot be asked, or its two lists do not agree in three tries.
    """
    difference = ""
    for attempt in range(1, _TRIES + 1):
        records = _records(transport)
        guids = _guids(transport)
        if set(records) == guids:
            rows = [
                {
                    "guid": guid,
                    "guid_type": _type_of(record),
                    "record": _text(record),
                }
                for guid, record in sorted(records.items())
            ]
            return pa.Table.from_pylist(rows, schema=MDS_METADATA)
        difference = f"{len(records)} records for {len(guids)} GUIDs"
        if attempt < _TRIES:
            transport.pause(attempt, "moved", "the metadata service")
    raise SourceError(
        f"{transport.base_url}/mds/metadata returned {difference} in {_TRIES} tries. The last good load stays; run the "
        "refresh again later."
    )


def looks_unchanged(transport: Transport, last: pa.Table) -> bool:
    """Return whether the service holds as many records as `last`, and the same ones on its first page and at its end.

    Two requests in place of all pages. The service has no version, so this is no proof: use it only where nothing else
    in the commons has changed either.
    """
    known = dict(zip(last.column("guid").to_pylist(), last.column("record").to_pylist(), strict=True))
    if not known:
        return False
    end = _page(transport, len(known) - 1, 2)
    page = {**end, **_page(transport, 0, PAGE)}
    return len(end) == 1 and all(known.get(guid) == _text(record) for guid, record in page.items())


def _records(transport: Transport) -> dict[str, Any]:
    found: dict[str, Any] = {}
    offset = 0
    while page := _page(transport, offset, PAGE):
        if page.keys() <= found.keys():
            raise _endless(transport, offset)
        found.update(page)
        offset += len(page)
    return found


def _page(transport: Transport, offset: int, limit: int) -> dict[str, Any]:
    where = f"the records of the metadata service from {offset} on"
    call = Call("mds/metadata", where, params={"data": "true", "limit": limit, "offset": offset})
    page = transport.fetch_json(call)
    if not isinstance(page, dict):
        raise SourceError(
            f"{transport.base_url}/mds/metadata returns {shortened(str(page))} for {where}: expected records."
        )
    return page


def _guids(transport: Transport) -> set[str]:
    found: set[str] = set()
    offset = 0
    while True:
        where = f"the GUIDs of the metadata service from {offset} on"
        page = transport.fetch_json(Call("mds/metadata", where, params={"limit": PAGE, "offset": offset}))
        if not isinstance(page, list):
            raise SourceError(
                f"{transport.base_url}/mds/metadata returns {shortened(str(page))} for {where}: expected GUIDs."
            )
        if not page:
            return found
        guids = set(map(str, page))
        if guids <= found:
            raise _endless(transport, offset)
        found |= guids
        offset += len(page)


def _endless(transport: Transport, offset: int) -> SourceError:
    """Return the error for a page without new records: a server that ignores `offset` would return it for ever."""
    return SourceError(
        f"{transport.base_url}/mds/metadata returns from {offset} on what it has returned before: it does not page, so "
        "its list has no end. The last good load stays; run the refresh again later."
    )


def _text(record: Any) -> str:
    text = json.dumps(record, sort_keys=True, ensure_ascii=False)
    # A lone surrogate cannot be encoded as UTF-8; JSON has an escape for it.
    return json.dumps(record, sort_keys=True) if _LONE_SURROGATE.search(text) else text


def _type_of(record: Any) -> str | None:
    kind = record.get("_guid_type") if isinstance(record, dict) else None
    return None if kind is None else str(kind)
