"""When things run: the nightly refresh, and the definitions that a Dagster service loads."""
