"""Rules about the descriptions of IDC's collections: what is stated of series that are counted."""

from __future__ import annotations

from warehouse.quality.rules.landed_rule import LandedRule

_INDEX = "landed_idc.idc_index"
_COLLECTIONS = "landed_idc.collections_index"

SHARED = {
    "collection_sources": f"""
        select collection_id, lower(trim(item ->> 'source_doi')) as source_doi, item ->> 'source_doi' as stated_doi,
            item ->> 'source_url' as source_url, item -> 'license' ->> 'license_short_name' as license_short_name,
            item -> 'license' ->> 'license_long_name' as license_long_name,
            item -> 'license' ->> 'license_url' as license_url, item ->> 'source_type' as source_type,
            item ->> 'source_id' as source_id, item ->> 'source_title' as source_title,
            coalesce(item ->> 'modalities', item ->> 'ImageTypes') as modalities,
            coalesce(item ->> 'citation', item ->> 'Citation') as citation,
            cast(item -> 'provenance' as varchar) as provenance
        from (select collection_id, unnest(json_extract(sources, '$[*]')) as item from {_COLLECTIONS})""",
    "counted_sources": """
        select collection_id, lower(trim("source_DOI")) as source_doi,
            string_agg(distinct license_short_name, ', ' order by license_short_name) as counted_licenses,
            string_agg(distinct "Modality", ', ' order by "Modality") as counted_modalities,
            string_agg(distinct analysis_result_id, ', ' order by analysis_result_id) as counted_results,
            sum(row_count) as series_count
        from series_groups where collection_id is not null group by 1, 2""",
    "counted_patients": f"""
        select collection_id, analysis_result_id, "PatientID" from {_INDEX}
        where "PatientID" is not null group by all""",
}

_SOURCE_COMPARED = "(select * from collection_sources join counted_sources using (collection_id, source_doi))"


def listed(column: str) -> str:
    """Return the elements of a comma-separated list in their order, as text."""
    elements = (
        f"list_filter(list_transform(string_split({column}, ','), lambda part: trim(part)), lambda part: part <> '')"
    )
    return f"array_to_string(list_sort(list_distinct({elements})), ', ')"


def folded(column: str) -> str:
    """Return an identifier (SQL) as every release could spell it: in lower case, with underscores."""
    return f"lower(replace({column}, '-', '_'))"


def described(
    column: str,
    sentence: str,
    relation: str,
    broken: str,
    expected: str,
    shown: tuple[str, ...] = (),
    error_percent: float | None = None,
    keys: tuple[str, ...] = ("collection_id",),
    dataset: str = "collections_index",
) -> LandedRule:
    """Return a rule about a dataset of descriptions, or about what its rows are made of."""
    return LandedRule(
        source="idc",
        dataset=dataset,
        column=column,
        sentence=sentence,
        relation=relation,
        broken=broken,
        keys=keys,
        expected=expected,
        shown=shown,
        place=keys[0],
        error_percent=error_percent,
        needs=(dataset,),
    )


