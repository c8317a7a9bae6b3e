"""What a query reads of what a snapshot lacks: found in DuckDB's plan, whatever the query looks like."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from dagster_project.display.notices import absence_notice
from warehouse.errors import AbsentData
from warehouse.snapshots.absence import absent_parts_read, sentences
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import AbsentPart

EMPTY = AbsentPart(
    table="dim_collection", column=None, is_empty=True, source="idc", dataset="sm_index", reason="the wheel lacks it"
)
NULL = AbsentPart(
    table="fct_series",
    column="modality",
    is_empty=False,
    source="idc",
    dataset="idc_index",
    reason="no Modality",
)


@pytest.fixture
def lacking(published: Snapshot) -> Snapshot:
    """A snapshot with an empty table and a column of nulls."""
    return replace(published, manifest=published.manifest.model_copy(update={"absent": (EMPTY, NULL)}))


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("select count(*) from dim_collection", [EMPTY]),
        ('FROM main."DIM_collection"', [EMPTY]),
        ("select 1 from fct_series where series_key in (select collection_key from dim_collection)", [EMPTY]),
        ("with c as (from dim_collection) select count(*) from fct_series left join c using (collection_key)", [EMPTY]),
        ("from dim_collection limit 0", [EMPTY]),
        ("select * from query('from dim_' || 'collection')", [EMPTY]),
        ("pivot dim_collection on collection_id using count(*)", [EMPTY]),
        ("summarize dim_collection", [EMPTY]),
        ("-- dim_collection\nselect count(*) from fct_series", []),
        ("select 'dim_collection'", []),
        ("with dim_collection as (select 1 as a) from dim_collection", []),
        ("describe dim_collection", []),
        ("explain from dim_collection", []),
        ("from dim_nothing", []),
        ("select count(*) from fct_series", []),
        ("select series_key from (select * from fct_series)", []),
        ("select count(*) from fct_series where modality = 'CT'", [NULL]),
        ("select m from (select modality as m, * from fct_series) order by 1", [NULL]),
        ("select columns('mod.*') from fct_series", [NULL]),
        ("select series_key from fct_series order by modality limit 1", [NULL]),
        ("select (select max(s.modality) from fct_series s where s.collection_key = c.collection_key) "
         "from dim_collection c", [EMPTY, NULL]),
    ],
)  # fmt: skip
def test_what_a_query_reads_is_named(lacking: Snapshot, query: str, parts: list[AbsentPart]) -> None:
    assert list(absent_parts_read({"warehouse": lacking}, query)) == parts


def test_a_snapshot_that_lacks_nothing_says_nothing(published: Snapshot) -> None:
    assert absent_parts_read({"warehouse": published}, "from dim_collection") == ()


def test_there_is_one_sentence_for_the_rows_and_one_for_the_columns() -> None:
    other = EMPTY.model_copy(update={"dataset": "seg_index", "reason": "nor that"})
    second = NULL.model_copy(update={"column": "study_date"})
    assert sentences([EMPTY, other, NULL, second]) == [
        "dim_collection is empty: the wheel lacks it; nor that.",
        "fct_series has only nulls for idc in modality, study_date: no Modality.",
    ]


def test_a_reason_that_holds_of_several_datasets_is_said_once() -> None:
    parts = [
        AbsentPart(
            table="rpt_counts",
            column=None,
            is_empty=False,
            source="idc",
            dataset=dataset,
            reason=f"the wheel does not carry {dataset}; github does",
        )
        for dataset in ("ann_group_index", "seg_index")
    ]
    assert sentences(parts) == [
        "rpt_counts lacks what is made of idc's ann_group_index, idc's seg_index: "
        "the wheel does not carry ann_group_index, seg_index; github does."
    ]


def test_a_query_with_parameters_and_of_several_snapshots_is_read_too(lacking: Snapshot, published: Snapshot) -> None:
    query = "select count(*) from fct_series where modality = $m"
    assert absent_parts_read({"warehouse": lacking}, query, {"m": "CT"}) == (NULL,)
    both = {"warehouse": published, "old": lacking}
    assert absent_parts_read(both, "select count(*) from old.dim_collection") == (EMPTY,)
    assert absent_parts_read(both, "select count(*) from dim_collection") == ()
    assert absent_parts_read(both, "from dim_collection union all from old.main.dim_collection") == (EMPTY,)


def test_the_command_names_what_is_absent_and_refuses_it_if_asked_to(
    lacking: Snapshot, capsys: pytest.CaptureFixture[str]
) -> None:
    console = Console(stderr=True, width=200)
    absence_notice(console, {"warehouse": lacking}, "from dim_collection", {}, strict=False)
    assert "ABSENT, not zero: dim_collection is empty: the wheel lacks it." in capsys.readouterr().err
    with pytest.raises(AbsentData, match="dim_collection is empty") as refused:
        absence_notice(console, {"warehouse": lacking}, "from dim_collection", {}, strict=True)
    assert refused.value.exit_code == 14
