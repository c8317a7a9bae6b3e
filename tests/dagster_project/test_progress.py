"""What a person sees of a refresh that meets trouble: which source, what for, and why."""

from __future__ import annotations

import io
import logging
from pathlib import Path

from rich.console import Console

from dagster_project.progress import showing_progress
from tests.support.loopback import Fault, Loopback
from warehouse.settings import Settings
from warehouse.sources.gen3.transport import Call, Transport


def test_a_further_try_is_shown_with_its_source_and_its_reason(tmp_path: Path) -> None:
    screen = io.StringIO()
    with Loopback() as server, showing_progress(Console(file=screen)):
        server.serve("/guppy/_status", "{}", "application/json")
        server.fail("/guppy/_status", Fault(status=503))
        transport = Transport(server.url, Settings(home=tmp_path, retry_wait_s=0.01))
        transport.fetch_json(Call("guppy/_status", "its status"))
    assert f" s  {server.url}: trying again for its status (HTTP 503 no)\n" in screen.getvalue()


def test_a_sentence_that_is_whole_is_shown_as_it_is() -> None:
    screen = io.StringIO()
    with showing_progress(Console(file=screen)):
        logger = logging.getLogger("icw.refresh")
        logger.warning("bih stays as it was.", extra={"event": "degraded", "source": "bih"})
    assert screen.getvalue().endswith(" s  bih stays as it was.\n")
