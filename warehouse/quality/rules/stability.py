"""What stays the same between two loads of a source, as data: which records are the same, and what of them may change.

By default the records of a dataset are the same where the key of its contract is, and their columns are of the kind
that their name and type tell (`kind_of`); only what differs from that is listed here. So a dataset or a column that a
contract gains is watched from its first day.

Bounds are shares. Beside each stands what was measured of the releases 18.2.0, 19.0.3, 20.0.3, 21.0.0, 22.1.5, 23.2.9,
23.5.0, 23.10.1, 24.0.0, 24.2.1, 24.2.2 and 25.0.5 of IDC, each against the one before it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

from warehouse.contracts import Column, Dataset
from warehouse.quality.bounds import Limit
from warehouse.sql_text import quoted

FactKind = Literal["fixed", "described", "corrected", "growing", "advancing", "volatile"]
"""What an unchanged record may change:

- `fixed`: sizes, counts of instances, hashes, and to which patient, study, series, collection and dataset it belongs:
  nothing.
- `described`: what is read from the files (dates, descriptions, codes): nothing, but upstream picks one of several
  values of a series anew for each release, so some change for no reason.
- `corrected`: licences, DOIs, analysis results, places in buckets: upstream corrects them, and announces it.
- `growing`: counts of what belongs to a record: more may join, none should leave.
- `advancing`: days on which a record was read, as text: they go on, never back.
- `volatile`: anything.
"""


@dataclass(frozen=True)
class Tolerance:
    """How many of the same records may change: shares of one group (a collection, a dataset) and of all records.

    Fewer than `fewest` records are no share of a group.
    """

    group: Limit
    whole: Limit
    fewest: int = 3

    def times(self, count: int) -> Tolerance:
        """Return the tolerance of so many steps at once."""
        return self if count == 1 else replace(self, group=self.group.times(count), whole=self.whole.times(count))


TOLERANCES: Mapping[FactKind, Tolerance] = {
    # Sizes and counts: 0 records, but for tcga_brca in 23.2.9 (42 %) and 24.0.0 (30 %), whose sizes were doubled in
    # between. PatientID: 150 to 167 series of cbis_ddsm (2.5 %) in every release, at most 1 elsewhere.
    "fixed": Tolerance(group=Limit(0.0, 0.05), whole=Limit(0.0, 0.001)),
    # StudyDate 20 %, SeriesDescription 24 % of cbis_ddsm; SOPClassUID 37 % of b_mode_and_ceus_liver (44 series).
    "described": Tolerance(group=Limit(0.005, 0.5), whole=Limit(0.0005, 0.05)),
    # Licences: 100 % of phantom_fda (22.1.5, 24.0.0), 2 % of all series (24.0.0). DOIs: 48 % of all (19.0.3: versions
    # of Zenodo records became concepts); analysis results: 2.5 % of all (19.0.3).
    "corrected": Tolerance(group=Limit(0.005, 1.0), whole=Limit(0.0005, 0.6)),
    "growing": Tolerance(group=Limit(0.005, 0.25), whole=Limit(0.0005, 0.02)),
    # An older day tells that a repository is not read any more, not that a record is wrong.
    "advancing": Tolerance(group=Limit(0.005, inf), whole=Limit(0.0005, inf)),
}

STORED = Tolerance(group=Limit(0.005, 0.5), whole=Limit(0.0, 0.05))
"""What is described of the same bytes: any change is worth a word. At most 60 series outside of the two collections."""

OF_A_NIGHT = Tolerance(group=Limit(0.02, 0.5), whole=Limit(0.0025, 0.05), fewest=5)
"""What is described of a portal's records, from one night to the next: texts are corrected now and then."""

GONE = Tolerance(group=Limit(0.02, 0.5), whole=Limit(0.005, 0.02))
"""How many records may be gone. A group of fewer than 20 that goes as a whole is a matter of groups, not of records."""

GONE_OR_REPLACED = Tolerance(group=Limit(0.05, 2.0), whole=Limit(0.005, 0.02))
"""The same of what upstream replaces: series of IDC, at most 0.5 % of all (19.0.3), but all those of some collections.

Whole collections got new UIDs in 19.0.3 (cmb_crc, cmb_lca, cmb_mel), so no share of a group is an error by itself.
"""

UNLISTED = Limit(0.0, 0.001)
"""How many records of a group, or of all, may be gone without being listed as withdrawn: none in the releases of IDC.

Fewer than `FEWEST_GONE` are worth a word and stop no release of a million series.
"""

REPEATED = Limit(0.0, 0.005)
"""How much the share of records that repeat another's second identifier may grow: 0 in the releases of IDC."""

FEWEST_GONE = 10
"""So many records of a group must be gone to be a loss: smaller ones are corrections of single records."""


@dataclass(frozen=True)
class Fact:
    """A column that is compared, and what of it may change."""

    column: Column
    kind: FactKind


