"""Rules about the records of the portals: references between types, and one owner a record.

The node ids and submitter ids that records name are columns of the contracts (`midrc.yml`, `bih.yml`). What a portal
lists is at its pleasure, so a broken reference is a warning, and an error only where most are broken.
"""

from __future__ import annotations

from collections.abc import Iterator

from warehouse.contracts import load_contract
from warehouse.quality.rules.landed_rule import LandedRule
from warehouse.sql_text import quoted, stated, trimmed

_MOST_PERCENT = 50

# (source, dataset, key, column of names, dataset that has them, column there)
_REFERENCES = (
    ("midrc", "imaging_study", "_imaging_study_id", "case_ids", "case", "submitter_id"),
    ("midrc", "data_file", "_data_file_id", "case_ids", "case", "submitter_id"),
    ("midrc", "data_file", "_data_file_id", "_case_id", "case", "_case_id"),
    ("midrc", "data_file", "_data_file_id", "_imaging_study_id", "imaging_study", "_imaging_study_id"),
    ("midrc", "data_file", "_data_file_id", "study_uid", "imaging_study", "study_uid"),
    ("midrc", "data_file", "_data_file_id", "_annotation_id", "annotation", "_annotation_id"),
    ("midrc", "measurement", "_measurement_id", "case_ids", "case", "submitter_id"),
    ("midrc", "annotation", "_annotation_id", "case_ids", "case", "submitter_id"),
    ("midrc", "radiology_report", "_radiology_report_id", "case_submitter_id", "case", "submitter_id"),
    (
        "midrc",
        "radiology_report",
        "_radiology_report_id",
        "imaging_study_submitter_id",
        "imaging_study",
        "submitter_id",
    ),
    ("bih", "imaging_study", "_imaging_study_id", "subject_id", "subject", "submitter_id"),
    ("bih", "imaging_series", "_imaging_series_id", "StudyInstanceUID", "imaging_study", "StudyInstanceUID"),
    ("bih", "imaging_series", "_imaging_series_id", "subject_id", "subject", "submitter_id"),
    ("bih", "subject", "_subject_id", "collection_id", "dataset", "collection_id"),
)

_LISTS = frozenset(
    {
        "case_ids",
        "_case_id",
        "_imaging_study_id",
        "_annotation_id",
        "case_submitter_id",
        "imaging_study_submitter_id",
        "subject_id",
    }
)


def _is_list(dataset: str, column: str) -> bool:
    return column in _LISTS or dataset in ("data_file", "imaging_series", "subject")


def _references() -> Iterator[LandedRule]:
    for source, dataset, key, column, other, name in _REFERENCES:
        values = f'unnest("{column}")' if _is_list(dataset, column) else f'"{column}"'
        yield LandedRule(
            source=source,
            dataset=dataset,
            column=column,
            sentence="Every record that another record names is listed",
            relation=f'(select "{key}", {values} as named from landed_{source}."{dataset}")',
            broken=(
                f"{stated('named')} and {trimmed('named')} not in"
                f' (select {trimmed(quoted(name))} from landed_{source}."{other}" where "{name}" is not null)'
            ),
            keys=(f'"{key}"', "named"),
            expected=f"{name} of a record of the type {other}",
            error_percent=_MOST_PERCENT,
            needs=(f"{dataset}.{column}", f"{other}.{name}"),
        )


def _one_dataset() -> Iterator[LandedRule]:
    for source, dataset, key, column in (
        ("midrc", "case", "_case_id", "dataset_submitter_id"),
        ("midrc", "imaging_study", "_imaging_study_id", "dataset_submitter_id"),
        ("midrc", "data_file", "_data_file_id", "dataset_submitter_id"),
        ("midrc", "measurement", "_measurement_id", "dataset_submitter_id"),
        ("midrc", "radiology_report", "_radiology_report_id", "dataset_submitter_id"),
        ("bih", "subject", "_subject_id", "collection_id"),
        ("bih", "imaging_study", "_imaging_study_id", "collection_id"),
        ("bih", "imaging_series", "_imaging_series_id", "collection_id"),
    ):
        yield LandedRule(
            source=source,
            dataset=dataset,
            column=column,
            sentence="Every record belongs to one dataset",
            relation=f'landed_{source}."{dataset}"',
            broken=f'len(list_distinct("{column}")) > 1',
            keys=(f'"{key}"',),
            expected="one dataset a record",
            shown=(f'"{column}"',),
            needs=(f"{dataset}.{column}",),
        )


