from __future__ import annotations

import json
import socket

import pytest
import requests
from graphql import build_client_schema, get_introspection_query

from tests.sandbox.conftest import Guppy
from warehouse.sandbox.guppy.changes import SchemaChange
from warehouse.sandbox.guppy.schema import read_record_types
from warehouse.sandbox.server import Sandbox


def test_status_names_indices_aliases_and_lists(sandbox: Sandbox, portal: Guppy) -> None:
    found = requests.get(f"{portal.url}/_status", timeout=9).json()
    assert (found["statusCode"], found["warnings"], found["synthetic"]) == (200, None, True)
    indices = found["indices"]
    assert indices["midrc_case_41"] == {"aliases": {"midrc_case": {}, "time_20260211T202640Z": {}}}
    assert list(indices["midrc_case"]) == ["arrayFields"]
    assert {"dataset_submitter_id", "imaging_studies.study_modality"} <= set(indices["midrc_case"]["arrayFields"])
    assert indices["midrc_array-config_0"]["aliases"].keys() >= {"midrc_array-config"}
    assert requests.get(f"{portal.url}/_version", timeout=9).json()["version"] == "2026.07"


def test_an_index_without_lists_is_not_in_the_array_configuration(hub: Guppy) -> None:
    indices = requests.get(f"{hub.url}/_status", timeout=9).json()["indices"]
    assert "bih_dataset_41" in indices
    assert "bih_dataset" not in indices


def test_mapping_names_every_field_with_dots(portal: Guppy, hub: Guppy) -> None:
    for guppy, system in ((portal, "midrc_portal"), (hub, "bih")):
        for record_type in read_record_types(system):
            found = guppy.ask(f"{{ _mapping {{ {record_type.name} }} }}")["_mapping"][record_type.name]
            assert found == record_type.mapping()
    assert portal.ask('{ _mapping { case(searchInput: "zip") } }') == {"_mapping": {"case": ["zip"]}}


