"""What a unit of systemd says, read as systemd reads it."""

from __future__ import annotations

import re
import shlex


def command(unit: str, key: str = "ExecStart") -> list[str]:
    """Return the words of the one command that a unit has under a key."""
    (line,) = re.findall(rf"^{key}=(.*)$", unit, re.MULTILINE)
    return [_unescaped(word) for word in shlex.split(line)]


def environment(unit: str, runtime_folder: str) -> dict[str, str]:
    """Return the variables that a unit sets; `runtime_folder` is what `%t` stands for."""
    found: dict[str, str] = {}
    for line in re.findall(r"^Environment=(.*)$", unit, re.MULTILINE):
        (assignment,) = shlex.split(line)
        name, _, value = assignment.replace("%t", runtime_folder).partition("=")
        found[name] = _unescaped(value)
    return found


def _unescaped(text: str) -> str:
    return text.replace("%%", "%")
