"""The suites: one module each, which holds what is measured, the rows of the profile and the checks on them.

To add a suite, add a module that exposes it as `SUITE` (`warehouse.quality.suite` has the form), and its test.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from warehouse.quality.suite import LandedSuite, ReleaseSuite, StarSuite

_FOUND = [import_module(f"{__name__}.{module.name}").SUITE for module in pkgutil.iter_modules(__path__)]

LANDED = tuple(sorted((suite for suite in _FOUND if isinstance(suite, LandedSuite)), key=lambda suite: suite.order))
"""The suites over the datasets of a landed release, in their order."""

RELEASE = tuple(sorted((suite for suite in _FOUND if isinstance(suite, ReleaseSuite)), key=lambda suite: suite.order))
"""The suites over a landed release as a whole, in their order."""

STAR = tuple(sorted((suite for suite in _FOUND if isinstance(suite, StarSuite)), key=lambda suite: suite.order))
"""The suites over the built star, in their order."""
