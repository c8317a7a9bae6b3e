"""The pages of a snapshot, written: what each shows, and the template that it is written with.

Everything that comes from upstream is escaped where it stands. Each page has its style and script inside and forbids
the browser every other source, so that it works from a disk as from any server, and nothing that slips in can run.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse.citation import formats
from warehouse.errors import StorageError, WarehouseError
from warehouse.settings import Settings
from warehouse.site import figures, wording
from warehouse.site.answers import Unanswered, ask
from warehouse.site.changes import MOST_COMPARED_ROWS, Changes, changes
from warehouse.site.drawing import PALETTE
from warehouse.site.gaps import GAP_QUERIES, gaps
from warehouse.site.measures import measures
from warehouse.site.quality import quality
from warehouse.snapshots import query
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.cited import citation_of
from warehouse.snapshots.dictionary import data_dictionary

if TYPE_CHECKING:
    import duckdb
    from jinja2 import Environment

Pages = Mapping[str, str]
"""The text of each page by its name."""

_TEMPLATES = Path(__file__).parent / "templates"
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script}'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class Page:
    """One page: its name (of the file), its title, what it shows, the script that it needs, and the queries it asks."""

    name: str
    title: str
    content: Callable[[_Source], Mapping[str, Any]]
    script: str | None = None
    queries: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Source:
    """What pages are made of. The connection is the only one that this process has to the snapshot."""

    snapshot: Snapshot
    connection: duckdb.DuckDBPyConnection
    changes: Changes | None

    def figures(self, charts: tuple[figures.Chart, ...]) -> list[figures.Figure]:
        return [chart.figure(self.connection, self.snapshot) for chart in charts]


def render(snapshot: Snapshot, settings: Settings | None = None) -> Pages:
    """Return the pages of a snapshot by name. The same snapshot in the same home gives the same bytes.

    With `settings`, DuckDB keeps to their threads and memory, which change no byte.

    Raises:
        IntegrityError: its DuckDB file is gone, or a file is not as it was published.
        StorageError: there is no room for what does not fit in memory.
    """
    environment = _environment()
    manifest = snapshot.manifest
    common = {
        "snapshot": snapshot,
        "manifest": manifest,
        "made": f"{manifest.created_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        "synthetic_sources": [wording.platform(source.source) for source in manifest.sources if source.synthetic],
        "style": (_TEMPLATES / "style.css").read_text(encoding="utf-8"),
        "pages": _PAGES,
    }
    found = changes(snapshot, settings)
    with query.connect(snapshot, settings) as connection:
        source = _Source(snapshot, connection, found)
        return {
            page.name: environment.get_template(f"{page.name}.j2").render(
                common, page=page, policy=_policy(page), script=_script(page), **page.content(source)
            )
            for page in _PAGES
        }


def render_or_say_why(snapshot: Snapshot, settings: Settings | None = None) -> Pages | str:
    """Return the pages of a snapshot, or why they could not be made: no reason to lose the tables of a night.

    Raises:
        StorageError: there is no room; nothing else could be written either.
    """
    try:
        return render(snapshot, settings)
    except StorageError:
        raise
    except WarehouseError as error:
        return str(error)
    except Exception as error:
        return f"The pages of the snapshot could not be made ({type(error).__name__}: {error})."


def _overview(source: _Source) -> Mapping[str, Any]:
    return {"figures": source.figures(figures.OVERVIEW)}


def _explore(source: _Source) -> Mapping[str, Any]:
    answers = [ask(source.connection, source.snapshot, name) for name in _EXPLORED]
    lacking = [answer.reason for answer in answers if isinstance(answer, Unanswered)]
    found = {answer.name: answer for answer in answers if not isinstance(answer, Unanswered)}
    return {
        "lacking": lacking,
        "answers": answers,
        "found": found,
        "csv": {name: figures.csv_address(answer) for name, answer in found.items()},
        "data": {
            "platforms": wording.PLATFORMS,
            "synthetic": [entry.source for entry in source.snapshot.manifest.sources if entry.synthetic],
            **{name: [list(row) for row in answer.rows] for name, answer in found.items()},
        },
    }


def _gaps(source: _Source) -> Mapping[str, Any]:
    return {"gaps": gaps(source.connection, source.snapshot), "figures": source.figures(figures.RECONCILIATION)}


def _quality(source: _Source) -> Mapping[str, Any]:
    return {"quality": quality(source.snapshot)}


def _changes(source: _Source) -> Mapping[str, Any]:
    return {"changes": source.changes, "most_rows": MOST_COMPARED_ROWS}


def _measures(source: _Source) -> Mapping[str, Any]:
    return {"measures": measures(source.connection, source.snapshot)}


def _dictionary(source: _Source) -> Mapping[str, Any]:
    tables = data_dictionary(source.snapshot)
    return {"tables": tables, "linked": {table.name for table in tables}}


def _cite(source: _Source) -> Mapping[str, Any]:
    citation = citation_of(source.snapshot.manifest, source.connection)
    shown: tuple[formats.FormatName, ...] = ("text", "bibtex", "ris", "cff")
    return {
        "citation": citation,
        "texts": [(name, formats.FORMATS[name].file, formats.render(citation, name)) for name in shown],
    }


_EXPLORED = ("holdings", "releases")

_PAGES = (
    Page("index.html", "Overview", _overview, queries=figures.queries_of(figures.OVERVIEW)),
    Page("explore.html", "Explore", _explore, "explore.js", _EXPLORED),
    Page("gaps.html", "Gaps", _gaps, queries=(*figures.queries_of(figures.RECONCILIATION), *GAP_QUERIES)),
    Page("quality.html", "Quality", _quality),
    Page("changes.html", "Changes", _changes, queries=("collections",)),
    Page("measures.html", "Measures", _measures),
    Page("dictionary.html", "Dictionary", _dictionary, "dictionary.js"),
    Page("cite.html", "Cite", _cite),
)


def queries_of_pages() -> Mapping[str, tuple[str, ...]]:
    """Return the names of the queries that each page asks, by its title; the measures have others of their own."""
    return {page.title: tuple(dict.fromkeys(page.queries)) for page in _PAGES if page.queries}


def _script(page: Page) -> str:
    return "" if page.script is None else (_TEMPLATES / page.script).read_text(encoding="utf-8")


def _policy(page: Page) -> str:
    """Return the content security policy of a page: its own script may run, by its digest, and nothing be loaded."""
    digest = hashlib.sha256(_script(page).encode()).digest()
    return _POLICY.format(script=base64.b64encode(digest).decode())


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": wording.number,
        "size": wording.size,
        "signed": wording.signed,
        "platform": wording.platform,
        "embedded": _embedded,
    }
    environment.globals["palette"] = PALETTE
    return environment


def _embedded(value: object) -> str:
    """Return JSON that can stand in a script element: no character of it ends the element or begins a comment."""
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
