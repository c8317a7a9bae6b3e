"""The macros of the dbt project that read no model, rendered without dbt for one engine or another."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jinja2

from warehouse.build import DBT_PROJECT

_ROOMS = ("adapters", "cleaning", "dicom", "entities", "keys", "lists", "mapping")

# Whose macros an engine takes, in this order, as dbt looks for them.
_PREFIXES = {"duckdb": ("duckdb", "default"), "spark": ("spark", "default"), "sail": ("sail", "spark", "default")}
_STRING = {"duckdb": "varchar", "spark": "string", "sail": "string"}


def rendered_macros(engine: str) -> Any:
    """The macros as dbt renders them for an engine: attributes that are called with SQL and return SQL."""
    files = [path for room in _ROOMS for path in sorted((DBT_PROJECT / "macros" / room).glob("*.sql"))]
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    made: dict[str, Any] = {}

    def dispatch(name: str, _package: str) -> Any:
        return next(made[f"{prefix}__{name}"] for prefix in _PREFIXES[engine] if f"{prefix}__{name}" in made)

    environment.globals.update(
        adapter=SimpleNamespace(dispatch=dispatch),
        dbt=SimpleNamespace(
            type_bigint=lambda: "bigint",
            type_int=lambda: "int",
            type_string=lambda: _STRING[engine],
            type_timestamp=lambda: "timestamp",
        ),
        **{"return": lambda value: value},
    )
    module = environment.from_string("\n".join(path.read_text(encoding="utf-8") for path in files)).module
    made.update({name: macro for name, macro in vars(module).items() if callable(macro)})
    return module
