"""The same landed data of all three sources gives the same bytes of every table, whatever the machine has to spend."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.star.population import land_population
from tests.support.tables import star_rows
from warehouse.build import prepare, run_dbt
from warehouse.landing import Landing, sha256_of
from warehouse.settings import Settings
from warehouse.snapshots.star import star_tables
from warehouse.snapshots.tables import table_writer
from warehouse.sources import idc

# Large enough that DuckDB shares the rows of each source out among its threads, and spills.
SCALE = 0.2
THREADS_AND_MEMORY = [(1, "1GB"), (4, "3GB")]


@pytest.mark.full
@pytest.mark.network
def test_threads_and_memory_do_not_change_a_byte_of_any_table(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    settings = Settings(home=tmp_path, idc_channels=("wheel",))
    older, release = (idc.land(idc.resolve(version, settings), landing, settings) for version in ("20.0.3", "23.5.0"))
    load = older.load_of("idc_index")
    assert load is not None
    identifiers = landing.object_path(load.objects[0].sha256)
    releases = [release, *land_population(tmp_path / "population", landing, identifiers, SCALE)]
    digests: list[dict[str, str]] = []
    for threads, memory_limit in THREADS_AND_MEMORY:
        home = tmp_path / f"{threads}-{memory_limit}"
        spending = Settings(home=home, threads=threads, memory_limit=memory_limit)
        build = prepare(home, landing, releases, spending)
        run_dbt(build, spending)
        assert star_rows(build)["fct_series"] > 1_000_000
        tables = star_tables(build.manifest)
        with table_writer(build.database, home / "tmp", threads=threads, memory_limit=memory_limit) as writer:
            for table in tables:
                writer.write_parquet(table, home / f"{table.name}.parquet")
        digests.append({table.name: sha256_of(home / f"{table.name}.parquet") for table in tables})
    assert digests[1] == digests[0]
