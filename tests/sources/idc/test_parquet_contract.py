from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from tests.support.idc_upstream import DATASETS, parquet_bytes, parquet_of, table_of
from warehouse.contracts import ColumnType, load_contract
from warehouse.errors import IntegrityError
from warehouse.sources.idc.parquet_contract import ParquetFacts, check_parquet, holds

STRINGS = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
INTEGERS = [pa.int8(), pa.int32(), pa.int64(), pa.uint16()]
FLOATS = [pa.float32(), pa.float64(), pa.decimal128(12, 3)]
RECORD = pa.struct({"source_doi": pa.string()})


def check(path: Path, content: bytes, dataset: str = "idc_index", version: str = "25.0.5") -> ParquetFacts:
    path.write_bytes(content)
    return check_parquet(path, f"{dataset}.parquet", load_contract("idc").datasets[dataset], version, "the bucket")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.parquet"


@pytest.mark.parametrize(
    ("expected", "fitting", "other"),
    [
        ("string", STRINGS, [pa.int64(), pa.date32(), pa.list_(pa.string()), pa.binary()]),
        ("integer", INTEGERS, [pa.float64(), pa.string(), pa.decimal128(5, 0), pa.bool_()]),
        ("float", [*FLOATS, *INTEGERS], [pa.string(), pa.bool_(), pa.timestamp("us")]),
        ("boolean", [pa.bool_()], [pa.int8(), pa.string()]),
        ("string[]", [pa.list_(text) for text in STRINGS], [pa.string(), pa.list_(pa.int64()), pa.list_(RECORD)]),
        ("integer[]", [pa.list_(pa.int32()), pa.large_list(pa.int64())], [pa.int64(), pa.list_(pa.float64())]),
        ("float[]", [pa.list_(number) for number in FLOATS], [pa.float64(), pa.list_(pa.string())]),
        ("record[]", [pa.list_(RECORD), pa.large_list(RECORD)], [RECORD, pa.list_(pa.string())]),
        ("record", [RECORD, pa.list_(RECORD), pa.large_list(RECORD)], [pa.string(), pa.list_(pa.string())]),
    ],
)
def test_types_are_compared_as_sql_sees_them(
    expected: ColumnType, fitting: list[pa.DataType], other: list[pa.DataType]
) -> None:
    assert [found for found in fitting if not holds(expected, found)] == []
    assert [found for found in other if holds(expected, found)] == []
    assert holds(expected, pa.null())


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_file_as_the_contract_describes_it_has_no_drift(path: Path, dataset: str) -> None:
    facts = check(path, parquet_of(dataset, "25.0.5"), dataset)
    assert (facts.columns_added, facts.columns_missing, facts.columns_retyped) == ((), (), ())
    assert facts.version_text == "25.0.5-0-gf08b112"
    assert facts.rows == table_of(dataset, 25).num_rows or facts.rows == table_of(dataset).num_rows
    assert not facts.synthetic


def test_the_footer_of_an_old_release_names_no_version(path: Path) -> None:
    assert check(path, parquet_of("idc_index", "18.2.0"), version="18.2.0").version_text is None


def test_added_missing_and_formerly_named_columns_are_told_apart(path: Path) -> None:
    table = table_of("collections_index", 5, drop=["status", "updated"])
    table = table.append_column("Updated", pa.array(["2020"] * 5)).append_column("brand_new", pa.array([1] * 5))
    names = ["CancerTypes" if name == "cancer_types" else name for name in table.column_names]
    facts = check(path, parquet_bytes(table.rename_columns(names)), "collections_index")
    assert facts.columns_added == ("brand_new",)
    assert facts.columns_missing == ("status",)


def test_a_missing_column_of_the_key_stops_and_is_named(path: Path) -> None:
    content = parquet_bytes(table_of("idc_index", 5, drop=["SeriesInstanceUID", "sop_class_name"]))
    with pytest.raises(
        IntegrityError, match=r"idc_index\.parquet of IDC 25\.0\.5 from the bucket lacks the column Series"
    ):
        check(path, content)


def test_a_retyped_column_is_reported(path: Path) -> None:
    table = table_of("idc_index", 5, drop=["instanceCount"]).append_column("instanceCount", pa.array(["1"] * 5))
    assert check(path, parquet_bytes(table)).columns_retyped == ("instanceCount",)


def test_the_exact_spelling_of_a_column_wins(path: Path) -> None:
    table = table_of("idc_index", 5)
    first = pa.table({"patientsex": pa.array(["F"] * 5), **dict(zip(table.column_names, table.columns, strict=True))})
    facts = check(path, parquet_bytes(first))
    assert (facts.columns_added, facts.columns_missing) == (
        ("patientsex",),
        check(path, parquet_bytes(table)).columns_missing,
    )


@pytest.mark.parametrize("text", ["24.2.2-0-g92b56dd", "25.0.50", "nonsense", ""])
def test_a_footer_of_another_release_stops_and_is_named(path: Path, text: str) -> None:
    content = parquet_bytes(table_of("idc_index", 5), {"idc_index_data_version": text})
    with pytest.raises(IntegrityError, match=r"another release: expected 25\.0\.5, found '") as caught:
        check(path, content)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["25.0.5", "25.0.5-0-gf08b112", "25.0.5-3-gf08b112-dirty"])
def test_a_footer_of_the_release_is_accepted_as_version_and_as_description(path: Path, text: str) -> None:
    assert check(path, parquet_bytes(table_of("idc_index", 5), {"idc_index_data_version": text})).version_text == text


def test_a_synthetic_file_says_so(path: Path) -> None:
    assert check(path, parquet_bytes(table_of("idc_index", 5), {"synthetic": "true"})).synthetic
    assert not check(path, parquet_bytes(table_of("idc_index", 5), {"synthetic": "false"})).synthetic


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not parquet at all", parquet_of("idc_index", "25.0.5")[:-1000]])
def test_what_cannot_be_read_as_parquet_stops_and_says_how_long_it_is(path: Path, content: bytes) -> None:
    with pytest.raises(IntegrityError, match=r"idc_index\.parquet from the bucket is not a Parquet file") as caught:
        check(path, content)
    assert f"{len(content):,} bytes" in str(caught.value)
