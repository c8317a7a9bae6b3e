"""Cohorts in a home: names that are names, one record each, read only as it was written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.cohorts import record, store
from warehouse.cohorts.record import Cohort
from warehouse.cohorts.saving import new_cohort
from warehouse.errors import IntegrityError, UsageError
from warehouse.settings import load_settings
from warehouse.snapshots import catalog

NAMES = st.text(min_size=0, max_size=70) | st.sampled_from(
    ["..", "../up", "a/b", "/etc/x", "a\\b", "A", "a.json", ".a", "-a", "", "a\n", "a\x00", "e\u0301", "a" * 65]
)


@pytest.fixture(scope="module")
def saved(two_nights: Path) -> Cohort:
    asked = "select series_key from fct_series"
    return new_cohort("all", asked, catalog.snapshot(two_nights, None), load_settings())


@settings(deadline=None, max_examples=300)
@given(name=NAMES)
def test_what_is_no_name_writes_nothing(saved: Cohort, tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    home = tmp_path_factory.mktemp("names") / "home"
    home.mkdir()
    named = saved.model_copy(update={"name": name})
    if re.fullmatch("[a-z0-9][-_a-z0-9]*", name) and len(name) <= 64:
        assert store.save(home, named).parent == home / "cohorts"
        assert store.cohort(home, name).name == name
        return
    for act in (lambda: store.save(home, named), lambda: store.cohort(home, name), lambda: store.remove(home, name)):
        with pytest.raises(UsageError, match="cannot name a cohort"):
            act()
    assert list(home.parent.rglob("*")) == [home]


@settings(deadline=None, max_examples=50)
@given(name=st.from_regex("[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True))
def test_every_name_is_kept_as_it_is(saved: Cohort, tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    home = tmp_path_factory.mktemp("kept")
    store.save(home, saved.model_copy(update={"name": name}))
    assert [entry.name for entry in store.cohorts(home)[0]] == [name]


def test_of_several_that_save_one_name_one_does(saved: Cohort, tmp_path: Path) -> None:
    def save(number: int) -> bool:
        try:
            store.save(tmp_path, saved.model_copy(update={"sql": f"select {number} as series_key"}))
        except UsageError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(save, range(32)))
    assert done.count(True) == 1
    with pytest.raises(UsageError, match="There is a cohort all already"):
        store.save(tmp_path, saved)
    assert store.cohort(tmp_path, "all").sql == f"select {done.index(True)} as series_key"
    assert [path.name for path in store.folder(tmp_path).iterdir()] == ["all.json"]


def _other_format(stated: dict[str, Any]) -> None:
    stated["format_version"] = record.FORMAT_VERSION + 1


def _other_query(stated: dict[str, Any]) -> None:
    stated["sql"] += " where source_id = 'idc'"


def _without_totals(stated: dict[str, Any]) -> None:
    del stated["totals"]


def _renamed(stated: dict[str, Any]) -> None:
    renamed = Cohort.model_validate(stated | {"name": "other"}).sealed()
    stated.update(renamed.model_dump(mode="json"))


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (_other_format, UsageError, "has format 2, and this release reads up to 1"),
        (_other_query, IntegrityError, "it was altered after it was saved"),
        (_without_totals, IntegrityError, "totals: Field required"),
        (_renamed, IntegrityError, "it is the record of other"),
    ],
)
def test_a_record_is_read_only_as_it_was_written(
    saved: Cohort, tmp_path: Path, change: Callable[[dict[str, Any]], None], kind: type[Exception], words: str
) -> None:
    path = store.save(tmp_path, saved)
    stated = json.loads(path.read_text())
    change(stated)
    path.write_text(json.dumps(stated))
    with pytest.raises(kind, match=words):
        store.cohort(tmp_path, "all")
    found, broken = store.cohorts(tmp_path)
    assert found == []
    assert [entry.path for entry in broken] == [path]
    store.remove(tmp_path, "all")
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_file_is_a_sentence(saved: Cohort, tmp_path: Path, content: bytes) -> None:
    store.save(tmp_path, saved).write_bytes(content)
    with pytest.raises(IntegrityError, match="cannot be used"):
        store.cohort(tmp_path, "all")
    assert len(store.cohorts(tmp_path)[1]) == 1


def test_fields_of_a_newer_release_are_passed_over(saved: Cohort, tmp_path: Path) -> None:
    path = store.save(tmp_path, saved)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"added_since": 1}))
    assert store.cohort(tmp_path, "all") == saved
