"""The query store: one record a question and snapshot, kept whole, never changed, read only as it was written."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from warehouse.answers import record, store
from warehouse.answers.citing import cited
from warehouse.answers.record import Citation
from warehouse.errors import IntegrityError, StorageError, UsageError, WarehouseError
from warehouse.settings import Settings
from warehouse.snapshots import catalog
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import AbsentPart

SQL = "select modality, count(*) as n from fct_series group by 1 order by n desc"


@pytest.fixture(scope="module")
def citation(published: Snapshot, settings: Settings) -> Citation:
    with cited(published, SQL, settings) as answer:
        return answer.citation


def test_the_record_says_what_was_asked_of_what(published: Snapshot, citation: Citation) -> None:
    series = next(table for table in published.manifest.tables if table.name == "fct_series")
    assert citation.question == SQL
    assert citation.normalised_sql.startswith("SELECT modality, count_star() AS n")
    assert [entry.tables_digest for entry in citation.snapshots] == [published.manifest.tables_digest]
    (table,) = citation.tables
    assert (table.name, table.columns, table.parquet_sha256) == ("fct_series", ("modality",), series.parquet_sha256)
    assert [(column.name, column.type) for column in citation.result.columns] == [
        ("modality", "VARCHAR"),
        ("n", "BIGINT"),
    ]
    assert (citation.result.rows, citation.result.is_ordered, citation.synthetic) == (4, True, False)
    assert citation.engine.startswith("DuckDB ")
    for part in (citation.id, citation.result.sha256, published.id, published.manifest.tables_digest):
        assert part in citation.paragraph


def test_the_same_question_is_the_same_citation_and_the_first_record_stays(
    published: Snapshot, settings: Settings, tmp_path: Path, citation: Citation
) -> None:
    first = store.keep(tmp_path, citation)
    before = store.path_of(tmp_path, first).read_bytes()
    later = citation.model_copy(update={"executed_at": citation.executed_at.replace(year=2031)}).sealed()
    assert store.keep(tmp_path, later) == first
    assert store.path_of(tmp_path, first).read_bytes() == before
    with cited(published, SQL.upper().replace("'", ""), settings) as answer:
        assert answer.citation.id != citation.id  # names are words of their own
    with cited(published, f"-- why\n{SQL.replace('select', 'SELECT')};", settings) as answer:
        assert (answer.citation.id, answer.citation.digest) == (citation.id, citation.digest)
    assert store.records(tmp_path) == ([first], [])


def test_another_result_of_the_same_question_is_not_kept_in_silence(tmp_path: Path, citation: Citation) -> None:
    store.keep(tmp_path, citation)
    other = citation.result.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(IntegrityError, match="another result"):
        store.keep(tmp_path, citation.model_copy(update={"result": other}).sealed())


def _keep(home: Path, text: str, ready: Any) -> None:
    citation = Citation.model_validate_json(text)
    ready.wait()
    store.keep(home, citation)


def test_processes_that_cite_at_once_keep_one_whole_record(tmp_path: Path, citation: Citation) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(3)
    texts = [
        citation.model_copy(update={"executed_at": citation.executed_at.replace(year=year)}).sealed().text()
        for year in (2030, 2031, 2032)
    ]
    processes = [context.Process(target=_keep, args=(tmp_path, text, ready)) for text in texts]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    found, broken = store.records(tmp_path)
    assert (len(found), broken) == (1, [])
    assert store.path_of(tmp_path, citation).read_text(encoding="utf-8") in texts
    assert [path.name for path in store.folder(tmp_path).iterdir()] == [f"{citation.id}.json"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_home_that_cannot_be_written_gets_a_sentence(tmp_path: Path, citation: Citation) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(StorageError, match="cannot be kept in the home"):
        store.keep(tmp_path, citation)


def test_a_home_whose_folder_is_in_the_way_gets_a_sentence(tmp_path: Path, citation: Citation) -> None:
    (tmp_path / "citations").write_text("a file")
    with pytest.raises(StorageError, match="copy the snapshot into a home of your own"):
        store.keep(tmp_path, citation)


def test_what_is_in_the_way_of_the_records_is_not_taken_for_no_records(tmp_path: Path) -> None:
    assert store.records(tmp_path) == ([], [])
    (tmp_path / "citations").write_text("a file")
    with pytest.raises(IntegrityError, match="citations cannot be read as a folder"):
        store.records(tmp_path)


def changed(key: str, value: object) -> Callable[[str], str]:
    def change(text: str) -> str:
        return json.dumps(json.loads(text) | {key: value})

    return change


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda text: text[: len(text) // 2], IntegrityError, "no JSON"),
        (lambda text: "[]", IntegrityError, "no record of a citation"),
        (lambda text: "{}", IntegrityError, "no record of a citation"),
        (changed("format_version", 99), UsageError, "needs a newer release"),
        (changed("result", None), IntegrityError, "damaged: result"),
        (changed("question", "select 2"), IntegrityError, "not as it was written"),
        (changed("normalised_sql", "SELECT 2"), IntegrityError, "not as it was written"),
        (changed("id", "cite-0000000000000000"), IntegrityError, "not as it was written"),
    ],
)
def test_a_record_that_is_not_as_it_was_written_is_refused(
    tmp_path: Path, citation: Citation, change: Callable[[str], str], error: type[WarehouseError], words: str
) -> None:
    store.keep(tmp_path, citation)
    path = store.path_of(tmp_path, citation)
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(error, match=words):
        record.read(path)
    found, broken = store.records(tmp_path)
    assert (found, [entry.path for entry in broken]) == ([], [path])


def test_an_id_that_is_not_that_of_its_question_is_refused(tmp_path: Path, citation: Citation) -> None:
    path = tmp_path / "forged.json"
    path.write_text(citation.model_copy(update={"normalised_sql": "SELECT 2"}).sealed().text(), encoding="utf-8")
    with pytest.raises(IntegrityError, match="its id is not that of its question"):
        record.read(path)


def test_a_snapshot_whose_bytes_are_others_cannot_be_cited(home: Path, settings: Settings) -> None:
    snapshot = catalog.snapshot(home, None)
    table = snapshot.tables_folder / "fct_series.parquet"
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 1
    table.chmod(0o644)
    table.write_bytes(content)
    with pytest.raises(IntegrityError, match="not as it was published"), cited(snapshot, SQL, settings):
        pass


def test_what_is_absent_is_in_the_record_and_in_the_paragraph(published: Snapshot, settings: Settings) -> None:
    lacking = AbsentPart(
        table="fct_series", column="modality", is_empty=False, source="idc", dataset="idc_index", reason="no Modality"
    )
    snapshot = replace(published, manifest=published.manifest.model_copy(update={"absent": (lacking,)}))
    with cited(snapshot, SQL, settings) as answer:
        (sentence,) = answer.citation.absent
        assert f"Absent, not zero: {sentence}" in answer.citation.paragraph
    with cited(snapshot, "select count(*) from dim_collection", settings) as answer:
        assert answer.citation.absent == ()
