"""The Gen3 metadata service of the portal: `GET /mds/metadata`.

What belongs here: paging through metadata records. Without `data=true` the answer is a list of GUIDs, with it an object
of records by GUID. `limit` is 10 by default and at most 2,000; `offset` counts from 0; the order is that of the GUIDs.

Not modelled: filters by the content of a record, aggregated metadata, writing.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from warehouse.sandbox.exchange import Reply, Request, html

DEFAULT_LIMIT = 10
MAX_LIMIT = 2_000


class MetadataService:
    """Answers from a Parquet file (columns `guid` VARCHAR and `record` VARCHAR, JSON; sorted by guid)."""

    def __init__(self, records: Path) -> None:
        self._records = records

    def handle(self, request: Request) -> Reply:
        """Return the reply to `GET /metadata`; anything else is not found."""
        if (request.method, request.path) != ("GET", "/metadata"):
            return html(404, "404 Not Found", "Not found")
        places = frozenset({"metadata"})
        try:
            limit = min(int(request.query.get("limit", DEFAULT_LIMIT)), MAX_LIMIT)
            offset = int(request.query.get("offset", 0))
            if limit < 0 or offset < 0:
                raise ValueError("negative")
        except ValueError:
            problem = {"detail": [{"loc": ["query", "limit"], "msg": "value is not a valid integer"}]}
            return Reply(422, json.dumps(problem).encode(), "application/json", places=places)
        with duckdb.connect(":memory:") as connection:
            sql = "select guid, record from read_parquet(?) order by guid limit ? offset ?"
            rows = connection.execute(sql, [str(self._records), limit, offset]).fetchall()
        if request.query.get("data", "").lower() in ("true", "1"):
            text = "{" + ",".join(f"{json.dumps(guid)}:{record}" for guid, record in rows) + "}"
        else:
            text = json.dumps([guid for guid, _ in rows])
        return Reply(200, text.encode(), "application/json", places=places)
