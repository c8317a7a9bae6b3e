"""Building the star with Spark, or with Sail, which takes Spark's SQL without a JVM: the same models, another engine.

`inputs` hands over what a build reads, as Parquet files with a list of them. `session` starts an engine and puts those
files behind the names that dbt's sources have. `models` lets dbt run the models there, in a process of its own
(`process`), each table a folder of Parquet files. `tables` takes these back into the DuckDB file of the build, so that
profile, audit and publishing go on as ever.
"""
