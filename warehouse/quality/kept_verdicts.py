"""The verdicts on landed releases that a home keeps: what the same code has judged of the same data is not judged anew.

Most nights bring nothing new of most sources. One file a source, `verdicts/<source>.json`, with the digest of all that
decides the verdicts: the manifests of the release and of the one before it, the profiles that it is held against, all
code of the library and the engines. A suite that could not run is tried again, so verdicts that say so are not kept.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from warehouse.build.digests import library_digest
from warehouse.files import write_atomically, writing_to
from warehouse.landing import Landing, Release
from warehouse.profiles.store import form_of
from warehouse.quality.past import Past
from warehouse.quality.verdicts import COULD_RUN, Finding, Verdict

FOLDER = "verdicts"

_ENGINES = ("great-expectations", "pyarrow")

_Findings = TypeAdapter(tuple[Finding, ...])


@dataclass(frozen=True)
class KeptVerdicts:
    """The verdicts of a home, before anything is acknowledged. Only the holder of the refresh lock may keep any."""

    home: Path
    landing: Landing
    past: Past

    def of(self, release: Release) -> list[Verdict] | None:
        """Return the verdicts on a release, findings that pass as well, or None where it must be judged."""
        if not all(self.landing.has(entry.sha256) for load in release.loads for entry in load.objects):
            return None
        try:
            kept = json.loads(self._path(release).read_text(encoding="utf-8"))
            if kept["decided_by"] != self._decided_by(release) or kept["digest"] != _digest_of(kept["verdicts"]):
                return None
            return [
                Verdict.model_validate({**entry["verdict"], "findings": _Findings.validate_python(entry["findings"])})
                for entry in kept["verdicts"]
            ]
        except (OSError, ValueError, KeyError, TypeError, ValidationError):
            # None yet, of an older form, or struck: it is judged and written anew.
            return None

    def keep(self, release: Release, verdicts: Sequence[Verdict]) -> None:
        """Keep the verdicts on a release in the place of those on the one before it.

        Raises:
            StorageError: the home cannot be written.
        """
        if any(verdict.expectation == COULD_RUN for verdict in verdicts):
            return
        entries = [
            {
                "verdict": verdict.model_copy(update={"findings": ()}).model_dump(mode="json"),
                "findings": _Findings.dump_python(verdict.findings, mode="json"),
            }
            for verdict in verdicts
        ]
        content = {"decided_by": self._decided_by(release), "digest": _digest_of(entries), "verdicts": entries}
        path = self._path(release)
        with writing_to(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, json.dumps(content) + "\n")

    def _path(self, release: Release) -> Path:
        return self.home / FOLDER / f"{release.source}.json"

    def _decided_by(self, release: Release) -> str:
        """Return the SHA-256 (hex) over all that decides what is found of a release."""
        previous, own = self.past.previous.get(release.source), self.past.own.get(release.source)
        parts = [
            _judged_with(),
            form_of(release.source),
            release.model_dump_json(),
            previous.model_dump_json() if previous is not None else "",
            own.name if own is not None else "",
            *(
                f"{profile.version} {profile.fetched_at.isoformat()} {profile.file.name}"
                for profile in self.past.profiles.get(release.source, ())
            ),
        ]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


@cache
def _judged_with() -> str:
    versions = [f"{engine} {importlib.metadata.version(engine)}" for engine in _ENGINES]
    return "\x1f".join([library_digest(), *versions])


def _digest_of(entries: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()
