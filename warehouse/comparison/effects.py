"""What a comparison means for collections and people: members that came, went and changed, licences and owners."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import duckdb

from warehouse.comparison.workspace import AFTER, BEFORE, CHANGES, in_schema
from warehouse.errors import IntegrityError
from warehouse.sql_text import quoted

LISTED = 100
"""How many things that came or went, and pairs of owners, are named one by one."""

Direction = Literal["came", "went"]


@dataclass(frozen=True)
class Entity:
    """Things of one kind: their table and key, the table of the collections that they are in, and their identifier."""

    name: str
    table: str
    key: str
    links: str | None
    identifier: tuple[str, ...]

    @property
    def needs(self) -> Mapping[str, frozenset[str]]:
        """The columns that are read, by table."""
        needed = {self.table: frozenset({self.key, "source_id", *self.identifier, "collection_key"})}
        collections = {"dim_collection": frozenset({"collection_key", "source_id", "collection_id"})}
        linked = {} if self.links is None else {self.links: frozenset({self.key, "collection_key"})}
        return collections | needed | linked


COLLECTION = Entity("collection", "dim_collection", "collection_key", None, ("collection_id",))
PATIENT = Entity(
    "patient", "dim_patient", "patient_key", "bridge_patient_collection", ("patient_id", "patient_node_id")
)
STUDY = Entity("study", "fct_study", "study_key", "bridge_study_collection", ("study_instance_uid", "study_node_id"))
SERIES = Entity(
    "series", "fct_series", "series_key", "bridge_series_collection", ("series_instance_uid", "series_node_id")
)
ENTITIES = (COLLECTION, PATIENT, STUDY, SERIES)

OWNERS = ((STUDY, PATIENT), (SERIES, STUDY), (SERIES, COLLECTION))
"""What belongs to what: the first refers to the second by its key."""


@dataclass(frozen=True)
class CollectionEffect:
    """Members of one kind in one collection or dataset: `before + added - removed = after`.

    Of the added ones, `moved_in` were in the earlier snapshot, outside of the collection; `moved_out` the same of the
    removed ones. `changed` are members in both whose own row has changed (`RowCounts`). The identifiers are null for
    what is in no collection.
    """

    source_id: str | None
    collection_id: str | None
    entity: str
    before: int
    added: int
    moved_in: int
    removed: int
    moved_out: int
    changed: int
    after: int


@dataclass(frozen=True)
class Member:
    """One thing that came or went, by what its source calls it."""

    source_id: str
    collection_id: str | None
    identifier: str | None


@dataclass(frozen=True)
class Members:
    """The things of one kind that only one of the snapshots has; `listed` are the first of them.

    `query` lists all of them: it is asked of the later snapshot, with the earlier one beside it as `earlier`
    (`icw sql --snapshot AFTER --attach earlier=BEFORE`).
    """

    entity: str
    direction: Direction
    count: int
    listed: tuple[Member, ...]
    query: str


@dataclass(frozen=True)
class LicenseChange:
    """Series of one collection whose licence went from one to another: its identifier, or the upstream's own words."""

    source_id: str
    collection_id: str | None
    before: str | None
    after: str | None
    series: int


@dataclass(frozen=True)
class OwnerChange:
    """Records that went from one owner to another; owners are named `source/collection/identifier`."""

    before: str | None
    after: str | None
    records: int


@dataclass(frozen=True)
class OwnerChanges:
    """Records of one kind that belong to another owner of one kind than before.

    `pairs` are all different pairs of owners, of which `listed` has the first by records.
    """

    entity: str
    owner: str
    records: int
    pairs: int
    listed: tuple[OwnerChange, ...]


@dataclass(frozen=True)
class Effects:
    """What a comparison means beyond its tables.

    `untold` says in sentences what could not be told, because a snapshot has no such table or column, or keys that are
    not comparable.
    """

    collections: tuple[CollectionEffect, ...]
    members: tuple[Members, ...]
    licenses: tuple[LicenseChange, ...]
    owners: tuple[OwnerChanges, ...]
    untold: tuple[str, ...]


Columns = Mapping[str, frozenset[str]]


