"""The profiles of landed releases in a home: measured once, `profiles/<source>/<version>-<digest>.parquet`.

A profile is a function of the bytes of a release and of the code that measures it. Its footer says of which release and
of which form of the code it is, with a digest of its figures: one of another form, or one that is damaged, is measured
anew. It outlives the landed files, so that a history needs no more than the profiles.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.contracts import load_contract
from warehouse.errors import IntegrityError, StorageError
from warehouse.files import sync_folder, writing_to
from warehouse.landed_views import landed_file, lay_out_release
from warehouse.landing import Landing, Release
from warehouse.profiles.figures import PROFILE_COLUMNS, Figure
from warehouse.profiles.measure import Relation, datasets_of, measure_relations

FOLDER = "profiles"

# What is measured of a release is decided here, beside the contract of its source.
_PACKAGE = Path(__file__).resolve().parents[1]
_MEASURING = tuple(
    f"profiles/{name}.py" for name in ("columns", "figures", "measure", "patterns", "tallies", "value_counts")
)
_READING = ("reading.py", "landed_views.py", "sql_text.py")

_TYPES = {"varchar": pa.string(), "double": pa.float64()}
SCHEMA = pa.schema([pa.field(name, _TYPES[kind]) for name, kind in PROFILE_COLUMNS.items()])
_FORM, _RELEASE, _FIGURES = b"form", b"release", b"figures"


def profile_of(home: Path, landing: Landing, release: Release, *, threads: int = 2, memory_limit: str = "1GB") -> Path:
    """Return the file with the profile of a landed release, measured if there is none that holds.

    The datasets in it are those that the release has. `threads` and `memory_limit` bound DuckDB; they do not change the
    figures. Only the holder of the refresh lock may call this where a profile can be lacking.

    Raises:
        IntegrityError: it must be measured, and a landed object is not what was landed.
        StorageError: the home cannot be written, or DuckDB may not use enough memory.
    """
    path = profile_path(home, release)
    if not _holds(path, release):
        if damage := landing.damage(release):
            raise IntegrityError(
                f"{_named_release(release)} cannot be profiled. {' '.join(damage)} Land it anew: run the command again."
            )
        _measure(home, landing, [release], threads, memory_limit)
    return path


def measure_lacking(
    home: Path, landing: Landing, releases: Sequence[Release], *, threads: int = 2, memory_limit: str = "1GB"
) -> None:
    """Measure the profiles that are lacking of releases, all of them at a time: on two cores that is sooner done.

    There is at most one release of a source. One that cannot be measured is left to `profile_of`, which says why.

    Raises:
        StorageError: the home cannot be written, or DuckDB may not use enough memory.
    """
    lacking = [release for release in releases if not _holds(profile_path(home, release), release)]
    with ThreadPoolExecutor(max_workers=threads) as pool:
        damaged = pool.map(landing.damage, lacking)
        whole = [release for release, found in zip(lacking, damaged, strict=True) if not found]
    if whole:
        with suppress(IntegrityError):
            _measure(home, landing, whole, threads, memory_limit)


def has_profile(home: Path, release: Release) -> bool:
    """Return whether the profile of a release is there and holds."""
    return _holds(profile_path(home, release), release)


def profile_path(home: Path, release: Release) -> Path:
    """Return where the profile of a release lies (or would lie)."""
    return home / FOLDER / release.source / f"{release.version}-{release.digest[:12]}.parquet"


def read_profile(path: Path) -> list[Figure]:
    """Read the figures of a profile, in their order.

    Raises:
        IntegrityError: the file is no profile, or is damaged.
    """
    try:
        table = _read(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise IntegrityError(
            f"The profile {path} cannot be read ({str(error).splitlines()[0]}). Remove it and run the command again: "
            "it is measured anew."
        ) from None
    return [Figure(*row) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]


def in_order(figures: Iterable[Figure]) -> list[Figure]:
    """Return figures in their one order, whatever order they were measured in."""
    return sorted(figures, key=lambda figure: [(part is not None, part or "") for part in _named(figure)])


def _named(figure: Figure) -> tuple[str | None, ...]:
    return (
        figure.layer,
        figure.source_id,
        figure.dataset,
        figure.column_name,
        figure.metric,
        figure.scope_column,
        figure.scope_value,
        figure.value,
    )


def table_of(figures: Iterable[Figure]) -> pa.Table:
    """Return figures as a table with the columns of a profile."""
    rows = [(*_named(figure), figure.number) for figure in figures]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(SCHEMA)
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, SCHEMA.types, strict=True)], SCHEMA)


@cache
def form_of(source: str) -> str:
    """Return the SHA-256 (hex) over all that decides what is measured of a release of a source, but for its bytes."""
    digest = hashlib.sha256()
    for name in (*_MEASURING, *_READING):
        digest.update(f"{name} {hashlib.sha256((_PACKAGE / name).read_bytes()).hexdigest()}".encode())
    for name, dataset in load_contract(source).datasets.items():
        columns = [column.model_dump_json(exclude={"description"}) for column in dataset.columns]
        digest.update(json.dumps([name, dataset.key, columns]).encode())
    return digest.hexdigest()


def _measure(home: Path, landing: Landing, releases: Sequence[Release], threads: int, memory_limit: str) -> None:
    """Measure intact releases, at most one of a source, and write their profiles."""
    subject = " and ".join(map(_named_release, releases))
    with TemporaryDirectory(prefix="icw-profile-") as spill, duckdb.connect(":memory:") as connection:
        connection.execute("set temp_directory = $1", [spill])
        connection.execute("set threads = $1", [threads])
        connection.execute("set memory_limit = $1", [memory_limit])
        relations: list[Relation] = []
        try:
            for release in releases:
                lay_out_release(connection, landing, release, release.source)
                relations += datasets_of(release.source, load_contract(release.source))
            figures = measure_relations(connection, relations)
        except duckdb.OutOfMemoryException as error:
            raise StorageError(
                f"Profiling {subject} needs more memory than DuckDB may use ({str(error).splitlines()[0]}): raise "
                f"ICW_MEMORY_LIMIT (now {memory_limit}), then run the command again."
            ) from error
        except duckdb.Error as error:
            raise IntegrityError(
                f"{subject} cannot be profiled, though its files are as they were landed: {str(error).splitlines()[0]}."
            ) from error
    for release in releases:
        there = {load.dataset for load in release.loads if landed_file(landing, release, load.dataset) is not None}
        path = profile_path(home, release)
        with writing_to(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(in_order(_figures_of(figures, release.source, there)), path, release)


def _named_release(release: Release) -> str:
    return f"{release.source} {release.version}"


def _figures_of(figures: Iterable[Figure], source: str, datasets: Collection[str]) -> Iterator[Figure]:
    return (figure for figure in figures if figure.source_id == source and figure.dataset in datasets)


def _write(figures: list[Figure], path: Path, release: Release) -> None:
    """Write a profile so that the path holds a whole one or none."""
    table = table_of(figures)
    table = table.replace_schema_metadata(
        {_FORM: form_of(release.source), _RELEASE: release.digest, _FIGURES: _digest_of(table)}
    )
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_native_id()}.tmp")
    try:
        pq.write_table(table, temporary, compression="zstd")
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def _read(path: Path) -> pa.Table:
    """Read a profile. Raises ValueError if it is none, or its figures do not agree with their digest."""
    table = pq.read_table(path)
    if table.schema.names != SCHEMA.names:
        raise ValueError("it has other columns than a profile")
    if (table.schema.metadata or {}).get(_FIGURES, b"").decode() != _digest_of(table):
        raise ValueError("its figures do not agree with their digest")
    return table


def _digest_of(table: pa.Table) -> str:
    return hashlib.sha256(json.dumps([column.to_pylist() for column in table.columns]).encode()).hexdigest()


def _holds(path: Path, release: Release) -> bool:
    """Return whether a file is the profile of this release in the form of this code, and whole."""
    try:
        footer = pq.read_schema(path).metadata or {}
        if (footer.get(_FORM), footer.get(_RELEASE)) != (form_of(release.source).encode(), release.digest.encode()):
            return False
        _read(path)
    except (pa.ArrowException, OSError, ValueError):
        return False
    return True
