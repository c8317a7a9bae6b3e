"""The manifest of a synthetic population: its parameters and its files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from warehouse.sandbox.guppy.schema import read_record_types
from warehouse.sandbox.guppy.store import Index

# The number of the ETL run that built the indices.
_FIRST_NUMBER = 41
_COMMONS = {"midrc_portal": "midrc", "bih": "bih"}


class ManifestFile(BaseModel):
    """One file: its name in the folder, its rows and its SHA-256 (hex)."""

    model_config = ConfigDict(frozen=True)

    name: str
    rows: int
    sha256: str


class Manifest(BaseModel):
    """The parameters and files of a population. `idc_identifiers` is the origin of the ids of the hub's IDC records."""

    model_config = ConfigDict(frozen=True)

    synthetic: Literal[True] = True
    note: str = "Synthetic data made for demonstrations and tests. Nothing in it describes a person."
    generator: str
    scale: float
    seed: int
    idc_identifiers: str
    files: dict[str, ManifestFile]

    def path(self, name: str, folder: Path) -> Path:
        """Return the path of one of the files."""
        return folder / self.files[name].name

    def indices(self, system: str, folder: Path) -> dict[str, Index]:
        """Return the indices of `midrc_portal` or `bih` by record type."""
        found = {}
        for record_type in read_record_types(system):
            file = self.files[f"{system}.{record_type.name}"]
            alias = f"{_COMMONS[system]}_{record_type.name}"
            found[record_type.name] = Index(record_type, alias, _FIRST_NUMBER, folder / file.name, file.rows)
        return found
