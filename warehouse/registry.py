"""The sources of the warehouse: one line each. Everything that lists sources takes the list from here.

A further Gen3 commons costs its contract (`warehouse/contracts/<name>.yml`), a line below, and seeds for the terms that
it uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warehouse.contracts import Contract

_IDC = "warehouse.sources.idc.upstream:IdcUpstream"
_GEN3 = "warehouse.sources.gen3.upstream:Gen3Upstream"


@dataclass(frozen=True)
class SourceSpec:
    """One source.

    `name` is its id in keys, schemas and file names; `title` names it in a sentence. `upstream` is the class that asks
    it (`module:Class`, a `warehouse.sources.upstream.Upstream`), imported only when it is asked: reading a snapshot
    needs no HTTP. `address` is its public base address, where one setting says it; `sandbox_path` is its path in a
    sandbox, None if no sandbox has it. `contract_file` is the YAML file of its datasets, by default the one of
    its name in `warehouse.contracts`.
    """

    name: str
    title: str
    upstream: str
    address: str | None = None
    sandbox_path: str | None = None
    contract_file: Path | None = None

    @property
    def label(self) -> str:
        """The title as a name: `MIDRC portal`."""
        return self.title.removeprefix("the ")

    @property
    def address_variable(self) -> str:
        """The environment variable that replaces `address`."""
        return f"ICW_{self.name.upper()}_URL"

    @property
    def contract(self) -> Contract:
        """The datasets that the source is expected to have."""
        # Who only needs names reads no YAML.
        from warehouse.contracts import load_contract, parse_contract

        if self.contract_file is None:
            return load_contract(self.name)
        return parse_contract(self.contract_file.read_text(encoding="utf-8"))


SOURCES = (
    SourceSpec("idc", "IDC", _IDC),
    SourceSpec("midrc", "the MIDRC portal", _GEN3, "https://data.midrc.org", "portal"),
    SourceSpec("bih", "the BDF Imaging Hub", _GEN3, "https://imaging-hub.data-commons.org", "bih"),
)
"""The sources, in the order in which a refresh asks them."""

SOURCE_NAMES = tuple(spec.name for spec in SOURCES)


def source(name: str) -> SourceSpec:
    """Return the source of this name.

    Raises:
        KeyError: there is none.
    """
    return {spec.name: spec for spec in SOURCES}[name]