def effects(connection: duckdb.DuckDBPyConnection, before: Columns, after: Columns, compared: Iterable[str]) -> Effects:
    """Return the effects of a comparison whose tables have been compared in this workspace.

    Args:
        connection: the workspace, with `changes` of every table of `compared` that differs.
        before: the columns of each table of the earlier snapshot.
        after: the same of the later one.
        compared: the tables whose rows could be compared by key.

    Raises:
        IntegrityError: the members of a collection do not add up.
    """
    usable = frozenset(compared)

    def lacking(needed: Iterable[Mapping[str, frozenset[str]]]) -> list[str]:
        wanted = [(table, columns) for part in needed for table, columns in part.items()]
        return sorted(
            {
                table
                for table, columns in wanted
                if table not in usable or not columns <= before[table] or not columns <= after[table]
            }
        )

    told: list[CollectionEffect] = []
    members: list[Members] = []
    licenses: list[LicenseChange] = []
    owners: list[OwnerChanges] = []
    untold: list[str] = []
    for entity in ENTITIES:
        if tables := lacking([entity.needs]):
            untold.append(_untold(f"Which {_plural(entity)} came, went or changed", tables))
            continue
        in_release = "is_in_release"
        if entity is not COLLECTION:
            told += _by_collection(connection, entity)
        elif not all(in_release in columns[entity.table] for columns in (before, after)):
            in_release = ""
        members += [_members(connection, entity, direction, in_release) for direction in ("came", "went")]
    licence = {SERIES.table: frozenset({"license_id", "license_raw"})}
    if tables := lacking([SERIES.needs, licence]):
        untold.append(_untold("Which licences of series changed", tables))
    else:
        licenses += _licenses(connection)
    for entity, owner in OWNERS:
        if tables := lacking([entity.needs, owner.needs, {entity.table: frozenset({owner.key})}]):
            untold.append(_untold(f"Which {_plural(entity)} belong to another {owner.name}", tables))
        else:
            owners.append(_owners(connection, entity, owner))
    return Effects(tuple(told), tuple(members), tuple(licenses), tuple(owners), tuple(untold))


def _untold(what: str, tables: Iterable[str]) -> str:
    names = ", ".join(tables)
    return f"{what} is not told: {names} cannot be compared by key, or a snapshot has no such table or not its columns."


def _plural(entity: Entity) -> str:
    return {"study": "studies", "series": "series"}.get(entity.name, f"{entity.name}s")


def _memberships(entity: Entity, schema: str) -> str:
    """Return the query of every thing with each collection that it is in; without one where it is in none."""
    assert entity.links is not None
    key = quoted(entity.key)
    return (
        f"select things.{key} as thing, links.collection_key as collection "
        f"from {in_schema(schema, entity.table)} things left join {in_schema(schema, entity.links)} links using ({key})"
    )


def _by_collection(connection: duckdb.DuckDBPyConnection, entity: Entity) -> list[CollectionEffect]:
    rows = connection.execute(
        f"""
        with sides as (
            select
                coalesce(a.thing, b.thing) as thing,
                coalesce(a.collection, b.collection) as collection,
                a.thing is not null as was,
                b.thing is not null as is_now
            from ({_memberships(entity, BEFORE)}) a
            full join ({_memberships(entity, AFTER)}) b
                on a.thing = b.thing and coalesce(a.collection, -1) = coalesce(b.collection, -1)
        ),
        counted as (
            select
                collection,
                count(*) filter (where was) as before,
                count(*) filter (where is_now and not was) as added,
                count(*) filter (where is_now and not was and coalesce(_kind, '') <> 'added') as moved_in,
                count(*) filter (where was and not is_now) as removed,
                count(*) filter (where was and not is_now and coalesce(_kind, '') <> 'removed') as moved_out,
                count(*) filter (where was and is_now and _kind = 'changed') as changed,
                count(*) filter (where is_now) as after
            from sides left join {in_schema(CHANGES, entity.table)} changed on thing = changed.{quoted(entity.key)}
            group by collection
        ),
        names as (
            select
                collection_key as collection,
                coalesce(b.source_id, a.source_id) as source_id,
                coalesce(b.collection_id, a.collection_id) as collection_id
            from {in_schema(BEFORE, "dim_collection")} a full join {in_schema(AFTER, "dim_collection")} b
                using (collection_key)
        )
        select source_id, collection_id, before, added, moved_in, removed, moved_out, changed, after
        from counted left join names using (collection)
        where added + removed + changed > 0
        order by added + removed + changed desc, source_id, collection_id
        """
    ).fetchall()
    found = [CollectionEffect(source, collection, entity.name, *figures) for source, collection, *figures in rows]
    for effect in found:
        if effect.before + effect.added - effect.removed != effect.after:
            raise IntegrityError(
                f"The {_plural(entity)} of {effect.source_id} {effect.collection_id} do not add up: {effect.before} "
                f"before, {effect.added} added, {effect.removed} removed, {effect.after} after. A file of "
                f"{entity.links} is not as it was published: `icw verify` with each of the ids says which."
            )
    return found


