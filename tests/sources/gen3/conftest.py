"""The fixtures of the small portal, and hypothesis without deadlines."""

from __future__ import annotations

import hypothesis

from tests.support.guppy.fixtures import landing, portal, quick

__all__ = ["landing", "portal", "quick"]

# Tests are not judged by the clock: a busy machine must not fail one.
hypothesis.settings.register_profile("no_deadline", deadline=None)
hypothesis.settings.load_profile("no_deadline")
