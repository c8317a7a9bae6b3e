"""Which tables a snapshot publishes, and their total order: dbt's manifest, held to what publishing needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from warehouse.build.lineage import reads_of_tables
from warehouse.dbt_manifest import STAR_SCHEMA, DeclaredTable, Reference, read_star_description
from warehouse.errors import BuildFailed


@dataclass(frozen=True)
class StarColumn:
    """One documented column. `references` is the key that a relationships test ties it to: table.column, or several."""

    name: str
    description: str
    references: str | None


@dataclass(frozen=True)
class StarTable:
    """One documented table of the star. `order_by` is a total order: it holds every column of the primary key.

    `parts_by` is its first column where the table is published as one file for each value of that; None: as one file.
    `made_of` names the other tables, and the datasets of upstreams (`idc.idc_index`), that its model reads.
    """

    name: str
    description: str
    grain: str
    primary_key: tuple[str, ...]
    order_by: tuple[str, ...]
    columns: tuple[StarColumn, ...]
    parts_by: str | None = None
    made_of: tuple[str, ...] = ()


def star_tables(dbt_manifest: Path) -> tuple[StarTable, ...]:
    """Return the tables of the star that the dbt project describes, by name.

    A model of schema `star` needs descriptions, `config.meta.primary_key` (columns) and `config.meta.grain` (a phrase);
    with `config.meta.order_by` (columns) its rows are stored in that order, and the primary key only breaks the ties.
    With `config.meta.parts_by`, the first of these columns, the rows of each of its values are a file of their own, so
    that a night on which the others change adds nothing for them.

    Raises:
        BuildFailed: dbt's manifest is missing or cannot be read, or a model is not described as it must be.
    """
    star = read_star_description(dbt_manifest)
    if not star.tables:
        raise BuildFailed(
            f"{dbt_manifest} describes no model in the schema {STAR_SCHEMA}: there is nothing to publish."
        )
    read, references = reads_of_tables(dbt_manifest, STAR_SCHEMA), _references(star.references)
    return tuple(replace(_published(table, references), made_of=read.get(table.name, ())) for table in star.tables)


def _references(found: Iterable[Reference]) -> dict[tuple[str, str], str]:
    """Return what each column refers to among the published tables; by a condition, it may be one of several keys."""
    keys: dict[tuple[str, str], list[str]] = {}
    for reference in found:
        schema, parent = reference.parent.split(".")
        if schema == STAR_SCHEMA:
            keys.setdefault((reference.table, reference.column), []).append(f"{parent}.{reference.parent_column}")
    return {column: " or ".join(named) for column, named in keys.items()}


def _published(table: DeclaredTable, references: Mapping[tuple[str, str], str]) -> StarTable:
    unknown = [column for column in (*table.primary_key, *table.order_by) if column not in table.columns]
    if not table.primary_key or not table.grain or unknown:
        fault = f"names columns that are not described ({', '.join(unknown)})" if unknown else "lacks a value"
        raise BuildFailed(
            f"The model {table.name} cannot be published: its config.meta {fault}. "
            "It needs primary_key (a list of its columns) and grain (a phrase) in the yml file beside the model."
        )
    silent = [name for name, text in ((table.name, table.description), *table.columns.items()) if not text]
    if silent:
        raise BuildFailed(
            f"The model {table.name} cannot be published: {', '.join(silent)} has no description. "
            "Readers see nothing else; write it in the yml file beside the model."
        )
    if table.parts_by and (*table.order_by, "")[0] != table.parts_by:
        raise BuildFailed(
            f"The model {table.name} cannot be published: its config.meta says parts_by {table.parts_by}, and its "
            f"order_by begins with {(*table.order_by, 'nothing')[0]}. Its parts are its rows in their order only where "
            "they are parted by the first column of order_by; correct the yml file beside the model."
        )
    return StarTable(
        name=table.name,
        description=table.description,
        grain=table.grain,
        primary_key=table.primary_key,
        order_by=tuple(dict.fromkeys((*table.order_by, *table.primary_key))),
        columns=tuple(
            StarColumn(name=name, description=description, references=references.get((table.name, name)))
            for name, description in table.columns.items()
        ),
        parts_by=table.parts_by or None,
    )
