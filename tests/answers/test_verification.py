"""A cited answer computed again: equal in another home, and where it first differs once a value or a byte is other."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.support.sample_build import PASSED, make_build
from warehouse.answers import record, store
from warehouse.answers.citing import cited
from warehouse.answers.verification import verify
from warehouse.errors import IntegrityError, UsageError
from warehouse.settings import Settings
from warehouse.snapshots import catalog
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.publish import publish
from warehouse.snapshots.query import write_result

SQL = (
    "select series_key, modality, instance_count, study_date, list_value(modality, 'x') as l from fct_series "
    "order by instance_count, series_key"
)


def cite(home: Path, settings: Settings, result: Path | None = None, sql: str = SQL) -> Path:
    """Cite in a home; returns the record, beside the result where that is wanted."""
    with cited(catalog.snapshot(home, None), sql, settings) as answer:
        kept = store.keep(home, answer.citation)
        if result is None:
            return store.path_of(home, kept)
        form = result.suffix.removeprefix(".")
        write_result(answer.result, form, result)  # type: ignore[arg-type]
    return store.write_beside(result, form, kept)


def spoil(file: Path, change: Callable[[bytearray], None]) -> None:
    content = bytearray(file.read_bytes())
    change(content)
    file.chmod(0o644)
    file.write_bytes(content)


def flip_the_middle(content: bytearray) -> None:
    content[len(content) // 2] ^= 1


def test_a_citation_verifies_in_another_home_whatever_the_id(home: Path, settings: Settings, tmp_path: Path) -> None:
    path = cite(home, settings)
    (tmp_path / "build").mkdir()
    # The same tables, published at another moment: another id.
    publish(make_build(tmp_path / "build"), [PASSED], tmp_path / "other", {})
    found = verify(tmp_path / "other", path, settings)
    assert found.is_equal
    assert (
        found.citation.snapshots[0].tables_digest == catalog.snapshot(tmp_path / "other", None).manifest.tables_digest
    )


def test_a_home_without_the_tables_says_which_snapshot_is_needed(
    home: Path, settings: Settings, tmp_path: Path
) -> None:
    path = cite(home, settings)
    publish(make_build(tmp_path / "build", series=400), [PASSED], tmp_path / "other", {})
    with pytest.raises(UsageError, match=f"made of {catalog.snapshot(home, None).id}"):
        verify(tmp_path / "other", path, settings)


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "ndjson", "parquet"])
def test_the_result_is_equal_as_it_was_written_and_in_another_order(
    home: Path, settings: Settings, tmp_path: Path, form: str
) -> None:
    result = tmp_path / f"out.{form}"
    path = cite(home, settings, result)
    assert verify(home, path, settings).is_equal
    if form in ("csv", "tsv", "ndjson"):
        head, *lines = result.read_text(encoding="utf-8").splitlines(keepends=True)
        result.write_text(head + "".join(reversed(lines)), encoding="utf-8")
        assert verify(home, path, settings).is_equal


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "ndjson"])
def test_one_other_value_of_the_result_is_named_with_its_row_and_column(
    home: Path, settings: Settings, tmp_path: Path, form: str
) -> None:
    result = tmp_path / f"out.{form}"
    path = cite(home, settings, result)
    text = result.read_text(encoding="utf-8")
    assert text.count("2001-03-04") == 1
    result.write_text(text.replace("2001-03-04", "2001-03-05"), encoding="utf-8")
    (sentence,) = verify(home, path, settings).differences
    assert "column study_date" in sentence
    assert "2001-03-05" in sentence
    assert "instead of" in sentence


@pytest.mark.parametrize("form", ["parquet", "json", "ndjson"])
def test_other_columns_of_a_result_are_a_difference(home: Path, settings: Settings, tmp_path: Path, form: str) -> None:
    result = tmp_path / f"out.{form}"
    path = cite(home, settings, result)
    if form == "parquet":
        found = pq.read_table(result)
        names = found.schema.names
        pq.write_table(found.rename_columns([names[1], names[0], *names[2:]]), result)
    else:
        result.write_text(result.read_text(encoding="utf-8").replace('"modality"', '"Modality"'), encoding="utf-8")
    (sentence,) = verify(home, path, settings).differences
    assert "It has the columns" in sentence


def test_another_question_above_the_same_sql_is_a_difference(home: Path, settings: Settings) -> None:
    path = cite(home, settings)
    lying = record.read(path).model_copy(update={"question": "select 42"}).sealed()
    path.write_text(lying.text(), encoding="utf-8")
    assert any("question of the record" in sentence for sentence in verify(home, path, settings).differences)


def test_a_record_that_names_a_strange_snapshot_is_damaged(home: Path, settings: Settings) -> None:
    path = cite(home, settings)
    sound = record.read(path)
    tables = (sound.tables[0].model_copy(update={"snapshot": "other"}),)
    path.write_text(sound.model_copy(update={"tables": tables}).sealed().text(), encoding="utf-8")
    with pytest.raises(IntegrityError, match="a snapshot that it does not name"):
        verify(home, path, settings)


def test_the_first_differing_row_of_a_parquet_result_is_named(home: Path, settings: Settings, tmp_path: Path) -> None:
    result = tmp_path / "out.parquet"
    path = cite(home, settings, result)
    rows = pq.read_table(result).to_pylist()
    in_order = sorted(rows, key=lambda row: row["series_key"])
    in_order[7]["instance_count"] += 1
    pq.write_table(pq.read_table(result).from_pylist(rows), result)
    (sentence,) = verify(home, path, settings).differences
    assert "It first differs at row 8, column instance_count in canonical order" in sentence
    assert f"{in_order[7]['instance_count']} instead of {in_order[7]['instance_count'] - 1}" in sentence


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: lines[:-1], "is missing"),
        (lambda lines: [*lines, lines[-1]], "too many"),
        (lambda lines: [*lines[:-1], "nonsense\n"], "cannot be read as the result was written"),
        (lambda lines: lines[:1], "is missing"),
    ],
)
def test_a_result_with_other_rows_is_told(
    home: Path, settings: Settings, tmp_path: Path, change: Callable[[list[str]], list[str]], words: str
) -> None:
    result = tmp_path / "out.csv"
    path = cite(home, settings, result)
    # The greatest key is last in canonical order.
    head, *lines = result.read_text(encoding="utf-8").splitlines(keepends=True)
    ordered = [head, *sorted(lines, key=lambda line: int(line.split(",")[0].strip('"')))]
    result.write_text("".join(change(ordered)), encoding="utf-8")
    (sentence,) = verify(home, path, settings).differences
    assert words in sentence


def test_a_result_of_a_citation_without_a_file_can_be_named(home: Path, settings: Settings, tmp_path: Path) -> None:
    cite(home, settings, tmp_path / "out.csv")
    kept = store.path_of(home, store.records(home)[0][0])
    assert verify(home, kept, settings, result=tmp_path / "out.csv").is_equal
    with pytest.raises(UsageError, match="There is no file"):
        verify(home, kept, settings, result=tmp_path / "gone.csv")
    (tmp_path / "out.txt").write_text("x")
    with pytest.raises(UsageError, match="not clear from its name"):
        verify(home, kept, settings, result=tmp_path / "out.txt")


def test_one_other_byte_of_a_table_is_named(home: Path, settings: Settings) -> None:
    path = cite(home, settings)
    table = catalog.snapshot(home, None).tables_folder / "fct_series.parquet"
    spoil(table, flip_the_middle)
    found = verify(home, path, settings)
    assert any(
        "The bytes of the table fct_series" in sentence and str(table) in sentence for sentence in found.differences
    )


def _rewritten(file: Path, sql: str) -> None:
    """Let a table's Parquet file hold other rows."""
    with duckdb.connect() as connection:
        connection.execute(f"create table t as from read_parquet('{file}')")
        connection.execute(sql)
        file.chmod(0o644)
        connection.execute(f"copy t to '{file}' (format parquet)")


