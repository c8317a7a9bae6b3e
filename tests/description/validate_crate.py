"""Validate a folder as an RO-Crate without a network; runs in the environment of roc-validator, not in the project's.

    python validate_crate.py CONTEXT CACHE FOLDER

CONTEXT is the JSON-LD context of RO-Crate 1.2. The validator fetches it by its address; what it has in its cache it
does not fetch, so the context is put there first. The report is CACHE.json.
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

ADDRESS = "https://w3id.org/ro/crate/1.2/context"


def seed(context: Path, cache: Path) -> None:
    from requests import PreparedRequest, Response
    from requests.adapters import HTTPAdapter
    from requests_cache import CachedSession  # pyright: ignore[reportMissingImports]
    from urllib3 import HTTPResponse

    class FromFile(HTTPAdapter):
        def send(self, request: PreparedRequest, *_: object, **__: object) -> Response:
            body = io.BytesIO(context.read_bytes())
            headers = {"Content-Type": "application/ld+json"}
            return self.build_response(request, HTTPResponse(body, headers, 200, preload_content=False))

    session = CachedSession(str(cache), backend="sqlite", expire_after=-1, allowable_methods=("GET",))
    session.mount("https://w3id.org/", FromFile())
    for headers in (None, {"Accept": "application/ld+json, application/json;q=0.5"}):
        session.get(ADDRESS, headers=headers).raise_for_status()


def main(context: str, cache: str, folder: str) -> int:
    seed(Path(context), Path(cache))
    command = [str(Path(sys.executable).with_name("rocrate-validator")), "-y", "--disable-color", "validate"]
    options = [
        "--offline",
        "--cache-path",
        cache,
        "-p",
        "ro-crate-1.2",
        "-np",
        "-l",
        "required",
        "--no-paging",
        "-f",
        "json",
        "-o",
        f"{cache}.json",
    ]
    return subprocess.run([*command, *options, folder], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
