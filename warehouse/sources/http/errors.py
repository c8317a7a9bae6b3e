"""What can go wrong with a request: errors that a later try may not meet, and responses that are refused."""

from __future__ import annotations

import ssl

import requests

from warehouse.errors import SourceError, SourceUnreachable, UsageError, WarehouseError
from warehouse.public_text import public_text, public_url


class TransientError(Exception):
    """An error that a later try may not meet. Callers see it only until the last try has failed.

    `reason` is the kind under which retries are counted (`http_503`, `timeout`); `retry_after_s` the seconds that the
    upstream asks to wait; `silent` means that nothing at all was received.
    """

    def __init__(self, reason: str, message: str, *, retry_after_s: float = 0.0, silent: bool = False) -> None:
        super().__init__(public_text(message))
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.silent = silent


class NoResponse(TransientError):
    """No response, or not all of it: connection refused or reset, or the name is unknown."""


class SlowResponse(TransientError):
    """The upstream or the connection ran out of time: a smaller request may succeed."""


class NotFound(SourceError):
    """The upstream answered that it has nothing at this address (404 or 410)."""


class ResponseTooLarge(SourceUnreachable):
    """A response that is larger than any valid one could be."""


class RedirectRefused(requests.RequestException):
    """A redirect that is not followed; the text is a sentence."""


def as_project_error(error: requests.RequestException, url: str, timeout_s: float) -> TransientError | WarehouseError:
    """Return what an exception of requests means: worth another try (`TransientError`) or not (`WarehouseError`)."""
    where = public_url(url)
    if isinstance(error, RedirectRefused):
        return SourceUnreachable(str(error))
    if isinstance(error, requests.TooManyRedirects):
        return SourceUnreachable(f"{where} redirects in a circle")
    if isinstance(error, ValueError):  # requests: InvalidURL, MissingSchema, InvalidSchema, InvalidHeader
        return UsageError(f"{where!r} is not a web address: check the setting that it comes from.")
    if isinstance(error, requests.exceptions.SSLError):
        return _of_tls(error, where)
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return TransientError("truncated", f"{where} sent a body that cannot be decompressed: {root_cause(error)}")
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.ProxyError)):
        return NoResponse("no_connection", f"{where} cannot be reached: {root_cause(error)}", silent=True)
    if isinstance(error, requests.Timeout):
        return SlowResponse("timeout", f"{where} did not answer within {timeout_s:g} s", silent=True)
    # requests raises a plain ConnectionError where a body stops arriving.
    if "timed out" in str(error).lower():
        return SlowResponse("timeout", f"{where} stopped sending for {timeout_s:g} s")
    return NoResponse("connection", f"{where} cannot be reached: {root_cause(error)}")


def root_cause(error: BaseException) -> str:
    """Return the message of the innermost error of a chain."""
    root = _chain(error)[-1]
    return getattr(root, "strerror", None) or str(root) or type(root).__name__


def _of_tls(error: requests.exceptions.SSLError, where: str) -> TransientError | WarehouseError:
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _chain(error)):
        return SourceUnreachable(f"{where} cannot be trusted: {root_cause(error)}")
    return NoResponse("connection", f"{where} cannot be reached over TLS: {root_cause(error)}", silent=True)


def _chain(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(inner)
    return chain
