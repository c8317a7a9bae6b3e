"""Rules about texts: placeholders passed off as values, blanks, control characters, damaged characters, variants.

They hold for each text column by itself. Each distinct text is judged once, with the number of rows that have it.
Lengths: DICOM PS3.5 6.2 (LO 64, SH 16, CS 16 characters, ST 1024).
"""

from __future__ import annotations

from collections.abc import Iterator

from warehouse.quality.rules.landed_rule import LandedRule

NOT_A_NUMBER = "nat|nan|none|null|n[-/.]a[.]?|#n/a|undefined|inf|-inf"
"""What software writes in the place of nothing, in lower case, as a part of a regular expression."""

_PLACEHOLDERS = (
    rf"{NOT_A_NUMBER}|na|unk|unknown([ _](manufacturer|model|name|value|date))?|unspecified"
    r"|not[ _](available|applicable|specified|known|given)|anonymi[sz]ed|anonymous|removed|missing|tbd|x{3,}"
    r"|[?.*_-]+|0+"
)

# Column -> the most characters that DICOM allows; None: no bound.
_INDEX_TEXTS: dict[str, int | None] = {
    "collection_id": None,
    "analysis_result_id": None,
    "PatientID": 64,
    "source_DOI": None,
    "PatientAge": 4,
    "PatientSex": 16,
    "StudyDate": 10,
    "StudyDescription": 64,
    "BodyPartExamined": 16,
    "Modality": 16,
    "Manufacturer": 64,
    "ManufacturerModelName": 64,
    "SeriesDate": 10,
    "SeriesDescription": 64,
    "license_short_name": None,
    "sop_class_name": None,
    "transfer_syntax_name": None,
    "PhotometricInterpretation": None,
}

# Two adjacent characters of which one is outside of ASCII and no letter of a European word next to the other.
_DAMAGED = "[\\x{FFFD}\\x{0080}-\\x{009F}]|[ÃÂ][\\x{0080}-\\x{00BF}]|[a-zà-ÿ][À-ÝΆ-Ώ][·»¿½¼]"


def _text_rules(column: str, longest: int | None) -> Iterator[LandedRule]:
    """Return the rules about a text column of the index; a text is judged once for each collection that has it."""
    names = tuple(dict.fromkeys((column, "collection_id")))
    grouped = ", ".join(f'"{name}"' for name in names)
    relation = (
        f'(select {grouped}, "{column}" as value, count(*) as row_count from landed_idc.idc_index'
        f' where "{column}" is not null group by {grouped})'
    )
    # Without these a series has no owner to be counted under.
    bound = 5.0 if column in ("collection_id", "PatientID", "Modality", "license_short_name") else None
    conditions: list[tuple[str, str, str, float | None]] = [
        (
            "No text stands for a missing value",
            f"regexp_full_match(lower(trim(value)), '{_PLACEHOLDERS}')",
            "null where a value is missing",
            bound,
        ),
        ("No text is blank", "trim(value) = ''", "null where a value is missing", bound),
        (
            "No text has blanks at its ends",
            r"value <> trim(value) and trim(value) <> '' or regexp_matches(value, '^\s|\s$') and trim(value) <> ''",
            "a text without blanks around it",
            None,
        ),
        (
            "No text has a control character",
            r"regexp_matches(value, '[\x00-\x08\x0B-\x1F\x7F]')",
            "printable characters",
            None,
        ),
        (
            "No text has a character that was damaged by a conversion",
            f"regexp_matches(value, '{_DAMAGED}')",
            "the characters of the original",
            None,
        ),
    ]
    if longest is not None:
        conditions.append(
            (
                "No text is longer than DICOM allows",
                f"length(value) > {longest}",
                f"up to {longest} characters",
                None,
            )
        )
    for sentence, broken, expected, error_percent in conditions:
        yield LandedRule(
            source="idc",
            dataset="idc_index",
            column=column,
            sentence=sentence,
            relation=relation,
            broken=broken,
            keys=('"SeriesInstanceUID"',),
            expected=expected,
            place="collection_id",
            of_rows=names,
            error_percent=error_percent,
        )


