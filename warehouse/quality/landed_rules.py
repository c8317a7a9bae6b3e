"""Measuring rules over a landed release: a relation is read once for all its rules, and again where one is broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.contracts import Contract
from warehouse.quality.broken_rows import VALUES_QUOTED, quoted_values
from warehouse.quality.checks import Check, zero
from warehouse.quality.rules.landed_rule import LandedRule, shared_of, with_shared
from warehouse.quality.suite import Detail, LandedRelease, ProfileRow
from warehouse.quality.verdicts import Asset

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_Counts = tuple[int, int]

_FEWEST_OF_ERROR = 20
"""Fewer broken rows are no error, whatever their share: of a handful each is a large one."""


@dataclass(frozen=True)
class RuleProfile(ProfileRow):
    """One rule: how many of how many rows break it, where most of them are, and the query that lists them.

    `beyond` is the number of broken rows where these are more than an error allows, else 0.
    """

    rule: str
    source: str
    dataset: str
    column: str
    rows: int
    broken: int
    beyond: int
    places: str
    expected: str
    query: str
    examples: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The column, the number of rows that break the rule, and where they are."""
        where = f": {self.places}" if self.places else ""
        return f"{self.column}, {self.broken:,} of {self.rows:,} rows{where}" if self.broken else f"{self.column}, none"

    @property
    def asset(self) -> Asset:
        """The dataset that the rule judges."""
        return self.source, self.dataset

    @property
    def detail(self) -> Detail:
        """The column as the scope, and the query of all rows that break the rule."""
        query = self.query if self.broken else None
        return Detail(self.column, self.expected, self.broken, query, self.examples)


def checks_of(rules: Sequence[LandedRule]) -> tuple[Check, ...]:
    """Return the checks of rules: one a sentence, and one for the bound of each sentence that has one."""
    sentences = {rule.sentence: rule for rule in rules}
    bounded = {rule.sentence: rule for rule in rules if rule.error_percent is not None}
    return (
        *(zero("broken", text, rule.severity, {"rule": text}) for text, rule in sentences.items()),
        *(zero("beyond", rule.bound_sentence, "error", {"rule": text}) for text, rule in bounded.items()),
    )


def measure_rules(
    connection: DuckDBPyConnection, release: LandedRelease, rules: Sequence[LandedRule], shared: Mapping[str, str]
) -> list[RuleProfile]:
    """Count the rows that break each rule about the source of a release; a rule that has nothing to judge has no row.

    Shared relations are kept as temporary tables while this runs.
    """
    # They import DuckDB, and the suites are listed without.
    from warehouse.build.versions import major_version

    words = {"{major}": str(major_version(release.release.version)), "{fetched}": _day(release)}
    of_source = [rule for rule in rules if rule.source == release.release.source]
    needs = {id(rule): _needs(rule, release.contract) for rule in of_source}
    present = _present(connection, release.landed, set[str]().union(*needs.values()))
    judged = [rule for rule in of_source if present.issuperset(needs[id(rule)])]
    relations = {name: _said(text, words) for name, text in shared.items()}
    kept = shared_of([text for rule in judged for text in (rule.relation, rule.broken)], relations)
    for name in kept:
        connection.execute(f"create or replace temp table {name} as {relations[name]}")
    by_relation: dict[tuple[str, bool], list[LandedRule]] = {}
    for rule in judged:
        by_relation.setdefault((_said(rule.relation, words), bool(rule.of_rows)), []).append(rule)
    profiles: dict[int, RuleProfile] = {}
    for (relation, weighted), of_it in by_relation.items():
        counts = _counts(connection, relation, weighted, [_said(rule.broken, words) for rule in of_it])
        for rule, count in zip(of_it, counts, strict=True):
            profiles[id(rule)] = _profile(connection, rule, relation, count, words, relations)
    for name in reversed(kept):
        connection.execute(f"drop table {name}")
    return [profiles[id(rule)] for rule in judged]


def _day(release: LandedRelease) -> str:
    return f"date '{release.release.fetched_at.date().isoformat()}'"


