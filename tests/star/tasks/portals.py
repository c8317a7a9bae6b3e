"""What users of the MIDRC portal and the hub ask in public: each question as an analyst asks the star, and its oracle.

An oracle computes the same rows from the landed records with polars, without the models. Both go by one rule: where
several records of the portal share a submitter id, the first by node id is the one that others name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

Rows = list[tuple[object, ...]]

# The landed records of a type of a source, as the service wrote them.
Landed = Callable[[str, str], pl.DataFrame]

ASKED_OF_PEOPLE = {
    "female",
    "male",
    "american indian or alaska native",
    "asian",
    "black or african american",
    "native hawaiian or other pacific islander",
    "white",
    "more than one race",
    "hispanic or latino",
    "not hispanic or latino",
    "other",
    "not reported",
    "not applicable",
    "unknown",
}


@dataclass(frozen=True)
class Task:
    """A question, its SQL on the star, and what computes its rows from the landed records.

    `published` says of the rows of the published snapshot how many they are, and the sum of each column of numbers: the
    population of the sandbox is the same on every machine.
    """

    question: str
    sql: str
    oracle: Callable[[Landed], Rows]
    published: tuple[int, ...]


def covid_positive_ct_with_report(landed: Landed) -> Rows:
    positive = first_of_each(landed("midrc", "case"), "_case_id").filter(text("covid19_positive") == "Yes")
    reports = landed("midrc", "radiology_report").explode("imaging_study_submitter_id")
    found = (
        first_of_each(landed("midrc", "imaging_study"), "_imaging_study_id")
        .filter(pl.col("study_modality").list.contains("CT"))
        .join(reports, left_on="submitter_id", right_on="imaging_study_submitter_id")
        .explode("case_ids")
        .filter(pl.col("case_ids").is_in(positive["submitter_id"].to_list()))
    )
    return found.select(pl.col("case_ids", "_imaging_study_id", "_radiology_report_id").n_unique()).rows()


def people(landed: Landed) -> Rows:
    def told(column: str) -> pl.Expr:
        said = text(column).str.to_lowercase()
        known = pl.when(said.is_in(list(ASKED_OF_PEOPLE))).then(said).otherwise(pl.lit("unmapped"))
        return pl.when(said.is_null()).then(pl.lit("missing")).otherwise(known).alias(column)

    columns = ("sex", "race", "ethnicity")
    return landed("midrc", "case").group_by(*map(told, columns)).len().sort(columns).rows()


def sizes_of_files(landed: Landed) -> Rows:
    files = landed("midrc", "data_file").select(
        text("modality"), text("series_uid"), pl.col("file_size").cast(pl.Int64, strict=False)
    )
    return (
        files.filter(pl.col("modality").is_not_null())
        .group_by("modality")
        .agg(pl.len(), pl.col("series_uid").drop_nulls().n_unique(), pl.col("file_size").sum())
        .sort("modality")
        .rows()
    )


def cases_that_the_hub_lacks(landed: Landed) -> Rows:
    subjects = landed("bih", "subject").filter(pl.col("commons_name").list.contains("MIDRC"))
    cases = in_datasets(landed("midrc", "case"), "dataset_submitter_id").filter(pl.col("submitter_id").is_not_null())
    lacking = ~pl.col("submitter_id").is_in(subjects["submitter_id"].to_list())
    return (
        cases.group_by("dataset_submitter_id")
        .agg(pl.col("submitter_id").n_unique(), pl.col("submitter_id").filter(lacking).n_unique().alias("lacking"))
        .sort("dataset_submitter_id")
        .rows()
    )


def datasets_of_portal_and_hub(landed: Landed) -> Rows:
    def shared(portal: pl.DataFrame, key: str, hub: pl.DataFrame, hub_key: str, name: str) -> pl.DataFrame:
        of_midrc = hub.filter(pl.col("commons_name").list.contains("MIDRC")).select("collection_id", text(hub_key))
        return (
            in_datasets(portal.select("dataset_submitter_id", text(key)), "dataset_submitter_id")
            .join(in_datasets(of_midrc, "collection_id"), left_on=key, right_on=hub_key)
            .group_by("dataset_submitter_id", "collection_id")
            .agg(pl.col(key).n_unique().alias(name))
        )

    pairs = [
        shared(landed("midrc", "case"), "submitter_id", landed("bih", "subject"), "submitter_id", "patients"),
        shared(
            landed("midrc", "imaging_study"), "study_uid", landed("bih", "imaging_study"), "StudyInstanceUID", "studies"
        ),
        shared(
            landed("midrc", "data_file"), "series_uid", landed("bih", "imaging_series"), "SeriesInstanceUID", "series"
        ),
    ]
    names = ["dataset_submitter_id", "collection_id"]
    found = pairs[0]
    for other in pairs[1:]:
        found = found.join(other, on=names, how="full", coalesce=True)
    return found.select(*names, pl.col("patients", "studies", "series").fill_null(0)).sort(names).rows()


def text(column: str) -> pl.Expr:
    """The text of a column without space around it; null where nothing is left."""
    trimmed = pl.col(column).str.strip_chars()
    return pl.when(trimmed != "").then(trimmed).alias(column)


def first_of_each(records: pl.DataFrame, node_id: str) -> pl.DataFrame:
    """Return the first record of each submitter id."""
    return records.sort(node_id).unique(subset="submitter_id", keep="first")


def in_datasets(records: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return a row for each dataset that a record names."""
    return records.explode(column).with_columns(text(column)).filter(pl.col(column).is_not_null())