def licence_rules(
    dataset: str, relation: str, keys: tuple[str, ...], shown: tuple[str, ...] = ()
) -> tuple[LandedRule, ...]:
    """Return the rules by which the three texts of a licence agree: short name, long name and address."""
    short, long, url = "license_short_name", "license_long_name", "license_url"
    version = f"regexp_extract({short}, '[0-9]+[.][0-9]+')"
    terms = {"NC": "NonCommercial", "SA": "ShareAlike", "ND": "NoDeriv"}
    address = (
        f"lower(regexp_replace(trim({short}), '^CC (BY[A-Z-]*) ([0-9.]+)$',"
        " 'https://creativecommons.org/licenses/\\1/\\2/'))"
    )
    words = " or ".join(
        f"contains({short}, '-{code}') <> contains(lower({long}), '{word.lower()}')" for code, word in terms.items()
    )
    is_cc = f"{short} like 'CC BY%'"
    texts = (short, long, url, *shown)
    return (
        described(
            "license_long_name, license_short_name",
            "The long name of a licence says what its short name says",
            relation,
            f"{is_cc} and ({words} or not contains({long}, {version}))",
            "the same version and terms in both names",
            texts,
            None,
            keys,
            dataset,
        ),
        described(
            "license_url, license_short_name",
            "The address of a licence is that of its short name",
            relation,
            f"{is_cc} and {url} is not null and rtrim(lower({url}), '/') <> rtrim({address}, '/')",
            "https://creativecommons.org/licenses/ with the terms and the version of the short name",
            texts,
            None,
            keys,
            dataset,
        ),
        described(
            "license_long_name",
            "A licence has one long name",
            f"(select *, first_value({long}) over (partition by {short} order by so_named desc, {long}) as usual_name"
            f" from (select *, count(*) over (partition by {short}, {long}) as so_named from {relation}"
            f" where {long} is not null))",
            f"{long} <> usual_name and not ({is_cc} and ({words} or not contains({long}, {version})))",
            "the long name that most entries of the licence have",
            (*texts, "usual_name"),
            None,
            keys,
            dataset,
        ),
    )


_SUBJECTS = """(
    select stated.collection_id, stated.subjects, counted.subjects as counted_subjects
    from landed_idc.collections_index as stated left join
        (select collection_id, count(distinct "PatientID") as subjects from counted_patients group by collection_id)
        as counted using (collection_id))"""

WITHOUT_BLANKS = "regexp_replace(lower({0}), '\\s', '', 'g')"
"""A text (SQL, to be formatted with its column) in lower case without blanks and line breaks."""

# Identifiers that a text cites, and the collection of each that is a source of exactly other ones.
_CITED_SOURCES = f"""(
    select described.collection_id, described.cited_doi, string_agg(distinct source.collection_id, ', ') as collections
    from (select distinct collection_id, unnest(regexp_extract_all(lower(description),
            '10[.][0-9]{{4,9}}/[a-z0-9._;()/-]*[a-z0-9]')) as cited_doi from {_COLLECTIONS}) as described
        join collection_sources as source on source.source_doi = described.cited_doi
    group by described.collection_id, described.cited_doi
    having not bool_or(source.collection_id = described.collection_id))"""

