"""The registry names every source once, and what it names is there."""

from __future__ import annotations

from importlib import resources
from pkgutil import resolve_name

import pytest

from warehouse.registry import SOURCE_NAMES, SOURCES, SourceSpec, source
from warehouse.sources.upstream import Upstream


def test_every_contract_has_its_source_and_every_source_its_contract() -> None:
    files = {entry.name for entry in resources.files("warehouse.contracts").iterdir() if entry.name.endswith(".yml")}
    assert {f"{name}.yml" for name in SOURCE_NAMES} == files
    assert len(set(SOURCE_NAMES)) == len(SOURCES)


@pytest.mark.parametrize("spec", SOURCES, ids=SOURCE_NAMES)
def test_a_source_can_be_asked(spec: SourceSpec) -> None:
    assert source(spec.name) == spec
    assert spec.contract.source == spec.name
    assert issubclass(resolve_name(spec.upstream), Upstream)
