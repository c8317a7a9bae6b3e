"""A Gen3 commons as a refresh sees it."""

from __future__ import annotations

from datetime import UTC, datetime

from warehouse.acknowledgements import read_acknowledgements
from warehouse.errors import SourceError
from warehouse.landing import Landing, Release
from warehouse.public_text import public_url
from warehouse.registry import SourceSpec
from warehouse.settings import Settings
from warehouse.sources.gen3.comparison import new_indices, proven_unchanged, resolve_system
from warehouse.sources.gen3.load import land_system
from warehouse.sources.gen3.system import Gen3System
from warehouse.sources.upstream import ResolvedRelease, Upstream, UpstreamState, refusal


class Gen3Upstream(Upstream):
    """One Gen3 commons: all its record types and the counts that it reports itself."""

    def __init__(self, spec: SourceSpec, settings: Settings, resolved: ResolvedRelease | None = None) -> None:
        """See `Upstream`. A commons names no release, so that none can be resolved before."""
        super().__init__(spec, settings, None)
        self._system = Gen3System.from_spec(spec, settings)

    def look(self, landing: Landing) -> UpstreamState:
        """See `Upstream.look`."""
        try:
            with self._malformed_as_source_error():
                state = resolve_system(self._system, landing, self._settings)
        except SourceError as error:
            return UpstreamState(self.source, public_url(self._system.base_url), problem=str(error))
        total = sum(state.totals.values())
        news = f"new or changed: {', '.join(state.changed)}" if state.changed else "as landed"
        holds = f"{total:,} records in {len(state.totals)} types; {news}"
        return UpstreamState(self.source, public_url(self._system.base_url), holds, synthetic=state.synthetic)

    def _unchanged(self, landing: Landing) -> Release | None:
        return proven_unchanged(self._system, landing, self._settings)

    def _news(self, landing: Landing) -> str | None:
        found = new_indices(self._system, landing, self._settings)
        if found.synthetic and self._settings.sources == "live":
            raise refusal(self.source, self._system.base_url)
        return ", ".join(found.names) or None

    def _land(self, landing: Landing) -> Release:
        state = resolve_system(self._system, landing, self._settings)
        if state.synthetic and self._settings.sources == "live":
            # Before the records are fetched: a sandbox marks its first response.
            raise refusal(self.source, self._system.base_url)
        accepted = read_acknowledgements(self._settings.home).losses_of(self.source, datetime.now(UTC).date())
        return land_system(self._system, landing, self._settings, accepted)
