from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.idc_upstream import IdcUpstream
from tests.support.loopback import Loopback
from warehouse.landing import Landing
from warehouse.settings import Settings

pytest.register_assert_rewrite("tests.sources.idc.landing_checks")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as loopback:
        yield loopback


@pytest.fixture
def upstream(server: Loopback) -> IdcUpstream:
    return IdcUpstream(server)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def landing(home: Path) -> Landing:
    return Landing(home)


@pytest.fixture
def settings(upstream: IdcUpstream, home: Path) -> Settings:
    """Settings that point at the loopback upstream."""
    return upstream.settings(home)


@pytest.fixture
def refusing_url() -> str:
    """The address of a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def silent_url() -> Iterator[str]:
    """The address of a port that swallows connections: its queue is full and nobody takes them from it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        crowd = []
        for _ in range(8):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
            crowd.append(caller)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            for caller in crowd:
                caller.close()
