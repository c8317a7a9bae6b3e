"""Clients of the upstreams, one package for each kind, plain Python, usable without Dagster.

`http` sends requests, `idc` and `gen3` know the services, `upstream` is what a refresh wants of all alike. What belongs
here: finding, fetching and verifying what an upstream publishes, up to the landing. Modelling belongs to the dbt
project.
"""

from __future__ import annotations

import logging

# A library is quiet until somebody listens: without a handler, Python would print warnings by itself.
logging.getLogger("icw.sources").addHandler(logging.NullHandler())