@dataclass(frozen=True)
class RecordRule:
    """Which records of a dataset are the same in two loads, and what is compared of them.

    `identity` and `group` are SQL over the columns of the dataset; `facts` are the columns that are compared, with
    their kinds. `unique` are columns that identify a record too, so that a copy under a new key shows.
    Where `version` (SQL) is the same in both loads, another rule compares the record. `counts_gone`: records that are
    gone are judged by their share; `withdrawn` is the dataset that lists what was withdrawn, under the same `identity`.
    `is_replaced`: upstream gives whole groups new identifiers at times. `is_stored`: the identity is that of the bytes.
    """

    dataset: str
    what: str
    identity: tuple[str, ...]
    group: str | None
    facts: tuple[Fact, ...]
    unique: tuple[str, ...] = ()
    version: str | None = None
    counts_gone: bool = True
    withdrawn: str | None = None
    is_replaced: bool = False
    is_stored: bool = False


_FIXED = re.compile(
    r"""(?:.*_)?(?:md5(?:sum)?|sha256|hash|checksum|guid|file_size|total_file_size|size_mb|size_bytes|instance_?count)
    |number_of_(?:instances|temporal_positions) | object_ids? | file_name
    |collection_id | PatientID | (?:Study|Series|SOP)InstanceUID | (?:study|series)_uid | instance_uids
    |_(?:case|imaging_study|dataset|subject|imaging_series)_id | case_ids | subject_id | submitter_id | project_id
    |(?:case|imaging_study|dataset)_submitter_id | commons_name | Modality | modality
    |segmented_SeriesInstanceUID | referenced_SeriesInstanceUID | source_node | crdc_series_uuid
    |series_init_idc_version | (?:min|max)_idc_version | version_timestamp""",
    re.IGNORECASE | re.VERBOSE,
)
_CORRECTED = re.compile(
    r"""licen[sc]e(?:_\w+)? | source_DOI | data_url_doi | analysis_result_id | \w*(?:url|uri|bucket)\w* | citation
    |publication_citation | updated | description | dicom_header_file_guid | auth_resource_path
    |\w*title | \w*version | collection_name | data_contributor
    |supporting_data | sources | sop_class_name | transfer_syntax_name""",
    re.IGNORECASE | re.VERBOSE,
)
_ADVANCING = re.compile(r"metadata_source_date")
_GROWING = re.compile(r"_\w+_count | data_file_count | subjects", re.IGNORECASE | re.VERBOSE)

# The text of a record as the portal keeps it, what a case sums up of what has joined it, and what tells of progress.
_VOLATILE = frozenset(
    {
        ("midrc", "case", "object_id"),
        ("midrc", "imaging_study", "object_id"),
        ("midrc", "mds_metadata", "record"),
        ("midrc", "imaging_study", "dicom_header_file_guid"),
        ("idc", "collections_index", "updated"),
        ("idc", "collections_index", "status"),
        ("idc", "collections_index", "supporting_data"),
        ("idc", "analysis_results_index", "updated"),
        ("idc", "analysis_results_index", "collections"),
        ("idc", "analysis_results_index", "modalities"),
    }
    # The hub states of each record when it was last read from its repository.
    | {
        ("bih", dataset, f"metadata_source_{what}")
        for dataset in ("dataset", "subject", "imaging_study", "imaging_series")
        for what in ("version", "api")
    }
)

# What is counted, not recorded: its figures move every night, and the suite of figures watches them.
_FIGURES = frozenset({"reported_counts", "indexd_stats", "version", "clinical_value", "clinical_index"})

# Upstream respells these without a change of meaning: DOIs lost their capitals in 19.0.3, ids of analysis results
# became lower case with underscores in 24.2 (`TotalSegmentator-CT-Segmentations`), those of programs in 24.0.0.
_RESPELLED = re.compile(r"\w*doi|analysis_result_id|collection_id|program_id|licen[sc]e(?:_\w+)?", re.IGNORECASE)

# To what records belong: a new one comes with what is new, and has a share of the rows at once.
_OWNERS = re.compile(r"\w*doi|analysis_result_id|auth_resource_path", re.IGNORECASE)

_IDC_UUID = """coalesce(crdc_series_uuid, regexp_extract(series_aws_url, '[0-9a-f]{8}-[0-9a-f-]{27}'))"""
_GROUPS = ("collection_id", "dataset_submitter_id", "_dataset_id", "commons_name", "project_id")


def kind_of(source: str, dataset: str, column: Column) -> FactKind:
    """Return of which kind a column is, by its name and type; what holds other records is `volatile`."""
    if dataset in _FIGURES or (source, dataset, column.name) in _VOLATILE or column.type.startswith("record"):
        return "volatile"
    if _GROWING.fullmatch(column.name):
        return "growing"
    if _ADVANCING.fullmatch(column.name):
        return "advancing"
    if _FIXED.fullmatch(column.name):
        return "fixed"
    if _CORRECTED.fullmatch(column.name):
        return "corrected"
    # What data says of a case is repeated on its studies and files, as lists: the case may have been completed.
    return "described"