def _said(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _needs(rule: LandedRule, contract: Contract) -> set[str]:
    """Return what a rule needs: what it says, and its own columns.

    One that is missing or cannot be read holds nothing, which the suite `landed contract` tells.
    """
    dataset = contract.datasets.get(rule.dataset)
    known = {column.name for column in dataset.columns} if dataset is not None else set[str]()
    return {*rule.needs, *(f"{rule.dataset}.{name}" for name in rule.column.split(", ") if name in known)}


def _present(connection: DuckDBPyConnection, schema: str, needed: Iterable[str]) -> set[str]:
    """Return which of the datasets and columns that rules need hold anything."""
    present: set[str] = set()
    for need in sorted(needed):
        dataset, _, column = need.partition(".")
        condition = f'where "{column}" is not null' if column else ""
        found = connection.execute(f'select 1 from {schema}."{dataset}" {condition} limit 1').fetchall()
        present |= {need} if found else set()
    return present


def _counts(connection: DuckDBPyConnection, relation: str, weighted: bool, broken: Sequence[str]) -> list[_Counts]:
    weight = "row_count" if weighted else "1"
    sums = ", ".join(f"coalesce(sum(case when {condition} then {weight} end), 0)" for condition in broken)
    ((total, *counts),) = connection.execute(f"select coalesce(sum({weight}), 0), {sums} from {relation}").fetchall()
    return [(int(total), int(count)) for count in counts]


def _profile(
    connection: DuckDBPyConnection,
    rule: LandedRule,
    relation: str,
    counts: _Counts,
    words: Mapping[str, str],
    shared: Mapping[str, str],
) -> RuleProfile:
    rows, broken = counts
    condition = _said(rule.broken, words)
    bound = rule.error_percent
    is_beyond = bound is not None and broken >= _FEWEST_OF_ERROR and 100 * broken > bound * rows
    query = listing(rule, relation, condition)
    return RuleProfile(
        rule=rule.sentence,
        source=rule.source,
        dataset=rule.dataset,
        column=rule.column,
        rows=rows,
        broken=broken,
        beyond=broken if is_beyond else 0,
        places=_places(connection, rule, relation, condition) if broken and rule.place else "",
        expected=rule.expected,
        query=with_shared(query, shared),
        examples=_examples(connection, query) if broken else (),
    )


def _examples(connection: DuckDBPyConnection, query: str) -> tuple[str, ...]:
    """List the first rows while the shared relations are at hand: the query of the finding makes them again.

    Where that fails, the audit lists them, and says why it cannot.
    """
    import duckdb

    from warehouse.quality.examples import first_of

    try:
        return first_of(connection, query)
    except duckdb.Error:
        return ()


def _places(connection: DuckDBPyConnection, rule: LandedRule, relation: str, condition: str) -> str:
    weight = "row_count" if rule.of_rows else "1"
    found = connection.execute(
        f"select cast({rule.place} as varchar) as place, cast(sum({weight}) as bigint) as row_count, count(*) over ()"
        f" from {relation} where {condition} group by place order by row_count desc, place limit {VALUES_QUOTED}"
    ).fetchall()
    return quoted_values([(place, rows) for place, rows, _ in found], found[0][2]) if found else ""


def listing(rule: LandedRule, relation: str, condition: str) -> str:
    """Return the query (SQL) of the rows that break a rule, their keys first and in the order of these."""
    order = ", ".join(str(position) for position in range(1, len(rule.keys) + 1))
    if not rule.of_rows:
        return f"select {', '.join((*rule.keys, *rule.shown))} from {relation} where {condition} order by {order}"
    names = [f'"{name}"' for name in rule.of_rows]
    joined = " and ".join(f"listed.{name} is not distinct from found.{name}" for name in names)
    columns = ", ".join([*(f"listed.{key}" for key in rule.keys), *(f"found.{name}" for name in (*names, *rule.shown))])
    return (
        f"select {columns} from {rule.view} as listed join (select * from {relation} where {condition}) as found"
        f" on {joined} order by {order}"
    )
