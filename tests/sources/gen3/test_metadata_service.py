"""A metadata service whose list does not end."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler

import pytest

from tests.support.loopback import Loopback
from warehouse.errors import SourceError
from warehouse.settings import Settings
from warehouse.sources.gen3.metadata_service import _guids, _records
from warehouse.sources.gen3.transport import Transport


@pytest.mark.parametrize("data", ["true", None])
def test_a_metadata_service_that_does_not_page_ends(data: str | None) -> None:
    """A server that ignores `offset` gives its first page for ever."""
    with Loopback() as server:
        answer = server._answer
        records = '{"a": {}, "b": {}}' if data else '["a", "b"]'

        def same_page(handler: BaseHTTPRequestHandler) -> None:
            handler.path = "/mds/metadata"
            answer(handler)

        server._answer = same_page  # type: ignore[method-assign]
        server.serve("/mds/metadata", records)
        transport = Transport(server.url, Settings(retries=0))
        with pytest.raises(SourceError, match="does not page, so its list has no end"):
            (_records if data else _guids)(transport)
        assert len(server.requests) == 2