def test_another_value_in_a_table_is_told_with_the_row_of_the_answer(home: Path, settings: Settings) -> None:
    path = cite(home, settings)
    snapshot = catalog.snapshot(home, None)
    _rewritten(
        snapshot.tables_folder / "fct_series.parquet",
        "update t set instance_count = 7777 where series_key = (select min(series_key) from t)",
    )
    sentences = " ".join(verify(home, path, settings).differences)
    assert "The bytes of the table fct_series" in sentences
    assert "the Parquet files: The answer has 500 rows" in sentences
    assert "among the rows 1 to 500" in sentences
    assert "It first differs at row 1, column instance_count in canonical order: 7777 instead of" in sentences


def test_another_value_in_the_duckdb_file_is_found(home: Path, settings: Settings) -> None:
    path = cite(home, settings)
    snapshot = catalog.snapshot(home, None)
    snapshot.database.chmod(0o644)
    with duckdb.connect(str(snapshot.database)) as connection:
        connection.execute(
            "update fct_series set instance_count = 7777 where series_key = (select min(series_key) from fct_series)"
        )
    sentences = " ".join(verify(home, path, settings).differences)
    assert "warehouse.duckdb: The answer has 500 rows" in sentences
    assert "column instance_count in canonical order: 7777 instead of" in sentences
    # And it cannot be cited any more: what is read is not what the manifest names.
    with (
        pytest.raises(UsageError, match="another one when it is computed a second time"),
        cited(snapshot, SQL, settings),
    ):
        pass


def test_an_answer_of_two_snapshots_needs_both(home: Path, settings: Settings, tmp_path: Path) -> None:
    old = catalog.snapshot(home, None)
    publish(make_build(tmp_path / "build", series=400), [PASSED], home, {})
    new = catalog.snapshot(home, None)
    sql = "select series_key from old.fct_series except select series_key from fct_series"
    with cited(new, sql, settings, attached={"old": old}) as answer:
        kept = store.keep(home, answer.citation)
    assert [(entry.name, entry.id) for entry in kept.snapshots] == [("warehouse", new.id), ("old", old.id)]
    assert {(table.snapshot, table.name) for table in kept.tables} == {
        ("old", "fct_series"),
        ("warehouse", "fct_series"),
    }
    assert kept.result.rows == 100
    path = store.path_of(home, kept)
    assert verify(home, path, settings).is_equal
    shutil.rmtree(old.folder)
    with pytest.raises(UsageError, match=old.id):
        verify(home, path, settings)


def test_a_synthetic_snapshot_says_so_in_record_and_paragraph(settings: Settings, tmp_path: Path) -> None:
    publish(make_build(tmp_path / "build", synthetic=True), [PASSED], tmp_path / "home", {})
    snapshot: Snapshot = catalog.snapshot(tmp_path / "home", None)
    with cited(snapshot, "select count(*) from fct_series", settings) as answer:
        assert answer.citation.synthetic
        assert answer.citation.paragraph.startswith("SYNTHETIC: ")