def _counted(dataset: str, name: str, *within: str) -> str:
    """Return how many records have each name (SQL). Hashes are told apart in a third of the time that texts take."""
    columns = (*within, name)
    least = ", ".join(f"min({column}) as {column}" for column in columns)
    return (
        f"(select {least}, count(*) as record_count from {dataset} where {stated(name)}"
        f" group by hash({', '.join(columns)}))"
    )


def _one_name() -> Iterator[LandedRule]:
    for source, dataset, column in (
        ("midrc", "imaging_study", "study_uid"),
        ("bih", "imaging_study", "StudyInstanceUID"),
        ("bih", "imaging_series", "SeriesInstanceUID"),
    ):
        yield LandedRule(
            source=source,
            dataset=dataset,
            column=column,
            sentence="No two records of a type have the same DICOM identifier",
            relation=_counted(f'landed_{source}."{dataset}"', quoted(column)),
            broken="record_count > 1",
            keys=(f'"{column}"',),
            expected="one record an identifier",
            shown=("record_count",),
            needs=(f"{dataset}.{column}",),
        )


def _one_submission() -> Iterator[LandedRule]:
    """Yield the rules that a project names each of its records once, as Gen3's data model has it."""
    for source in ("midrc", "bih"):
        for dataset, expected in load_contract(source).datasets.items():
            if not {"project_id", "submitter_id"} <= {column.name for column in expected.columns}:
                continue
            yield LandedRule(
                source=source,
                dataset=dataset,
                column="submitter_id",
                sentence="No two records of a project have the same submitter identifier",
                relation=_counted(f'landed_{source}."{dataset}"', "submitter_id", "project_id"),
                broken="record_count > 1",
                keys=("project_id", "submitter_id"),
                expected="one record an identifier",
                shown=("record_count",),
                needs=(f"{dataset}.submitter_id",),
            )


# (dataset that states a number, its key, the number, dataset that is counted, column there that names the record, how
# the record is named there)
_STATED_COUNTS = (
    ("case", "_case_id", "_imaging_studies_count", "imaging_study", "case_ids", "submitter_id"),
    ("case", "_case_id", "data_file_count", "data_file", "case_ids", "submitter_id"),
    ("case", "_case_id", "_radiology_report_count", "radiology_report", "case_submitter_id", "submitter_id"),
)


def _stated_counts() -> Iterator[LandedRule]:
    """Yield the rules that as many records of a case are listed as it states: one index is made beside the other."""
    for dataset, key, count, other, owner, name in _STATED_COUNTS:
        yield LandedRule(
            source="midrc",
            dataset=dataset,
            column=count,
            sentence="As many records of a case are listed as it states",
            relation=(
                f'(select "{key}", "{count}" as stated, coalesce(listed, 0) as listed'
                f' from landed_midrc."{dataset}" left join (select owner, count(*) as listed'
                f' from (select unnest("{owner}") as owner from landed_midrc."{other}") group by owner)'
                f' on owner = "{name}")'
            ),
            broken="stated <> listed",
            keys=(f'"{key}"',),
            expected=f"as many records of the type {other} as the case states",
            shown=("stated", "listed"),
            needs=(f"{dataset}.{count}", f"{dataset}.{name}", f"{other}.{owner}"),
        )


RULES = (*_references(), *_one_dataset(), *_one_name(), *_one_submission(), *_stated_counts())
"""References between the types of a portal, one owner a record, and the numbers that records state of others."""
