"""How names and texts are written in SQL, so that none of them can end early, whatever it contains."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path


def quoted(name: str) -> str:
    """Return `name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return `text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def file_literal(path: Path) -> str:
    """Return the literal of a file's path for DuckDB's readers: a pattern to them, which matches this file alone."""
    return literal(re.sub(r"([\[*?])", r"[\1]", str(path)))


def read_parquet(files: Iterable[Path]) -> str:
    """Return the relation of Parquet files with the same columns, read one after the other as one table."""
    return f"read_parquet([{', '.join(map(file_literal, files))}])"
