"""The arrows between rooms: which module or package imports which, and a drawing of it.

A room is a module or a package directly below `warehouse`, `dagster_project` or `schedules`; an arrow leads from the
room that imports to the room that it imports. `python -m tests.support.arrows` renews the drawing in
`warehouse/README.md`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("schedules", "dagster_project", "warehouse")
PAGE = ROOT / "warehouse" / "README.md"

_DRAWING = re.compile(r"(?<=```mermaid\n).*?(?=```\n)", re.DOTALL)


@dataclass(frozen=True, order=True)
class Import:
    """One import of one module by another, both with dotted names."""

    importer: str
    imported: str


@dataclass(frozen=True, order=True)
class Arrow:
    """One room that imports another."""

    start: str
    end: str


def imports(package: str) -> list[Import]:
    """Return every import in the modules of a package, wherever in a module it is."""
    found: list[Import] = []
    for path in sorted((ROOT / package).rglob("*.py")):
        importer = _dotted(path)
        found += [Import(importer, name) for name in _imported(ast.parse(path.read_text(encoding="utf-8")))]
    return found


def arrows(found: Iterable[Import], parent: str) -> set[Arrow]:
    """Return the arrows between the rooms directly below a package (`warehouse`, `warehouse.sandbox` ...)."""
    known = rooms(parent)
    ends = ((_room(one.importer, parent), _room(one.imported, parent)) for one in found)
    return {Arrow(start, end) for start, end in ends if start != end and {start, end} <= known}


def circles(found: Iterable[Arrow]) -> set[frozenset[str]]:
    """Return the largest sets of rooms that all reach each other."""
    reached = _reached(found)
    return {frozenset({b for b in reached[a] if a in reached.get(b, ())}) for a in reached if a in reached[a]}


def reduced(found: Iterable[Arrow]) -> set[Arrow]:
    """Return the arrows without those that a path over other rooms implies; arrows in a circle stay."""
    found = set(found)
    reached = _reached(found)

    def is_implied(arrow: Arrow) -> bool:
        between = reached[arrow.start] - {arrow.end}
        apart = (room for room in between if arrow.start not in reached.get(room, ()))
        return any(arrow.end in reached.get(room, ()) and room not in reached.get(arrow.end, ()) for room in apart)

    in_circle = {arrow for arrow in found if arrow.start in reached.get(arrow.end, ())}
    return {arrow for arrow in found if arrow in in_circle or not is_implied(arrow)}


def drawing() -> str:
    """Return the drawing of the rooms of `warehouse`, with the two packages that use it, as mermaid."""
    found = [one for package in PACKAGES for one in imports(package)]
    between = arrows(found, "warehouse")
    known = rooms("warehouse")
    for one in found:
        start, end = one.importer.partition(".")[0], one.imported.partition(".")[0]
        room = _room(one.imported, "warehouse")
        if start != "warehouse" and room in known:
            between.add(Arrow(start, room))
        elif start != end and end in PACKAGES and end != "warehouse":
            between.add(Arrow(start, end))
    lines = sorted(f"    {arrow.start} --> {arrow.end}\n" for arrow in reduced(between))
    return "flowchart TD\n" + "".join(lines)


def renewed(page: str) -> str:
    """Return the page with its drawing made anew."""
    return _DRAWING.sub(lambda _: drawing(), page)


def rooms(parent: str) -> set[str]:
    """Return the names of the modules and packages directly below a package."""
    folder = ROOT.joinpath(*parent.split("."))
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    return modules | {path.parent.name for path in folder.glob("*/__init__.py")}


def _reached(found: Iterable[Arrow]) -> dict[str, set[str]]:
    """Return the rooms that each room reaches over one arrow or more."""
    direct: dict[str, set[str]] = {}
    for arrow in found:
        direct.setdefault(arrow.start, set()).add(arrow.end)
    reached: dict[str, set[str]] = {}
    for room in direct:
        seen: set[str] = set()
        waiting = set(direct[room])
        while waiting:
            following = waiting.pop()
            seen.add(following)
            waiting |= direct.get(following, set()) - seen
        reached[room] = seen
    return reached


def _dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(module: ast.Module) -> Iterator[str]:
    """Yield the dotted names that a module imports; of `from a import b` it is `a.b`, whether or not b is a module."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _room(name: str, parent: str) -> str:
    """Return the part of a dotted name that follows a package; an empty text if the name is not below the package."""
    return name.removeprefix(f"{parent}.").partition(".")[0] if name.startswith(f"{parent}.") else ""


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"The drawing in {PAGE} is renewed.")
