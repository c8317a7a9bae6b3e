"""Clinical tables on request: landed whole from the bucket of the sandbox, or not at all, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import requests

from tests.support.loopback import Loopback
from tests.support.marks import later
from tests.support.shared import SEED, population_of
from warehouse.errors import IntegrityError, SourceUnreachable, UsageError
from warehouse.landing import Landing, Load, Release
from warehouse.registry import source
from warehouse.sandbox.idc.clinical import synthesise_clinical_tables
from warehouse.sandbox.idc.specialised import release_files
from warehouse.sandbox.server import Sandbox
from warehouse.sandbox.server.faults import Fault
from warehouse.settings import Settings
from warehouse.sources.idc import ResolvedRelease, land, needs_fetch
from warehouse.sources.idc.clinical.listing import parse_listing
from warehouse.sources.idc.clinical.values import ClinicalTable, write_values
from warehouse.sources.idc.upstream import IdcUpstream

VERSION = "25.0.5"
SCALE = 0.002
BUCKET = ResolvedRelease(VERSION, "bucket")

# Two collections whose tables the sandbox has, and one without any (`draw` of the sandbox decides).
INDEX = """
select collection_id, 'PATIENT' || p as PatientID, '1.2.' || c || '.' || p as StudyInstanceUID,
    '1.2.' || c || '.' || p || '.9' as SeriesInstanceUID, 'CT' as Modality, null::varchar as analysis_result_id,
    1 as instanceCount, 1.5 as series_size_MB, 's3://bucket' as series_aws_url, '2020-01-01' as StudyDate,
    'study' as StudyDescription
