"""Clients of the upstreams: one small module for each kind of source, plain Python, usable without Dagster.

What belongs here: how to find, fetch and verify what an upstream publishes, up to the landing. What the landed
bytes are made into belongs to the dbt project.
"""

from __future__ import annotations

import logging

# A library is quiet until somebody listens: without a handler, Python would print warnings by itself.
logging.getLogger("icw.sources").addHandler(logging.NullHandler())
