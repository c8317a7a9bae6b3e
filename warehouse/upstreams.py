"""The upstreams of a refresh: the sources of the registry, ready to be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pkgutil import resolve_name

from warehouse.errors import UsageError
from warehouse.registry import SOURCES, SourceSpec
from warehouse.settings import Settings
from warehouse.sources.upstream import ResolvedRelease, Upstream


def upstreams(
    settings: Settings,
    sources: Sequence[SourceSpec] = SOURCES,
    resolved: Mapping[str, ResolvedRelease] | None = None,
) -> tuple[Upstream, ...]:
    """Return those of the sources that the settings name, in their order, ready to be asked.

    `resolved` holds, by source, the release that an earlier look at it has found.

    Raises:
        UsageError: the settings ask for a sandbox and do not say where it is.
    """
    if settings.sources == "sandbox" and settings.sandbox_url is None:
        raise UsageError(
            "ICW_SOURCES is sandbox, and ICW_SANDBOX_URL does not say where it answers. Start one with `icw sandbox "
            "serve` and set ICW_SANDBOX_URL, or run `icw refresh --sources sandbox`, which starts its own."
        )
    found = resolved or {}
    return tuple(
        _upstream_class(spec)(spec, settings, found.get(spec.name))
        for spec in sources
        if spec.name in settings.upstreams
    )


def _upstream_class(spec: SourceSpec) -> type[Upstream]:
    return resolve_name(spec.upstream)
