"""What a refresh reads: what is known of each upstream, what is new, and what stays where one fails."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from warehouse.engine_packages import engine_versions
from warehouse.errors import IntegrityError, SourceBusy, SourceError, SourceUnreachable, UsageError
from warehouse.landing import Choice, Landing
from warehouse.refresh.ending import say_degraded
from warehouse.refresh.serving import existing_snapshot, keep_counts
from warehouse.room import require_room
from warehouse.run_record import at_stage, note_choices
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot, current, require_current_readable
from warehouse.sources.upstream import ResolvedRelease, Upstream
from warehouse.upstreams import upstreams

log = logging.getLogger("icw.refresh")

# What a try some minutes later may not meet. Wrong bytes, a refusal and what does not exist do not pass with time.
_MAY_PASS = (SourceUnreachable, SourceBusy)


@dataclass(frozen=True)
class Plan:
    """What a refresh has to do.

    `choices` hold what is known of each upstream already: the release that it still has, or why it cannot be asked;
    one that has something new, or does not answer now and is asked again, is left out. `resolved` holds, by source,
    the release and the channel that a look has found, so that the source need not be asked again. `existing` is the
    snapshot that holds all that there is, if there is one.
    """

    choices: tuple[Choice, ...]
    resolved: Mapping[str, ResolvedRelease]
    existing: Snapshot | None


def plan(settings: Settings) -> Plan:
    """Ask the upstreams, with small requests only, whether a refresh would fetch or build anything.

    Raises:
        UsageError: the settings ask for something that does not exist, an engine that cannot run here, or made-up data
            in the place of real data.
        SourceError: no upstream can be asked.
        StorageError: the home cannot be written, or its disk has too little room for what is new.
    """
    landing = Landing(settings.home)
    asked = upstreams(settings)
    require_real_home(settings)
    if settings.engine != "duckdb":
        engine_versions(settings.engine)
    keep_counts(settings.home)
    choices: list[Choice] = []
    silent: list[Choice] = []
    for upstream in asked:
        at_stage(settings.home, f"asking {upstream.title} whether anything is new")
        log.info("Asking %s whether anything is new", upstream.title, extra={"event": "step"})
        try:
            choice = _what_is_known(upstream, landing)
        except SourceError as error:
            choice = _kept(upstream, landing, error)
            if isinstance(error, _MAY_PASS) and settings.source_retries > 0:
                silent.append(choice)
                continue
        if choice is not None:
            choices.append(choice)
            note_choices(settings.home, [choice])
    if len(silent) == len(asked):
        # No network, most likely: who waits for the command is told at once.
        choices = silent
        note_choices(settings.home, choices)
    if len(choices) < len(asked):
        existing = None
    else:
        require_a_source(choices)
        releases = [release for choice in choices if (release := landing.chosen(choice)) is not None]
        existing = existing_snapshot(settings.home, releases, settings.engine)
    if existing is None and (not silent or len(choices) + len(silent) < len(asked)):
        # Where nothing is known to be new, a silent source may turn out to have nothing either: asked before the build.
        _require_room_for_what_is_new(settings, asked, choices)
    resolved = {upstream.source: upstream.resolved for upstream in asked if upstream.resolved is not None}
    return Plan(tuple(choices), resolved, existing)


def _require_room_for_what_is_new(settings: Settings, asked: Sequence[Upstream], choices: Sequence[Choice]) -> None:
    """Refuse before anything is fetched; what is new is taken to be as large as the last load of its source.

    Raises:
        StorageError: the disk has too little room.
    """
    landing, known = Landing(settings.home), {choice.source for choice in choices}
    chosen = [release for choice in choices if (release := landing.chosen(choice)) is not None]
    last = [
        release
        for upstream in asked
        if upstream.source not in known and (release := upstream.last_good(landing)) is not None
    ]
    to_fetch = sum(load.bytes for release in last for load in release.loads)
    require_room(settings, [*chosen, *last], to_fetch=to_fetch)


def require_real_home(settings: Settings) -> None:
    """Keep a sandbox from taking the place of real data in a home that readers use.

    Raises:
        UsageError: the snapshot in service holds real data, and this refresh would replace it by made-up data; or it
            cannot be read.
    """
    require_current_readable(settings.home)
    in_service = current(settings.home)
    if settings.sources == "sandbox" and in_service is not None and not in_service.manifest.synthetic:
        raise UsageError(
            f"The snapshot in service in {settings.home} holds real data ({in_service.id}); a refresh from the sandbox "
            "would put made-up data in its place. Set ICW_HOME to another folder for the sandbox, or use --sources "
            "live."
        )


def land(upstream: Upstream, landing: Landing, *, is_last_try: bool = True) -> Choice:
    """Land what an upstream has now; where that fails, choose its last good release.

    Raises:
        SourceUnreachable, SourceBusy: it does not answer now, and this is not the last try.
        UsageError: the settings ask for something that does not exist.
        StorageError: the home cannot be written.
    """
    log.info("Fetching %s", upstream.title, extra={"event": "step"})
    try:
        release = upstream.land(landing)
    except SourceError as error:
        if isinstance(error, _MAY_PASS) and not is_last_try:
            raise
        return _kept(upstream, landing, error)
    return Choice(source=upstream.source, version=release.version, digest=release.digest)


def require_a_source(choices: Iterable[Choice]) -> None:
    """Stop a run in which every upstream failed: it has nothing to say that the last one has not said.

    Raises:
        SourceError: all of them failed.
    """
    failures = {choice.source: choice.failure for choice in choices}
    if failures and all(failures.values()):
        reasons = [str(failure) for failure in failures.values()]
        raise SourceError(reasons[0] if len(reasons) == 1 else "No source could be refreshed. " + " ".join(reasons))


def _what_is_known(upstream: Upstream, landing: Landing) -> Choice | None:
    """Return the release that an upstream still has; None if it has something new.

    Raises:
        SourceError: it cannot be asked.
    """
    release = upstream.unchanged(landing)
    if release is None:
        return None
    return Choice(source=upstream.source, version=release.version, digest=release.digest)


def _kept(upstream: Upstream, landing: Landing, error: SourceError) -> Choice:
    kept, damage = upstream.last_good_and_damage(landing)
    if kept is None and damage:
        # A snapshot without the source would silently take the place of one that has it.
        raise IntegrityError(" ".join([str(error), *damage, "Nothing was built, and what is in service stays."]))
    wrong_bytes = isinstance(error, IntegrityError)
    choice = Choice(
        source=upstream.source,
        version=kept.version if kept else None,
        digest=kept.digest if kept else None,
        failure=" ".join(
            [f"wrong bytes, which do not pass with time: {error}" if wrong_bytes else str(error), *damage]
        ),
    )
    say_degraded(choice, logging.ERROR if wrong_bytes else logging.WARNING)
    return choice
