"""Names of IDC releases: what can be requested, how upstream names a release, and which of several is newest."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from warehouse.errors import UsageError

_NUMBER = r"(?:0|[1-9]\d*)"
_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}", re.ASCII)
_MAJOR = re.compile(rf"v({_NUMBER})", re.ASCII)
_DESCRIBED = re.compile(rf"({_VERSION.pattern})(?:-\d+-g[0-9a-f]+)?(?:-dirty)?", re.ASCII)


@dataclass(frozen=True)
class RequestedRelease:
    """What was asked for: a `version`, the newest of a `major`, or (neither given) the newest of all."""

    text: str
    version: str | None = None
    major: int | None = None

    def newest_first(self, versions: Iterable[str]) -> list[str]:
        """Return the stable versions among `versions` that fit, the newest first, each once."""
        fitting = {version for version in versions if is_stable(version) and self._fits(version)}
        return sorted(fitting, key=_numbers, reverse=True)

    def _fits(self, version: str) -> bool:
        if self.version is not None:
            return version == self.version
        return self.major is None or _numbers(version)[0] == self.major


def parse_requested(text: str) -> RequestedRelease:
    """Read what a person asks for: `current` or `latest`, a full version (23.5.0) or a major (v23).

    Raises:
        UsageError: it is none of these.
    """
    if text in ("current", "latest"):
        return RequestedRelease(text)
    if is_stable(text):
        return RequestedRelease(text, version=text)
    if match := _MAJOR.fullmatch(text):
        return RequestedRelease(text, major=int(match[1]))
    raise UsageError(
        f"{text!r} does not name an IDC release: ask for current, latest, a full version such as 23.5.0 or a major "
        "such as v23."
    )


def is_stable(version: str) -> bool:
    """Return whether this is a plain version of three numbers: no pre-release, no development build."""
    return _VERSION.fullmatch(version) is not None


def described_version(description: str) -> str | None:
    """Return the version in a git description (`25.0.5-0-gf08b112` or plain `25.0.5`), or None if it holds none."""
    match = _DESCRIBED.fullmatch(description.strip())
    return match[1] if match else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
