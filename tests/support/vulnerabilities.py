"""Known vulnerabilities of the packages in `uv.lock`: `python -m tests.support.vulnerabilities`, as `make lint` does.

`uv audit` asks the database of OSV. What it finds fails, but for what `accepted_vulnerabilities.yml` accepts until a
day.
A database that cannot be reached is said so, in a line of its own: then nothing was checked.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

ROOT = Path(__file__).resolve().parents[2]
ACCEPTED = Path(__file__).with_name("accepted_vulnerabilities.yml")

# Of `uv audit`: vulnerabilities were found. Any other code but 0 means that it could not ask.
_FOUND = 1


class Accepted(BaseModel):
    """A vulnerability that fails nothing up to and on a day, who says so and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    until: date
    by: str = Field(min_length=1)
    reason: str = Field(min_length=1)


def accepted(text: str) -> tuple[Accepted, ...]:
    """Return the entries of the list.

    Raises:
        pydantic.ValidationError: an entry lacks its id, day, author or reason.
    """
    return tuple(TypeAdapter(list[Accepted]).validate_python(yaml.safe_load(text)))


def audit(entries: Sequence[Accepted], today: date, *options: str) -> tuple[int, str]:
    """Ask the database about every locked package; return an exit code, 0 or 1, and what to say."""
    ignored = [word for entry in entries if entry.until >= today for word in ("--ignore", entry.id)]
    done = subprocess.run(
        [Path(sys.executable).with_name("uv"), "audit", "--frozen", "--no-cache", *options, *ignored],
        cwd=ROOT,
        env={**os.environ, "UV_PREVIEW": "1", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    if done.returncode == 0:
        return 0, "No locked package has a known vulnerability that nobody has accepted."
    if done.returncode == _FOUND:
        return 1, done.stdout + done.stderr
    why = done.stderr.strip().splitlines()
    return 0, (
        "NOT CHECKED: the database of vulnerabilities could not be asked, so nothing is known of the locked packages "
        f"({why[-1].strip() if why else f'uv audit ended with {done.returncode}'})."
    )


if __name__ == "__main__":
    code, said = audit(accepted(ACCEPTED.read_text(encoding="utf-8")), datetime.now(UTC).date())
    print(said)
    sys.exit(code)
