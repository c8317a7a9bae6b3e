"""Reading YAML with libyaml, which the wheels of PyYAML carry: ten times as fast as the parser in Python."""

from __future__ import annotations

from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(text: str) -> Any:
    """Return what a YAML document holds: plain values alone, as `yaml.safe_load` does.

    Raises:
        yaml.YAMLError: the text is no YAML.
    """
    return yaml.load(text, Loader=_LOADER)
