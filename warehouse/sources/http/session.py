"""One session with one upstream: which settings of the environment count, and where redirects may lead.

Every request of the project goes through here. Proxies (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`) and
certificates (`REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`, `SSL_CERT_FILE`) of the environment count; credentials of
`~/.netrc` do not: they were not given for this purpose. Credentials in an address of the settings are sent as basic
authentication to that host alone. What is on this machine is never asked through a proxy.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.utils import get_auth_from_url, get_environ_proxies, select_proxy, urldefragauth

from warehouse.public_text import public_url
from warehouse.sources.http.errors import RedirectRefused

_REDIRECTS = 10
_REDIRECTING = frozenset({301, 302, 303, 307, 308})
_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@dataclass(frozen=True)
class Trust:
    """Whose certificates to accept, and the proxy to go through; by default what the environment says.

    `trusted_hosts` are hosts (`name` or `name:port`) whose certificate is not checked at all.
    """

    ca_bundle: str | None = None
    client_certificate: str | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()

    def verify(self, url: str) -> bool | str:
        """Return what `requests` takes as `verify` for this address; True leaves the bundle to the environment."""
        parts = urlsplit(url)
        if {parts.hostname, f"{parts.hostname}:{parts.port}"} & set(self.trusted_hosts):
            return False
        return self.ca_bundle or True


class UpstreamSession(requests.Session):
    """A session of `requests` that takes from the environment only what the module says, once for each host."""

    def __init__(self, user_agent: str, trust: Trust | None = None) -> None:
        super().__init__()
        # With it, requests would read ~/.netrc.
        self.trust_env = False
        self.headers["User-Agent"] = user_agent
        self._trust = trust or Trust()
        self.cert = self._trust.client_certificate
        self._proxies: dict[str, dict[str, str]] = {}

    def follow(self, url: str, headers: Mapping[str, str], timeout: tuple[float, float]) -> requests.Response:
        """GET an address, over other hosts where it redirects; the body of the response is not received yet.

        Raises:
            requests.RequestException: no response; `RedirectRefused` for one that would leave HTTPS.
        """
        first, credentials = url, get_auth_from_url(url)
        for _ in range(_REDIRECTS + 1):
            withheld = not any(credentials) or self.should_strip_auth(first, url)
            response = self.get(
                urldefragauth(url),
                headers=headers,
                stream=True,
                timeout=timeout,
                auth=None if withheld else credentials,
            )
            target = redirect_of(response)
            if target is None:
                return response
            response.close()
            url = target
        raise requests.TooManyRedirects("it redirects in a circle")

    def proxy_for(self, url: str) -> str | None:
        """Return the proxy that a request to this address goes through, if any."""
        return select_proxy(url, self._proxies_for(url))

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:  # the types are those of requests
        """See `requests.Session`; asked by it for every request."""
        verify = self._trust.verify(str(url))
        if verify is True:
            verify = next((path for name in _CERTIFICATES if (path := os.environ.get(name))), True)
        return super().merge_environment_settings(url, self._proxies_for(str(url)), stream, verify, cert)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow nothing: requests would receive the whole body of the redirect, and turn a POST into a GET."""

    def _proxies_for(self, url: str) -> dict[str, str]:
        if is_loopback(urlsplit(url).hostname or ""):
            return {}
        if self._trust.proxy:
            return {"http": self._trust.proxy, "https": self._trust.proxy}
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in self._proxies:
            self._proxies[host] = get_environ_proxies(url)
        return self._proxies[host]


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine: localhost and names below it, 127.0.0.0/8, ::1, and 0.0.0.0 and ::."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback or address.is_unspecified


def redirect_of(response: requests.Response) -> str | None:
    """Return the absolute address that a response redirects to, or None if it does not.

    Raises:
        RedirectRefused: it leads to no web address, or from HTTPS to HTTP, where anybody on the way could change what
            comes.
    """
    location = response.headers.get("Location")
    if response.status_code not in _REDIRECTING or location is None:
        return None
    try:
        target = urljoin(response.url, location)
        scheme, host = urlsplit(target).scheme, urlsplit(target).hostname
    except ValueError:
        target, scheme, host = location, "", None
    if scheme not in ("http", "https") or not host:
        raise RedirectRefused(f"{public_url(response.url)} redirects to {target[:200]!r}, which is no web address")
    if urlsplit(response.url).scheme == "https" and scheme != "https":
        raise RedirectRefused(
            f"{public_url(response.url)} redirects to {public_url(target)}, which is not HTTPS: it is not followed"
        )
    return target
