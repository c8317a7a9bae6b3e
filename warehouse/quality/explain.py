"""The records behind a finding: its query, asked again of the data that was judged.

A query reads `star.<table>` (the tables of a snapshot, or of a build that was not published),
`landed_<source>.<dataset>` (the release that was judged) and `previous_<source>.<dataset>` (the one before it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.build.layout import lay_out_release
from warehouse.dbt_manifest import STAR_SCHEMA
from warehouse.errors import IntegrityError, UsageError
from warehouse.landing import Landing, Release
from warehouse.quality.verdicts import Finding
from warehouse.registry import SOURCE_NAMES
from warehouse.sql_text import literal, quoted

_DATABASE = "judged"


@dataclass(frozen=True)
class Judged:
    """What a finding is about: the DuckDB file with the star (None: there is none any more), and the landed releases.

    `tables` is the schema of the star in the file. `digests` are those of the releases that were judged, by source.
    """

    database: Path | None
    tables: str
    digests: dict[str, str]


def connection_for(
    finding: Finding, judged: Judged, landing: Landing, *, threads: int = 2, memory_limit: str = "2GB"
) -> duckdb.DuckDBPyConnection:
    """Open a connection over which the query of a finding can be asked; it can read nothing else and write nothing.

    Raises:
        UsageError: the finding has no query, or reads landed data or a star that is not there any more.
        IntegrityError: the file of the star cannot be opened, or a landed file cannot be read.
    """
    if finding.query is None:
        raise UsageError(
            f"The finding {finding.id} has no query that lists its records: {finding.observed}. "
            "`icw quality --json` has all that is known of it."
        )
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"set threads = {threads}")
        connection.execute("set memory_limit = $1", [memory_limit])
        _lay_out_star(connection, finding, finding.query, judged)
        for source in _read_by(finding.query, "landed"):
            _lay_out(connection, finding, landing, source, judged.digests.get(source), f"landed_{source}")
        for source in _read_by(finding.query, "previous"):
            _lay_out(connection, finding, landing, source, finding.previous, f"previous_{source}")
        # The query comes from a file: it is to read what it is about, and nothing else.
        connection.execute(f"set allowed_directories = [{literal(str(landing.root))}]")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
    except duckdb.Error as error:
        connection.close()
        words = str(error).partition("\n")[0]
        raise IntegrityError(
            f"The data that the finding {finding.id} is about cannot be read: {words}. "
            "`icw verify --all` names the files that are damaged."
        ) from None
    except BaseException:
        connection.close()
        raise
    return connection


def _read_by(query: str, kind: str) -> Iterable[str]:
    """Return the sources of which a query reads the landed release (`landed`), or the one before (`previous`)."""
    return [source for source in SOURCE_NAMES if re.search(rf"\b{kind}_{source}\b", query)]


def _lay_out_star(connection: duckdb.DuckDBPyConnection, finding: Finding, query: str, judged: Judged) -> None:
    if not re.search(rf"\b{STAR_SCHEMA}\.", query):
        return
    if judged.database is None or not judged.database.is_file():
        raise UsageError(f"The tables that the finding {finding.id} is about are not there any more.")
    connection.execute(f"attach {literal(str(judged.database))} as {_DATABASE} (read_only)")
    connection.execute(f"create schema {STAR_SCHEMA}")
    names = connection.execute(
        "select table_name from information_schema.tables where table_catalog = $1 and table_schema = $2",
        [_DATABASE, judged.tables],
    ).fetchall()
    for (name,) in names:
        connection.execute(
            f"create view {STAR_SCHEMA}.{quoted(name)} as from {_DATABASE}.{quoted(judged.tables)}.{quoted(name)}"
        )


def _lay_out(
    connection: duckdb.DuckDBPyConnection,
    finding: Finding,
    landing: Landing,
    source: str,
    digest: str | None,
    schema: str,
) -> None:
    found = _release(landing, source, digest)
    if found is None:
        which = f"release {digest[:12]} of {source}" if digest else f"release of {source}"
        raise UsageError(
            f"The {which} that the finding {finding.id} is about is not in {landing.root} any more, so its records "
            f"cannot be listed; it was found to affect {finding.affected or 0:,}."
        )
    lay_out_release(connection, landing, found, schema)


def _release(landing: Landing, source: str, digest: str | None) -> Release | None:
    """Return the landed release with this digest, if all its files are there."""
    same = (release for release in landing.releases(source) if release.digest == digest)
    return next((release for release in same if not landing.missing_objects(release)), None)
