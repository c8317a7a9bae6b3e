"""What a script can make of a good reply of the small Guppy: each function turns a reply into what is sent instead."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Reply:
    """An answer before it is written."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


def as_json(status: int, content: Any) -> Reply:
    return Reply(status, json.dumps(content).encode())


def too_many(seconds: float) -> Callable[[Reply], Reply]:
    return lambda reply: Reply(429, b"<html>slow down</html>", "text/html", {"Retry-After": f"{seconds:g}"})


def status(code: int, text: str = "<html><title>trouble</title></html>") -> Callable[[Reply], Reply]:
    return lambda reply: Reply(code, text.encode(), "text/html")


def reset(reply: Reply) -> None:
    return None


def truncated(reply: Reply) -> Reply:
    return Reply(reply.status, reply.body[: len(reply.body) // 2])


def cut_off(reply: Reply) -> Reply:
    return Reply(reply.status, reply.body[: len(reply.body) // 2], length=len(reply.body))


def errors(message: str, code: str = "INTERNAL_SERVER_ERROR") -> Callable[[Reply], Reply]:
    return lambda reply: as_json(
        200, {"errors": [{"message": message, "extensions": {"code": code}}], "data": {"x": None}}
    )


def partial(reply: Reply) -> Reply:
    return as_json(200, {"data": {name: None for name in json.loads(reply.body).get("data", {"x": 1})}})


def edited(edit: Callable[[Any], Any]) -> Callable[[Reply], Reply]:
    def act(reply: Reply) -> Reply:
        return as_json(reply.status, edit(json.loads(reply.body)))

    return act
