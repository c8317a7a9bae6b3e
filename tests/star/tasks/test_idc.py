"""The tasks of IDC's users on real release 25.0.5, as published, beside the idc-index client of the same release.

What is answered is answered with `--strict`, which refuses to read what the snapshot lacks.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.star.tasks.asking import ClientAnswers, answer, ask_client, icw_sql, landed
from tests.star.tasks.idc import (
    ATTRIBUTES,
    CITATIONS,
    CITATIONS_OF_CLIENT,
    COLLECTION,
    MANIFEST,
    SINCE_A_RELEASE,
    SIZE_OF_DOWNLOAD,
    TASKS,
    UNANSWERED,
)
from tests.support.published_releases import NEWER, OLDER, published_releases, snapshot_of
from warehouse.errors import AbsentData
from warehouse.landing import Landing
from warehouse.snapshots.catalog import Snapshot

pytestmark = [pytest.mark.network, pytest.mark.full]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published_releases(tmp_path_factory)


@pytest.fixture(scope="module")
def snapshot(home: Path) -> Snapshot:
    return snapshot_of(home, NEWER)


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def client(downloads: Path) -> ClientAnswers:
    questions = {name: task.client_sql for name, task in TASKS.items()} | {"citations": CITATIONS_OF_CLIENT}
    return ask_client(questions, COLLECTION, downloads)


@pytest.mark.parametrize("name", TASKS)
def test_the_snapshot_answers_as_the_client_does(snapshot: Snapshot, client: ClientAnswers, name: str) -> None:
    assert answer(snapshot, TASKS[name].sql, "--strict") == client.rows[name] == TASKS[name].rows


def test_every_publication_is_cited_in_the_words_of_the_client(snapshot: Snapshot, client: ClientAnswers) -> None:
    found = answer(snapshot, CITATIONS, "--strict")
    assert found == client.rows["citations"]
    assert len(found) == 242
    assert all(citation for _, citation, _ in found)


def test_a_download_is_the_one_that_the_client_begins(
    snapshot: Snapshot, client: ClientAnswers, downloads: Path
) -> None:
    chosen = ("--strict", "-p", f"collection={COLLECTION}")
    commands = answer(snapshot, MANIFEST, *chosen, "-p", f"folder={downloads}")
    assert [command for (command,) in commands] == sorted(client.manifest)
    ((series, buckets, licences, size),) = answer(snapshot, SIZE_OF_DOWNLOAD, *chosen)
    assert (series, buckets, licences, size) == (4926, 2, 2, 45302089160)
    assert client.size_mb == pytest.approx(45302.08916, abs=0.01)  # rounded to 0.01 MB
    assert len(commands) == series


def test_every_attribute_of_every_series_is_the_clients(
    snapshot: Snapshot, client: ClientAnswers, tmp_path: Path
) -> None:
    ours = tmp_path / "series.parquet"
    done = icw_sql(snapshot, ATTRIBUTES, "--strict", "--output", str(ours))
    assert done.returncode == 0, done.stderr
    with duckdb.connect() as connection:
        names = [name for name, *_ in connection.execute(f"describe from '{client.index}'").fetchall()]
        assert len(names) == 31
        differing = ", ".join(f'count(*) filter (ours."{name}" is distinct from theirs."{name}")' for name in names)
        found = connection.execute(f"""
            select count(*), {differing}
            from '{ours}' as ours
            full join '{client.index}' as theirs on ours."SeriesInstanceUID" = theirs."SeriesInstanceUID"
        """)
        assert found.fetchall() == [(1044191, *[0] * len(names))]


def test_what_is_new_since_a_release_is_what_differs_between_its_wheel_and_the_newer_one(
    home: Path, snapshot: Snapshot
) -> None:
    landing = Landing(home)
    newer, older = (
        dict(landed(landing, release, "idc_index").select("SeriesInstanceUID", "crdc_series_uuid").iter_rows())
        for version in (NEWER, OLDER)
        if (release := landing.release("idc", version)) is not None
    )
    expected = (
        len(newer.keys() - older.keys()),
        len(older.keys() - newer.keys()),
        sum(newer[series] != older[series] for series in newer.keys() & older.keys()),
    )
    before = snapshot_of(home, OLDER)
    assert answer(snapshot, SINCE_A_RELEASE, "--strict", "--attach", f"old={before.id}") == [expected]
    assert expected == (51278, 1160, 9171)


@pytest.mark.parametrize("artifact", UNANSWERED)
def test_what_the_wheel_does_not_carry_is_absent_and_not_zero(snapshot: Snapshot, artifact: str) -> None:
    why = f"was taken from the channel wheel, which does not carry {artifact}; bucket and github carry all"
    done = icw_sql(snapshot, UNANSWERED[artifact])
    assert done.returncode == 0
    assert "ABSENT, not zero: " in done.stderr
    assert f"idc {NEWER} {why}" in done.stderr
    refused = icw_sql(snapshot, UNANSWERED[artifact], "--strict")
    assert (refused.returncode, refused.stdout) == (AbsentData.exit_code, "")
    assert why in refused.stderr