from (values ('nlst', 1), ('tcga_luad', 2), ('without_tables', 3)) collections(collection_id, c), range(30) patients(p)
"""


class Upstream:
    """A sandbox with a release and clinical tables that a test may alter, and a home to land them in."""

    def __init__(self, sandbox: Sandbox, tables: dict[str, Path], home: Path) -> None:
        self.sandbox, self.tables, self.landing, self.home = sandbox, tables, Landing(home), home

    def settings(self, clinical: str = "", **changes: object) -> Settings:
        given: dict[str, object] = {
            "home": self.home,
            "sources": "sandbox",
            "sandbox_url": self.sandbox.root_url,
            "idc_url": self.sandbox.idc_url,
            "clinical_url": self.sandbox.clinical_url,
            "idc_channels": ("bucket",),
            "clinical": clinical,
            "retries": 2,
            "retry_wait_s": 0.01,
            "answer_timeout_s": 5,
        }
        return Settings(**{**given, **changes})  # type: ignore[arg-type]

    def land(self, clinical: str = "") -> Release:
        return land(BUCKET, self.landing, self.settings(clinical))

    def fetched(self) -> list[str]:
        """The Parquet files that were asked for since the log was cleared."""
        return [
            entry.path
            for entry in self.sandbox.requests.entries()
            if entry.path.endswith(".parquet") and "?" not in entry.path
        ]

    def shard(self, table: str, number: int = 0) -> Path:
        return self.tables[f"bigquery_export/idc_v25_clinical/{table}/{number:012d}.parquet"]

    def rewrite(self, table: str, query: str, number: int = 0) -> None:
        path = self.shard(table, number)
        with duckdb.connect() as connection:
            connection.execute(f"create table old as from read_parquet('{path}')")
            connection.execute(f"copy ({query}) to '{path}' (format parquet, kv_metadata {{synthetic: 'true'}})")


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return population_of(tmp_path_factory, SCALE)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("release")
    index = folder / "idc_index.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"copy ({INDEX}) to '{index}' (format parquet)")
    files = release_files({index.name: index}, folder / "specialised")
    with duckdb.connect() as connection:
        path = files["clinical_index.parquet"]
        connection.execute(
            f"create table described as from read_parquet('{path}') where collection_id <> 'without_tables'"
        )
        connection.execute(
            f"copy (from described order by all) to '{path}' (format parquet, kv_metadata {{synthetic: 'true'}})"
        )
    return files


@pytest.fixture
def upstream(release: dict[str, Path], population: Path, tmp_path: Path) -> Iterator[Upstream]:
    tables = synthesise_clinical_tables(
        VERSION, release["idc_index.parquet"], release["clinical_index.parquet"], tmp_path / "tables"
    )
    with Sandbox(population, SCALE, SEED, idc_files={VERSION: release}, clinical_files=tables) as sandbox:
        yield Upstream(sandbox, tables, tmp_path / "home")


def load_of(release: Release) -> Load:
    load = release.load_of("clinical_value")
    assert load is not None
    return load


def values(upstream: Upstream, load: Load) -> str:
    return f"read_parquet('{upstream.landing.object_path(load.objects[0].sha256)}')"


def test_nothing_is_asked_for_that_nobody_asked_for(upstream: Upstream) -> None:
    load = load_of(upstream.land())
    assert (load.status, load.rows, load.objects) == ("absent", 0, ())
    assert "set ICW_CLINICAL" in str(load.proof["reason"])
    assert not upstream.sandbox.requests.entries("clinical")


def test_a_collection_is_landed_whole_over_several_pages_of_the_listing(upstream: Upstream) -> None:
    load = load_of(upstream.land("nlst"))
    names = [entry.name for entry in load.objects]
    assert names == ["clinical_value.parquet", *(f"nlst_clinical/{number:012d}.parquet" for number in range(2))]
    for number, entry in enumerate(load.objects[1:]):
        assert (
            upstream.landing.object_path(entry.sha256).read_bytes()
            == upstream.shard("nlst_clinical", number).read_bytes()
        )
    assert (load.status, load.synthetic, load.proof["table_rows"]) == ("landed", True, {"nlst_clinical": 30})
    with duckdb.connect() as connection:
        found = values(upstream, load)
        assert connection.sql(f"select count(*), count(distinct row_number) from {found}").fetchall() == [
            (load.rows, 30)
        ]
        types = dict(connection.sql(f'select distinct "column", value_type from {found}').fetchall())
    assert types == {
        "dicom_patient_id": "string", "gender": "string", "age_at_diagnosis": "integer", "vital_status": "string",
        "body_mass_index": "float", "ever_smoked": "boolean", "diagnosed_on": "date",
    }  # fmt: skip


def test_nothing_is_fetched_twice_and_a_changed_object_alone_again(upstream: Upstream) -> None:
    settings = upstream.settings("nlst")
    first = upstream.land("nlst")
    upstream.sandbox.requests.clear()
    assert not needs_fetch(BUCKET, upstream.landing, settings)
    assert upstream.land("nlst") == first
    assert upstream.fetched() == []
    upstream.rewrite("nlst_clinical", "select * replace ('Unknown' as vital_status) from old", number=1)
    assert needs_fetch(BUCKET, upstream.landing, settings)
    upstream.sandbox.requests.clear()
    second = upstream.land("nlst")
    assert [path.rpartition("/")[2] for path in upstream.fetched()] == ["000000000001.parquet"]
    assert second.digest != first.digest
    assert not needs_fetch(BUCKET, upstream.landing, settings)


def test_what_was_asked_for_decides_which_landed_release_is_read(upstream: Upstream) -> None:
    """The artifacts are not fetched again, whatever is asked for, and no landed file is."""
    both, one = upstream.land("tcga_luad,nlst"), upstream.land("nlst")
    upstream.sandbox.requests.clear()
    none = upstream.land()
    assert [load_of(each).proof.get("collections") for each in (both, one, none)] == [
        ["nlst", "tcga_luad"], ["nlst"], None,
    ]  # fmt: skip
    assert upstream.land("nlst") == one
    assert upstream.fetched() == []
    for clinical, expected in (("nlst,tcga_luad", both), ("nlst", one), ("", none)):
        asked = IdcUpstream(source("idc"), upstream.settings(clinical), BUCKET)
        assert asked.unchanged(upstream.landing) == asked.last_good(upstream.landing) == expected


@pytest.mark.parametrize(
    ("clinical", "sentence"),
    [
        ("unheard_of", "no collection unheard_of. Collections with clinical tables are: nlst, tcga_luad."),
        ("nlst,without_tables", "no clinical tables of without_tables. Collections with clinical tables are:"),
    ],
)
def test_a_collection_that_has_none_is_a_sentence_that_names_those_that_have(
    upstream: Upstream, clinical: str, sentence: str
) -> None:
    with pytest.raises(UsageError) as refused:
        upstream.land(clinical)
    assert sentence in str(refused.value)
    assert upstream.landing.releases("idc") == []


def test_a_channel_without_the_dictionary_is_passed_over_and_those_with_it_named(upstream: Upstream) -> None:
    settings = upstream.settings("nlst", idc_channels=("wheel",))
    with pytest.raises(SourceUnreachable, match="clinical_index, which says what they are; bucket and github do"):
        land(replace(BUCKET, channel="wheel"), upstream.landing, settings)


def test_a_release_without_the_dictionary_has_no_clinical_tables(
    release: dict[str, Path], population: Path, tmp_path: Path
) -> None:
    files = {name: path for name, path in release.items() if not name.startswith("clinical_index")}
    with Sandbox(population, SCALE, SEED, idc_files={VERSION: files}) as sandbox:
        upstream = Upstream(sandbox, {}, tmp_path / "home")
        with pytest.raises(UsageError, match="from the channel bucket has no clinical_index"):
            upstream.land("nlst")


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("corrupt", "clinical_table"),
        ("truncated_body", "listing"),
        ("server_error", "clinical_table"),
        *(later(kind, "clinical_table") for kind in ("truncated_body", "html_ok", "not_found")),
        *(later(kind, "listing") for kind in ("html_ok", "not_found", "server_error")),
    ],
)
def test_a_bucket_that_stays_broken_lands_nothing(upstream: Upstream, kind: str, place: str) -> None:
    upstream.sandbox.faults.add(Fault(kind=kind, place=place, service="clinical", at=2, times=None))  # type: ignore[arg-type]
    with pytest.raises((IntegrityError, SourceUnreachable)) as refused:
        upstream.land("nlst")
    assert "clinical" in str(refused.value)
    assert upstream.landing.releases("idc") == []
    upstream.sandbox.faults.clear()
    upstream.sandbox.requests.clear()
    assert load_of(upstream.land("nlst")).status == "landed"
    # What had arrived whole is not fetched again.
    assert len([path for path in upstream.fetched() if "_clinical/" in path]) == (1 if place == "clinical_table" else 2)


@pytest.mark.parametrize("kind", ["truncated_body", "server_error", "connection_reset"])
def test_a_bucket_that_breaks_once_is_asked_again(upstream: Upstream, kind: str) -> None:
    upstream.sandbox.faults.add(Fault(kind=kind, service="clinical", at=2))  # type: ignore[arg-type]
    assert load_of(upstream.land("nlst")).status == "landed"


def test_an_object_that_changes_after_it_was_listed_is_refused(upstream: Upstream) -> None:
    key = "bigquery_export/idc_v25_clinical/nlst_clinical/000000000000.parquet"
    listed = f"<Key>{key}</Key><ETag>&quot;{'0' * 32}&quot;</ETag><Size>2</Size>"
    with Loopback() as changing:
        prefix = key.rpartition("/")[0]
        page = f"<ListBucketResult><Contents>{listed}</Contents></ListBucketResult>"
        changing.serve(f"/?list-type=2&prefix={prefix}/", page, "application/xml")
        changing.serve(f"/{key}", b"newer")
        settings = upstream.settings("nlst", clinical_url=changing.url)
        with pytest.raises(
            IntegrityError, match=r"listed with the entity tag 0+, served with \w+\. Nothing was landed"
        ):
            land(BUCKET, upstream.landing, settings)
    assert upstream.landing.releases("idc") == []


def test_a_table_of_the_dictionary_that_the_bucket_lacks_leaves_the_last_good_release(upstream: Upstream) -> None:
    good = upstream.land("nlst")
    for key in [key for key in upstream.tables if "tcga_luad" in key]:
        del upstream.tables[key]
    with pytest.raises(
        IntegrityError, match=r"lists the clinical tables tcga_luad_clinical, and .* has no Parquet file"
    ):
        upstream.land("nlst,tcga_luad")
    assert upstream.landing.releases("idc") == [good]


def test_columns_that_the_dictionary_does_not_know_are_landed_and_reported(upstream: Upstream) -> None:
    for number in (0, 1):
        upstream.rewrite("nlst_clinical", "select * exclude (gender), 7 as brand_new from old", number)
    load = load_of(upstream.land("nlst"))
    assert load.proof["columns_added"] == ["nlst_clinical.brand_new"]
    assert load.proof["columns_missing"] == ["nlst_clinical.gender"]
    with duckdb.connect() as connection:
        found = connection.sql(
            f"""select value from {values(upstream, load)} where "column" = 'brand_new'"""
        ).fetchall()
    assert found == [("7",)] * 30


def test_made_up_tables_are_not_taken_for_real_ones(upstream: Upstream) -> None:
    live = upstream.settings("nlst", sources="live", sandbox_url=None)
    with pytest.raises(Exception, match="serves synthetic data"):
        IdcUpstream(source("idc"), live, BUCKET).land(upstream.landing)


def test_values_keep_what_stands_there_whatever_its_type(tmp_path: Path) -> None:
    """Shards may disagree on a type; a moment is in UTC, a list is JSON, blank text is a value, null is none."""
    queries = {
        "a": "select 1::bigint as n, 2.5 as d, timestamptz '2020-01-01 00:00:00+02' as t, ['x', 'y'] as l, ' ' as s",
        "b": "select 'unknown' as n, 'nan'::double as d, null::timestamptz as t, null::varchar[] as l, null as s"
        " union all select '2', 1e0, timestamptz '2020-06-01 12:00:00+00', [], ''",
    }
    paths = tuple(tmp_path / f"{name}.parquet" for name in queries)
    with duckdb.connect() as connection:
        for path, query in zip(paths, queries.values(), strict=True):
            connection.execute(f"copy ({query}) to '{path}' (format parquet)")
    target = tmp_path / "values.parquet"
    written = write_values([ClinicalTable("t", paths)], target)
    assert [(facts.rows, facts.values) for facts in written.tables] == [(3, 12)]
    assert not written.synthetic
    with duckdb.connect() as connection:
        rows = connection.sql(f"""select row_number, "column", value, value_type from '{target}'""").fetchall()
    assert rows == [
        (1, "n", "1", "integer"), (1, "d", "2.5", "float"), (1, "t", "2019-12-31 22:00:00+00", "timestamp"),
        (1, "l", '["x","y"]', "string"), (1, "s", " ", "string"),
        (2, "n", "unknown", "integer"), (2, "d", "nan", "float"),
        (3, "n", "2", "integer"), (3, "d", "1", "float"), (3, "t", "2020-06-01 12:00:00+00", "timestamp"),
        (3, "l", "[]", "string"), (3, "s", "", "string"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (b"<html>", "not XML"),
        (b"<Error/>", "the document is a Error"),
        (b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", "and not where"),
        (b"<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>", "an object has no ETag"),
    ],
)
def test_what_is_no_page_of_a_listing_says_why(page: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_listing(page)


def test_the_bucket_gives_an_object_a_page(upstream: Upstream) -> None:
    prefix = "bigquery_export/idc_v25_clinical/nlst_clinical/"
    page = requests.get(f"{upstream.sandbox.clinical_url}/?list-type=2&prefix={prefix}", timeout=9).content
    found, token = parse_listing(page)
    assert [listed.key for listed in found] == [f"{prefix}000000000000.parquet"]
    assert token == f"{prefix}000000000000.parquet"
