"""A home that keeps house is level after its bounds are reached; only its evidence grows, and by little."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.storage_nights import BOUNDED, dagster_of, held, spend_night
from warehouse.settings import Settings


@pytest.mark.full
def test_nothing_grows_without_bound(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", keep_daily=5, prune_after_refresh=True, run_days=10)
    found: list[dict[str, tuple[int, int]]] = []
    with dagster_of(settings) as instance:
        for number in range(49):
            spend_night(settings, instance, number)
            found.append(held(settings.home))
    middle, end = found[28], found[48]
    for kind in BOUNDED:
        # Evidence in the landing and a list of incidents: a few blocks a night.
        assert end[kind][0] <= middle[kind][0] + 20 * 8_192, (kind, middle[kind], end[kind])
    assert end["dagster"][1] == middle["dagster"][1]
    assert end["snapshots"][1] <= middle["snapshots"][1]
    assert end["profiles"][0] - middle["profiles"][0] <= 20 * 50_000
