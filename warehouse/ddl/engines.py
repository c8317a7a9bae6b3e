"""The engines that a snapshot can be loaded into, by the name that `icw export-ddl --for` takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from warehouse.ddl.athena import Athena
from warehouse.ddl.bigquery import BigQuery
from warehouse.ddl.clickhouse import ClickHouse
from warehouse.ddl.engine import Engine
from warehouse.ddl.snowflake import Snowflake
from warehouse.ddl.spark import Spark

EngineName = Literal["bigquery", "snowflake", "athena", "clickhouse", "spark"]

ENGINES: Mapping[EngineName, Engine] = {
    "bigquery": BigQuery(),
    "snowflake": Snowflake(),
    "athena": Athena(),
    "clickhouse": ClickHouse(),
    "spark": Spark(),
}
