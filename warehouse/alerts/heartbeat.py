"""The heartbeat: a request after each refresh that ends well, to a service that tells when it does not come."""

from __future__ import annotations

import logging

import requests

from warehouse.alerts.sending import silent
from warehouse.settings import Settings

log = logging.getLogger("icw.alerts")

_TIMEOUT_S = 10.0
_ATTEMPTS = 2


def send_heartbeat(settings: Settings) -> bool:
    """Ask for the address of `ICW_HEARTBEAT_URL`, if there is one; returns whether it answered with a success.

    The address is the secret of the service, so that no error is told with it.
    """
    address = settings.heartbeat_url.get_secret_value()
    if not address:
        return False
    why = ""
    for _ in range(_ATTEMPTS):
        try:
            with silent("urllib3"):
                answer = requests.get(address, headers={"User-Agent": settings.user_agent}, timeout=_TIMEOUT_S)
        except (requests.RequestException, ValueError) as error:
            why = type(error).__name__
        else:
            if answer.ok:
                return True
            why = f"status {answer.status_code}"
    log.warning("The heartbeat was not taken (%s).", why, extra={"event": "alert"})
    return False
