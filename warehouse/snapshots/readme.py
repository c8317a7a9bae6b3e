"""Write the README of a snapshot: what a person who finds the folder years later needs to know."""

from __future__ import annotations

from warehouse.metrics.exported import METRICFLOW_FILE, OSI_FILE
from warehouse.quality.verdicts import Verdict
from warehouse.snapshots.catalog import PROFILE, PROFILE_TABLE
from warehouse.snapshots.manifest import Manifest, SourceEntry, TableEntry

_SITE = "| `site/index.html` | what is in it, for a browser: charts, gaps, quality, changes, dictionary |\n"


def render(manifest: Manifest, *, has_site: bool = False) -> str:
    """Return the README of a snapshot as Markdown."""
    parts = (_title(manifest, has_site), _sources(manifest), _tables(manifest), _quality(manifest), _use(manifest))
    return "\n\n".join(parts) + "\n"


def _title(manifest: Manifest, has_site: bool) -> str:
    warning = ""
    if manifest.synthetic:
        warning = (
            "\n\n**This snapshot holds made-up data from a simulated service. "
            "Nothing in it may be reported as a fact about any real collection.**"
        )
    return (
        f"# {'SYNTHETIC: ' if manifest.synthetic else ''}Imaging Commons Warehouse, snapshot {manifest.snapshot_id}"
        f"{warning}\n\n"
        "Metadata of open medical-imaging platforms in one star schema. One row of a fact table is one thing (such as "
        "a series) as one source describes it; dimensions are shared by all sources.\n\n"
        f"- Made: {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC\n"
        f"{_retrospective(manifest)}"
        f"- Code: imaging-commons-warehouse {manifest.code_version}\n"
        f"- Digest of the tables (SHA-256): `{manifest.tables_digest}`\n"
        f"- Digest of the input (SHA-256): `{manifest.input_digest}`\n"
        f"{_logical_digest(manifest)}\n"
        "| file | what |\n| --- | --- |\n"
        f"| `warehouse.duckdb` | all tables, for DuckDB 1.5 or newer (storage {manifest.duckdb_file.storage_version}, "
        f"{_megabytes(manifest.duckdb_file.bytes)}) |\n"
        f"| `tables/<table>.parquet` | one file per table, {_megabytes(sum(t.parquet_bytes for t in manifest.tables))} "
        "in all; the same input gives the same bytes |\n"
        f"{_parts(manifest)}"
        "| `manifest.json` | sources, digests, columns, verdicts and versions, for programs |\n"
        "| `quality.json` | every expectation that judged the tables, its verdict, and what it found |\n"
        f"{_profile(manifest)}"
        f"{_SITE if has_site else ''}"
        "| `CITATION.cff`, `citation.bib`, `citation.csl.json`, `citation.ris`, `datacite.json` | the citation, for "
        "reference managers and registries |\n"
        "| `datapackage.json`, `croissant.json`, `ro-crate-metadata.json` | tables, columns, keys and files, described "
        "in three standard forms |\n"
        f"{_metrics(manifest)}"
        "| `licences.json` | which rows may be used commercially; the rows keep the terms of their sources |\n"
        "| `SHA256SUMS` | digests of all files here |"
    )


def _retrospective(manifest: Manifest) -> str:
    if not manifest.retrospective:
        return ""
    return "- Made in retrospect, of a past release: it was never the newest that there was\n"


def _logical_digest(manifest: Manifest) -> str:
    stated = manifest.logical_digest
    return "" if stated is None else f"- Logical digest (SHA-256): `{stated}`\n"


def _parts(manifest: Manifest) -> str:
    in_parts = [f"{table.name} (by {table.order_by[0]})" for table in manifest.tables if table.parts]
    if not in_parts:
        return ""
    return (
        "| `tables/<table>/*.parquet` | several files, which are one table together, one for each value of a column: "
        f"{', '.join(in_parts)} |\n"
    )


def _metrics(manifest: Manifest) -> str:
    if not any(table.name.startswith("mart_") for table in manifest.tables):
        return ""
    return (
        f"| `{METRICFLOW_FILE}`, `{OSI_FILE}` | metrics and how tables join, for MetricFlow and in the form of Open "
        "Semantic Interchange 0.1.1 |\n"
    )


def _profile(manifest: Manifest) -> str:
    if not any(table.name == PROFILE_TABLE for table in manifest.tables):
        return ""
    return f"| `{PROFILE}` | the table `{PROFILE_TABLE}` again: what was measured of loads and tables |\n"


def _sources(manifest: Manifest) -> str:
    described = ["## Sources", *(_source(source) for source in manifest.sources)]
    return "\n\n".join([*described, _earlier(manifest)] if manifest.earlier else described)


def _source(source: SourceEntry) -> str:
    landed = [entry for entry in source.datasets if entry.status == "landed"]
    absent = [entry.dataset for entry in source.datasets if entry.status == "absent"]
    rows = "\n".join(
        f"| {entry.dataset} | {entry.rows:,} | {entry.bytes:,} | {_cell(entry.url)} "
        f"| {'<br>'.join(f'`{held.sha256}` {_cell(held.name)}' for held in entry.objects)} |"
        for entry in landed
    )
    return (
        f"### {source.source} {source.version}{' (SYNTHETIC)' if source.synthetic else ''}\n\n"
        f"Fetched {source.fetched_at:%Y-%m-%d %H:%M:%S} UTC through the channel `{source.channel}`; "
        f"digest `{source.digest}`.\n\n"
        f"| dataset | rows | bytes | address | files (SHA-256) |\n| --- | ---: | ---: | --- | --- |\n{rows}"
        + (f"\n\nNot carried by this channel, or not asked for: {', '.join(absent)}." if absent else "")
    )


