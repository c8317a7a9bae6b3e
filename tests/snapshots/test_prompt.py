"""The prompt of `icw sql`: what is a question, what completes it, and that an error does not end it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from dagster_project.prompt import Completer, questions
from tests.support.icw import ICW
from warehouse.snapshots.catalog import Snapshot

TABLES = {"dim_collection": ["collection_key", "collection_id"], "fct_series": ["series_key", "modality"]}


def reading(lines: Iterable[str | type[BaseException]]) -> Callable[[str], str]:
    rest = iter(lines)

    def read_line(prompt: str) -> str:
        line = next(rest, EOFError)
        if isinstance(line, str):
            return line
        raise line

    return read_line


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        (["select 1;"], ["select 1;"]),
        (["select 1", "  + 1;  ", "from t;"], ["select 1\n  + 1;", "from t;"]),
        (["from t", ""], ["from t"]),
        (["", "  ", "from t;"], ["from t;"]),
        (["from t", KeyboardInterrupt, "select 2;"], ["select 2;"]),
        (["select 1;", "exit", "select 2;"], ["select 1;"]),
        (["Quit;"], []),
        (["from t", "where x"], []),
    ],
)
def test_a_question_ends_with_a_semicolon_or_an_empty_line(
    lines: list[str | type[BaseException]], asked: list[str]
) -> None:
    assert list(questions(reading(lines))) == asked


@pytest.mark.parametrize(
    ("before", "word", "found"),
    [
        ("", "sel", ["select"]),
        ("", "SEL", ["SELECT"]),
        ("select ", "mod", ["modality"]),
        ("select * from ", "", ["dim_collection", "fct_series", "old"]),
        ("select * from ", "FCT", ["fct_series"]),
        ("select * from old.", "d", ["dim_collection"]),
        ("select fct_series.", "", ["series_key", "modality"]),
        ("from fct_series as s select s.", "", ["series_key", "modality"]),
        ("select s.", "col", ["collection_id", "collection_key"]),
        ("from fct_series ", "wh", ["where"]),
        ("", "zzz", []),
    ],
)
def test_words_are_completed_by_where_they_stand(before: str, word: str, found: list[str]) -> None:
    assert Completer(["select", "where"], TABLES, ["old"]).candidates(before, word) == found


def test_the_prompt_of_a_terminal_goes_on_after_an_error_and_keeps_its_history(
    published: Snapshot, tmp_path: Path
) -> None:
    environment = os.environ | {
        "ICW_HOME": str(published.folder.parent.parent),
        "XDG_STATE_HOME": str(tmp_path),
        "TERM": "dumb",
    }
    outer, inner = pty.openpty()
    process = subprocess.Popen([ICW, "sql"], env=environment, stdin=inner, stdout=inner, stderr=inner)
    os.close(inner)
    os.write(outer, b"from nowhere;\nselect count(*) + 41 as n\n\tfrom fct_series;\n")
    printed = read_until(outer, b"541", b"icw> ")
    # Only now: before the prompt, the terminal itself would take it.
    os.write(outer, b"\x04")
    assert process.wait(timeout=60) == 0, printed
    os.close(outer)
    assert b"Table with name nowhere does not exist" in printed
    assert "from nowhere;" in (tmp_path / "icw" / "sql_history").read_text()


def read_until(terminal: int, *texts: bytes) -> bytes:
    """Read until each of the texts has come behind the one before."""
    printed, seen = b"", 0
    for text in texts:
        while (found := printed.find(text, seen)) < 0:
            assert select.select([terminal], [], [], 60)[0], printed
            printed += os.read(terminal, 10_000)
        seen = found + len(text)
    return printed
