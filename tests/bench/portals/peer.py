"""`gen3` in a process of its own: download one type with all its fields, `python peer.py ENDPOINT TYPE`.

Needs `gen3` and nothing of this project. Prints, as the last line and in JSON: the release of the package, the records
that came, the seconds and the seconds of processor time of the download alone (without imports and without asking for
the names of the fields), and how it failed, if it did.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version

import requests
from gen3.query import Gen3Query  # type: ignore[import-not-found]
from requests.auth import AuthBase


class Anonymous(AuthBase):
    """An auth provider for `Gen3Query` without credentials: an endpoint, and requests left unsigned.

    `Gen3Auth` cannot stand here: without credentials it asks a token service, in its constructor.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Leave the request as it is."""
        return request


def fields_of(query: Gen3Query, data_type: str) -> list[str]:
    """Return the names of all fields of a type, dotted where they are nested."""
    return query.graphql_query(f"{{ _mapping {{ {data_type} }} }}")["data"]["_mapping"][data_type]


if __name__ == "__main__":
    endpoint, data_type = sys.argv[1:]
    query = Gen3Query(Anonymous(endpoint))
    fields = fields_of(query, data_type)
    records, failure = [], None
    started, processor = time.perf_counter(), time.process_time()
    try:
        records = query.raw_data_download(data_type=data_type, fields=fields)
    except (requests.RequestException, MemoryError) as error:
        failure = f"{type(error).__name__}: {error}"
    outcome = {
        "version": version("gen3"),
        "records": len(records),
        "seconds": time.perf_counter() - started,
        "processor_seconds": time.process_time() - processor,
        "failure": failure,
    }
    print("\n" + json.dumps(outcome))
