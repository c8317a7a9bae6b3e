"""The known null rates of the suite `null rates`."""

from __future__ import annotations

from warehouse.quality.rules.null_limits import load_null_limits


def test_known_null_rates_are_those_of_large_image_modalities_of_idc() -> None:
    limits = load_null_limits()
    assert {limit.source for limit in limits} == {"idc"}
    assert {limit.modality for limit in limits} == {"CT", "MR", "SM", "MG", "CR", "PT", "DX", "US"}
    assert all(0 <= limit.highest_null_percent <= 100 for limit in limits)
    # The highest of all releases: 9 to 12 % of CT series lack a body part, every slide does.
    rates = {(limit.modality, limit.column): limit.highest_null_percent for limit in limits}
    assert rates["SM", "body_part_examined"] == 100
    assert 11.6 < rates["CT", "body_part_examined"] < 11.8
