"""HTTP for every source: how to ask politely, when to try again, how a large file gets to disk whole.

`requester` sends every request of the project, `retry` decides when one is sent again. `client` is for small requests
and downloads, `warehouse.sources.gen3.transport` for the services of a Gen3 commons; both use these two. What the bytes
mean belongs to the module of the source.
"""

from __future__ import annotations

from warehouse.sources.http.body import refuse_web_page
from warehouse.sources.http.client import Client, ExpectedDigest
from warehouse.sources.http.errors import NotFound

__all__ = ["Client", "ExpectedDigest", "NotFound", "refuse_web_page"]
