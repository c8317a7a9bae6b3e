"""The form of a rule over a landed release: which rows break it, and the query that lists them.

A rule is SQL over the views `landed_<source>.<dataset>`. Two words in braces are replaced when it is measured:
`{major}` by the number of the data release, and `{fetched}` by the day on which it was fetched (a date literal).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from warehouse.quality.verdicts import Severity


@dataclass(frozen=True)
class LandedRule:
    """What must hold for the rows of a relation.

    `sentence` states it in the positive and `column` names what it is about: several rules may share a sentence, each
    about its own column. `relation` is a view, a shared relation or a query in parentheses; a row for which `broken` is
    true breaks the rule. `keys` are the expressions that a list of these rows begins with, `shown` those that follow.

    With `of_rows` (columns that the relation shares with its dataset) a row of the relation stands for all rows of
    `dataset` that have these values; the relation counts them in `row_count`, and the list names each by its `keys`.

    `place` is the expression whose most frequent values say where the rows are. Above `error_percent` of all rows, the
    rule is broken as an error, which no release known so far has reached; None: it is a warning however many break it.
    `needs` are datasets (or columns, `dataset.column`) without which there is nothing to judge.
    """

    source: str
    dataset: str
    column: str
    sentence: str
    relation: str
    broken: str
    keys: tuple[str, ...]
    expected: str
    shown: tuple[str, ...] = ()
    place: str = ""
    of_rows: tuple[str, ...] = ()
    error_percent: float | None = None
    needs: tuple[str, ...] = ()
    severity: Severity = "warning"

    @property
    def view(self) -> str:
        """The view of the dataset that the rule judges."""
        return f'landed_{self.source}."{self.dataset}"'

    @property
    def bound_sentence(self) -> str:
        """The sentence of the error: the same, for almost all rows."""
        return f"Few rows break: {self.sentence[0].lower()}{self.sentence[1:]}"


def with_shared(query: str, shared: Mapping[str, str]) -> str:
    """Return a query preceded by the shared relations that it names, and those that these name in turn."""
    used = _used(query, shared)
    parts = ", ".join(f"{name} as ({shared[name]})" for name in shared if name in used)
    return f"with {parts} {query}" if parts else query


def shared_of(queries: Iterable[str], shared: Mapping[str, str]) -> list[str]:
    """Return the names of the shared relations that queries need, those that others read first."""
    used = set[str]().union(*(_used(query, shared) for query in queries))
    return [name for name in shared if name in used]


def _used(query: str, shared: Mapping[str, str]) -> set[str]:
    found = {name for name in shared if re.search(rf"(?<![\w.\"]){name}(?![\w\"])", query)}
    return found.union(*(_used(shared[name], shared) for name in found)) if found else found
