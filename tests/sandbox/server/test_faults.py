from __future__ import annotations

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.sandbox.conftest import Guppy
from tests.support.marks import later
from warehouse.sandbox.guppy.changes import DataChange
from warehouse.sandbox.server import Sandbox
from warehouse.sandbox.server.faults import Fault, Kind, Place

PAGE = '{ data_file(first: 50, offset: 0, sort: {_data_file_id: "asc"}) { _data_file_id } }'
COUNT = "{ _aggregation { data_file { _totalCount } } }"
HISTOGRAM = "{ _aggregation { data_file { data_format { histogram { key count } } } } }"


def ask(sandbox: Sandbox, place: Place) -> requests.Response:
    """Send the request that belongs to a place."""
    portal = Guppy(sandbox.portal_url)
    queries: dict[str, str] = {
        "mapping": "{ _mapping { data_file } }",
        "introspection": "{ __schema { types { name } } }",
        "count": COUNT,
        "histogram": HISTOGRAM,
        "page": PAGE,
        "last_page": '{ data_file(first: 50, offset: 0, sort: {_data_file_id: "desc"}) { _data_file_id } }',
    }
    paths: dict[str, str] = {
        "status": "/guppy/_status",
        "version": "/guppy/_version",
        "indexd": "/index/_stats",
        "metadata": "/mds/metadata?limit=5&data=true",
    }
    if place in queries:
        return portal.post(queries[place])
    if place == "download":
        return requests.post(f"{portal.url}/download", json={"type": "case", "fields": ["_case_id"]}, timeout=9)
    return requests.get(sandbox.portal_url + paths[place], timeout=9)


PLACES: list[Place] = [
    *("status", "version", "mapping", "introspection", "count", "histogram", "page", "last_page"),
    *("download", "indexd", "metadata"),
]
ANY_HTTP: list[Kind] = [
    *("too_many_requests", "server_error", "connection_reset", "hang", "truncated_json", "truncated_body"),
    *("html_ok", "html_forbidden"),
]
GRAPHQL: list[Kind] = ["graphql_errors", "partial_data", "request_timed_out"]


def is_spoiled(sandbox: Sandbox, place: Place, kind: Kind) -> bool:
    """Return whether the reply shows a fault of this kind."""
    if kind in ("connection_reset", "hang", "truncated_body"):
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            ask(sandbox, place)
        return True
    response = ask(sandbox, place)
    if kind == "truncated_json":
        with pytest.raises(json.JSONDecodeError):
            json.loads(response.text)
        return response.status_code == 200
    if kind in GRAPHQL:
        return response.status_code == 200 and bool(response.json()["errors"])
    status = {"too_many_requests": 429, "server_error": 503, "html_ok": 200, "html_forbidden": 403}[kind]
    return response.status_code == status and "html" in response.headers["Content-Type"]


@pytest.mark.parametrize(
    "place", [place if place in ("status", "histogram", "download", "indexd") else later(place) for place in PLACES]
)
def test_every_kind_of_fault_occurs_once_in_its_place(sandbox: Sandbox, place: Place) -> None:
    good = ask(sandbox, place).json()
    graphql = place in ("mapping", "introspection", "count", "histogram", "page", "last_page")
    kinds: list[Kind] = [*ANY_HTTP, *GRAPHQL] if graphql else ANY_HTTP
    for kind in kinds:
        sandbox.faults.add(Fault(kind=kind, place=place, service="portal", seconds=0.1))
        assert is_spoiled(sandbox, place, kind), kind
        assert sandbox.faults.active() == []
        assert ask(sandbox, place).json() == good, kind
        assert sandbox.requests.entries()[-2].fault == kind
        sandbox.faults.clear()


def test_no_download_is_left_behind(sandbox: Sandbox) -> None:
    for kind in ("server_error", "connection_reset", "truncated_json", "truncated_body"):
        sandbox.faults.add(Fault(kind=kind, place="download"))
        with contextlib.suppress(requests.RequestException):
            ask(sandbox, "download")
    assert ask(sandbox, "download").status_code == 200
    assert not list(sandbox.folder.glob("running-*/download-*"))


def test_a_fault_affects_only_the_requests_that_it_names(sandbox: Sandbox, portal: Guppy, hub: Guppy) -> None:
    sandbox.faults.add(Fault(kind="server_error", place="count", service="portal", record_type="case", at=2, times=2))
    statuses = []
    for guppy, record_type in ((hub, "subject"), (portal, "data_file"), *[(portal, "case")] * 4):
        query = f"{{ _aggregation {{ {record_type} {{ _totalCount }} }} }}"
        statuses.append(guppy.post(query).status_code)
    assert statuses == [200, 200, 200, 503, 503, 200]


def test_a_fault_without_an_end_stays(sandbox: Sandbox, portal: Guppy) -> None:
    sandbox.faults.add(Fault(kind="server_error", place="page", times=None, status=500))
    assert {portal.post(PAGE).status_code for _ in range(5)} == {500}
    assert portal.post(COUNT).status_code == 200
    assert len(sandbox.faults.active()) == 1


def test_too_many_requests_has_a_retry_after(sandbox: Sandbox, portal: Guppy) -> None:
    sandbox.faults.add(Fault(kind="too_many_requests", seconds=3))
    assert portal.post(COUNT).headers["Retry-After"] == "3"


