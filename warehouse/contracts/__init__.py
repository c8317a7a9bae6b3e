"""What each upstream is expected to look like, written as data (one YAML file a source), and how to read it.

Only descriptions belong here: no requests, no SQL. The extraction checks files against a contract before it
lands them, the build casts landed files to it, the audit reports where an upstream has drifted from it, and the
sources of the dbt project are written from it (`warehouse.build.dbt_sources`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from importlib import resources
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from warehouse.yaml_text import load_yaml

ColumnType = Literal["string", "integer", "float", "boolean", "record", "string[]", "integer[]", "float[]", "record[]"]

Description = Annotated[str, StringConstraints(pattern=r"^[A-Z].*\.$")]
"""One or two sentences on one line."""


class Column(BaseModel):
    """One expected column: what it means and its type. Whatever type arrives is read as this one (`warehouse.reading`).

    `description` says what upstream's values mean, with their unit; a model that only renames or cleans the column
    does not repeat it.

    `formerly` holds the names that it had in older releases. A column that `keeps_raw` is given to the models a second
    time, as `<name>_raw`, the text that arrived.

    A `retired` column is one that upstream has dropped: older releases have it, and its absence is no drift. `values`
    are the codes of the upstream's dictionary, where it has one (data may hold others); `fields` are the columns of a
    record. `blank_is_value` marks a part of a key that may be empty text, which elsewhere counts as missing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: ColumnType
    description: Description
    keeps_raw: bool = False
    retired: bool = False
    blank_is_value: bool = False
    formerly: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    fields: tuple[Column, ...] = ()

    def found_in(self, names: Collection[str]) -> str | None:
        """Return which of the names in a file is this column's, or None.

        The exact spelling wins. Another letter case is taken only where nothing else can be meant.
        """
        known = (self.name, *self.formerly)
        for name in known:
            if name in names:
                return name
        for name in known:
            alike = [found for found in names if found.lower() == name.lower()]
            if alike:
                return alike[0] if len(alike) == 1 else None
        return None


class Dataset(BaseModel):
    """One expected dataset: what it holds, its grain (a phrase), its natural key and its columns.

    The key's columns tell the rows apart: a dataset without them is of no use. Any other column may be missing.
    `counted_by` names fields of other datasets (`dataset.field`), each the number of records that this one has for a
    record of theirs: where they are all zero, it may be empty. `on_request` is the variable of the setting
    (ICW_...) without which it is not landed. `table` is the table of the star that its rows are in, `one_to_one`
    whether each row is one row there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: Description
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    measured: bool = True
    counted_by: tuple[str, ...] = ()
    on_request: str | None = None
    table: str | None = None
    one_to_one: bool = False


class Contract(BaseModel):
    """All datasets of one source, in the order in which they are landed.

    `one_version` says that all of them are of one upstream version; the types of a portal each have their own.
    `whole_channels` are those of several channels that carry everything that a release has.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    description: Description
    one_version: bool = False
    whole_channels: tuple[str, ...] = ()
    datasets: Mapping[str, Dataset]


@cache
def load_contract(source: str) -> Contract:
    """Read the contract of `source` (the name of a YAML file beside this module)."""
    return parse_contract(resources.files(__name__).joinpath(f"{source}.yml").read_text(encoding="utf-8"))


def parse_contract(text: str) -> Contract:
    """Read a contract from its YAML.

    Raises:
        yaml.YAMLError, pydantic.ValidationError: the text is no contract.
    """
    return Contract.model_validate(load_yaml(text))
