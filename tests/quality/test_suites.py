"""The list of suites, which Dagster shows before it runs any."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from warehouse.quality.record import SUITES
from warehouse.quality.suites import LANDED, RELEASE, STAR

ROOT = Path(__file__).resolve().parents[2]


def test_the_suites_have_the_names_and_the_order_of_published_reports() -> None:
    assert SUITES == {
        "landed": (
            "landed contract",
            "landed keys",
            "landed loads",
            "integrity",
            "validity",
            "stable records",
            "stable figures",
            "reported",
        ),
        "star": (
            "star keys",
            "star references",
            "star columns",
            "conservation",
            "values",
            "null rates",
            "mappings",
            "gaps",
            "evidence",
            "freshness",
        ),
    }


def test_each_suite_is_the_module_of_its_name() -> None:
    folder = ROOT / "warehouse" / "quality" / "suites"
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert {suite.name.replace(" ", "_") for suite in (*LANDED, *RELEASE, *STAR)} == modules


def test_no_two_checks_of_a_suite_have_the_same_sentence_and_no_two_suites_the_same_place() -> None:
    for stage in ((*LANDED, *RELEASE), STAR):
        assert len({suite.order for suite in stage}) == len(stage)
        for suite in stage:
            assert len({check.sentence for check in suite.checks}) == len(suite.checks)


def test_listing_the_suites_imports_neither_great_expectations_nor_duckdb() -> None:
    code = "import sys, warehouse.quality.record, warehouse.quality.assets; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, timeout=60, check=True, capture_output=True, text=True
    )
    assert {"great_expectations", "duckdb", "pandas", "pyarrow"} & set(done.stdout.split()) == set()
