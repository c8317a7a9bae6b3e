"""An answer from a table in parts is cited and verified as one from a table in one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.answers.test_verification import flip_the_middle, spoil
from tests.support.parted_build import make_parted_build
from tests.support.sample_build import PASSED
from warehouse.answers import store
from warehouse.answers.citing import cited
from warehouse.answers.verification import verify
from warehouse.errors import IntegrityError
from warehouse.settings import Settings
from warehouse.snapshots import catalog
from warehouse.snapshots.publish import publish

SQL = "select source_id, count(*) as series, sum(size_bytes)::bigint as bytes from fct_series group by all order by all"


@pytest.fixture
def parted(tmp_path: Path) -> Path:
    """A home with a snapshot whose series are in parts. Its name is a pattern, which must not match other folders."""
    home = tmp_path / "home [ab] *"
    publish(make_parted_build(tmp_path / "build"), [PASSED], home, {})
    return home


def kept(home: Path, settings: Settings) -> Path:
    with cited(catalog.snapshot(home, None), SQL, settings) as answer:
        assert answer.citation.result.rows == 3
        return store.path_of(home, store.keep(home, answer.citation))


def test_an_answer_from_parts_is_cited_with_the_digest_of_the_table(parted: Path, settings: Settings) -> None:
    found = verify(parted, kept(parted, settings), settings)
    assert found.is_equal
    (table,) = found.citation.tables
    series = catalog.snapshot(parted, None).table("fct_series")
    assert series is not None
    assert len(series.parts) == 3
    assert table.parquet_sha256 == series.parquet_sha256


def test_a_damaged_part_is_named(parted: Path, settings: Settings) -> None:
    record = kept(parted, settings)
    path = catalog.snapshot(parted, None).tables_folder / "fct_series" / "midrc.parquet"
    spoil(path, flip_the_middle)
    found = verify(parted, record, settings)
    assert f"{path} has SHA-256" in found.differences[0]
    with pytest.raises(IntegrityError, match=r"midrc\.parquet of snapshot .* is not as it was published"):
        kept(parted, settings)


def test_an_answer_from_whole_files_verifies_where_a_later_snapshot_has_parts(
    tmp_path: Path, settings: Settings
) -> None:
    home = tmp_path / "home"
    publish(make_parted_build(tmp_path / "one", in_parts=False), [PASSED], home, {})
    record = kept(home, settings)
    publish(make_parted_build(tmp_path / "two"), [PASSED], home, {})
    found = verify(home, record, settings)
    assert found.is_equal
    assert found.snapshots == (found.citation.snapshots[0].id,) != (catalog.snapshot(home, None).id,)