def test_without_the_authorisation_service_a_private_guppy_is_empty_without_an_error(
    sandbox: Sandbox, portal: Guppy, hub: Guppy
) -> None:
    total = hub.total("subject")
    sandbox.faults.add(Fault(kind="authorisation_outage", times=None))
    assert portal.total("data_file") == 0
    assert portal.rows("data_file", "_data_file_id") == []
    assert portal.histogram("data_file", "data_format") == []
    assert requests.post(f"{portal.url}/download", json={"type": "case", "fields": ["sex"]}, timeout=9).json() == []
    assert hub.total("subject") == total


def test_the_last_page_is_the_one_with_the_greatest_id(sandbox: Sandbox, portal: Guppy) -> None:
    total = portal.total("data_file")
    sandbox.faults.add(Fault(kind="authorisation_outage", place="last_page"))
    pages = [len(portal.rows("data_file", "_data_file_id", first=500, offset=start)) for start in range(0, total, 500)]
    assert pages[:-1] == [500] * (len(pages) - 1)
    assert pages[-1] == 0


def test_partial_data_names_the_lost_rows(sandbox: Sandbox, portal: Guppy) -> None:
    sandbox.faults.add(Fault(kind="partial_data", place="page"))
    content = portal.post(PAGE).json()
    lost = [position for position, row in enumerate(content["data"]["data_file"]) if row is None]
    assert lost == list(range(25, 50))
    assert [error["path"] for error in content["errors"]] == [["data_file", position] for position in lost]


def test_data_that_changes_between_two_pages(sandbox: Sandbox, portal: Guppy) -> None:
    before = {
        row["_data_file_id"]: row["submitter_id"] for row in portal.rows("data_file", "_data_file_id submitter_id")
    }
    change = DataChange("data_file", removed=5, added=3, changed=2)
    sandbox.faults.add(Fault(kind="data_change", place="page", at=2, change=change))
    assert len(portal.rows("data_file", "_data_file_id")) == len(before)
    after = {
        row["_data_file_id"]: row["submitter_id"] for row in portal.rows("data_file", "_data_file_id submitter_id")
    }
    assert len(before.keys() - after.keys()) == 5
    assert len(after.keys() - before.keys()) == 3
    assert sum(1 for key in before.keys() & after.keys() if before[key] != after[key]) == 2
    assert portal.total("data_file") == len(after)
    indices = requests.get(f"{portal.url}/_status", timeout=9).json()["indices"]
    assert indices["midrc_data_file_42"]["aliases"].keys() == {"midrc_data_file", "time_20260212T202640Z"}
    assert "midrc_data_file_41" not in indices


def test_data_that_changes_in_place_keeps_the_name_of_the_index(sandbox: Sandbox, portal: Guppy) -> None:
    total = portal.total("case")
    sandbox.portal.change_data(DataChange("case", added=4, rebuilt=False))
    assert portal.total("case") == total + 4
    assert "midrc_case_41" in requests.get(f"{portal.url}/_status", timeout=9).json()["indices"]
    ids = [row["_case_id"] for row in portal.rows("case", "_case_id")]
    assert ids == sorted(set(ids))
    assert len(ids) == total + 4


def test_faults_changes_and_the_log_can_be_reached_over_http(sandbox: Sandbox, portal: Guppy) -> None:
    control = f"{sandbox.root_url}/_sandbox"
    requests.post(f"{control}/faults", json={"kind": "server_error", "place": "count", "times": None}, timeout=9)
    assert requests.get(f"{control}/faults", timeout=9).json()[0]["place"] == "count"
    assert portal.post(COUNT).status_code == 503
    requests.delete(f"{control}/faults", timeout=9)
    total = portal.total("case")
    requests.post(f"{control}/changes", json={"service": "portal", "record_type": "case", "removed": 2}, timeout=9)
    assert portal.total("case") == total - 2
    drift = {"service": "portal", "record_type": "case", "change": "remove", "field": "zip"}
    requests.post(f"{control}/changes", json=drift, timeout=9)
    assert "zip" not in portal.ask("{ _mapping { case } }")["_mapping"]["case"]
    logged = requests.get(f"{control}/requests", timeout=9).json()
    assert [entry["kinds"] for entry in logged] == [["count"], ["count"], ["count"], ["mapping"]]
    later = requests.get(f"{control}/requests", params={"since": logged[-2]["number"]}, timeout=9).json()
    assert later == logged[-1:]
    requests.delete(f"{control}/requests", timeout=9)
    assert requests.get(f"{control}/requests", timeout=9).json() == []
    assert requests.get(f"{control}/manifest", timeout=9).json()["synthetic"] is True


def test_the_log_counts_what_is_in_flight(sandbox: Sandbox, portal: Guppy) -> None:
    sandbox.faults.add(Fault(kind="request_timed_out", place="count", times=None, seconds=0.5))
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: portal.post(COUNT), range(6)))
    assert sandbox.requests.most_in_flight("portal") == 3
    assert sandbox.requests.most_in_flight("bih") == 0
    entries = sandbox.requests.entries("portal", "count")
    assert len(entries) == 6
    assert all(entry.status == 200 and entry.bytes_sent > 0 and entry.seconds >= 0.5 for entry in entries)
    assert {tuple(entry.record_types) for entry in entries} == {("data_file",)}
