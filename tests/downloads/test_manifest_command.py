"""`icw manifest` as it is called: what each form lists, by which key, and what is told of what it cannot list."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dagster_project.cli import app
from warehouse.answers.record import Citation
from warehouse.downloads.choosing import chosen_by
from warehouse.downloads.forms import FORMS, ManifestName
from warehouse.errors import NotCitable, UsageError
from warehouse.snapshots.catalog import Snapshot

ALL = "select series_key from fct_series"


def call(published: Snapshot, form: str, sql: str, *options: str) -> Result:
    home = str(published.folder.parent.parent)
    command = ["manifest", "--for", form, "--sql", sql, *options]
    done = CliRunner().invoke(app, command, env={"ICW_HOME": home}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def test_series_of_idc_are_copied_from_its_buckets(published: Snapshot) -> None:
    done = call(published, "s5cmd", f"{ALL} where series_key in (2, 1, 201)")
    assert done.stdout.splitlines() == [f"cp s3://idc-open-data/{uuid(number)}/* ." for number in (1, 2)]
    assert "series: 2, instances: 20, size: 3.0 MB\n" in done.stderr
    assert "NOT LISTED: 1 of the 3 different series_key are not in the public buckets of IDC." in done.stderr


def test_idc_download_takes_identifiers_with_commas(published: Snapshot) -> None:
    done = call(published, "idc", "select series_instance_uid from fct_series where series_key < 4")
    assert done.stdout == "1.2.3.1,1.2.3.2,1.2.3.3\n"
    assert "NOT LISTED" not in done.stderr


def test_more_identifiers_than_fit_a_command_line_are_told(
    published: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "command line" not in call(published, "idc", ALL).stderr
    monkeypatch.setattr("dagster_project.manifest_command._FIT_A_COMMAND_LINE", 9)
    assert "10 identifiers may not fit into a command line" in call(published, "idc", ALL).stderr


def test_files_of_the_portal_are_listed_for_gen3(published: Snapshot) -> None:
    done = call(published, "gen3", "select file_key from fct_file where file_key <> 1004")
    entries = json.loads(done.stdout)
    assert entries == [
        {
            "object_id": f"dg.MD1R/{uuid(number)}",
            "file_name": f'a "file" {number}.zip',
            "file_size": None if number == 3 else 500 + number,
            "md5sum": "ab" * 16,
            "commons_url": "data.midrc.org",
        }
        for number in (1, 2, 3)
    ]
    assert "The size of 1 of them is not known." in done.stderr
    assert "NOT LISTED: 1 of the 4 different file_key have no file that a portal lists" in done.stderr
    assert "MIDRC Data Use" in done.stderr
    assert "Read the agreement" in done.stderr
    of_series = json.loads(call(published, "gen3", f"{ALL} where source_id = 'midrc'").stdout)
    assert of_series == entries[:2]


def test_identifiers_of_both_platforms_are_compact_ones(published: Snapshot) -> None:
    done = call(published, "drs", f"{ALL} where series_key in (1, 2, 101, 102, 103)")
    # The hub names the first series, too: one identifier, one line.
    assert done.stdout.splitlines() == [f"drs://dg.4DFC:{uuid(number)}" for number in (1, 2)]
    assert "NOT LISTED: 2 of the 5 different series_key have no identifier with a registered prefix." in done.stderr
    of_files = call(published, "drs", "select object_id from fct_file")
    assert of_files.stdout.splitlines() == [f"drs://dg.MD1R:{uuid(number)}" for number in (1, 2, 3, 4)]
    assert "NOT LISTED: 1 row of the query without object_id." in of_files.stderr


def test_a_table_has_every_record_that_is_chosen(published: Snapshot) -> None:
    rows = list(csv.DictReader(call(published, "csv", ALL).stdout.splitlines()))
    assert len(rows) == 15
    assert {row["collection_id"] for row in rows} == {"lung's", "lung", "Open-A1"}
    files = list(csv.DictReader(call(published, "csv", "select file_id, 1 as n from fct_file").stdout.splitlines()))
    assert [row["file_name"] for row in files] == [f'a "file" {number}.zip' for number in range(1, 6)]


@pytest.mark.parametrize("end", ["", ";", " ; -- all\n", " -- all; é", "\n/* ; */", " -- é\n;;"])
@pytest.mark.parametrize(
    "query", [f"{ALL} where series_key = 1 and modality <> 'é;'", "from (values (1)) as t(series_key)"]
)
def test_however_a_query_ends_it_is_one(published: Snapshot, query: str, end: str) -> None:
    assert call(published, "s5cmd", query + end).stdout == f"cp s3://idc-open-data/{uuid(1)}/* .\n"


def test_the_same_record_chosen_twice_is_one_line(published: Snapshot) -> None:
    twice = f"{ALL} where series_key = 1 union all {ALL} where series_key < 3 union all select null"
    done = call(published, "s5cmd", twice)
    assert len(done.stdout.splitlines()) == 2
    assert "NOT LISTED: 1 row of the query without series_key." in done.stderr


def test_the_finest_key_chooses(published: Snapshot) -> None:
    with chosen_by(published, "select series_instance_uid, series_key, object_id from fct_series", "csv") as found:
        assert (found.key, found.kind) == ("object_id", "files")
    with chosen_by(published, "select series_instance_uid, series_key from fct_series", "csv") as found:
        assert (found.key, found.kind) == ("series_key", "series")


@pytest.mark.parametrize("name", list(FORMS))
def test_a_query_without_a_key_is_told_which_it_needs(published: Snapshot, name: ManifestName) -> None:
    asked = "select modality, count(*) as n from fct_series group by all"
    with pytest.raises(UsageError) as refused, chosen_by(published, asked, name):
        pass
    assert f"A manifest for {name} needs a query that returns one of the columns " in str(refused.value)
    assert ", ".join(FORMS[name].keys) in str(refused.value)
    assert "this one returns modality, n." in str(refused.value)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select series_key from fct_serie", "fct_serie"),
        ("select 1 as series_key; select 2 as series_key", "One SQL statement at a time"),
        ("create table t as select 1 as series_key", "read-only"),
        ("select 'CT' as series_key", "Cannot compare values of type BIGINT and VARCHAR"),
        (f"{ALL} where source_id = 'midrc'", "which are not in the public buckets of IDC"),
        (f"{ALL} where false", "the query returns no series_key."),
    ],
)
def test_what_cannot_be_listed_is_a_sentence(published: Snapshot, tmp_path: Path, sql: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        call(published, "s5cmd", sql, "--output", str(tmp_path / "manifest.txt"))
    assert list(tmp_path.iterdir()) == []


def test_totals_are_told_to_programs_beside_a_file(published: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "manifest.txt"
    totals = json.loads(call(published, "s5cmd", ALL, "--output", str(path), "--json").stdout)
    assert len(path.read_text().splitlines()) == totals["records"] == 10
    assert (totals["chosen"], totals["missing"], totals["instances"], totals["bytes"]) == (15, 5, 100, 55_000_000)
    licenses = [
        (entry["license_id"], entry["commercial_use_allowed"], entry["records"]) for entry in totals["licenses"]
    ]
    assert licenses == [("CC-BY-4.0", True, 7), ("CC-BY-NC-4.0", False, 3)]
    assert sum(entry["bytes"] for entry in totals["licenses"]) == totals["bytes"]
    with pytest.raises(UsageError, match="name a file"):
        call(published, "s5cmd", ALL, "--json")


def test_records_without_a_licence_are_counted(published: Snapshot) -> None:
    with chosen_by(published, f"{ALL} where source_id = 'bih'", "csv") as choice:
        found = choice.totals()
    assert [(entry.license_id, entry.records) for entry in found.licenses] == [(None, 3)]
    assert (found.records, found.bytes, found.without_size) == (3, 0, 3)


def test_of_a_query_that_returns_other_rows_each_time_the_totals_are_those_of_the_manifest(
    published: Snapshot, tmp_path: Path
) -> None:
    path = tmp_path / "manifest.csv"
    asked = f"{ALL} where source_id = 'idc' and random() < 0.5 union all {ALL} where series_key = 1"
    for _ in range(5):
        totals = json.loads(call(published, "csv", asked, "--output", str(path), "--json").stdout)
        rows = list(csv.DictReader(path.read_text().splitlines()))
        assert (len(rows), sum(int(row["size_bytes"]) for row in rows)) == (totals["records"], totals["bytes"])
    with pytest.raises(NotCitable):
        call(published, "csv", asked, "--cite")


def test_the_collections_of_what_is_listed_are_told_with_their_dois(published: Snapshot, tmp_path: Path) -> None:
    asked = f"{ALL} where series_key in (1, 3, 101, 201)"
    told = call(published, "csv", asked).stderr
    assert "collections: 3; DOIs: 10.5281/results, 10.60701/open-a1, 10.7937/lung; 1 series state no DOI" in told
    totals = json.loads(call(published, "csv", asked, "--output", str(tmp_path / "list.csv"), "--json").stdout)
    assert [(one["source_id"], one["records"], one["dois"]) for one in totals["collections"]] == [
        ("bih", 1, []),
        ("idc", 2, ["10.5281/results", "10.7937/lung"]),
        ("midrc", 1, ["10.60701/open-a1"]),
    ]
    assert sum(one["bytes"] for one in totals["collections"]) == totals["bytes"]


def test_an_older_snapshot_lists_what_it_can_and_says_what_it_cannot(of_before_identifiers: Snapshot) -> None:
    assert len(call(of_before_identifiers, "s5cmd", ALL).stdout.splitlines()) == 10
    assert len(call(of_before_identifiers, "csv", ALL).stdout.splitlines()) == 16
    with pytest.raises(UsageError, match="has no column drs_uri in fct_series, which a manifest for drs by series_key"):
        call(of_before_identifiers, "drs", ALL)


@pytest.mark.parametrize(
    ("query", "collections"),
    [
        (f"{ALL} where series_key = 3", {"lung's"}),
        (f"{ALL} where modality = 'CT'", {"lung's", "lung"}),
        ("with few as (from fct_series where source_id = 'midrc') select series_key from few", {"Open-A1"}),
        (
            "select s.series_key from fct_series s where s.series_instance_uid in"
            " (select series_instance_uid from fct_series where source_id = 'bih') and s.source_id = 'idc'",
            {"lung's"},
        ),
        (f"{ALL} order by size_bytes desc nulls last, series_key limit 2", {"lung's"}),
        ("select file_key from fct_file where file_key < 1003", {"Open-A1"}),
    ],
)
def test_a_citation_names_exactly_the_collections_that_are_listed(
    published: Snapshot, tmp_path: Path, query: str, collections: set[str]
) -> None:
    call(published, "csv", query, "--output", str(tmp_path / "list.csv"), "--cite")
    citation = Citation.model_validate_json((tmp_path / "list.csv.citation.json").read_text())
    assert {entry.collection_id for entry in citation.collections} == collections
    assert citation.collections_are_exact
    assert "at most" not in citation.paragraph
    listed = {row["collection_id"] for row in csv.DictReader((tmp_path / "list.csv").read_text().splitlines())}
    assert listed == collections


def test_the_dois_and_licences_of_a_citation_are_those_of_the_records(published: Snapshot, tmp_path: Path) -> None:
    call(published, "s5cmd", f"{ALL} where series_key = 1", "--output", str(tmp_path / "list"), "--cite")
    citation = Citation.model_validate_json((tmp_path / "list.citation.json").read_text())
    (entry,) = citation.collections
    assert entry.dois == ("10.5281/results",)
    assert [licence.id for licence in entry.licences] == ["CC-BY-4.0"]


def test_a_manifest_can_be_cited(published: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "manifest.txt"
    call(published, "s5cmd", ALL, "--output", str(path), "--cite")
    citation = Citation.model_validate_json((tmp_path / "manifest.txt.citation.json").read_text())
    assert citation.result.rows == 10
    assert ALL in citation.question