TASKS = {
    "covid_positive_ct_with_report": Task(
        question="How many COVID-positive cases have a CT study with a radiology report; how many studies and reports?",
        sql="""
            select
                count(distinct cases.patient_key) as cases,
                count(distinct studies.study_key) as studies,
                count(distinct reports.report_key) as reports
            from dim_patient as cases
            join bridge_study_patient as studies
                on cases.patient_key = studies.patient_key
            join bridge_study_modality as modalities
                on studies.study_key = modalities.study_key
            join bridge_report_study as reports
                on studies.study_key = reports.study_key
            where
                cases.source_id = 'midrc'
                and cases.covid19_status = 'positive'
                and modalities.modality = 'CT'
                and modalities.is_stated
        """,
        oracle=covid_positive_ct_with_report,
        published=(1, 5, 5, 5),
    ),
    "people": Task(
        question="Who are the cases, by sex, race and ethnicity?",
        sql="""
            select
                sex,
                race,
                ethnicity,
                count(*) as cases
            from dim_patient
            where
                source_id = 'midrc'
                and is_described
            group by
                sex,
                race,
                ethnicity
            order by
                sex,
                race,
                ethnicity
        """,
        oracle=people,
        published=(65, 848),
    ),
    "sizes_of_files": Task(
        question="How many files and series of each modality are there, and how big are they?",
        sql="""
            select
                modality,
                count(*) as files,
                count(distinct series_instance_uid) as series,
                coalesce(sum(size_bytes), 0)::bigint as bytes
            from fct_file
            where modality is not null
            group by modality
            order by modality
        """,
        oracle=sizes_of_files,
        published=(12, 4922, 4922, 121536183790),
    ),
    "cases_that_the_hub_lacks": Task(
        question="How many cases of each dataset of the portal does the hub lack?",
        sql="""
            select
                datasets.collection_id,
                count(distinct cases.patient_id) as cases,
                count(distinct case when not people.in_bih then cases.patient_id end) as lacking
            from dim_patient as cases
            join bridge_patient_collection as links
                on cases.patient_key = links.patient_key
            join dim_collection as datasets
                on links.collection_key = datasets.collection_key
            join xwalk_patient as people
                on cases.patient_key = people.midrc_patient_key
            where
                cases.source_id = 'midrc'
                and cases.patient_id is not null
            group by datasets.collection_id
            order by datasets.collection_id
        """,
        oracle=cases_that_the_hub_lacks,
        published=(66, 856, 86),
    ),
    "datasets_of_portal_and_hub": Task(
        question="Which dataset of the hub is which of the portal, and what do they share?",
        sql="""
            select
                left_collection_id,
                right_collection_id,
                shared_patient_count,
                shared_study_count,
                shared_series_count
            from xwalk_collection
            where
                left_system_id = 'midrc'
                and right_system_id = 'bih_midrc'
                and shared_patient_count + shared_study_count + shared_series_count > 0
            order by
                left_collection_id,
                right_collection_id
        """,
        oracle=datasets_of_portal_and_hub,
        published=(65, 770, 1914, 4723),
    ),
}
