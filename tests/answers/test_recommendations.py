"""The fourteen recommendations of the Research Data Alliance on citing evolving data (DOI 10.15497/RDA00016), one each.

Their titles are those of the recommendation; warehouse/citation/README.md says how each is met.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.answers.test_cite_commands import call
from tests.support.sample_build import PASSED, make_build
from warehouse.answers import record
from warehouse.answers.record import Citation
from warehouse.logical_digest import logical_digest_of_parquet
from warehouse.snapshots import catalog
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.publish import publish

PAGE = Path(__file__).resolve().parents[2] / "warehouse" / "citation" / "README.md"
QUESTION = "select modality, count(*) as n from fct_series where instance_count > 10 group by modality"
SAME_QUESTION = (
    "SELECT modality,\n  count(*) AS n  -- by modality\nFROM fct_series WHERE instance_count > 10 GROUP BY modality;"
)
SHA256 = re.compile(r"[0-9a-f]{64}")


@pytest.fixture(scope="module")
def evolving(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Snapshot, Snapshot]:
    """A home with two nights, between which the data grew, and in which one answer to the first was cited."""
    folder = tmp_path_factory.mktemp("evolving")
    home = folder / "home"
    for night, series in (("first", 500), ("second", 620)):
        publish(make_build(folder / night, series=series), [PASSED], home, {})
    first, second = catalog.snapshots(home)
    done = call(home, "cite", first.id, "--sql", QUESTION, "--json")
    assert done.exit_code == 0, done.output
    return home, first, second


@pytest.fixture(scope="module")
def home(evolving: tuple[Path, Snapshot, Snapshot]) -> Path:
    return evolving[0]


@pytest.fixture(scope="module")
def path(home: Path) -> Path:
    """The record of the cited answer."""
    (found,) = (home / "citations").glob("*.json")
    return found


@pytest.fixture(scope="module")
def cited(path: Path) -> Citation:
    return record.read(path)


def count_of(home: Path, snapshot: Snapshot) -> int:
    return json.loads(call(home, "sql", "select count(*) as n from fct_series", "-s", snapshot.id, "--json").stdout)[0][
        "n"
    ]


def test_r01_data_versioning(home: Path, evolving: tuple[Path, Snapshot, Snapshot]) -> None:
    _, first, second = evolving
    assert (count_of(home, first), count_of(home, second)) == (500, 620)


def test_r02_timestamping(evolving: tuple[Path, Snapshot, Snapshot]) -> None:
    for snapshot in evolving[1:]:
        assert snapshot.manifest.created_at.tzinfo is not None
        assert f"{snapshot.manifest.created_at:%Y%m%dT%H%M%SZ}" in snapshot.id
        assert all(source.fetched_at.tzinfo is not None for source in snapshot.manifest.sources)


def test_r03_query_store(home: Path, cited: Citation) -> None:
    listed = json.loads(call(home, "cite", "list", "--json").stdout)
    assert cited.id in json.dumps(listed)
    assert (cited.question, cited.parameters) == (QUESTION, {})
    assert {table.name for table in cited.tables} == {"fct_series"}


def test_r04_query_uniqueness(home: Path, cited: Citation, evolving: tuple[Path, Snapshot, Snapshot]) -> None:
    asked_again = json.loads(call(home, "cite", evolving[1].id, "--sql", SAME_QUESTION, "--json").stdout)
    other = json.loads(call(home, "cite", evolving[1].id, "--sql", QUESTION.replace("10", "11"), "--json").stdout)
    later = json.loads(call(home, "cite", evolving[2].id, "--sql", QUESTION, "--json").stdout)
    assert asked_again["id"] == cited.id
    assert len({cited.id, other["id"], later["id"]}) == 3
    for created in (other, later):
        (home / "citations" / f"{created['id']}.json").unlink()


def test_r05_stable_sorting(home: Path, cited: Citation, evolving: tuple[Path, Snapshot, Snapshot]) -> None:
    reverse = json.loads(call(home, "cite", evolving[1].id, "--sql", f"{QUESTION} order by n desc, 1", "--json").stdout)
    (home / "citations" / f"{reverse['id']}.json").unlink()
    assert (cited.result.is_ordered, reverse["result"]["is_ordered"]) == (False, True)
    assert reverse["result"]["sha256"] == cited.result.sha256


def test_r06_result_set_verification(cited: Citation) -> None:
    assert SHA256.fullmatch(cited.result.sha256)
    assert all(SHA256.fullmatch(table.parquet_sha256) for table in cited.tables)


def test_r07_query_timestamping(cited: Citation) -> None:
    assert cited.executed_at.tzinfo is not None
    assert timedelta(0) <= datetime.now(UTC) - cited.executed_at < timedelta(days=1)


def test_r08_query_pid(path: Path, cited: Citation) -> None:
    assert path.stem == cited.id
    assert cited.id.removeprefix("cite-") == cited.digest[: len(cited.id) - len("cite-")]


def test_r09_store_the_query(cited: Citation, evolving: tuple[Path, Snapshot, Snapshot]) -> None:
    (snapshot,) = cited.snapshots
    assert (snapshot.id, snapshot.tables_digest) == (evolving[1].id, evolving[1].manifest.tables_digest)
    assert [column.name for column in cited.result.columns] == ["modality", "n"]
    assert cited.engine
    assert cited.normalised_sql


def test_r10_automated_citation_texts(home: Path, cited: Citation, evolving: tuple[Path, Snapshot, Snapshot]) -> None:
    assert all(part in cited.paragraph for part in (cited.id, evolving[1].id))
    assert evolving[1].id in call(home, "cite", evolving[1].id).stdout


def test_r11_landing_page(evolving: tuple[Path, Snapshot, Snapshot]) -> None:
    for snapshot in evolving[1:]:
        page = (snapshot.folder / "README.md").read_text(encoding="utf-8")
        assert all(part in page for part in (snapshot.id, snapshot.manifest.tables_digest))


def test_r12_machine_actionability(path: Path, evolving: tuple[Path, Snapshot, Snapshot]) -> None:
    assert json.loads(path.read_text(encoding="utf-8"))["result"]["sha256"]
    for name in ("datapackage.json", "croissant.json", "ro-crate-metadata.json", "datacite.json"):
        assert json.loads((evolving[1].folder / name).read_text(encoding="utf-8"))


def test_r13_technology_migration(evolving: tuple[Path, Snapshot, Snapshot], tmp_path: Path) -> None:
    for table in evolving[1].manifest.tables:
        old, new = evolving[1].tables_folder / f"{table.name}.parquet", tmp_path / f"{table.name}.parquet"
        # Another program writes the rows, with another compression and other row groups.
        pq.write_table(pq.read_table(old), new, compression="snappy", row_group_size=97)
        assert new.read_bytes() != old.read_bytes()
        assert logical_digest_of_parquet(new) == table.logical_digest


def test_r14_migration_verification(
    path: Path, home: Path, evolving: tuple[Path, Snapshot, Snapshot], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    assert call(home, "snapshots", "export", evolving[1].id, str(tmp_path / "moved.zip")).exit_code == 0
    assert call(elsewhere, "snapshots", "import", str(tmp_path / "moved.zip")).exit_code == 0
    assert call(elsewhere, "cite", "verify", str(path)).exit_code == 0


def test_the_page_names_each_recommendation_with_its_test() -> None:
    page = PAGE.read_text(encoding="utf-8")
    tests = [name for name in globals() if re.match(r"test_r\d\d_", name)]
    assert len(tests) == 14
    assert [name for name in tests if f"`{name}`" not in page] == []
