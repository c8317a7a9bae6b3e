from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.conftest import SCALE
from tests.sandbox.figures import Figure, Services, agrees, published_figures
from tests.support.shared import SEED, population_of
from warehouse.sandbox.server import Sandbox


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """All services at scale 1.0 (some minutes to synthesise)."""
    with Sandbox(population_of(tmp_path_factory, 1.0), 1.0, SEED) as sandbox:
        yield Services(sandbox.portal_url, sandbox.bih_url)


@pytest.mark.full
@pytest.mark.parametrize("figure", published_figures(), ids=lambda figure: figure.figure_id)
def test_every_published_figure_comes_out_at_scale_one(whole: Services, figure: Figure) -> None:
    value = whole.value_of(figure)
    assert agrees(figure, value), f"{figure.figure_id}: published {figure.value}, found {value}"


def test_a_small_scale_keeps_the_proportions(population: Path) -> None:
    counts = {figure for figure in published_figures() if figure.metric == "count" and not figure.is_rounded}
    with Sandbox(population, SCALE, SEED) as sandbox:
        services = Services(sandbox.portal_url, sandbox.bih_url)
        for figure in counts:
            expected = float(figure.value) * SCALE
            if expected < 20:
                continue
            found = float(services.value_of(figure))
            assert abs(found - expected) <= max(0.15 * expected, 6), figure.figure_id


def test_a_figure_that_is_one_off_does_not_agree() -> None:
    for figure in published_figures():
        if not figure.is_rounded:
            assert agrees(figure, figure.value)
            assert not agrees(figure, figure.value + 1)
            assert not agrees(figure, figure.value - 1)
