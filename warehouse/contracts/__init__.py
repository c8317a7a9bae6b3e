"""What each upstream is expected to look like, written as data (one YAML file a source), and how to read it.

Only descriptions belong here: no requests, no SQL. The extraction checks files against a contract before it
lands them, the build casts landed files to it, and the audit reports where an upstream has drifted from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

SOURCES = ("idc", "midrc", "bih")
"""The sources, in the order in which a refresh asks them."""

ColumnType = Literal["string", "integer", "float", "boolean", "record", "string[]", "integer[]", "float[]", "record[]"]


class Column(BaseModel):
    """One expected column. `formerly` holds the names that it had in older releases.

    A `retired` column is one that upstream has dropped: older releases have it, and its absence is no drift. `values`
    are the codes of the upstream's dictionary, where it has one (data may hold others); `fields` are the columns of a
    record. `blank_is_value` marks a part of a key that may be empty text, which elsewhere counts as missing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: ColumnType
    required: bool = False
    retired: bool = False
    blank_is_value: bool = False
    formerly: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    fields: tuple[Column, ...] = ()

    def found_in(self, names: Mapping[str, str]) -> str | None:
        """Return the file's spelling of this column, or None; `names` maps lower case to the file's spelling."""
        for name in (self.name, *self.formerly):
            if name.lower() in names:
                return names[name.lower()]
        return None


class Dataset(BaseModel):
    """One expected dataset: its grain, its natural key and its columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    measured: bool = True


class Contract(BaseModel):
    """All datasets of one source, in the order in which they are landed.

    `one_version` says that all of them are of one upstream version; the types of a portal each have their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    one_version: bool = False
    datasets: Mapping[str, Dataset]


@cache
def load_contract(source: str) -> Contract:
    """Read the contract of `source` (the name of a YAML file beside this module)."""
    text = resources.files(__name__).joinpath(f"{source}.yml").read_text(encoding="utf-8")
    return Contract.model_validate(yaml.safe_load(text))
