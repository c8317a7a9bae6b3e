"""Rules about the codes of IDC: identifiers, DICOM terms and what they say of each other.

Sources: DICOM PS3.5 6.2 and 9.1 (forms and lengths of values), PS3.3 C.7.3.1.1.1 (modalities), C.7.1.1 (sex),
C.7.6.3.1.2 (photometric interpretation), PS3.6 A (SOP classes, transfer syntaxes); RFC 9562 (UUID).
"""

from __future__ import annotations

from warehouse.quality.rules.landed_rule import LandedRule

_INDEX = "landed_idc.idc_index"

SHARED = {
    "code_groups": f"""
        select collection_id, "Modality", "SOPClassUID", sop_class_name, "TransferSyntaxUID", transfer_syntax_name,
            "PhotometricInterpretation", "PixelRepresentation", "PatientSex", "BodyPartExamined", license_short_name,
            "source_DOI", aws_bucket, split_part(series_aws_url, '/', 3) as bucket, count(*) as row_count
        from {_INDEX} group by all"""
}

# Modalities of DICOM PS3.3 C.7.3.1.1.1, with the retired ones but SC, which is no term any more.
MODALITIES = frozenset(
    """ANN AR ASMT AU BDUS BI BMD CFM CR CT CTPROTOCOL DG DMS DOC DX ECG EEG EMG EOG EPS ES FID GM HC HD IO IOL IVOCT
    IVUS KER KO LEN LS M3D MG MR NM OAM OCT OP OPM OPT OPTBSV OPTENF OPV OSS OT PA PLAN POS PR PT PX REG RESP RF RG
    RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT RWV SEG SM SMR SR SRF STAIN TEXTUREMAP TG US VA XA
    XAPROTOCOL XC AS CD CF CP CS DD DF DM DS EC FA FS LP MA MS OPR ST TH VF""".split()  # noqa: SIM905
)

_IMAGE_ROOT = "1.2.840.10008.5.1.4.1.1."

# SOP class (the rest of its UID) -> the modalities that its IODs allow (PS3.3 A). Secondary capture, raw data and
# private classes go with any modality by the standard, but hide what the series is.
_MODALITIES_OF = {
    "1": "CR",
    "1.1": "DX",
    "1.1.1": "DX",
    "1.2": "MG",
    "1.2.1": "MG",
    "2": "CT",
    "2.1": "CT",
    "3.1": "US",
    "4": "MR",
    "4.1": "MR",
    "6.1": "US",
    "11.1": "PR",
    "11.8": "PR",
    "12.1": "XA",
    "12.2": "RF",
    "13.1.3": "MG",
    "13.1.4": "MG",
    "13.1.5": "MG",
    "20": "NM",
    "30": "OT MR CT PT",
    "66.1": "REG",
    "66.4": "SEG",
    "66.7": "SEG",
    "67": "RWV",
    "77.1.6": "SM",
    "88.11": "SR",
    "88.22": "SR",
    "88.33": "SR",
    "88.34": "SR",
    "88.59": "KO",
    "88.67": "SR",
    "88.71": "SR",
    "91.1": "ANN",
    "104.3": "M3D",
    "128": "PT",
    "481.2": "RTDOSE",
    "481.3": "RTSTRUCT",
    "481.5": "RTPLAN",
}

_SEX = "'F', 'M', 'O'"
_PHOTOMETRIC = (
    "PALETTE COLOR|MONOCHROME[12]|RGB|HSV|ARGB|CMYK|XYB|YBR_FULL|YBR_FULL_422|YBR_PARTIAL_422|YBR_PARTIAL_420|YBR_ICT"
    "|YBR_RCT"
)

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_DOI = r"10\.[0-9]{4,9}/[a-z0-9._;()/:-]+"


def uid_broken(column: str) -> str:
    """Return the condition (SQL) that a column is no DICOM UID."""
    return rf"length({column}) > 64 or not regexp_full_match({column}, '(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*')"


