"""Indexd, the file index of the portal: `GET /index/_stats`.

What belongs here: the number and the total size of the indexed files: every data file of the portal, and files that the
portal does not list.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from warehouse.sandbox.exchange import Reply, Request, html


class IndexdService:
    """Answers from the Parquet file of the index (columns `did` VARCHAR, `size` BIGINT in bytes)."""

    def __init__(self, register: Path) -> None:
        with duckdb.connect(":memory:") as connection:
            sql = "select count(*), coalesce(sum(size), 0)::bigint from read_parquet(?)"
            files, size = connection.execute(sql, [str(register)]).fetchall()[0]
        self._stats = {"fileCount": files, "totalFileSize": size}

    def handle(self, request: Request) -> Reply:
        """Return the reply to `GET /_stats`; anything else is not found."""
        if (request.method, request.path) != ("GET", "/_stats"):
            return html(404, "404 Not Found", "Not found")
        return Reply(200, json.dumps(self._stats).encode(), "application/json", places=frozenset({"indexd"}))
