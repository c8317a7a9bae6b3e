"""The comparison of one dataset of two loads, record by record: SQL over the views of both releases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.contracts import Column
from warehouse.landing import Release
from warehouse.quality.bounds import Standing, worst
from warehouse.quality.record_changes import (
    Aspect,
    Count,
    RecordProfile,
    findings_of,
    of_whole,
    row_of,
    shortened,
    total_of,
    worst_groups,
)
from warehouse.quality.rules.stability import (
    FEWEST_GONE,
    GONE,
    GONE_OR_REPLACED,
    OF_A_NIGHT,
    REPEATED,
    STORED,
    TOLERANCES,
    UNLISTED,
    Fact,
    FactKind,
    RecordRule,
    differs,
)
from warehouse.quality.suite import LandedRelease
from warehouse.sql_text import literal, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_VERSION = "version_of_record"

# Each part of the columns is hashed by itself, so that only those parts are read again in which a record has changed.
_COLUMNS_OF_A_PART = 8

# So many records that differ are copied, to be read several times; of more, the landed files are read again.
_MOST_SET_ASIDE = 100_000


def has_file(release: Release, dataset: str) -> bool:
    """Return whether a release has rows of a dataset to compare."""
    return bool(_files(release, dataset))


def are_same(one: Release, other: Release, dataset: str) -> bool:
    """Return whether two releases have the very same bytes of a dataset, so that no record of it can have changed."""
    return _files(one, dataset) == _files(other, dataset)


def _files(release: Release, dataset: str) -> list[str]:
    load = release.load_of(dataset)
    return [part.sha256 for part in load.objects] if load is not None else []


@dataclass(frozen=True)
class Comparison:
    """One rule over one dataset of two releases."""

    connection: DuckDBPyConnection
    landed: LandedRelease
    rule: RecordRule

    def rows(self) -> Iterator[RecordProfile]:
        """Yield a row for each aspect; those of columns only where any record has changed."""
        lacked = self._lacked()
        facts = [fact for fact in self.rule.facts if fact.column.name not in lacked]
        if not lacked.isdisjoint(part.strip('"') for part in self.rule.identity):
            return
        parts = [facts[first : first + _COLUMNS_OF_A_PART] for first in range(0, len(facts), _COLUMNS_OF_A_PART)]
        for side, relation in (("later", self._now), ("earlier", self._before)):
            self._note(side, relation, parts)
        counted = self._counted(len(parts))
        if self.rule.withdrawn is not None and has_file(self.landed.release, self.rule.withdrawn):
            yield from self._unlisted(self.rule.withdrawn, {group: rows for group, rows, *_ in counted})
        if self.rule.counts_gone:
            yield from self._gone([Count(group, rows, gone) for group, rows, _, gone, _ in counted])
        yield from self._repeated()
        compared = {group: same for group, _, same, _, _ in counted}
        if any(different for *_, different in counted):
            yield from self._changed(parts, compared)

    @property
    def _now(self) -> str:
        return f"{quoted(self.landed.landed)}.{quoted(self.rule.dataset)}"

    @property
    def _before(self) -> str:
        return f"{quoted(self.landed.earlier)}.{quoted(self.rule.dataset)}"

    @property
    def _keys(self) -> str:
        return ", ".join(f"k{place}" for place in range(len(self.rule.identity)))

    def _lacked(self) -> frozenset[str]:
        """Return the columns that one of the two releases does not have."""
        # DuckDB is loaded where something is measured: the suites are listed without it.
        from warehouse.landed_views import lacked_columns

        schemas = self.landed.landed, self.landed.earlier
        return frozenset().union(*(lacked_columns(self.connection, schema, self.rule.dataset) for schema in schemas))

    def _identified(self, relation: str) -> str:
        """Return a relation (SQL) with the identity of its records beside their columns."""
        parts = ", ".join(f"{part} as k{place}" for place, part in enumerate(self.rule.identity))
        version = f", {self.rule.version} as {_VERSION}" if self.rule.version else ""
        return f"(select *, {parts}, {self._group} as g{version} from {relation})"

    def _has_changed(self, parts: int) -> str:
        differs = " or ".join(f"earlier.h{part} <> later.h{part}" for part in range(parts))
        changed = f"earlier.once and later.once and ({differs or 'false'})"
        return changed if self.rule.version is None else f"{changed} and earlier.version is distinct from later.version"

    @property
    def _group(self) -> str:
        return f"coalesce({self.rule.group}, '')" if self.rule.group else "''"

    def _note(self, side: str, relation: str, parts: Sequence[Sequence[Fact]]) -> None:
        """Make a narrow temporary table: identity, group, a hash of each part of what is compared; one row an identity.

        An identity that several rows have is not compared, since it is not known which is which.
        """
        hashed = [f"hash({', '.join(quoted(fact.column.name) for fact in part)})" for part in parts]
        values = "".join(f", {value} as h{place}" for place, value in enumerate(hashed))
        version = self.rule.version or "null"
        whole = " and ".join(f"k{place} is not null" for place in range(len(self.rule.identity)))
        self.connection.execute(
            f"create or replace temp table {side} as select {self._keys}, g{values}, true as once,"
            f" {version} as version"
            f" from {self._identified(relation)} where {whole}"
        )
        ((rows, different),) = self.connection.execute(
            f"select count(*), count(distinct hash({self._keys})) from {side}"
        ).fetchall()
        if different < rows:
            least = "".join(f", min(h{place}) as h{place}" for place in range(len(parts)))
            self.connection.execute(
                f"create or replace temp table {side} as select {self._keys}, min(g) as g{least},"
                f" count(*) = 1 as once, min(version) as version from {side} group by {self._keys}"
            )

    def _counted(self, parts: int) -> list[tuple[str, int, int, int, int]]:
        """Return for each group of before: records, those that are the same now, those gone, those that differ."""
        return self.connection.execute(
            "select earlier.g, count(*), count(case when earlier.once and later.once then 1 end),"
            " count(case when later.once is null then 1 end),"
            f" count(case when {self._has_changed(parts)} then 1 end)"
            f" from earlier left join later using ({self._keys}) group by all order by all"
        ).fetchall()

    def _changed(self, parts: Sequence[Sequence[Fact]], compared: dict[str, int]) -> Iterator[RecordProfile]:
        """Yield the rows of the columns of which any record has changed; parts in which none has are not read again."""
        differs = "".join(f", earlier.h{part} <> later.h{part} as d{part}" for part in range(len(parts)))
        self.connection.execute(
            f"create or replace temp table differing as select {self._keys}{differs} from earlier join later"
            f" using ({self._keys}) where {self._has_changed(len(parts))}"
        )
        (differing,) = self.connection.execute(
            f"select {', '.join(f'bool_or(d{part})' for part in range(len(parts)))} from differing"
        ).fetchall()
        facts = [fact for part, differs in zip(parts, differing, strict=True) if differs for fact in part]
        self._set_aside([fact.column for fact in facts])
        conditions = [self._differs(fact.column, fact.kind) for fact in facts]
        counts = self.connection.execute(
            f"select before.g, {', '.join(f'count_if({condition})' for condition in conditions)}"
            f" from differing_before as before join differing_now as now using ({self._keys})"
            " group by all order by all"
        ).fetchall()
        for place, fact in enumerate(facts, start=1):
            changed = {row[0]: row[place] for row in counts if row[place]}
            if changed:
                of_groups = [Count(group, rows, changed.get(group, 0)) for group, rows in compared.items()]
                yield from self._of_column(fact.column, fact.kind, of_groups)

    def _set_aside(self, columns: Sequence[Column]) -> None:
        """Make `differing_before` and `differing_now`, the records that differ: tables of a few, views of many."""
        ((differing,),) = self.connection.execute("select count(*) from differing").fetchall()
        made = "temp table" if differing <= _MOST_SET_ASIDE else "temp view"
        names = ", ".join(quoted(column.name) for column in columns)
        for side, relation in (("before", self._before), ("now", self._now)):
            for form in ("table", "view"):
                self._drop(form, f"differing_{side}")
            self.connection.execute(
                f"create {made} differing_{side} as select {self._keys}, g, {names} from {self._identified(relation)}"
                f" semi join differing using ({self._keys})"
            )

    def _drop(self, form: str, name: str) -> None:
        ((there,),) = self.connection.execute(
            f"select count(*) from duckdb_{form}s() where {form}_name = $1 and temporary", [name]
        ).fetchall()
        if there:
            self.connection.execute(f"drop {form} temp.{name}")

    def _differs(self, column: Column, kind: FactKind) -> str:
        name = quoted(column.name)
        return differs(column, kind, f"before.{name}", f"now.{name}")

    def _of_column(self, column: Column, kind: FactKind, counts: Sequence[Count]) -> Iterator[RecordProfile]:
        tolerance = TOLERANCES[kind]
        if kind == "described" and self.rule.is_stored:
            tolerance = STORED
        elif kind not in ("fixed", "advancing") and not self.landed.contract.one_version:
            tolerance = OF_A_NIGHT
        if kind != "fixed":
            tolerance = tolerance.times(self.landed.releases_apart)
        aspect: Aspect = "fixed" if kind == "fixed" else "described"
        expected = {
            "fixed": f"the {self.rule.what} keeps its {column.name}",
            "growing": f"{column.name} does not shrink",
            "advancing": f"{column.name} does not go back",
        }.get(kind, f"the {column.name} of the same {self.rule.what} rarely changes")
        for scope, count, standing, named in findings_of(column.name, counts, tolerance):
            group = named[0].group if scope != column.name else None
            query = self._list_changed(column, kind, group)
            yield self._finding(
                aspect, scope, group, standing, count, named, self._example(column, kind, group), expected, query
            )

    def _finding(
        self,
        aspect: Aspect,
        scope: str,
        group: str | None,
        standing: Standing,
        count: Count,
        named: Sequence[Count],
        example: str,
        expected: str,
        query: str,
    ) -> RecordProfile:
        return row_of(
            self.landed.release.source,
            self.rule.dataset,
            aspect,
            f"{scope} ({self.rule.what})" if self.rule.what != "record" else scope,
            group or "",
            standing,
            count,
            worst_groups(named) if group is None else "",
            example,
            expected,
            query,
        )

    def _changed_records(self, column: Column, kind: FactKind, group: str | None) -> str:
        of_group = "" if group is None else f" and before.g = {literal(group)}"
        revised = f" and before.{_VERSION} is distinct from now.{_VERSION}" if self.rule.version else ""
        return (
            f"{self._identified(self._before)} as before join {self._identified(self._now)} as now"
            f" using ({self._keys}) where {self._differs(column, kind)}{of_group}{revised}"
        )

    def _list_changed(self, column: Column, kind: FactKind, group: str | None) -> str:
        names = ", ".join(f"k{place} as {quoted(self._name_of(place))}" for place in range(len(self.rule.identity)))
        value = quoted(column.name)
        return (
            f"select {names}, before.g as {quoted('group')}, before.{value} as before, now.{value} as now"
            f" from {self._changed_records(column, kind, group)} order by all"
        )

    def _name_of(self, place: int) -> str:
        part = self.rule.identity[place]
        return part.strip('"') if part.startswith('"') else f"identifier_{place}"

    def _example(self, column: Column, kind: FactKind, group: str | None) -> str:
        """Return the most frequent change of a column, as text: two values, or a factor of numbers."""
        value = quoted(column.name)
        of_group = "" if group is None else f" and before.g = {literal(group)}"
        ((before, after, count),) = self.connection.execute(
            f"select cast(before.{value} as varchar), cast(now.{value} as varchar), count(*)"
            f" from differing_before as before join differing_now as now using ({self._keys})"
            f" where {self._differs(column, kind)}{of_group} group by all order by count(*) desc, 1, 2 limit 1"
        ).fetchall()
        return f"{shortened(before)} to {shortened(after)} (x {count})"

    def _unlisted(self, listing: str, before: Mapping[str, int]) -> Iterator[RecordProfile]:
        """Yield what is gone without being listed among what was withdrawn."""
        parts = ", ".join(f"{part} as k{place}" for place, part in enumerate(self.rule.identity))
        listed = f"(select {parts} from {quoted(self.landed.landed)}.{quoted(listing)})"
        gone = dict(
            self.connection.execute(
                f"select g, count(*) from earlier anti join later using ({self._keys}) anti join {listed} as listed"
                f" using ({self._keys}) group by all"
            ).fetchall()
        )
        if gone:
            counts = [Count(group, rows, gone.get(group, 0)) for group, rows in before.items()]
            total = total_of(counts)
            many = [count for count in (total, *counts) if count.changed >= FEWEST_GONE]
            yield self._finding(
                "gone",
                f"not listed in {listing}",
                None,
                worst(["warning", *(of_whole(count, UNLISTED) for count in many)]),
                total,
                counts,
                "",
                f"what the release no longer holds is listed in {listing}",
                self._list_gone(None, listed),
            )

    def _gone(self, counts: Sequence[Count]) -> Iterator[RecordProfile]:
        """Yield what is gone, by group and as a whole."""
        named = [
            count
            for count in counts
            if count.changed >= FEWEST_GONE or count.changed == 0 or count.changed == count.compared >= FEWEST_GONE
        ]
        tolerance = (GONE_OR_REPLACED if self.rule.is_replaced else GONE).times(self.landed.releases_apart)
        dropped = total_of(counts)
        found = list(findings_of("records", named, tolerance))
        by_whole = tolerance.whole.standing(dropped.changed / dropped.compared if dropped.compared else 0.0)
        if dropped.changed >= tolerance.fewest and by_whole != "stable" and not any(s == "records" for s, *_ in found):
            standing: Standing = by_whole if dropped.changed >= FEWEST_GONE else "warning"
            found.append(("records", dropped, standing, [count for count in counts if count.changed]))
        for scope, count, standing, of_groups in found:
            group = of_groups[0].group if scope != "records" else None
            yield self._finding(
                "gone",
                scope,
                group,
                standing,
                count,
                of_groups,
                "",
                f"the {self.rule.what} of the load before is still there",
                self._list_gone(group, None),
            )

    def _list_gone(self, group: str | None, listed: str | None) -> str:
        of_group = "" if group is None else f" where g = {literal(group)}"
        names = ", ".join(f"k{place} as {quoted(self._name_of(place))}" for place in range(len(self.rule.identity)))
        unlisted = "" if listed is None else f" anti join {listed} as listed using ({self._keys})"
        return (
            f"select {names}, g as {quoted('group')} from {self._identified(self._before)} as before"
            f" anti join {self._identified(self._now)} as now using ({self._keys}){unlisted}{of_group} order by all"
        )

    def _shared(self, relation: str, columns: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Return of each column how many values it has, and how many differ; no value counts as one of these."""
        counts = ", ".join(f"count({quoted(name)}), count(distinct hash({quoted(name)}))" for name in columns)
        (found,) = self.connection.execute(f"select {counts} from {relation}").fetchall() if columns else ((),)
        return {name: (found[2 * place], found[2 * place + 1]) for place, name in enumerate(columns)}

    def _repeated(self) -> Iterator[RecordProfile]:
        """Yield second identifiers that more records share than before: copies under new keys."""
        lacked = self._lacked()
        unique = [name for name in self.rule.unique if name not in lacked]
        if not unique:
            return
        counted = self._shared(self._now, unique)
        # Most are told by the load alone: more than two records share none.
        unique = [name for name in unique if counted[name][0] - counted[name][1] > 2]
        before = self._shared(self._before, unique)
        for name in unique:
            (old, old_distinct), (new, new_distinct) = before[name], counted[name]
            if not old:
                continue
            # A null adds one to the distinct hashes of a column that has any.
            share = max(0.0, (new - new_distinct) / new) - max(0.0, (old - old_distinct) / old)
            more = max(0, new - new_distinct) - max(0, old - old_distinct)
            standing = REPEATED.standing(max(0.0, share))
            if more > 2 and standing != "stable":
                value = quoted(name)
                yield self._finding(
                    "repeated",
                    name,
                    None,
                    standing,
                    Count("", new, more),
                    (),
                    "",
                    f"no more records than before share a {name}",
                    f"select {value}, count(*) as records from {self._now} where {value} is not null"
                    f" group by all having count(*) > 1 order by records desc, {value}",
                )
