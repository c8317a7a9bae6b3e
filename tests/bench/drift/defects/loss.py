"""Records that are gone."""

from __future__ import annotations

from tests.bench.drift.defect import WHOLE, Defect, group, lost

FAMILY = "loss"

_INDEX = {"idc_index": lost("idc_index")}
_OF_CASE = {
    "imaging_study": "case_ids[1]",
    "data_file": "case_ids[1]",
    "measurement": "case_ids[1]",
    "annotation": "case_ids[1]",
    "radiology_report": "case_submitter_id[1]",
}
_OF_COMMONS = {
    name: f"select * from night.{name} where commons_name[1] not in (select unit from chosen)"
    for name in ("subject", "imaging_study", "imaging_series")
}


def _with_their_cases() -> dict[str, str | None]:
    """Return the queries without the chosen cases and without what belongs to them."""
    children = {
        name: f'select * from night.{name} where {owner} not in (select submitter_id from night."case" where hit)'
        for name, owner in _OF_CASE.items()
    }
    return {"case": 'select * from night."case" where not hit', **children}


DEFECTS = (
    Defect(
        "a collection dropped from the index, still described",
        FAMILY,
        "idc",
        "idc_index",
        _INDEX,
        unit="collection_id",
        within=group("collection_id", 8),
        sizes=WHOLE,
    ),
    Defect(
        "a collection dropped, its description and prior revisions too",
        FAMILY,
        "idc",
        "idc_index",
        {
            **_INDEX,
            "collections_index": "from night.collections_index where collection_id not in (select unit from chosen)",
            "prior_versions_index": "from night.prior_versions_index"
            " where collection_id not in (select unit from chosen)",
        },
        unit="collection_id",
        within=group("collection_id", 8),
        sizes=WHOLE,
    ),
    Defect("series lost", FAMILY, "idc", "idc_index", _INDEX),
    Defect("series of one collection lost", FAMILY, "idc", "idc_index", _INDEX, within=group("collection_id", 5)),
    Defect(
        "patients of one collection lost",
        FAMILY,
        "idc",
        "idc_index",
        _INDEX,
        unit='"PatientID"',
        within=group("collection_id", 4),
    ),
    Defect("series of one modality lost", FAMILY, "idc", "idc_index", _INDEX, within=group('"Modality"', 3)),
    Defect(
        "an analysis result's series lost",
        FAMILY,
        "idc",
        "idc_index",
        _INDEX,
        within=group("analysis_result_id", 1),
        sizes=(0.05, 0.25, 1.0),
    ),
    Defect(
        "prior revisions lost",
        FAMILY,
        "idc",
        "prior_versions_index",
        {"prior_versions_index": lost("prior_versions_index")},
    ),
    Defect(
        "descriptions of collections lost",
        FAMILY,
        "idc",
        "collections_index",
        {"collections_index": lost("collections_index")},
        sizes=(0.05, 0.25),
    ),
    Defect(
        "the index of analysis results absent",
        FAMILY,
        "idc",
        "analysis_results_index",
        {"analysis_results_index": None},
        sizes=WHOLE,
    ),
    *(
        Defect(
            f"{name.replace('_', ' ')} records lost",
            FAMILY,
            "midrc",
            name,
            {name: f'select * from night."{name}" where not hit'},
        )
        for name in ("case", "imaging_study", "data_file", "measurement", "annotation", "radiology_report")
    ),
    Defect(
        "98 % of the measurements lost",
        FAMILY,
        "midrc",
        "measurement",
        {"measurement": lost("measurement")},
        sizes=(0.98,),
    ),
    Defect(
        "every radiology report lost",
        FAMILY,
        "midrc",
        "radiology_report",
        {"radiology_report": lost("radiology_report")},
        sizes=WHOLE,
    ),
    Defect("a record type absent", FAMILY, "midrc", "annotation", {"annotation": None}, sizes=WHOLE),
    Defect("cases lost with all their records", FAMILY, "midrc", "case", _with_their_cases()),
    Defect(
        "a dataset lost with all its records",
        FAMILY,
        "midrc",
        "case",
        _with_their_cases(),
        unit="dataset_submitter_id[1]",
        within=group("dataset_submitter_id[1]", 6),
        sizes=WHOLE,
    ),
    Defect(
        "files of one modality lost",
        FAMILY,
        "midrc",
        "data_file",
        {"data_file": lost("data_file")},
        within=group("modality", 2),
    ),
    Defect("files lost on the way", FAMILY, "midrc", "data_file", {"data_file": lost("data_file")}, counts="as held"),
    *(
        Defect(
            f"{name.replace('_', ' ')} records of the hub lost",
            FAMILY,
            "bih",
            name,
            {name: f'select * from night."{name}" where not hit'},
        )
        for name in ("dataset", "subject", "imaging_study", "imaging_series")
    ),
    Defect(
        "a repository gone from the hub",
        FAMILY,
        "bih",
        "dataset",
        {"dataset": lost("dataset"), **_OF_COMMONS},
        unit="commons_name",
        within=group("commons_name", 3),
        sizes=WHOLE,
    ),
    Defect(
        "series of one repository of the hub lost",
        FAMILY,
        "bih",
        "imaging_series",
        {"imaging_series": lost("imaging_series")},
        within=group("commons_name[1]", 1),
    ),
)