def test_introspection_gives_the_whole_schema(portal: Guppy) -> None:
    schema = build_client_schema(portal.ask(get_introspection_query()))
    case = schema.get_type("Case")
    assert case is not None
    fields = {name: str(field.type) for name, field in case.fields.items()}  # type: ignore[attr-defined]
    assert fields["sex"] == "String"
    assert fields["_imaging_studies_count"] == "Float"
    assert fields["license"] == "[String]"
    assert fields["imaging_studies"] == "[imaging_studies]"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ case { ", "GRAPHQL_PARSE_FAILED"),
        ("{ case { nope } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ case }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_documents_that_are_wrong_are_400(portal: Guppy, query: str, code: str) -> None:
    response = portal.post(query)
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == code


def test_introspection_takes_variables_and_mixes_with_data(portal: Guppy) -> None:
    query = (
        "query($n: String!) { __type(name: $n) { fields { name } } _mapping { case } case(first: 1) { __typename } }"
    )
    answer = portal.ask(query, n="Mapping")
    assert answer["__type"]["fields"][0] == {"name": "case"}
    assert list(answer) == ["__type", "_mapping", "case"]


@pytest.mark.parametrize(
    "body",
    [
        {"query": "mutation { case { sex } }"},
        {"query": "query A { case { sex } } query B { case { sex } }"},
        {"query": ""},
    ],
)
def test_what_is_no_single_query_is_refused(portal: Guppy, body: dict) -> None:
    response = requests.post(f"{portal.url}/graphql", json=body, timeout=9)
    assert response.status_code == 400
    assert response.json()["errors"]


def test_the_operation_can_be_named(portal: Guppy) -> None:
    body = {"query": "query A { case { sex } } query B { case(first: 2) { race } }", "operationName": "B"}
    rows = requests.post(f"{portal.url}/graphql", json=body, timeout=9).json()["data"]["case"]
    assert [list(row) for row in rows] == [["race"], ["race"]]


def test_the_depth_is_limited_to_ten(portal: Guppy) -> None:
    def nested(levels: int) -> str:
        return "{ " + "a { " * levels + "leaf" + " }" * levels + " }"

    refusal = "'' exceeds maximum operation depth of 10"
    assert refusal not in portal.post(nested(10)).text
    assert refusal in portal.post(nested(11)).text
    # Neither fragments nor introspection count.
    fragments = "{ " + "... on Query { " * 12 + "case(first: 1) { sex }" + " }" * 12 + " }"
    assert portal.post(fragments).status_code == 200
    introspection = "{ __schema { types { fields { type " + "{ ofType " * 12 + "{ name }" + " }" * 15 + " }"
    assert portal.post(introspection).status_code == 200


def test_bodies_that_are_wrong(portal: Guppy) -> None:
    url = f"{portal.url}/graphql"
    malformed = requests.post(url, data="{", headers={"Content-Type": "application/json"}, timeout=9)
    assert malformed.status_code == 400
    assert malformed.headers["Content-Type"].startswith("text/html")
    assert requests.post(url, json=[{"query": "{ case { sex } }"}], timeout=9).status_code == 400
    assert requests.get(url, params={"query": "{ case { sex } }"}, timeout=9).status_code == 400
    assert (
        requests.post(url, json={"query": "{ case { sex } }"}, headers={"Accept": "text/html"}, timeout=9).status_code
        == 406
    )
    large = requests.post(url, data=json.dumps({"query": " " * (51 * 2**20)}), timeout=30)
    assert large.status_code == 413
    assert "html" in large.headers["Content-Type"]


def test_nothing_is_compressed_and_everything_says_that_it_is_synthetic(sandbox: Sandbox, portal: Guppy) -> None:
    for response in (
        portal.post("{ case(first: 10000) { _case_id } }"),
        requests.get(f"{portal.url}/_status", timeout=9),
        requests.get(f"{sandbox.portal_url}/index/_stats", timeout=9),
        requests.get(f"{sandbox.portal_url}/mds/metadata", timeout=9),
        requests.get(f"{sandbox.portal_url}/nowhere", timeout=9),
    ):
        assert response.headers["X-Synthetic"] == "true"
        assert "Content-Encoding" not in response.headers


def download(portal: Guppy, **body: object) -> requests.Response:
    return requests.post(f"{portal.url}/download", json=body, timeout=30)


def test_a_download_is_json_of_all_rows_whatever_format_is_requested(portal: Guppy) -> None:
    fields = ["_case_id", "sex", "imaging_studies.study_uid", "imaging_studies.study_modality"]
    response = download(portal, type="case", fields=fields, format="csv", sort=[{"_case_id": "desc"}])
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    rows = {row["_case_id"]: row for row in response.json()}
    paged = portal.rows("case", "_case_id sex imaging_studies { study_uid study_modality }")
    assert list(rows) != sorted(rows, reverse=True)
    assert {key: (row.get("sex"), row.get("imaging_studies")) for key, row in rows.items()} == {
        row["_case_id"]: (row["sex"], row["imaging_studies"]) for row in paged
    }
    filtered = download(portal, type="case", fields=["sex"], filter={"=": {"sex": "Male"}}).json()
    assert filtered == [{"sex": "Male"}] * portal.total("case", {"=": {"sex": "Male"}})


def test_a_download_with_wrong_fields_or_filter(portal: Guppy) -> None:
    for wrong in ("nope", "imaging_studies"):
        response = download(portal, type="case", fields=["sex", wrong])
        assert response.status_code == 400
        assert response.headers["Content-Type"].startswith("text/html")
        assert response.text == f'Invalid fields: "{wrong}"'
    bad = download(portal, type="case", fields=["sex"], filter={">": {"sex": "A"}})
    assert bad.status_code == 500
    assert bad.json()


def test_booleans_stay_booleans_in_a_download(sandbox: Sandbox, portal: Guppy) -> None:
    sandbox.portal.change_schema(SchemaChange("case", "add", "consented", "boolean"))
    assert {row.get("consented") for row in download(portal, type="case", fields=["consented"]).json()} == {
        True,
        False,
        None,
    }


@pytest.mark.parametrize("body", [{"type": "nope"}, {}, {"fields": ["sex"]}])
def test_what_would_end_the_real_process_closes_the_connection(sandbox: Sandbox, portal: Guppy, body: dict) -> None:
    with pytest.raises(requests.ConnectionError):
        download(portal, **body)
    [entry] = sandbox.requests.harmful()
    assert "unknown type" in (entry.harmful or "")
    assert entry.status is None


def test_a_download_that_is_not_json_is_harmful(sandbox: Sandbox, portal: Guppy) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{portal.url}/download", data="type=case", timeout=9)
    assert len(sandbox.requests.harmful()) == 1


def test_what_cannot_be_held_is_an_empty_500_or_the_end(
    sandbox: Sandbox, portal: Guppy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.sandbox.guppy.service.MAX_TEXT", 1000)
    response = download(portal, type="case", fields=["_case_id"])
    assert (response.status_code, response.text) == (500, "{}")
    monkeypatch.setattr("warehouse.sandbox.guppy.service.MAX_HEAP_TEXT", 2000)
    with pytest.raises(requests.ConnectionError):
        download(portal, type="case", fields=["_case_id"])
    assert sandbox.requests.harmful()[0].harmful == "download beyond the heap"
    assert not list(sandbox.folder.glob("running-*/download-*"))


def test_connections_are_kept_alive(sandbox: Sandbox) -> None:
    with socket.create_connection(("127.0.0.1", int(sandbox.root_url.rpartition(":")[2]))) as connection:
        for _ in range(2):
            connection.sendall(b"GET /portal/index/_stats HTTP/1.1\r\nHost: x\r\n\r\n")
            received = b""
            while not received.endswith(b"}"):
                received += connection.recv(4096)
            assert received.startswith(b"HTTP/1.1 200")


def test_a_slow_or_curious_client_cannot_reach_further(sandbox: Sandbox) -> None:
    for path in ("/portal/guppy/nope", "/bih/index/_stats", "/idc/../portal", "/_sandbox/nope", "/"):
        assert requests.get(f"{sandbox.root_url}{path}", timeout=9).status_code == 404
