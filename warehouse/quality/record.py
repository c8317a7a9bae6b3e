"""The record of verdicts on disk between the audit and the publish, which may run in different processes.

Each audit of a build writes one file into the scratch folder of the home, under the digest of the build's input, so
that the publish does not take the verdicts of another build.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from warehouse.errors import AuditFailed
from warehouse.files import write_atomically, writing_to
from warehouse.quality.suite import Stage
from warehouse.quality.suites import LANDED, RELEASE, STAR
from warehouse.quality.verdicts import Verdict, failed_errors

SUITES: Mapping[Stage, tuple[str, ...]] = {
    "landed": tuple(suite.name for suite in (*LANDED, *RELEASE)),
    "star": tuple(suite.name for suite in STAR),
}
"""The names of the suites of each stage, in their order."""


@dataclass(frozen=True)
class LastAudit:
    """The last stage of an audit that this home keeps a record of: which, when it ended (UTC), and its verdicts.

    Where a snapshot is in service, a record that is newer is that of a refresh which has not published.
    """

    stage: Stage
    ended_at: datetime
    verdicts: tuple[Verdict, ...]

    @property
    def blocks(self) -> bool:
        """Whether nothing was published because of it."""
        return bool(failed_errors(self.verdicts))


def last_audit(home: Path) -> LastAudit | None:
    """Return the last stage of an audit that has not led to a publish yet, or None where there is none.

    A run that ends well removes the record: its verdicts are in the snapshot.
    """
    found: list[LastAudit] = []
    for stage in SUITES:
        try:
            content = json.loads(_path(home, stage).read_text(encoding="utf-8"))
            found.append(
                LastAudit(
                    stage,
                    datetime.fromisoformat(content["ended_at"]),
                    tuple(Verdict.model_validate(entry) for entry in content["verdicts"]),
                )
            )
        except (OSError, ValueError, KeyError, TypeError):
            # None, or one that was struck while it was written; it is made anew by the next audit.
            continue
    return max(found, key=lambda audit: audit.ended_at, default=None)


def record_verdicts(home: Path, stage: Stage, input_digest: str, verdicts: Sequence[Verdict], seconds: float) -> None:
    """Write the verdicts of one stage of the audit, with the seconds that it took.

    Raises:
        StorageError: the home cannot be written.
    """
    path = _path(home, stage)
    content = {
        "input_digest": input_digest,
        "seconds": round(seconds, 3),
        "ended_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "verdicts": [verdict.model_dump(mode="json") for verdict in verdicts],
    }
    with writing_to(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(content, indent=2) + "\n")


def recorded_verdicts(home: Path, input_digest: str) -> list[Verdict]:
    """Return the verdicts of all stages for the build with this input.

    Raises:
        AuditFailed: a stage has not judged this build.
    """
    return [Verdict.model_validate(entry) for stage in SUITES for entry in _read(home, stage, input_digest)["verdicts"]]


def recorded_seconds(home: Path, input_digest: str) -> dict[str, float]:
    """Return how long each stage of the audit took, by stage.

    Raises:
        AuditFailed: a stage has not judged this build.
    """
    return {f"audit_{stage}": float(_read(home, stage, input_digest)["seconds"]) for stage in SUITES}


def _read(home: Path, stage: Stage, input_digest: str) -> dict:
    path = _path(home, stage)
    content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if content.get("input_digest") != input_digest:
        raise AuditFailed(
            f"The audit of the {stage} data has not judged this build ({path} holds no verdict on it), so it is not "
            "published. Run `icw refresh` again."
        )
    return content


def _path(home: Path, stage: Stage) -> Path:
    return home / "builds" / f"audit-{stage}.json"
