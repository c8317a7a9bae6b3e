"""The clinical tables of IDC, landed on request by collection: which there are, where they lie, their way into a load.

`dictionary` reads which tables a collection has from the artifact `clinical_index`, `listing` reads what the public
bucket holds, `objects` fetches and verifies the files, `values` turns tables of any columns into one table of values,
and `load` makes the load of a release of them.

Where the tables lie: `fetch_index("clinical_index")` of https://github.com/ImagingDataCommons/idc-index copies
`s3://idc-open-metadata/bigquery_export/idc_v<N>_clinical/*`, one folder of Parquet files a table, and its
`get_clinical_table` reads a folder by the `short_table_name` of the dictionary. The bucket is public and anonymous
(https://learn.canceridc.dev, "Files and metadata") and answers ListObjectsV2 and GET over HTTPS.
"""

from __future__ import annotations

from warehouse.sources.idc.clinical.load import CHANNEL, DATASET, fits, has_changed, land_tables

__all__ = ["CHANNEL", "DATASET", "fits", "has_changed", "land_tables"]
