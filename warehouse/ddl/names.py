"""The engines that a snapshot can be loaded into, by the name that `icw export-ddl --for` takes."""

from __future__ import annotations

from typing import Literal

EngineName = Literal["bigquery", "snowflake", "athena", "clickhouse", "spark"]
