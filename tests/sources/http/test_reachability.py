from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from warehouse.sources.http.reachability import require_reachable


def _peer(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A socket that takes connections, on 127.0.0.1 only."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(60)
        yield listening


def was_reached_once(listening: socket.socket) -> bool:
    """Whether one connection has come, and was closed again without a word."""
    connection, _ = listening.accept()
    with connection:
        connection.settimeout(60)
        closed = connection.recv(1) == b""
    listening.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        listening.accept()
        return False
    return closed


def test_a_listening_host_is_reached(listening: socket.socket) -> None:
    require_reachable("127.0.0.1", listening.getsockname()[1], 5.0)
    assert was_reached_once(listening)


def test_a_name_with_an_address_that_refuses_is_reached_by_its_other_address(listening: socket.socket) -> None:
    # Where localhost is ::1 as well, that address refuses.
    require_reachable("localhost", listening.getsockname()[1], 5.0)
    assert was_reached_once(listening)


def test_a_port_without_a_listener_is_refused_at_once(refusing_url: str) -> None:
    with pytest.raises(OSError, match="connection refused"):
        require_reachable(*_peer(refusing_url), 5.0)


def test_a_host_that_swallows_connections_uses_up_the_budget_once(silent_url: str) -> None:
    with pytest.raises(OSError, match=r"no connection within 0\.2 s"):
        require_reachable(*_peer(silent_url), 0.2)


def test_a_name_that_does_not_exist_is_named() -> None:
    with pytest.raises(OSError, match=r"the name nowhere\.invalid cannot be resolved"):
        require_reachable("nowhere.invalid", 443, 5.0)


def test_an_address_that_no_connection_can_go_to_is_not_taken_for_reached() -> None:
    # The broadcast address: the connection fails at once, with a reason that depends on the machine.
    with pytest.raises(OSError, match=r"permission denied|unreachable|invalid argument|no connection within"):
        require_reachable("255.255.255.255", 80, 0.2)