def _earlier(manifest: Manifest) -> str:
    rows = "\n".join(
        f"| {source.source} {source.version} | {entry.dataset} | {entry.rows:,} | {_cell(entry.url)} "
        f"| {'<br>'.join(f'`{held.sha256}` {_cell(held.name)}' for held in entry.objects)} |"
        for source in manifest.earlier
        for entry in source.datasets
        if entry.status == "landed"
    )
    return (
        "### Earlier releases\n\n"
        "Evidence of what changed and since when (`fct_series_change`, `fct_series_version`, `rpt_growth`); they are "
        "not what the tables describe.\n\n"
        f"| release | dataset | rows | address | files (SHA-256) |\n| --- | --- | ---: | --- | --- |\n{rows}"
    )


def _tables(manifest: Manifest) -> str:
    rows = "\n".join(
        f"| {table.name} | {table.rows:,} | {_cell(table.grain)} | {', '.join(table.primary_key)} "
        f"| {_cell(table.description)} |"
        for table in manifest.tables
    )
    return (
        "## Tables\n\n| table | rows | one row is | primary key | what |\n| --- | ---: | --- | --- | --- |\n"
        f"{rows}\n\nColumns are described in `manifest.json`, and as comments in `warehouse.duckdb`."
    )


def _quality(manifest: Manifest) -> str:
    passed = sum(verdict.passed for verdict in manifest.verdicts)
    summary = f"## Quality\n\n{passed} of {len(manifest.verdicts)} expectations were met."
    if not manifest.warnings:
        return f"{summary} There are no warnings."
    return f"{summary} Warnings:\n\n" + "\n".join(line for verdict in manifest.warnings for line in _warnings(verdict))


def _warnings(verdict: Verdict) -> list[str]:
    """Return one line a finding; `quality.json` has their examples and queries."""
    if not verdict.failing:
        return [f"- {verdict.subject} ({verdict.suite}): {verdict.expectation} Observed: {verdict.observed}"]
    return [
        f"- {verdict.subject} ({verdict.suite}) `{finding.id}`: {verdict.sentence(finding)}"
        + (f". Acknowledged: {finding.acknowledged}" if finding.acknowledged else "")
        for finding in verdict.failing
    ]


def _use(manifest: Manifest) -> str:
    largest = max(manifest.tables, key=lambda entry: entry.rows)
    table = largest.name
    versions = "; ".join(f"{source.source} {source.version}" for source in manifest.sources)
    synthetic = "SYNTHETIC data, " if manifest.synthetic else ""
    return f"""## Open it

Every file is read-only and needs no server. In the folder of the snapshot:

```sh
duckdb -readonly warehouse.duckdb "select count(*) from {table}"
```

```python
import duckdb

connection = duckdb.connect("warehouse.duckdb", read_only=True)
frame = connection.sql("select * from {table} limit 10").df()
```

```r
library(duckdb)
connection <- dbConnect(duckdb(), dbdir = "warehouse.duckdb", read_only = TRUE)
frame <- dbGetQuery(connection, "select * from {table} limit 10")
```

The Parquet files can be read by anything that reads Parquet, for example
{_readers(largest)}.

## Verify it

```sh
sha256sum --check SHA256SUMS
```

Where this is no longer the newest snapshot of its home, `warehouse.duckdb` may have been dropped to save room: it held
what the Parquet files hold, and `icw sql --snapshot {manifest.snapshot_id}` makes it again. Then add
`--ignore-missing`.

The digest of the tables is the SHA-256 of the JSON list of `[table, SHA-256 of its Parquet file]`, sorted by table. Of
a table of several files the latter is the SHA-256 of the JSON list of `[path below tables/, SHA-256]`, in the order in
which `manifest.json` lists its `parts`. The logical digest is that of `[table, logical digest of its rows]`, which
stays the same when a newer engine writes the same rows as other bytes. `manifest.json` has both of each table, and the
digests of the files that were fetched.

## Cite it

> Imaging Commons Warehouse, snapshot {manifest.snapshot_id}, {synthetic}made {manifest.created_at:%Y-%m-%d} from
> {versions}. SHA-256 of the tables: {manifest.tables_digest}.

Cite the collections that you use as well: their sources and licences are in the tables. `CITATION.cff` and the other
citation files name every source with its version, its access date and the works that it asks to cite."""


def _readers(table: TableEntry) -> str:
    """Name readers of a table in Python and R."""
    if not table.parts:
        path = f"tables/{table.name}.parquet"
        return f'`polars.scan_parquet("{path}")` or `arrow::read_parquet("{path}")`'
    folder = f"tables/{table.name}"
    return (
        f'`polars.scan_parquet("{folder}/*.parquet")`, `pandas.read_parquet("{folder}")` or '
        f"`arrow::open_dataset(\"{folder}\")`; in DuckDB `from '{folder}/*.parquet'`"
    )


def _megabytes(count: int) -> str:
    return f"{count / 1_000_000:,.1f} MB"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
