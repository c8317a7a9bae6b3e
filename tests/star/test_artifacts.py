"""The facts over IDC's artifacts that no wheel carries: a small release that has them all, and one without.

The artifacts are those of the sandbox, about the series of the release, with every irregularity planted that a model
must survive: references out of the release, algorithms without name or type, repeated keys.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.small_release import FILES, IDC_INDEX, land
from tests.support.spoiled_build import spoiled
from warehouse.build import Build, prepare, run_models
from warehouse.build.statements import read_statements
from warehouse.dbt_manifest import DeclaredTable, read_star_description
from warehouse.files import sha256_of
from warehouse.landing import Landing
from warehouse.quality.audit import audit_star, failed_errors
from warehouse.quality.rules.idc_artifacts import CONSERVATION, FACTS
from warehouse.sandbox.idc.specialised import synthesise_indices
from warehouse.settings import Settings
from warehouse.snapshots.absent_parts import absent_parts
from warehouse.snapshots.star import star_tables
from warehouse.snapshots.tables import table_writer

TABLES = (*FACTS.values(), "dim_algorithm")
IN_THE_WHEEL = {name: sql for name, sql in FILES.items() if name not in FACTS}

# The patients of the small release, each with series of eight modalities; one collection is one that GDC knows.
INDEX = f"""
    select * replace (
        (['CT', 'MR', 'PT', 'SEG', 'RTSTRUCT', 'SM', 'ANN', 'XA'])[1 + cast("SeriesNumber" as bigint) // 120 % 8]
            as "Modality",
        replace(collection_id, 'collection_0', 'tcga_luad') as collection_id
    ) from ({IDC_INDEX})
"""

NUMBERED = "select *, row_number() over () as n from read_parquet('{path}')"
PLANTED = {
    "seg_index": """
        select * exclude (n) replace (
            case n when 1 then '1.2.3' when 2 then null else "segmented_SeriesInstanceUID" end
                as "segmented_SeriesInstanceUID",
            case n when 3 then null when 4 then 'MANUAL' when 5 then 'AUTOMATIC,MANUAL' when 6 then 'GUESSED'
                when 7 then null else "AlgorithmType" end as "AlgorithmType",
            case n when 3 then null when 4 then ' ' when 5 then 'one,two' when 6 then 'guess' when 7 then 'untyped'
                else "AlgorithmName" end as "AlgorithmName"
        ) from numbered
    """,
    # The first group twice as it is, and once more under another label.
    "ann_group_index": """
        select * exclude (n) from numbered
        union all by name select * exclude (n) from numbered where n = 1
        union all by name
        select * exclude (n) replace ('another' as "AnnotationGroupLabel") from numbered where n = 1
    """,
    "sm_instance_index": """
        select * exclude (n) replace (if(n = 1, '1.2.3', "SeriesInstanceUID") as "SeriesInstanceUID") from numbered
    """,
    "clinical_index": """
        select * exclude (n) replace (if(n = 1, null, collection_id) as collection_id) from numbered
        union all by name select * exclude (n) from numbered where n = 2
    """,
    "gdc_idc_mapping": """
        select * exclude (n) replace (if(n = 1, '1.2.3', "StudyInstanceUID") as "StudyInstanceUID") from numbered
    """,
}
ORPHANS = {("fct_slide_instance", "series_key"): 1, ("fct_gdc_mapping", "study_key"): 1}


def built(home: Path, files: dict[str, str]) -> Build:
    landing, release = land(home, files)
    settings = Settings(home=home)
    build = prepare(home, landing, [release], settings)
    run_models(build, settings)
    return build


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A build of a release that has every artifact."""
    folder = tmp_path_factory.mktemp("whole")
    index = folder / "idc_index.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"copy ({INDEX}) to '{index}' (format parquet)")
    files = {**IN_THE_WHEEL, "idc_index": INDEX}
    for name, path in synthesise_indices(index, {}, folder / "specialised").items():
        dataset = name.removesuffix(".parquet")
        query = PLANTED.get(dataset, "select * exclude (n) from numbered")
        files[dataset] = f"with numbered as ({NUMBERED.format(path=path)}) {query}"
    return built(folder / "home", files)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A build of the same release from a channel that has no more than a wheel."""
    return built(tmp_path_factory.mktemp("bare"), {**IN_THE_WHEEL, "idc_index": INDEX})


@pytest.fixture(scope="module")
def star(whole: Build) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(whole.database), read_only=True) as connection:
        yield connection


def statements(build: Build) -> dict[str, str]:
    """Return the statement that makes each table."""
    return {statement.name: statement.sql for statement in read_statements(build.statements)}


def declared(build: Build) -> dict[str, DeclaredTable]:
    return {table.name: table for table in read_star_description(build.manifest).tables}


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Any]:
    return connection.execute(sql).fetchall()


def columns(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {name: kind for name, kind, *_ in rows(connection, f"describe {relation}")}


@pytest.mark.parametrize("table", TABLES)
def test_the_primary_key_is_unique_and_never_null(whole: Build, star: duckdb.DuckDBPyConnection, table: str) -> None:
    key = declared(whole)[table].primary_key
    ((count, keys, nulls),) = rows(
        star,
        f"select count(*), count(distinct ({', '.join(key)})),"
        f" count(*) filter ({' or '.join(f'{column} is null' for column in key)}) from star.{table}",
    )
    assert count > 0
    assert (keys, nulls) == (count, 0)


@pytest.mark.parametrize(("dataset", "table"), FACTS.items())
def test_a_fact_holds_its_artifact_value_for_value(star: duckdb.DuckDBPyConnection, dataset: str, table: str) -> None:
    staged = columns(star, f"staging.stg_idc__{dataset}")
    names = {"algorithm_type": "algorithm_type_raw"} if dataset == "seg_index" else {}
    left = ", ".join(f"{name}::varchar" if kind == "JSON" else name for name, kind in staged.items())
    right = ", ".join(names.get(name, name) for name in staged)
    sides = (f"select {left} from staging.stg_idc__{dataset}", f"select {right} from star.{table}")
    assert rows(star, f"{sides[0]} except all {sides[1]}") == []
    assert rows(star, f"{sides[1]} except all {sides[0]}") == []


@pytest.mark.parametrize("rule", CONSERVATION, ids=lambda rule: rule.sentence)
def test_what_was_landed_is_conserved(star: duckdb.DuckDBPyConnection, rule: Any) -> None:
    ((landed,),) = rows(star, rule.landed)
    assert landed > 0
    assert rows(star, rule.star) == [(landed,)]


def test_a_lost_row_breaks_every_rule(whole: Build, tmp_path: Path) -> None:
    complete = {
        "fct_segmentation": "segmented_series_key is not null and algorithm_key is not null",
        "fct_slide_instance": "size_bytes > 0",
    }
    lost = "; ".join(
        f"delete from star.{table} where rowid ="
        f" (select min(rowid) from star.{table} where {complete.get(table, 'true')})"
        for table in TABLES
    )
    build = spoiled(whole, tmp_path, lost)
    with duckdb.connect(str(build.database), read_only=True) as connection:
        broken = [rule for rule in CONSERVATION if rows(connection, rule.landed) != rows(connection, rule.star)]
    assert broken == list(CONSERVATION)


def test_references_hold_but_for_those_that_the_artifacts_break(whole: Build, star: duckdb.DuckDBPyConnection) -> None:
    found = {}
    references = [entry for entry in read_star_description(whole.manifest).references if entry.table in TABLES]
    for entry in references:
        orphans = f"""select count(*) from star.{entry.table} where {entry.column} is not null
            and {entry.column} not in (select {entry.parent_column} from {entry.parent})"""
        ((found[entry.table, entry.column],),) = rows(star, orphans)
    assert {key: count for key, count in found.items() if count} == ORPHANS
    assert {(entry.table, entry.column) for entry in references if not entry.must_hold} > set(ORPHANS)
    tables_with_series = {table for table in FACTS.values() if "series_key" in columns(star, f"star.{table}")}
    assert tables_with_series <= {table for table, column in found if column == "series_key"}
    assert len(tables_with_series) == len(FACTS) - 2


def test_a_segmentation_keeps_the_name_of_a_series_that_the_release_lacks(star: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        star,
        """select segmented_series_instance_uid, segmented_series_key from star.fct_segmentation
        where segmented_series_key is null order by 1 nulls last""",
    )
    assert found == [("1.2.3", None), (None, None)]
    ((wrong, resolved),) = rows(
        star,
        """select count(*) filter (series.series_instance_uid <> segmented_series_instance_uid), count(*)
        from star.fct_segmentation join star.fct_series as series on segmented_series_key = series.series_key""",
    )
    assert (wrong, resolved) == (0, rows(star, "select count(*) - 2 from star.fct_segmentation")[0][0])


def test_algorithms_are_kept_as_written_and_harmonised(star: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        star,
        """select algorithm_name, algorithm_type_raw, algorithm_type, is_used_by_segmentations,
        is_used_by_annotation_groups from star.dim_algorithm order by all""",
    )
    assert found == [
        ("Synthetic algorithm", "AUTOMATIC", "automatic", False, True),
        ("Synthetic algorithm", "MANUAL", "manual", False, True),
        ("guess", "GUESSED", "unmapped", True, False),
        ("measured_reports algorithm", "AUTOMATIC", "automatic", True, False),
        ("one,two", "AUTOMATIC,MANUAL", "several", True, False),
        ("untyped", None, "missing", True, False),
        (None, "MANUAL", "manual", True, False),
        (None, "SEMIAUTOMATIC", "semiautomatic", True, False),
    ]
    named = """select count(*), count(*) filter (f.algorithm_name is not distinct from d.algorithm_name
        and f.{raw} is not distinct from d.algorithm_type_raw) from star.{table} as f
        join star.dim_algorithm as d using (algorithm_key)"""
    for table, raw, without in (
        ("fct_segmentation", "algorithm_type_raw", 1),
        ("fct_annotation_group", "annotation_group_generation_type", 0),
    ):
        ((joined, same),) = rows(star, named.format(table=table, raw=raw))
        assert joined == same == rows(star, f"select count(*) - {without} from star.{table}")[0][0]


def test_repeated_keys_are_told_apart(star: duckdb.DuckDBPyConnection) -> None:
    groups = rows(
        star,
        """select annotation_group_label, occurrence from star.fct_annotation_group
        where (series_key, annotation_group_number) in (
            select (series_key, annotation_group_number) from star.fct_annotation_group where occurrence > 1)
        order by occurrence""",
    )
    assert groups == [("Group 1", 1), ("Group 1", 2), ("another", 3)]
    described = "select occurrence, count(*) from star.fct_clinical_column group by all order by all"
    assert [occurrence for occurrence, _ in rows(star, described)] == [1, 2]
    assert rows(star, described)[1] == (2, 1)
    assert rows(star, "select count(*) from star.fct_clinical_column where collection_key is null") == [(1,)]


# The identifier of each row of an artifact, of which the contract has no more than a description.
IDENTIFIERS = {"sm_instance_index": "SOPInstanceUID", "gdc_idc_mapping": "StudyInstanceUID"}
REPEATABLE = {name: table for name, table in FACTS.items() if name not in {"ann_group_index", "clinical_index"}}


def test_rows_that_repeat_or_lack_their_identifier_are_kept_and_stop_nothing(whole: Build, tmp_path: Path) -> None:
    made_by = statements(whole)
    build = spoiled(whole, tmp_path, "select 1")
    with duckdb.connect(str(build.database)) as connection:
        for dataset in REPEATABLE:
            identifier = IDENTIFIERS.get(dataset, "SeriesInstanceUID")
            connection.execute(
                f"create table landed.odd_{dataset} as with rows as (from landed_idc.{dataset})"
                f" from rows union all (from rows order by all limit 1) union all by name"
                f' (select * replace (null as "{identifier}") from rows order by all limit 2) union all by name'
                f" (select * replace (' ' as \"{identifier}\") from rows order by all limit 1);"
                f" create or replace view landed_idc.{dataset} as from landed.odd_{dataset};"
                f" update landed.loads set row_count = row_count + 4 where dataset = '{dataset}'"
            )
        before = {table: rows(connection, f"select count(*) from star.{table}")[0][0] for table in REPEATABLE.values()}
        for table in TABLES:
            connection.execute(f"drop table star.{table}; {made_by[table]}")
        for table in REPEATABLE.values():
            (key,) = declared(whole)[table].primary_key
            assert rows(connection, f"select count(*), count(distinct {key}) from star.{table}") == [
                (before[table] + 4, before[table] + 4)
            ], table
        # What refers to the identifier finds the one row that it found before.
        joined = "select count(*) from star.fct_series join star.fct_acquisition_ct using (series_key)"
        assert rows(connection, joined) == [(before["fct_acquisition_ct"],)]
    verdicts = audit_star(build)
    assert failed_errors(verdicts) == []
    (warned,) = [verdict.observed for verdict in verdicts if not verdict.passed and verdict.suite == "star references"]
    for table in REPEATABLE.values():
        assert f"{table}." in warned, table


def test_lists_stay_lists_and_records_are_text(star: duckdb.DuckDBPyConnection) -> None:
    ((roi_names, image_type, position),) = rows(
        star,
        """select (select min(roi_names) from star.fct_rtstruct), (select min(image_type) from star.fct_acquisition_ct),
        (select min(image_orientation_patient) from star.fct_volume_geometry)""",
    )
    assert roi_names == ["GTV-1", "BODY"]
    assert image_type == ["ORIGINAL", "PRIMARY", "AXIAL"]
    assert position == [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    ((labels,),) = rows(star, "select distinct value_labels from star.fct_clinical_column where column_name = 'gender'")
    assert json.loads(labels)[0] == {"option_code": "F", "option_description": "Female"}


def test_the_order_of_the_landed_rows_does_not_matter(whole: Build, tmp_path: Path) -> None:
    database = tmp_path / whole.database.name
    shutil.copy(whole.database, database)
    made_by = statements(whole)
    with duckdb.connect(str(database)) as connection:
        for dataset in FACTS:
            connection.execute(
                f"create table landed.turned_{dataset} as"
                f" select *, row_number() over () as n from landed_idc.{dataset};"
                f" create or replace view landed_idc.{dataset} as"
                f" select * exclude (n) from landed.turned_{dataset} order by n desc"
            )
        for table in TABLES:
            before = rows(connection, f"select * from star.{table} order by all")
            connection.execute(f"drop table star.{table}; {made_by[table]}")
            assert rows(connection, f"select * from star.{table} order by all") == before, table


@pytest.mark.full
def test_without_the_artifacts_the_tables_are_there_and_empty(bare: Build, star: duckdb.DuckDBPyConnection) -> None:
    with duckdb.connect(str(bare.database), read_only=True) as connection:
        for table in TABLES:
            assert rows(connection, f"select count(*) from star.{table}") == [(0,)], table
            assert columns(connection, f"star.{table}") == columns(star, f"star.{table}")
        absent = "select dataset from star.dim_release where status = 'absent' and source_id = 'idc'"
        assert {name for (name,) in rows(connection, absent)} == {*FACTS, "clinical_value"}


@pytest.mark.full
def test_the_audit_passes_with_and_without_the_artifacts(whole: Build, bare: Build) -> None:
    assert failed_errors(audit_star(bare)) == []
    verdicts = audit_star(whole)
    assert failed_errors(verdicts) == []
    warned = [verdict.observed for verdict in verdicts if not verdict.passed and verdict.suite == "star references"]
    assert len(warned) == 1
    for table, column in ORPHANS:
        assert f"{table}.{column}" in warned[0]
    assert not any("orphans" in verdict.observed for verdict in audit_star(bare))
    (unmapped,) = [verdict for verdict in verdicts if verdict.expectation.startswith("Every type of algorithm")]
    assert (unmapped.passed, unmapped.observed) == (
        False,
        "idc segmentation type of algorithm: 1 of 358 (0.28 %) unmapped: 'GUESSED' x 1",
    )


def test_the_tables_are_published_with_the_same_bytes_twice(whole: Build, tmp_path: Path) -> None:
    tables = [table for table in star_tables(whole.manifest) if table.name in TABLES]
    assert len(tables) == len(TABLES)
    digests = []
    for attempt, threads in (("first", 1), ("second", 2)):
        folder = tmp_path / attempt
        folder.mkdir()
        with table_writer(whole.database, folder / "tmp", threads=threads, memory_limit="500MB") as writer:
            entries, _ = writer.write(tables, folder, folder / "snapshot.duckdb")
        digests.append({entry.name: sha256_of(folder / f"{entry.name}.parquet") for entry in entries})
        kinds = {column.name: column.type for entry in entries for column in entry.columns}
        assert kinds["roi_names"] == "VARCHAR[]"
        assert kinds["echo_time_ms"] == "DOUBLE[]"
    assert digests[0] == digests[1]


def test_what_is_absent_is_named_and_not_taken_for_none(bare: Build, whole: Build) -> None:
    """Of 25.0.5 without a channel's artifacts: empty tables, parts of tables, sources without a load."""
    found = {(part.table, part.column, part.dataset) for part in absent_parts(bare, Landing(home_of(bare)))}
    assert {(table, None, dataset) for dataset, table in FACTS.items()} <= found
    assert {("dim_algorithm", None, "seg_index"), ("dim_algorithm", None, "ann_group_index")} <= found
    assert {("fct_file", None, None), ("fct_series", None, None)} <= found
    assert ("fct_series_change", None, "earlier releases") in found
    assert not [part for part in found if part[0] == "fct_series" and part[2] is not None]
    lacking = absent_parts(whole, Landing(home_of(whole)))
    assert [part for part in lacking if part.source == "idc" and part.table in TABLES] == []


def test_a_report_names_what_it_is_made_of_and_nothing_else(bare: Build, whole: Build) -> None:
    """Each report or comparison that the artifacts change names them; one that they leave as it is does not."""
    kinds = ("rpt_", "rec_", "xwalk_")
    named: dict[str, set[str]] = {}
    for part in absent_parts(bare, Landing(home_of(bare))):
        if part.table.startswith(kinds) and part.source == "idc":
            named.setdefault(part.table, set()).add(str(part.dataset))
    segmentations, groups, clinical, tcia = "seg_index", "ann_group_index", "clinical_index", "tcia_idc_subset"
    assert named == {
        "rec_gap": {tcia},
        "rec_gap_cause": {tcia},
        "rec_gap_row": {tcia},
        "rpt_annotation": {groups},
        "rpt_count_history": {segmentations, groups, clinical},
        "rpt_counts": {segmentations, groups, clinical},
        "rpt_mapping": {segmentations, groups},
        "rpt_published_figures": {segmentations, groups, clinical},
        "rpt_scale": {clinical},
        "rpt_segmentation": {segmentations},
        "rpt_unmapped_value": {segmentations, groups},
        "xwalk_series": {tcia},
    }
    reports = [table.name for table in star_tables(whole.manifest) if table.name.startswith(kinds)]
    with duckdb.connect() as connection:
        for name, build in (("bare", bare), ("whole", whole)):
            connection.execute(f"attach '{build.database}' as {name} (read_only)")
        changed = {
            report
            for report in reports
            if rows(connection, f"(from whole.star.{report} except all from bare.star.{report}) limit 1")
            or rows(connection, f"(from bare.star.{report} except all from whole.star.{report}) limit 1")
        }
    assert changed <= named.keys()
    assert changed >= {"rpt_annotation", "rpt_counts", "rpt_scale", "rpt_segmentation"}


def home_of(build: Build) -> Path:
    """Return the home that a build lies in."""
    return build.folder.parent.parent


@pytest.mark.full
def test_a_column_that_the_release_lacks_is_named(tmp_path: Path) -> None:
    """As in 23.5.0, which has no SOPClassUID: the columns made of it, and why, beside what an absent list leaves."""
    older = {**IN_THE_WHEEL, "idc_index": f'select * exclude ("SOPClassUID") from ({IDC_INDEX})'}
    build = built(tmp_path, older)
    found = [str(part) for part in absent_parts(build, Landing(home_of(build))) if part.column is not None]
    assert found == [
        "fct_series.sop_class_uid is null for idc: idc_index of idc 25.0.5 has no SOPClassUID (null before IDC 23.10).",
        # Without a portal, TCIA's list is all that IDC could be compared with.
        "mart_gaps.collection_id is null for idc: idc 25.0.5 has no tcia_idc_subset.",
    ]


def test_the_published_tables_say_what_they_lack(bare: Build, tmp_path: Path) -> None:
    absent = absent_parts(bare, Landing(home_of(bare)))
    (tmp_path / "tables").mkdir()
    with table_writer(bare.database, tmp_path / "scratch", threads=2, memory_limit="1GB") as writer:
        tables = [table for table in star_tables(bare.manifest) if table.name == "fct_segmentation"]
        writer.write(tables, tmp_path / "tables", tmp_path / "w.duckdb", absent)
    with duckdb.connect(str(tmp_path / "w.duckdb"), read_only=True) as connection:
        ((comment,),) = rows(connection, "select comment from duckdb_tables()")
        ((key,),) = rows(connection, "select comment from duckdb_columns() where column_name = 'series_key'")
    assert "Absent: fct_segmentation is empty: " in comment
    assert key.endswith("-> fct_series.series_key")
