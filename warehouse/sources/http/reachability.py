"""Can this host be reached at all? One bounded check before the first request to it.

HTTP libraries wait for each address of a name in turn, each for the whole timeout. Behind a firewall that drops
packets, a name with a dozen addresses then costs a dozen timeouts. Here a few addresses are tried at once and one
budget covers them all, so that a channel that cannot be reached is passed over within seconds.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
from contextlib import ExitStack

_ADDRESSES_OF_EACH_FAMILY = 2


def require_reachable(host: str, port: int, budget_s: float) -> None:
    """Return as soon as one address of `host` accepts a connection, which is closed again.

    Raises:
        OSError: no address did so within `budget_s` seconds; the text is the reason, for a person to read.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise OSError(f"the name {host} cannot be resolved") from None
    deadline = time.monotonic() + budget_s
    refusals: set[int] = set()
    with ExitStack() as sockets, selectors.DefaultSelector() as waiting:
        for family, kind, protocol, _, address in _a_few_of_each_family(found):
            try:
                attempt = sockets.enter_context(socket.socket(family, kind, protocol))
            except OSError as error:  # this machine does not speak the family
                refusals.add(error.errno or errno.EAFNOSUPPORT)
                continue
            attempt.setblocking(False)
            code = attempt.connect_ex(address)
            if code in (0, errno.EINPROGRESS):
                waiting.register(attempt, selectors.EVENT_WRITE)
            else:
                refusals.add(code)
        while waiting.get_map() and (remaining := deadline - time.monotonic()) > 0:
            for key, _ in waiting.select(remaining):
                attempt = key.fileobj
                assert isinstance(attempt, socket.socket)
                code = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code == 0:
                    return
                refusals.add(code)
                waiting.unregister(attempt)
        silent = bool(waiting.get_map())
    if silent or not refusals:
        raise OSError(f"no connection within {budget_s:g} s")
    raise OSError(", ".join(sorted(os.strerror(code).lower() for code in refusals)))


def _a_few_of_each_family(found: list[tuple]) -> list[tuple]:
    chosen: list[tuple] = []
    for entry in found:
        if sum(other[0] == entry[0] for other in chosen) < _ADDRESSES_OF_EACH_FAMILY:
            chosen.append(entry)
    return chosen
