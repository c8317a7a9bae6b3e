"""The suites: what is expected of each profile, as sentences with a severity.

Suites over a landed release: `landed contract`, `landed keys`, `landed loads`. Suites over the star: `star keys`,
`star references`, `star columns`, `conservation`, `values`, `null rates`, `mappings`, `reported`, `gaps`. To add an
expectation, add a check here; to add a rule about counts or values, add it to `conservation.RULES` or
`values.value_rules`.
"""

from __future__ import annotations

from collections.abc import Sequence

from warehouse.quality.engine import Check, Suite, at_least_one, at_most, equal, never, zero
from warehouse.quality.profiles import (
    ColumnProfile,
    ColumnRuleProfile,
    ConservationProfile,
    GapProfile,
    HistogramProfile,
    KeyProfile,
    LoadProfile,
    MappingProfile,
    NullRateProfile,
    ReferenceProfile,
    ValueProfile,
    profile_frame,
)
from warehouse.quality.rules.value_rule import ValueRule

STAR = "star"

# What texts are mapped to, as the model rpt_mapping names it.
VOCABULARIES = (
    "modality",
    "body part",
    "manufacturer",
    "licence",
    "sex",
    "race",
    "ethnicity",
    "COVID-19 status",
    "type of algorithm",
)

# (source, dataset): without rows in these there is nothing to publish.
INDISPENSABLE = frozenset({("idc", "idc_index")})


def landed_contract(subject: str, profiles: Sequence[ColumnProfile]) -> Suite:
    """Columns and types of the landed files against the contract: drift is a warning, but where rows lose their key."""
    of_key, other = {"is_key": True}, {"is_key": False}
    checks = (
        never("finding", "missing", "Every column of a key is there", "error", of_key),
        zero("unread", "Every value of a column of a key can be read", "error", of_key),
        never("finding", "missing", "Every other column of the contract is there", "warning", other),
        never("finding", "retyped", "Every column has the type of the contract", "warning"),
        zero("unread", "Every value of any other column can be read as the type of the contract", "warning", other),
        never("finding", "new", "The files have no column that the contract does not know", "warning"),
    )
    return Suite("landed contract", subject, profile_frame(profiles, ColumnProfile), checks)


def landed_keys(subject: str, profiles: Sequence[KeyProfile]) -> Suite:
    """Keys of the contract: an error where they were measured on real files, a warning where only described."""
    checks = (
        zero("null_keys", "No row lacks a part of a measured key", "error", {"trusted": True}),
        zero("duplicate_keys", "No measured key occurs twice", "error", {"trusted": True}),
        zero("null_keys", "No row lacks a part of a described key", "warning", {"trusted": False}),
        zero("duplicate_keys", "No described key occurs twice", "warning", {"trusted": False}),
    )
    return Suite("landed keys", subject, profile_frame(profiles, KeyProfile), checks)


def landed_loads(subject: str, profiles: Sequence[LoadProfile]) -> Suite:
    """The loads of a release against each other and against their objects."""
    landed, absent = {"status": "landed"}, {"status": "absent"}
    checks = (
        at_least_one("object_rows", "Every indispensable dataset has rows", "error", {"indispensable": True}),
        equal("object_rows", "manifest_rows", "Every load has as many rows as its manifest says", "error"),
        equal("version", "release_version", "All loads are of the version of the release", "error"),
        at_least_one("object_count", "Every landed dataset has a file", "error", landed),
        zero("object_count", "No absent dataset has a file", "error", absent),
        at_least_one("object_rows", "No landed dataset is empty", "warning", landed),
        never("status", "absent", "Every record type of a portal is there", "warning", {"is_record_type": True}),
        never("status", "unknown", "A portal has no record type that the contract does not know", "warning"),
        never("status", "not recorded", "Every dataset of the contract is recorded, as landed or absent", "warning"),
    )
    return Suite("landed loads", subject, profile_frame(profiles, LoadProfile), checks)


def star_keys(profiles: Sequence[KeyProfile]) -> Suite:
    """Primary keys of every table of the star."""
    checks = (
        never("key", "", "Every table declares a primary key", "error"),
        zero("null_keys", "No primary key has a null part", "error"),
        zero("duplicate_keys", "No primary key occurs twice", "error"),
    )
    return Suite("star keys", STAR, profile_frame(profiles, KeyProfile), checks)


