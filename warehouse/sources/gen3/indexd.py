"""Indexd, the file registry of a Gen3 commons: how many files and bytes it counts.

Address and form: `GET /index/_stats` returns `{"fileCount": 637431, "totalFileSize":
12360285440149}`.
"""

from __future__ import annotations

import pyarrow as pa

from warehouse.errors import SourceError
from warehouse.sources.gen3.transport import Call, Transport, shortened

INDEXD_STATS = pa.schema(
    [pa.field("file_count", pa.int64(), nullable=False), pa.field("total_file_size", pa.int64(), nullable=False)]
)
"""Grain: one response of Indexd. `total_file_size` is in bytes."""


def fetch_stats(transport: Transport) -> pa.Table:
    """Return the number of files and of bytes that Indexd knows, as one row of `INDEXD_STATS`.

    Raises:
        SourceError: Indexd cannot be asked, or counts no files at all, which is not accepted.
    """
    answer = transport.fetch_json(Call("index/_stats", "the statistics of Indexd"))
    counts = [answer.get(name) if isinstance(answer, dict) else None for name in ("fileCount", "totalFileSize")]
    if not all(isinstance(count, int) and not isinstance(count, bool) and count > 0 for count in counts):
        raise SourceError(
            f"{transport.base_url}/index/_stats returns {shortened(str(answer))}: expected a fileCount and a "
            "totalFileSize above zero."
        )
    return pa.Table.from_pylist([{"file_count": counts[0], "total_file_size": counts[1]}], schema=INDEXD_STATS)
