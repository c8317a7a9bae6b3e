"""IDC as a refresh sees it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from warehouse.errors import SourceError, SourceUnreachable
from warehouse.landing import Landing, Release
from warehouse.public_text import public_url
from warehouse.registry import SourceSpec
from warehouse.settings import Settings
from warehouse.sources.idc.clinical import fits
from warehouse.sources.idc.load import land, landed_release, needs_fetch, resolve
from warehouse.sources.idc.releases import is_stable, parse_requested
from warehouse.sources.upstream import ResolvedRelease, Upstream, UpstreamState

log = logging.getLogger("icw.refresh")


class IdcUpstream(Upstream):
    """The IDC index artifacts, of the release that the settings name."""

    def __init__(self, spec: SourceSpec, settings: Settings, resolved: ResolvedRelease | None = None) -> None:
        """See `Upstream`. A `resolved` release that is not concrete, or of another channel, is found out anew."""
        usable = resolved is not None and resolved.channel in settings.idc_channels and is_stable(resolved.version)
        super().__init__(spec, settings, resolved if usable else None)

    def look(self, landing: Landing) -> UpstreamState:
        """See `Upstream.look`."""
        try:
            with self._malformed_as_source_error():
                found = self._resolve()
        except SourceError as error:
            return UpstreamState(self.source, public_url(self._settings.idc_url), problem=str(error))
        address = {
            "bucket": public_url(self._settings.idc_url),
            "github": public_url(self._settings.idc_github_url),
            "wheel": "idc-index-data in the package index of this machine",
        }[found.channel]
        return UpstreamState(self.source, address, f"release {found.version} ({found.channel})")

    def _unchanged(self, landing: Landing) -> Release | None:
        try:
            resolved = self._resolve_no_older(landing)
        except SourceUnreachable as error:
            release = self._named_and_landed(landing)
            if release is None:
                raise
            log.warning("%s IDC %s is landed, so nobody needs to be asked.", error, release.version)
            return release
        if needs_fetch(resolved, landing, self._settings):
            return None
        return landed_release(resolved.version, landing, self._settings)

    def _news(self, landing: Landing) -> str | None:
        return self._resolve_no_older(landing).version if self._unchanged(landing) is None else None

    def _land(self, landing: Landing) -> Release:
        return land(self._resolve_no_older(landing), landing, self._settings)

    def _newest(self, candidates: Sequence[Release]) -> Release | None:
        """Return the newest release that the person asked for: a named one is never replaced by another.

        Of several landed ones of a version, that with the clinical tables which the settings ask for goes before.
        """
        ordered = sorted(candidates, key=lambda release: fits(release, self._settings))
        by_version = {release.version: release for release in ordered}
        fitting = parse_requested(self._settings.idc_version).newest_first(by_version)
        return by_version[fitting[0]] if fitting else None

    def _named_and_landed(self, landing: Landing) -> Release | None:
        """Return the landed release if the settings name it in full: what a version holds never changes."""
        named = parse_requested(self._settings.idc_version).version
        return None if named is None else self.last_good(landing)

    def _resolve_no_older(self, landing: Landing) -> ResolvedRelease:
        """Find out which release is meant. A channel that lags behind does not take the warehouse back in time.

        Raises:
            SourceUnreachable: the preferred channels do not answer, and the next one names an older release than
                the newest that is landed.
        """
        resolved = self._resolve()
        landed = self.last_good(landing) if resolved.passed_over else None
        if landed is None:
            return resolved
        newest = parse_requested(self._settings.idc_version).newest_first([resolved.version, landed.version])
        if newest and newest[0] == landed.version != resolved.version:
            raise SourceUnreachable(
                f"The newest release that {resolved.channel} names is IDC {resolved.version}, but {landed.version} is "
                f"landed. {' '.join(resolved.passed_over)} An older release is published only where it is named: "
                f"icw refresh --idc {resolved.version}."
            )
        return resolved

    def _resolve(self) -> ResolvedRelease:
        if self.resolved is None:
            self.resolved = resolve(self._settings.idc_version, self._settings)
        return self.resolved
