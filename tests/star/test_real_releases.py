"""The star over real IDC releases, from the wheels of the package index.

The expected figures are those of the published comparison report (release 23.5.0) and of the measured history of the
index (`release_history.py`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.star.release_history import HISTORY, assert_every_row_is_kept, names_of_analysis_results
from tests.support.published_releases import OLDER, published_releases, release_of_hub, snapshot_of
from warehouse.build import DBT_PROJECT, prepare, run_models
from warehouse.landed_views import lay_out_release
from warehouse.landing import Landing, Release
from warehouse.quality.audit import audit_landed, audit_star
from warehouse.quality.verdicts import failed_errors
from warehouse.settings import Settings
from warehouse.snapshots.databases import database_of
from warehouse.sources import idc

# The small release of tests/quality and the sandbox of tests/star are in `make test`; a real one takes a minute.
pytestmark = [pytest.mark.network, pytest.mark.full]

CHECKS = list(csv.DictReader(Path(__file__).with_name("idc_v23_checks.csv").open(encoding="utf-8")))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published_releases(tmp_path_factory)


@pytest.fixture(scope="module")
def v23(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(database_of(snapshot_of(home, OLDER))), read_only=True) as connection:
        yield connection


def test_all_155_figures_are_checked() -> None:
    assert len(CHECKS) == 155
    assert len({check["figure_id"] for check in CHECKS}) == 155


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check["figure_id"])
def test_a_published_figure_comes_out_of_the_star(v23: duckdb.DuckDBPyConnection, check: dict[str, str]) -> None:
    ((found,),) = v23.execute(check["sql"]).fetchall()
    value, published = float(found), float(check["published"])
    match check["comparison"]:
        case "equal" if check["rounded_to"]:
            step = float(check["rounded_to"])
            assert round(value / step) * step == pytest.approx(published, abs=step * 1e-9)
        case "equal":
            assert value == published
        case "at least":
            assert value >= published
        case "more than":
            assert value > published
        case other:
            pytest.fail(f"unknown comparison {other}")


def test_a_published_release_keeps_every_row(v23: duckdb.DuckDBPyConnection) -> None:
    """25.0.5 is read in `test_real_refresh.py`."""
    assert_every_row_is_kept(v23, OLDER)


@pytest.mark.parametrize("version", ["18.2.0", pytest.param("22.1.5", marks=pytest.mark.bench)])
def test_a_past_release_builds_green_and_keeps_every_row(tmp_path: Path, version: str) -> None:
    """Stage by stage, as the job does, and of IDC alone; of the columns that no later one has, 18.2.0 lacks most."""
    settings = Settings(home=tmp_path, idc_channels=("wheel",))
    landing = Landing(tmp_path)
    release = idc.land(idc.resolve(version, settings), landing, settings)
    bounds = {"threads": settings.threads, "memory_limit": settings.memory_limit}
    assert failed_errors(audit_landed([release], landing, **bounds)) == []
    build = prepare(tmp_path, landing, [release], settings)
    run_models(build, settings)
    assert failed_errors(audit_star(build, **bounds)) == []
    with duckdb.connect(str(build.database), read_only=True) as connection:
        connection.execute("use star")
        assert_every_row_is_kept(connection, version)


def test_a_release_with_the_columns_of_one_that_builds_green_is_landed_whole(home: Path) -> None:
    """The oldest that has those of 22.1.5, which the hub of the sandbox lists."""
    landing, release = release_of_hub(home)
    built = Landing(home).release("idc", "22.1.5")
    assert built is not None
    assert columns_of(landing, release) == columns_of(Landing(home), built)
    assert failed_errors(audit_landed([release], landing)) == []
    with duckdb.connect() as connection:
        lay_out_release(connection, landing, release, "landed_idc")
        (scale,) = connection.execute("""
            select
                count(*),
                count(distinct "StudyInstanceUID"),
                count(distinct "PatientID"),
                count(distinct (collection_id, "PatientID")),
                count(distinct collection_id),
                sum("instanceCount")::bigint
            from landed_idc.idc_index
        """).fetchall()
        prior = connection.execute("select count(*) from landed_idc.prior_versions_index").fetchall()
    assert scale == HISTORY[release.version][:6]
    assert prior == [HISTORY[release.version][8:9]]


def columns_of(landing: Landing, release: Release) -> dict[str, list[tuple[str, str]]]:
    """Return the columns of each landed file of a release, with their types, as it has them."""
    entries = [(load.dataset, entry) for load in release.loads for entry in load.objects]
    with duckdb.connect() as connection:
        return {
            f"{dataset} {entry.name}": [
                (name, kind)
                for name, kind, *_ in connection.execute(
                    f"describe from read_parquet('{landing.object_path(entry.sha256)}')"
                ).fetchall()
            ]
            for dataset, entry in entries
            if entry.name.endswith(".parquet")
        }


def test_an_analysis_result_has_one_name_in_all_releases(v23: duckdb.DuckDBPyConnection) -> None:
    """The identifiers were rewritten between v23 and v24; the star's are the same before and after."""
    names = names_of_analysis_results(v23)
    assert "totalsegmentator_ct_segmentations" in names
    assert all(name == name.lower() and "-" not in name for name in names)


def test_people_phantoms_and_animals_are_told_apart(v23: duckdb.DuckDBPyConnection) -> None:
    kinds = v23.execute("""
        select species, is_human, is_phantom, count(*) from dim_patient where source_id = 'idc' group by all
    """).fetchall()
    assert set(kinds) == {
        ("human", True, False, 75753),
        ("phantom", False, True, 3438),
        ("mouse", False, False, 378),
        ("canine", False, False, 80),
    }
    # Each patient who has an age beside a placeholder is an adult.
    ((placeholders, youngest),) = v23.execute("""
        select count(*) filter (age_is_placeholder), min(age_years) filter (has_placeholder_age)
        from fct_series join dim_patient using (patient_key)
        where fct_series.source_id = 'idc'
    """).fetchall()
    assert placeholders == 10005
    assert youngest >= 18


def test_the_reviewed_links_of_collections_are_those_of_idc_with_their_doi(v23: duckdb.DuckDBPyConnection) -> None:
    query = f"""
        select links.idc_collection_id, sources.source_doi is not null
        from '{DBT_PROJECT / "seeds/seed_collection_link.csv"}' as links
        left join dim_collection as collections
            on links.idc_collection_id = collections.collection_id and collections.source_id = 'idc'
        left join bridge_collection_source as sources
            on collections.collection_key = sources.collection_key
            and links.evidence_url = 'https://doi.org/' || sources.source_doi
        order by 1
    """
    found = v23.execute(query).fetchall()
    assert len(found) == 5
    assert all(is_stated for _, is_stated in found), found
