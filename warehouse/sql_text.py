"""How names and texts are written in SQL, so that none of them can end early, whatever it contains."""

from __future__ import annotations

import re
from pathlib import Path


def quoted(name: str) -> str:
    """Return `name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return `text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def stated(text: str) -> str:
    """Return the condition (SQL) that a text is there and not blank.

    What begins with a visible ASCII character need not be trimmed to see that, which takes ten times as long.
    """
    return f"(({text} >= '!' and {text} < chr(127)) or trim({text}) <> '')"


def trimmed(text: str) -> str:
    """Return a text (SQL) without white space around it, as `trim` does.

    DuckDB trims an identifier in five times the time that it takes to see that it begins and ends with a visible ASCII
    character.
    """
    is_bare = f"{text} >= '!' and {text} < chr(127) and ({text})[-1] >= '!' and ({text})[-1] < chr(127)"
    return f"case when {is_bare} then {text} else trim({text}) end"


def file_literal(path: Path) -> str:
    """Return the literal of a file's path for DuckDB's readers: a pattern to them, which matches this file alone."""
    return literal(re.sub(r"([\[*?])", r"[\1]", str(path)))
