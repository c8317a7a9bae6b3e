"""The record of a cited answer: one JSON document that says what was asked, of which bytes, and what came out.

It is written once and read for years. Reading ignores fields that it does not know; a format that is newer is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from warehouse.answers.collections_cited import CollectionCited
from warehouse.errors import IntegrityError, UsageError
from warehouse.files import sha256_of
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import CodeVersion

FORMAT_VERSION = 1
"""The format of a record that this release writes, and the newest that it reads."""

MEDIA_TYPE = "application/json"
"""What a record is to a web server."""

_ID_DIGITS = 16


class SourceCited(BaseModel):
    """One source that a cited snapshot was built from, and when it was fetched."""

    model_config = ConfigDict(frozen=True)

    source: str
    version: str
    fetched_at: datetime
    synthetic: bool


class SnapshotCited(BaseModel):
    """One snapshot that a query names: by its name in the query, its id, and the digest over its tables' bytes."""

    model_config = ConfigDict(frozen=True)

    name: str
    id: str
    created_at: datetime
    tables_digest: str
    synthetic: bool
    sources: tuple[SourceCited, ...]

    @classmethod
    def of(cls, name: str, snapshot: Snapshot) -> SnapshotCited:
        """Describe a snapshot that has a name in a query."""
        manifest = snapshot.manifest
        return cls(
            name=name,
            id=snapshot.id,
            created_at=manifest.created_at,
            tables_digest=manifest.tables_digest,
            synthetic=manifest.synthetic,
            sources=tuple(
                SourceCited(
                    source=source.source,
                    version=source.version,
                    fetched_at=source.fetched_at,
                    synthetic=source.synthetic,
                )
                for source in manifest.sources
            ),
        )


class TableCited(BaseModel):
    """One table that was read: the name of its snapshot in the query, which columns, and its Parquet's SHA-256."""

    model_config = ConfigDict(frozen=True)

    snapshot: str
    name: str
    columns: tuple[str, ...]
    rows: int
    parquet_sha256: str


class ColumnCited(BaseModel):
    """One column of the result; `type` is DuckDB's."""

    model_config = ConfigDict(frozen=True)

    name: str
    type: str


class ResultCited(BaseModel):
    """The result: its columns, rows and digests (SHA-256, hex) in canonical order.

    `is_ordered` says that the query itself orders its rows. `block_sha256` are the digests of each `block_rows` rows.
    """

    model_config = ConfigDict(frozen=True)

    columns: tuple[ColumnCited, ...]
    rows: int
    sha256: str
    digest_method: str
    is_ordered: bool
    block_rows: int
    block_sha256: tuple[str, ...]


class FileCited(BaseModel):
    """The file that the result was written to: its name, its format, its size in bytes and its SHA-256."""

    model_config = ConfigDict(frozen=True)

    name: str
    format: str
    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path, form: str) -> FileCited:
        """Describe a file that was written."""
        return cls(name=path.name, format=form, bytes=path.stat().st_size, sha256=sha256_of(path))


class Citation(BaseModel):
    """Everything that is needed to cite an answer, to compute it again, and to tell whether it is the same.

    `digest` is over the normalised SQL, the parameters and the tables digests of the snapshots; `id` is its beginning.
    `collections_are_exact` is false where the collections that contributed are at most these. `absent` says what the
    query reads and the snapshots lack: it is not zero. `file` is there where the
    record lies beside a result. `record_sha256` is over all other fields.
    """

    model_config = ConfigDict(frozen=True)

    format_version: int = FORMAT_VERSION
    id: str
    digest: str
    synthetic: bool
    question: str
    normalised_sql: str
    parameters: dict[str, JsonValue]
    snapshots: tuple[SnapshotCited, ...]
    tables: tuple[TableCited, ...]
    result: ResultCited
    executed_at: datetime
    engine: str
    code_version: CodeVersion
    collections: tuple[CollectionCited, ...]
    collections_are_exact: bool
    absent: tuple[str, ...] = ()
    paragraph: str
    file: FileCited | None = None
    record_sha256: str = ""

    def sealed(self, file: FileCited | None = None) -> Citation:
        """Return the record with its own digest, and with the file beside which it will lie."""
        bare = self.model_copy(update={"file": file, "record_sha256": ""})
        return bare.model_copy(update={"record_sha256": _own_digest(bare)})

    def text(self) -> str:
        """Return the record as JSON, as it is written to files."""
        return self.model_dump_json(indent=2) + "\n"


def digest_of(sql: str, parameters: Mapping[str, JsonValue], snapshots: Sequence[SnapshotCited]) -> str:
    """Return the SHA-256 (hex) of a question to snapshots, whatever their ids are."""
    asked = [sql, dict(sorted(parameters.items())), [[entry.name, entry.tables_digest] for entry in snapshots]]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def id_of(digest: str) -> str:
    """Return the short name of a citation."""
    return f"cite-{digest[:_ID_DIGITS]}"


def read(path: Path) -> Citation:
    """Read a record.

    Raises:
        UsageError: there is no such file, or it is of a newer format.
        IntegrityError: it is damaged, or was changed after it was written.
    """
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}. Name the record of a citation: cite-....json.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}. Name the record of a citation.") from None
    except (ValueError, RecursionError):
        raise _damaged(path, "it is no JSON that can be read") from None
    if not isinstance(stated, dict) or "record_sha256" not in stated:
        raise _damaged(path, "it is no record of a citation")
    version = stated.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise UsageError(f"{path} has format {version}, which needs a newer release of this project. Install that one.")
    try:
        citation = Citation.model_validate(stated)
    except ValidationError as error:
        first = error.errors()[0]
        raise _damaged(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if citation.sealed(citation.file).record_sha256 != citation.record_sha256:
        raise _damaged(path, "it is not as it was written: its own digest is another")
    if not citation.snapshots:
        raise _damaged(path, "it names no snapshot")
    names = {entry.name for entry in citation.snapshots}
    if strangers := [table.name for table in citation.tables if table.snapshot not in names]:
        raise _damaged(path, f"its table {strangers[0]} is of a snapshot that it does not name")
    digest = digest_of(citation.normalised_sql, citation.parameters, citation.snapshots)
    if citation.digest != digest or citation.id != id_of(digest):
        raise _damaged(path, "its id is not that of its question and tables")
    return citation


def _own_digest(citation: Citation) -> str:
    content = citation.model_dump(mode="json", exclude={"record_sha256"})
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _damaged(path: Path, what: str) -> IntegrityError:
    return IntegrityError(f"{path} is damaged: {what}. Take the record from where it was first written.")
