"""Where an engine finds the Parquet files: the address of a place that holds snapshots, made by an export or a push.

A place is required, and never made up: a script with a stand-in for it could be run against somebody else's bucket.
Only an engine that reads files of this machine has one without being told, the folder of the snapshot itself.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from warehouse.errors import UsageError
from warehouse.snapshots.catalog import TABLES, Snapshot

PATH = "path"
"""The scheme of an address that is an absolute path, of a file that the engine itself can open."""

STAGE = "stage"
"""The scheme of Snowflake's own kind of address: a stage that is there already, `@database.schema.stage/prefix`."""

_ADDRESS = re.compile(r"(?P<scheme>[a-z0-9]+)://(?P<rest>[^/].*)", re.DOTALL)
_STAGE_NAME = re.compile(r"@[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*){0,2}(/[\w.=-]+)*", re.ASCII)

# What is a pattern to one of the engines, ends an address, or would break out of the line of a comment.
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029*?{}\[\]#%\\]")


def root_of(snapshot: Snapshot, location: str | None, schemes: tuple[str, ...], title: str) -> str:
    """Return the address of the folder of a snapshot's Parquet files, without a slash at its end.

    `location` holds snapshots, each in the folder of its id; the folder of this snapshot itself is taken as well.

    Raises:
        UsageError: there is no location and the engine needs one, or it is of a kind that the engine does not read.
    """
    if location is None:
        if PATH not in schemes:
            raise UsageError(
                f"{title} does not read files of this machine: say where the snapshot is, with --location. It is what "
                "ICW_PUBLISH_URL was for `icw snapshots push`, or where an export was copied to "
                f"({_examples(schemes)})."
            )
        location = str(snapshot.folder.resolve())
    place = location.rstrip("/").removesuffix(f"/{snapshot.id}")
    if _scheme(place) not in schemes or _FORBIDDEN.search(place):
        raise UsageError(
            f"{title} cannot be told to read {location!r}: it takes {_examples(schemes)}, without patterns, queries "
            f"and control characters.{_advice(place, schemes)}"
        )
    return f"{place}/{snapshot.id}/{TABLES}"


def _scheme(place: str) -> str | None:
    if PurePosixPath(place).is_absolute():
        return PATH
    if _STAGE_NAME.fullmatch(place):
        return STAGE
    match = _ADDRESS.fullmatch(place)
    return None if match is None else match["scheme"]


def _examples(schemes: tuple[str, ...]) -> str:
    known = {PATH: "an absolute path", STAGE: "@stage/prefix"}
    return " or ".join(known.get(scheme, f"{scheme}://bucket/prefix") for scheme in schemes)


def _advice(place: str, schemes: tuple[str, ...]) -> str:
    if STAGE in schemes and _scheme(place) not in schemes:
        return " For any other store let an administrator make a stage with a storage integration, and name that."
    return ""