def star_references(profiles: Sequence[ReferenceProfile]) -> Suite:
    """Foreign keys of the star, as dbt's relationships tests declare them."""
    checks = (
        zero("orphans", "Every reference finds its row", "error", {"must_hold": True}),
        zero("orphans", "Every reference that may be broken finds its row", "warning", {"must_hold": False}),
    )
    return Suite("star references", STAR, profile_frame(profiles, ReferenceProfile), checks)


def star_columns(profiles: Sequence[ColumnRuleProfile]) -> Suite:
    """What the YAML beside the models declares of their columns, in staging and in the star, as tests of dbt."""
    must, may = {"must_hold": True}, {"must_hold": False}
    checks = (
        zero("broken", "Every declared natural key occurs once", "error", {"kind": "unique", **must}),
        zero("broken", "Every column that must be filled is filled", "error", {"kind": "not_null", **must}),
        zero("broken", "Every value of a closed list is in it", "error", {"kind": "accepted_values", **must}),
        zero("broken", "Every natural key that may recur occurs once", "warning", {"kind": "unique", **may}),
        zero("broken", "Every column that is usually filled is filled", "warning", {"kind": "not_null", **may}),
        zero("broken", "Every value of an open list is in it", "warning", {"kind": "accepted_values", **may}),
    )
    return Suite("star columns", STAR, profile_frame(profiles, ColumnRuleProfile), checks)


def conservation(profiles: Sequence[ConservationProfile]) -> Suite:
    """Counts and sums of the landed data against those of the star, one check a rule."""
    checks = tuple(equal("landed", "star", profile.rule, "error", {"rule": profile.rule}) for profile in profiles)
    return Suite("conservation", STAR, profile_frame(profiles, ConservationProfile), checks)


def values(profiles: Sequence[ValueProfile], rules: Sequence[ValueRule]) -> Suite:
    """Values of the star, one check a rule."""
    checks = tuple(zero("broken", rule.sentence, rule.severity, {"rule": rule.sentence}) for rule in rules)
    return Suite("values", STAR, profile_frame(profiles, ValueProfile), checks)


def null_rates(profiles: Sequence[NullRateProfile]) -> Suite:
    """Null rates within the image modalities against the highest of earlier releases."""
    checks: tuple[Check, ...] = (
        at_most("null_percent", "allowed", "No image modality lacks more values than before", "warning"),
        never("finding", "no limit", "The usual null rates of every large image modality are known", "warning"),
    )
    return Suite("null rates", STAR, profile_frame(profiles, NullRateProfile), checks)


def mappings(profiles: Sequence[MappingProfile]) -> Suite:
    """Texts without a mapping: each is shown; a vocabulary of which most is unmapped has changed upstream or broken."""
    checks = (
        at_most("unmapped_percent", "allowed", "No vocabulary is mostly unmapped", "error", {"is_large": True}),
        *(
            zero("unmapped", f"Every {name} that a record states is mapped", "warning", {"vocabulary": name})
            for name in VOCABULARIES
        ),
    )
    return Suite("mappings", STAR, profile_frame(profiles, MappingProfile), checks)


def reported(profiles: Sequence[HistogramProfile]) -> Suite:
    """Histograms that a portal states of itself against the landed records; the totals are among the gaps."""
    checks = (zero("differing", "Every histogram that a portal states is that of the landed records", "warning"),)
    return Suite("reported", STAR, profile_frame(profiles, HistogramProfile), checks)


def gaps(profiles: Sequence[GapProfile]) -> Suite:
    """Gaps between two systems: a warning with its causes, and an error where much of it opens without one."""
    checks = (
        zero("unaccounted", "The causes of every gap add up to it", "error"),
        zero("gap", "What a portal states of itself is what was ingested", "error", {"is_stated": True}),
        at_most("unexplained", "accepted", "No gap has opened without an explanation", "warning"),
        at_most("unexplained", "tolerated", "No gap has opened without an explanation beyond the bound", "error"),
        zero("unexplained", "Every gap is explained whole", "warning"),
        zero("gap", "Two systems that describe the same things have as many of them", "warning", {"is_stated": False}),
        never("movement", "moved", "No gap has changed since the snapshot in service", "warning"),
        never("movement", "not made any more", "What the snapshot in service compares is still compared", "warning"),
    )
    return Suite("gaps", STAR, profile_frame(profiles, GapProfile), checks)
