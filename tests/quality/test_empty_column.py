"""A needed column that upstream sends without any value, and so without a type: built, and seen as empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.small_release import FILES, IDC_INDEX, land
from warehouse.build import prepare, run_models
from warehouse.quality.audit import audit_landed, audit_star, failed_errors
from warehouse.settings import Settings


@pytest.mark.full
def test_an_empty_column_is_a_loss_of_values_not_another_type(tmp_path: Path) -> None:
    empty = f'select * replace (null as "Manufacturer") from ({IDC_INDEX})'
    settings = Settings(home=tmp_path)
    landing, release = land(tmp_path, {**FILES, "idc_index": empty})
    assert failed_errors(audit_landed([release], landing)) == []
    build = prepare(tmp_path, landing, [release], settings)
    run_models(build, settings)
    (failed,) = (verdict for verdict in audit_star(build) if not verdict.passed)
    assert failed.expectation == "No image modality lacks more values than before"
    assert "CT manufacturer: 100.0 % null of 1200 series" in failed.observed
