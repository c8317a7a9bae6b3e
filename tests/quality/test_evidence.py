"""Suite `evidence`: an earlier release that cannot be read is published with a warning, never without a word."""

from __future__ import annotations

from dataclasses import replace

from warehouse.build import Build, Evidence
from warehouse.build.history import LostRelease
from warehouse.quality.audit import audit_star
from warehouse.quality.suites.evidence import SUITE

ALL = {check.sentence for check in SUITE.checks}


def test_a_lost_earlier_release_is_a_warning_that_names_it(sound_build: Build) -> None:
    lost = LostRelease("24.2.2", "The landed idc_index.parquet of idc 24.2.2 is gone.")
    build = replace(sound_build, evidence=Evidence(sound_build.releases, lost=(lost,)))
    (verdict,) = [found for found in audit_star(build) if found.suite == "evidence"]
    assert (verdict.passed, verdict.severity) == (False, "warning")
    assert verdict.observed == f"idc 24.2.2 (lost). {lost.reason}"
    assert {finding.asset for finding in verdict.findings} == {("star", "fct_series_version")}
