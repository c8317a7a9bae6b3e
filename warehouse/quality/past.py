"""What a release is compared with: the one before it that was published, and the profiles of earlier ones.

Which these are, `warehouse.snapshots.past` decides. Imports nothing heavy: the suites are listed without DuckDB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from warehouse.landing import Release


@dataclass(frozen=True)
class PastProfile:
    """The profile of an earlier release of a source: its version, when it was fetched (UTC), and the Parquet file."""

    version: str
    fetched_at: datetime
    file: Path


@dataclass(frozen=True)
class Past:
    """What is known of each source from before: the release before the one that is judged, and earlier profiles.

    The profiles are the oldest first, one a release, and never that of the release that is judged: that is in `own`,
    where it has been measured already.
    """

    previous: Mapping[str, Release] = field(default_factory=dict)
    profiles: Mapping[str, tuple[PastProfile, ...]] = field(default_factory=dict)
    own: Mapping[str, Path] = field(default_factory=dict)


NO_PAST = Past()
"""What is known before the first release of a home."""
