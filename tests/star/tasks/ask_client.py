"""Ask the idc-index client, in an environment of its own: `python ask_client.py FOLDER COLLECTION < questions.json`.

Prints the rows of each question (name: SQL) and the MB of a download of the collection as one JSON object. Into the
folder it writes the client's index (`index.parquet`) and the manifest of that download (`manifest.s5cmd`).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from idc_index import IDCClient  # type: ignore[import-not-found]


class ClientThatDownloadsNothing(IDCClient):
    """The client up to the moment at which it hands its manifest to s5cmd, on a disk that has room for all."""

    def _validate_disk_space(self, download_dir: str, disk_size_needed: float) -> None:
        self.size_mb = disk_size_needed

    def _s5cmd_run(self, manifest_file: Path, **_: Any) -> None:
        self.manifest = manifest_file.read_text(encoding="utf-8")


if __name__ == "__main__":
    folder, collection = Path(sys.argv[1]), sys.argv[2]
    client = ClientThatDownloadsNothing()
    for index in ("collections_index", "analysis_results_index"):
        client.fetch_index(index)
    answers = {
        name: json.loads(client.sql_query(question).to_json(orient="values"))
        for name, question in json.load(sys.stdin).items()
    }
    client.index.to_parquet(folder / "index.parquet")
    client.download_from_selection(downloadDir=str(folder), collection_id=collection)
    (folder / "manifest.s5cmd").write_text(client.manifest, encoding="utf-8")
    print(json.dumps({"rows": answers, "size_mb": float(client.size_mb)}))