def _members(connection: duckdb.DuckDBPyConnection, entity: Entity, direction: Direction, in_release: str) -> Members:
    def query(here: str, there: str) -> str:
        """Return the query of what is here and not there; both are what stands before the names of tables."""
        identifier = ", ".join(f"things.{column}" for column in entity.identifier)
        identifier = f"coalesce({identifier})" if len(entity.identifier) > 1 else identifier
        if entity is COLLECTION:
            only = f" where {in_release}" if in_release else ""
            return (
                f"select source_id, collection_id, collection_id as identifier from {here}{entity.table} things "
                f"anti join (select collection_key from {there}{entity.table}{only}) others "
                f"using (collection_key){only}"
            )
        return (
            f"select things.source_id, collections.collection_id, {identifier} as identifier "
            f"from {here}{entity.table} things anti join {there}{entity.table} others using ({entity.key}) "
            f"left join {here}dim_collection collections on things.collection_key = collections.collection_key"
        )

    sides = (f"{AFTER}.", f"{BEFORE}.") if direction == "came" else (f"{BEFORE}.", f"{AFTER}.")
    names = ("", "earlier.") if direction == "came" else ("earlier.", "")
    [(count,)] = connection.execute(f"select count(*) from ({query(*sides)})").fetchall()
    listed = connection.execute(f"{query(*sides)} order by all limit {LISTED}").fetchall() if count else []
    return Members(
        entity.name, direction, int(count), tuple(Member(*row) for row in listed), f"{query(*names)} order by all"
    )


def _licenses(connection: duckdb.DuckDBPyConnection) -> list[LicenseChange]:
    rows = connection.execute(
        f"""
        select
            b.source_id,
            collections.collection_id,
            coalesce(a.license_id, a.license_raw) as was,
            coalesce(b.license_id, b.license_raw) as is_now,
            count(*) as series
        from (from {in_schema(CHANGES, SERIES.table)} where _kind = 'changed') changed
        join {in_schema(BEFORE, SERIES.table)} a using (series_key)
        join {in_schema(AFTER, SERIES.table)} b using (series_key)
        left join {in_schema(AFTER, "dim_collection")} collections on b.collection_key = collections.collection_key
        where coalesce(a.license_id, a.license_raw) is distinct from coalesce(b.license_id, b.license_raw)
        group by all
        order by series desc, 1, 2, 3, 4
        """
    ).fetchall()
    return [LicenseChange(*row) for row in rows]


def _owners(connection: duckdb.DuckDBPyConnection, entity: Entity, owner: Entity) -> OwnerChanges:
    def name(side: str) -> str:
        identifier = ", ".join(f"{side}.{column}" for column in owner.identifier)
        if owner is COLLECTION:
            return f"{side}.source_id || '/' || {side}.collection_id"
        return (
            f"{side}.source_id || '/' || coalesce({side}_collection.collection_id, '') || '/' || coalesce({identifier})"
        )

    def owners(side: str, schema: str) -> str:
        joined = (
            f"left join {in_schema(schema, owner.table)} {side}_owner on {side}.{owner.key} = {side}_owner.{owner.key} "
        )
        if owner is COLLECTION:
            return joined
        return joined + (
            f"left join {in_schema(schema, 'dim_collection')} {side}_owner_collection "
            f"on {side}_owner.collection_key = {side}_owner_collection.collection_key "
        )

    connection.execute(
        "create or replace temp table owner_changes as "
        f"select {name('a_owner')} as was, {name('b_owner')} as is_now, count(*) as records "
        f"from (from {in_schema(CHANGES, entity.table)} where _kind = 'changed') changed "
        f"join {in_schema(BEFORE, entity.table)} a using ({entity.key}) "
        f"join {in_schema(AFTER, entity.table)} b using ({entity.key}) "
        f"{owners('a', BEFORE)}{owners('b', AFTER)}"
        f"where a.{owner.key} is distinct from b.{owner.key} "
        "group by all"
    )
    [(pairs, records)] = connection.execute(
        "select count(*), coalesce(sum(records), 0)::bigint from owner_changes"
    ).fetchall()
    listed = connection.execute(
        f"select was, is_now, records from owner_changes order by records desc, was, is_now limit {LISTED}"
    ).fetchall()
    return OwnerChanges(entity.name, owner.name, int(records), int(pairs), tuple(OwnerChange(*row) for row in listed))
