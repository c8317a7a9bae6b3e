"""A real S3 server on loopback (moto's), which misbehaves on demand, kills a process on demand, and remembers requests.

The bytes that it holds, the tags that it makes of them and the answers are moto's; what is added lies before it.
"""

from __future__ import annotations

import io
import os
import re
import signal
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from xml.sax.saxutils import escape

import boto3
from botocore.config import Config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

KEY_ID = "AKIDOFTHETESTS000001"
SECRET = "shown/nowhere+0123456789abcdefghijklmnop"


@dataclass
class StoreFault:
    """What goes wrong with the next `times` requests (None: with all) of a method for a name that ends like this.

    The answer has another status, with a body that repeats the key of who asks, as those of S3 do, or the `body` that
    is given; without a status, what is stored has one bit of the body turned.
    """

    method: str
    name: str = ""
    times: int | None = 1
    status: int | None = None
    code: str = "InternalError"
    body: str | None = None

    def meets(self, request: Request) -> bool:
        return self.times != 0 and request.method == self.method and request.path.endswith(self.name)


@dataclass(frozen=True)
class Seen:
    """One request: what was asked, with which headers, and the status of the answer."""

    method: str
    path: str
    headers: Mapping[str, str]
    status: int

    @property
    def name(self) -> str:
        """The object without its bucket."""
        return self.path.removeprefix("/").partition("/")[2]


@dataclass
class Kill:
    """Kill a process at the writing request with this number (from 0), before or after it was carried out."""

    process: int
    at: int
    carried_out: bool


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


class S3Store:
    """The server; `url` is its address. Each bucket is of one test: moto's state is that of this process."""

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.faults: list[StoreFault] = []
        self.kill: Kill | None = None
        self.writes = 0
        # As with keys of the customer: the tags in a listing say nothing of the bytes.
        self.has_opaque_tags = False
        self._lock = threading.Lock()
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def new_bucket(self) -> str:
        """Forget what was, and return the name of a bucket that is empty."""
        self.requests, self.faults, self.kill, self.writes = [], [], None, 0
        self.has_opaque_tags = False
        name = f"bucket-{uuid.uuid4().hex[:12]}"
        self.client.create_bucket(Bucket=name)
        self.requests.clear()
        return name

    @property
    def client(self) -> Any:
        """A client of the other make."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
            config=Config(proxies={}),
        )

    def objects(self, bucket: str) -> dict[str, bytes]:
        """Return all that is in a bucket."""
        client = self.client
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        names = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        return {name: client.get_object(Bucket=bucket, Key=name)["Body"].read() for name in names}

    def written(self) -> list[Seen]:
        """Return the requests that stored an object, or a part of one."""
        return [seen for seen in self.requests if seen.method == "PUT" and seen.status == 200]

    def downloaded(self, bucket: str, folder: Path) -> Path:
        """Write all that is in a bucket into a folder."""
        for name, content in self.objects(bucket).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        with self._lock:
            fault = next((fault for fault in self.faults if fault.meets(request)), None)
            if fault is not None and fault.times is not None:
                fault.times -= 1
            kill = None
            if request.method in ("PUT", "POST", "DELETE"):
                kill = self.kill if self.kill is not None and self.kill.at == self.writes else None
                self.writes += 1
        if kill is not None and not kill.carried_out:
            os.kill(kill.process, signal.SIGKILL)
            return Response(status=500)(environ, start)
        response = self._response(request, fault)
        with self._lock:
            headers = dict(request.headers.items())
            self.requests.append(Seen(request.method, request.path, headers, response.status_code))
        if kill is not None:
            os.kill(kill.process, signal.SIGKILL)
        return response(environ, start)

    def _response(self, request: Request, fault: StoreFault | None) -> Response:
        if fault is not None and fault.status is not None:
            request.get_data()
            asked = escape(request.headers.get("Authorization", ""))
            body = f"<Error><Code>{fault.code}</Code><Message>{asked}</Message><Key>{KEY_ID}</Key></Error>"
            body = body if fault.body is None else fault.body
            return Response(body, status=fault.status, content_type="application/xml")
        environ = request.environ
        if fault is not None:
            content = bytearray(request.get_data())
            content[len(content) // 2] ^= 1
            environ = environ | {"wsgi.input": io.BytesIO(bytes(content)), "CONTENT_LENGTH": str(len(content))}
        response = Response.from_app(self._moto, environ)
        if self.has_opaque_tags and "list-type" in request.args:
            response.set_data(re.sub(rb"<ETag>.*?</ETag>", b"<ETag>0123</ETag>", response.get_data()))
        return response


def environment(store: S3Store, home: Path, **more: str) -> dict[str, str]:
    """Return the variables of a process whose keys are those of the tests, and nobody else's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ICW_PUBLISH"))}
    return kept | {
        # Where the files of AWS would be.
        "HOME": str(home),
        "NO_PROXY": "127.0.0.1",
        "AWS_ENDPOINT_URL": store.url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        **more,
    }


@dataclass(frozen=True)
class Place:
    """A bucket of its own for a test, and the address of a prefix in it."""

    store: S3Store
    bucket: str
    url: str

    def objects(self) -> dict[str, bytes]:
        """Return the objects below the prefix, by their names relative to it."""
        prefix = self.url.removeprefix(f"s3://{self.bucket}").strip("/")
        return {name.removeprefix(f"{prefix}/"): content for name, content in self.store.objects(self.bucket).items()}