def _variants(dataset: str, column: str, key: str) -> LandedRule:
    """Return the rule that a text is spelt in one way, case, blanks and punctuation apart."""
    # Hyphens, signs and slashes tell models and identifiers apart; the rest is spelling.
    kept = "-+/:@#" if column != "PatientID" else "-+/:@#.,"
    folded = f"regexp_replace(lower(\"{column}\"), '[^a-z0-9{kept}]', '', 'g')"
    return LandedRule(
        source="idc",
        dataset=dataset,
        column=column,
        sentence="A text is spelt in one way",
        relation=f"""(select "{column}", row_count, first_value("{column}") over (partition by {folded}
                order by row_count desc, "{column}") as usual
            from (select "{column}", count(*) as row_count from landed_idc.{dataset}
                where trim("{column}") <> '' group by "{column}"))""",
        broken=f'"{column}" <> usual',
        keys=(f'"{key}"',),
        expected="the spelling that most rows have",
        shown=("usual",),
        place=f"usual || ' as ' || \"{column}\"",
        of_rows=(column,),
    )


def _list_variants(dataset: str, column: str, key: str) -> LandedRule:
    """Return the rule that the elements of comma-separated lists are spelt in one way."""
    folded = "regexp_replace(lower(element), '[^a-z0-9]', '', 'g')"
    return LandedRule(
        source="idc",
        dataset=dataset,
        column=column,
        sentence="An element of lists is spelt in one way",
        relation=f"""(select {key}, element, first_value(element) over (partition by {folded}
                order by uses desc, element) as usual
            from (select {key}, element, count(*) over (partition by element) as uses
                from (select {key}, trim(unnest(string_split({column}, ','))) as element from landed_idc.{dataset})
                where element <> ''))""",
        broken="element <> usual",
        keys=(key, "element"),
        expected="the spelling that most lists have",
        shown=("usual",),
        place="usual || ' as ' || element",
        error_percent=None,
        needs=(dataset,),
    )


def _names(column: str) -> Iterator[LandedRule]:
    """Return the rules about a column of names of makers and models."""
    relation = f'''(select collection_id, "{column}", count(*) as row_count from landed_idc.idc_index
        where "{column}" is not null group by all)'''
    conditions = [
        (
            "No name has quotation marks or brackets",
            f"""regexp_matches("{column}", '["<>{{}}|`~^]|\\[|\\]')""",
            "a name",
        )
    ]
    if column == "Manufacturer":
        conditions.append(
            ("No manufacturer is an address of software", f"""regexp_matches("{column}", '://|^git@')""", "a name")
        )
    for sentence, broken, expected in conditions:
        yield LandedRule(
            source="idc",
            dataset="idc_index",
            column=column,
            sentence=sentence,
            relation=relation,
            broken=broken,
            keys=('"SeriesInstanceUID"',),
            expected=expected,
            place=f'"{column}"',
            of_rows=("collection_id", column),
        )


_DESCRIPTIONS = {
    ("collections_index", "collection_id"): (
        "collection_name",
        "cancer_types",
        "tumor_locations",
        "species",
        "supporting_data",
        "program_id",
        "status",
        "updated",
        "description",
    ),
    ("analysis_results_index", "analysis_result_id"): (
        "analysis_result_title",
        "source_DOI",
        "source_url",
        "collections",
        "modalities",
        "updated",
        "license_url",
        "license_long_name",
        "license_short_name",
        "description",
        "citation",
    ),
}

_FREE = frozenset({"description", "citation"})


def _described() -> Iterator[LandedRule]:
    """Return the rules about the texts that describe collections and analysis results."""
    for (dataset, key), columns in _DESCRIPTIONS.items():
        for column in columns:
            relation = f"landed_idc.{dataset}"
            rules: list[tuple[str, str, str]] = [
                (
                    "No text stands for a missing value",
                    f"regexp_full_match(lower(trim({column})), '{_PLACEHOLDERS}')",
                    "null where a value is missing",
                ),
                ("No text is blank", f"trim({column}) = ''", "null where a value is missing"),
                (
                    "No text has a control character",
                    rf"regexp_matches({column}, '[\x00-\x08\x0B-\x1F\x7F]')",
                    "printable characters",
                ),
                (
                    "No text has a character that was damaged by a conversion",
                    f"regexp_matches({column}, '{_DAMAGED}')",
                    "the characters of the original",
                ),
                (
                    "No text has blanks at its ends",
                    rf"regexp_matches({column}, '^\s|\s$') and trim({column}) <> ''",
                    "a text without blanks around it",
                ),
            ]
            if column not in ("supporting_data",):
                rules.append(
                    (
                        "Every description is filled in",
                        f"{column} is null",
                        "a value for every collection and analysis result",
                    )
                )
            if column not in ("description",):
                rules.append(
                    (
                        "No line breaks inside a text of one line",
                        f"contains(trim({column}), chr(10))",
                        "a text without line breaks",
                    )
                )
            if column not in ("description",):
                rules.append(
                    (
                        "No text has markup",
                        rf"regexp_matches({column}, '</?[a-z]+[^>]*>|&(amp|lt|gt|nbsp|quot|#[0-9]+);')",
                        "plain text",
                    )
                )
            rules.append(
                (
                    "No text has a name of an internal field",
                    rf"regexp_matches({column}, '\([a-z]+_[a-z_]+:|\$\{{|\{{\{{')",
                    "words for readers",
                )
            )
            for sentence, broken, expected in rules:
                yield LandedRule(
                    source="idc",
                    dataset=dataset,
                    column=column,
                    sentence=sentence,
                    relation=relation,
                    broken=broken.replace("source_DOI", '"source_DOI"'),
                    keys=(key,),
                    expected=expected,
                    shown=(f'"{column}"',) if column not in _FREE else (f'left("{column}", 200) as {column}',),
                    place=key,
                    # A column that a release does not have is no text that it lacks.
                    needs=(f"{dataset}.{column}",),
                )


