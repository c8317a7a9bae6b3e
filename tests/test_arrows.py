"""Imports run one way: schedules -> dagster_project -> warehouse, and between rooms without a circle."""

from __future__ import annotations

import re

import pytest

from tests.support.arrows import PACKAGES, PAGE, ROOT, Arrow, Import, arrows, circles, imports, reduced, renewed, rooms

FORBIDDEN = {
    "warehouse": {"dagster", "dagster_project", "schedules", "tests"},
    "dagster_project": {"schedules", "tests"},
    "schedules": {"tests"},
}


@pytest.mark.parametrize("package", FORBIDDEN)
def test_no_arrow_runs_back(package: str) -> None:
    found = imports(package)
    assert found
    assert not [one for one in found if one.imported.partition(".")[0] in FORBIDDEN[package]]


@pytest.mark.parametrize("package", PACKAGES)
def test_there_is_no_circle_between_the_rooms_of_any_package(package: str) -> None:
    found = imports(package)
    for path in sorted((ROOT / package).rglob("__init__.py")):
        parent = ".".join(path.parent.relative_to(ROOT).parts)
        assert circles(arrows(found, parent)) == set(), parent


def test_the_page_lists_every_room_once() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(rooms("warehouse"))


def test_the_drawing_is_current() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert renewed(page) == page, "The drawing is out of date: `python -m tests.support.arrows` renews it."


def test_circles_and_implied_arrows_are_found() -> None:
    chain = {Arrow("a", "b"), Arrow("b", "c")}
    assert circles(chain) == set()
    assert reduced({*chain, Arrow("a", "c")}) == chain
    circle = {*chain, Arrow("c", "b")}
    assert circles(circle) == {frozenset({"b", "c"})}
    assert reduced(circle) == circle


def test_arrows_are_drawn_between_rooms_and_not_inside_them() -> None:
    found = [
        Import("warehouse.quality.audit", "warehouse.build.Build"),
        Import("warehouse.quality.audit", "warehouse.quality.verdicts.Verdict"),
        Import("warehouse.quality.audit", "duckdb"),
        Import("warehouse.settings", "warehouse.DISTRIBUTION"),
    ]
    assert arrows(found, "warehouse") == {Arrow("quality", "build")}


def test_no_room_of_the_tests_imports_another() -> None:
    tests = ROOT / "tests"
    backwards = set()
    for path in sorted(tests.rglob("*.py")):
        room = path.relative_to(tests).parts[0]
        # Also code that a test gives to another process as text.
        for imported in re.findall(r"\b(?:from|import) tests\.(\w+)", path.read_text(encoding="utf-8")):
            if imported not in {room, "support"}:
                backwards.add((str(path.relative_to(ROOT)), imported))
    assert not backwards


def test_what_tests_share_imports_no_room_of_the_tests() -> None:
    for path in sorted((ROOT / "tests" / "support").rglob("*.py")):
        assert not re.search(r"(?:from|import) tests\.(?!support)", path.read_text(encoding="utf-8")), path
