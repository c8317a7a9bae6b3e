"""Answers of GraphQL and the shape of their errors, as Apollo Server gives them.

What belongs here: the answer to a GraphQL request, and entries of `errors`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, GraphQLError


@dataclass(frozen=True)
class Answer:
    """An HTTP status and a JSON text, and the classification of the request.

    `places` are the kinds of query in it (see `warehouse.sandbox.server.faults`), `record_types` the types that it
    reads.
    """

    status: int
    text: str
    places: frozenset[str] = frozenset()
    record_types: frozenset[str] = frozenset()


def error_entry(
    message: str, code: str, path: list[str | int] | None = None, node: FieldNode | None = None
) -> dict[str, Any]:
    """Return one entry of `errors`, with the place in the query and in the answer where there is one."""
    entry: dict[str, Any] = {"message": message}
    if node is not None and node.loc is not None:
        start = node.loc.start_token
        entry["locations"] = [{"line": start.line, "column": start.column}]
    if path is not None:
        entry["path"] = path
    entry["extensions"] = {"code": code}
    return entry


def invalid_document(problems: list[GraphQLError], code: str) -> Answer:
    """Return the answer to a document that does not parse or validate."""
    errors = []
    for problem in problems:
        entry = error_entry(problem.message, code)
        if problem.locations:
            entry["locations"] = [{"line": place.line, "column": place.column} for place in problem.locations]
        errors.append(entry)
    return Answer(400, json.dumps({"errors": errors}))


def refusal(message: str, code: str) -> Answer:
    """Return the answer to a request that names no operation."""
    return Answer(400, json.dumps({"errors": [error_entry(message, code)]}))
