"""What an answer becomes in Arrow, polars, pandas and DuckDB: every type as it is; and what is said beside it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import warehouse as icw
from warehouse.answers import store
from warehouse.answers.verification import verify
from warehouse.errors import AbsentDataWarning, NotCitable, UsageError
from warehouse.settings import load_settings
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.exporting import export

KEY = 325979010606572704

# A key of 60 bits beside a null, a sum beyond 64 bits, exact decimals, days, lists, and more.
TYPES = f"""
    select * from (values
        ({KEY}::bigint, {2**70}::hugeint, 1.005::decimal(12, 3), date '2026-02-28', ['a', null], true, {KEY}::ubigint,
            timestamp '2026-02-28 01:02:03.000004', {{'n': 1}}, 0.5::double),
        (null, null, null, null, null, null, null, null, null, null)
    ) as t(key, total, exact, day, list, flag, number, moment, record, ratio)
    order by key
"""
ROW = (KEY, 2**70, Decimal("1.005"), dt.date(2026, 2, 28), ["a", None], True, KEY)
ROW += (dt.datetime(2026, 2, 28, 1, 2, 3, 4), {"n": 1}, 0.5)


def test_every_type_is_kept_also_beside_nulls(real: Snapshot) -> None:
    with icw.open(real.folder) as snapshot:
        answer = snapshot.sql(TYPES)
        table, frame, polars = answer.arrow(), answer.pandas(), answer.polars()
        assert answer.duckdb().fetchall()[0] == ROW
    nulls = dict.fromkeys(table.column_names)
    assert table.to_pylist() == [dict(zip(table.column_names, ROW, strict=True)), nulls]
    assert polars.rows() == [ROW, (None,) * len(ROW)]
    assert table.schema.types[:4] == [pa.int64(), pa.decimal128(38, 0), pa.decimal128(12, 3), pa.date32()]
    assert all(isinstance(kind, pd.ArrowDtype) for kind in frame.dtypes)
    assert pa.Table.from_pandas(frame, preserve_index=False).to_pylist() == table.to_pylist()
    assert int(frame["key"].iloc[0]) == KEY
    assert polars.schema["key"] == pl.Int64


def test_a_sum_of_bytes_is_exact_in_pandas(real: Snapshot) -> None:
    with icw.open(real.folder) as snapshot:
        frame = snapshot.sql(f"select sum(x) as total from (values ({2**62}), ({2**62 + 1})) as t(x)").pandas()
    assert frame["total"].iloc[0] == 2**63 + 1


def test_parameters_are_bound_and_never_pasted(real: Snapshot) -> None:
    question = "select count(*) as n from fct_series where source_id = $source and list_contains($keys, series_key)"
    with icw.open(real.folder) as snapshot:
        assert snapshot.sql(question, source="idc", keys=[1, 2, 3]).polars().item() == 2
        assert snapshot.sql(question, source="' or true --", keys=[1]).polars().item() == 0
        for wrong, words in (
            ({"source": "idc"}, r"no value for it"),
            ({"source": "idc", "keys": [], "more": 1}, r"does not use \$more"),
            ({"source": dt.date(2026, 1, 1), "keys": []}, "The parameter source is a date"),
            ({"source": "idc", "keys": [dt.date(2026, 1, 1)]}, "The parameter keys is a date"),
        ):
            with pytest.raises(UsageError, match=words):
                snapshot.sql(question, **wrong)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("select nothing from fct_series", "The query cannot be answered"),
        ("from idc_index", "There is no table idc_index. The rows of IDC's idc_index are in fct_series"),
        ("drop table fct_series", "Snapshots are read-only"),
        ("from read_csv('/etc/hostname')", "Snapshots are read-only"),
        ("select 1; select 2", "One SQL statement at a time"),
    ],
)
def test_what_is_wrong_is_a_sentence_at_once(real: Snapshot, question: str, words: str) -> None:
    with icw.open(real.folder) as snapshot, pytest.raises(UsageError, match=words) as caught:
        snapshot.sql(question)
    # A notebook shows this in the place of a traceback.
    assert caught.value._render_traceback_() == [f"UsageError: {caught.value}"]


def test_what_fails_on_the_way_is_a_sentence_too(real: Snapshot) -> None:
    with icw.open(real.folder) as snapshot:
        answer = snapshot.sql("select cast(source_id as integer) as n from fct_series")
        for read in (answer.arrow, answer.polars, answer.pandas, lambda: repr(answer)):
            with pytest.raises(UsageError, match="The query cannot be answered: Could not convert"):
                read()


def test_what_is_absent_is_warned_of(star: Snapshot) -> None:
    with icw.open(star.folder) as snapshot:
        with pytest.warns(AbsentDataWarning, match="fct_slide is empty") as caught:
            answer = snapshot.sql("select count(*) as n from fct_slide")
        assert answer.absent[0].startswith("fct_slide is empty")
        assert snapshot.sql("select 1 as n").absent == ()
    assert caught[0].filename == __file__


def test_tables_are_listed_described_and_read_in_their_order(real: Snapshot) -> None:
    with icw.open(real.folder) as snapshot:
        assert snapshot.tables == ("dim_collection", "dim_license", "dim_source", "fct_series")
        described = snapshot.describe("fct_series")
        assert [column.name for column in described.columns][:2] == ["series_key", "source_id"]
        assert "one row is one row of fct_series; 30 rows; key: series_key" in repr(described)
        assert repr(described).splitlines()[3].split()[:2] == ["series_key", "BIGINT"]
        assert snapshot.table("fct_series").arrow().column("series_key").to_pylist() == list(range(30))
        for name in (snapshot.describe, snapshot.table):
            with pytest.raises(UsageError, match=r"Did you mean fct_series\?"):
                name("fct_serie")


def test_the_snapshot_and_an_answer_are_cited(real: Snapshot, home: Path) -> None:
    question = "select source_id, count(*) as n from fct_series group by source_id order by source_id"
    with icw.open(real.id, home=home) as snapshot:
        assert real.id in snapshot.cite()
        assert snapshot.cite("bibtex").startswith("@")
        with pytest.raises(UsageError, match="There is no format 'word' of a citation"):
            snapshot.cite("word")  # type: ignore[arg-type]
        citation = snapshot.sql(question).cite()
        assert citation.id in citation.paragraph
        with pytest.raises(NotCitable):
            snapshot.sql("select * from fct_series limit 1").cite()
    path = store.path_of(home, citation)
    assert path.read_text(encoding="utf-8") == citation.text()
    assert verify(home, path, load_settings()).is_equal


def test_a_snapshot_outside_of_a_home_is_cited_and_nothing_is_written(real: Snapshot, tmp_path: Path) -> None:
    export(real, tmp_path / "share")
    before = sorted(tmp_path.rglob("*"))
    with icw.open(tmp_path / "share") as snapshot:
        assert snapshot.sql("select count(*) as n from fct_series").cite().paragraph
    assert sorted(tmp_path.rglob("*")) == before
