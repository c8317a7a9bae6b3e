"""The cells of the matrix of faults of a portal: what goes wrong, and at which question of the client.

A place is one of the issue's words; `PLACES` says which questions of the client belong to it, in the names that the
small portal gives them. Questions that are asked in odd circumstances only need a portal that brings those about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.guppy.faults import Reply, cut_off, errors, partial, reset, status, too_many, truncated
from tests.support.guppy.server import GuppyServer

Act = Callable[[Reply], Reply | None]

KINDS: dict[str, tuple[Act, str]] = {
    "429": (too_many(0.01), "http_429"),
    "500": (status(500), "http_500"),
    "502": (status(502), "http_502"),
    "503": (status(503), "http_503"),
    "504": (status(504), "http_504"),
    "reset": (reset, "connection"),
    "truncated_json": (truncated, "truncated"),
    "cut_off_body": (cut_off, "connection"),
    "html_200": (status(200, "<html><title>Request Rejected</title></html>"), "firewall_page"),
    "html_403": (status(403, "<html>Forbidden by policy</html>"), "firewall_page"),
    "redirect_to_a_login": (status(302), "http_302"),
}
"""Kinds of trouble that any address may give, and the reason under which a retry is counted."""

GRAPHQL_KINDS: dict[str, tuple[Act, str]] = {
    "graphql_errors": (errors("all shards failed"), "graphql_error"),
    "timed_out": (errors("Request timed out"), "upstream_timeout"),
    "partial_data": (partial, "partial_data"),
}
"""Kinds that are answers of GraphQL and of nothing else."""

PLACES: dict[str, tuple[str, ...]] = {
    "discovery": ("status", "introspection", "mapping", "probe"),
    "count": ("totals", "cardinality", "ranges"),
    "histogram": ("figures", "census", "pieces"),
    "page": ("page",),
    "last page": ("last_page", "last_download"),
    "download": ("download",),
    "Indexd": ("indexd",),
    "version": ("version",),
    "metadata service": ("mds",),
}

_NO_GRAPHQL = {"status", "download", "last_download", "indexd", "version", "mds"}


@dataclass(frozen=True)
class Cell:
    """One kind of fault at one question."""

    kind: str
    place: str
    question: str

    def __str__(self) -> str:
        return f"{self.kind}-{self.place}-{self.question}"

    @property
    def worked_around(self) -> bool:
        """Whether the client has another way when this question is never answered.

        A census can be taken in pieces where the whole one fails, ranges of a number take the place of its pieces,
        and pages that of downloads; but a server that gives no answer at all is not asked for something else, and a
        slow one is asked for less.
        """
        reason = KINDS.get(self.kind, ("", ""))[1]
        if self.question in ("download", "last_download"):
            return reason not in ("connection", "http_504")
        return self.question in ("census", "pieces") and reason != "connection"


CELLS = [
    Cell(kind, place, question)
    for place, questions in PLACES.items()
    for question in questions
    for kind in (*KINDS, *(GRAPHQL_KINDS if question not in _NO_GRAPHQL else ()))
]


def bring_about(portal: GuppyServer, cell: Cell) -> None:
    """Make the portal one of which the question of a cell is asked at all."""
    match cell.question:
        case "mapping" | "probe":
            portal.introspection = False
        case "page" | "last_page":
            portal.on("download", status(404), times=None)
        case "pieces":
            portal.on("census", errors("too_many_buckets_exception"), times=None, type="case")
        case "ranges":
            for place in ("census", "measure"):
                portal.on(place, lambda reply: _without_ids(portal, reply), times=None, type="case")


def strike(portal: GuppyServer, cell: Cell, times: int | None) -> str:
    """Let the fault strike `times` answers (None: all) to the question; return the reason that retries are counted by.

    Call it after `bring_about`.
    """
    act, reason = {**KINDS, **GRAPHQL_KINDS}[cell.kind]
    match cell.question:
        case "last_page" | "last_download":
            greatest = max(doc["_case_id"] for doc in portal.types["case"].docs).encode()
            place = cell.question.removeprefix("last_")
            portal.on(place, _when(lambda reply: greatest in reply.body, act, times), times=None, type="case")
        case "pieces":
            portal.on("measure", _when(lambda reply: _lists_ids(portal, reply), act, times), times=None, type="case")
        case "ranges":
            portal.rules = [rule for rule in portal.rules if rule.place != "measure"]
            counted = _when(lambda reply: not _lists_ids(portal, reply), act, times)

            def refuse_or_strike(reply: Reply) -> Reply | None:
                return _without_ids(portal, reply) if _lists_ids(portal, reply) else counted(reply)

            portal.on("measure", refuse_or_strike, times=None, type="case")
        case question:
            portal.on(question, act, times=times)
    return reason


def _lists_ids(portal: GuppyServer, reply: Reply) -> bool:
    """Whether an answer is (a piece of) the histogram of an id of the cases."""
    return any(
        doc[name].encode() in reply.body for doc in portal.types["case"].docs for name in ("_case_id", "submitter_id")
    )


def _without_ids(portal: GuppyServer, reply: Reply) -> Reply:
    return errors("too_many_buckets_exception")(reply) if _lists_ids(portal, reply) else reply


def _when(condition: Callable[[Reply], bool], act: Act, times: int | None) -> Act:
    """Return what does `act` to the first `times` replies for which the condition holds."""
    left = [times]

    def chosen(reply: Reply) -> Reply | None:
        if left[0] == 0 or not condition(reply):
            return reply
        left[0] = None if left[0] is None else left[0] - 1
        return act(reply)

    return chosen
