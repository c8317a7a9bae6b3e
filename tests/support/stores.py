"""Comparison of landed records with the index files of the sandbox, field by field."""

from __future__ import annotations

import duckdb

from warehouse.landing import Landing, Release
from warehouse.sandbox.guppy.service import GuppyService


def assert_the_same_as_the_store(service: GuppyService, landing: Landing, release: Release) -> int:
    """Compare every field of every landed record with its document; return the number of compared fields."""
    compared = 0
    for name, index in service.indices.items():
        load = release.load_of(name)
        assert load is not None
        landed = landing.object_path(load.objects[0].sha256)
        with duckdb.connect(":memory:") as connection:
            columns = connection.execute(f"describe from read_parquet('{landed}')").fetchall()
            types = {name: kind for name, kind, *_ in connection.execute(f"describe from '{index.path}'").fetchall()}
            held = ", ".join(f'to_json("{column[0]}")' for column in columns)
            stored = ", ".join(
                # A scalar where the contract knows a list is a list of one.
                f'to_json(case when "{name}" is not null then ["{name}"]::{kind} end)'
                if kind.endswith("[]") and not types[name].endswith("[]")
                else f'to_json("{name}"::{kind})'
                for name, kind, *_ in columns
            )
            one, other = f"select {held} from read_parquet('{landed}')", f"select {stored} from '{index.path}'"
            assert connection.execute(f"({one}) except all ({other}) limit 3").fetchall() == [], name
            assert connection.execute(f"({other}) except all ({one}) limit 3").fetchall() == [], name
        assert index.documents == load.rows
        assert load.upstream_version == index.name
        assert load.synthetic
        compared += load.rows * len(columns)
    return compared
