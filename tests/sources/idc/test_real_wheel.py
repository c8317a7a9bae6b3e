from __future__ import annotations

import logging
from pathlib import Path

import pytest

from warehouse.landing import Landing
from warehouse.settings import load_settings
from warehouse.sources.idc import land, needs_fetch, resolve


@pytest.mark.network
@pytest.mark.timeout(600)
def test_the_real_18_2_0_lands_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = load_settings(home=tmp_path / "home", idc_channels=("wheel",), package_index_urls=None)
    landing = Landing(settings.home)
    resolved = resolve("18.2.0", settings)
    release = land(resolved, landing, settings)
    rows = {load.dataset: load.rows for load in release.loads if load.status == "landed"}
    assert rows == {"idc_index": 897_106, "prior_versions_index": 45_004}
    assert len([load for load in release.loads if load.status == "absent"]) == 18
    assert release.loads[0].proof["footer_version"] is None
    assert release.loads[0].proof["columns_added"] == []
    assert "aws_bucket" in str(release.loads[0].proof["columns_missing"])

    caplog.clear()
    assert not needs_fetch(resolved, landing, settings)
    with caplog.at_level(logging.DEBUG):
        assert land(resolved, landing, settings) == release
    assert [record.getMessage() for record in caplog.records if record.name.startswith(("icw", "urllib3"))] == []
    assert landing.sweep() == 0
