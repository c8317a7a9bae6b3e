"""The library: fetch, land, build, audit, publish and read the warehouse of medical-imaging metadata.

Nothing in here imports Dagster: orchestration lives in `dagster_project`, and every step can be
called and tested without it.
"""

__version__ = "0.1.0"
