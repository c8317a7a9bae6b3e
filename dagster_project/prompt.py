"""The prompt of `icw sql`: one question after the other, with a history and with completion of what can be asked.

Python's own `readline` edits the lines, where the system has it; without it the lines are read as they come.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from dagster_project.screen import Screen
from warehouse.errors import WarehouseError
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.dictionary import data_dictionary

GREETING = "A query ends with ; or an empty line. Tab completes, Ctrl-C drops a query, Ctrl-D ends."

_FIRST, _NEXT = "icw> ", "...> "
_LEAVING = {"exit", "quit", ".exit", ".quit", "\\q"}
_HISTORY_LINES = 2_000
_WORD_ENDS = " \t\n.,;()[]{}=<>+-*/%|&!'\"$:"
_BEFORE_A_TABLE = re.compile(r"\b(?:from|join|describe|summarize|desc)\s+$", re.IGNORECASE)
_QUALIFIER = re.compile(r"(\w+)\.$")


class Completer:
    """The words that can follow what is typed: keywords, tables, columns of tables, and the names of snapshots.

    `tables` are the columns of each table; `schemas` are the names before which a point gives the tables again.
    """

    def __init__(self, keywords: Sequence[str], tables: Mapping[str, Sequence[str]], schemas: Sequence[str]) -> None:
        self._keywords = [keyword.lower() for keyword in keywords]
        self._tables = tables
        self._schemas = schemas
        self._columns = sorted({column for columns in tables.values() for column in columns})

    def candidates(self, before: str, word: str) -> list[str]:
        """Return the words that complete `word`, which stands behind the text `before`, in a fitting order."""
        qualifier = _QUALIFIER.search(before)
        if qualifier is not None:
            fitting = self._behind_a_point(qualifier[1], before)
        elif _BEFORE_A_TABLE.search(before):
            fitting = [*self._tables, *self._schemas]
        else:
            fitting = [*self._columns, *self._tables, *self._schemas, *self._keywords]
        found = [known for known in dict.fromkeys(fitting) if known.startswith(word.lower())]
        # Who writes SELECT goes on in capitals.
        capitals = word.isupper() and len(word) > 1
        return [known.upper() if capitals and known in self._keywords else known for known in found]

    def _behind_a_point(self, name: str, before: str) -> Sequence[str]:
        if name.lower() in self._schemas:
            return list(self._tables)
        if name.lower() in self._tables:
            return self._tables[name.lower()]
        # An alias: `from fct_series s` or `as s`, where it stands before; otherwise any column.
        stands_for = re.search(rf"\b(\w+)\s+(?:as\s+)?{re.escape(name)}\b", before, re.IGNORECASE)
        return self._tables.get(stands_for[1].lower(), self._columns) if stands_for else self._columns


def questions(read_line: Callable[[str], str]) -> Iterator[str]:
    """Yield what is typed, question by question, until the input ends or is told to (`exit`).

    `read_line` shows a prompt and returns a line; it raises EOFError at the end, and KeyboardInterrupt to drop a query.
    """
    lines: list[str] = []
    while True:
        try:
            line = read_line(_NEXT if lines else _FIRST)
        except KeyboardInterrupt:
            lines = []
            print()
            continue
        except EOFError:
            print()
            return
        if not lines and line.strip().rstrip(";").lower() in _LEAVING:
            return
        lines.append(line)
        if line.strip() and not line.rstrip().endswith(";"):
            continue
        if question := "\n".join(lines).strip():
            yield question
        lines = []


def converse(answer: Callable[[str], None], completer: Completer) -> None:
    """Read questions from the terminal and answer each; an error is shown, and the next question may be asked."""
    with _edited_lines(completer):
        for question in questions(input):
            try:
                answer(question)
            except WarehouseError as error:
                Screen(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False, highlight=False)
            except KeyboardInterrupt:
                Screen(stderr=True).print("Interrupted.", style="red")


def ask_on(screen: Screen, snapshot: Snapshot, attached: Mapping[str, Snapshot], answer: Callable[[str], None]) -> None:
    """Say what is asked, and converse about it until the person ends it."""
    screen.print(f"Snapshot {snapshot.id}, read-only. {GREETING}", style="dim", highlight=False)
    with duckdb.connect() as connection:
        keywords = connection.execute("select keyword_name from duckdb_keywords() order by all").fetchall()
    tables = {entry.name: [column.name for column in entry.columns] for entry in data_dictionary(snapshot)}
    converse(answer, Completer([keyword for (keyword,) in keywords], tables, [name.lower() for name in attached]))


@contextlib.contextmanager
def _edited_lines(completer: Completer) -> Iterator[None]:
    """Let lines be edited, completed and called back, and keep them for the next time."""
    try:
        import readline
    except ImportError:
        yield
        return

    def complete(word: str, number: int) -> str | None:
        found = completer.candidates(readline.get_line_buffer()[: readline.get_begidx()], word)
        return found[number] if number < len(found) else None

    editline = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if editline else "tab: complete")
    readline.set_completer_delims(_WORD_ENDS)
    readline.set_completer(complete)
    readline.set_history_length(_HISTORY_LINES)
    history = _history_file()
    with contextlib.suppress(OSError):
        readline.read_history_file(history)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            history.parent.mkdir(parents=True, exist_ok=True)
            readline.write_history_file(history)


def _history_file() -> Path:
    """Return where the system keeps such things (XDG Base Directory Specification)."""
    state = os.environ.get("XDG_STATE_HOME")
    return Path(state if state else Path.home() / ".local" / "state", "icw", "sql_history")
