"""Rules about the descriptions of IDC's analysis results: what is stated of series that are counted."""

from __future__ import annotations

from warehouse.quality.rules.integrity.idc_descriptions import (
    WITHOUT_BLANKS,
    described,
    folded,
    licence_rules,
    listed,
)
from warehouse.quality.rules.landed_rule import LandedRule

_INDEX = "landed_idc.idc_index"
_RESULTS = "landed_idc.analysis_results_index"

_COUNTED_RESULTS = f"""(
    select stated.analysis_result_id, stated.subjects, stated.collections, stated.modalities,
        stated.license_short_name, lower(trim(stated."source_DOI")) as source_doi, counted.*, counted_subjects
    from {_RESULTS} as stated join (
        select {folded("analysis_result_id")} as counted_id, string_agg(distinct lower(trim("source_DOI")), ', ')
            as counted_dois, string_agg(distinct license_short_name, ', ') as counted_licenses,
            string_agg(distinct "Modality", ', ' order by "Modality") as counted_modalities,
            string_agg(distinct collection_id, ', ' order by collection_id) as counted_collections
        from series_groups where analysis_result_id is not null group by 1
    ) as counted on {folded("stated.analysis_result_id")} = counted.counted_id join (
        select {folded("analysis_result_id")} as result, count(*) as counted_subjects
        from counted_patients where analysis_result_id is not null group by 1
    ) as patients on patients.result = counted.counted_id)"""


def _result(
    column: str,
    sentence: str,
    relation: str,
    broken: str,
    expected: str,
    shown: tuple[str, ...] = (),
    error_percent: float | None = None,
) -> LandedRule:
    keys, dataset = ("analysis_result_id",), "analysis_results_index"
    return described(column, sentence, relation, broken, expected, shown, error_percent, keys, dataset)


RULES = (
    _result(
        "analysis_result_id",
        "Every analysis result that is described has series",
        _RESULTS,
        f"analysis_result_id not in (select analysis_result_id from {_INDEX} where analysis_result_id is not null)",
        "an analysis_result_id of idc_index, spelt the same",
        ('"source_DOI"',),
    ),
    _result(
        "subjects",
        "An analysis result has as many subjects as it states",
        _COUNTED_RESULTS,
        "subjects <> counted_subjects",
        "the number of different PatientIDs of its series, counted a collection",
        ("subjects", "counted_subjects"),
        None,
    ),
    _result(
        "collections",
        "The collections of an analysis result are those of its series",
        _COUNTED_RESULTS,
        f"{listed('collections')} <> counted_collections",
        "the collections of its series",
        ("collections", "counted_collections"),
        None,
    ),
    _result(
        "modalities",
        "The modalities of an analysis result are those of its series",
        _COUNTED_RESULTS,
        f"{listed('modalities')} <> counted_modalities",
        "the modalities of its series",
        ("modalities", "counted_modalities"),
        None,
    ),
    _result(
        "license_short_name",
        "The licence of an analysis result is that of its series",
        _COUNTED_RESULTS,
        "license_short_name <> counted_licenses",
        "the licence of all its series",
        ("license_short_name", "counted_licenses"),
        None,
    ),
    _result(
        "source_DOI",
        "The source DOI of an analysis result is that of its series",
        _COUNTED_RESULTS,
        "source_doi <> counted_dois",
        "the source_DOI of all its series",
        ("source_doi", "counted_dois"),
        None,
    ),
    _result(
        "source_url",
        "The address of an analysis result is that of its DOI",
        _RESULTS,
        "lower(source_url) <> 'https://doi.org/' || lower(trim(\"source_DOI\"))",
        "https://doi.org/ and the DOI",
        ('"source_DOI"', "source_url"),
        None,
    ),
    _result(
        "citation",
        "The citation of an analysis result names its DOI",
        _RESULTS,
        f'not contains({WITHOUT_BLANKS.format("citation")}, lower(trim("source_DOI")))',
        "the DOI in the citation",
        ('"source_DOI"', "citation"),
        None,
    ),
    _result(
        "analysis_result_title",
        "An analysis result has the title that the sources of collections give it",
        f"""(select stated.analysis_result_id, stated.analysis_result_title, min(source.source_title) as source_title
            from {_RESULTS} as stated join collection_sources as source
                on source.source_doi = lower(trim(stated."source_DOI"))
            where source.source_title is not null group by all)""",
        # Line breaks in one of them are reported where texts are judged.
        f"{WITHOUT_BLANKS.format('analysis_result_title')} <> {WITHOUT_BLANKS.format('source_title')}",
        "the same title in analysis_results_index and collections_index",
        ("analysis_result_title", "source_title"),
        None,
    ),
    _result(
        "updated",
        "No analysis result was updated after its release",
        f"""(select *, (select max(version_timestamp) from landed_idc.version_metadata_index) as released
            from {_RESULTS})""",
        "try_cast(updated as date) > coalesce(try_cast(released as date), {fetched})",
        "a day before the release",
        ("updated", "released"),
        None,
    ),
    *licence_rules("analysis_results_index", _RESULTS, ("analysis_result_id",)),
    LandedRule(
        source="idc",
        dataset="idc_index",
        column="analysis_result_id",
        sentence="Every analysis result of the index is described",
        relation="""(select analysis_result_id, min(collection_id) as collection_id, sum(row_count) as row_count
            from series_groups group by analysis_result_id)""",
        broken=f"""analysis_result_id not in
            (select analysis_result_id from {_RESULTS} where analysis_result_id is not null)""",
        keys=('"SeriesInstanceUID"',),
        expected="a row of analysis_results_index, with the identifier spelt the same",
        place="analysis_result_id",
        of_rows=("analysis_result_id",),
        needs=("analysis_results_index",),
    ),
)

"""What is stated of analysis results."""