_SOURCE_TEXTS = """(
    select collection_id, item ->> 'source_doi' as source_doi, item ->> 'source_title' as source_title,
        coalesce(item ->> 'citation', item ->> 'Citation') as citation, item -> 'provenance' as provenance,
        item -> 'provenance' ->> 'source_data_provider' as source_data_provider
    from (select collection_id, unnest(json_extract(sources, '$[*]')) as item from landed_idc.collections_index))"""


def _sources() -> Iterator[LandedRule]:
    """Return the rules about the texts of the sources of collections."""
    for column, sentence, broken, expected in (
        (
            "sources.citation",
            "No line breaks inside a text of one line",
            "contains(trim(citation), chr(10))",
            "a text without line breaks",
        ),
        (
            "sources.citation",
            "No text has markup",
            "regexp_matches(citation, '</?[a-z]+[^>]*>|&(amp|lt|gt|nbsp|quot|#[0-9]+);')",
            "plain text",
        ),
        (
            "sources.citation",
            "No text has a control character",
            r"regexp_matches(citation, '[\x00-\x08\x0B-\x1F\x7F]')",
            "printable characters",
        ),
        (
            "sources.citation",
            "No text has a character that was damaged by a conversion",
            f"regexp_matches(citation, '{_DAMAGED}')",
            "the characters of the original",
        ),
        (
            "sources.source_title",
            "No text has a name of an internal field",
            r"regexp_matches(source_title, '\([a-z]+_[a-z_]+:|\$\{|\{\{')",
            "words for readers",
        ),
        (
            "sources.source_title",
            "No line breaks inside a text of one line",
            "contains(trim(source_title), chr(10))",
            "a text without line breaks",
        ),
        (
            "sources.provenance",
            "No text stands for a missing value",
            f"regexp_full_match(lower(trim(source_data_provider)), '{_PLACEHOLDERS}')",
            "null where a value is missing",
        ),
    ):
        name = column.partition(".")[2]
        yield LandedRule(
            source="idc",
            dataset="collections_index",
            column=column,
            sentence=sentence,
            relation=_SOURCE_TEXTS,
            broken=broken,
            keys=("collection_id", "source_doi"),
            expected=expected,
            shown=(f"left(cast({name} as varchar), 200) as {name}",),
            place="collection_id",
            needs=("collections_index.sources",),
        )


RULES = (
    *(rule for column, longest in _INDEX_TEXTS.items() for rule in _text_rules(column, longest)),
    *(
        _variants("idc_index", column, "SeriesInstanceUID")
        for column in (
            "collection_id",
            "analysis_result_id",
            "PatientID",
            "source_DOI",
            "BodyPartExamined",
            "Manufacturer",
            "ManufacturerModelName",
            "license_short_name",
        )
    ),
    *(
        _list_variants("collections_index", column, "collection_id")
        for column in ("cancer_types", "tumor_locations", "species", "supporting_data", "program_id", "status")
    ),
    *(
        _list_variants("analysis_results_index", column, "analysis_result_id")
        for column in ("modalities", "license_short_name", "license_long_name")
    ),
    *_described(),
    *_sources(),
    *_names("Manufacturer"),
    *_names("ManufacturerModelName"),
)
"""Placeholders, blanks, control characters, damaged characters, and variants of spelling."""
