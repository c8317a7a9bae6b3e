"""HTTP for every source: small requests, and downloads that resume.

What belongs here: how to ask, how long to wait, when to try again, how a large file gets to disk whole. What the
bytes mean belongs to the module of the source.
"""

from __future__ import annotations

from warehouse.sources.http.client import Client, ExpectedDigest, NotFound, refuse_web_page

__all__ = ["Client", "ExpectedDigest", "NotFound", "refuse_web_page"]