def is_category(column: str, kind: FactKind) -> bool:
    """Return whether the shares of a column's values mean something: it tells what records are, not whose."""
    return _OWNERS.fullmatch(column) is None and (kind != "fixed" or column.lower().endswith("modality"))


def record_rules(source: str, dataset: str, contract: Dataset) -> tuple[RecordRule, ...]:
    """Return how the records of a dataset are compared: none where it holds figures or has no key.

    The index of IDC is compared twice: one UUID names one stored form of a series, whose facts cannot change, and a
    series keeps its owners when it is revised. Releases before 20 state the UUID in the address alone.
    """
    if not contract.key or dataset in _FIGURES:
        return ()
    facts = [
        Fact(column, kind_of(source, dataset, column)) for column in contract.columns if column.name not in contract.key
    ]
    facts = tuple(fact for fact in facts if fact.kind != "volatile")
    group = _group_of(contract)
    if (source, dataset) == ("idc", "idc_index"):
        owners = {"collection_id", "PatientID", "StudyInstanceUID", "Modality"}
        stored = tuple(fact for fact in facts if fact.column.name != "crdc_series_uuid")
        series = next(column for column in contract.columns if column.name == "SeriesInstanceUID")
        return (
            RecordRule(
                dataset,
                "stored series",
                (_IDC_UUID,),
                group,
                (*stored, Fact(series, "fixed")),
                is_stored=True,
                counts_gone=False,
                withdrawn="prior_versions_index",
            ),
            RecordRule(
                dataset,
                "series",
                ('"SeriesInstanceUID"',),
                group,
                tuple(fact for fact in facts if fact.column.name in owners),
                unique=("series_aws_url",),
                version=_IDC_UUID,
                is_replaced=True,
            ),
        )
    unique = tuple(
        column.name
        for column in contract.columns
        if column.name in ("md5sum", "SeriesInstanceUID", "StudyInstanceUID", "series_uid", "study_uid", "object_id")
        and column.type == "string"
        and column.name not in contract.key
        and not (source == "idc" or (source, dataset, column.name) in _VOLATILE)
    )
    columns = {column.name: column for column in contract.columns}
    identity = tuple(
        normal_form(columns[name], quoted(name)) if _RESPELLED.fullmatch(name) else quoted(name)
        for name in contract.key
    )
    return (RecordRule(dataset, "record", identity, group, facts, unique=unique),)


def _group_of(contract: Dataset) -> str | None:
    """Return what records are grouped by (SQL): where a loss or a change concentrates."""
    for name in _GROUPS:
        for column in contract.columns:
            if column.name == name and name not in contract.key:
                return f"{quoted(name)}[1]" if column.type.endswith("[]") else quoted(name)
    return None


def respelled(column: str, value: str) -> str:
    """Return a value as it is compared: without white space that tells nothing, ids and DOIs in one spelling."""
    return re.sub(r"[-\s]", "_", value.strip().lower()) if _RESPELLED.fullmatch(column) else " ".join(value.split())


def normal_form(column: Column, value: str) -> str:
    """Return a value (SQL) as it is compared: without the ways in which upstream writes the same thing differently.

    Blank text and the names of nothing are null, lists have an order, lines may break anywhere (descriptions were
    wrapped anew in 25.0.5), and spellings that carry no meaning are one.
    """
    if column.type.endswith("[]"):
        return f"nullif(list_sort({value}), [])"
    if column.type != "string":
        return value
    text = f"nullif(trim(regexp_replace({value}, '\\s+', ' ', 'g')), '')"
    if _RESPELLED.fullmatch(column.name):
        return f"regexp_replace(lower({text}), '[-\\s]', '_', 'g')"
    return f"case when lower({text}) not in ('nat', 'nan', 'none', 'null') then {text} end"


def differs(column: Column, kind: FactKind, before: str, after: str) -> str:
    """Return the condition (SQL) that a column of the same record has changed; never null.

    What was missing and is stated now is no change, but of what is fixed: upstream completes its records. Fractions
    that one side states to two places are compared to two: sizes had two until 23.5.0 and six from 23.10.1
    on. Of a growing count, or an advancing day, only a smaller, earlier or missing one is a change.
    """
    if kind in ("growing", "advancing"):
        return f"coalesce({before} is not null and ({after} is null or {after} < {before}), false)"
    if column.type == "float":
        rounded = f"({before} = round({before}, 2) or {after} = round({after}, 2))"
        step = f"case when {rounded} then 0.0051 else 1e-9 * greatest(abs({before}), abs({after})) end"
        return f"({before} is distinct from {after} and coalesce(abs({after} - {before}) > {step}, true))"
    changed = f"{before} is distinct from {after}"
    old, new = normal_form(column, before), normal_form(column, after)
    stated = "" if kind == "fixed" else f" and {old} is not null"
    return f"(case when {changed} then {old} is distinct from {new}{stated} else false end)"