def _codes(
    column: str,
    sentence: str,
    broken: str,
    expected: str,
    error_percent: float | None,
    relation: str = "",
    place: str = "collection_id",
    of_rows: tuple[str, ...] = (),
) -> LandedRule:
    names = of_rows or tuple(column.split(", "))
    grouped = ", ".join(f'"{name}"' for name in dict.fromkeys((*names, "collection_id")))
    return LandedRule(
        source="idc",
        dataset="idc_index",
        column=column,
        sentence=sentence,
        relation=relation
        or f"(select {grouped}, cast(sum(row_count) as bigint) as row_count from code_groups group by all)",
        broken=broken,
        keys=('"SeriesInstanceUID"',),
        expected=expected,
        place=place,
        of_rows=tuple(dict.fromkeys((*names, "collection_id"))),
        error_percent=error_percent,
    )


def _series(
    column: str, sentence: str, broken: str, expected: str, error_percent: float | None, needs: tuple[str, ...] = ()
) -> LandedRule:
    return LandedRule(
        source="idc",
        dataset="idc_index",
        column=column,
        sentence=sentence,
        relation=_INDEX,
        broken=broken,
        keys=('"SeriesInstanceUID"',),
        expected=expected,
        shown=tuple(dict.fromkeys(("collection_id", f'"{column}"'))),
        place="collection_id",
        error_percent=error_percent,
        needs=needs,
    )


