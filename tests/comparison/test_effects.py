"""What two releases with known edits mean for collections, patients, studies and series."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from dagster_project.cli import app
from tests.support.shared import made_once
from tests.support.small_release import FILES, IDC_INDEX, built_once, land
from warehouse.build import prepare, run_models
from warehouse.comparison.difference import SnapshotDifference, compare
from warehouse.comparison.effects import Member
from warehouse.errors import UsageError
from warehouse.quality.verdicts import Verdict
from warehouse.settings import Settings
from warehouse.snapshots import catalog
from warehouse.snapshots.publish import publish

JUDGED = Verdict(suite="s", expectation="e", severity="error", passed=True, observed="", subject="fct_series")

# Of the 2,400 series of the small release: the CT series 5 of collection_2 is gone; 30 series of a new collection with
# one patient and one study are new; the 200 MR series of collection_0 have another licence; patient-7 has another name,
# so its study another patient; series 1 has another description.
EDITED = f"""
    select * replace (
        case when "Modality" = 'MR' and collection_id = 'collection_0' then 'CC BY 4.0' else license_short_name end
            as license_short_name,
        case when "PatientID" = 'patient-7' then 'patient-seven' else "PatientID" end as "PatientID",
        case when "SeriesInstanceUID" = '1.2.840.1.1' then 'coronal' else "SeriesDescription" end as "SeriesDescription"
    )
    from ({IDC_INDEX}) where "SeriesInstanceUID" <> '1.2.840.1.5'
    union all
    select * replace (
        'collection_9' as collection_id,
        'patient-900' as "PatientID",
        '1.2.840.5.' || "SeriesNumber" as "SeriesInstanceUID",
        '1.2.840.6.1' as "StudyInstanceUID",
        'new-' || "SeriesNumber" as crdc_series_uuid
    )
    from ({IDC_INDEX}) where cast("SeriesNumber" as bigint) < 30
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two snapshots: of the small release, and of the edited one, which is in service."""

    def make(folder: Path) -> None:
        publish(built_once(tmp_path_factory), [JUDGED], folder, {})
        settings = Settings(home=folder / "edited")
        landing, release = land(settings.home, {**FILES, "idc_index": EDITED})
        build = prepare(settings.home, landing, [release], settings)
        run_models(build, settings)
        publish(build, [JUDGED], folder, {})

    return made_once(tmp_path_factory, "compared-small-releases", make)


@pytest.fixture(scope="module")
def found(home: Path) -> SnapshotDifference:
    return compare(*catalog.snapshots(home))


def icw(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"ICW_HOME": str(home)}, catch_exceptions=False)


def test_what_came_and_went_is_named(found: SnapshotDifference) -> None:
    members = {(entry.entity, entry.direction): entry for entry in found.effects.members}
    assert {key: entry.count for key, entry in members.items()} == {
        ("collection", "came"): 1,
        ("collection", "went"): 0,
        ("patient", "came"): 2,
        ("patient", "went"): 1,
        ("study", "came"): 1,
        ("study", "went"): 0,
        ("series", "came"): 30,
        ("series", "went"): 1,
    }
    assert members["collection", "came"].listed == (Member("idc", "collection_9", "collection_9"),)
    assert members["patient", "went"].listed == (Member("idc", "collection_1", "patient-7"),)
    assert members["study", "came"].listed == (Member("idc", "collection_9", "1.2.840.6.1"),)
    assert members["series", "went"].listed == (Member("idc", "collection_2", "1.2.840.1.5"),)
    assert found.effects.untold == ()


def test_the_query_of_what_came_and_went_lists_the_same(home: Path, found: SnapshotDifference) -> None:
    beside = ("--snapshot", found.after.id, "--attach", f"earlier={found.before.id}", "--json")
    for entry in found.effects.members:
        done = icw(home, "sql", entry.query, *beside)
        assert done.exit_code == 0, done.stderr
        rows = [Member(**row) for row in json.loads(done.stdout)]
        assert len(rows) == entry.count, (entry.entity, entry.direction)
        assert tuple(rows[:100]) == entry.listed


def test_the_members_of_a_collection_add_up(found: SnapshotDifference) -> None:
    effects = {(effect.collection_id, effect.entity): effect for effect in found.effects.collections}
    new = effects["collection_9", "series"]
    assert (new.before, new.added, new.moved_in, new.removed, new.changed, new.after) == (0, 30, 0, 0, 0, 30)
    series = effects["collection_2", "series"]
    assert (series.before, series.added, series.removed, series.after) == (800, 0, 1, 799)
    renamed = effects["collection_1", "patient"]
    assert (renamed.before, renamed.added, renamed.removed, renamed.after) == (40, 1, 1, 40)
    # The 200 MR series with another licence.
    assert effects["collection_0", "series"].changed == 200


def test_licences_and_owners_that_changed_are_told(found: SnapshotDifference) -> None:
    assert [
        (change.collection_id, change.before, change.after, change.series) for change in found.effects.licenses
    ] == [("collection_0", "CC-BY-NC-3.0", "CC-BY-4.0", 200)]
    owners = {(changes.entity, changes.owner): changes for changes in found.effects.owners}
    assert [(change.before, change.after, change.records) for change in owners["study", "patient"].listed] == [
        ("idc/collection_1/patient-7", "idc/collection_1/patient-seven", 1)
    ]
    assert (owners["series", "study"].records, owners["series", "collection"].records) == (0, 0)


def test_what_changed_is_shown_on_one_screen(home: Path, found: SnapshotDifference) -> None:
    done = icw(home, "snapshots", "diff", found.before.id)
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) <= 45
    assert "collection +1 -0, patient +2 -1, study +1 -0, series +30 -1" in done.stdout
    assert "Licence of 200 series: CC-BY-NC-3.0 -> CC-BY-4.0" in done.stdout
    assert "idc/collection_1/patient-7 -> idc/collection_1/patient-seven" in done.stdout
    assert f"icw snapshots diff {found.before.id} {found.after.id}" in done.stdout


def test_one_table_is_shown_with_what_its_columns_changed_from_and_to(home: Path, found: SnapshotDifference) -> None:
    ids = (found.before.id, found.after.id)
    lines = icw(home, "snapshots", "diff", *ids, "--table", "fct_series").stdout.splitlines()
    assert any(line.startswith("fct_series: 2,400 rows before, 30 added, 1 removed, 2,429 after") for line in lines)
    assert any(re.search(r"^series_description +│ +1 │.*axial -> coronal", line) for line in lines)
    refused = icw_refused(home, "snapshots", "diff", *ids, "--table", "fct_serie")
    assert "fct_series" in refused


def icw_refused(home: Path, *arguments: str) -> str:
    with pytest.raises(UsageError) as raised:
        icw(home, *arguments)
    return str(raised.value)


def test_programs_get_all_of_it_and_an_exit_code(home: Path, found: SnapshotDifference, tmp_path: Path) -> None:
    ids, file = (found.before.id, found.after.id), tmp_path / "lines.parquet"
    done = icw(home, "snapshots", "diff", *ids, "--json", "--exit-code", "--parquet", str(file))
    assert done.exit_code == 1
    report = json.loads(done.stdout)
    assert report["differs"] is True
    assert [report[side]["snapshot_id"] for side in ("before", "after")] == list(ids)
    tables = {table["table"]: table for table in report["tables"]}
    assert tables["fct_series"]["rows"]["added"] == 30
    with duckdb.connect() as connection:
        kinds = connection.execute(
            f"select kind, count(*) from '{file}' where \"table\" = 'fct_series' and kind in ('added', 'removed') "
            "group by kind"
        ).fetchall()
    assert dict(kinds) == {"added": 30, "removed": 1}
    same = icw(home, "snapshots", "diff", ids[0], ids[0], "--exit-code")
    assert same.exit_code == 0
    assert "The same snapshot." in same.stdout
