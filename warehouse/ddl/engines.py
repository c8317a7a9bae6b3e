"""The engines by their names."""

from __future__ import annotations

from collections.abc import Mapping

from warehouse.ddl.athena import Athena
from warehouse.ddl.bigquery import BigQuery
from warehouse.ddl.clickhouse import ClickHouse
from warehouse.ddl.engine import Engine
from warehouse.ddl.names import EngineName
from warehouse.ddl.snowflake import Snowflake
from warehouse.ddl.spark import Spark

ENGINES: Mapping[EngineName, Engine] = {
    "bigquery": BigQuery(),
    "snowflake": Snowflake(),
    "athena": Athena(),
    "clickhouse": ClickHouse(),
    "spark": Spark(),
}
