# A snapshot in R: the DuckDB file, read-only, or the Parquet files; in either way keys of 60 bits stay exact.
# Rscript snapshot.R FOLDER_OF_THE_SNAPSHOT

suppressPackageStartupMessages({
  library(DBI)
})

snapshot <- commandArgs(trailingOnly = TRUE)[[1]]
manifest <- jsonlite::fromJSON(file.path(snapshot, "manifest.json"))
cat("Snapshot", manifest$snapshot_id, "\n")
if (manifest$synthetic) cat("SYNTHETIC: this snapshot holds made-up data. Do not cite it.\n")

# R has no whole numbers of 64 bits: without `bigint` keys are rounded.
con <- dbConnect(
  duckdb::duckdb(bigint = "integer64"),
  dbdir = file.path(snapshot, "warehouse.duckdb"),
  read_only = TRUE
)
series <- dbGetQuery(con, "select series_key, modality from fct_series order by series_key limit 5")
stopifnot(bit64::is.integer64(series$series_key))
print(series)

counted <- dbGetQuery(con, "select count(*) as n from fct_series")$n
dbDisconnect(con, shutdown = TRUE)

# A table in parts is a folder, which is one data set; another is one file.
path <- file.path(snapshot, "tables", "fct_series")
path <- if (dir.exists(path)) path else paste0(path, ".parquet")
stopifnot(nrow(arrow::open_dataset(path)) == as.numeric(counted))
cat(format(counted), "series\n")