_OF_COLLECTIONS = (
    described(
        "subjects",
        "A collection has as many subjects as it states",
        _SUBJECTS,
        "subjects <> coalesce(counted_subjects, 0)",
        "the number of different PatientIDs of the collection in idc_index",
        ("subjects", "counted_subjects"),
        5,
    ),
    described(
        "collection_id",
        "Every collection that is described has series",
        _COLLECTIONS,
        f"collection_id not in (select collection_id from {_INDEX} where collection_id is not null)",
        "a collection_id of idc_index",
        ("collection_name",),
        5,
    ),
    described(
        "source_doi",
        "Every source of a collection has series",
        "(select * from collection_sources left join counted_sources using (collection_id, source_doi))",
        "series_count is null",
        "series of the collection with this source_DOI",
        ("source_doi",),
        5,
    ),
    described(
        "license",
        "The licence of a source is that of its series",
        _SOURCE_COMPARED,
        "license_short_name <> counted_licenses",
        "the licence of all series of the collection with this source_DOI",
        ("source_doi", "license_short_name", "counted_licenses", "series_count"),
        5,
    ),
    described(
        "modalities",
        "The modalities of a source are those of its series",
        _SOURCE_COMPARED,
        f"{listed('modalities')} <> counted_modalities",
        "the modalities of all series of the collection with this source_DOI",
        ("source_doi", "modalities", "counted_modalities"),
        None,
    ),
    described(
        "source_type",
        "A source is an analysis result where its series are, and bears its identifier",
        _SOURCE_COMPARED,
        "(source_type = 'analysis_result') <> (counted_results is not null)"
        f" or (counted_results is not null and {folded('source_id')} <> {folded('counted_results')})",
        "source_type analysis_result, and the analysis_result_id of the series as source_id",
        ("source_doi", "source_type", "source_id", "counted_results"),
        None,
    ),
    described(
        "source_url",
        "The address of a source is that of its DOI",
        "collection_sources",
        "lower(source_url) <> 'https://doi.org/' || source_doi",
        "https://doi.org/ and the DOI",
        ("source_doi", "source_url"),
        None,
    ),
    described(
        "citation",
        "Every source has a citation",
        "collection_sources",
        "citation is null or trim(citation) = ''",
        "a citation",
        ("source_doi",),
        None,
    ),
    described(
        "citation",
        "The citation of a source names its DOI",
        "collection_sources",
        f"trim(citation) <> '' and not contains({WITHOUT_BLANKS.format('citation')}, source_doi)",
        "the DOI of the source in its citation",
        ("source_doi", "citation"),
        None,
    ),
    described(
        "description",
        "No two collections have the same description",
        f"(select *, count(*) over (partition by {WITHOUT_BLANKS.format('description')}) as so_described"
        f" from {_COLLECTIONS} where trim(description) <> '')",
        "so_described > 1",
        "a description of its own",
        ("so_described", "left(description, 200) as description"),
        None,
    ),
    described(
        "description",
        "The description of a collection cites no source of other collections",
        f"(select collection_id, cited_doi, collections, count(cited_doi) as dois from {_COLLECTIONS}"
        f" left join {_CITED_SOURCES} using (collection_id) group by all)",
        "dois > 0",
        "DOIs of the collection's own sources, or of what is no source",
        ("cited_doi", "collections"),
        None,
    ),
    described(
        "species",
        "A collection of phantoms has no species",
        _COLLECTIONS,
        "cancer_types ilike '%phantom%' and species not ilike '%phantom%'",
        "Phantom as species where the cancer type is Phantom",
        ("cancer_types", "tumor_locations", "species"),
        None,
    ),
    described(
        "updated",
        "No collection was updated after the release was fetched",
        _COLLECTIONS,
        "try_cast(updated as date) > {fetched}",
        "a day before the release was fetched",
        ("updated",),
        None,
    ),
    described(
        "updated",
        "No collection was updated before the first data release",
        f"""(select *, (select min(version_timestamp) from landed_idc.version_metadata_index) as first_release
            from {_COLLECTIONS})""",
        "try_cast(updated as date) < try_cast(first_release as date)",
        "a day since the first data release",
        ("updated", "first_release"),
        None,
    ),
    *licence_rules("collections_index", "collection_sources", ("collection_id",), ("source_doi",)),
    LandedRule(
        source="idc",
        dataset="idc_index",
        column="collection_id",
        sentence="Every collection of the index is described",
        relation="(select collection_id, sum(row_count) as row_count from series_groups group by collection_id)",
        broken=f"collection_id not in (select collection_id from {_COLLECTIONS} where collection_id is not null)",
        keys=('"SeriesInstanceUID"',),
        expected="a row of collections_index",
        place="collection_id",
        of_rows=("collection_id",),
        error_percent=5,
        needs=("collections_index",),
    ),
    LandedRule(
        source="idc",
        dataset="idc_index",
        column="source_DOI",
        sentence="Every source DOI of a series is a source of its collection",
        relation='(select collection_id, "source_DOI", sum(row_count) as row_count from series_groups group by all)',
        broken="""(collection_id, lower(trim("source_DOI"))) not in
            (select (collection_id, source_doi) from collection_sources
                where collection_id is not null and source_doi is not null)""",
        keys=('"SeriesInstanceUID"',),
        expected="a source of the collection in collections_index",
        place="collection_id",
        of_rows=("collection_id", "source_DOI"),
        error_percent=5,
        needs=("collections_index.sources",),
    ),
)

RULES = _OF_COLLECTIONS
"""What is stated of collections and of their sources."""