def _in(values: frozenset[str]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


def _one_name(uid: str, name: str, what: str) -> LandedRule:
    """Return the rule that a column of names follows the column of identifiers, whatever the names are."""
    return _codes(
        f"{uid}, {name}",
        f"A {what} has one name",
        f'"{name}" <> usual_name',
        "one name an identifier, and the name of most of its series",
        None,
        f"""(select *, first_value("{name}") over (partition by "{uid}" order by of_name desc, "{name}") as usual_name
            from (select *, sum(row_count) over (partition by "{uid}", "{name}") as of_name
                from (select "{uid}", "{name}", collection_id, cast(sum(row_count) as bigint) as row_count
                    from code_groups where "{uid}" is not null group by all)))""",
    )


_MODALITY_OF_CLASS = " ".join(
    ['case replace("SOPClassUID", \'' + _IMAGE_ROOT + "', '')"]
    + [f"when '{uid}' then '{modalities}'" for uid, modalities in _MODALITIES_OF.items()]
    + ["end"]
)

# The name of each transfer syntax as single ones have it, in the order of the identifiers of a mixed series.
_SYNTAXES = """(
    select mixed.*, (
        select string_agg(single.name, ',' order by position)
        from unnest(string_split(mixed."TransferSyntaxUID", ',')) with ordinality as part(uid, position)
        join (select "TransferSyntaxUID" as uid, min(transfer_syntax_name) as name from code_groups
            where not contains("TransferSyntaxUID", ',') group by 1) as single on single.uid = part.uid
    ) as named_in_order
    from (select "TransferSyntaxUID", transfer_syntax_name, collection_id, cast(sum(row_count) as bigint) as row_count
        from code_groups where contains("TransferSyntaxUID", ',') group by all) as mixed)"""

_TERMS = (
    _codes("Modality", "A modality is a term of DICOM", f'"Modality" not in ({_in(MODALITIES)})', "a DICOM term", 0.5),
    _codes(
        "PatientSex",
        "A sex is a term of DICOM",
        f'"PatientSex" not in ({_SEX}) and trim("PatientSex") <> \'\'',
        "F, M or O",
        None,
    ),
    _codes(
        "BodyPartExamined",
        "A body part is written as a DICOM code string",
        "trim(\"BodyPartExamined\") <> '' and not regexp_full_match(\"BodyPartExamined\", '[A-Z0-9_ ]{1,16}')",
        "up to 16 capitals, digits, spaces and underscores",
        None,
    ),
    _codes(
        "BodyPartExamined",
        "No body part is a modality",
        f"\"BodyPartExamined\" in ({_in(MODALITIES - {'OT', 'HD', 'HC', 'CS'})}, 'FUSION')",
        "a part of the body",
        None,
    ),
    _codes(
        "PhotometricInterpretation",
        "A photometric interpretation is a term of DICOM",
        f"not regexp_full_match(\"PhotometricInterpretation\", '({_PHOTOMETRIC})(,({_PHOTOMETRIC}))*')",
        "terms of DICOM, joined by commas",
        None,
    ),
    _codes(
        "PixelRepresentation",
        "A pixel representation is 0 or 1",
        "\"PixelRepresentation\" not in ('0', '1', '0,1')",
        "0, 1, or both in one series",
        None,
    ),
    _codes(
        "SOPClassUID, Modality",
        "The modality of a series is one that its SOP class allows",
        f"not list_contains(string_split({_MODALITY_OF_CLASS}, ' '), \"Modality\")",
        "a modality of the information object definition",
        None,
    ),
    _codes(
        "SOPClassUID, Modality",
        "No image series is a secondary capture or raw data",
        f"\"SOPClassUID\" in ('{_IMAGE_ROOT}7', '{_IMAGE_ROOT}7.1', '{_IMAGE_ROOT}7.2', '{_IMAGE_ROOT}7.3',"
        f" '{_IMAGE_ROOT}7.4', '{_IMAGE_ROOT}66') and \"Modality\" not in ('OT', 'SC', 'XC', 'DOC')",
        "the SOP class of the modality",
        None,
    ),
    _one_name("SOPClassUID", "sop_class_name", "SOP class"),
    _one_name("TransferSyntaxUID", "transfer_syntax_name", "transfer syntax"),
    _codes(
        "TransferSyntaxUID, transfer_syntax_name",
        "The names of transfer syntaxes stand in the order of the identifiers",
        "named_in_order <> transfer_syntax_name",
        "the name of the first identifier first",
        None,
        _SYNTAXES,
    ),
    _codes(
        "SOPClassUID",
        "A SOP class is a DICOM UID",
        " or ".join((uid_broken('"SOPClassUID"'),)),
        "a DICOM UID",
        0.1,
    ),
    _codes(
        "license_short_name",
        "A licence is one of IDC's",
        "license_short_name is null or not (regexp_full_match(license_short_name,"
        " 'CC BY(-NC)?(-SA|-ND)? [1-4][.][0-9]|CC0 1[.]0') or license_short_name like 'National Library of Medicine%')",
        "a Creative Commons licence with its version, or the terms of the National Library of Medicine",
        None,
    ),
    _codes(
        "source_DOI",
        "A source DOI is there",
        '"source_DOI" is null or trim("source_DOI") = \'\'',
        "a DOI",
        2,
    ),
    _codes(
        "source_DOI",
        "A source DOI is a DOI in lower case",
        f"trim(\"source_DOI\") <> '' and not regexp_full_match(\"source_DOI\", '{_DOI}')",
        "10., four to nine digits, a slash and a suffix, in lower case",
        None,
    ),
)

_IDENTIFIERS = (
    _series(
        "SeriesInstanceUID", "A series identifier is a DICOM UID", uid_broken('"SeriesInstanceUID"'), "a DICOM UID", 0.1
    ),
    _series(
        "StudyInstanceUID", "A study identifier is a DICOM UID", uid_broken('"StudyInstanceUID"'), "a DICOM UID", 0.1
    ),
    _series(
        "crdc_series_uuid",
        "A crdc_series_uuid is a UUID",
        f"not regexp_full_match(crdc_series_uuid, '{_UUID}')",
        "8-4-4-4-12 hexadecimal digits in lower case",
        None,
        ("idc_index.crdc_series_uuid",),
    ),
    _series(
        "series_aws_url",
        "The address of a series is one of a public bucket",
        "series_aws_url is null or not (starts_with(series_aws_url, 's3://') and ends_with(series_aws_url, '/*'))",
        "s3://bucket/identifier/*",
        0.1,
    ),
    _series(
        "series_aws_url",
        "A series lies in a bucket of IDC",
        "not starts_with(series_aws_url, 's3://idc-open-data')",
        "a bucket idc-open-data, with or without an ending",
        None,
    ),
    _series(
        "PatientID",
        "No patient identifier is the name of a file",
        "contains(\"PatientID\", '.')"
        " and regexp_matches(\"PatientID\", '(?i)[.](dcm|dicom|ima|svs|tiff?|nii|zip|csv)$')",
        "an identifier of a patient",
        None,
    ),
)

RULES = (*_TERMS, *_IDENTIFIERS)
"""Identifiers and DICOM terms."""
