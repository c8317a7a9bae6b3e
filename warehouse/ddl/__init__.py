"""Load scripts: a published snapshot as tables of another engine, with types, descriptions and keys.

`contents` reads what there is to load from a snapshot, `keys` proves its references, `locations` says where its files
lie. `bigquery`, `snowflake`, `athena`, `clickhouse` and `spark` write the statements of one engine each; `script` puts
a header before them and the check behind them.
"""
