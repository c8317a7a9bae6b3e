"""Rules about the MIDRC portal and the self-reported counts of both portals: what the models must not lose or invent.

The landed side is written from the landed columns alone. Links to cases and studies are counted as the records name
them, each once a record, whether or not the portal lists what they name.
"""

from __future__ import annotations

from collections.abc import Iterator

from warehouse.quality.rules.rule import ConservationRule, elements_of, plausible

# (dataset, fact, what its rows are)
_RECORDS = (
    ("data_file", "fct_file", "data file"),
    ("measurement", "fct_measurement", "laboratory measurement"),
    ("annotation", "fct_annotation", "annotation"),
    ("radiology_report", "fct_radiology_report", "radiology report"),
)

# (nested list of the record of a case, fact, what its rows are)
_NESTED = (
    ("conditions", "fct_condition", "condition"),
    ("medications", "fct_medication", "medication"),
    ("procedures", "fct_procedure", "procedure"),
)

# (dataset, node id, list of the names of cases, bridge, what the records are)
_CASES = (
    ("measurement", "_measurement_id", "case_ids", "bridge_measurement_case", "laboratory measurement"),
    ("annotation", "_annotation_id", "case_ids", "bridge_annotation_case", "annotation"),
    ("radiology_report", "_radiology_report_id", "case_submitter_id", "bridge_report_case", "radiology report"),
)


def _elements(dataset: str, node: str, column: str) -> str:
    return elements_of(f"landed_midrc.{dataset}", node, column)


def _conservation_rules() -> Iterator[ConservationRule]:
    for dataset, fact, what in _RECORDS:
        yield ConservationRule(
            asset=("star", fact),
            sentence=f"{fact} has one row for each {what} of the portal",
            landed=f"select count(*) from landed_midrc.{dataset}",
            star=f"select count(*) from star.{fact} where source_id = 'midrc'",
        )
    for column, fact, what in _NESTED:
        yield ConservationRule(
            asset=("star", fact),
            sentence=f"{fact} has one row for each {what} in the records of the portal's cases",
            landed=f'select sum(json_array_length({column})) from landed_midrc."case"',
            star=f"select count(*) from star.{fact} where source_id = 'midrc'",
        )
    for dataset, node, column, bridge, what in _CASES:
        yield ConservationRule(
            asset=("star", bridge),
            sentence=f"{bridge} has one row for each case that each {what} names",
            landed=f"select count(*) from ({_elements(dataset, node, column)})",
            star=f"select count(*) from star.{bridge}",
        )


def _file_links(bridge: str, nodes: str, names: str, index: str, index_node: str, index_name: str) -> ConservationRule:
    """Return the rule for the links of files: node ids count once each, and names that no node id of the file has."""
    by_node = _elements("data_file", "_data_file_id", nodes)
    by_name = _elements("data_file", "_data_file_id", names)
    return ConservationRule(
        asset=("star", bridge),
        sentence=f"{bridge} has one row for each {index.strip(chr(34)).replace('_', ' ')} that each data file names",
        landed=(
            f"with nodes as materialized ({by_node}), linked as (select nodes.node, listed.{index_name} as name"
            f" from nodes join landed_midrc.{index} as listed on listed.{index_node} = nodes.name)"
            f" select (select count(*) from nodes) + (select count(*) from ({by_name}) as named anti join linked"
            f" using (node, name))"
        ),
        star=f"select count(*) from star.{bridge}",
    )


CONSERVATION = (
    *_conservation_rules(),
    _file_links("bridge_file_case", "_case_id", "case_ids", '"case"', "_case_id", "submitter_id"),
    _file_links(
        "bridge_file_study", "_imaging_study_id", "study_uid", "imaging_study", "_imaging_study_id", "study_uid"
    ),
    ConservationRule(
        asset=("star", "fct_file"),
        sentence="fct_file has every byte that the portal states",
        landed=f"select sum({plausible('file_size')}) from landed_midrc.data_file",
        star="select sum(size_bytes) from star.fct_file where source_id = 'midrc'",
    ),
    ConservationRule(
        asset=("star", "fct_file"),
        sentence="fct_file has every instance that the portal states",
        landed=f"select sum({plausible('number_of_instances')}) from landed_midrc.data_file",
        star="select sum(instance_count) from star.fct_file where source_id = 'midrc'",
    ),
    ConservationRule(
        asset=("star", "fct_file"),
        sentence="fct_file links every data file that is a DICOM series to it",
        landed="select count(nullif(trim(series_uid), '')) from landed_midrc.data_file",
        star="select count(series_key) from star.fct_file where source_id = 'midrc'",
    ),
    ConservationRule(
        asset=("star", "fct_radiology_report"),
        sentence="fct_radiology_report has every byte that the portal states",
        landed=f"select sum({plausible('file_size')}) from landed_midrc.radiology_report",
        star="select sum(size_bytes) from star.fct_radiology_report where source_id = 'midrc'",
    ),
    ConservationRule(
        asset=("star", "bridge_report_study"),
        sentence="bridge_report_study has one row for each imaging study that each radiology report names",
        landed=(
            "select count(*) from"
            f" ({_elements('radiology_report', '_radiology_report_id', 'imaging_study_submitter_id')})"
        ),
        star="select count(*) from star.bridge_report_study",
    ),
    ConservationRule(
        asset=("star", "bridge_file_collection"),
        sentence="bridge_file_collection has one row for each dataset of each data file",
        landed=f"select count(*) from ({_elements('data_file', '_data_file_id', 'dataset_submitter_id')})",
        star="select count(*) from star.bridge_file_collection",
    ),
    ConservationRule(
        asset=("star", "bridge_file_annotation"),
        sentence="bridge_file_annotation has one row for each annotation of each data file",
        landed=f"select count(*) from ({_elements('data_file', '_data_file_id', '_annotation_id')})",
        star="select count(*) from star.bridge_file_annotation",
    ),
    ConservationRule(
        asset=("star", "bridge_annotation_instance"),
        sentence="bridge_annotation_instance has one row for each instance that each annotation names",
        landed=f"select count(*) from ({_elements('annotation', '_annotation_id', 'instance_uids')})",
        star="select count(*) from star.bridge_annotation_instance",
    ),
    ConservationRule(
        asset=("star", "fct_reported_count"),
        sentence="fct_reported_count has one row for each figure that the portal and the hub report",
        landed=(
            "select (select count(*) from landed_midrc.reported_counts)"
            " + (select count(*) from landed_bih.reported_counts)"
            " + 2 * (select count(*) from landed_midrc.indexd_stats)"
        ),
        star="select count(*) from star.fct_reported_count",
    ),
    ConservationRule(
        asset=("star", "fct_reported_count"),
        sentence="fct_reported_count has every record that the portal and the hub report",
        landed=(
            'select coalesce((select sum("count") from landed_midrc.reported_counts), 0)'
            ' + coalesce((select sum("count") from landed_bih.reported_counts), 0)'
            " + coalesce((select sum(file_count) from landed_midrc.indexd_stats), 0)"
        ),
        star="select sum(reported_count) from star.fct_reported_count where unit = 'records'",
    ),
    ConservationRule(
        asset=("star", "dim_procedure_code"),
        sentence="dim_procedure_code has one row for each LOINC code of the studies of the portal and the hub",
        landed=(
            "select count(*) from (select trim(loinc_code) as code from landed_midrc.imaging_study"
            " union select trim(loinc_code) from landed_bih.imaging_study) where code <> ''"
        ),
        star="select count(*) from star.dim_procedure_code",
    ),
)
